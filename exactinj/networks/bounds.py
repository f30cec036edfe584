"""Intervals that hold the image of each cell in a few directions: most pairs of cells lie apart in one of them.

For an affine function F of x (a direction of the output, on a cell) and functions h_i >= 0 of the cell whose gradients
are independent, ``F + sum lambda_i h_i = u`` with ``lambda_i > 0`` proves ``F <= u`` on the cell. Floats propose the
vertex at which these h_i vanish and the directions that tell most pairs apart; the lambda are solved for in rationals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactinj.exact.numbers import fraction_of, nearest_float
from exactinj.networks.cells import Cell
from exactinj.work.clock import Clock

__all__ = ["Bound", "CellBounds", "bounds_of_cells"]

FEWEST_CELLS = 48  # fewer are compared pair by pair
MOST_VERTICES = 20_000  # of candidates at one cell
MOST_DIRECTIONS = 12
RANDOM_DIRECTIONS = 24
LARGEST_FACTOR = 3
SAMPLED_CELLS = 1000  # by which directions are chosen
LEAST_GAIN = 0.01  # of all pairs, for one more direction
TOLERANCE = 1e-9
MOST_TRIES = 8
GATHER = 4  # rows between two looks at what is left
SPACE = 3  # inputs for which minors are written out

Floats = NDArray[np.float64]
Direction = tuple[int, ...]


@dataclass(frozen=True)
class Bound:
    """``F <= value`` on a cell (for a lower bound ``-F <= -value``), by the functions with these numbers."""

    value: Fraction
    support: tuple[int, ...]


@dataclass(frozen=True)
class CellBounds:
    """Directions of the output, and for each cell (upper, lower) in every direction, None where there is no bound."""

    directions: tuple[Direction, ...]
    bounds: tuple[tuple[tuple[Bound | None, Bound | None], ...], ...]


@dataclass(frozen=True)
class _Corners:
    """Extreme rays (x, t) of a cell in floats, t = 1 or 0, and per ray the rows that vanish there."""

    points: Floats
    subsets: NDArray[np.int64]


def bounds_of_cells(
    cells: Sequence[Cell], named: Sequence[Sequence[tuple[int, Sequence[int]]]], clock: Clock
) -> CellBounds:
    """Bounds of the images; `named` are the functions of each cell with their numbers. Perhaps without directions."""
    nothing = CellBounds((), ((),) * len(cells))
    if len(cells) < FEWEST_CELLS:
        return nothing
    corners = []
    for rows in named:
        clock.check()
        corners.append(_corners([row for _, row in rows]))
    if any(found is None for found in corners):
        return nothing
    known = [found for found in corners if found is not None]
    maps = [_float_map(cell) for cell in cells]
    directions = _directions(maps, known)
    bounds = []
    for cell, rows, found in zip(cells, named, known, strict=True):
        clock.check()
        bounds.append(tuple(_both_bounds(cell, rows, found, direction) for direction in directions))
    return CellBounds(directions, tuple(bounds))


def _corners(rows: Sequence[Sequence[int]]) -> _Corners | None:
    """By all choices of n rows; None if there are too many."""
    n = len(rows[0]) - 1 if rows else 0
    if not rows or len(rows) < n or comb(len(rows) + 1, n) > MOST_VERTICES:
        return None
    matrix = np.array([_normalised(row) for row in [*rows, (*(0,) * n, 1)]])
    subsets = _subsets(len(rows) + 1, n)
    vectors = _orthogonal(matrix, subsets)
    lengths = np.abs(vectors).max(axis=0)
    kept = lengths > TOLERANCE
    vectors, subsets, signs = _inside(matrix, vectors[:, kept] / lengths[kept], subsets[kept])
    points = (vectors * signs).T
    last = points[:, -1]
    finite = last > TOLERANCE
    points[finite] /= last[finite, None]
    points[~finite, -1] = 0.0
    return _Corners(points, subsets)


def _inside(matrix: Floats, vectors: Floats, subsets: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """The vectors that are, or whose opposites are, nonnegative on all rows; with the sign that makes them so.

    Row by row, and what is left is gathered now and then: most vectors fail early.
    """
    positive = np.ones(vectors.shape[1], dtype=bool)
    negative = np.ones(vectors.shape[1], dtype=bool)
    for number, row in enumerate(matrix[::-1]):
        values = sum(entry * part for entry, part in zip(row, vectors, strict=True))
        positive &= values >= -TOLERANCE
        negative &= values <= TOLERANCE
        if number % GATHER == GATHER - 1 or number == len(matrix) - 1:
            left = positive | negative
            vectors, subsets = vectors[:, left], subsets[left]
            positive, negative = positive[left], negative[left]
    return vectors, subsets, np.where(positive, 1.0, -1.0)


@lru_cache(maxsize=64)
def _subsets(count: int, size: int) -> NDArray[np.int64]:
    return np.array(list(combinations(range(count), size)), dtype=np.int64)


def _orthogonal(matrix: Floats, subsets: NDArray[np.int64]) -> Floats:
    """For each choice of n rows of n + 1 entries the vector of their minors, which is orthogonal to them."""
    n = subsets.shape[1]
    if n == SPACE:
        a, b, c = (matrix[subsets[:, k]].T for k in range(SPACE))
        minor = {(i, j): b[i] * c[j] - b[j] * c[i] for i, j in combinations(range(SPACE + 1), 2)}
        columns = [[j for j in range(SPACE + 1) if j != k] for k in range(SPACE + 1)]
        signed = [
            (-1) ** k * (a[i] * minor[j, h] - a[j] * minor[i, h] + a[h] * minor[i, j])
            for k, (i, j, h) in enumerate(columns)
        ]
        return np.stack(signed)
    chosen = matrix[subsets]
    return np.stack([(-1) ** k * np.linalg.det(np.delete(chosen, k, axis=2)) for k in range(n + 1)])


def _normalised(row: Sequence[int]) -> list[float]:
    largest = max(map(abs, row))
    return [value / largest for value in row]


def _float_map(cell: Cell) -> Floats:
    return np.array([[nearest_float(fraction_of(value)) for value in row] for row in cell.output_rows])


# ------------------------------------------------------------------ directions, in floats


def _directions(maps: Sequence[Floats], corners: Sequence[_Corners]) -> tuple[Direction, ...]:
    """Coordinates and random vectors, greedily: each the one that tells apart most of the pairs that are left."""
    outputs = maps[0].shape[0]
    rng = np.random.default_rng(0)
    candidates = np.vstack(
        [
            np.eye(outputs, dtype=np.int64)[: 4 * MOST_DIRECTIONS],
            rng.integers(-LARGEST_FACTOR, LARGEST_FACTOR + 1, size=(RANDOM_DIRECTIONS, outputs)),
        ]
    )
    step = -(-len(maps) // SAMPLED_CELLS)
    upper, lower = _intervals(maps[::step], corners[::step], candidates)
    left = np.triu(np.ones((upper.shape[1], upper.shape[1]), dtype=bool), 1)
    least = LEAST_GAIN * left.sum()
    chosen: list[Direction] = []
    apart = [_apart(upper[k], lower[k]) for k in range(len(candidates))]
    while len(chosen) < MOST_DIRECTIONS:
        gains = [int((table & left).sum()) for table in apart]
        best = int(np.argmax(gains))
        if gains[best] <= least:
            break
        chosen.append(tuple(int(value) for value in candidates[best]))
        left &= ~apart[best]
    return tuple(chosen)


def _intervals(
    maps: Sequence[Floats], corners: Sequence[_Corners], directions: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Per direction and cell the largest and the smallest value."""
    upper = np.empty((len(directions), len(maps)))
    lower = np.empty_like(upper)
    for c, (affine, found) in enumerate(zip(maps, corners, strict=True)):
        values = found.points @ (directions @ affine).T
        rays = found.points[:, -1] == 0
        scale = TOLERANCE * np.abs(values).max(axis=0, initial=1.0)
        upper[:, c] = values[~rays].max(axis=0, initial=-np.inf)
        lower[:, c] = values[~rays].min(axis=0, initial=np.inf)
        upper[(values[rays] > scale).any(axis=0), c] = np.inf
        lower[(values[rays] < -scale).any(axis=0), c] = -np.inf
    return upper, lower


