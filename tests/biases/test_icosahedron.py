"""The regular icosahedron, whose hull bias is 1/sqrt(5), by an exact family of rational ones.

The rows (0, ±1, ±t) and their cyclic shifts are the regular icosahedron for t = (1 + sqrt 5)/2, which no rational rows
are. For rational t near it the hull bias of the unit rows is exactly ``min(t, t^2 - 1) / (1 + t^2)``: t for neighbours
from different shifts, t^2 - 1 for (0, 1, t) and (0, -1, t). At the golden ratio the two are equal, and in Q(sqrt 5) the
square of the value is 1/5.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

import exactinj as xi

RATIOS = [Fraction(3, 2), Fraction(8, 5), Fraction(21, 13), Fraction(987, 610), Fraction(1597, 987), Fraction(5, 3)]


def icosahedron(t):
    points = [(0, s, u * t) for s in (1, -1) for u in (1, -1)]
    return [list(p[-k:] + p[:-k]) if k else list(p) for p in points for k in range(3)]


@pytest.mark.parametrize("t", RATIOS, ids=str)
def test_the_hull_bias_of_rational_icosahedra_is_the_formula(t):
    hull = xi.hull_bias(xi.ReLULayer(icosahedron(t)), domain=xi.Sphere(1))
    least = min(t, t * t - 1)
    assert hull.alpha == (xi.Surd(1, least**2 / (1 + t * t)),) * 12  # of rows of length sqrt(1 + t^2)
    assert len(hull.facets) == 20
    assert all(facet.is_simplicial for facet in hull.facets)


def test_the_formula_gives_one_over_the_root_of_five_at_the_golden_ratio():
    """Arithmetic in Q(sqrt 5): pairs (a, c) stand for a + c sqrt 5."""

    def times(p, q):
        return p[0] * q[0] + 5 * p[1] * q[1], p[0] * q[1] + p[1] * q[0]

    golden = (Fraction(1, 2), Fraction(1, 2))
    square = times(golden, golden)
    assert (square[0] - 1, square[1]) == golden  # t^2 - 1 = t: the two branches of the minimum meet
    length = (1 + square[0], square[1])
    five_times = tuple(5 * part for part in square)
    assert times(length, length) == five_times  # (t / (1 + t^2))^2 = 1/5


def test_neighbours_of_the_golden_ratio_enclose_the_value():
    below, above = (xi.hull_bias(xi.ReLULayer(icosahedron(t)), domain=xi.Sphere(1)).alpha[0] for t in RATIOS[3:5])
    for t, value in zip(RATIOS[3:5], (below, above), strict=True):
        unit = value.square / (1 + t * t)
        assert abs(unit - Fraction(1, 5)) < Fraction(1, 10**5)
