"""The convex-hull bias: facets, values, left inverses and reconstruction.

Independent second opinions: facets by all n-subsets with orientation signs from 400 decimals; values by trying every
face of a cone in fractions; published or hand-computed values of regular polytopes; exact ranks at sampled points.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations, permutations, product
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import QhullError

from exactinj.biases.hull import facets as facets_module
from exactinj.biases.hull import minima as minima_module
from exactinj.biases.hull import planes as planes_module
from exactinj.biases.hull.bias import hull_bias
from exactinj.biases.hull.facets import facets, hull_of
from exactinj.biases.hull.minima import cone_minimum, lower_bounds, meets_open_orthant
from exactinj.biases.hull.omnidirectional import omnidirectional
from exactinj.domains import Ball, NonnegativeBall, NonnegativeOrthant, RealSpace, Shell, Sphere
from exactinj.errors import InputError
from exactinj.exact.cones import cone_generators
from exactinj.exact.matrix import RationalMatrix, integer_rank
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer

TINY = Fraction(1, 10**30)
seeds = st.integers(0, 2**32)

TETRAHEDRON = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
CUBE = list(product((1, -1), repeat=3))
TESSERACT = list(product((1, -1), repeat=4))
OCTAHEDRON = [[int(j == k) * sign for j in range(3)] for k in range(3) for sign in (1, -1)]
CROSS_5 = [[int(j == k) * sign for j in range(5)] for k in range(5) for sign in (1, -1)]
CUBOCTAHEDRON = [row for row in product((-1, 0, 1), repeat=3) if sum(map(abs, row)) == 2]
CELL_24 = [row for row in product((-1, 0, 1), repeat=4) if sum(map(abs, row)) == 2]
HADAMARD = np.kron(np.kron([[1, 1], [1, -1]], [[1, 1], [1, -1]]), [[1, 1], [1, -1]])
SIMPLEX_7 = HADAMARD[:, 1:].tolist()  # eight vectors of R^7 with pairwise products -1


def golden_rows(t):
    rows = [(0, a, b * t) for a in (1, -1) for b in (1, -1)]
    return [row[k:] + row[:k] for row in rows for k in range(3)]


def fibonacci_ratio(steps):
    a, b = 1, 1
    for _ in range(steps):
        a, b = b, a + b
    return Fraction(b, a)


def scaled_rows(rows, scale):
    return [[factor * value for value in row] for row in rows for factor in (scale(),)]


# --- independent oracles -------------------------------------------------------------------------


def inner(a, b):
    return sum((Fraction(x) * y for x, y in zip(a, b, strict=True)), Fraction(0))


def determinant(rows):
    if not rows:
        return Fraction(1)
    return sum(
        (-1) ** k * rows[0][k] * determinant([row[:k] + row[k + 1 :] for row in rows[1:]])
        for k in range(len(rows))
        if rows[0][k]
    )


def decimal_orientation(rows):
    """The sign of det of the n + 1 rows (w, |w|), expanded along the last column, in 400 decimals."""
    with localcontext() as context:
        context.prec = 400
        total = Decimal(0)
        for k, row in enumerate(rows):
            minor = Fraction((-1) ** (k + len(rows) - 1) * determinant(rows[:k] + rows[k + 1 :]))
            square = inner(row, row)
            root = (Decimal(square.numerator) / square.denominator).sqrt()
            total += Decimal(minor.numerator) / minor.denominator * root
        return 0 if abs(total) < Decimal(10) ** -300 else (total > 0) - (total < 0)


def brute_force_facets(rows):
    """Row sets of supporting planes through n independent rows, 0 on the inner side."""
    rows = [[Fraction(value) / max(abs(entry) for entry in row) for value in row] for row in rows]
    n = len(rows[0])
    found = set()
    for subset in combinations(range(len(rows)), n):
        basis = [rows[i] for i in subset]
        if determinant(basis) == 0:
            continue
        # The origin (0, 1) has the orientation of det(basis); an inner or lying row has it too, or zero.
        inside = 1 if determinant(basis) > 0 else -1
        signs = [0 if i in subset else decimal_orientation([*basis, rows[i]]) * inside for i in range(len(rows))]
        if min(signs) >= 0:
            found.add(tuple(i for i, sign in enumerate(signs) if sign == 0))
    return sorted(found)


def gram_solution(rows, target):
    """Coefficients of the least-squares combination of the rows for the target, None if dependent; by elimination."""
    table = [[*(inner(a, b) for b in rows), inner(a, target)] for a in rows]
    for column in range(len(rows)):
        pivot = next((i for i in range(column, len(rows)) if table[i][column]), None)
        if pivot is None:
            return None
        table[column], table[pivot] = table[pivot], table[column]
        table[column] = [value / table[column][column] for value in table[column]]
        for i in range(len(rows)):
            if i != column:
                table[i] = [a - table[i][column] * b for a, b in zip(table[i], table[column], strict=True)]
    return [row[-1] for row in table]


def naive_minimum(row, cone):
    """min <row, x> over the unit vectors of the cone, by the projections on all its faces: signed square."""
    if all(inner(row, other) >= 0 for other in cone):
        return min(inner(row, other) ** 2 / inner(other, other) for other in cone)
    best = Fraction(0)
    for size in range(1, len(row) + 1):
        for part in combinations(cone, size):
            factors = gram_solution(part, [-value for value in row])
            if factors is not None and min(factors) >= 0:
                point = [sum(c * r[j] for c, r in zip(factors, part, strict=True)) for j in range(len(row))]
                best = max(best, inner(point, point))
    return -best


def random_rows(rng, n, m, size=3):
    """Small integer rows in general or degenerate position, omnidirectional; with duplicates and multiples."""
    while True:
        rows = [[rng.randint(-size, size) for _ in range(n)] for _ in range(m)]
        for _ in range(rng.choice((0, 0, 1, 2))):
            source, target = rng.randrange(m), rng.randrange(m)
            factor = rng.choice((1, 2, Fraction(1, 3), -1))
            rows[target] = [factor * value for value in rows[source]]
        if all(any(row) for row in rows) and omnidirectional(ReLULayer(rows)).holds:
            return rows


def random_layers(count, seed, shapes=((1, 4), (2, 6), (3, 7), (3, 9), (4, 9))):
    rng = Random(seed)
    for _ in range(count):
        n, m = rng.choice(shapes)
        yield rng, random_rows(rng, n, m, rng.choice((1, 2, 3, 9)))


def random_point(rng, n, radius=None):
    """A rational point of the unit ball, or exactly on the sphere of this radius (stereographic projection)."""
    if radius is None:
        while True:
            x = [Fraction(rng.randint(-60, 60), 60) for _ in range(n)]
            if inner(x, x) <= 1:
                return x
    y = [Fraction(rng.randint(-99, 99), rng.randint(1, 60)) for _ in range(n - 1)]
    square = inner(y, y)
    point = [2 * value / (1 + square) for value in y] + [(square - 1) / (1 + square)]
    rng.shuffle(point)
    return [value * radius for value in point]


def rows_of(hull_facets):
    return [facet.rows for facet in hull_facets]


# --- omnidirectionality --------------------------------------------------------------------------


def check_omnidirectionality(rows):
    found = omnidirectional(ReLULayer(rows))
    assert (found.multipliers is None) != (found.direction is None)
    if found.holds:
        assert min(found.multipliers) > 0
        columns = zip(*rows, strict=True)
        assert not any(inner(found.multipliers, column) for column in columns)
        assert RationalMatrix(rows).rank() == len(rows[0])
    else:
        assert any(found.direction)
        assert all(inner(found.direction, row) <= 0 for row in rows)
    return found.holds


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 0], [0, 1], [-1, -1]], True),
        ([[1, 0], [0, 1], [-1, -1], [2, 0], [5, 5]], True),
        ([[1, 0], [-1, 0], [0, 1]], False),  # 0 on the boundary
        ([[1, 0], [-1, 0], [0, 1], [3, 4], [-3, 4]], False),
        ([[1, 0], [-1, 0], [TINY, -1], [-1, TINY]], True),
        ([[1, 0], [-1, 0], [TINY, -1], [-1, -TINY]], False),
        ([[1, 0], [-1, 0], [1, -TINY], [0, 1]], True),
        ([[1, 0], [0, 1]], False),
        ([[1, 0], [-1, 0]], False),  # rank 1
        ([[1, -1, 0], [-1, 0, 1], [0, 1, -1]], False),  # rank 2, positive dependency
        ([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1]], False),
        ([[1], [-2]], True),
        ([[1], [2]], False),
        ([[10**12, 0], [0, Fraction(1, 10**12)], [-1, -1]], True),
    ],
)
def test_omnidirectional(rows, expected):
    assert check_omnidirectionality(rows) is expected
    if not expected:
        with pytest.raises(InputError, match=r"closed halfspace.*expected.*alpha_star") as caught:
            hull_bias(ReLULayer(rows), Sphere(1))
        assert "\n" not in str(caught.value)


def test_omnidirectional_evidence_at_random():
    rng = Random(3)
    answers = []
    for _ in range(400):
        n = rng.randint(1, 4)
        rows = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(rng.randint(1, 9))]
        if all(any(row) for row in rows):
            answers.append(check_omnidirectionality(rows))
    assert 50 < sum(answers) < len(answers) - 50


def test_zero_rows_are_refused():
    for call in (omnidirectional, facets, lambda layer: hull_bias(layer, Ball(1))):
        with pytest.raises(InputError, match=r"row 1 of W is zero.*remove"):
            call(ReLULayer([[1, 0], [0, 0], [-1, 0]]))


# --- facets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        (TETRAHEDRON, {3: 4}),
        (CUBE, {4: 6}),
        (OCTAHEDRON, {3: 8}),
        (CUBOCTAHEDRON, {3: 8, 4: 6}),
        (golden_rows(Fraction(987, 610)), {3: 20}),
        (TESSERACT, {8: 8}),
        (CELL_24, {6: 24}),
        (CROSS_5, {5: 32}),
        (SIMPLEX_7, {7: 8}),
        ([[3], [-1], [2]], {2: 1, 1: 1}),
    ],
)
@pytest.mark.parametrize("scaled", [False, True])
def test_facets_of_polytopes(rows, sizes, scaled):
    if scaled:
        rng = Random(0)
        rows = scaled_rows(rows, lambda: Fraction(10) ** rng.choice((-12, 0, 12)))
    found = facets(ReLULayer(rows))
    assert {size: sum(len(facet.rows) == size for facet in found) for size in sizes} == sizes
    assert len(found) == sum(sizes.values())


def check_ridges(found, rows):
    """Each ridge in two facets, spanning a hyperplane."""
    n = len(rows[0])
    shared = {}
    for facet in found:
        assert integer_rank(RationalMatrix([rows[i] for i in facet.rows]).integer_rows()) == n
        for ridge in facet.ridges:
            assert set(ridge) < set(facet.rows)
            shared.setdefault(ridge, []).append(facet)
    for ridge, pair in shared.items():
        assert len(pair) == 2
        assert set(pair[0].rows) & set(pair[1].rows) == set(ridge)
        if ridge:
            assert RationalMatrix([rows[i] for i in ridge]).rank() == n - 1


@pytest.mark.parametrize("count", [16, pytest.param(150, marks=pytest.mark.slow)])
def test_facets_agree_with_brute_force(count):
    kinds = set()
    for _, rows in random_layers(count, seed=11):
        found = facets(ReLULayer(rows))
        assert rows_of(found) == brute_force_facets(rows)
        check_ridges(found, rows)
        kinds.update(facet.is_simplicial for facet in found)
    assert kinds == {True, False}


@given(seeds, st.sampled_from([(2, 5), (3, 6), (3, 8)]))
@settings(max_examples=25, deadline=None)
def test_facets_and_values_agree_with_oracles(seed, shape):
    rows = random_rows(Random(seed), *shape, size=2)
    result = hull_bias(ReLULayer(rows), Sphere(1))
    found = brute_force_facets(rows)
    assert rows_of(result.facets) == found
    for i, row in enumerate(rows):
        values = [naive_minimum(row, [rows[k] for k in facet]) for facet in found if i in facet]
        assert result.alpha[i].signed_square == min(values)


NEARLY = {
    "cube, one corner moved": [*CUBE[1:], (1, 1, 1 + TINY)],
    "cube, one corner moved inwards": [*CUBE[1:], (1, 1, 1 - TINY)],
    "octahedron, rows nearly equal": [*OCTAHEDRON, (1, TINY, 0), (1, 0, TINY), (1, -TINY, TINY / 3)],
    "octahedron, a pair of multiples": [*OCTAHEDRON, (7, 0, 0), (0, 0, -Fraction(1, 9))],
    "thin cone": [(1, TINY, 0), (1, -TINY, 0), (1, 0, TINY), (-1, 0, -TINY), (-1, 1, 0), (-1, -1, 0)],
    "magnitudes in a row": [(10**30, 1, 0), (-(10**30), 0, 1), (0, -1, -1), (1, 10**40, 10**20), (0, -(10**25), 1)],
    "plane": [(1, 0), (1, TINY), (1, -TINY), (0, 1), (TINY, -1), (-1, TINY), (-1, 0)],
    "nearly flat": [(1, 0, TINY), (0, 1, -TINY), (-1, 0, TINY), (0, -1, -TINY), (1, 1, 0)],
}


@pytest.mark.parametrize("name", NEARLY)
def test_margins_far_below_floats(name):
    rows = NEARLY[name]
    found = facets(ReLULayer(rows))
    assert rows_of(found) == brute_force_facets(rows)
    check_ridges(found, rows)


def no_simplices(points):
    raise QhullError("nothing")


HINTS = {
    "error": no_simplices,
    "none": lambda simplices, m: [],
    "first": lambda simplices, m: simplices[:1],
    "every third": lambda simplices, m: simplices[::3],
    "wrong": lambda simplices, m: [[(p + 1) % m for p in simplex] for simplex in simplices],
    "degenerate": lambda simplices, m: [[0] * len(simplex) for simplex in simplices],
    "any": lambda simplices, m: [list(subset) for subset in combinations(range(m), len(simplices[0]))][::7],
}


@pytest.mark.parametrize("hint", HINTS)
def test_wrong_hints_are_repaired(hint, monkeypatch):
    rng = np.random.default_rng(5)
    layers = [CUBE, CUBOCTAHEDRON, CELL_24, NEARLY["octahedron, rows nearly equal"], rng.standard_normal((25, 4))]
    layers += [rows for _, rows in random_layers(6, seed=2, shapes=((2, 7), (3, 9), (4, 10)))]
    expected = [facets(ReLULayer(rows)) for rows in layers]
    original = facets_module.ConvexHull

    def patched(points):
        simplices = original(points).simplices.tolist()
        return SimpleNamespace(simplices=np.array(HINTS[hint](simplices, len(points))))

    monkeypatch.setattr(facets_module, "ConvexHull", no_simplices if hint == "error" else patched)
    assert [facets(ReLULayer(rows)) for rows in layers] == expected


def test_exact_tests_alone_find_the_same(monkeypatch):
    """With a filter that decides nothing, every orientation is exact."""
    layers = [CUBE, CUBOCTAHEDRON, np.random.default_rng(6).standard_normal((15, 3))]
    expected = [hull_bias(ReLULayer(rows), Sphere(1)).alpha for rows in layers]
    refined = planes_module._refined_normal
    monkeypatch.setattr(planes_module, "COARSE", -1.0)  # every plane with more digits
    assert [hull_bias(ReLULayer(rows), Sphere(1)).alpha for rows in layers] == expected

    def blind(vertices, basis):
        found = refined(vertices, basis)
        return found and (found[0] * 0, np.inf)

    monkeypatch.setattr(planes_module, "_refined_normal", blind)
    assert [hull_bias(ReLULayer(rows), Sphere(1)).alpha for rows in layers] == expected


@pytest.mark.parametrize(("coarse", "largest"), [(planes_module.COARSE, 1e-9), (-1.0, 1e-13)])
def test_float_normals_keep_their_bound(coarse, largest, monkeypatch):
    """Against the normal with roots to 200 bits, for the float filter and for its refinement."""
    monkeypatch.setattr(planes_module, "COARSE", coarse)
    rng = np.random.default_rng(9)
    for n, m in ((2, 40), (3, 60), (5, 20)):
        hull = hull_of(ReLULayer(rng.standard_normal((m, n)) * 10.0 ** rng.integers(-9, 9, (m, 1))))
        for plane in hull.planes:
            vectors = RationalMatrix([hull.vertices.vectors[p] for p in plane.basis])
            lengths = [Surd(1, Fraction(hull.vertices.squares[p])).floor(200) for p in plane.basis]
            normal = vectors.solve(RationalMatrix.column(lengths)).fractions()
            gap = math.sqrt(sum((value - Fraction(x)) ** 2 for (value,), x in zip(normal, plane.normal, strict=True)))
            assert gap <= plane.error < largest


def test_order_and_duplicates():
    """Facets name all rows of a direction, and do not depend on what else is scaled."""
    rows = [[0, 5], [1, 0], [0, "1/7"], [-1, -1], [3, 0]]
    assert rows_of(facets(ReLULayer(rows))) == [(0, 1, 2, 4), (0, 2, 3), (1, 3, 4)]
    assert facets(ReLULayer(rows))[0].ridges == ((0, 2), (1, 4))
    assert all(facet.is_simplicial for facet in facets(ReLULayer(rows)))


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (TETRAHEDRON, -Fraction(1, 3)),
        (OCTAHEDRON, Fraction(0)),
        (CROSS_5, Fraction(0)),
        (CUBE, -Fraction(1, 9)),  # opposite corners of a square: (1 - 2) / 3
        (TESSERACT, -Fraction(1, 4)),  # opposite corners of a cube: (1 - 3) / 4
        (CUBOCTAHEDRON, Fraction(0)),  # opposite corners of a square: (1 - 1) / 2
        (CELL_24, Fraction(0)),  # opposite corners of an octahedron
        (SIMPLEX_7, -Fraction(3, 7)),  # n + 1 vectors with products -1/n: -(n - 1) / (2 n)
        ([[1], [-1]], Fraction(1)),
        # an octagon with angles of cosine 3/5 and 4/5 by turns
        ([[1, 0], [0, 1], [-1, 0], [0, -1], [3, 4], [-4, 3], [-3, -4], [4, -3]], Fraction(9, 25)),
    ],
)
@pytest.mark.parametrize("scaled", [False, True])
def test_known_values(rows, expected, scaled):
    """The signed square of alpha_i / |w_i| on the unit sphere, the same for all rows."""
    rng = Random(1)
    if scaled:
        rows = scaled_rows(rows, lambda: Fraction(7, 3) * Fraction(10) ** rng.choice((-12, 0, 12)))
    result = hull_bias(ReLULayer(rows), Sphere(1))
    minima = [value.signed_square / inner(row, row) for value, row in zip(result.alpha, rows, strict=True)]
    assert set(minima) == {expected}


@pytest.mark.parametrize("steps", [38, 80, 200])
def test_icosahedron(steps):
    """Near 1/sqrt 5, as near as the rows are to the regular ones.

    No rational rows c_i u_i, in any dimension, have the icosahedron's Gram matrix: for three rows the product of the
    pairwise inner products would be ``+-(c_1 c_2 c_3)^2 / (5 sqrt 5)``, irrational as the ``c_i^2`` are rational.
    """
    t = fibonacci_ratio(steps)
    result = hull_bias(ReLULayer(golden_rows(t)), Sphere(1))
    gap = 20 * abs(t * t - t - 1)
    assert [len(facet.rows) for facet in result.facets] == [3] * 20
    for value in result.alpha:
        unit = value.signed_square / (1 + t * t)
        assert abs(unit - Fraction(1, 5)) < gap
        assert abs(float(unit) ** 0.5 - 1 / math.sqrt(5)) < 1e-12


def test_icosahedron_in_float64():
    phi = (1 + math.sqrt(5)) / 2
    rows = np.array(golden_rows(phi)) / math.sqrt(1 + phi * phi)
    result = hull_bias(ReLULayer(rows), Sphere(1))
    assert max(abs(float(value) - 1 / math.sqrt(5)) for value in result.alpha) < 1e-14


def test_minima_agree_with_all_faces():
    signs = set()
    for _, rows in random_layers(25, seed=21):
        result = hull_bias(ReLULayer(rows), Sphere(1))
        best = [None] * len(rows)
        for k, facet in enumerate(result.facets):
            values = result.facet_alpha(k)
            assert tuple(values) == facet.rows
            for i, value in values.items():
                assert value.signed_square == naive_minimum(rows[i], [rows[q] for q in facet.rows])
                best[i] = value if best[i] is None else min(best[i], value)
        assert tuple(best) == result.alpha
        for i, k in enumerate(result.critical):
            assert result.facet_alpha(k)[i] == result.alpha[i]
        signs.update(value.sign for value in result.alpha)
    assert signs == {-1, 0, 1}


def test_lower_bounds_are_lower_and_close():
    rng = np.random.default_rng(4)
    for n, m in ((2, 30), (3, 50), (4, 20), (6, 16)):
        hull = hull_of(ReLULayer(rng.standard_normal((m, n))))
        for plane in hull.planes:
            for p, bound in zip(plane.on, lower_bounds(hull.vertices, plane), strict=True):
                exact = cone_minimum(hull.vertices, plane.on, p)
                unit = Surd(exact.sign, abs(exact.signed_square) / hull.vertices.squares[p])
                assert Surd.of_rational(bound) <= unit
                assert bound > float(unit) - 1e-9


def test_minima_do_not_depend_on_how_close_the_bounds_are(monkeypatch):
    """Loose bounds come in a wrong order and must not end the search early."""
    rng = np.random.default_rng(10)
    layers = [rng.standard_normal((m, n)) for n, m in ((2, 30), (3, 40), (4, 20))]
    expected = [hull_bias(ReLULayer(rows), Sphere(1)).alpha for rows in layers]

    def loose(vertices, plane):
        return lower_bounds(vertices, plane) - rng.uniform(0, 1, len(plane.on))

    monkeypatch.setattr(minima_module, "lower_bounds", loose)
    assert [hull_bias(ReLULayer(rows), Sphere(1)).alpha for rows in layers] == expected


def test_minima_against_dense_sampling():
    rng = np.random.default_rng(8)
    for n, m in ((2, 6), (3, 9), (4, 9)):
        rows = rng.standard_normal((m, n))
        if not omnidirectional(ReLULayer(rows)).holds:
            continue
        result = hull_bias(ReLULayer(rows), Sphere(1))
        for k, facet in enumerate(result.facets):
            weights = rng.dirichlet(np.full(len(facet.rows), 0.3), 30000)
            points = weights @ (rows[list(facet.rows)] / np.linalg.norm(rows[list(facet.rows)], axis=1)[:, None])
            points /= np.linalg.norm(points, axis=1)[:, None]
            for i, value in result.facet_alpha(k).items():
                least = (points @ rows[i]).min()
                assert float(value) - 1e-12 <= least <= float(value) + 0.2


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_scaling_signs_and_order(seed):
    """alpha is linear in each row's length, and follows permutations of rows, of coordinates, and their signs."""
    rng = Random(seed)
    n = rng.randint(1, 4)
    rows = random_rows(rng, n, 2 * n + 2)
    alpha = hull_bias(ReLULayer(rows), Sphere(1)).alpha
    scales = [Fraction(rng.randint(1, 9), rng.randint(1, 9)) * Fraction(10) ** rng.choice((-12, 0, 12)) for _ in rows]
    order = rng.sample(range(len(rows)), len(rows))
    axes, signs = rng.sample(range(n), n), [rng.choice((1, -1)) for _ in range(n)]
    moved = [[scales[i] * signs[j] * rows[i][axes[j]] for j in range(n)] for i in order]
    assert hull_bias(ReLULayer(moved), Sphere(1)).alpha == tuple(alpha[i] * scales[i] for i in order)


