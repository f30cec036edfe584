"""Shares p_I and p_H and convergence curves against plain loops in fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from strategies import random_degenerate_layer

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.layers.dense import ReLULayer
from exactinj.sampling import measures as measures_module
from exactinj.sampling import sample_alpha
from exactinj.sampling.measures import Proportion, convergence_curve, hamming_share, invertible_share, rounded_down
from exactinj.sampling.samplers import UniformBall, UniformSphere

TINY = Fraction(1, 10**30)


def active_rows(W, alpha, x):
    products = [sum(Fraction(c) * Fraction(v) for c, v in zip(row, x, strict=True)) for row in W]
    return [i for i, value in enumerate(products) if alpha[i] != math.inf and value >= Fraction(alpha[i])]


def plain_share(W, alpha, points, full_spark=True):
    hits = 0
    for x in points.tolist():
        active = active_rows(W, alpha, x)
        if full_spark:
            hits += len(active) >= len(x)
        else:
            hits += bool(active) and RationalMatrix([W[i] for i in active]).rank() == len(x)
    return hits / len(points)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("full_spark", [True, False])
def test_share_against_fractions(seed, full_spark):
    rng = Random(seed)
    n = rng.randint(1, 4)
    W = random_degenerate_layer(rng, n, rng.randint(1, 9), bias=True).W
    points = np.random.default_rng(seed).integers(-2, 3, size=(60, n)) / 2.0  # many products on the boundary
    alpha = [rng.choice([0, Fraction(1, 2), -1, math.inf, TINY, -TINY]) for _ in W]
    share = invertible_share(ReLULayer(W), alpha, points, full_spark=full_spark)
    assert share.value == plain_share(W, alpha, points, full_spark)
    assert share.count == 60


def test_boundaries_are_decided_exactly():
    layer = ReLULayer([[1, 0], [0, 1], ["1/3", "1/3"]])
    third = Fraction(1, 3) * (Fraction(0.1) + Fraction(0.3))  # the exact product at x
    x = [[0.1, 0.3]]
    assert invertible_share(layer, [1, "0.3", third], x).value == 0  # the float 0.3 is below three tenths
    assert invertible_share(layer, [1, 0.3, third], x).value == 1
    assert invertible_share(layer, [1, 0.3, third + TINY], x).value == 0


def test_own_samples_are_invertible():
    rng = np.random.default_rng(3)
    layer, sampler = ReLULayer(rng.standard_normal((12, 4))), UniformSphere()
    points = sampler.points(5000, 4, seed=5)
    estimate = sample_alpha(layer, sampler, samples=5000, seed=5)
    share = invertible_share(layer, estimate.values, points)
    assert share.value >= 1 - 12 / 5000  # a rounded product may lie above the exact one, at the sample that set it


@pytest.mark.parametrize("memory", [1, 1 << 12])
def test_chunks_do_not_matter(monkeypatch, memory):
    rng = np.random.default_rng(0)
    layer, points = ReLULayer(rng.standard_normal((9, 3))), rng.standard_normal((200, 3))
    whole = [invertible_share(layer, [0.25] * 9, points, full_spark=flag).value for flag in (True, False)]
    monkeypatch.setattr(measures_module, "MEMORY", memory)
    assert whole == [invertible_share(layer, [0.25] * 9, points, full_spark=flag).value for flag in (True, False)]


def test_nearly_dependent_rows_get_exact_ranks():
    W = [[1, 0, 0], [0, 1, 0], [1, 1, TINY]]
    points = [[1.0, 1.0, 0.0]]
    assert invertible_share(ReLULayer(W), [0] * 3, points, full_spark=False).value == 1
    W[2][2] = 0
    assert invertible_share(ReLULayer(W), [0] * 3, points, full_spark=False).value == 0
    assert invertible_share(ReLULayer(W), [0] * 3, points).value == 1  # counting trusts its promise


def test_magnitudes_beyond_floats():
    huge, small = Fraction(10) ** 400, Fraction(1, 10**400)
    W = [[huge, 0], [0, small], [-huge, -huge]]
    points = np.array([[1.0, 1.0], [-1.0, 1.0], [1e-320, 1e-200], [0.0, 0.0], [1e300, -1e300]])
    alpha = [small, small, -huge]
    assert invertible_share(ReLULayer(W), alpha, points).value == plain_share(W, alpha, points) == 4 / 5


def test_interval_of_clopper_and_pearson():
    for hits, count in ((0, 7), (3, 7), (7, 7), (180, 200)):
        share = Proportion.of_points(hits, count, 0.9)

        def tail(p, chosen, total=count):
            return sum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in chosen)

        assert share.value == hits / count
        assert share.low == 0 if hits == 0 else math.isclose(tail(share.low, range(hits, count + 1)), 0.05)
        assert share.high == 1 if hits == count else math.isclose(tail(share.high, range(hits + 1)), 0.05)
    assert "estimate" in str(share)
    assert "90% interval" in str(share)


def test_hamming_share():
    layer = ReLULayer([[1, 0], [0, 1], [-1, -1], [-4, -4]])
    estimate = sample_alpha(layer, UniformSphere(), samples=300, seed=1)
    values = estimate.values.tolist()
    assert hamming_share(values, estimate).value == 1
    above = [value if value == math.inf else Fraction(value) + TINY for value in values]
    assert hamming_share(above, estimate).value == sum(value == math.inf for value in values) / 4
    share = hamming_share([math.inf, *values[1:]], estimate)
    assert (share.value, share.low, share.high, share.count, share.confidence) == (0.75, 0.75, 0.75, 4, 1.0)


def test_curve_against_a_plain_loop():
    rng = np.random.default_rng(4)
    W, sampler = rng.standard_normal((7, 3)), UniformBall()
    tests = sampler.points(80, 3, seed=9)
    curve = convergence_curve(ReLULayer(W), sampler, tests, [50, 1, 7, 7], seed=2)
    assert curve.counts.tolist() == [1, 7, 50]
    values = np.full(7, np.inf)
    for k, x in enumerate(sampler.points(50, 3, seed=2)):
        top = np.argsort(W @ x)[-3:]
        values[top] = np.minimum(values[top], (W @ x)[top])
        for place in np.flatnonzero(curve.counts == k + 1):
            same = [all(values[j] <= (W @ y)[j] for j in np.argsort(W @ y)[-3:]) for y in tests]
            active = [sum(W @ y >= values) >= 3 for y in tests]
            assert curve.unchanged[place] == np.mean(same)
            assert curve.invertible[place] == np.mean(active)
    assert (np.diff(curve.unchanged) >= 0).all()


def test_an_update_can_leave_enough_active_rows():
    """The thesis takes 'no update' and 'rectifying' for equivalent; they are not."""
    W = ReLULayer([[4, 0], [0, 1], [1, 1], [2, -1]])
    sampler = UniformSphere()
    curve = convergence_curve(W, sampler, sampler.points(3000, 2, seed=8), [5, 20], seed=0)
    assert (curve.unchanged <= curve.invertible).all()
    assert (curve.unchanged < curve.invertible).any()


def test_few_rows_are_never_enough():
    layer = ReLULayer([[1, 0]])
    curve = convergence_curve(layer, UniformBall(), [[0.5, 0.5]], [10])
    assert curve.invertible.tolist() == [0]
    assert invertible_share(layer, [-5], [[0.5, 0.5]]).value == 0


def test_rounded_down():
    for value in (
        Fraction(1, 3),
        Fraction(-1, 3),
        Fraction(1, 2),
        Fraction(0),
        Fraction(1, 10**400),
        Fraction(10) ** 400,
    ):
        low = rounded_down(value)
        assert Fraction(low) <= value
        assert math.nextafter(low, math.inf) == math.inf or Fraction(math.nextafter(low, math.inf)) > value
    assert rounded_down(-(Fraction(10) ** 400)) == -math.inf


@pytest.mark.parametrize(
    ("alpha", "points", "message"),
    [
        ([0], [[1.0, 1.0]], "expected m = 2"),
        ([0, math.nan], [[1.0, 1.0]], "nan"),
        ([0, -math.inf], [[1.0, 1.0]], "-inf"),
        ([0, 0], [[1.0]], "shape"),
        ([0, 0], [[1.0, math.inf]], "not finite"),
        ([0, 0], [[Fraction(1, 3), 1]], "type object"),
        ([0, 0], [[1.0, 1.0], [1.0]], "different lengths"),
        ([0, 0], np.empty((0, 2)), "shape"),
    ],
)
def test_refusals(alpha, points, message):
    with pytest.raises(InputError, match=message):
        invertible_share(ReLULayer([[1, 0], [0, 1]]), alpha, points)


def test_other_refusals():
    layer = ReLULayer([[1, 0], [0, 1]])
    with pytest.raises(InputError, match="confidence"):
        invertible_share(layer, [0, 0], [[1.0, 1.0]], confidence=1.0)
    with pytest.raises(InputError, match="counts"):
        convergence_curve(layer, UniformBall(), [[1.0, 1.0]], [0, 3])
    with pytest.raises(InputError, match="at least one"):
        Proportion.of_points(0, 0)


def test_counting_for_every_subset():
    """All 0/1 activity patterns of four unit rows."""
    layer = ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]])
    for count in range(5):
        for chosen in combinations(range(4), count):
            alpha = [-9 if i in chosen else 9 for i in range(4)]
            assert invertible_share(layer, alpha, [[0.5, 0.25]]).value == (count >= 2)
