"""What normalisations lose without their scalars: the statements of docs/mathematics.md, on exact pairs.

A normalised entry is ``u_i / sqrt(q)`` with rational u_i and q, so that two of them are equal exactly if their signs
and the squares ``u_i^2 / q`` are.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest


def surds(u, q):
    """The entries ``u_i / sqrt(q)`` by sign and square."""
    return [((value > 0) - (value < 0), value**2 / q) for value in u]


def mean(x):
    return sum(x, Fraction(0)) / len(x)


def centred(x):
    return [value - mean(x) for value in x]


def mean_square(x):
    return mean([value**2 for value in x])


def root_mean_square(x, epsilon):
    return surds(x, mean_square(x) + epsilon)


def layer_norm(x, epsilon):
    return surds(centred(x), mean_square(centred(x)) + epsilon)


def vectors(seed, count=300):
    rng = Random(seed)
    for _ in range(count):
        n = rng.randint(2, 4)
        yield [[Fraction(rng.randint(-2, 2), rng.randint(1, 2)) for _ in range(n)] for _ in range(2)]


def test_dividing_by_the_norm_loses_the_norm():
    for pair in [((3, 4), (6, 8)), ((5, 12), ("5/13", "12/13"))]:
        x, y = ([Fraction(value) for value in point] for point in pair)
        assert surds(x, sum(value**2 for value in x)) == surds(y, sum(value**2 for value in y))
        assert x != y


def test_layer_norm_without_epsilon_loses_mean_and_deviation():
    x, y = [Fraction(1), Fraction(-1)], [Fraction(6), Fraction(4)]
    assert layer_norm(x, 0) == layer_norm(y, 0) == [(1, 1), (-1, 1)]
    assert (mean(x), mean(y)) == (0, 5)


def test_with_epsilon_it_loses_the_mean_only():
    epsilon = Fraction(9, 16)
    x, y = [Fraction(1), Fraction(-1)], [Fraction(8), Fraction(6)]
    assert layer_norm(x, epsilon) == layer_norm(y, epsilon) == [(1, Fraction(16, 25)), (-1, Fraction(16, 25))]
    assert layer_norm(x, epsilon) != layer_norm([2 * value for value in x], epsilon)


@pytest.mark.parametrize("epsilon", [Fraction(1, 100000), Fraction(1), Fraction(7, 3)])
def test_exactly_these_pairs_collide(epsilon):
    seen = set()
    for x, y in vectors(str(epsilon)):
        constant = len({a - b for a, b in zip(x, y, strict=True)}) == 1
        assert (layer_norm(x, epsilon) == layer_norm(y, epsilon)) == constant
        assert (root_mean_square(x, epsilon) == root_mean_square(y, epsilon)) == (x == y)
        seen.add(constant)
    assert seen == {True, False}


def test_with_its_scalars_each_is_injective():
    for x, y in vectors("scalars"):
        for epsilon in (Fraction(0), Fraction(1, 10)):
            squares = [mean_square(centred(point)) + epsilon for point in (x, y)]
            if all(squares):
                augmented = [
                    (layer_norm(point, epsilon), mean(point), square)
                    for point, square in zip((x, y), squares, strict=True)
                ]
                assert (augmented[0] == augmented[1]) == (x == y)