# --- domains -------------------------------------------------------------------------------------

RADII = [Fraction(1, 3), Fraction(1), Fraction(5)]


@pytest.mark.parametrize("radius", RADII)
def test_radius_multiplies(radius):
    """The published code divides by radius and row length."""
    rows = [[3 * value for value in row] for row in TETRAHEDRON]
    expected = -Surd(1, Fraction(1, 3)) * radius * Fraction(3)  # |w| = 3 sqrt 3, alpha = -1/sqrt 3 on unit rows
    length = Surd(1, Fraction(3))
    for domain in (Sphere(radius), Ball(radius), Ball(radius, [0, 0, 0])):
        for value in hull_bias(ReLULayer(rows), domain).alpha:
            assert value.signed_square == expected.signed_square * length.signed_square


def test_values_on_domains():
    t = fibonacci_ratio(38)
    layer = ReLULayer([[2 * value for value in row] for row in golden_rows(t)])
    unit = hull_bias(layer, Sphere(1)).alpha
    assert all(value.sign > 0 for value in unit)
    assert hull_bias(layer, Sphere(7)).alpha == tuple(value * 7 for value in unit)
    assert hull_bias(layer, Shell("1/2", 7)).alpha == tuple(value * Fraction(1, 2) for value in unit)
    assert hull_bias(layer, Ball(7)).alpha == (Surd.of_rational(0),) * 12
    negative = ReLULayer(TETRAHEDRON)
    assert hull_bias(negative, Shell("1/2", 7)).alpha == hull_bias(negative, Sphere(7)).alpha


