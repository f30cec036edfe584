"""The rule graph-composition: scans of every kind of layer, an independent reading, mutations, and what is refused."""

from __future__ import annotations

import copy
import io
import json
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from oracles.graphs import graph_certificate_holds, graph_digest
from random_networks import as_domain, as_network, random_network

import exactinj as xi
from exactinj import checker
from exactinj.certificates.reading import read_certificate
from exactinj.errors import CertificateError, InputError
from exactinj.layers.network import (
    Clip,
    Concatenation,
    Constant,
    Convolution,
    Dense,
    LeakyRelu,
    Maximum,
    Mean,
    Network,
    Node,
    OneToOne,
    Opaque,
    Rearrangement,
    Relu,
    ScaleShift,
    Square,
    Sum,
    simplified,
)
from exactinj.layers.network.flat import flat_network
from exactinj.networks.certified_models import subject_file
from exactinj.networks.dense_chains import graph_of_dense
from exactinj.networks.graph_compositions import graph_composition
from exactinj.networks.ranges import ranges

SCHEMA = Path(__file__).parents[2] / "docs" / "certificate.schema.json"


def net(shape, *steps):
    """A chain; a step that reads others than the one before it is a pair with their names."""
    nodes, last = [], "x"
    for k, step in enumerate(steps):
        operation, reads = step if isinstance(step, tuple) else (step, (last,))
        nodes.append(Node(f"s{k}", operation, reads))
        last = f"s{k}"
    return Network({"x": shape}, nodes, [last])


