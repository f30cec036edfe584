"""Rows that tell a linear function of x: one that is active on all of the domain, or two opposite ones.

On K, the row ``ReLU(<g, x> + c)`` tells ``<g, x>`` if ``<g, x> + c >= 0`` there. Everywhere else, two rows do:
``ReLU(<g, x> + c)`` and ``ReLU(-<g, x> + c')`` with ``c' >= -c``. For let ``s = <g, x> < t = <g, y>``. If ``t > -c``,
the first differs at x and y; else ``s < t <= -c <= c'`` and the second does. With ``c' < -c`` both vanish for
``c' < <g, x> < -c``: the condition is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain
from math import ceil, floor

from exactinj.domains import Domain
from exactinj.domains.numbers import inner
from exactinj.exact.matrix import primitive_vector
from exactinj.networks.repair.task import Row

__all__ = ["fits", "least_constant", "opposite", "rounded_up", "short_direction", "telling_rows"]

GRID = 4  # new rows are directions rounded to integers of at most this size
REFINEMENTS = 6
EXPONENTS = (0, 1, 2, 4, 8, 16, 32, 64, 128)


def telling_rows(domain: Domain, direction: Sequence[Fraction], precision: int | None, size: Fraction) -> list[Row]:
    """One row that is active on all of K, or else two opposite ones; their function is not constant along a direction.

    Parameters
    ----------
    direction : (n,) exact, not 0
    precision : bits that numbers may have, or None
    size : of the layer's weights; new rows come near it if it is far from 1
    """
    factor = _factor(size)
    main = tuple(factor * value for value in short_direction(direction))
    for gradient in chain([main], _inward(domain, direction, factor)):
        if inner(gradient, direction) and all(fits(value, precision) for value in gradient):
            constant = least_constant(domain, gradient, precision)
            if constant is not None:
                return [(gradient, constant)]
    return [(main, Fraction(0)), opposite((main, Fraction(0)))]


def _inward(domain: Domain, direction: Sequence[Fraction], factor: Fraction) -> Iterator[tuple[Fraction, ...]]:
    """The inward normals of the halfspaces, those that turn most with the direction first."""
    borders = [primitive_vector(half[:-1]) for half in domain.halfspaces(len(direction))]
    inward = [tuple(-factor * value for value in border) for border in borders]
    yield from sorted(inward, key=lambda row: -abs(inner(row, direction)))


def opposite(row: Row) -> Row:
    """The row ``(-w, -b)``, which with ``(w, b)`` tells ``<w, x>``."""
    weights, offset = row
    return tuple(-value for value in weights), -offset


def short_direction(direction: Sequence[Fraction]) -> tuple[int, ...]:
    """Coprime integers of at most `GRID`, near the direction: never orthogonal to it.

    Each entry has the sign of the direction's or is 0, and the largest one is not 0.

    >>> short_direction([Fraction(1, 3), Fraction(-1, 100), Fraction(-2)])
    (1, 0, -4)
    """
    largest = max(map(abs, direction))
    return primitive_vector(floor(GRID * value / largest + Fraction(1, 2)) for value in direction)


def least_constant(domain: Domain, gradient: Sequence[Fraction], precision: int | None) -> Fraction | None:
    """A number c >= 0 with ``<gradient, x> + c >= 0`` on all of K, near the least; None if there is none up to 2^128.

    The least one is 0 or at most a few per cent below c. Exact: `Domain.is_nonnegative` decides.
    """
    if domain.is_nonnegative(gradient, 0):
        return Fraction(0)
    unit = _power_of_two(max(map(abs, gradient)))
    found = next((e for e in EXPONENTS if domain.is_nonnegative(gradient, unit * (1 << e))), None)
    if found is None:
        return None
    upper = unit * (1 << found)
    while domain.is_nonnegative(gradient, upper / 2):
        upper /= 2
    lower = upper / 2
    for _ in range(REFINEMENTS if precision is None else min(REFINEMENTS, precision - 1)):
        middle = (lower + upper) / 2
        lower, upper = (lower, middle) if domain.is_nonnegative(gradient, middle) else (middle, upper)
    return upper


def fits(value: Fraction, precision: int | None) -> bool:
    """Whether a number is a dyadic rational of so many bits."""
    return precision is None or rounded_up(value, precision) == value


def rounded_up(value: Fraction, precision: int | None) -> Fraction:
    """The least number of so many bits that is at least the value; the value itself for None.

    >>> rounded_up(Fraction(1, 3), 4), rounded_up(Fraction(-1, 3), 4)
    (Fraction(11, 32), Fraction(-5, 16))
    """
    if precision is None or not value:
        return value
    grid = _power_of_two(abs(value)) / (1 << (precision - 1))
    return ceil(value / grid) * grid


def _power_of_two(value: Fraction) -> Fraction:
    """The largest power of two that is at most a positive value."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    power = Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
    return power if power <= value else power / 2


def _factor(size: Fraction) -> Fraction:
    """What short integers are multiplied by: 1 where the weights have about that size, else a power of two."""
    power = _power_of_two(size) if size else Fraction(1)
    return max(Fraction(1), power / GRID) if power >= 1 else power / GRID
