"""kappa from below over pairs of cells: against sampled pairs, known values and degenerate layers."""

from __future__ import annotations

import builtins
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from test_stability import doubled, random_layer

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.files.arguments import convex_given
from exactinj.lipschitz.pair_relaxation import PairRelaxation, Signs, projected

SLOW = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(24, 400)]
BOX = "box:-1,1"


def sampled(domain, shape, random):
    if domain is None:
        return 3.0 ** random.integers(-2, 3, (shape[0], 1)) * random.standard_normal(shape)
    kind, *numbers = domain.replace(",", ":").split(":")
    low, high = map(float, numbers) if kind == "box" else (0.0 if kind.startswith("nonneg") else -1.0, 1.0)
    points = random.uniform(low, high, shape)
    if "ball" in kind:
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        points *= float(numbers[0]) * random.uniform(0, 1, (shape[0], 1)) / np.maximum(lengths, 1e-9)
    return points


def least_ratio(layer, x, y):
    w, b = layer.W.to_float(), layer.b.to_float()[:, 0]
    images = np.maximum(x @ w.T + b, 0) - np.maximum(y @ w.T + b, 0)
    distances = np.linalg.norm(x - y, axis=1)
    ratios = np.linalg.norm(images, axis=1)[distances > 1e-6] / distances[distances > 1e-6]
    return ratios.min(initial=math.inf)


def assert_encloses(layer, domain, result, seed, count=50_000):
    """No sampled pair, far or near, has a smaller ratio than the lower end; the upper end is within 5 percent."""
    low, high = result.lower_lipschitz
    random = np.random.default_rng(seed)
    x, y = sampled(domain, (count, layer.n), random), sampled(domain, (count, layer.n), random)
    near = x + (y - x) * 10.0 ** random.uniform(-3, 0, (count, 1))  # the domains are convex
    assert min(least_ratio(layer, x, y), least_ratio(layer, x, near)) >= float(low) * (1 - 1e-7)
    assert low.square >= Fraction(9, 10) * high.square
    assert low <= high
    if result.pair is not None:
        assert result.pair.square == high.square


@pytest.mark.parametrize("seed", [*range(24), *SLOW])
def test_kappa_is_enclosed_in_the_plane(seed):
    layer, domain = random_layer(seed)
    if layer.n > 2:
        layer = xi.ReLULayer([row[:2] for row in layer.W.fractions()], [value for (value,) in layer.b.fractions()])
    result = xi.stability(layer, domain=domain, seed=seed)
    assert_encloses(layer, domain, result, seed, 500_000 if seed >= 24 else 50_000)


@pytest.mark.parametrize(("seed", "domain"), [(0, None), (1, BOX), (2, "nonneg"), (3, "ball:1"), (8, None)])
def test_kappa_of_gaussian_rows_in_the_plane(seed, domain):
    random = np.random.default_rng(seed)
    layer = xi.ReLULayer(random.standard_normal((9, 2)), random.standard_normal(9) * (seed % 2))
    assert_encloses(layer, domain, xi.stability(layer, domain=domain), seed)


@pytest.mark.parametrize("domain", ["nonneg", pytest.param(None, marks=pytest.mark.slow)])
def test_kappa_in_space(domain):
    layer = xi.ReLULayer(np.random.default_rng(2).standard_normal((14, 3)))
    assert_encloses(layer, domain, xi.stability(layer, domain=domain, tolerance="1/20", pairs=3000), 2)


@pytest.mark.parametrize("seed", range(40))
def test_relaxations_bound_every_pair_with_these_signs(seed):
    random = np.random.default_rng(seed)
    n, m = 1 + seed % 3, 6
    rows = random.integers(-3, 4, (m, n))
    layer = xi.ReLULayer(rows.tolist(), random.integers(-2, 3, m).tolist() if seed % 2 else [0] * m)
    domain = (None, "nonneg", "box:-1,1")[seed % 3]
    problem = HomogeneousProblem(layer, convex_given(domain).for_dimension(n))
    least = max(xi.stability(layer, domain=domain, pairs=0).sigma_min_squared.at_least, Fraction(0))
    relaxation = PairRelaxation(problem, least)
    x, y = sampled(domain, (4000, n), random), sampled(domain, (4000, n), random)
    on_x, on_y = (np.asarray(side @ rows.T + layer.b.to_float()[:, 0] > 0) for side in (x, y))
    for k in range(4):
        known = [i for i in np.flatnonzero(rows.any(axis=1)) if random.random() < 0.8]
        same = ((on_x == on_x[k]) & (on_y == on_y[k]))[:, known].all(axis=1)
        parts = [frozenset(int(i) for i in known if on[k][i] == side) for on in (on_x, on_y) for side in (True, False)]
        for is_thorough in (False, True):
            bound = relaxation.at_least(Signs(*parts), is_thorough=is_thorough).bound * Fraction(
                str(relaxation.unit**2)
            )
            assert least_ratio(layer, x[same], y[same]) >= math.sqrt(bound) * (1 - 1e-9)