def pairs_of(width, channels=1):
    """Kernels e and -e that read one place each, for every channel."""
    kernels = np.zeros((2 * channels, channels, width))
    for i in range(channels):
        kernels[2 * i, i, width // 2], kernels[2 * i + 1, i, width // 2] = 1, -1
        kernels[2 * i, i, 0], kernels[2 * i + 1, i, 0] = 0.25, -0.25
    return Convolution(kernels, stride=[1], padding=[(width // 2, width // 2)], dilation=[1])


def small_residual():
    return (
        Dense([["1/2", "1/4"], [0, "1/2"]], ["1/3", 0]),
        Relu(),
        Dense([["1/2", 0], ["1/4", "1/2"]]),
        (Sum([1, 1]), ("x", "s2")),
        Dense([[1, 1], [0, 2]]),
    )


def wide(n, m):
    rng = np.random.default_rng(n)
    return Dense(rng.integers(-9, 9, (m, n)), rng.integers(-3, 3, m))


NETWORKS = {
    "dense": net((1, 2), Dense([[1, 0], [-1, 0], [0, 1], [0, -1]], ["1/2", 1, 1, 0]), Relu(), Dense(np.eye(4))),
    "convolution": net((1, 1, 4), pairs_of(3), Relu(), pairs_of(3, 2), LeakyRelu([[["1/3"]] * 4])),
    "one size": net(
        (1, 1, 3),
        Convolution([[[1, 1]], [[-1, -1]], [[0, 1]], [[0, -1]]], stride=[1], padding=[(0, 1)], dilation=[1]),
        Relu(),
    ),
    "every size": net(
        (1, 4, 3),
        Rearrangement(np.pad(np.arange(12).reshape(1, 4, 3), [(0, 0), (0, 0), (1, 1)], constant_values=-1), "pad"),
        pairs_of(3, 4),
        Relu(),
    ),
    "rank": net((1, 9), wide(9, 12), LeakyRelu("1/4"), wide(12, 13), OneToOne("sigmoid", np.tanh)),
    "moves": net(
        (1, 2, 3),
        Rearrangement(np.array([[0, 3], [1, 4], [2, 5]]), "transpose"),
        Rearrangement(np.array([-1, 0, 1, 2, 3, 4, 5, -1]).reshape(1, 8), "pad", "1/7"),
        ScaleShift([[2, -1, 1, 1, "1/3", 1, 1, 1]], ["1/5"]),
        Dense(np.concatenate([np.eye(8), -np.eye(8)])),
        Relu(),
    ),
    "residual": net((1, 2), *small_residual()),
    "clip": net((1, 2), Dense([[1, 0], [-1, 0], [0, 1], [0, -1]]), Clip("1/2", None), wide(4, 5), Clip(None, 900)),
    "square": net((1, 2), ScaleShift(1, 9), Square(), Relu()),
    "mean": net((1, 2), Mean(np.array([[[0, -1], [0, 1], [1, -1]]]), np.array([[2, 2, 1]])), LeakyRelu("1/2")),
    "fixed": net(
        (1, 2),
        Dense([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]], [0, 0, 0, 0, -99]),
        Relu(),
        Dense(np.concatenate([np.eye(5), -np.eye(5)])),
        Relu(),
    ),
    "skip": Network(
        {"x": (1, 2)},
        [
            Node("h", Dense([[3, 1], [0, 2]]), ("x",)),
            Node("r", Relu(), ("h",)),
            Node("c", Constant([[1, "1/2"]]), ()),
            Node("j", Concatenation(1), ("x", "r", "c")),
            Node("m", Maximum(np.array([[[0], [1], [4]]])), ("j",)),
            Node("y", Concatenation(1), ("m", "j")),
        ],
        ["y"],
    ),
    "two inputs": Network(
        {"x": (1, 1), "u": (1, 2)},
        [
            Node("o", Opaque("LSTM", (1, 3)), ("x",)),
            Node("j", Concatenation(1), ("x", "u", "o")),
        ],
        ["j"],
    ),
}  # fmt: skip
DOMAINS = {"clip": xi.Box(1, 3), "square": xi.Box(-1, 2), "fixed": xi.Box(-1, 1), "mean": xi.Box(-1, 1)}


def certificate(name, folder):
    result = xi.scan(NETWORKS[name], domain=DOMAINS.get(name), out=folder)
    assert result.network.verdict is xi.Verdict.INJECTIVE, result.network.reason
    found = result.network.certificate
    if found is not None and "graph" in json.loads(Path(found).read_text()):
        return json.loads(Path(found).read_text())
    return document_of(NETWORKS[name], DOMAINS.get(name))


def document_of(network, domain=None):
    """The certificate of the graph, where a scan writes one about a chain of dense layers."""
    whole = simplified(network)
    where = xi.Box(domain.lower, domain.upper) if domain is not None else xi.RealSpace()
    made = graph_composition(whole, where, xi.scan(whole, domain=domain).layers, ranges(whole, where))
    return json.loads(made.to_bytes())


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    return {name: certificate(name, tmp_path_factory.mktemp("scan")) for name in NETWORKS}


def judged(document):
    return checker.check_stream(io.BytesIO(json.dumps(document).encode()))


def says(document):
    """True, False, or "unreadable"."""
    try:
        return judged(document).valid
    except checker.Unreadable:
        return "unreadable"


def holds(kind, subject, domain, proof):
    """The proofs inside, by certificates of their own: these have their own independent readings."""
    head = {"format": "exactinj-certificate", "version": 1}
    if kind == "rows":
        W, b = ([[str(v) for v in row] for row in subject[0]], [str(v) for v in subject[1]])
        layer = {"m": len(W), "n": len(W[0]), "sha256": xi.ReLULayer(W, b).digest, "W": W, "b": b}
        return says({**head, "claim": "injective", "domain": domain, "layer": layer, "proof": proof}) is True
    if kind == "residual":
        return says({**head, "claim": "injective", "domain": domain, "residual": subject, "proof": proof}) is True
    stated = {key: value for key, value in subject.items() if key != "at"}
    claim = "injective_for_sizes"
    return says({**head, "claim": claim, "domain": domain, "convolution": stated, "proof": proof}) is True


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_scan_proves_is_certified(documents, name):
    assert judged(documents[name]).valid
    assert graph_certificate_holds(documents[name], holds)


def rules(document):
    return {layer["proof"]["rule"] for layer in document["proof"]["layers"]}


def test_every_kind_of_layer_is_there(documents):
    seen = {rule for document in documents.values() for rule in rules(document)}
    assert {"rank", "p-matrix", "boxes"} <= seen
    assert seen & {"flat-tree", "sign-split", "blocks"}
    steps = {step["step"] for document in documents.values() for step in document["graph"]["steps"]}
    assert steps == {
        *("dense", "convolution", "scale", "sum", "mean", "move", "join", "constant"),
        *("leaky", "clip", "square", "maximum", "one-to-one", "other"),
    }
    assert documents["skip"]["proof"]["layers"] == []
    assert {layer["domain"]["type"] for layer in documents["fixed"]["proof"]["layers"]} == {"box"}


@pytest.mark.parametrize("seed", range(80))
def test_certificates_of_random_graphs_say_what_their_cells_say(seed):
    maps, bounds = random_network(Random(seed))
    dense, domain = as_network(maps), as_domain(bounds)
    network = graph_of_dense(dense)
    result = xi.scan(network, domain=domain)
    made = graph_composition(simplified(network), domain, result.layers, ranges(simplified(network), domain))
    if isinstance(made, str):
        assert result.network.verdict is not xi.Verdict.INJECTIVE
        return
    assert graph_certificate_holds(json.loads(made.to_bytes()), holds)
    assert xi.certify(dense, domain=domain).verdict is xi.Verdict.INJECTIVE


# ------------------------------------------------------------------ mutations


def places(value, path=()):
    """The paths of all numbers."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, (*path, key))
    elif isinstance(value, list):
        for k, part in enumerate(value):
            yield from places(part, (*path, k))
    elif type(value) is int or (isinstance(value, str) and value.lstrip("-")[:1].isdigit() and path[-1] != "sha256"):
        yield path


def mutated(document, path, rng):
    other = copy.deepcopy(document)
    part = other
    for key in path[:-1]:
        part = part[key]
    found = part[path[-1]]
    step = rng.choice((-1, 1))
    part[path[-1]] = found + step if type(found) is int else str(Fraction(found) + step)
    return other


def with_digests(document):
    """The same with digests that fit, so that numbers of the network change what is proved, not its digest alone."""
    for step in document["graph"]["steps"]:
        layer = step.get("layer")
        if layer is not None and "W" in layer:
            layer["sha256"] = xi.ReLULayer(layer["W"], layer["b"]).digest
    document["graph"]["sha256"] = graph_digest(document["graph"])
    return document


@pytest.mark.parametrize("name", NETWORKS)
def test_changed_numbers_get_the_verdict_of_the_independent_reading(documents, name):
    rng = Random(name)
    document = documents[name]
    for path in rng.sample(list(places(document)), min(60, len(list(places(document))))):
        other = mutated(document, path, rng)
        if path[0] == "graph" and "layer" not in path:
            other = with_digests(other)
        seen = says(other)
        if seen == "unreadable":
            continue
        if path[-1] == "modulus":
            assert not seen or graph_certificate_holds(other, holds), path
        else:
            assert seen == graph_certificate_holds(other, holds), path


@pytest.mark.parametrize("name", ["dense", "rank", "residual", "moves", "fixed"])
def test_changed_weights_with_fitting_digests_get_the_same_verdict(documents, name):
    rng = Random(name)
    document = documents[name]
    inside = [path for path in places(document["graph"], ("graph",)) if "layer" in path]
    chosen = [path for path in inside if "W" in path or path[-2] == "b"]
    for path in rng.sample(chosen, min(25, len(chosen))):
        other = with_digests(mutated(document, path, rng))
        assert says(other) == graph_certificate_holds(other, holds), path


def changed(document, change):
    other = copy.deepcopy(document)
    change(other)
    return other


def swap(document):
    layers = document["proof"]["layers"]
    for key in ("rows", "proof"):
        layers[0][key], layers[1][key] = layers[1][key], layers[0][key]


def test_dropped_and_swapped_layers_are_rejected(documents):
    for name in ("dense", "convolution", "rank", "fixed", "moves", "residual"):
        for number in range(len(documents[name]["proof"]["layers"])):
            less = changed(documents[name], lambda d, k=number: d["proof"]["layers"].pop(k))
            assert judged(less).fault is checker.Reason.COMPOSITION
    assert not judged(changed(documents["rank"], swap)).valid


def test_a_wrong_domain_is_rejected(documents):
    """The second layer is injective on what a ReLU gives, and not on R^n; what comes first is not in that box."""
    rows = [[2, -1], [-1, 2], [1, 1]]
    document = document_of(net((1, 1), Dense([[1], [-1]]), Relu(), Dense(rows), Relu()))
    assert judged(document).valid
    places = [k for k, layer in enumerate(document["proof"]["layers"]) if layer["domain"]["type"] == "nonneg"]
    assert len(places) == 1
    wrong = changed(document, lambda d: d["proof"]["layers"][places[0]].update(domain={"type": "R^n"}))
    assert judged(wrong).fault is not None
    leaky = document_of(net((1, 1), Dense([[1], [-1]]), LeakyRelu("1/2")))
    other = changed(document, lambda d: d["graph"]["steps"][1].update(slopes=leaky["graph"]["steps"][1]["slopes"]))
    assert judged(with_digests(other)).fault is checker.Reason.DOMAIN
    box = {"type": "box", "lower": ["-1"] * 2, "upper": ["1"] * 2}
    tight = changed(documents["dense"], lambda d: d["proof"]["layers"][0].update(domain=box))
    assert judged(tight).fault is checker.Reason.DOMAIN
    narrow = changed(documents["clip"], lambda d: d["domain"].update(lower=["0", "0"]))
    assert says(narrow) == graph_certificate_holds(narrow, holds)


@pytest.mark.parametrize("claim", ["not_injective", "alpha_star", "injective_if_full_spark"])
def test_other_claims_are_rejected(documents, claim):
    assert not judged({**documents["dense"], "claim": claim}).valid


@pytest.mark.parametrize(
    "domain", [{"type": "ball", "center": ["0", "0"], "radius": "1"}, {"type": "nonneg-ball", "radius": "1"}]
)
def test_other_domains_are_rejected(documents, domain):
    assert judged({**documents["dense"], "domain": domain}).fault is checker.Reason.DOMAIN


MALFORMED = {
    "no inputs": lambda g: g.update(inputs=[]),
    "an empty shape": lambda g: g.update(inputs=[[]]),
    "no outputs": lambda g: g.update(outputs=[]),
    "an output that is not there": lambda g: g.update(outputs=[99]),
    "reads a later value": lambda g: g["steps"][0].update(reads=[1]),
    "reads nothing": lambda g: g["steps"][0].update(reads=[]),
    "reads itself, negative": lambda g: g["steps"][0].update(reads=[-1]),
    "an unknown step": lambda g: g["steps"][1].update(step="softmax"),
    "slopes missing": lambda g: g["steps"][1].pop("slopes"),
    "slopes empty": lambda g: g["steps"][1].update(slopes=[]),
    "each 0": lambda g: g["steps"][1].update(each=0),
    "each too long": lambda g: g["steps"][1].update(each=5),
    "a number in place of a string": lambda g: g["steps"][1].update(slopes=[0]),
    "one key more": lambda g: g["steps"][1].update(more=1),
    "W of another width": lambda g: g["steps"][0]["layer"].update(n=3),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_graphs_are_unreadable(documents, name):
    other = changed(documents["dense"], lambda d: MALFORMED[name](d["graph"]))
    with pytest.raises(checker.Unreadable):
        judged(other)


def test_layers_that_are_malformed_are_unreadable(documents):
    for key, value in (("columns", []), ("rows", [0]), ("rows", []), ("output", 99), ("source", True), ("domain", {})):
        with pytest.raises(checker.Unreadable):
            judged(changed(documents["dense"], lambda d, k=key, v=value: d["proof"]["layers"][0].update({k: v})))
    for modulus in ("1", "0", "-7", 7, "x"):
        with pytest.raises(checker.Unreadable):
            judged(changed(documents["rank"], lambda d, m=modulus: d["proof"]["layers"][0]["proof"].update(modulus=m)))


def test_rank_stands_in_layers_of_graphs_only(documents):
    layer = json.loads(xi.certify([[1], [-1]]).certificate.to_bytes())
    assert not judged({**layer, "proof": {"rule": "rank", "modulus": "7"}}).valid
    assert not judged({**layer, "proof": documents["dense"]["proof"]}).valid


def test_packings_cannot_stand_in_a_layer(documents):
    """They rest on full spark, of which the claim says nothing."""
    packing = {"rule": "packing", "epsilon": None, "refuters": []}
    for name in ("dense", "every size"):
        found = next(k for k, d in enumerate(documents[name]["proof"]["layers"]) if d["proof"]["rule"] != "rank")

        def change(document, k=found):
            proof = document["proof"]["layers"][k]["proof"]
            if proof["rule"] == "boxes":
                proof["proofs"][0] = packing
            else:
                document["proof"]["layers"][k]["proof"] = packing

        assert judged(changed(documents[name], change)).fault is checker.Reason.RULE


def test_affine_steps_one_after_the_other_have_a_limit():
    steps = [Dense([[1]])] * 201
    with pytest.raises(checker.Unreadable, match="200 affine steps"):
        judged({**document_of(net((1, 1), LeakyRelu("1/2"))), "graph": graph_json(net((1, 1), *steps))})


# ------------------------------------------------------------------ files and models


def graph_json(network):
    from exactinj.certificates.graph_text import graph_pieces

    return json.loads("".join(graph_pieces(flat_network(network).graph)))


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_read_back_and_fits_the_schema(documents, name, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    assert jsonschema.Draft202012Validator(schema).is_valid(documents[name])
    path = tmp_path / "c.json"
    path.write_text(json.dumps(documents[name]))
    again = read_certificate(path)
    assert json.loads(again.to_bytes()) == documents[name]
    again.write(path)
    assert read_certificate(path).to_bytes() == again.to_bytes()
    assert "GraphCertificate: injective" in repr(again)


def test_the_network_it_is_about(documents, tmp_path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(documents["moves"]))
    assert xi.check(path, NETWORKS["moves"]).valid
    other = net((1, 2, 3), *(node.operation for node in NETWORKS["moves"].nodes[:-1]), LeakyRelu("1/2"))
    assert checker.Reason.OTHER_NETWORK is xi.check(path, other).fault
    assert checker.Reason.OTHER_NETWORK is xi.check(path, xi.ReLULayer([[1]])).fault
    document = documents["moves"]
    file = subject_file(document, NETWORKS["moves"], tmp_path)
    assert checker.check_file(path, file).valid
    with pytest.raises(InputError, match="about a dense layer"):
        subject_file({"layer": {}}, NETWORKS["moves"], tmp_path)
    path.write_text("{")
    with pytest.raises(CertificateError):
        xi.check(path, NETWORKS["dense"])


def test_bad_graph_files_are_unreadable(documents, tmp_path):
    good, graph = tmp_path / "c.json", tmp_path / "g.json"
    good.write_text(json.dumps(documents["dense"]))
    for text in (
        "",
        "{",
        "[]",
        '{"graph": {}}',
        '{"graf": 1}',
        json.dumps({"graph": documents["dense"]["graph"], "a": 1}),
    ):
        graph.write_text(text)
        with pytest.raises(checker.Unreadable) as caught:
            checker.check_file(good, graph)
        assert caught.value.source is checker.Source.NETWORK_FILE