@pytest.mark.parametrize("domain", [RealSpace(), NonnegativeOrthant(), Ball(1, [0, 0, 1])])
def test_other_domains_are_refused(domain):
    with pytest.raises(InputError, match=r"expected a ball around 0.*alpha_star"):
        hull_bias(ReLULayer(TETRAHEDRON), domain)


def test_domain_of_another_dimension_is_refused():
    with pytest.raises(InputError, match="dimension"):
        hull_bias(ReLULayer(TETRAHEDRON), Ball(1, [0, 0]))


def sampled_points(rng, n, domain, count):
    for _ in range(count):
        if isinstance(domain, Sphere):
            yield random_point(rng, n, domain.radius)
        elif isinstance(domain, Shell):
            yield random_point(rng, n, rng.choice((domain.inner, domain.outer, (domain.inner + domain.outer) / 2)))
        elif isinstance(domain, NonnegativeBall):
            x = rng.choice((random_point(rng, n), random_point(rng, n, 1)))
            yield [abs(value) * domain.radius for value in x]
        else:
            x = rng.choice((random_point(rng, n), random_point(rng, n, 1)))
            yield [value * domain.radius for value in x]


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("kind", [Sphere, Ball, NonnegativeBall, lambda r: Shell(r / 4, r)])
def test_active_rows_span_at_sampled_points(kind, radius):
    domain = kind(radius)
    for rng, rows in random_layers(8, seed=31, shapes=((1, 4), (2, 6), (3, 8), (4, 10))):
        scaled = scaled_rows(rows, lambda rng=rng: Fraction(rng.randint(1, 40), 8))
        layer = ReLULayer(scaled)
        result = hull_bias(layer, domain)
        n = layer.n
        for x in sampled_points(rng, n, domain, 25):
            assert domain.contains(x)
            products = layer.preactivation(x)
            active = [i for i, value in enumerate(products) if not Surd.of_rational(value) < result.alpha[i]]
            assert len(active) >= n
            assert integer_rank([layer.W.integer_rows()[i] for i in active]) == n
            assert any(set(facet.rows) <= set(active) for facet in result.facets)


