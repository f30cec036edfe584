"""Nonnegative least squares in rationals: projections onto cones, exactly.

``min |f - sum_i lambda_i a_i|`` over ``lambda >= 0`` is the projection of f onto the cone of the a_i; the residual is
its projection onto the polar cone ``{x : <x, a_i> <= 0 for every i}`` (J. J. Moreau 1962). Least-norm points of
polyhedra are the same problem (C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23).

The active-set method of Lawson and Hanson runs in exact arithmetic, started from the support that floats arrive at. In
exact arithmetic it terminates: every step lowers the residual, and the residual belongs to one of
finitely many sets of columns. A right hint leaves one linear system and one product with all columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from numpy.typing import NDArray

from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import fraction_of

__all__ = ["NonnegativeFit", "ShortestPoint", "float_fit", "nonnegative_fit", "shortest_point"]

Floats = NDArray[np.float64]

SUPPORT_WEIGHT = 1e-11  # float weights above it are proposed; exact arithmetic decides


@dataclass(frozen=True)
class NonnegativeFit:
    """The optimum: positive coefficients by column, and the residual ``f - sum lambda_i a_i``.

    The columns with a coefficient are linearly independent; the residual is orthogonal to them and has no positive
    product with any column.
    """

    coefficients: dict[int, Fraction]
    residual: tuple[Fraction, ...]

    @property
    def square(self) -> Fraction:
        """The squared length of the residual."""
        return sum((value * value for value in self.residual), Fraction(0))


def float_fit(columns: Floats, target: Floats) -> Floats:
    """The coefficients of the rows of `columns` (k, d) in floats; a proposal. Zeros if the method fails."""
    if not len(columns):
        return np.zeros(0)
    from scipy.optimize import nnls

    lengths = np.sqrt(np.einsum("ij,ij->i", columns, columns))
    lengths[lengths == 0] = np.inf
    try:
        weights, _ = nnls((columns / lengths[:, None]).T, target)
    except RuntimeError:  # too many iterations
        return np.zeros(len(columns))
    weights[~(weights > SUPPORT_WEIGHT * np.max(weights, initial=0.0))] = 0.0
    scaled: Floats = weights / lengths
    return scaled


def nonnegative_fit(columns: Sequence[IntegerRow], target: Sequence[int], hint: Iterable[int] = ()) -> NonnegativeFit:
    """The exact optimum for integer columns a_i and an integer target f, all of one length.

    >>> nonnegative_fit([(1, 0), (1, 1)], (-1, 2))
    NonnegativeFit(coefficients={1: Fraction(1, 2)}, residual=(Fraction(-3, 2), Fraction(3, 2)))
    """
    return _ActiveSet(columns, target).solve(hint)


class _ActiveSet:
    """The state of one solution; `chosen` maps passive columns to their positive coefficients."""

    def __init__(self, columns: Sequence[IntegerRow], target: Sequence[int]) -> None:
        self.columns = columns
        self.target = target
        self.matrix = fmpz_mat([list(column) for column in columns]) if columns else None
        self.chosen: dict[int, fmpq] = {}

    def solve(self, hint: Iterable[int]) -> NonnegativeFit:
        self._start(list(hint))
        while True:
            residual = self._residual()
            entering = self._most_violated(residual)
            if entering is None:
                coefficients = {i: fraction_of(value) for i, value in sorted(self.chosen.items())}
                return NonnegativeFit(coefficients, tuple(fraction_of(value) for value in residual))
            self._enter(entering)

    def _start(self, hint: list[int]) -> None:
        """The part of the hint whose least-squares coefficients are positive; nothing if it is dependent."""
        while hint:
            best = self._least_squares(hint)
            if best is None:
                return
            if min(best.values()) > 0:
                self.chosen = best
                return
            hint = [i for i in hint if best[i] > 0]

    def _least_squares(self, chosen: Sequence[int]) -> dict[int, fmpq] | None:
        """Coefficients of the unconstrained optimum over these columns, None if they are dependent."""
        part = fmpz_mat([list(self.columns[i]) for i in chosen])
        right = part * fmpz_mat([[value] for value in self.target])
        try:
            solution = (part * part.transpose()).solve(right)
        except ZeroDivisionError:
            return None
        return {i: fmpq(solution[k, 0]) for k, i in enumerate(chosen)}

    def _residual(self) -> list[fmpq]:
        residual = [fmpq(value) for value in self.target]
        for i, factor in self.chosen.items():
            residual = [value - factor * entry for value, entry in zip(residual, self.columns[i], strict=True)]
        return residual

    def _most_violated(self, residual: list[fmpq]) -> int | None:
        """A column with a positive product with the residual, or None at the optimum."""
        if self.matrix is None or not any(residual):
            return None
        direction = primitive_row(residual)[0]
        products = (self.matrix * fmpz_mat([[value] for value in direction])).entries()
        best, entering = fmpz(0), None
        for i, product in enumerate(products):
            if product > best and i not in self.chosen:
                best, entering = product, i
        return entering

    def _enter(self, entering: int) -> None:
        """Add a column, and walk to the optimum over the passive ones, dropping those that reach zero."""
        self.chosen[entering] = fmpq(0)
        while True:
            best = self._least_squares(list(self.chosen))
            if best is None:  # impossible: the residual is orthogonal to the passive columns, not to the new one
                raise ArithmeticError("dependent columns in an exact active-set step")
            if min(best.values()) > 0:
                self.chosen = best
                return
            share = min(self.chosen[i] / (self.chosen[i] - value) for i, value in best.items() if value <= 0)
            moved = {i: old + share * (best[i] - old) for i, old in self.chosen.items()}
            self.chosen = {i: value for i, value in moved.items() if value > 0}


@dataclass(frozen=True)
class ShortestPoint:
    """The shortest point of a polyhedron, or the proof that it is empty.

    point : the x of least norm with ``<w_i, x> + b_i <= 0`` for every row, or None if there is none
    multipliers : ``lambda_i > 0`` by row. With a point: ``x = -sum lambda_i w_i``, only on rows that are 0 at x.
        Without one: ``sum lambda_i w_i = 0`` and ``sum lambda_i b_i = 1``
    """

    point: tuple[Fraction, ...] | None
    multipliers: dict[int, Fraction]


def shortest_point(rows: Sequence[IntegerRow], hint: Iterable[int] = ()) -> ShortestPoint:
    """Least distance programming (Lawson and Hanson, chapter 23), exact, for integer rows ``(w_i, b_i)``.

    Fit ``(0, ..., 0, 1)`` by the columns ``(-w_i, b_i)``. A zero residual is a contradiction between the rows. Else
    the residual ``(sum u_i w_i, 1 - sum u_i b_i)`` has a positive last entry rho, namely its squared length, and
    ``-sum u_i w_i / rho`` is the point.

    >>> shortest_point([(-1, 0, 2), (1, -1, 1)]).point
    (Fraction(2, 1), Fraction(3, 1))
    """
    width = len(rows[0]) - 1 if rows else 0
    columns = [(*(-value for value in row[:-1]), row[-1]) for row in rows]
    fit = nonnegative_fit(columns, (*([0] * width), 1), hint)
    last = fit.residual[-1]
    if last == 0:
        return ShortestPoint(None, fit.coefficients)
    point = tuple(-value / last for value in fit.residual[:-1])
    return ShortestPoint(point, {i: value / last for i, value in fit.coefficients.items()})
