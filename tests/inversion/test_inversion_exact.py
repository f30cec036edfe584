"""Exact preimages beside an SMT solver: how many inputs, of which dimension, and what proves it."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from oracles.preimages import points_of_preimage
from strategies import random_degenerate_layer, random_shape

import exactinj as xi

F = Fraction


def inner(left, right):
    return sum((a * c for a, c in zip(left, right, strict=True)), F(0))


def relu(W, b, x):
    return tuple(max(inner(row, x) + beta, F(0)) for row, beta in zip(W, b, strict=True))


def number(rng):
    return F(rng.randint(-4, 4), rng.choice([1, 1, 2, 3]))


def random_domain(rng, n):
    """A domain, its halfspaces (G, h) and its ball, written down here once more."""
    unit = [[F(int(j == k)) for k in range(n)] for j in range(n)]
    minus = [[-v for v in row] for row in unit]
    kind = rng.choice(["R^n", "R^n", "nonneg", "box", "polytope"])
    if kind == "R^n":
        return xi.RealSpace(), []
    if kind == "nonneg":
        return xi.NonnegativeOrthant(), [[*row, F(0)] for row in minus]
    if kind == "box":
        low = [number(rng) for _ in range(n)]
        up = [v + F(rng.randint(1, 4), 2) for v in low]
        halves = [[*row, v] for row, v in zip(unit, up, strict=True)]
        return xi.Box(low, up), halves + [[*row, -v] for row, v in zip(minus, low, strict=True)]
    G = [[F(rng.randint(-3, 3)) for _ in range(n)] for _ in range(rng.randint(1, n + 2))]
    inside = [number(rng) for _ in range(n)]
    h = [inner(row, inside) + F(rng.randint(1, 4), 2) for row in G]
    return xi.Polytope(G, h), [[*row, v] for row, v in zip(G, h, strict=True)]


def random_output(rng, W, b, halves):
    """An output that is taken, one with a single number changed, one that is mostly zero, or any."""
    n, kind = len(W[0]), rng.randrange(6)
    x = [number(rng) for _ in range(n)]
    if kind == 0:
        return tuple(F(rng.choice([0, 0, 0, 1])) for _ in W)
    if kind == 1 and halves:  # on a face of the domain
        *normal, bound = rng.choice(halves)
        square = inner(normal, normal)
        if square:
            excess = (inner(normal, x) - bound) / square
            x = [v - excess * a for v, a in zip(x, normal, strict=True)]
    y = list(relu(W, b, x))
    if kind == 2:
        i = rng.randrange(len(y))
        y[i] = max(y[i] + rng.choice([-1, F(1, 3), F(1, 10**20)]), F(0))
    return tuple(y)


def decide_beside_z3(seed, n):
    rng = Random(seed)
    W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() > 0.3)
    domain, halves = random_domain(rng, n)
    y = random_output(rng, W, b, halves)
    result = xi.invert(xi.ReLULayer(W, b), y, domain=domain)
    expected = points_of_preimage(W, b, y, halves)
    status = "none" if not expected else "unique" if len(expected) == 1 else "many"
    assert result.status == status, (seed, W, b, y, domain)
    if status == "none":
        assert_refuted(result.farkas, W, b, y, domain.halfspaces(n))
        assert result.x is result.second is result.dimension is result.residual is None
        return status
    assert result.dimension == len(expected) - 1, (seed, W, b, y, domain)
    for x in [result.x] if status == "unique" else [result.x, result.second]:
        assert relu(W, b, x) == y
        assert all(inner(half[:-1], x) <= half[-1] for half in halves)
    assert result.x != result.second
    if status == "unique":
        assert (result.x, result.second) == (expected[0], None)
    return status


def assert_refuted(farkas, W, b, y, halves=(), *, ball=None):
    """The combination is positive everywhere, and a preimage would make it nonpositive."""
    assert all(value >= 0 for i, value in farkas.rows.items() if y[i] == 0)
    assert all(value >= 0 for value in farkas.halfspaces.values())
    gradient = [sum((value * W[i][j] for i, value in farkas.rows.items()), F(0)) for j in range(len(W[0]))]
    constant = sum((value * (b[i] - y[i]) for i, value in farkas.rows.items()), F(0))
    for k, value in farkas.halfspaces.items():  # rows (d, d0), d x + d0 <= 0
        gradient = [a + value * c for a, c in zip(gradient, halves[k][:-1], strict=True)]
        constant += value * halves[k][-1]
    if ball is not None:
        radius, center = ball
        middle = constant + inner(gradient, center)
        assert middle == farkas.value > 0
        assert middle**2 > radius**2 * inner(gradient, gradient)
        return
    assert not any(gradient)
    assert constant == farkas.value > 0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_small_layers_beside_z3(n):
    statuses = [decide_beside_z3(1000 * n + seed, n) for seed in range(35)]
    assert {statuses.count(name) >= 2 for name in ("none", "unique", "many")} == {True}


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3])
def test_two_thousand_small_layers_beside_z3(n):
    for seed in range(700):
        decide_beside_z3(10**6 * n + seed, n)


def decide_on_a_ball(seed, n):
    """Small integer layers and balls that often just touch the preimage: `(3/5, 4/5)` has length 1."""
    rng = Random(seed)
    W = [[F(rng.randint(-1, 1)) for _ in range(n)] for _ in range(rng.randint(1, 3))]
    W += [[F(v) for v in rng.choice([(3, 4), (4, -3), (0, 5)])] + [F(0)] * (n - 2)] * (n >= 2)
    b = [F(rng.randint(-2, 2)) for _ in W]
    center = [F(rng.randint(-1, 1)) for _ in range(n)]
    radius = F(rng.choice([1, 2]))
    y = relu(W, b, [F(rng.choice([-2, -1, 0, 1, 2]), rng.choice([1, 1, 2])) for _ in range(n)])
    result = xi.invert(xi.ReLULayer(W, b), y, domain=xi.Ball(radius, center))
    expected = points_of_preimage(W, b, y, ball=(radius, center))
    status = "none" if not expected else "unique" if len(expected) == 1 else "many"
    assert result.status == status, (seed, W, b, y, radius, center)
    if status == "none":
        assert_refuted(result.farkas, W, b, y, ball=(radius, center))
        return status
    assert result.dimension == len(expected) - 1
    for x in [result.x] if status == "unique" else [result.x, result.second]:
        assert relu(W, b, x) == y
        assert inner(
            [v - c for v, c in zip(x, center, strict=True)], [v - c for v, c in zip(x, center, strict=True)]
        ) <= (radius**2)
    assert result.x != result.second
    return status


@pytest.mark.parametrize("n", [1, 2, 3])
def test_balls_beside_z3(n):
    statuses = [decide_on_a_ball(seed, n) for seed in range(25)]
    assert set(statuses) == {"none", "unique", "many"}


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3])
def test_many_balls_beside_z3(n):
    for seed in range(100, 300):
        decide_on_a_ball(seed, n)


def test_inequalities_count():
    """No equation at all, and one preimage."""
    result = xi.invert(([[1], [-1]], [-1, 1]), [0, 0])
    assert (result.status, result.x, result.dimension) == ("unique", (F(1),), 0)


def test_a_ball_that_touches():
    layer = ([[3, 4], [0, 0]], [0, 0])
    touching = xi.invert(layer, [5, 0], domain="ball:1")
    assert (touching.status, touching.x) == ("unique", (F(3, 5), F(4, 5)))
    outside = xi.invert(layer, ["5.0001", 0], domain="ball:1")
    assert_refuted(outside.farkas, [[3, 4], [0, 0]], [0, 0], [F("5.0001"), 0], ball=(1, [0, 0]))
    assert xi.invert(layer, ["4.9999", 0], domain="ball:1").dimension == 1


def test_the_nonnegative_ball():
    layer = ([[1, 0], [0, 1]], [0, 0])
    assert xi.invert(layer, [1, 0], domain=xi.NonnegativeBall(1)).x == (1, 0)
    assert xi.invert(layer, [1, "1/100"], domain=xi.NonnegativeBall(1)).status == "none"
    assert xi.invert(layer, ["1/2", 0], domain=xi.NonnegativeBall(1)).x == (F(1, 2), 0)


def test_floats_are_the_dyadics_that_they_are():
    layer = xi.ReLULayer([[1], [3]])
    assert xi.invert(layer, [0.1, 0.3]).status == "none"
    assert xi.invert(layer, ["0.1", "0.3"]).x == (F(1, 10),)
    assert xi.invert(layer, [0.5, 1.5]).x == (F(1, 2),)


def test_rows_of_outputs():
    found = xi.invert(([[1], [-1]], [-1, 1]), [[0, 0], [1, 1], [0, "1/2"]])
    assert [result.status for result in found] == ["unique", "none", "unique"]


def test_time_that_is_up():
    found = xi.invert(([[1], [-1]], [-1, 1]), [[0, 0]] * 3, timeout=1e-9)
    assert {result.status for result in found} == {"timed_out"}


def test_no_truth_value():
    with pytest.raises(TypeError, match="compare its status"):
        bool(xi.invert([[1]], [1]))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ([1, -1], "entry 1: found -1, expected a number of at least 0"),
        ([1, float("nan")], "found nan, expected a finite number"),
        ([1], "has 1 entries, expected m = 2"),
        ([[1, 2], [3]], "row 1 has 1 entries and row 0 has 2"),
        ([], "the output is empty"),
        ("nowhere.npy", "nowhere.npy: no such file"),
        ([1, True], "found the truth value True"),
    ],
)
def test_bad_outputs(output, words):
    with pytest.raises(xi.InputError, match=words):
        xi.invert([[1], [2]], output)