def test_elimination_keeps_what_is_implied():
    forms = [[1, 0, 1], [0, 1, -1], [1, 1, 0]]  # x + z, y - z, x + y >= 0
    assert projected([[fmpq(value) for value in form] for form in forms], 2) == [[1, 1, 0]]
    assert projected([], 2) == []


def test_known_values_of_kappa():
    for rows in (doubled([[1, 0], [0, 1]]), doubled([[1]])):
        assert [end.square for end in xi.stability(rows).lower_lipschitz] == [Fraction(1, 2)] * 2
    linear = xi.stability(([[2, 0], [0, 3]], [5, 5]), domain=BOX)
    assert [end.square for end in linear.lower_lipschitz] == [4, 4]
    assert xi.stability([[1, 0], [0, 1]]).lower_lipschitz[1] == 0
    line = xi.stability([[2], [1], [-3]])  # 5 x^2 on the right, 9 on the left: between -s and 1 - s the least is 45/14
    assert line.lower_lipschitz[0].square <= Fraction(45, 14) <= line.lower_lipschitz[1].square
    assert line.lower_lipschitz[0].square >= Fraction(45, 14) * Fraction(998, 1000)


def test_numbers_beyond_floats_leave_the_simple_bound():
    for rows in ([["1e400"], ["-1e400"], ["3e399"]], [[1, 0], [0, 1], [-1, 0], [0, -1], ["1e-300", "1e-200"]]):
        low, high = xi.stability(rows).lower_lipschitz
        assert low.square * 2 >= xi.stability(rows, pairs=0).sigma_min_squared.at_least
        assert low <= high
    biased = xi.ReLULayer([[1], [-1], [2]], ["1e300", "1e-300", "1e-400"])
    low, high = xi.stability(biased).lower_lipschitz
    assert Fraction(8, 10) <= low.square <= 1 <= high.square * Fraction(1001, 1000)


def test_out_of_time_and_without_nodes():
    rows = np.random.default_rng(0).standard_normal((9, 2))
    simple = xi.stability(rows, pairs=0)
    assert simple.lower_lipschitz[0].square == simple.sigma_min_squared.at_least / 2
    for some in (1, 20):
        assert xi.stability(rows, pairs=some).lower_lipschitz[0] >= simple.lower_lipschitz[0]
    with pytest.raises(xi.InputError, match="found pairs = -1"):
        xi.stability(rows, pairs=-1)


def test_without_the_solver(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **kwargs):
        if name == "clarabel":
            raise ImportError(name)
        return real(name, *rest, **kwargs)

    monkeypatch.delitem(sys.modules, "clarabel", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    rows = np.random.default_rng(0).standard_normal((9, 2))
    assert xi.stability(rows).lower_lipschitz[0].square == xi.stability(rows).sigma_min_squared.at_least / 2
    with pytest.raises(xi.MissingExtraError, match="stability"):
        xi.stability(rows, pairs=100)


@pytest.mark.parametrize(
    ("rows", "b"),
    [
        ([[2], [-2], [-2]], [0, "-2e-7", "1e-7"]),  # kinks close together, on a line without an end
        *(
            ([[f"-3e{e}"], [f"-1e{e}"], [f"1e{e}"], [f"2e{e}"]], [0, f"2e{e}", f"-2e{e}", f"2e{e}"])
            for e in (-30, -9, -3, 3, 9, 30)
        ),
        ([["2e-170"], ["-1e-170"], ["1e-170"]], [0, 0, "-1e-170"]),  # squares below all floats
        (
            [["2e60", 0], [0, "1e60"], ["-1e60", "1e60"], ["-2e60", 0], [0, "-1e60"]],
            ["1e60", "1e53", 0, "-1e60", "-1e53"],
        ),
    ],
)
def test_the_scale_does_not_matter(rows, b):
    low, high = xi.stability(xi.ReLULayer(rows, b)).lower_lipschitz
    assert low.square >= Fraction(98, 100) * high.square > 0


@pytest.mark.parametrize("size", ["1e-8", 1, "1e8"])
def test_the_scale_of_walls_does_not_matter(size):
    c = Fraction(size)
    walls = xi.Polytope([[c, 0], [-c, 0], [0, c], [0, -c]], [3 * c] * 4)
    rows = [["-3/2", 0], ["-1/2", 1], ["1/2", -1], [1, -1], [-1, -1], ["1/3", 1], [0, 2]]
    low, high = xi.stability((rows, [0, 1, -1, 1, "1/2", 0, -1]), domain=walls).lower_lipschitz
    assert low.square >= Fraction(98, 100) * high.square > 0
