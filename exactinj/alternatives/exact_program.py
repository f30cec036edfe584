"""The exact linear program behind the tree engine's repairs.

Given the rows of a `HomogeneousProblem` and a set of *allowed* ones, exactly one of these exists
(Gordan's theorem):

* ``lambda >= 0`` on allowed rows, not all zero, with ``sum lambda_i h_i = 0``: a refuter;
* y with ``<h_i, y> < 0`` for every allowed row: a separating point.

On a domain with a ball the point has to lie strictly inside it. If the one that was found does not, the shortest point
x of ``{<w_i, x - c> + b_i' <= 0}`` decides, which is rational (`exact.nonnegative.shortest_point`). If it is shorter
than the radius, a step from it towards the first point is inside. If not, ``x = -sum lambda_i w_i`` with
``<x, z - c> <= |x|^2`` for all z of the ball, and that inequality, added as a cut, makes the lambda a refuter
(`docs/mathematics.md`, balls).

`refuter_or_point` finds it by the first phase of the primal simplex method in rationals, started
from whatever basis floating point arrived at, so that it needs few pivots where floats were nearly
right. Dantzig's rule while the objective moves, Bland's rule while it does not: no cycling.
Each pivot costs one exact inverse of order N + 1 by FLINT and one integer matrix-vector product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow, primitive_row, primitive_vector
from exactinj.exact.nonnegative import float_fit, shortest_point
from exactinj.exact.numbers import nearest_float, rational_from
from exactinj.work.clock import Clock

__all__ = ["SeparatingPoint", "SupportFound", "refuter_or_point", "rounded_cut"]

DIRECTION = 1 << 20  # entries of a rounded cut
AT_ONCE, COLUMNS = 48, 8  # the largest matrix inverted without a look at the clock; columns between two looks
CLEAR = 1e-7  # how much longer than the radius a float point has to be for a rounded cut


@dataclass(frozen=True)
class SupportFound:
    """The rows of a refuter: linearly independent after leaving out any one of them.

    On a ball the last one may be a `cut`, which the problem did not have: its place is that of ``with_cut(cut)``.
    """

    support: tuple[int, ...]
    cut: IntegerRow | None = None


@dataclass(frozen=True)
class SeparatingPoint:
    """An integer vector y with ``<h_i, y> < 0`` for every allowed row."""

    homogeneous: tuple[int, ...]


def refuter_or_point(
    problem: HomogeneousProblem, allowed: Sequence[bool], hint: Sequence[int], clock: Clock
) -> SupportFound | SeparatingPoint:
    """Decide the alternative exactly; `hint` is a list of N + 1 basic columns (M + k: unit vector k)."""
    outcome = _refuter_or_point(problem, allowed, hint, clock)
    if isinstance(outcome, SeparatingPoint) and not problem.is_in_ball(outcome.homogeneous):
        clock.check()
        return _tangent_or_point(problem, allowed, outcome)
    return outcome


def rounded_cut(problem: HomogeneousProblem, allowed: Sequence[bool]) -> IntegerRow | None:
    """A cut with short numbers that separates the ball from ``{<h_i, y> < 0, i allowed}``, if floats see one.

    The cut is true whatever floats said; only how much it helps is their proposal.
    """
    _, rows = _around_center(problem, allowed)
    weights = _float_multipliers(rows)
    if weights is None or problem.ball is None:
        return None
    floats = np.array([[nearest_float(Fraction(value)) for value in row[:-1]] for row in rows])
    with np.errstate(all="ignore"):
        point = -(weights @ floats)
        length = float(np.linalg.norm(point))
    if not (math.isfinite(length) and length > nearest_float(problem.ball.radius) * (1 + CLEAR)):
        return None
    direction = [round(value) for value in (point / length * DIRECTION).tolist()]
    square = sum(value * value for value in direction)
    bound = problem.ball.radius * Fraction(math.isqrt(square << 64) + 1, 1 << 32)
    return problem.cut_row(direction, bound)


def _around_center(problem: HomogeneousProblem, allowed: Sequence[bool]) -> tuple[list[int], list[IntegerRow]]:
    """The places of the allowed rows that are no cuts, and these rows as ``(w, b')`` with ``g = <w, x - c> + b'``."""
    chosen = [i for i in range(problem.slack) if allowed[i]]
    ball = problem.ball
    if ball is None or not any(ball.center or ()):
        return chosen, [problem.rows[i] for i in chosen]
    center = ball.interior_point(problem.dimension)
    rows = []
    for i in chosen:
        *weights, offset = problem.rows[i]
        moved = offset + sum((a * c for a, c in zip(weights, center, strict=True)), Fraction(0))
        factor = moved.denominator
        rows.append((*(factor * a for a in weights), int(factor * moved)))
    return chosen, rows


def _float_multipliers(rows: Sequence[IntegerRow]) -> np.ndarray | None:
    """The multipliers of the shortest point in floats; None if floats see no point."""
    floats = np.array([[nearest_float(Fraction(value)) for value in row] for row in rows])
    if not len(floats) or not np.isfinite(floats).all():
        return None
    floats[:, :-1] *= -1.0
    weights = float_fit(floats, np.eye(floats.shape[1])[-1])
    last = 1.0 - float(weights @ floats[:, -1])
    return weights / last if last > 0 else None


def _tangent_or_point(
    problem: HomogeneousProblem, allowed: Sequence[bool], outside: SeparatingPoint
) -> SupportFound | SeparatingPoint:
    """The alternative on the ball, given a point that has every sign and lies outside."""
    chosen, rows = _around_center(problem, allowed)
    weights = _float_multipliers(rows)
    shortest = shortest_point(rows, () if weights is None else np.flatnonzero(weights).tolist())
    ball, start = problem.ball, problem.point_from(outside.homogeneous)
    if ball is None or start is None or shortest.point is None:
        raise InternalError("a point outside a ball has no shortest companion; please report this")
    square = sum((value * value for value in shortest.point), Fraction(0))
    if square >= ball.radius**2:
        direction, scale = primitive_row(rational_from(value) for value in shortest.point)
        cut = problem.cut_row(direction, square * scale)
        return SupportFound((*sorted(chosen[k] for k in shortest.multipliers), len(problem.rows)), cut)
    center = ball.interior_point(problem.dimension)
    near = [value + c for value, c in zip(shortest.point, center, strict=True)] if rows else center
    share = ball.share_inside(near, start) / 2  # half of it stays strictly inside
    x = [a + share * (c - a) for a, c in zip(near, start, strict=True)]
    return SeparatingPoint(primitive_vector((*x, 1)))


def _refuter_or_point(
    problem: HomogeneousProblem, allowed: Sequence[bool], hint: Sequence[int], clock: Clock
) -> SupportFound | SeparatingPoint:
    """The alternative for the rows alone."""
    program = _Program(problem, allowed, clock)
    basis, inverse = program.start(hint)
    stalled = False
    while True:
        clock.check()
        weights = [inverse[i, program.columns] for i in range(program.size)]
        barred = [program.is_barred(column) for column in basis]
        objective = sum((weights[i] for i in range(program.size) if barred[i]), fmpq(0))
        if objective == 0:
            return SupportFound(tuple(sorted(j for j, value in zip(basis, weights, strict=True) if value > 0)))
        dual = [sum((inverse[i, k] for i in range(program.size) if barred[i]), fmpq(0)) for k in range(program.size)]
        entering = program.price(dual, bland=stalled)
        if entering is None:
            return SeparatingPoint(primitive_row(dual[: program.columns])[0])
        leaving = program.leaving_position(basis, inverse, weights, entering)
        stalled = weights[leaving] == 0
        basis[leaving] = entering
        inverse = program.inverse_of(basis)


def _inverse(matrix: fmpq_mat, clock: Clock) -> fmpq_mat:
    """The exact inverse, a few columns at a time: that takes no longer, and one of size 150 takes several seconds."""
    size = matrix.nrows()
    if size <= AT_ONCE:
        return matrix.inv()
    inverse = fmpq_mat(size, size)
    for first in range(0, size, COLUMNS):
        clock.check()
        units = fmpq_mat(size, min(COLUMNS, size - first))
        for k in range(units.ncols()):
            units[first + k, k] = 1
        solution = matrix.solve(units, algorithm="dixon")  # type: ignore[call-arg]
        for i in range(size):
            for k in range(units.ncols()):
                inverse[i, first + k] = solution[i, k]
    return inverse


class _Program:
    """Columns ``(h_j, 1)``; the artificial column M + k is the k-th unit vector."""

    def __init__(self, problem: HomogeneousProblem, allowed: Sequence[bool], clock: Clock) -> None:
        self.clock = clock
        self.rows = [(*row, 1) for row in problem.rows]
        self.matrix = fmpz_mat([list(row) for row in self.rows])
        self.allowed = allowed
        self.columns = problem.columns
        self.size = problem.columns + 1

    def is_barred(self, column: int) -> bool:
        return column >= len(self.rows) or not self.allowed[column]

    def inverse_of(self, basis: Sequence[int]) -> fmpq_mat:
        """The exact inverse of the basis matrix; ZeroDivisionError if it is singular."""
        columns = [
            list(self.rows[j]) if j < len(self.rows) else [int(k == j - len(self.rows)) for k in range(self.size)]
            for j in basis
        ]
        return _inverse(fmpq_mat(fmpz_mat(columns).transpose()), self.clock)

    def start(self, hint: Sequence[int]) -> tuple[list[int], fmpq_mat]:
        """The hinted basis if it is exactly feasible, else the artificial one."""
        if len(set(hint)) == self.size:
            try:
                inverse = self.inverse_of(hint)
            except ZeroDivisionError:
                pass
            else:
                if all(inverse[i, self.columns] >= 0 for i in range(self.size)):
                    return list(hint), inverse
        basis = [len(self.rows) + k for k in range(self.size)]
        return basis, self.inverse_of(basis)

    def price(self, dual: Sequence[fmpq], *, bland: bool) -> int | None:
        """An allowed column with negative reduced cost: the first for Bland, else the most negative."""
        vector = primitive_row(dual)[0]
        products = (self.matrix * fmpz_mat([[value] for value in vector])).entries()
        best, entering = fmpz(0), None
        for j, product in enumerate(products):
            if self.allowed[j] and product > best:
                best, entering = product, j
                if bland:
                    break
        return entering

    def leaving_position(self, basis: Sequence[int], inverse: fmpq_mat, weights: Sequence[fmpq], entering: int) -> int:
        direction = inverse * fmpz_mat([[value] for value in self.rows[entering]])
        candidates = [(weights[i] / direction[i, 0], basis[i], i) for i in range(self.size) if direction[i, 0] > 0]
        return min(candidates)[2]