def _apart(upper: Floats, lower: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        room = TOLERANCE * (1.0 + np.abs(np.where(np.isfinite(upper), upper, 0.0)))
        first = upper[:, None] + room[:, None] < lower[None, :]
        table: NDArray[np.bool_] = first | first.T
    return table


# ------------------------------------------------------------------ bounds, exactly


def _both_bounds(
    cell: Cell, rows: Sequence[tuple[int, Sequence[int]]], corners: _Corners, direction: Direction
) -> tuple[Bound | None, Bound | None]:
    function = [
        sum((factor * row[k] for factor, row in zip(direction, cell.output_rows, strict=True) if factor), fmpq(0))
        for k in range(cell.outputs.ncols())
    ]
    upper = _upper_bound(function, rows, corners)
    lower = _upper_bound([-value for value in function], rows, corners)
    return upper, None if lower is None else Bound(-lower.value, lower.support)


def _upper_bound(
    function: Sequence[fmpq], rows: Sequence[tuple[int, Sequence[int]]], corners: _Corners
) -> Bound | None:
    """The best bound, if floats see it."""
    if not any(function[:-1]):
        return Bound(fraction_of(function[-1]), ())
    floats = np.array([nearest_float(fraction_of(value)) for value in function])
    values = corners.points @ floats
    rays = corners.points[:, -1] == 0
    scale = TOLERANCE * max(float(np.abs(values).max(initial=0.0)), 1.0)
    if not (~rays).any() or (values[rays] > scale).any():
        return None
    best = values[~rays].max()
    places = np.flatnonzero(~rays & (values >= best - scale))[:MOST_TRIES]
    for place in places:
        bound = _exact_bound(function, rows, corners.subsets[place].tolist())
        if bound is not None:
            return bound
    return None


def _exact_bound(
    function: Sequence[fmpq], rows: Sequence[tuple[int, Sequence[int]]], chosen: Sequence[int]
) -> Bound | None:
    """Multipliers of the chosen rows with ``F + sum lambda_i h_i`` constant; None unless they are nonnegative."""
    n = len(function) - 1
    if max(chosen) >= len(rows):
        return None
    matrix = fmpq_mat(n, n, [fmpq(rows[k][1][j]) for j in range(n) for k in chosen])
    try:
        factors = matrix.solve(fmpq_mat(n, 1, [-value for value in function[:-1]])).entries()
    except ZeroDivisionError:
        return None
    if min(factors) < 0:
        return None
    value = function[-1]
    for factor, k in zip(factors, chosen, strict=True):
        value = value + factor * rows[k][1][-1]
    return Bound(
        fraction_of(value), tuple(sorted(rows[k][0] for factor, k in zip(factors, chosen, strict=True) if factor))
    )