def polar_in_orthant(cone):
    """The y >= 0 with <v, y> <= 0 on the cone: none but 0 exactly if the cone meets the open orthant."""
    n = len(cone[0])
    axes = [tuple(int(j == k) for j in range(n)) for k in range(n)]
    return cone_generators([*axes, *(tuple(-value for value in vector) for vector in cone)], n).rays


def test_orthant_facets_against_sampling():
    """By Gordan's alternative and by sampling; a row on no kept facet has bias infinity."""
    counts = [0, 0]
    for rng, rows in random_layers(30, seed=41, shapes=((1, 4), (2, 6), (3, 9), (4, 10))):
        layer = ReLULayer(rows)
        hull = hull_of(layer)
        result = hull_bias(layer, NonnegativeBall(2))
        kept = set(rows_of(result.facets))
        for k, plane in enumerate(hull.planes):
            cone = [hull.vertices.vectors[p] for p in plane.on]
            facet = hull.facet(k).rows
            assert (facet in kept) == meets_open_orthant(hull.vertices, plane.on) == (not polar_in_orthant(cone))
            mixes = ([rng.randint(0, 9) for _ in cone] for _ in range(60))
            if any(
                min(sum(c * v[j] for c, v in zip(mix, cone, strict=True)) for j in range(layer.n)) > 0 for mix in mixes
            ):
                assert facet in kept
                counts[0] += 1
            counts[1] += facet not in kept
        covered = {i for facet in kept for i in facet}
        assert [value.is_finite for value in result.alpha] == [i in covered for i in range(layer.m)]
        assert [k is not None for k in result.critical] == [i in covered for i in range(layer.m)]
    assert min(counts) > 50


