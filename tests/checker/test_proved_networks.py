"""The proved checker on certificates about networks and residual blocks: it says what the independent checker says."""

from __future__ import annotations

import hashlib
import json
from random import Random

import numpy as np
import pytest
from random_networks import as_domain, as_network, random_network
from test_checker_composition import CHAIN
from test_checker_domains import mutants
from test_checker_networks import FILES, NETWORKS, REJECTED, UNREADABLE, certificate, edited, many_cells, mutations
from test_checker_residual import SAMPLES, p_document, winding
from test_proved_checker import BUILD, agree, why_not_built

import exactinj as xi
from exactinj import checker, provedcheck
from exactinj.casebook import all_cases
from exactinj.injectivity.by_name import engine_given
from exactinj.networks.compositions import composition
from exactinj.work.clock import Clock

CASES = [case for case in all_cases() if isinstance(case.layer, xi.DenseNetwork | xi.ResidualBlock)]


@pytest.fixture
def check(monkeypatch):
    if reason := why_not_built():
        pytest.skip(reason)
    monkeypatch.setenv(provedcheck.VARIABLE, str(BUILD / "exactinj-proved"))
    return provedcheck.check_stream


def answer_of(check, document, layer=None):
    """Both checkers' common answer."""
    return agree(check, json.dumps(document).encode(), layer)


def word(answer):
    return answer if isinstance(answer, str) else {True: "valid", False: "rejected"}[answer[0]]


# ------------------------------------------------------------------ certificates of the package


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_casebook(case, check):
    result = xi.certify(case.layer, domain=case.domain)
    assert answer_of(check, json.loads(result.certificate.to_bytes()))[0] is True


@pytest.mark.parametrize("name", NETWORKS)
def test_cells(name, check):
    assert answer_of(check, certificate(name))[0] is True


def test_cells_apart_by_intervals(check):
    assert answer_of(check, many_cells())[0] is True


def random_block(rng):
    n, k = rng.randint(1, 3), rng.randint(1, 4)
    A = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(k)]
    B = [[rng.randint(-2, 2) for _ in range(k)] for _ in range(n)]
    return xi.ResidualBlock(A, B, [rng.randint(-1, 1) for _ in range(k)])


def random_certificate(rng):
    """Of a network or a block, either answer, or of a chain of layers."""
    if rng.random() < 0.5:
        return json.loads(xi.certify(random_block(rng)).certificate.to_bytes())
    maps, bounds = random_network(rng)
    network, domain = as_network(maps), as_domain(bounds)
    found = composition(network, domain, engine_given("auto"), Clock(30)) if rng.random() < 0.5 else None
    return json.loads((found or xi.certify(network, domain=domain).certificate).to_bytes())


def with_another_number(document, rng):
    """One entry of the layer or of the evidence changed, and the digest made to fit."""
    kind = "residual" if "residual" in document else "dense_network"
    other = json.loads(json.dumps(document))
    part, place = rng.choice(list(numbers(other["proof"])) + list(numbers(other[kind], but={"sha256", "k", "n"})))
    part[place] = moved(part[place], rng)
    names = ("A", "B", "b") if kind == "residual" else ("layers",)
    text = json.dumps({name: other[kind][name] for name in names}, separators=(",", ":"))
    other[kind]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    return other


