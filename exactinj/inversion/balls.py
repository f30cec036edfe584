"""A polyhedron in a ball: the point nearest to the ball's center decides, and it is rational.

If it is farther than the radius, there is no common point, and its multipliers say so: ``<x* - c, z - c>`` is at least
``|x* - c|^2`` on the polyhedron, and less on the ball. At exactly the radius it is the only one. If it is nearer, a
step from it towards the relative interior stays in the ball, so that the intersection has the polyhedron's dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from exactinj.domains.base import BallShape
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.nonnegative import float_fit, shortest_point
from exactinj.exact.numbers import nearest_float
from exactinj.inversion.system import PreimageSystem

__all__ = ["Nearest", "nearest_to_center"]


@dataclass(frozen=True)
class Nearest:
    """The point of a nonempty polyhedron nearest to the center, the square of its distance, and its multipliers.

    ``x* - c = - sum of multipliers times gradients``, of the system's equations (of any sign) and inequalities.
    """

    x: tuple[Fraction, ...]
    square: Fraction
    equations: dict[int, Fraction]
    inequalities: dict[int, Fraction]


def nearest_to_center(system: PreimageSystem, ball: BallShape) -> Nearest:
    """For a system that has solutions."""
    center = ball.interior_point(system.n)
    equations = [s.row for s in system.equations]
    rows = [*equations, *(tuple(-v for v in row) for row in equations), *(s.row for s in system.inequalities)]
    moved, scales = _around(rows, center)
    outcome = shortest_point(moved, _hint(moved))
    offset = outcome.point or (Fraction(0),) * system.n
    of_equations: dict[int, Fraction] = {}
    of_inequalities: dict[int, Fraction] = {}
    count = len(equations)
    for k, value in outcome.multipliers.items():
        scaled = value * scales[k]
        if k < 2 * count:
            of_equations[k % count] = of_equations.get(k % count, Fraction(0)) + (scaled if k < count else -scaled)
        else:
            of_inequalities[k - 2 * count] = scaled
    square = sum((value * value for value in offset), Fraction(0))
    x = tuple(value + c for value, c in zip(offset, center, strict=True))
    return Nearest(x, square, of_equations, of_inequalities)


def _around(rows: list[IntegerRow], center: tuple[Fraction, ...]) -> tuple[list[IntegerRow], list[int]]:
    """The rows in coordinates around the center, and the integer that each was multiplied by."""
    moved, scales = [], []
    for *weights, constant in rows:
        value = constant + sum((a * c for a, c in zip(weights, center, strict=True)), Fraction(0))
        moved.append((*(a * value.denominator for a in weights), value.numerator))
        scales.append(value.denominator)
    return moved, scales


def _hint(rows: list[IntegerRow]) -> list[int]:
    """The support that floats see."""
    if not rows:
        return []
    columns = [(*(-value for value in row[:-1]), row[-1]) for row in rows]
    floats = np.array([[nearest_float(Fraction(v, max(map(abs, c), default=1) or 1)) for v in c] for c in columns])
    target = np.zeros(floats.shape[1])
    target[-1] = 1.0
    return [int(k) for k in np.flatnonzero(float_fit(floats, target))]