def test_cones_that_the_signs_of_the_entries_do_not_decide():
    """Cone 1 has entries of both signs in each coordinate; one side of the first diagonal decides."""
    below = hull_bias(ReLULayer([[1, -2], [-1, 1], [3, 1]]), NonnegativeBall(1))
    assert rows_of(below.facets) == [(0, 2), (1, 2)]
    above = hull_bias(ReLULayer([[2, -1], [-1, 2], [-1, -1]]), NonnegativeBall(1))
    assert rows_of(above.facets) == [(0, 1)]
    through = hull_bias(ReLULayer([[1, -1], [-1, 2], [-1, -1]]), NonnegativeBall(1))
    assert rows_of(through.facets) == [(0, 1)]
    touching = ReLULayer([[1, -1, 0], [-1, 1, 0], [0, 0, 1], [1, 1, -5], [-1, -1, -1]])
    for facet in hull_bias(touching, NonnegativeBall(1)).facets:
        assert not polar_in_orthant([touching.W.integer_rows()[i] for i in facet.rows])


def test_cones_that_only_touch_the_orthant_are_left_out():
    """The quadrants: only one meets the open one, though two more share its edges."""
    result = hull_bias(ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]]), NonnegativeBall(1))
    assert rows_of(result.facets) == [(0, 1)]
    assert [str(value) for value in result.alpha] == ["0", "0", "infinity", "infinity"]
    assert result.floor_alpha() == (0, 0, 1, 1)


