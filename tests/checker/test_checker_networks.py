"""The rules `cell-pairs` and `collision` for networks: the checker, its one file, and a naive second reading agree."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from oracles.cell_pairs import network_certificate_holds, network_digest
from oracles.networks import Map, network_value, smt_network_collision
from random_networks import as_domain, as_network, random_network

import exactinj as xi
from exactinj import checker

ALONE = Path(checker.__file__).with_name("checker.py")
FOLD = ([[1], [-1]], [-1, 1], "relu")
PLANE = [
    ([[1, 1], [1, -1], [-1, 0], [0, -1]], [0, 1, 0, 2], xi.Leaky("1/3")),
    ([[1, 1, -2, 0], [2, 1, 1, 0], [1, 0, 2, -1]], [0, 0, 1], "none"),
]
POLYTOPE = xi.Polytope([[1, 1], [-1, 0], [0, -1]], [2, 1, 1])
NETWORKS = {
    "one neuron": ([FOLD], xi.RealSpace()),
    "plane": (PLANE, xi.RealSpace()),
    "plane, orthant": (PLANE, xi.NonnegativeOrthant()),
    "plane, box": (PLANE, xi.Box(["-1", "-1/2"], [3, 1])),
    "plane, polytope": (PLANE, POLYTOPE),
    "no neuron": ([([[1, 2], [0, 1]], None, "none")], xi.RealSpace()),
    "zero pre-activation": (
        [([[1], [-1], [0]], None, "relu"), ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], None, "relu")],
        xi.RealSpace(),
    ),
}


def certificate(name):
    layers, domain = NETWORKS[name]
    return document_of(xi.certify(xi.DenseNetwork(layers), domain=domain))


def document_of(result):
    assert result.verdict == "injective"
    return json.loads(result.certificate.to_bytes())


def many_cells():
    """Enough cells for intervals."""
    rng = Random(4)
    rows = [[rng.randint(-5, 5) for _ in range(2)] for _ in range(12)]
    last = [[rng.randint(-5, 5) for _ in range(12)] for _ in range(6)]
    layers = [(rows, [rng.randint(-5, 5) for _ in rows], xi.Leaky("1/4")), (last, None, "none")]
    return document_of(xi.certify(xi.DenseNetwork(layers), domain=xi.Box(-3, 3)))


def verdict(document):
    try:
        return checker.check_stream(io.BytesIO(json.dumps(document).encode()))
    except checker.Unreadable as error:
        return str(error)


def holds(document):
    result = verdict(document)
    return not isinstance(result, str) and result.valid


# ------------------------------------------------------------------ accepted


@pytest.mark.parametrize("name", NETWORKS)
def test_accepts(name):
    document = certificate(name)
    assert holds(document)
    assert network_certificate_holds(document)


def test_accepts_intervals():
    document = many_cells()
    assert document["proof"]["directions"]
    assert holds(document)
    assert network_certificate_holds(document)


def test_the_one_file_agrees(tmp_path):
    network = xi.DenseNetwork(PLANE)
    xi.certify(network).certificate.write(tmp_path / "c.json.gz")
    file = tmp_path / "net.json"
    layers = [
        {"W": PLANE[0][0], "b": PLANE[0][1], "activation": {"leaky": "1/3"}},
        {"W": PLANE[1][0], "b": PLANE[1][1], "activation": "none"},
    ]
    file.write_text(json.dumps({"layers": layers}))
    run = subprocess.run(
        [sys.executable, "-I", ALONE, tmp_path / "c.json.gz", file], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("valid: injective: ")
    layers[1]["W"][0][0] = 3
    file.write_text(json.dumps({"layers": layers}))
    run = subprocess.run(
        [sys.executable, "-I", ALONE, tmp_path / "c.json.gz", file], capture_output=True, text=True, check=False
    )
    assert run.returncode == 4
    assert "layer 1 differs" in run.stdout


def test_random_certificates_are_accepted():
    for seed in range(2000, 2030):
        maps, bounds = random_network(Random(seed))
        network = as_network(maps)
        result = xi.certify(network, domain=as_domain(bounds))
        assert xi.check(result.certificate, network).valid, seed
        if result.verdict == "injective":
            assert network_certificate_holds(json.loads(result.certificate.to_bytes())), seed


# ------------------------------------------------------------------ mutations


def places(value, path=()):
    """The paths of all integers and nulls in nested lists."""
    if isinstance(value, list):
        for k, part in enumerate(value):
            yield from places(part, (*path, k))
    elif value is None or type(value) is int:
        yield path


def changed(document, path, change):
    copied = copy.deepcopy(document)
    part = copied["proof"]
    for step in path[:-1]:
        part = part[step]
    change(part, path[-1])
    return copied


def mutations(document):
    """Every number of the evidence moved, every entry left out, doubled, or exchanged with the next one."""

    def plus(part, k):
        part[k] = 0 if part[k] is None else part[k] + 1

    def minus(part, k):
        part[k] = [] if part[k] is None else part[k] - 1

    def left_out(part, k):
        del part[k]

    def doubled(part, k):
        part.insert(k, copy.deepcopy(part[k]))

    def exchanged(part, k):
        part[k], part[k - 1] = part[k - 1], part[k]

    for key in ("cells", "pairs"):
        for path in places(document["proof"][key], (key,)):
            yield changed(document, path, plus)
            yield changed(document, path, minus)
            yield changed(document, path, left_out)
        for k in range(len(document["proof"][key])):
            for change in (left_out, doubled, exchanged):
                yield changed(document, (key, k), change)


@pytest.mark.parametrize("name", ["one neuron", "plane, box", "plane, polytope", "zero pre-activation"])
def test_mutated_evidence_is_judged_as_the_specification_says(name):
    """A document that cannot be read is not valid; for all others both readings agree, and most are rejected."""
    accepted = total = 0
    step = 5 if "," in name else 1  # the planes have more than a thousand mutations
    for document in list(mutations(certificate(name)))[::step]:
        result = verdict(document)
        total += 1
        if isinstance(result, str):
            continue
        accepted += result.valid
        assert result.valid == network_certificate_holds(document), (document["proof"], result.reason)
    assert total > 20
    assert accepted < total / 4


def test_mutated_weights_do_not_keep_a_wrong_claim():
    """With other weights (and their digest), what is still accepted is still injective."""
    kept = 0
    for name in ("one neuron", "plane, box", "plane"):
        document = certificate(name)
        bounds = [(-1, 3), (Fraction(-1, 2), 1)] if name.endswith("box") else None
        for k, layer in enumerate(document["dense_network"]["layers"]):
            for key, rows in (("W", layer["W"]), ("b", [layer["b"]]), ("slopes", [layer["slopes"]])):
                for i, row in enumerate(rows):
                    for j, text in enumerate(row):
                        for other in (str(-Fraction(text)), str(Fraction(text) + 1), "0"):
                            copied = copy.deepcopy(document)
                            part = copied["dense_network"]["layers"][k][key]
                            (part[i] if key == "W" else part)[j] = other
                            layers = copied["dense_network"]["layers"]
                            copied["dense_network"]["sha256"] = network_digest(layers)
                            if not holds(copied):
                                continue
                            kept += 1
                            maps = [Map(part["W"], part["b"], part["slopes"]) for part in layers]
                            assert smt_network_collision(maps, bounds) is None
    assert kept


# ------------------------------------------------------------------ a table of rejected and unreadable documents


def edited(name, edit):
    document = certificate(name)
    edit(document)
    return document


def proof_of(part, value):
    def edit(document):
        document["proof"][part] = value

    return edit


def lose_rank(document):
    layers = document["dense_network"]["layers"]
    layers[-1]["W"] = [["0"] * len(row) for row in layers[-1]["W"]]
    document["dense_network"]["sha256"] = network_digest(layers)


REJECTED = {
    "digest": ("plane", lambda d: d["dense_network"].update(sha256="0" * 64), "the SHA-256 of the layers is"),
    "ball": (
        "plane",
        lambda d: d.update(domain={"type": "ball", "center": ["0", "0"], "radius": "1"}),
        "the domain is ball",
    ),
    "flat box": ("plane, box", lambda d: d["domain"].update(upper=["-1", "1"]), "lower >= upper"),
    "claim": ("plane", lambda d: d.update(claim="not_injective"), 'proves "injective"'),
    "other rule": ("plane", lambda d: d["proof"].update(rule="flat-tree"), "proves nothing about a network"),
    "alpha": ("plane", lambda d: d.update(claim="alpha_star"), 'cannot have the claim "alpha_star"'),
    "rank": ("one neuron", lose_rank, "the map has a rank below 1"),
    "no cells": ("one neuron", proof_of("cells", []), "the list ends after 0 items"),
    "more cells": ("one neuron", lambda d: d["proof"]["cells"].append([]), "but the list goes on"),
    "no pairs": ("one neuron", proof_of("pairs", []), "the list ends after 0 items"),
    "more pairs": ("one neuron", lambda d: d["proof"]["pairs"].append([[2], []]), "but the list goes on"),
    "a cell too soon": ("one neuron", lambda d: d["proof"]["cells"].insert(0, []), "expected what neuron 0 does"),
    "a cell too late": ("one neuron", lambda d: d["proof"]["cells"].insert(3, 0), "expected the bounds of cell"),
    "no such function": ("one neuron", proof_of("cells", [[1, 7], [1, 0], []]), "there is no function 7"),
    "no such function, negative": ("one neuron", proof_of("cells", [[1, -1], [1, 0], []]), "there is no function -1"),
    "a side with an interior": (
        "one neuron",
        proof_of("cells", [[1], [1], []]),
        "does not show that neuron 0 has one sign",
    ),
    "bounds without directions": (
        "no neuron",
        proof_of("cells", [[None, None]]),
        "expected the bounds of cell 0, two for each",
    ),
    "pair without the constant": (
        "one neuron",
        lambda d: d["proof"]["pairs"].__setitem__(0, [[0], []]),
        "pairs item 0, cells 0 and 1",
    ),
    "constant on the right": (
        "one neuron",
        lambda d: d["proof"]["pairs"].__setitem__(0, [[3], [2]]),
        "pairs item 0, cells 0 and 1",
    ),
    "empty pair": ("one neuron", lambda d: d["proof"]["pairs"].__setitem__(0, [[], []]), "pairs item 0, cells 0 and 1"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejects(case):
    name, edit, words = REJECTED[case]
    result = verdict(edited(name, edit))
    assert not isinstance(result, str), result
    assert not result.valid
    assert words in result.reason


UNREADABLE = {
    "no layers": (lambda d: d["dense_network"].update(layers=[]), "expected at least one layer"),
    "no rows": (lambda d: d["dense_network"]["layers"][0].update(W=[]), "expected at least one row"),
    "long row": (lambda d: d["dense_network"]["layers"][0]["W"][0].append("1"), "expected a list of 2 rationals"),
    "short bias": (lambda d: d["dense_network"]["layers"][0]["b"].pop(), "expected a list of 4 rationals"),
    "short slopes": (lambda d: d["dense_network"]["layers"][0]["slopes"].pop(), "expected a list of 4 rationals"),
    "layers that do not fit": (
        lambda d: d["dense_network"]["layers"][1]["W"][0].pop(),
        "expected a list of 4 rationals",
    ),
    "number": (lambda d: d["dense_network"]["layers"][0]["b"].__setitem__(0, 0), "rational in canonical form"),
    "another key": (lambda d: d["dense_network"].update(m=3), "expected }"),
    "dimension": (lambda d: d.update(domain={"type": "box", "lower": ["0"], "upper": ["1"]}), "found lists of 1"),
    "n": (lambda d: d["dense_network"].update(n=0), "expected a positive integer"),
    "direction": (proof_of("directions", [["1"]]), "direction 0: expected a list of 3 rationals"),
    "true": (lambda d: d["proof"]["cells"].__setitem__(0, True), "cells item 0: expected 0 or a list"),
    "one": (lambda d: d["proof"]["cells"].__setitem__(0, 1), "cells item 0: expected 0 or a list"),
    "sign": (lambda d: d["proof"]["cells"].__setitem__(0, [2, 1]), "expected the sign 1 or -1"),
    "twice": (lambda d: d["proof"]["cells"].__setitem__(0, [1, 3, 3]), "a number occurs twice"),
    "text": (lambda d: d["proof"]["pairs"].__setitem__(0, [["4"], []]), "expected a list of integers"),
    "three": (lambda d: d["proof"]["pairs"].__setitem__(0, [[4], [], []]), "expected two supports"),
    "behind": (lambda d: d["proof"].update(more=1), "expected }"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_cannot_be_read(case):
    edit, words = UNREADABLE[case]
    result = verdict(edited("plane", edit))
    assert isinstance(result, str), result
    assert words in result


# ------------------------------------------------------------------ the schema

SCHEMA = Path(__file__).parents[2] / "docs" / "certificate.schema.json"
BEYOND_SCHEMA = {"long row", "short bias", "short slopes", "layers that do not fit", "dimension", "direction", "twice"}


def schema_accepts(document):
    jsonschema = pytest.importorskip("jsonschema")
    return bool(jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).is_valid(document))


def test_the_schema_accepts_what_can_be_read():
    assert all(schema_accepts(certificate(name)) for name in NETWORKS)
    assert schema_accepts(many_cells())
    assert schema_accepts(edited("one neuron", REJECTED["a cell too late"][1]))
    crossing = xi.certify(xi.DenseNetwork([FOLD, ([[1, 1]], None, "none")])).certificate
    assert schema_accepts(json.loads(crossing.to_bytes()))


@pytest.mark.parametrize("case", [case for case in UNREADABLE if case not in BEYOND_SCHEMA])
def test_the_schema_refuses_what_has_the_wrong_type(case):
    assert not schema_accepts(edited("plane", UNREADABLE[case][0]))


# ------------------------------------------------------------------ collisions, and other layers


def test_collisions():
    network = xi.DenseNetwork([FOLD, ([[1, 1]], None, "none")])
    result = xi.certify(network)
    document = json.loads(result.certificate.to_bytes())
    assert holds(document)
    assert network_value([Map([[1], [-1]], [-1, 1], [0, 0]), Map([[1, 1]], [0], [1])], result.witness.x)
    for change, words in (
        ({"x": document["proof"]["y"]}, "x and y are equal"),
        ({"x": ["7"]}, "output 0 differs"),
    ):
        other = {**document, "proof": {**document["proof"], **change}}
        assert words in verdict(other).reason
    outside = {**document, "domain": {"type": "box", "lower": ["100"], "upper": ["101"]}}
    assert "does not lie in the domain" in verdict(outside).reason


def test_other_layers_are_told_apart():
    network, layer = xi.DenseNetwork([FOLD]), xi.ReLULayer([[1], [-1]])
    about_network, about_layer = xi.certify(network).certificate, xi.certify(layer).certificate
    assert "about a network" in xi.check(about_network, layer).reason
    assert "the given layer is a network" in xi.check(about_layer, network).reason
    assert "1 layers here and 2 in the given" in xi.check(about_network, xi.DenseNetwork([FOLD, FOLD_AFTER])).reason
    assert (
        "networks only"
        in verdict(
            {**json.loads(about_layer.to_bytes()), "proof": json.loads(about_network.to_bytes())["proof"]}
        ).reason
    )


FOLD_AFTER = ([[1, 1]], None, "relu")


def test_certificates_are_read_back(tmp_path):
    for layers in ([FOLD], [FOLD, FOLD_AFTER]):
        written = xi.certify(xi.DenseNetwork(layers)).certificate
        written.write(tmp_path / "c.json")
        back = xi.read_certificate(tmp_path / "c.json")
        assert back.layer == written.layer
        assert back.to_bytes() == written.to_bytes() == xi.NetworkCertificate.read(tmp_path / "c.json").to_bytes()
    many = many_cells()
    (tmp_path / "m.json").write_text(json.dumps(many))
    assert json.loads(xi.read_certificate(tmp_path / "m.json").to_bytes()) == many


def test_certificates_repeat_byte_by_byte():
    network = xi.DenseNetwork(PLANE)
    assert xi.certify(network).certificate.to_bytes() == xi.certify(network).certificate.to_bytes()


# ------------------------------------------------------------------ network files


FILES = {
    "plain": ({"layers": [{"W": [[1, "1/2"]], "b": [0.1], "activation": "relu"}]}, True),
    "defaults": ({"layers": [{"W": [[1]]}, {"W": [["2"], [3]], "b": None, "activation": {"leaky": "0.1"}}]}, True),
    "slopes": ({"layers": [{"W": [[1], [2]], "activation": {"leaky": [0, "1/3"]}}]}, True),
    "none": ({"layers": [{"W": [[1], [2]], "activation": "none"}]}, True),
    "empty": ({"layers": []}, False),
    "no list": ({"layers": {"W": [[1]]}}, False),
    "list entries": ({"layers": [[[[1]], None, "relu"]]}, False),
    "beside": ({"layers": [{"W": [[1]]}], "W": [[1]]}, False),
    "unknown key": ({"layers": [{"W": [[1]], "bias": [1]}]}, False),
    "no W": ({"layers": [{"b": [1]}]}, False),
    "activation": ({"layers": [{"W": [[1]], "activation": "tanh"}]}, False),
    "activation null": ({"layers": [{"W": [[1]], "activation": None}]}, False),
    "activation number": ({"layers": [{"W": [[1]], "activation": 0}]}, False),
    "too many slopes": ({"layers": [{"W": [[1]], "activation": {"leaky": [1, 2]}}]}, False),
    "slope": ({"layers": [{"W": [[1]], "activation": {"leaky": "x"}}]}, False),
    "slope true": ({"layers": [{"W": [[1]], "activation": {"leaky": True}}]}, False),
    "two keys": ({"layers": [{"W": [[1]], "activation": {"leaky": 1, "relu": 0}}]}, False),
    "ragged": ({"layers": [{"W": [[1], [1, 2]]}]}, False),
    "bias length": ({"layers": [{"W": [[1]], "b": [1, 2]}]}, False),
    "bias column": ({"layers": [{"W": [[1], [2]], "b": [[1], [2]]}]}, False),
    "do not fit": ({"layers": [{"W": [[1]]}, {"W": [[1, 2]]}]}, False),
    "nan": ({"layers": [{"W": [[float("nan")]]}]}, False),
    "empty row": ({"layers": [{"W": [[]]}]}, False),
}


@pytest.mark.parametrize("name", FILES)
def test_both_readers_see_the_same_network_or_refuse(name, tmp_path):
    content, is_good = FILES[name]
    file = tmp_path / "net.json"
    file.write_text(json.dumps(content))
    from exactinj.files.residual_files import read_layer_or_block

    if not is_good:
        with pytest.raises(xi.InputError):
            read_layer_or_block(file)
        with pytest.raises(checker.Unreadable):
            checker.read_network(file)
        return
    ours, theirs = read_layer_or_block(file), checker.read_network(file)
    assert len(ours.layers) == len(theirs.layers)
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert mine.W.fractions() == other.W
        assert [value for (value,) in mine.b.fractions()] == other.b
        assert list(mine.slopes) == other.slopes
