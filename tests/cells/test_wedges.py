"""Wedges: counts against formulas and brute force, geometry against linear programs, verdicts against other engines."""

from __future__ import annotations

import random
from itertools import combinations, islice, product
from math import comb, factorial, prod

import numpy as np
import pytest
from oracles import brute_force_flats, is_collision, rank
from oracles.flats import Negative, negative_point, primitive
from scipy.sparse.csgraph import connected_components
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.cells.wedges import count_wedges, extreme_rays, wedge_graph, wedges
from exactinj.certificates.certificate import Certificate
from exactinj.errors import InputError
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.kernels.signs import PRIMES
from exactinj.work.clock import Clock

DOMAINS = {"R^n": xi.RealSpace(), "nonneg": xi.NonnegativeOrthant()}

# ------------------------------------------------------------------ counts


def regions_by_whitney(W, b):
    """``(-1)^n chi(-1)`` with Whitney's sum over all sets of hyperplanes with a common point."""
    planes = []
    for w, beta in zip(W, b, strict=True):
        row = primitive([*w, beta])
        if any(w) and row not in planes and [-value for value in row] not in planes:
            planes.append(row)
    total = 0
    for size in range(len(planes) + 1):
        for chosen in combinations(planes, size):
            normals = rank([row[:-1] for row in chosen])
            if normals == rank(chosen):
                total += (-1) ** (size - normals)
    return total


def feasible_signs(W, b, domain):
    """Every sign vector of the rows that are not zero everywhere that has a point, by one program each."""
    rows = [primitive([*w, beta]) for w, beta in zip(W, b, strict=True)]
    n = len(W[0])
    inside = [[0] * n + [-1]]
    inside += [[-int(j == k) for k in range(n + 1)] for j in range(n)] if domain == "nonneg" else []
    found = set()
    for signs in product((1, -1), repeat=len(rows)):
        if any(sign < 0 and not any(row) for sign, row in zip(signs, rows, strict=True)):
            continue
        turned = [[-sign * value for value in row] for sign, row in zip(signs, rows, strict=True) if any(row)]
        if isinstance(negative_point(turned + inside), Negative):
            found.add(tuple(i for i, sign in enumerate(signs) if sign > 0))
    return found


@pytest.mark.parametrize(("n", "m"), [(1, 5), (2, 3), (2, 9), (3, 7), (3, 15), (4, 12), (4, 20), (5, 12)])
def test_generic_central_count(n, m):
    layer = xi.ReLULayer(np.random.default_rng(n * m).standard_normal((m, n)))
    expected = 2 * sum(comb(m - 1, k) for k in range(n))  # n = 1: one hyperplane, whatever m is
    assert count_wedges(layer) == expected


@pytest.mark.parametrize(("n", "m"), [(1, 5), (2, 3), (2, 9), (3, 7), (3, 15), (4, 12), (5, 9)])
def test_generic_affine_count(n, m):
    rng = np.random.default_rng(n * m)
    layer = xi.ReLULayer(rng.standard_normal((m, n)), rng.standard_normal(m))
    assert count_wedges(layer) == sum(comb(m, k) for k in range(n + 1))


def braid(n):
    return [[int(k == i) - int(k == j) for k in range(n)] for i, j in combinations(range(n), 2)]


def signed_braid(n):
    plus = [[int(k in (i, j)) for k in range(n)] for i, j in combinations(range(n), 2)]
    return braid(n) + plus + np.eye(n, dtype=int).tolist()


@pytest.mark.parametrize(
    ("W", "expected"),
    [
        *[pytest.param(braid(n), factorial(n), id=f"braid {n}") for n in (2, 3, 4, 5, 6)],
        *[pytest.param(signed_braid(n), 2**n * factorial(n), id=f"type B {n}") for n in (2, 3, 4)],
        *[pytest.param(np.eye(n, dtype=int).tolist(), 2**n, id=f"coordinates {n}") for n in (1, 2, 5, 9)],
        pytest.param([[0, 0]], 1, id="no hyperplane"),
        pytest.param([[1, 0], [-2, 0], [0, 0], [3, 0]], 2, id="one hyperplane four times"),
        pytest.param([[1, 2, 3], [2, 4, 6.5]], 4, id="rank two in space"),
    ],
)
def test_count_without_bias(W, expected):
    assert count_wedges(xi.ReLULayer(W)) == expected