def test_no_facet_allows_more():
    """Raising the bias of a row, at its critical facet, leaves it inactive at a point of the cone in the ball."""
    for _, rows in random_layers(15, seed=51):
        layer = ReLULayer(rows)
        result = hull_bias(layer, Ball(1))
        for i, k in enumerate(result.critical):
            if result.alpha[i].sign >= 0:
                continue
            cone = [rows[q] for q in result.facets[k].rows]
            point = best_point(rows[i], cone)
            # a unit vector of the cone has exactly this product with the row: any larger alpha is too much there
            square = inner(rows[i], point) ** 2 / inner(point, point)
            assert result.alpha[i].signed_square == -square


def best_point(row, cone):
    best = None
    for size in range(1, len(row) + 1):
        for part in combinations(cone, size):
            factors = gram_solution(part, [-value for value in row])
            if factors is not None and min(factors) >= 0:
                point = [sum(c * r[j] for c, r in zip(factors, part, strict=True)) for j in range(len(row))]
                if best is None or inner(point, point) > inner(best, best):
                    best = point
    return best


# --- left inverse and reconstruction -------------------------------------------------------------


def test_left_inverses():
    for _, rows in random_layers(15, seed=61):
        result = hull_bias(ReLULayer(rows), Sphere(1))
        for k, facet in enumerate(result.facets):
            inverse = result.left_inverse(k).fractions()
            assert len(inverse) == len(rows[0])
            assert len(inverse[0]) == len(facet.rows)
            part = [rows[i] for i in facet.rows]
            identity = [[inner(row, column) for column in zip(*part, strict=True)] for row in inverse]
            assert identity == [[int(a == b) for b in range(len(inverse))] for a in range(len(inverse))]
            # the Moore-Penrose inverse: part @ inverse is symmetric
            columns = list(zip(*inverse, strict=True))
            square = [[inner(row, column) for column in columns] for row in part]
            assert square == [list(row) for row in zip(*square, strict=True)]