def numbers(value, but=frozenset()):
    """Where integers and texts stand in nested lists and objects."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for place, part in items:
        if place in but or place == "rule":
            continue
        if isinstance(part, dict | list):
            yield from numbers(part)
        elif type(part) in (int, str):
            yield value, place


def moved(value, rng):
    if isinstance(value, int):
        return value + rng.choice([-1, 1])
    return rng.choice(["0", "1", "-1", "2", "1/2", "-3/2", value.removeprefix("-"), "01"])


def compare_many(check, certificates, changes, seed):
    rng, seen = Random(seed), dict.fromkeys(("valid", "rejected", "unreadable"), 0)
    for _ in range(certificates):
        document = random_certificate(rng)
        assert answer_of(check, document)[0] is True
        for _ in range(changes):
            seen[word(answer_of(check, with_another_number(document, rng)))] += 1
    return seen


def test_random_ones_and_changes(check):
    seen = compare_many(check, 30, 4, 1)
    assert min(seen.values()) > 3, seen


@pytest.mark.slow
def test_many_random_ones_and_changes(check):
    seen = compare_many(check, 600, 8, 2)
    assert min(seen.values()) > 100, seen


# ------------------------------------------------------------------ what the tests of the independent checker have


@pytest.mark.parametrize("case", REJECTED)
def test_rejected_networks(case, check):
    name, edit, words = REJECTED[case]
    answer = answer_of(check, edited(name, edit))
    assert answer[0] is False
    assert words in answer[2]


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_networks(case, check):
    assert answer_of(check, edited("plane", UNREADABLE[case][0])) == "unreadable"


def compare_mutations(check, documents, most, seed):
    documents = list(documents)
    chosen = Random(seed).sample(documents, min(most, len(documents)))
    seen = {word(answer_of(check, document)) for document in chosen}
    assert "rejected" in seen


@pytest.mark.parametrize("name", ["one neuron", "plane, box", "plane, polytope", "zero pre-activation"])
def test_mutated_cells(name, check):
    compare_mutations(check, mutations(certificate(name)), 40, name)


def mutated_samples(name):
    document = SAMPLES[name]
    return ({**document, "proof": changed} for changed in mutants(document["proof"]))


@pytest.mark.parametrize("name", SAMPLES)
def test_mutated_blocks(name, check):
    assert answer_of(check, SAMPLES[name])[0] is True
    compare_mutations(check, mutated_samples(name), 60, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one neuron", "plane", "plane, orthant", "plane, polytope", "zero pre-activation"])
def test_all_mutated_cells(name, check):
    compare_mutations(check, mutations(certificate(name)), 3000, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_all_mutated_blocks(name, check):
    compare_mutations(check, mutated_samples(name), 3000, name)


@pytest.mark.parametrize("point", [["3", "1"], ["-3", "1"], ["1", "-3"]])
def test_a_map_that_winds_twice(point, check):
    """Every cell has one orientation, but the value at the point is taken in another place: rejected for that."""
    assert "in another place" in answer_of(check, winding(point))[2]


def test_definite_matrices(check):
    """Symmetric ones around the border of the definite ones, of a size that the independent checker eliminates."""
    rng, seen = Random(4), set()
    for size in (1, 2, 3, 5, 8):
        for _ in range(12):
            rows = [[rng.randint(-4, 4) for _ in range(size)] for _ in range(size)]
            square = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in rows] for p in rows]
            square[0][0] += rng.choice([-1, 0, 0, 1])
            tree = [{"definite": ["1"] * size}]
            seen.add(word(answer_of(check, p_document(square, (list(range(size)), tree)))))
    assert seen == {"valid", "rejected"}


# ------------------------------------------------------------------ chains of layers


@pytest.fixture(scope="module")
def chain():
    found = composition(CHAIN, xi.RealSpace(), engine_given("auto"), Clock(30))
    return json.loads(found.to_bytes())


def test_chains(chain, check):
    assert answer_of(check, chain)[0] is True
    layers = chain["proof"]["layers"]
    for changed in (layers[:-1], [*layers, layers[-1]], [layers[2], layers[1], layers[0]], [], [{"rule": "rank"}]):
        other = {**chain, "proof": {**chain["proof"], "layers": changed}}
        assert word(answer_of(check, other)) in ("rejected", "unreadable")
    compare_mutations(check, ({**chain, "proof": proof} for proof in mutants(chain["proof"])), 60, 5)


def test_chains_of_layers_with_negative_slopes(check):
    network = xi.DenseNetwork([([[1]], None, xi.Leaky("-1/2"))])
    document = json.loads(
        composition(xi.DenseNetwork([([[1]], None, "none")]), xi.RealSpace(), engine_given("auto"), Clock(9)).to_bytes()
    )
    stated = json.loads(xi.certify(network).certificate.to_bytes())["dense_network"]
    answer = answer_of(check, {**document, "dense_network": stated})
    assert answer[0] is False
    assert "all of its slopes are negative" in answer[2]


# ------------------------------------------------------------------ the user's own file


@pytest.mark.parametrize("name", FILES)
def test_network_files(name, check, tmp_path):
    """A network file is read alike, or refused by both."""
    content, readable = FILES[name]
    path = tmp_path / "network.json"
    path.write_text(json.dumps(content))
    if not readable:
        xi.certify(CHAIN).certificate.write(tmp_path / "c.json")
        for options in ({}, {"checker": "proved"}):
            with pytest.raises(xi.InputError):
                xi.check(tmp_path / "c.json", path, **options)
        return
    network = checker.read_network(path)
    own = xi.DenseNetwork([(part.W, part.b, xi.Leaky(list(part.slopes))) for part in network.layers])
    xi.certify(own).certificate.write(tmp_path / "c.json")
    assert xi.check(tmp_path / "c.json", path, checker="proved").valid
    xi.certify(xi.DenseNetwork([([[1, 2, 7]], None, "none")])).certificate.write(tmp_path / "other.json")
    assert not xi.check(tmp_path / "other.json", path, checker="proved").valid


def test_block_files(check, tmp_path, run_command):
    block = xi.ResidualBlock([[0.5, 0], [0, 1]], [[0.25, 0], [1, 0.5]], [1, 0])
    xi.certify(block).certificate.write(tmp_path / "c.json")
    arrays = {"A": [[0.5, 0], [0, 1]], "B": [[0.25, 0], [1, 0.5]], "b": [1, 0]}
    (tmp_path / "block.json").write_text(json.dumps({**arrays, "b": [["1"], ["0.0"]]}))
    np.savez(tmp_path / "block.npz", **{name: np.array(rows, dtype=float) for name, rows in arrays.items()})
    np.savez(tmp_path / "other.npz", **{name: np.array(rows, dtype=float) + 1 for name, rows in arrays.items()})
    for name, status in (("block.json", 0), ("block.npz", 0), ("other.npz", 4)):
        done = run_command("check", "--proved", "c.json", name)
        assert done.returncode == status, (name, done.stdout, done.stderr)
    for content in ({"A": [[1]]}, {"A": [[1]], "B": [[1, 2]]}, {"A": [[1]], "B": [[1]], "b": [1, 2]}, [1]):
        (tmp_path / "block.json").write_text(json.dumps(content))
        done = run_command("check", "--proved", "c.json", "block.json")
        assert done.returncode == 3, (content, done.stdout)
        assert "block file: " in done.stderr


def test_layers_of_another_kind(check):
    block, network = xi.ResidualBlock([[1]], [[1]]), xi.DenseNetwork([([[1], [-1]], None, "relu")])
    for layer, given in ((block, xi.ResidualBlock([[1]], [[2]])), (network, CHAIN)):
        found = xi.check(xi.certify(layer).certificate, given, checker="proved")
        assert not found.valid
        assert found.reason == xi.check(xi.certify(layer).certificate, given).reason
        assert xi.check(xi.certify(layer).certificate, layer, checker="proved").valid
    kinds = [block, network, xi.ReLULayer([[1], [-1]]), xi.ConvLayer([[[1]], [[-1]]])]
    for layer in kinds:
        certificate = xi.certify(layer).certificate
        for other in kinds:
            if other is not layer:
                found = xi.check(certificate, other, checker="proved")
                assert not found.valid
                assert found == xi.check(certificate, other)


def test_claims_and_rules_that_do_not_belong(check):
    """Claims and rules of other kinds of layers, and digests."""
    network, block = certificate("plane"), SAMPLES["splits"]
    for document in (network, block):
        kind = "residual" if "residual" in document else "dense_network"
        for claim in ("not_injective", "alpha_star", "stability", "injective_if_full_spark", "injective_for_sizes"):
            assert word(answer_of(check, {**document, "claim": claim})) in ("rejected", "unreadable")
        for rule in (
            "flat-tree",
            "blocks",
            "rank",
            "stages",
            "p-matrix",
            "cell-pairs",
            "composition",
            "graph-composition",
        ):
            if rule != document["proof"]["rule"]:
                other = {**document, "proof": {**document["proof"], "rule": rule}}
                assert word(answer_of(check, other)) in ("rejected", "unreadable")
        wrong = {**document, kind: {**document[kind], "sha256": "0" * 64}}
        assert "not the one stated" in answer_of(check, wrong)[2]
