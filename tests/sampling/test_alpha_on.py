"""alpha*(X) of given points: the thesis' example, plain minima, exact comparisons."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.exact.surd import Surd

OCTAHEDRON = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]


def test_the_example_of_the_thesis():
    """[Eck24] example 4.1.2, times the root of 3."""
    points = [[1, 1, 1], [-1, 1, -1], [1, -1, 1]]
    assert xi.pointwise_bias(OCTAHEDRON, points[1]) == (None, 1, 1, None, None, 1)
    found = xi.alpha_on(xi.ReLULayer(OCTAHEDRON), points)
    assert found.values.tolist() == [1.0] * 6
    assert found.is_mcbe_injective([1] * 6)
    assert not found.is_mcbe_injective([1, 1, 1, 1, 1, "1.0000000000000000001"])
    assert found.samples == 3
    assert "3 given points" in repr(found)


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_the_definition(seed):
    random = np.random.default_rng(seed)
    n, m = 1 + seed % 5, 1 + seed % 13
    rows, points = random.standard_normal((m, n)), random.standard_normal((40, n))
    if seed % 2:
        rows, points = np.round(rows), np.round(points)
    found = xi.alpha_on(rows, points)
    biases = [xi.pointwise_bias(rows, x) for x in points.tolist()]
    for j in range(m):
        known = [bias[j] for bias in biases if bias[j] is not None]
        assert bool(known) == bool(np.isfinite(found.values[j]))
        if known:
            assert found.exact(j) == Surd.of_rational(min(known))
            assert float(min(known)) == pytest.approx(found.values[j], rel=1e-12, abs=1e-12)
    exact = [min((b[j] for b in biases if b[j] is not None), default=Fraction(7)) for j in range(m)]
    assert found.is_mcbe_injective(exact)
    finite = [j for j in range(m) if np.isfinite(found.values[j])]
    if finite:
        exact[finite[0]] += Fraction(1, 10**40)
        assert not found.is_mcbe_injective(exact)


@pytest.mark.parametrize("points", [[[1.0, 2.0]], [[1.0, 2.0, float("nan")]], [], [1.0, 2.0, 3.0]])
def test_points_that_are_refused(points):
    with pytest.raises(xi.InputError):
        xi.alpha_on(OCTAHEDRON, points)
    with pytest.raises(xi.InputError):
        xi.alpha_on(OCTAHEDRON, np.zeros((1, 3))).is_mcbe_injective([0])


@pytest.mark.parametrize("size", [1e-320, 1e-170, 1e150])
def test_floats_decide_only_where_they_can(size):
    """Exact comparisons where squares of lengths are beyond floats."""
    rows, x = np.array([[size, 0.3], [0.1, size]]), np.array([[0.7, 0.9]])
    found = xi.alpha_on(rows, x)
    exact = xi.pointwise_bias(rows, x[0].tolist())
    assert found.is_mcbe_injective(exact)
    assert not found.is_mcbe_injective([exact[0], exact[1] + Fraction(1, 10**400)])
    tiny = xi.alpha_on(rows * 1e-150, x * 1e-170) if size < 1 else found
    assert tiny.is_mcbe_injective([-1, -1])