@pytest.mark.parametrize("radius", RADII)
def test_reconstruction_round_trip(radius):
    for rng, rows in random_layers(10, seed=71, shapes=((1, 4), (2, 6), (3, 8), (4, 10))):
        for domain in (Ball(radius), NonnegativeBall(radius), Sphere(radius), Shell(radius / 4, radius)):
            result = hull_bias(ReLULayer(rows), domain)
            alpha = result.floor_alpha()
            layer = ReLULayer(rows, alpha=alpha)
            for x in sampled_points(rng, layer.n, domain, 4):
                output = layer.evaluate(x)
                found = result.reconstruct(output)
                assert layer.evaluate(found) == output
                assert domain.contains(found)
                if not isinstance(domain, Sphere | Shell):
                    assert found == x


def test_reconstruction_on_ridges_rays_and_at_the_origin():
    for _, rows in random_layers(10, seed=81, shapes=((2, 6), (3, 8))):
        result = hull_bias(ReLULayer(rows), Ball(1))
        layer = ReLULayer(rows, alpha=result.floor_alpha())
        n = layer.n
        points = [[Fraction(0)] * n]
        for facet in result.facets:
            for ridge in (*facet.ridges, facet.rows[:1]):
                point = [sum((Fraction(rows[i][j]) for i in ridge), Fraction(0)) for j in range(n)]
                size = sum(map(abs, point)) + 1
                points.append([value / size for value in point])
        for x in points:
            assert result.reconstruct(layer.evaluate(x)) == x


