"""Extreme rays of cones: against all subsets of rows, cyclic and cut polytopes; machine integers against Python's."""

from __future__ import annotations

from itertools import combinations, product
from math import comb, gcd
from random import Random

import pytest

from exactinj.exact import cones
from exactinj.exact.cones import cone_generators
from exactinj.exact.matrix import integer_nullspace, integer_rank


def by_subsets(rows, dimension):
    """The rays of a pointed cone: where d - 1 independent rows vanish and no row is negative."""
    rays = set()
    for subset in combinations(rows, dimension - 1):
        if integer_rank(subset) == dimension - 1:
            (ray,) = integer_nullspace(subset, dimension)
            for sign in (1, -1):
                if all(sign * sum(a * v for a, v in zip(row, ray, strict=True)) >= 0 for row in rows):
                    rays.add(tuple(sign * value for value in ray))
    return rays


def random_rows(rng, dimension, count, size):
    """Rows of a pointed cone that holds the direction (1, 0, ..., 0)."""
    rows = [tuple(rng.randint(-size, size) for _ in range(dimension - 1)) for _ in range(count)]
    rows = [(rng.randint(1, size), *row) for row in rows]
    return rows if integer_rank(rows) == dimension else random_rows(rng, dimension, count, size)


@pytest.fixture(params=["python", "numpy", "chunks"])
def way(request, monkeypatch):
    """The pure Python of small cones, the arrays of large ones, and arrays in small pieces, for all cones."""
    many = 10**9 if request.param == "python" else 1
    monkeypatch.setattr(cones, "MANY_PAIRS", many)
    monkeypatch.setattr(cones, "MANY_RAYS", many)
    if request.param == "chunks":
        monkeypatch.setattr(cones, "CHUNK", 3)


@pytest.mark.parametrize("size", [1, 3, 10**30])  # degenerate, less so, beyond machine integers
def test_rays_against_all_subsets(way, size):
    rng = Random(size)
    for dimension, count in ((2, 4), (3, 7), (4, 9), (5, 9)):
        for _ in range(3):
            rows = random_rows(rng, dimension, count, size)
            found = cone_generators(rows, dimension)
            assert not found.lines
            assert set(found.rays) == by_subsets(rows, dimension)
            assert len(set(found.rays)) == len(found.rays)


def test_rays_of_a_cone_without_interior(way):
    """``x_0 = x_1 >= |x_2|, |x_3|``: a square as the base."""
    rows = [(1, -1, 0, 0), (-1, 1, 0, 0), (1, 0, 1, 0), (1, 0, -1, 0), (1, 0, 0, 1), (1, 0, 0, -1)]
    assert set(cone_generators(rows, 4).rays) == {(1, 1, a, b) for a in (1, -1) for b in (1, -1)}
    assert cone_generators([*rows, (-1, 0, 0, 0)], 4).rays == ()


def test_every_way_gives_the_same_order(monkeypatch):
    rows = random_rows(Random(5), 6, 20, 4)
    expected = cone_generators(rows, 6)
    for many in (1, 10**9):
        monkeypatch.setattr(cones, "MANY_PAIRS", many)
        monkeypatch.setattr(cones, "MANY_RAYS", many)
        assert cone_generators(rows, 6) == expected


@pytest.mark.parametrize(("dimension", "count"), [(4, 9), (5, 9), (6, 11), (7, 11)])
def test_cyclic_polytopes_obey_gale(dimension, count):
    """Facets of conv (t, t^2, ..., t^d), t = 0 to count - 1: sets whose inner runs are even (D. Gale 1963)."""
    points = [tuple(t**k for k in range(dimension + 1)) for t in range(count)]
    rays = cone_generators(points, dimension + 1).rays
    found = {frozenset(t for t, p in enumerate(points) if sum(a * v for a, v in zip(p, ray))) for ray in rays}  # noqa: B905
    facets = {frozenset(range(count)) - outside for outside in found}
    assert facets == {frozenset(s) for s in combinations(range(count), dimension) if is_even(s, count)}
    half = dimension // 2
    number = 2 * comb(count - half - 1, half) if dimension % 2 else comb(count - half, half) * count // (count - half)
    assert len(rays) == number


def is_even(subset, count):
    """Gale's evenness: between any two numbers outside lies an even number of those inside."""
    outside = [t for t in range(count) if t not in subset]
    return all(sum(a < t < b for t in subset) % 2 == 0 for a, b in combinations(outside, 2))


@pytest.mark.parametrize(("points", "facets"), [(5, 56), (6, 368)])
def test_cut_polytopes(points, facets):
    """M. Deza, M. Laurent, Geometry of Cuts and Metrics, 1997, section 30.6: 56 and 368 facets."""
    pairs = list(combinations(range(points), 2))
    signs = [(1, *rest) for rest in product((1, -1), repeat=points - 1)]
    rows = [(1, *(x[i] * x[j] for i, j in pairs)) for x in signs]
    rays = cone_generators(rows, len(pairs) + 1).rays
    assert len(rays) == facets
    assert all(gcd(*ray) == 1 for ray in rays)