@pytest.mark.parametrize(("n", "expected"), [(2, 3), (3, 16), (4, 125), (5, 1296)])
def test_shi_arrangement(n, expected):
    """``x_i - x_j = 0`` and ``= 1``: (n + 1)^(n - 1) regions (J.-Y. Shi 1986), in a space that they do not span."""
    layer = xi.ReLULayer(braid(n) * 2, [0] * comb(n, 2) + [-1] * comb(n, 2))
    assert count_wedges(layer) == expected


@pytest.mark.parametrize(("n", "expected"), [(2, 4), (3, 30), (4, 336)])
def test_catalan_arrangement(n, expected):
    """``x_i - x_j = -1, 0, 1``: n! times a Catalan number."""
    layer = xi.ReLULayer(braid(n) * 3, [0] * comb(n, 2) + [-1] * comb(n, 2) + [1] * comb(n, 2))
    assert count_wedges(layer) == expected


@pytest.mark.parametrize("count", [25, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("bias", [False, True])
def test_degenerate_counts_against_whitney(bias, count):
    rng = random.Random(f"whitney {bias}")
    for _ in range(count):
        n = rng.randint(1, 4)
        W, b = random_degenerate_layer(rng, n, min(random_shape(rng, n), 8), bias)
        assert count_wedges(xi.ReLULayer(W, b)) == regions_by_whitney(W, b), (W, b)


@pytest.mark.parametrize("domain", DOMAINS)
def test_sign_vectors_against_one_program_each(domain):
    rng = random.Random(f"signs {domain}")
    for _ in range(60):
        n = rng.randint(1, 3)
        W, b = random_degenerate_layer(rng, n, rng.randint(1, 6), bias=rng.random() < 0.6)
        active = [wedge.active for wedge in wedges(xi.ReLULayer(W, b), domain=DOMAINS[domain])]
        assert len(set(active)) == len(active)
        assert set(active) == feasible_signs(W, b, domain), (W, b)


@pytest.mark.slow
def test_a_million_wedges_stream():
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((40, 6)))
    assert sum(1 for _ in wedges(layer)) == 2 * sum(comb(39, k) for k in range(6))


# ------------------------------------------------------------------ single wedges


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("domain", DOMAINS)
def test_points_signs_and_ranks(domain, count):
    rng = random.Random(f"points {domain}")
    for _ in range(count):
        n = rng.randint(1, 4)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        for wedge in islice(wedges(layer, domain=DOMAINS[domain]), 60):
            values = layer.preactivation(wedge.point)
            assert [(value > 0) - (value < 0) for value in values] == list(wedge.signs)
            assert wedge.active == tuple(i for i, value in enumerate(values) if value >= 0)
            assert wedge.rank == rank([W[i] for i in wedge.active])
            assert wedge.spans == (wedge.rank == n)
            assert domain == "R^n" or min(wedge.point) > 0


def test_streams_before_it_ends():
    """A layer with more wedges than anybody can count gives its first ones at once."""
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((300, 9)))
    first = list(islice(wedges(layer), 500))
    assert len({wedge.packed for wedge in first}) == 500


def test_order_is_lexicographic():
    layer = xi.ReLULayer(np.abs(np.random.default_rng(1).standard_normal((9, 3))))
    signs = [wedge.signs for wedge in wedges(layer)]
    assert signs == sorted(signs, reverse=True)