def test_reconstruction_with_a_smaller_bias():
    result = hull_bias(ReLULayer(CUBE), Ball(2))
    alpha = [value - Fraction(k, 3) for k, value in enumerate(result.floor_alpha())]
    x = [Fraction(1, 3), Fraction(-5, 7), Fraction(1)]
    assert result.reconstruct(ReLULayer(CUBE, alpha=alpha).evaluate(x), alpha) == x
    with pytest.raises(InputError, match=r"alpha_2.*at most"):
        result.reconstruct([0] * 8, [-9, -9, 0, -9, -9, -9, -9, -9])


def test_reconstruction_tries_facets_with_zeros_one_by_one():
    """Here the facet with the fewest zeros is not one whose cone holds the point."""
    rows = [[2, 0], [0, 2], [2, -1], [-1, 0], [-1, -1], [2, 1], [-2, 2], [-2, -1]]
    result = hull_bias(ReLULayer(rows), Sphere(1))
    layer = ReLULayer(rows, alpha=result.floor_alpha())
    output = layer.evaluate([-1, 0])
    assert sum(value > 0 for value in output) == 2
    assert result.reconstruct(output) == [-1, 0]


def test_what_is_no_output_is_refused():
    result = hull_bias(ReLULayer(CUBE), Ball(1))
    layer = ReLULayer(CUBE, alpha=result.floor_alpha())
    output = layer.evaluate(["1/2", "1/3", "-1/5"])
    for k, value in enumerate(output):
        for wrong in (value + TINY, value + 1, -1):
            with pytest.raises(InputError, match="at no point"):
                result.reconstruct([*output[:k], wrong, *output[k + 1 :]])
    with pytest.raises(InputError, match="at no point"):
        result.reconstruct([0] * 8)
    for outside in ([1, 1, 1], ["1.001", 0, 0]):  # the facet of the second point finds it, outside the ball
        with pytest.raises(InputError, match="at no point of ball:1"):
            result.reconstruct(layer.evaluate(outside))
    with pytest.raises(InputError, match="has 7 entries, expected m = 8"):
        result.reconstruct(output[1:])


def test_rationals_of_the_bias():
    for _, rows in random_layers(10, seed=91):
        result = hull_bias(ReLULayer(rows), Shell("1/3", 5))
        for value, low in zip(result.alpha, result.floor_alpha(), strict=True):
            assert Surd.of_rational(low) <= value
            assert abs(float(low) - float(value)) <= 1e-15 * abs(float(value))


def test_the_layers_own_bias_plays_no_part():
    with_bias = ReLULayer(TETRAHEDRON, b=[1, -2, 3, 4])
    assert hull_bias(with_bias, Ball(1)).alpha == hull_bias(ReLULayer(TETRAHEDRON), Ball(1)).alpha


@pytest.mark.slow
def test_large_hulls():
    rng = np.random.default_rng(0)
    for n, m in ((3, 2000), (6, 60), (2, 1000)):
        result = hull_bias(ReLULayer(rng.standard_normal((m, n))), Sphere(1))
        ridges = [ridge for facet in result.facets for ridge in facet.ridges]
        assert len(ridges) == 2 * len(set(ridges))
        if n == 3:
            assert len(result.facets) == 2 * m - 4


def test_permutohedron():
    """The 24 permutations of (-3, -1, 1, 3) in coordinates of the hyperplane sum = 0, scaled to be rational there."""
    frame = [[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]
    rows = [[inner(axis, point) for axis in frame] for point in permutations((-3, -1, 1, 3))]
    found = facets(ReLULayer(rows))
    assert sorted(len(facet.rows) for facet in found) == [4] * 6 + [6] * 8
    assert not any(facet.is_simplicial for facet in found)
