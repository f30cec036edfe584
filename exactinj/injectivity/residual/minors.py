"""Looking at all principal minors of a matrix, to see whether they are positive.

One recursion over Schur complements visits the ``2^r - 1`` minors of r rows as pivots: a matrix has the children
without its first row and column, and with it eliminated; its first entry is the quotient of two minors. A level of the
recursion is one array in floats, with a bound of the error beside every entry. What the bound leaves open is computed
in integers, so that no sign rests on rounding. About ``12 * 2^r`` operations. (Tsatsomeros and Li, A recursive test
for P-matrices, 2000, without the bounds.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from exactinj.exact.numbers import nearest_ratio
from exactinj.work.clock import Clock

__all__ = ["AllMinors"]

ROUND = 2.0**-50  # more than the relative error of the few operations that make one entry or bound
TINY = 1e-290  # more than what underflow loses; entries are of size 1 at first

IntegerMatrix = Sequence[Sequence[int]]


class AllMinors:
    """The minors of one integer matrix of at most 20 or so rows; `exact` counts those that floats left open."""

    def __init__(self, matrix: IntegerMatrix) -> None:
        self.matrix = [list(row) for row in matrix]
        self.size = len(matrix)
        self.exact = 0

    def first_bad(self, clock: Clock) -> tuple[tuple[int, ...], int] | None:
        """``(D, i)`` with a positive minor at D and one that is not at D + i; None if all minors are positive."""
        values, errors = self._start()
        masks = np.zeros(1, dtype=np.int64)
        for level in range(self.size):
            clock.check()
            bad = self._settle(values, errors, masks, level)
            if bad is not None:
                return bad
            if level + 1 < self.size:
                values, errors = _children(values, errors)
            masks = np.concatenate([masks, masks | 1 << level])
        return None

    def _start(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        largest = max(abs(value) for row in self.matrix for value in row) or 1
        values = np.array([[[nearest_ratio(value, largest) for value in row] for row in self.matrix]])
        return values, np.abs(values) * ROUND + TINY

    def _settle(
        self, values: NDArray[np.float64], errors: NDArray[np.float64], masks: NDArray[np.int64], level: int
    ) -> tuple[tuple[int, ...], int] | None:
        """Signs of the first entries; where floats leave one open, its matrix is replaced by the exact one, rounded."""
        first, error = values[:, 0, 0], errors[:, 0, 0]
        certain = np.isfinite(values).all(axis=(1, 2)) & np.isfinite(errors).all(axis=(1, 2)) & (np.abs(first) > error)
        negative = np.flatnonzero(certain & (first < 0))
        if negative.size:
            return _members(int(masks[negative[0]])), level
        for node in np.flatnonzero(~certain).tolist():
            self.exact += 1
            members = _members(int(masks[node]))
            matrix = self._schur(members, level)
            if matrix[0][0] <= 0:
                return members, level
            scale = matrix[0][0]
            exact = np.array([[_quotient(value, scale) for value in row] for row in matrix])
            values[node], errors[node] = exact, np.abs(exact) * ROUND + TINY
        return None

    def _schur(self, members: Sequence[int], level: int) -> list[list[fmpq]]:
        """The Schur complement of some rows in the rows from `level` on, exactly."""
        rest = range(level, self.size)
        corner = fmpq_mat(fmpz_mat([[self.matrix[i][j] for j in rest] for i in rest]))
        if members:
            inner = fmpq_mat(fmpz_mat([[self.matrix[i][j] for j in members] for i in members]))
            right = fmpq_mat(fmpz_mat([[self.matrix[i][j] for j in rest] for i in members]))
            left = fmpq_mat(fmpz_mat([[self.matrix[i][j] for j in members] for i in rest]))
            corner -= left * inner.solve(right)
        return [[corner[i, j] for j in range(len(rest))] for i in range(len(rest))]


def _quotient(value: fmpq, scale: fmpq) -> float:
    quotient = value / scale
    return nearest_ratio(int(quotient.p), int(quotient.q))


def _members(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)


def _children(
    values: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The matrices without the first row and column, then the Schur complements; both with error bounds."""
    corner, corner_error = values[:, 1:, 1:], errors[:, 1:, 1:]
    pivot, pivot_error = values[:, :1, :1], errors[:, :1, :1]
    left, left_error = values[:, 1:, :1], errors[:, 1:, :1]
    top, top_error = values[:, :1, 1:], errors[:, :1, 1:]
    with np.errstate(all="ignore"):
        ratio = top / pivot
        ratio_error = (top_error + np.abs(ratio) * pivot_error) / (pivot - pivot_error)
        ratio_error = ratio_error * (1 + ROUND) + np.abs(ratio) * ROUND + TINY
        product = left * ratio
        product_error = np.abs(left) * ratio_error + np.abs(ratio) * left_error + left_error * ratio_error
        schur = corner - product
        schur_error = (corner_error + product_error) * (1 + ROUND) + (np.abs(product) + np.abs(schur)) * ROUND + TINY
    return np.concatenate([corner, schur]), np.concatenate([corner_error, schur_error])
