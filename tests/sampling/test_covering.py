"""Covering radii against known ones and plain searches, and the corrected bias against exact certification."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from exactinj import Ball, ReLULayer, certify
from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.surd import Surd
from exactinj.sampling import covering as covering_module
from exactinj.sampling import sample_alpha
from exactinj.sampling.covering import asymptotic_covering_radius, corrected_bias, covering_radius
from exactinj.sampling.samplers import UniformBall, UniformSphere
from exactinj.work.verdict import Verdict

OCTAHEDRON = [[int(j == k) * sign for j in range(3)] for k in range(3) for sign in (1, -1)]
CUBE = [list(row) for row in product((1, -1), repeat=3)]


def cross(n):
    return [[int(j == k) * sign for j in range(n)] for k in range(n) for sign in (1, -1)]


def icosahedron(t):
    rows = [(0, a, b * t) for a in (1, -1) for b in (1, -1)]
    return [row[k:] + row[:k] for row in rows for k in range(3)]


def circle(parameters):
    """Rational points of the unit circle, from half-angle tangents."""
    return [[(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)] for t in map(Fraction, parameters)]


def encloses(radius, value):
    assert radius.low <= radius.high
    assert radius.high - radius.low <= Fraction(1, 2**50)
    return float(radius.low) - 1e-13 <= value <= float(radius.high) + 1e-13


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_cross_polytopes(n):
    radius = covering_radius(cross(n))
    square = Surd(1, Fraction(1, n))  # the plane x_1 + ... + x_n = 1
    assert encloses(radius, math.sqrt(2 - 2 * float(square)))
    assert len(radius.facet) == n
    assert radius.count == 2 * n


@pytest.mark.parametrize("n", [2, 3, 4])
def test_cubes(n):
    assert encloses(covering_radius(list(product((1, -1), repeat=n))), math.sqrt(2 - 2 / math.sqrt(n)))


def test_icosahedron():
    golden = (1 + math.sqrt(5)) / 2
    inradius = golden**2 / math.sqrt(3) / math.sqrt(1 + golden**2)
    radius = covering_radius(icosahedron(golden))
    assert encloses(radius, math.sqrt(2 - 2 * inradius))
    assert len(radius.facet) == 3


def test_lengths_and_repetitions_do_not_matter():
    points = [[c * (k + 1) for c in row] for k, row in enumerate(CUBE)] + [
        [Fraction(c, 7) for c in row] for row in CUBE
    ]
    ours, plain = covering_radius(points), covering_radius(CUBE)
    assert (ours.low, ours.high) == (plain.low, plain.high)


def test_one_point_per_side_of_the_line():
    radius = covering_radius([[2], ["-1/3"]])
    assert (radius.low, radius.high) == (0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_circle_by_gaps(seed):
    rng = np.random.default_rng(seed)
    points = [[-1, 0], *circle([Fraction(int(k), 97) for k in rng.integers(-400, 400, size=12)])]
    angles = sorted(math.atan2(float(y), float(x)) for x, y in points)
    gap = max(b - a for a, b in zip(angles, [*angles[1:], angles[0] + 2 * math.pi], strict=True))
    radius = covering_radius(points)
    if gap < math.pi:
        assert encloses(radius, 2 * math.sin(gap / 4))
    else:
        assert (radius.facet, radius.high) == (None, 2)


def test_regular_polygon_nearly():
    points = [[round(10**9 * math.cos(a)), round(10**9 * math.sin(a))] for a in np.arange(7) * 2 * math.pi / 7]
    radius = covering_radius(points)
    assert abs(float(radius.high) - 2 * math.sin(math.pi / 14)) < 1e-8


@pytest.mark.parametrize(("n", "count"), [(2, 9), (3, 12), (4, 12)])
def test_against_all_planes_in_fractions(n, count):
    """Rational unit vectors: the normals are rational, every subset of n points is tried."""
    rng = np.random.default_rng(n)
    points = [[0] * (n - 1) + [1], [0] * (n - 1) + [-1]]
    for _ in range(count):  # inverse stereographic projection
        y = [Fraction(int(k), 5) for k in rng.integers(-6, 7, size=n - 1)]
        square = sum(value * value for value in y)
        points.append([2 * value / (square + 1) for value in y] + [(square - 1) / (square + 1)])
    points = [list(p) for p in {tuple(p) for p in points}]
    squares = []
    for chosen in combinations(points, n):
        matrix = RationalMatrix(chosen)
        if matrix.rank() < n:
            continue
        solved = matrix.solve(RationalMatrix([[1]] * n))
        a = [solved[k, 0] for k in range(n)]
        if all(sum(c * v for c, v in zip(a, p, strict=True)) <= 1 for p in points):
            squares.append(sum(c * c for c in a))
    radius = covering_radius(points)
    assert radius.facet is not None
    worst = Surd(1, max(squares))
    low, high = (2 - 2 / bound for bound in (worst.floor(80), -(-worst).floor(80)))
    assert radius.low**2 <= high
    assert low <= radius.high**2
    assert encloses(radius, math.sqrt(low))


def test_no_direction_is_farther():
    points = UniformSphere().points(40, 3, seed=1)
    radius = covering_radius(points)
    unseen = UniformSphere().points(20_000, 3, seed=2)
    distances = np.sqrt(np.maximum(2 - 2 * (unseen @ points.T).max(axis=1), 0))
    assert distances.max() <= float(radius.high) + 1e-12
    hole = np.linalg.solve(points[list(radius.facet)], np.ones(3))
    hole /= np.linalg.norm(hole)
    assert np.linalg.norm(points - hole, axis=1).min() >= float(radius.low) - 1e-12


@pytest.mark.parametrize("points", [[[1, 0], [0, 1], [1, 1]], [[1, 0], [-1, 0], [0, 1]], [[1, 2, 3]], [[3], [4]]])
def test_points_in_a_halfspace(points):
    radius = covering_radius(points)
    assert (radius.facet, radius.high) == (None, 2)
    assert radius.low**2 <= 2 < (radius.low + Fraction(1, 2**60)) ** 2


def test_a_margin_of_1e_30_is_seen():
    tiny = Fraction(1, 10**30)
    flat = [[1, 0], [-1, 0], [0, 1]]
    assert covering_radius([*flat[:2], [0, 1], [0, -1]]).facet is not None
    radius = covering_radius([[1, -tiny], [-1, -tiny], [0, 1]])
    assert radius.facet == (0, 1)  # a gap of nearly half a turn below
    assert radius.high <= Fraction(141421356238, 10**11)
    assert covering_radius([[1, tiny], [-1, tiny], [0, 1]]).facet is None


def test_nearly_dependent_facet():
    points = [[1, 0, 0], [1, Fraction(1, 10**25), 0], [1, 0, Fraction(1, 10**25)], [-1, 1, 1], [-1, -2, 1], [-1, 1, -2]]
    radius = covering_radius(points)
    assert 0 < radius.low <= radius.high < 2
    assert radius.high - radius.low < Fraction(1, 2**50)


def test_refusals():
    with pytest.raises(InputError, match="point 1 is zero"):
        covering_radius([[1, 0], [0, 0]])
    for n, count in ((1, 5), (3, 1)):
        with pytest.raises(InputError, match="at least 2"):
            asymptotic_covering_radius(n, count)
    layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    with pytest.raises(InputError, match="point 0"):
        corrected_bias(layer, None, [[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(InputError, match="at least n = 2"):
        corrected_bias(ReLULayer([[1, 0]]), None, [[1.0, 0.0]])
    with pytest.raises(InputError, match="nonnegative"):
        corrected_bias(layer, None, [[1.0, 0.0]], radius=-1)
    with pytest.raises(InputError, match="nan"):
        corrected_bias(layer, [math.nan, 0, 0], [[1.0, 0.0]], radius=2)


def test_asymptotic_formula():
    """By hand: d = 1: (2 v_2 / v_1) = pi; d = 2: 3 v_3 / v_2 = 4; d = 3: 4 v_4 / v_3 = 3 pi / 2."""
    for n, k in ((2, math.pi), (3, 4.0), (4, 1.5 * math.pi)):
        formula = asymptotic_covering_radius(n, 5000)
        assert math.isclose(formula.value, (k * math.log(5000) / 5000) ** (1 / (n - 1)))
    assert (formula.n, formula.count) == (4, 5000)


@pytest.mark.parametrize(("n", "count"), [(2, 400), (3, 300)])
def test_formula_against_true_radii(n, count):
    """Near the mean of true radii, and no bound; with the thesis's d = n it is farther off."""
    radii = [float(covering_radius(UniformSphere().points(count, n, seed=s)).high) for s in range(12)]
    formula = asymptotic_covering_radius(n, count).value
    assert 0.75 < np.mean(radii) / formula < 1.5
    assert max(radii) > formula
    as_written = asymptotic_covering_radius(n + 1, count).value
    assert abs(math.log(np.mean(radii) / formula)) < abs(math.log(np.mean(radii) / as_written))


