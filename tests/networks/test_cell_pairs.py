"""Whole networks, decided by their cells and pairs of cells, against an SMT solver and answers known by hand."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from oracles.networks import network_value, smt_network_collision
from random_networks import as_domain, as_network, random_network

import exactinj as xi
from exactinj.networks.cells import Cell, NetworkFunctions, enumerate_cells
from exactinj.work.clock import Clock

DEFAULT = 60
MANY = 300


def agrees_with_solver(seed):
    maps, bounds = random_network(Random(seed))
    network, domain = as_network(maps), as_domain(bounds)
    result = xi.certify(network, domain=domain)
    found = smt_network_collision(maps, bounds)
    assert result.verdict == ("injective" if found is None else "not_injective"), seed
    assert xi.check(result.certificate, network).valid, seed
    if result.witness is not None:
        x, y = result.witness.x, result.witness.y
        assert x != y
        assert domain.contains(x)
        assert domain.contains(y)
        assert network_value(maps, x) == network_value(maps, y)


@pytest.mark.parametrize("seed", range(DEFAULT))
def test_agrees_with_solver(seed):
    agrees_with_solver(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(DEFAULT, MANY))
def test_agrees_with_solver_on_more(seed):
    agrees_with_solver(seed)


def decided(layers, domain=None):
    return xi.certify(xi.DenseNetwork(layers), domain=domain)


def test_one_input():
    """x -> (ReLU(x), ReLU(-x)) loses nothing; its sum is |x|, which does."""
    both = ([[1], [-1]], None, "relu")
    assert decided([both]).verdict == "injective"
    folded = decided([both, ([[1, 1]], None, "none")])
    assert folded.verdict == "not_injective"
    assert folded.witness.x == (-folded.witness.y[0],)
    assert decided([both, ([[1, 1]], None, "none")], xi.NonnegativeOrthant()).verdict == "injective"


def test_cells_that_do_not_touch():
    """x -> ReLU(x + 2) - 2 ReLU(x + 1) + 2 ReLU(x - 1) - x/8: down, up, and its slope is never 0."""
    layers = [
        ([[1], [1], [1], [1]], [2, 1, -1, 0], xi.Leaky([0, 0, 0, 1])),
        ([[1, -2, 2, "-1/8"]], None, "none"),
    ]
    result = decided(layers)
    assert result.verdict == "not_injective"
    network = xi.DenseNetwork(layers)
    assert network.evaluate(result.witness.x) == network.evaluate(result.witness.y)


def test_zero_rows_dead_neurons_and_duplicates():
    identity = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    layers = [
        ([*identity, [0, 0], [1, 0], [0, 0]], [0, 0, 0, 0, -1, 0, 0], "relu"),
        ([[1, 0, -1, 0, 5, 0, 1], [0, 1, 0, -1, 0, 0, 2]], [3, 4], "none"),
    ]
    assert decided(layers).verdict == "injective"
    assert decided(layers[:1]).verdict == "injective"
    dead = [(layers[0][0], [0, 0, 0, 0, -1, 0, 0], "relu"), ([[0, 0, 0, 0, 1, 0, 0]], None, "relu")]
    assert decided(dead).verdict == "not_injective"


def test_activity_fixed_on_the_domain():
    layer = ([[1, 0], [1, 1]], [1, 2], "relu")
    assert decided([layer]).verdict == "not_injective"
    assert decided([layer], xi.Box(0, 1)).verdict == "injective"
    assert decided([([[1, 1]], [5], "relu")], xi.Box(0, 1)).verdict == "not_injective"


@pytest.mark.parametrize("shift", [0, 1])
def test_a_tiny_box(shift):
    """The kink of |x - 1| lies inside the box, or just beside it."""
    size = Fraction(1, 10**30)
    low = 1 - size / 2 + shift * size
    layers = [([[1], [-1]], [-1, 1], "relu"), ([[1, 1]], None, "none")]
    result = decided(layers, xi.Box([low], [low + size]))
    assert result.verdict == ("injective" if shift else "not_injective")


def test_a_polytope():
    fold = [([[1, 0], [-1, 0], [0, 1]], None, xi.Leaky([0, 0, 1])), ([[1, 1, 0], [0, 0, 1]], None, "none")]
    half = xi.Polytope([[-1, 0], [0, 1], [0, -1]], [0, 1, 1])
    assert decided(fold, half).verdict == "injective"
    beyond = xi.Polytope([[-1, 0], [0, 1], [0, -1]], ["1/1000", 1, 1])
    assert decided(fold, beyond).verdict == "not_injective"


def test_a_ball_between_two_boxes():
    """|x_1 - c| folds where x_1 = c: outside the unit disc, inside its box, between the two, around it."""
    for c, verdict in (
        (2, "injective"),
        (0, "not_injective"),
        (Fraction(1, 2), "not_injective"),
        (Fraction(9, 10), "unknown"),
    ):
        layers = [([[1, 0], [-1, 0], [0, 1]], [-c, c, 0], xi.Leaky([0, 0, 1])), ([[1, 1, 0], [0, 0, 1]], None, "none")]
        result = decided(layers, xi.Ball(1))
        assert result.verdict == verdict, c
        assert result.domain.text.startswith("ball:1")
        if result.witness is not None:
            assert all(result.domain.contains(point) for point in (result.witness.x, result.witness.y))
        assert (result.certificate is None) == (verdict == "unknown")
        assert result.certificate is None or xi.check(result.certificate, xi.DenseNetwork(layers)).valid


def test_the_nonnegative_part_of_a_ball():
    assert decided([([[1, 1], [1, 2]], None, "relu")], xi.NonnegativeBall(1)).verdict == "injective"
    assert decided([([[1, 1]], None, "relu")], xi.NonnegativeBall(1)).verdict == "not_injective"


def test_out_of_time_says_how_far_it_got():
    rng = Random(0)
    layers = [
        ([[rng.randint(-5, 5) for _ in range(3)] for _ in range(40)], [rng.randint(-9, 9) for _ in range(40)], "relu")
    ]
    result = xi.certify(xi.DenseNetwork(layers), timeout=0.05)
    assert result.verdict == "timed_out"
    assert "cells" in result.reason


@pytest.mark.parametrize("seed", range(8))
def test_cells_hold_their_inside_points_and_their_maps(seed):
    """Every cell's point has the cell's signs, and the affine map gives the network's value there."""
    maps, bounds = random_network(Random(1000 + seed))
    network, domain = as_network(maps), as_domain(bounds)
    cells = [step for step in enumerate_cells(NetworkFunctions(network, domain), Clock()) if isinstance(step, Cell)]
    assert len({cell.signs for cell in cells}) == len(cells)
    for cell in cells:
        x = [Fraction(value, cell.inside[-1]) for value in cell.inside[:-1]]
        out = [
            sum(Fraction(int(a.p), int(a.q)) * c for a, c in zip(row, [*x, 1], strict=True)) for row in cell.output_rows
        ]
        assert tuple(out) == network_value(maps, x)
        assert all(sum(a * c for a, c in zip(row, cell.inside, strict=True)) > 0 for row in cell.functions if any(row))


def test_counts_cells_of_lines_in_general_position():
    """Zaslavsky: m lines in general position cut the plane into 1 + m + m(m - 1)/2 regions."""
    rows = [[1, k] for k in range(7)]
    network = xi.DenseNetwork([(rows, [k * k for k in range(7)], "relu")])
    steps = list(enumerate_cells(NetworkFunctions(network, xi.RealSpace()), Clock()))
    assert sum(isinstance(step, Cell) for step in steps) == 1 + 7 + 21