@pytest.mark.parametrize("domain", DOMAINS)
def test_extreme_rays(domain):
    rng = random.Random(f"rays {domain}")
    for _ in range(40):
        n = rng.randint(1, 3)
        W, b = random_degenerate_layer(rng, n, rng.randint(1, 8), bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        for wedge in islice(wedges(layer, domain=DOMAINS[domain]), 30):
            shape = extreme_rays(wedge)
            # In the closure ...
            for x in shape.vertices:
                values = layer.preactivation(x)
                assert all(v * s >= 0 for v, s in zip(values, wedge.signs, strict=True))
                assert domain == "R^n" or min(x) >= 0
            for ray in (*shape.rays, *shape.lines, *[tuple(-v for v in line) for line in shape.lines]):
                slopes = layer.W.times(ray)
                assert all(v * s >= 0 for v, s in zip(slopes, wedge.signs, strict=True))
                assert domain == "R^n" or min(ray) >= 0
            # ... and enough to reach the interior:
            mean = [sum(column) / len(shape.vertices) for column in zip(*shape.vertices, strict=True)]
            inside = [a + sum(ray[j] for ray in shape.rays) for j, a in enumerate(mean)]
            values = layer.preactivation(inside)
            assert all(v * s > 0 or s == 0 for v, s in zip(values, wedge.signs, strict=True))
            # as many directions as the space has:
            spread = [[a - c for a, c in zip(x, shape.vertices[0], strict=True)] for x in shape.vertices]
            assert rank([*spread, *shape.rays, *shape.lines] or [[0] * n]) == n
            assert len(shape.lines) == (n - rank(W) if domain == "R^n" else 0)


def test_representations_are_short():
    layer = xi.ReLULayer(np.random.default_rng(0).integers(-9, 9, (40, 4)))
    graph = wedge_graph(layer)
    assert repr(graph).startswith(f"<WedgeGraph: {len(graph.ranks)} wedges, ")
    assert len(repr(graph)) < 160
    assert all(len(repr(extreme_rays(wedge))) <= 160 for wedge in islice(wedges(layer), 20))


def test_corners_of_a_cube():
    layer = xi.ReLULayer([*np.eye(3), *-np.eye(3)], [0, 0, 0, 1, 1, 1])
    (cube,) = [wedge for wedge in wedges(layer) if len(wedge.active) == 6]
    assert set(extreme_rays(cube).vertices) == set(product((0, 1), repeat=3))
    assert extreme_rays(cube).rays == ()


# ------------------------------------------------------------------ the graph


def facets(W, b, signs, domain):
    """The number of hyperplanes that carry a facet: the one inequality can be turned around, alone."""
    n = len(W[0])
    planes = {}
    for w, beta, sign in zip(W, b, signs, strict=True):
        if any(w):
            planes[tuple(sign * value for value in primitive([*w, beta]))] = None
    inside = [[0] * n + [-1]]
    inside += [[-int(j == k) for k in range(n + 1)] for j in range(n)] if domain == "nonneg" else []
    rows = [[-value for value in plane] for plane in planes]
    flipped = [[*rows[:k], [-value for value in rows[k]], *rows[k + 1 :], *inside] for k in range(len(rows))]
    return sum(isinstance(negative_point(A), Negative) for A in flipped)


@pytest.mark.parametrize("domain", DOMAINS)
def test_graph_is_connected_and_its_degrees_are_facet_counts(domain):
    rng = random.Random(f"graph {domain}")
    for _ in range(25):
        n = rng.randint(1, 3)
        W, b = random_degenerate_layer(rng, n, rng.randint(1, 7), bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        graph = wedge_graph(layer, domain=DOMAINS[domain])
        listed = list(wedges(layer, domain=DOMAINS[domain]))
        assert [graph.active_rows(k) for k in range(len(graph.ranks))] == [wedge.active for wedge in listed]
        assert graph.ranks.tolist() == [wedge.rank for wedge in listed]
        assert graph.spans.tolist() == [wedge.spans for wedge in listed]
        assert (graph.adjacency != graph.adjacency.T).nnz == 0
        assert connected_components(graph.adjacency, directed=False)[0] == 1
        degrees = graph.adjacency.sum(axis=1)
        assert degrees.tolist() == [facets(W, b, wedge.signs, domain) for wedge in listed]


def test_generic_plane_is_a_cycle_and_more_than_64_hyperplanes_fit():
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((70, 2)))
    graph = wedge_graph(layer)
    assert len(graph.ranks) == 140
    assert set(graph.adjacency.sum(axis=1).tolist()) == {2}
    assert connected_components(graph.adjacency)[0] == 1


def test_networkx_view():
    """Wedges of the braid arrangement are the corners of the permutohedron."""
    nx = pytest.importorskip("networkx")
    layer = xi.ReLULayer(braid(4))
    graph = wedge_graph(layer).to_networkx()
    assert nx.is_connected(graph)
    assert {degree for _, degree in graph.degree} == {3}
    assert {len(data["active"]) for _, data in graph.nodes(data=True)} == set(range(7))
    assert max(data["rank"] for _, data in graph.nodes(data=True)) == 3
    assert nx.is_bipartite(graph)
    assert nx.diameter(graph) == 6


# ------------------------------------------------------------------ the decision


@pytest.mark.parametrize("count", [25, pytest.param(75, marks=pytest.mark.slow)])
@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("bias", [False, True])
def test_verdicts_agree(bias, domain, count):
    """Wedge engine, tree engine, brute force over all flats, and the definition by full enumeration."""
    rng, seen = random.Random(f"verdicts {bias} {domain}"), set()
    for _ in range(count):
        n = rng.randint(1, 4)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias)
        layer = xi.ReLULayer(W, b)
        answer = SignSplitEngine().decide(HomogeneousProblem(layer, DOMAINS[domain]), Clock())
        checked = xi.check(Certificate(layer, DOMAINS[domain], answer.proof), layer)
        assert checked.valid, checked.reason
        assert checked.claim == answer.verdict
        problem = HomogeneousProblem(layer, DOMAINS[domain])
        assert answer.verdict == TreeEngine().decide(problem, Clock()).verdict, (W, b)
        is_injective = answer.verdict == "injective"
        assert is_injective == brute_force_flats(W, b, domain).injective, (W, b)
        assert is_injective == all(wedge.spans for wedge in wedges(layer, domain=DOMAINS[domain])), (W, b)
        if not is_injective:
            assert is_collision(W, b, domain, answer.proof.x, answer.proof.y)
        seen.add(is_injective)
    assert seen == {True, False}