def rectified_everywhere(W, alpha, n, seed):
    """At rational points, exactly: n rows with ``<y, w_j> >= alpha_j |y|``."""
    for y in UniformSphere().points(150, n, seed=seed).tolist():
        x = [Fraction(value) for value in y]
        square = sum(value * value for value in x)
        products = [sum(Fraction(c) * v for c, v in zip(row, x, strict=True)) for row in W]
        heights = [Surd((p > 0) - (p < 0), p * p / square) for p in products]
        if sum(Surd.of_rational(a) <= h for a, h in zip(alpha, heights, strict=True)) < n:
            return False
    return True


@pytest.mark.parametrize(("n", "m", "count"), [(2, 4, 50), (2, 6, 400), (3, 7, 500), (3, 9, 1500)])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_theorem_by_exact_certification(n, m, count, seed):
    W = np.random.default_rng(100 * m + seed).standard_normal((m, n))
    layer, sampler = ReLULayer(W), UniformSphere()
    estimate = sample_alpha(layer, sampler, samples=count, seed=seed)
    points = sampler.points(count, n, seed=seed)
    alpha = corrected_bias(layer, estimate.values, points)
    assert all(Fraction(float(a)) == a for a in alpha)
    assert rectified_everywhere(W.tolist(), alpha, n, seed + 50)
    ball = [min(a, Fraction(0)) for a in alpha]
    result = certify(ReLULayer(W, alpha=ball), domain=Ball(1))
    assert result.verdict is Verdict.INJECTIVE
    finite = np.isfinite(estimate.values)
    radius = float(covering_radius(points).high)
    expected = estimate.values - np.linalg.norm(W, axis=1) * radius
    assert np.allclose(np.array([float(a) for a in alpha])[finite], expected[finite], atol=1e-12)


