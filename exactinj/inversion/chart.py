"""Affine subspaces of R^n as integer charts, and the exact solution of linear equations.

A chart has d directions N and a point ``X / D``, all integers: x runs through ``(N t + X tau) / (D tau)`` for t in
R^d and ``tau > 0``. Equations are solved on pivot rows and columns, which a prime proposes: one square system over Q
(p-adic lifting in FLINT) with d + 1 right sides, and a product with all rows that settles it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpz_mat

from exactinj.exact.matrix import IntegerRow, independent_rows, primitive_row
from exactinj.exact.numbers import fraction_of, rational_from

__all__ = ["Chart", "Contradiction", "Pivots", "chart_of", "combination", "combined"]

MOST_REDUCED = 24  # directions in larger spaces stay as they come


@dataclass(frozen=True)
class Pivots:
    """Places of independent equations, and of the columns on which they are."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Contradiction:
    """Multipliers by equation whose combination is the constant 0 != 0, positive."""

    multipliers: dict[int, Fraction]


@dataclass(frozen=True)
class Chart:
    """All solutions of some equations.

    Attributes
    ----------
    columns : d + 1 integer vectors of length n + 1: directions ``(N_k, 0)``, and last ``(X, D)`` with D > 0
    pivots : of the equations that it solves
    """

    columns: tuple[IntegerRow, ...]
    pivots: Pivots

    @property
    def dimension(self) -> int:
        return len(self.columns) - 1

    def pulled_back(self, rows: Sequence[IntegerRow]) -> list[IntegerRow]:
        """Rows ``(a, c)`` on R^n as rows on ``(t, tau)``."""
        if not rows:
            return []
        product = fmpz_mat([list(row) for row in rows]) * fmpz_mat([list(c) for c in self.columns]).transpose()
        return [tuple(map(int, row)) for row in product.tolist()]

    def point(self, t: Sequence[Fraction]) -> list[Fraction]:
        """The x with these coordinates, ``tau = 1``."""
        *directions, (*start, scale) = self.columns
        x = [Fraction(value, scale) for value in start]
        for factor, direction in zip(t, directions, strict=True):
            if factor:
                x = [value + factor * Fraction(step, scale) for value, step in zip(x, direction, strict=False)]
        return x

    def followed_by(self, inner: Chart) -> Chart:
        """The chart of a subspace that is given by a chart of these coordinates."""
        product = fmpz_mat([list(c) for c in inner.columns]) * fmpz_mat([list(c) for c in self.columns])
        columns = [tuple(map(int, column)) for column in product.tolist()]
        return Chart(tuple(_shortened(columns)), self.pivots)


def chart_of(equations: Sequence[IntegerRow], n: int) -> Chart | Contradiction:
    """All solutions of ``<a, x> + c = 0``, or why there are none; exact.

    >>> chart_of([(1, 1, -2)], 2).columns
    ((-1, 1, 0), (2, 0, 1))
    >>> chart_of([(1, 1, -2), (2, 2, -2)], 2)
    Contradiction(multipliers={1: Fraction(1, 1), 0: Fraction(-2, 1)})
    """
    weights = [row[:-1] for row in equations]
    rows = independent_rows(weights)
    pivots = Pivots(tuple(rows), tuple(independent_rows(_transposed([weights[i] for i in rows], n))))
    chart = _solved(equations, n, pivots)
    residuals = chart.pulled_back(equations)
    if any(any(row[:-1]) for row in residuals):  # the prime missed a row
        pivots = _rational_pivots(weights, n)
        chart = _solved(equations, n, pivots)
        residuals = chart.pulled_back(equations)
    wrong = next((i for i, row in enumerate(residuals) if row[-1]), None)
    if wrong is None:
        return chart
    sign = 1 if residuals[wrong][-1] > 0 else -1
    shares = combination(equations, pivots, [Fraction(sign * value) for value in weights[wrong]])
    return Contradiction({wrong: Fraction(sign), **{i: -share for i, share in shares.items()}})


def combination(
    equations: Sequence[IntegerRow], pivots: Pivots, target: Sequence[Fraction | int]
) -> dict[int, Fraction]:
    """Coefficients with which the pivot equations' gradients add up to a target in their span."""
    if not pivots.rows:
        return {}
    square = fmpz_mat([[equations[i][j] for i in pivots.rows] for j in pivots.columns])
    integers, scale = primitive_row(rational_from(target[j]) for j in pivots.columns)
    solution = square.solve(fmpz_mat([[value] for value in integers]))
    shares = {i: fraction_of(fmpq(solution[k, 0])) / scale for k, i in enumerate(pivots.rows)}
    return {i: share for i, share in shares.items() if share}


def combined(rows: Sequence[IntegerRow], multipliers: dict[int, Fraction]) -> list[Fraction]:
    """The sum of multiples of rows, in integers over one denominator."""
    places = list(multipliers)
    if not places:
        return [Fraction(0)] * len(rows[0])
    values = [multipliers[i] for i in places]
    integers, scale = primitive_row(fmpq(value.numerator, value.denominator) for value in values)
    total = fmpz_mat([list(integers)]) * fmpz_mat([list(rows[i]) for i in places])
    return [Fraction(int(value)) / scale for value in total.entries()]


def _transposed(rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
    return [[row[j] for row in rows] for j in range(n)] if rows else []


def _rational_pivots(weights: Sequence[Sequence[int]], n: int) -> Pivots:
    """The same over Q."""

    def first_independent(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
        echelon, _, rank = fmpz_mat([list(row) for row in rows]).transpose().rref()
        return tuple(next(j for j in range(len(rows)) if echelon[i, j]) for i in range(rank))

    rows = first_independent(weights)
    return Pivots(rows, first_independent(_transposed([weights[i] for i in rows], n)))


def _solved(equations: Sequence[IntegerRow], n: int, pivots: Pivots) -> Chart:
    """The solutions of the pivot equations; columns that are no pivots are free."""
    taken = set(pivots.columns)
    free = [j for j in range(n) if j not in taken]
    columns: list[list[fmpq]] = [[fmpq(0)] * n for _ in range(len(free) + 1)]
    for column, j in zip(columns, free, strict=False):
        column[j] = fmpq(1)
    if pivots.rows:
        square = fmpz_mat([[equations[i][j] for j in pivots.columns] for i in pivots.rows])
        right = fmpz_mat([[-equations[i][j] for j in (*free, n)] for i in pivots.rows])
        solution = square.solve(right)
        for k, column in enumerate(columns):
            for r, j in enumerate(pivots.columns):
                column[j] = fmpq(solution[r, k])
    directions = [(*primitive_row(column)[0], 0) for column in columns[:-1]]
    *start, scale = primitive_row([*columns[-1], fmpq(1)])[0]
    return Chart(tuple(_shortened([*directions, (*start, scale)])), pivots)


def _shortened(columns: Sequence[IntegerRow]) -> list[IntegerRow]:
    """The same chart with short directions and a primitive point."""
    *directions, start = columns
    content = math.gcd(*start)
    if len(directions) > 1 and len(start) <= MOST_REDUCED:
        reduced = fmpz_mat([list(direction) for direction in directions]).lll()
        directions = [tuple(map(int, row)) for row in reduced.tolist()]
    primitive = [tuple(value // math.gcd(*direction) for value in direction) for direction in directions]
    return [*primitive, tuple(value // content for value in start)]