@pytest.mark.parametrize(("n", "m"), [(4, 28), (5, 35), (6, 30), (7, 60)])
def test_verdicts_agree_on_gaussian_layers(n, m):
    layer = xi.ReLULayer(np.random.default_rng(n).standard_normal((m, n)))
    answer = SignSplitEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock())
    assert answer.verdict == TreeEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock()).verdict
    assert xi.check(Certificate(layer, xi.RealSpace(), answer.proof), layer).valid


@pytest.mark.parametrize("unlucky", [1, 2, 3])
def test_rows_that_are_dependent_modulo_the_primes(unlucky):
    factor = prod(PRIMES[:unlucky])
    layer = xi.ReLULayer([[1, 0], [1, factor], [-1, 0], [-1, -factor]])
    answer = SignSplitEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock())
    assert answer.verdict == ("unknown" if unlucky == len(PRIMES) else "injective")
    assert all(wedge.spans for wedge in wedges(layer))


def test_the_same_layer_gives_the_same_proof():
    layer = xi.ReLULayer(np.random.default_rng(4).standard_normal((30, 4)))
    first, second = (
        SignSplitEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock()).proof for _ in range(2)
    )
    assert Certificate(layer, xi.RealSpace(), first).to_bytes() == Certificate(layer, xi.RealSpace(), second).to_bytes()


def test_time_is_looked_at():
    layer = xi.ReLULayer(np.random.default_rng(4).standard_normal((120, 12)))
    answer = SignSplitEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock(timeout=0.2))
    assert answer.verdict == "timed_out"
    assert 0 <= answer.stats.explored < 1


# ------------------------------------------------------------------ pictures


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(xi.ReLULayer([[1, 0], [0, 1], [-1, -1]]), id="plane"),
        pytest.param(xi.ReLULayer([[1, 0], [0, 1], [-1, -1], [0, 0]], [0, 1, -1, 0]), id="plane with bias"),
        pytest.param(xi.ReLULayer([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [-1, 2, 1]]), id="sphere"),
        pytest.param(xi.ReLULayer([[1, 0, 0], [0, 1, 0], [1, 1, 0]]), id="sphere, rank two"),
        pytest.param(xi.ReLULayer([[1, 0, 0]]), id="sphere, rank one"),
        pytest.param(xi.ReLULayer([[0, 0, 0]]), id="sphere, rank zero"),
    ],
)
@pytest.mark.parametrize("domain", DOMAINS)
def test_pictures_show_every_wedge_and_hatch_those_that_do_not_span(layer, domain):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    from exactinj.plotting import plot_wedges

    axes = Figure().subplots()
    assert plot_wedges(layer, axes, domain=DOMAINS[domain]) is axes
    listed = list(wedges(layer, domain=DOMAINS[domain]))
    assert len(axes.patches) == len(listed)
    assert sum(bool(patch.get_hatch()) for patch in axes.patches) == sum(not wedge.spans for wedge in listed)
    assert len({patch.get_facecolor() for patch in axes.patches}) == len({wedge.rank for wedge in listed})
    assert all(np.isfinite(patch.get_path().vertices).all() for patch in axes.patches)
    axes.figure.canvas.draw()


def test_no_picture_in_four_dimensions():
    pytest.importorskip("matplotlib")
    from exactinj.plotting import plot_wedges

    for layer in (xi.ReLULayer(np.eye(4)), xi.ReLULayer(np.eye(3), [1, 0, 0])):
        with pytest.raises(InputError, match="expected n = 2"):
            plot_wedges(layer)