def test_without_correction_the_estimate_is_refuted():
    """The correction does something: the estimate itself, from few samples, fails on the ball."""
    W = np.random.default_rng(1).standard_normal((6, 2))
    estimate = sample_alpha(ReLULayer(W), UniformSphere(), samples=12, seed=0)
    raw = [min(value, 0.0) for value in estimate.values.tolist()]
    assert certify(ReLULayer(W, alpha=raw), domain=Ball(1)).verdict is Verdict.NOT_INJECTIVE
    alpha = corrected_bias(ReLULayer(W), estimate.values, UniformSphere().points(12, 2, seed=0))
    ball = [min(a, Fraction(0)) for a in alpha]
    assert certify(ReLULayer(W, alpha=ball), domain=Ball(1)).verdict is Verdict.INJECTIVE


@pytest.mark.parametrize("kind", ["none", "too high", "of a ball", "infinite"])
def test_values_need_not_be_right(kind):
    W = np.random.default_rng(7).standard_normal((6, 3)) * [[1], [1], [100], [1], [1e-3], [1]]
    layer, points = ReLULayer(W), UniformBall().points(300, 3, seed=4)
    values = {
        "none": None,
        "too high": [1e3] * 6,
        "of a ball": sample_alpha(layer, UniformBall(), samples=300, seed=4).values,
        "infinite": [math.inf] * 6,
    }[kind]
    alpha = corrected_bias(layer, values, points)
    assert rectified_everywhere(W.tolist(), alpha, 3, 9)
    if kind == "of a ball":  # other points, whose values may be lower
        return
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    products = units @ W.T
    top = np.sort(products, axis=1)[:, -3:-2]
    best = np.where(products >= top, products, np.inf).min(axis=0)
    lengths = np.linalg.norm(W, axis=1)
    floor = best - lengths * float(covering_radius(points).high)
    finite = np.isfinite(best)
    assert (np.array([float(a) for a in alpha])[finite] >= floor[finite] - 1e-10 * lengths[finite]).all()


@pytest.mark.parametrize("exact_only", [False, True])
def test_premise_holds_exactly(monkeypatch, exact_only):
    """At every sample n rows reach beta, in fractions; float values alone break this by rounding."""
    if exact_only:  # without float proposals
        monkeypatch.setattr(covering_module, "lowered", lambda values, *rest: values)
    W = np.random.default_rng(11).standard_normal((7, 3))
    layer, points = ReLULayer(W), UniformSphere().points(200, 3, seed=3)
    estimate = sample_alpha(layer, UniformSphere(), samples=200, seed=3)
    broken = 0
    for values in (None, estimate.values, np.nextafter(estimate.values, np.inf)):
        beta = corrected_bias(layer, values, points, radius=0)  # alpha = beta
        for x in points.tolist():
            x_exact = [Fraction(value) for value in x]
            square = sum(value * value for value in x_exact)
            products = [sum(Fraction(c) * v for c, v in zip(row, x_exact, strict=True)) for row in W.tolist()]
            heights = [Surd((p > 0) - (p < 0), p * p / square) for p in products]
            assert sum(Surd.of_rational(b) <= h for b, h in zip(beta, heights, strict=True)) >= 3
            if values is not None:
                given = [Surd.infinity() if v == math.inf else Surd.of_rational(v) for v in values.tolist()]
                broken += sum(g <= h for g, h in zip(given, heights, strict=True)) < 3
    assert broken  # so the check is needed


def test_rows_that_no_sample_needs():
    layer = ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1], ["1/100", "1/100"]])
    points = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [3.0, 1.0]])
    alpha = corrected_bias(layer, None, points)
    assert Fraction(1, 5000) < alpha[4] ** 2 < Fraction(1, 5000) + Fraction(1, 10**17)  # its length, rounded up
    assert rectified_everywhere(layer.W.fractions(), alpha, 2, 1)


def test_a_radius_that_is_larger_lowers_the_bias():
    layer, points = ReLULayer(OCTAHEDRON), np.array(CUBE, dtype=float)
    tight, loose = corrected_bias(layer, None, points), corrected_bias(layer, None, points, radius="3/2")
    assert all(a > b for a, b in zip(tight, loose, strict=True))
    assert tight == corrected_bias(layer, None, points, radius=covering_radius(points).high)
