"""How large collisions are, what rounding alone makes of a layer, and pairs of ordinary size."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.certificates.collision import Collision
from exactinj.injectivity.collision_size import size_of_collision
from exactinj.injectivity.nearby import nearby_layer, simplest_between

TRIANGLE = xi.ReLULayer([[1, 0], [0, 1], [-1, -1]])


def rounded_pairs(n, dtype=np.float64, seed=0, bias=False):
    """[B; -DB] in floats: injective but for rounding."""
    random = np.random.default_rng(seed)
    B, D = random.standard_normal((n, n)).astype(dtype), random.uniform(0.5, 2, n).astype(dtype)
    b = random.standard_normal(n).astype(dtype)
    offsets = np.concatenate([b, -D * b]) if bias else None
    return xi.ReLULayer(np.vstack([B, -D[:, None] * B]), offsets)


# ------------------------------------------------------------------ the size of a pair


def test_the_size_of_a_pair_by_hand():
    # x = (1, -2), y = (1, -1): row 0 is active, rows 1 and 2 are not; the best point is x or the middle
    size = size_of_collision(TRIANGLE, Collision((Fraction(1), Fraction(-2)), (Fraction(1), Fraction(-1))))
    assert size.distance == 1
    assert size.length == pytest.approx(math.sqrt(5))
    assert size.active == 2  # row 2 is 1 at x, 0 at y: not negative there
    pair = xi.certify(TRIANGLE).witness
    size = size_of_collision(TRIANGLE, pair)
    middle = [(a + c) / 2 for a, c in zip(pair.x, pair.y, strict=True)]
    values = [float(value) for value in TRIANGLE.preactivation(middle)]
    lengths = [1, 1, math.sqrt(2)]
    margin = min(-value / length for value, length in zip(values, lengths, strict=True) if value < 0)
    assert size.margin >= margin * (1 - 1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_smaller_changes_of_the_rows_leave_a_collision(seed):
    random = np.random.default_rng(seed)
    W, b = random.integers(-3, 4, (5, 3)), random.integers(-2, 3, 5) * (seed % 2)
    layer = xi.ReLULayer(W, b)
    result = xi.certify(layer)
    size = result.collision_size
    if result.witness is None or not size.survives:
        return
    rows = np.column_stack([W, b]).astype(float)
    for _ in range(5):
        change = random.standard_normal(rows.shape)
        if not b.any():
            change[:, -1] = 0
        change *= 0.999 * size.survives * np.linalg.norm(rows, axis=1, keepdims=True)
        change /= np.maximum(np.linalg.norm(change, axis=1, keepdims=True), 1e-300)
        change *= 0.999 * size.survives * np.linalg.norm(rows, axis=1, keepdims=True)
        moved = rows + change
        assert xi.certify(xi.ReLULayer(moved[:, :-1], moved[:, -1])).verdict == "not_injective"


def test_pairs_with_many_active_rows_can_vanish():
    layer = xi.ReLULayer([[1, 0], [2, 0], [0, -1]])  # at (1, 1) rows 0 and 1 are active and do not span
    size = size_of_collision(layer, Collision((Fraction(1), Fraction(1)), (Fraction(1), Fraction(2))))
    assert (size.active, size.survives) == (2, 0)
    assert "as small as one likes" in size.text


def test_convolutions_have_the_distance_alone():
    size = xi.certify(xi.ConvLayer([[[1, -1]], [[-1, 1]]]), input_shape=(4,)).collision_size
    assert size.distance > 0
    assert size.survives is None


# ------------------------------------------------------------------ rounding


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("n", "dtype"), [(2, np.float64), (4, np.float64), (3, np.float32)])
def test_rounded_opposites_are_named_and_the_exact_layer_is_proved(n, dtype, bias):
    layer = rounded_pairs(n, dtype, bias=bias)
    result = xi.certify(layer)
    assert result.verdict == "not_injective"
    near = result.nearby
    unit = float(np.finfo(dtype).eps)
    assert result.collision_size.survives < near.change < 8 * unit
    assert {(snapped.kept, snapped.row) for snapped in near.rows} <= {(i, i + n) for i in range(n)}
    assert near.result.verdict == "injective"
    assert xi.check(near.result.certificate, near.layer).valid
    assert "injective after rounding rows" in near.text
    before, after = layer.W.fractions(), near.layer.W.fractions()
    for snapped in near.rows:
        assert after[snapped.kept] == before[snapped.kept]
        assert after[snapped.row] == [-snapped.factor * value for value in before[snapped.kept]]
    untouched = set(range(2 * n)) - {snapped.row for snapped in near.rows}
    assert all(after[i] == before[i] for i in untouched)


def test_the_example_of_rows_3_and_7():
    exact = np.vstack([np.eye(4), -np.eye(4)])
    exact[3], exact[7] = [0.1, 0.2, 0.3, 0.7], -3 * np.array([0.1, 0.2, 0.3, 0.7])
    result = xi.certify(exact)
    assert result.verdict == "not_injective"
    assert [(snapped.kept, snapped.row, snapped.factor) for snapped in result.nearby.rows] == [(3, 7, 3)]
    assert "rows 3 and 7 to exact opposites" in result.nearby.text


def test_on_a_domain_the_layer_is_decided_there():
    layer = rounded_pairs(2, bias=True)
    result = xi.certify(layer, domain="ball:100")
    assert result.verdict == "not_injective"
    assert result.nearby.result.domain == result.domain


@pytest.mark.parametrize(
    "layer",
    [
        TRIANGLE,
        xi.ReLULayer([[1, 0], [0, 1], [-1, "1/100"], [0, -1]]),  # far from opposite
        xi.ReLULayer([[1, "1e-9"], [-1, 0], [1, 0], [0, 0]]),  # opposite or not, nothing sees the second input
    ],
)
def test_nothing_is_claimed_of_other_layers(layer):
    assert xi.certify(layer).nearby is None


def test_injective_layers_have_neither():
    result = xi.certify([[1, 0], [0, 1], [-1, 0], [0, -1]])
    assert (result.collision_size, result.nearby) == (None, None)
    assert "collision" not in result.to_json()


def test_exact_opposites_are_left_alone():
    assert nearby_layer(xi.ReLULayer([[1, 2], [-3, -6], ["1/3", 1], [-1, -3]])) is None


def test_simplest_fractions():
    assert simplest_between(Fraction(3, 10), Fraction(4, 10)) == Fraction(1, 3)
    assert simplest_between(Fraction(2), Fraction(5, 2)) == 2
    for p in range(1, 40):
        for q in range(1, 40):
            value = Fraction(p, q)
            assert simplest_between(value * Fraction(9999, 10000), value * Fraction(10001, 10000)) == value


def test_the_document_and_the_printed_line(tmp_path, capfd):
    from exactinj.cli.main import main

    layer = rounded_pairs(2)
    np.save(tmp_path / "layer.npy", layer.W.to_float())
    assert main(["certify", str(tmp_path / "layer.npy"), "--json"]) == 10
    document = json.loads(capfd.readouterr().out)["collision"]
    assert document["nearby"]["change"] < 1e-15
    assert document["distance"] > 0
    assert main(["certify", str(tmp_path / "layer.npy")]) == 10
    printed = capfd.readouterr().out
    assert "survives every change of the rows by less than a relative" in printed
    assert "injective after rounding rows" in printed


# ------------------------------------------------------------------ pairs of ordinary size


@pytest.mark.parametrize("engine", ["tree", "finder"])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_float_layers_are_of_ordinary_size(engine, seed):
    random = np.random.default_rng(seed)
    for bias in (None, random.standard_normal(5)):
        pair = xi.certify(xi.ReLULayer(random.standard_normal((5, 4)), bias), engine=engine).witness
        assert max(map(abs, (*pair.x, *pair.y))) < 100
    pair = xi.certify(rounded_pairs(3, seed=seed)).witness
    assert max(map(abs, (*pair.x, *pair.y))) <= 1 << 20


def test_far_pairs_name_the_domain():
    result = xi.certify(([[1], [-1]], [-1e13, 1e13 - 1]))
    assert "1e+13" in result.reason
    assert "--domain ball:R" in result.reason
    assert "--domain" not in xi.certify(TRIANGLE).reason


def test_a_size_below_every_float_is_not_called_zero():
    result = xi.certify(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]]), domain=xi.Ball("1e-400"))
    assert result.collision_size.text.startswith("|x - y| below 1e-323 at |x| below 1e-323; ")
