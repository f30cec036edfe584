"""From a point whose active rows do not span to a colliding pair that people can read.

If ``<w_i, v> = 0`` for every active row at x, then ``(x, x + eps v)`` collides for small eps > 0
(T2 in ``docs/mathematics.md``). Any such pair is a proof; this file looks for short numbers: a point
in the middle of its region, rounded as coarsely as the region allows, and a short v by LLL.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision, verified_collision
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.numbers import nearest_float, power_of_two_below, rational_text

__all__ = ["collision_at"]

COARSE_GRIDS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
LARGEST_MARGIN_PROGRAM = 100_000  # entries of the float program that centres the point
LARGEST_STRETCH = 1000
MOST_DIRECTIONS = 4
LARGEST_ENTRY = 1 << 20
SMALLEST_SHARE = 1 << 20
CUTS_OF_CENTRE = 12

Pair = tuple[list[Fraction], list[Fraction]]


def collision_at(problem: HomogeneousProblem, point: Sequence[int]) -> Collision | None:
    """A verified colliding pair near a homogeneous integer point, or None if its active rows span."""
    if not problem.directions_lost(point):
        return None
    point = _simplest_point(problem, point)
    values = problem.values_at(point)
    directions = [list(direction) for direction in problem.directions_lost(point)[:MOST_DIRECTIONS]]
    pairs = _pairs(problem, point, values, directions)
    if not problem.is_affine and all(map(_is_tiny, pairs)) and max(values[: problem.m]) <= 0:
        pairs += _pairs(problem, point, values, [list(point)])  # no row is positive on the whole ray
    x, y = min(pairs, key=lambda pair: (_is_tiny(pair), _length(pair)))
    if not problem.is_affine:
        x, y = _of_ordinary_size(x, y)
    if not problem.is_affine and problem.domain.ball is not None:
        x, y = _shrunk(problem, x, y)
    return verified_collision(problem.layer, problem.domain, x, y)


def _pairs(
    problem: HomogeneousProblem, point: Sequence[int], values: Sequence[int], directions: Sequence[list[int]]
) -> list[Pair]:
    signed = [[sign * value for value in direction] for direction in directions for sign in (1, -1)]
    pairs = (_pair(problem, point, values, direction) for direction in signed)
    return [pair for pair in pairs if pair is not None]


def _pair(
    problem: HomogeneousProblem, point: Sequence[int], values: Sequence[int], direction: Sequence[int]
) -> tuple[list[Fraction], list[Fraction]] | None:
    """``(x, x + eps v)`` with every negative row still at most 0, eps as simple as the rows allow."""
    bound = _largest_step(problem, values, direction)
    start = problem.point_from(point)
    if start is None:
        return None
    if problem.is_affine:
        scale = Fraction(1, point[-1])
        bound = None if bound is None else bound * scale
    longest = max(map(abs, direction))
    if longest > LARGEST_ENTRY:  # no shorter one was found: go as far as the point is from 0, or 1
        reach = max(Fraction(1), *map(abs, start)) / longest
        bound = reach if bound is None else min(bound, reach)
    if bound is None or bound >= 1:
        step = Fraction(1)
    elif not problem.is_affine and 1 / bound <= LARGEST_STRETCH:
        stretch = math.ceil(1 / bound)  # in a cone the point may grow instead
        start, step = [value * stretch for value in start], Fraction(1)
    else:
        step = Fraction(1, 1 << (math.ceil(1 / bound) - 1).bit_length())
    end = [value + step * part for value, part in zip(start, direction, strict=True)]
    if problem.ball is not None:
        share = problem.ball.share_inside(start, end)
        end = [value + share * (other - value) for value, other in zip(start, end, strict=True)]
    return start, end


def _of_ordinary_size(x: list[Fraction], y: list[Fraction]) -> Pair:
    """A pair of a cone without the large integers that thin regions need: divided by a power of two."""
    largest = max(map(abs, (*x, *y)))
    if largest <= LARGEST_ENTRY:
        return x, y
    unit = power_of_two_below(largest)
    return [value / unit for value in x], [value / unit for value in y]


def _is_tiny(pair: Pair) -> bool:
    """Whether the two points are so close that one would take them for equal."""
    x, y = pair
    return max(abs(a - c) for a, c in zip(x, y, strict=True)) * SMALLEST_SHARE < max(map(abs, (*x, *y)))


def _shrunk(problem: HomogeneousProblem, x: list[Fraction], y: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """A pair of a cone, scaled into the ball around 0: a layer without bias scales with it."""
    ball = problem.domain.ball
    longest = max(sum((value * value for value in point), Fraction(0)) for point in (x, y))
    if ball is None or longest <= ball.radius**2:
        return x, y
    halvings = (power_of_two_below(ball.radius**2 / longest).denominator.bit_length()) // 2
    return [value / (1 << halvings) for value in x], [value / (1 << halvings) for value in y]


def _largest_step(problem: HomogeneousProblem, values: Sequence[int], direction: Sequence[int]) -> Fraction | None:
    """The largest t with ``value + t <row, v> <= 0`` for every negative row, None if unbounded."""
    steps = []
    for row, value in zip(problem.rows, values, strict=True):
        slope = sum(a * c for a, c in zip(row[: problem.dimension], direction, strict=True))
        if value < 0 and slope > 0:
            steps.append(Fraction(-value, slope))
    return min(steps, default=None)


def _simplest_point(problem: HomogeneousProblem, point: Sequence[int]) -> Sequence[int]:
    """The coarsest rounding that keeps every negative row negative; the point itself if none does."""
    values = problem.values_at(point)
    negative = [i for i, value in enumerate(values) if value < 0]
    centres = [problem.point_from(point)]
    if len(problem.rows) * problem.columns <= LARGEST_MARGIN_PROGRAM:
        centres.insert(0, _centre(problem, negative))
    for centre in centres:
        for candidate in _roundings(problem, centre):
            if _may_be_negative(problem, negative, candidate) and problem.is_in_ball(candidate):
                rounded = problem.values_at(candidate)
                if all(rounded[i] < 0 for i in negative):
                    return candidate
    return point


def _may_be_negative(problem: HomogeneousProblem, negative: Sequence[int], candidate: Sequence[int]) -> bool:
    """A quick look in floats that spares most exact products; it can only waste a rounding, not a verdict."""
    rows, column_shift = problem.equilibrated
    with np.errstate(all="ignore"):
        point = np.array([nearest_float(Fraction(value)) for value in candidate])
        products = rows[list(negative)] @ (point * np.exp2(-column_shift.astype(float)))
    return bool(np.all(~(products >= 0)))


def _roundings(problem: HomogeneousProblem, centre: list[Fraction] | None) -> Iterator[IntegerRow]:
    """Homogeneous integer points near the centre, on finer and finer grids."""
    if centre is None:
        return
    if not problem.is_affine:
        largest = max((abs(value) for value in centre), default=Fraction(0))
        if largest == 0:
            return
        centre = [value / largest for value in centre]
    for grid in (*COARSE_GRIDS, *(1 << k for k in range(6, 54))):
        rounded = [round(value * grid) for value in centre]
        yield (*rounded, grid) if problem.is_affine else tuple(rounded)


def _centre(problem: HomogeneousProblem, negative: Sequence[int]) -> list[Fraction] | None:
    """A point well inside ``{<h_i, y> < 0, i negative}`` by a float program; a proposal only."""
    rows = problem.equilibrated[0][list(negative)]
    if not len(rows):
        return [Fraction(0)] * problem.dimension
    for _ in range(CUTS_OF_CENTRE):
        centre = _centre_of_rows(problem, rows)
        cut = None if centre is None else _float_cut(problem, centre)
        if cut is None:
            return centre
        rows = np.vstack([rows, cut])
    return centre


def _float_cut(problem: HomogeneousProblem, centre: list[Fraction]) -> NDArray[np.float64] | None:
    """For a centre that is not well inside the ball: the halfspace that touches the ball below it, scaled."""
    ball = problem.ball
    if ball is None or ball.distance_square(centre) < ball.radius**2:
        return None
    middle = ball.interior_point(problem.dimension)
    offsets = np.array([nearest_float(value - c) for value, c in zip(centre, middle, strict=True)])
    with np.errstate(all="ignore"):
        length = float(np.linalg.norm(offsets))
    if not 0 < length < np.inf:
        return None
    normal = offsets / length
    bound = nearest_float(ball.radius) + float(normal @ np.array([nearest_float(c) for c in middle]))
    with np.errstate(all="ignore"):
        row: NDArray[np.float64] = np.array([*normal, -bound]) * np.exp2(problem.equilibrated[1].astype(float))
        row /= np.abs(row).max()
    return row if np.isfinite(row).all() else None


def _centre_of_rows(problem: HomogeneousProblem, rows: NDArray[np.float64]) -> list[Fraction] | None:
    from scipy.optimize import linprog  # slow to import, and only layers that are not injective need it

    norms = np.linalg.norm(rows, axis=1)
    columns = rows.shape[1]
    answer = linprog(
        c=[0.0] * columns + [-1.0],
        A_ub=np.column_stack([rows, norms]),
        b_ub=np.zeros(len(rows)),
        bounds=[(-1.0, 1.0)] * columns + [(0.0, 1.0)],
        method="highs",
    )
    if answer.x is None or not np.isfinite(answer.x).all():
        return None
    return problem.point_from(problem.unscaled(answer.x[:columns].tolist()))


def _length(pair: tuple[list[Fraction], list[Fraction]]) -> int:
    return sum(len(rational_text(value)) for point in pair for value in point)
