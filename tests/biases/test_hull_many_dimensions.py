"""Hulls in dimension 7 to 15, where gift wrapping takes over from Qhull: against facets that are known by formula."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb
from random import Random

import pytest

from exactinj.biases.hull import facets as facets_module
from exactinj.biases.hull.bias import hull_bias
from exactinj.biases.hull.facets import facets
from exactinj.domains import Sphere
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer


def rows_of(found):
    return {facet.rows for facet in found}


def check_dual_graph(found):
    """Every ridge is the intersection of exactly two facets."""
    shared = {}
    for facet in found:
        for ridge in facet.ridges:
            shared.setdefault(ridge, []).append(set(facet.rows))
    assert all(len(pair) == 2 and pair[0] & pair[1] == set(ridge) for ridge, pair in shared.items())


def cut_rows(points):
    return [
        [x[i] * x[j] for i, j in combinations(range(points), 2)]
        for x in ((1, *rest) for rest in product((1, -1), repeat=points - 1))
    ]


def cut_facets(points):
    """Where ``sum b_i b_j x_ij = ((b, x)^2 - (b, b)) / 2`` is least, for the b of Deza and Laurent, section 30.6."""
    kinds = [(1, 1, 1), (1, 1, 1, 1, 1), (2, 1, 1, 1, 1, 1)]
    signs = [(1, *rest) for rest in product((1, -1), repeat=points - 1)]
    found = set()
    for kind in kinds:
        padded = (*kind, *(0,) * (points - len(kind)))
        for b in set(permutations(padded)) if len(kind) <= points else ():
            for turned in product((1, -1), repeat=points):
                products = [abs(sum(s * t * v for s, t, v in zip(x, turned, b, strict=True))) for x in signs]
                found.add(tuple(k for k, value in enumerate(products) if value == 1))
    return found


@pytest.mark.parametrize(("points", "count"), [(5, 56), pytest.param(6, 368, marks=pytest.mark.slow)])
def test_cut_polytopes(points, count):
    found = facets(ReLULayer(cut_rows(points)))
    assert len(found) == count
    assert rows_of(found) == cut_facets(points)
    check_dual_graph(found)


def test_bias_of_the_cut_polytope():
    """All rows are equal up to symmetry; the value was found in floats from the formula of the facets."""
    assert set(hull_bias(ReLULayer(cut_rows(5)), Sphere(1)).alpha) == {Surd(-1, Fraction(30, 7))}


def test_permutation_matrices():
    """The 24 permutations of four, without row and column 4, from their middle: 16 facets ``p(i) != j`` (Birkhoff).

    Entries are 3 and -1, so that there are two lengths, 5 and sqrt(33). The length depends on the sum of the entries
    only, so that points of a facet have their unit vectors in one plane as well.
    """
    orders = list(permutations(range(4)))
    rows = [[4 * (p[i] == j) - 1 for i in range(3) for j in range(3)] for p in orders]
    found = facets(ReLULayer(rows))
    expected = {tuple(k for k, p in enumerate(orders) if p[i] != j) for i, j in product(range(4), repeat=2)}
    assert rows_of(found) == expected
    check_dual_graph(found)


@pytest.mark.parametrize("dimension", [7, 8, 10])
def test_simplices_and_cross_polytopes(dimension):
    unit = [[int(j == k) for j in range(dimension)] for k in range(dimension)]
    simplex = [*unit, [-1] * dimension]
    assert rows_of(facets(ReLULayer(simplex))) == set(combinations(range(dimension + 1), dimension))
    cross = [*unit, *([-value for value in row] for row in unit)]
    expected = {
        tuple(sorted(k + dimension * side for k, side in enumerate(sides)))
        for sides in product((0, 1), repeat=dimension)
    }
    assert rows_of(facets(ReLULayer(cross))) == expected


def test_the_cube_in_eight_dimensions():
    corners = list(product((1, -1), repeat=8))
    found = facets(ReLULayer(corners))
    sides = product(range(8), (1, -1))
    assert rows_of(found) == {tuple(k for k, x in enumerate(corners) if x[j] == side) for j, side in sides}
    assert {len(facet.ridges) for facet in found} == {14}


@pytest.mark.parametrize(("half", "count"), [(2, 9), (4, 11)])
def test_cyclic_polytopes(half, count):
    """Points (cos t, sin t, ..., cos kt, sin kt) of a sphere: a neighbourly polytope with the most facets there are."""
    rows = []
    for k in range(count):
        s = Fraction(math.tan(math.pi * (2 * k + 1 - count) / (2 * count))).limit_denominator(99)
        z, turn = [Fraction(1), Fraction(0)], ((1 - s * s) / (1 + s * s), 2 * s / (1 + s * s))
        row = []
        for _ in range(half):
            z = [z[0] * turn[0] - z[1] * turn[1], z[0] * turn[1] + z[1] * turn[0]]
            row += z
        rows.append(row)
    dimension = 2 * half
    found = facets(ReLULayer(rows))
    assert len(found) == comb(count - half, half) * count // (count - half)
    assert rows_of(found) == {s for s in combinations(range(count), dimension) if is_even(s, count)}


def is_even(subset, count):
    """Gale's evenness condition: an even number of elements between any two that are not."""
    outside = [t for t in range(count) if t not in subset]
    return all(sum(a < t < b for t in subset) % 2 == 0 for a, b in combinations(outside, 2))


@pytest.mark.parametrize("size", [1, 9])
def test_both_ways_find_the_same(size, monkeypatch):
    """Gift wrapping alone, Qhull alone, and the mixture, in dimensions that Qhull is good at."""
    rng = Random(size)
    layers = []
    while len(layers) < 6:
        n, m = rng.choice(((3, 9), (4, 10), (5, 11)))
        rows = [[rng.randint(-size, size) for _ in range(n)] for _ in range(m)]
        rows += [[-sum(column) for column in zip(*rows, strict=True)]]
        if all(any(row) for row in rows) and ReLULayer(rows).W.rank() == n:
            layers.append(ReLULayer(rows))
    expected = [facets(layer) for layer in layers]
    monkeypatch.setattr(facets_module, "HIGH", 1)
    for first, many in ((10**9, 1), (3, 0), (3, 10**9)):
        monkeypatch.setattr(facets_module, "FIRST", first)
        monkeypatch.setattr(facets_module, "MANY_SIMPLICES", many)
        assert [facets(layer) for layer in layers] == expected


def test_qhull_is_not_asked_where_it_would_break_facets_into_many_simplices(monkeypatch):
    def asked(points):
        raise AssertionError(f"asked for {len(points)} points")

    monkeypatch.setattr(facets_module, "ConvexHull", asked)
    corners = [x for x in product((1, -1), repeat=7) if x.count(-1) % 2 == 0]
    assert len(facets(ReLULayer(corners))) == 64 + 14  # the half cube
