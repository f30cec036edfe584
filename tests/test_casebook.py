"""The casebook: every case is recomputed, and its certificate checked from its own numbers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from math import prod
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj.casebook import all_cases, dense_cases, find_case
from exactinj.cli.main import main
from exactinj.lipschitz.algebraic import AlgebraicNumber
from exactinj.lipschitz.known import KnownStability, KnownValue

ROOT = Path(__file__).parent.parent
CASES = {case.name: case for case in all_cases()}
NETWORKS = [name for name, case in CASES.items() if isinstance(case.layer, xi.DenseNetwork)]
BLOCKS = [name for name, case in CASES.items() if isinstance(case.layer, xi.ResidualBlock)]
CONVOLUTIONS = [name for name, case in CASES.items() if isinstance(case.layer, xi.ConvLayer)]
FEW = 8  # inputs of an unrolled layer that is decided in no time


@pytest.fixture
def make(monkeypatch):
    """The scripts of the casebook can be imported."""
    folder = str(ROOT / "casebook" / "make")
    monkeypatch.syspath_prepend(folder)
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(folder):
            del sys.modules[name]


@pytest.mark.parametrize("name", CASES)
def test_case_has_its_expected_answer(name):
    case = CASES[name]
    result = xi.certify(case.layer, domain=case.domain, input_shape=case.input_shape)
    assert result.verdict == case.expected
    assert case.is_answered_by(result), result.sizes
    outcome = xi.check(result.certificate, case.layer)
    assert outcome.valid, outcome.reason


def test_the_cases_that_were_asked_for_are_there():
    tags = {tag for case in CASES.values() for tag in case.tags}
    assert len(CASES) >= 20
    assert tags
    for name in ("octahedron", "icosahedron", "tetrahedron", "cube", "mercedes-benz", "iris-m8", "iris-m32"):
        assert name in CASES


@pytest.mark.parametrize("name", CASES)
def test_case_is_documented(name):
    case = CASES[name]
    for words in (case.title, case.statement, case.source, case.why, case.evidence):
        assert len(words) > 3
    assert name in (ROOT / "casebook" / "README.md").read_text()


def test_unknown_cases_are_named(tmp_path, monkeypatch):
    with pytest.raises(xi.InputError, match="octahedron"):
        find_case("dodecahedron")
    (tmp_path / "odd.json").write_text(json.dumps({"name": "odd"}))
    monkeypatch.setattr("exactinj.files.case_files.casebook_folder", lambda: tmp_path)
    with pytest.raises(xi.InputError, match="expected the keys"):
        find_case("odd")


# ------------------------------------------------------------------ stability

CONSTANTS = [(name, known) for name, case in CASES.items() for known in case.stability]


@pytest.mark.parametrize(
    ("name", "known"),
    [pytest.param(*one, marks=pytest.mark.slow if one[0] == "iris-m32" else (), id=one[0]) for one in CONSTANTS],
)
def test_known_constants_are_found(name, known):
    found = xi.stability(CASES[name].layer, domain=known.domain)
    assert known.agrees_with(found)
    for value, bounds in ((known.A, found.sigma_min_squared), (known.lipschitz_squared, found.upper_lipschitz_squared)):
        low, high = value.interval
        if low == high:
            assert bounds.at_least <= low <= bounds.at_most
            assert (low == 0) == (bounds.at_most == 0)
    if known.kappa_squared is not None and known.kappa_squared.interval[0] == known.kappa_squared.interval[1]:
        least, most = (end.square for end in found.lower_lipschitz)
        assert least <= known.kappa_squared.interval[0] <= most


def test_a_constant_that_is_wrong_is_noticed():
    tiny = Fraction(1, 10**30)
    for name in ("octahedron", "minimal-pairs-n4", "orthant-bias"):
        (known,) = CASES[name].stability
        found = xi.stability(CASES[name].layer, domain=known.domain)
        for key, value in known.values.items():
            if value.interval[0] == value.interval[1]:
                other = KnownValue.parse(str(value.interval[0] + tiny))
            else:
                other = replace(
                    value, polynomial=(value.polynomial[0] * 10**9 + 1, *(10**9 * c for c in value.polynomial[1:]))
                )
            if key != "kappa_squared" or found.lower_lipschitz[0] == found.lower_lipschitz[1]:
                assert not replace(known, **{key: other}).agrees_with(found)


def test_forms_of_known_constants():
    root = KnownValue.parse({"polynomial": ["9", "0", "-6", "0", "1"], "interval": ["-2", "-1"]})  # (x^2 - 3)^2
    assert root.is_within(Fraction(-7, 4), Fraction(-8, 5))
    assert not root.is_within(Fraction(-8, 5), Fraction(-1))
    assert not root.is_within(Fraction(1), Fraction(2))
    assert root.is_number(AlgebraicNumber((-3, 0, 1), (Fraction(-2), Fraction(0))))
    assert not root.is_number(AlgebraicNumber((-3, 0, 1), (Fraction(0), Fraction(2))))
    assert not root.is_number(AlgebraicNumber((-2, 0, 1), (Fraction(-2), Fraction(0))))
    near = KnownValue.parse({"at_least": "17/10", "at_most": "9/5"})
    assert near.is_number(AlgebraicNumber((-3, 0, 1), (Fraction(0), Fraction(2))))
    assert not near.is_number(AlgebraicNumber((-2, 0, 1), (Fraction(0), Fraction(2))))
    for value in (root, near, KnownValue.parse("0"), KnownValue.parse("-7/3")):
        assert KnownValue.parse(value.to_json()) == value
    for record in (
        1.5,
        "x",
        None,
        {"at_least": "1"},
        {"at_least": "2", "at_most": "1"},
        {"polynomial": ["-2", "0", "1"], "interval": ["2", "3"]},
        {"polynomial": ["x", "1"], "interval": ["0", "1"]},
        {"polynomial": ["1/2", "-1"], "interval": ["0", "1"]},
        {"polynomial": ["1"], "interval": ["0", "1"]},
    ):
        with pytest.raises(xi.InputError, match="expected"):
            KnownValue.parse(record)
    for record in ({"domain": "R^n"}, {"A": None}, {"A": "1", "B": "2"}):
        with pytest.raises(xi.InputError, match="expected"):
            KnownStability.parse(record, xi.RealSpace())


def test_the_command_recomputes_constants(capsys, monkeypatch):
    assert main(["casebook", "run", "mercedes-benz-doubled", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["stability_right"] is row["right"] is True
    assert main(["casebook", "show", "orthant-bias"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "A = the root of the polynomial with the coefficients 1, -6, 1 (of 1, x, ...) between 0 and 1" in shown
    assert main(["casebook", "show", "minimal-pairs-n4", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["stability"][0]["A"]["interval"] == ["1/1000", "1/500"]
    (known,) = CASES["octahedron"].stability
    wrong = replace(CASES["octahedron"], stability=(replace(known, kappa_squared=KnownValue.parse("1")),))
    monkeypatch.setattr("exactinj.cli.cases.find_case", lambda name: wrong)
    assert main(["casebook", "run", "octahedron", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["stability_right"] is False


def test_brute_force_over_the_cells_gives_the_same_constants(make):
    import cell_values

    for name in ("gaussian-n2-m6", "gaussian-n3-m13-injective"):
        layer, (known,) = CASES[name].layer, CASES[name].stability
        for value, seen in zip(
            (known.A, known.lipschitz_squared),
            cell_values.extreme_values(layer.W.to_float(), layer.b.to_float()[:, 0]),
            strict=True,
        ):
            assert float(value.interval[0]) <= seen <= float(value.interval[1])
    with_bias = cell_values.extreme_values(np.array([[1.0], [-2.0]]), np.array([-1.0, 4.0]))
    assert with_bias == pytest.approx((1, 5))


# ------------------------------------------------------------------ convolutions


def test_dense_cases_and_convolutions_are_all_cases():
    dense = [case.name for case in dense_cases()]
    assert sorted([*dense, *CONVOLUTIONS, *NETWORKS, *BLOCKS]) == sorted(CASES)
    assert len(CONVOLUTIONS) >= 20
    for name in CONVOLUTIONS:
        case = CASES[name]
        assert (case.sizes is None) != (case.input_shape is None)
        assert "convolution" in case.tags
        assert ("bias" in case.tags) == case.layer.has_bias


def small_sizes(case):
    """The first sizes that a case speaks of, as far as the unrolled layer is small."""
    sizes = [case.input_shape[1:]] if case.sizes is None else case.sizes.some(3)
    return [size for size in sizes if case.layer.in_channels * prod(size) <= FEW] or sizes[:1]


@pytest.mark.parametrize("name", [name for name in CONVOLUTIONS if "digits" not in name])
def test_the_unrolled_layers_of_a_convolution_say_the_same(name):
    case = CASES[name]
    for size in small_sizes(case):
        dense = case.layer.unrolled(size)
        result = xi.certify(dense, domain=case.domain)
        assert result.verdict == case.expected, size
        assert xi.check(result.certificate, dense).valid


FAILING_SIZES = [
    ("conv-haar-stride-2", (3,)),
    ("conv-daubechies-undecimated", (5,)),
    ("conv-binomial", (3,)),
    ("conv-dilated", (3,)),
    ("conv-depthwise", (3,)),
    ("conv-overlap-helps", (2,)),
    ("conv-haar-images", (2, 3)),
]


@pytest.mark.parametrize(("name", "size"), FAILING_SIZES)
def test_sizes_that_are_left_out_fail(name, size):
    case = CASES[name]
    assert not case.sizes.contains(size)
    result = xi.certify(case.layer, domain=case.domain, input_shape=size)
    assert result.verdict == "not_injective" != case.expected
    assert xi.check(result.certificate, case.layer).valid


PAIRS_IN_WORDS = [
    ("conv-haar-stride-2-odd-length", (5,), lambda k: 0, lambda k: int(k == 4)),
    ("conv-differences", (6,), lambda k: 0, lambda k: 1),
    ("conv-differences-replicated", (6,), lambda k: 0, lambda k: 1),
    ("conv-stride-2-unpadded", (6,), lambda k: 0, lambda k: 1),
    ("conv-common-zero", (6,), lambda k: 0, lambda k: (-1) ** k),
    ("conv-bias-gap", (6,), lambda k: 0, lambda k: Fraction(1, 4000)),
    ("conv-depthwise-one-channel-fails", (3,), lambda k: 0, lambda k: int(k >= 3)),
    ("conv-edges", (4, 5), lambda k: 0, lambda k: 1),
]


@pytest.mark.parametrize(("name", "size", "x", "y"), PAIRS_IN_WORDS)
def test_colliding_pairs_that_the_evidence_names(name, size, x, y):
    case = CASES[name]
    assert case.expected == "not_injective"
    places = range(case.layer.in_channels * prod(size))
    assert case.layer.evaluate([x(k) for k in places], size) == case.layer.evaluate([y(k) for k in places], size)


def test_other_pairs_that_the_evidence_names():
    overlap = CASES["conv-overlap-helps"].layer
    assert overlap.evaluate([-2, 4], (2,)) == overlap.evaluate([0, 3], (2,)) == [6, 0, 0, 0]
    digits = CASES["conv-digits"].layer
    image = np.arange(64).reshape(8, 8)
    image[:3, :3] = [[-2, -6, -9], [1, -1, -17], [-4, -20, 13]]
    changed = image.copy()
    changed[0, 0] = -1
    outputs = [digits.evaluate(picture.ravel().tolist(), (8, 8)) for picture in (image, changed)]
    assert outputs[0] == outputs[1]
    assert outputs[0][::36] == [0] * 16


def test_a_case_is_not_answered_by_other_sizes():
    case = CASES["conv-haar-stride-2"]
    result = xi.certify(case.layer, input_shape=(20,))
    assert case.is_answered_by(result)  # every even size is proved on the way
    odd = CASES["conv-haar-stride-2-odd-length"]
    assert not odd.is_answered_by(result)
    assert not odd.is_answered_by(xi.certify(odd.layer, input_shape=(7,)))
    fewer = xi.certify(CASES["conv-daubechies-circular"].layer, input_shape=(10,))
    assert fewer.verdict == "injective"
    assert not CASES["conv-daubechies-circular"].is_answered_by(fewer)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_unrolling_by_the_definition_gives_the_same_rows(make, name):
    import casefile
    import unrolled

    case = CASES[name]
    for size in small_sizes(case):
        rows, bias = unrolled.unrolled(casefile.load(name), size)
        dense = case.layer.unrolled(size)
        assert rows == dense.W.fractions()
        assert [[value] for value in bias] == dense.b.fractions()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name == "conv-channel-doubling" else ())
        for name in CONVOLUTIONS
        if "digits" not in name and not CASES[name].domain.text.startswith("box")
    ],
)
def test_brute_force_agrees_on_convolutions(make, name):
    import brute_force

    assert brute_force.decide(*brute_force.read(name))[0] == CASES[name].expected


def test_a_padded_layer_is_proved_pixel_by_pixel(make):
    import pixel_by_pixel
    from casefile import load
    from unrolled import kernels_and_bias

    kernels, bias, written = kernels_and_bias(load("conv-digits-zero-padded"))
    assert (written["padding"], CASES["conv-digits-zero-padded"].domain.text) == (1, "box:0,1")
    for corner, right in ((0, True), (2, False)):
        seen = [pixel_by_pixel.turned(taps[0], corner) for taps in kernels]
        kinds = [pixel_by_pixel.tells(seen, bias, kind, Fraction(0), Fraction(1)) for kind in pixel_by_pixel.NEW]
        assert all(kinds) == right


def test_all_files_have_the_one_form_and_their_line(make):
    import casefile
    import table

    text = (ROOT / "casebook" / "README.md").read_text(encoding="utf-8")
    for name in casefile.names():
        assert table.line(table.check_form(name)) in text


@pytest.mark.parametrize(
    "change", [{"input_shape": [1, 4]}, {"sizes": None}, {"layer": {"W": [["1"]], "b": ["0"]}}, {"biases": []}]
)
def test_convolutions_of_another_form_are_refused(change, tmp_path, monkeypatch):
    document = json.loads((ROOT / "casebook" / "conv-differences.json").read_text(encoding="utf-8")) | change
    kept = {key: value for key, value in document.items() if value is not None}
    (tmp_path / "conv-differences.json").write_text(json.dumps(kept))
    monkeypatch.setattr("exactinj.files.case_files.casebook_folder", lambda: tmp_path)
    with pytest.raises(xi.InputError, match=r"conv-differences\.json: expected"):
        find_case("conv-differences")


def test_the_command_knows_convolutions(capsys):
    assert main(["casebook", "list"]) == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert listed["conv-colours"] == "6*3:1x1"
    assert listed["octahedron"] == "6x3"

    assert main(["casebook", "show", "conv-haar-images"]) == 0
    shown = capsys.readouterr().out
    assert CASES["conv-haar-images"].layer.description in shown
    assert "N_1 mod 2 in {0}" in shown

    for name in ("conv-depthwise", "conv-daubechies-circular"):
        assert main(["casebook", "show", name, "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert xi.ConvLayer(**document["convolution"]) == CASES[name].layer
        assert (document["sizes"] is None) == (document["input_shape"] is not None)

    assert main(["casebook", "run", "conv-haar-stride-2", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["sizes"] == "every size N with N >= 2, N mod 2 in {0}"
    assert row["right"]


# ------------------------------------------------------------------ networks

PAIRS_OF_NETWORKS = [
    ("network-curve-crosses", [1], [7], [1, 0]),
    ("network-curve-stops-at-the-crossing", [1], [7], [1, 0]),
    ("network-wedges-overlap", [3, 1], [1, -1], [2, 1]),
]


@pytest.mark.parametrize(("name", "x", "y", "output"), PAIRS_OF_NETWORKS)
def test_colliding_pairs_of_networks_that_the_evidence_names(name, x, y, output):
    network = CASES[name].layer
    assert network.evaluate(x) == network.evaluate(y) == output


def test_the_only_collision_of_the_curve_is_found():
    for name in ("network-curve-crosses", "network-curve-stops-at-the-crossing"):
        pair = xi.certify(CASES[name].layer, domain=CASES[name].domain).witness
        assert {pair.x, pair.y} == {(1,), (7,)}


def test_layers_that_lose_what_their_network_keeps():
    second = CASES["network-no-layer-alone"].layer.layers[1]
    assert second.evaluate([0, 2]) == second.evaluate([Fraction(1, 2), Fraction(3, 2)]) == [2, 0]
    for name in ("network-no-layer-alone", "network-second-layer-loses-a-line", "network-four-quadrants"):
        last = CASES[name].layer.layers[-1]
        alone = xi.DenseNetwork([(list(last.W.texts()), [b for (b,) in last.b.texts()], xi.Leaky(last.slopes))])
        assert xi.certify(alone, domain="nonneg").verdict == "not_injective"


def test_the_command_knows_networks(capsys):
    assert main(["casebook", "list"]) == 0
    listed = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert listed["network-curve-crosses"] == "1>5>2"
    assert main(["casebook", "show", "network-four-quadrants"]) == 0
    shown = capsys.readouterr().out
    assert "2 layers, 4 neurons" in shown
    assert "[1, -1/2, 1/2, -1/4]  b = 0  no activation" in shown
    for name in NETWORKS:
        assert main(["casebook", "show", name, "--json"]) == 0
        assert xi.DenseNetwork(json.loads(capsys.readouterr().out)["network"]["layers"]) == CASES[name].layer
        assert "network" in CASES[name].tags
    assert main(["casebook", "run", "network-curve-stops-short-1e-30", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["right"]
    assert main(["certify", "casebook:network-curve-crosses", "--quiet"]) == 10
    assert main(["alpha", "casebook:network-curve-crosses"]) == 3
    assert "is a network" in capsys.readouterr().err


# ------------------------------------------------------------------ residual blocks


PAIRS_OF_BLOCKS = [
    ("residual-sign-flip", ["-1/5", "7/5"], ["1/5", "-7/5"]),
    ("residual-lipschitz-one", [1], [2]),
    ("residual-winds-twice", [3, 1], [-3, -1]),
]


@pytest.mark.parametrize(("name", "x", "y"), PAIRS_OF_BLOCKS)
def test_pairs_of_blocks_that_the_evidence_names(name, x, y):
    case = CASES[name]
    assert case.expected == "not_injective"
    assert case.layer.evaluate(x) == case.layer.evaluate(y)


@pytest.mark.parametrize("name", BLOCKS)
def test_a_solver_agrees_on_blocks(name):
    pytest.importorskip("z3")
    from oracles.residual import residual_pair

    layer = CASES[name].layer
    b = [value for (value,) in layer.b.fractions()]
    pair = residual_pair(layer.A.fractions(), layer.B.fractions(), b)
    assert (pair is None) == (CASES[name].expected == "injective")


def test_minors_that_the_cases_name():
    assert CASES["residual-cyclic"].layer.interaction.fractions() == [[1, 2, 0], [0, 1, 2], [2, 0, 1]]
    result = xi.certify(CASES["residual-cyclic"].layer)
    assert "scaled" not in result.reason
    assert CASES["residual-rank-deficient"].layer.interaction.fractions() == [[5, -4], [2, -1]]
    assert "no P-matrix" in xi.certify(CASES["residual-rank-deficient"].layer).reason


def test_the_command_knows_blocks(capsys):
    assert main(["casebook", "show", "residual-winds-twice"]) == 0
    assert "k = 6 hidden units" in capsys.readouterr().out
    assert main(["casebook", "show", "residual-steep", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert xi.ResidualBlock(**document["residual"]) == CASES["residual-steep"].layer
    assert main(["casebook", "run", "residual-steep", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["right"]
