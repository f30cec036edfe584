"""Random small networks with integer weights, injective about as often as not, and domains for them."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from oracles.networks import Map

import exactinj as xi


def random_network(rng: Random) -> tuple[list[Map], list[tuple] | None]:
    """One to three layers, 1 to 3 inputs, at most 10 neurons; and bounds for the inputs, or None for R^n."""
    n = rng.choice((1, 1, 2, 2, 2, 3))
    count = rng.randint(1, 3)
    network, width, left = [], n, 10
    for k in range(count):
        least = 1 if rng.random() < 0.1 else n if k == count - 1 else min(n + 1, width + 1)
        rows = rng.randint(least, max(least, 2 * n + 2))
        slopes = _slopes(rng, rows, left)
        left -= sum(slope != 1 for slope in slopes)
        bias = [rng.choice((0, 0, rng.randint(-3, 3))) for _ in range(rows)]
        network.append(Map(_weights(rng, rows, width), bias, slopes))
        width = rows
    bounds = rng.choice((None, [(0, None)] * n, [(rng.randint(-4, -1), rng.randint(1, 4)) for _ in range(n)]))
    return network, bounds


def _weights(rng: Random, rows: int, columns: int) -> list[list[int]]:
    """Plain rows, or rows in opposite pairs, with now and then a zero row or a duplicate."""
    weights = [[rng.randint(-3, 3) for _ in range(columns)] for _ in range(rows)]
    if rng.random() < 0.6:
        for i in range(1, rows, 2):
            weights[i] = [-value for value in weights[i - 1]]
    if rng.random() < 0.15:
        weights[rng.randrange(rows)] = [0] * columns
    if rng.random() < 0.15:
        weights[rng.randrange(rows)] = list(weights[rng.randrange(rows)])
    return weights


def _slopes(rng: Random, rows: int, left: int) -> list[Fraction]:
    """ReLU, leaky ReLU, folds (slope below 0), none, or a mixture; without kinks where no neurons are left."""
    kind = rng.choices(("relu", "leaky", "mixed", "none"), (3, 3, 4, 1))[0]
    if kind == "none" or rows > left:
        return [Fraction(1)] * rows
    if kind == "relu":
        return [Fraction(0)] * rows
    if kind == "leaky":
        return [Fraction(1, rng.randint(2, 10))] * rows
    return [rng.choice((Fraction(0), Fraction(1), Fraction(1, 2), Fraction(-1), Fraction(1))) for _ in range(rows)]


def as_network(network: list[Map]) -> xi.DenseNetwork:
    return xi.DenseNetwork([(W, b, xi.Leaky(slopes)) for W, b, slopes in network])


def as_domain(bounds: list[tuple] | None) -> xi.Domain:
    if bounds is None:
        return xi.RealSpace()
    if bounds[0][1] is None:
        return xi.NonnegativeOrthant()
    return xi.Box([low for low, _ in bounds], [up for _, up in bounds])
