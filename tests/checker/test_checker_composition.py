"""The rule composition: random chains against the exact decision of their layers, mutations, and what is refused."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from random import Random

import pytest
from random_networks import as_domain, as_network, random_network

import exactinj as xi
from exactinj import checker
from exactinj.certificates.reading import read_certificate
from exactinj.domains import NonnegativeOrthant, RealSpace
from exactinj.injectivity.by_name import engine_given
from exactinj.networks.compositions import composition
from exactinj.work.clock import Clock

SCHEMA = Path(__file__).parents[2] / "docs" / "certificate.schema.json"
CHAIN = xi.DenseNetwork(
    [([[1], [-1]], [1, 0], "relu"), ([[1, 1], [-1, 1]], None, xi.Leaky("1/2")), ([[1, 2], [0, 1]], None, "none")]
)


def judged(document):
    return checker.check_stream(io.BytesIO(json.dumps(document).encode()))


@pytest.fixture(scope="module")
def chain():
    found = composition(CHAIN, RealSpace(), engine_given("auto"), Clock(30))
    return json.loads(found.to_bytes())


def test_a_chain_of_injective_layers_is_accepted(chain):
    seen = judged(chain)
    assert seen.valid
    assert seen.claim == "injective"
    assert "3 layers" in seen.reason


@pytest.mark.parametrize("seed", range(60))
def test_certificates_of_random_chains_say_what_their_cells_say(seed):
    maps, bounds = random_network(Random(seed))
    network, domain = as_network(maps), as_domain(bounds)
    found = composition(network, domain, engine_given("auto"), Clock(30))
    if found is not None:
        assert xi.check(found).valid
        assert xi.check(found, network).valid
        assert xi.certify(network, domain=domain).verdict is xi.Verdict.INJECTIVE


def changed(document, change):
    other = copy.deepcopy(document)
    change(other)
    return other


def drop_last(document):
    document["proof"]["layers"].pop()


def twice(document):
    document["proof"]["layers"].append(document["proof"]["layers"][-1])


def swapped(document):
    layers = document["proof"]["layers"]
    layers[0], layers[2] = layers[2], layers[0]


@pytest.mark.parametrize("change", [drop_last, twice, swapped])
def test_proofs_of_other_layers_are_rejected(chain, change):
    assert not judged(changed(chain, change)).valid


def test_what_a_layer_gets_matters():
    """The second layer is injective on what a ReLU gives, and not on what a leaky ReLU gives."""
    rows = [[1, 0], [0, 1]]
    relu = xi.DenseNetwork([([[1], [-1]], None, "relu"), (rows, None, "relu")])
    leaky = xi.DenseNetwork([([[1], [-1]], None, xi.Leaky("1/2")), (rows, None, "relu")])
    engine = engine_given("auto")
    assert composition(leaky, RealSpace(), engine, Clock(30)) is None
    document = json.loads(composition(relu, RealSpace(), engine, Clock(30)).to_bytes())
    assert judged(document).valid
    other = json.loads(xi.certify(leaky).certificate.to_bytes())
    assert not judged({**other, "proof": document["proof"]}).valid


def test_slopes_below_zero_give_no_row():
    network = xi.DenseNetwork([([[1], [-1]], None, xi.Leaky([-1, -1]))])
    assert composition(network, NonnegativeOrthant(), engine_given("auto"), Clock(30)) is None
    other = json.loads(xi.certify(xi.DenseNetwork([([[1], [-1]], None, xi.Leaky([-1, 1]))])).certificate.to_bytes())
    proof = {"rule": "composition", "layers": [{"rule": "flat-tree", "refuters": [], "tree": []}]}
    refused = {**other, "proof": proof}
    with pytest.raises(checker.Unreadable):
        judged(changed(refused, lambda d: d["proof"].update(layers=[])))
    assert not judged({**refused, "claim": "not_injective"}).valid


def test_it_stands_in_documents_about_networks_only():
    layer = json.loads(xi.certify([[1], [-1]]).certificate.to_bytes())
    assert not judged({**layer, "proof": {"rule": "composition", "layers": [layer["proof"]]}}).valid


def test_it_is_read_back_and_fits_the_schema(chain, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert validator.is_valid(chain)
    assert not validator.is_valid(changed(chain, lambda d: d["proof"].update(layers=[])))
    found = composition(CHAIN, RealSpace(), engine_given("auto"), Clock(30))
    found.write(tmp_path / "chain.json")
    assert read_certificate(tmp_path / "chain.json").to_bytes() == found.to_bytes()


def test_a_scan_writes_it(tmp_path):
    result = xi.scan(CHAIN, out=tmp_path)
    assert result.network.verdict is xi.Verdict.INJECTIVE
    assert xi.check(result.network.certificate).valid
    assert json.loads(Path(result.network.certificate).read_text())["proof"]["rule"] == "composition"
