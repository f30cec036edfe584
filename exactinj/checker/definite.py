"""Whether a symmetric integer matrix is positive definite, exactly.

Small ones by elimination. For large ones its numbers would grow too long: an integer L with L L^T a little below the
matrix is computed as in Cholesky's method, rounding down, and if the exact difference is strictly diagonally dominant
with a positive diagonal, the matrix is a sum of a semidefinite and a definite one. How L came about is of no concern.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from exactinj.checker.rationals import Vector

__all__ = ["is_definite", "is_semidefinite"]

_ELIMINATED, _ELIMINATED_AT_MOST = 24, 64  # rows: at once, and if the other way fails
_FACTOR_BITS = 60


def is_definite(matrix: Sequence[Vector]) -> bool | None:
    """None if the matrix is large, and so close to a singular one that it is not decided."""
    size = len(matrix)
    if min(matrix[i][i] for i in range(size)) <= 0:
        return False
    if size <= _ELIMINATED:
        return _by_elimination(matrix)
    if _by_factor(matrix):
        return True
    return _by_elimination(matrix) if size <= _ELIMINATED_AT_MOST else None


def is_semidefinite(matrix: Sequence[Vector]) -> bool:
    """No eigenvalue is negative: by elimination (Bareiss); a zero on the diagonal comes with a row of zeros."""
    rows, divisor = [list(row) for row in matrix], 1
    while rows:
        head = rows[0]
        pivot = head[0]
        tail = head[1:]
        if pivot < 0 or (not pivot and any(tail)):
            return False
        if not pivot:
            rows = [row[1:] for row in rows[1:]]
            continue
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows[1:]]
        divisor = pivot
    return True


def _by_elimination(matrix: Sequence[Vector]) -> bool:
    """All leading minors are positive (Bareiss)."""
    rows, divisor = [list(row) for row in matrix], 1
    while rows:
        head = rows[0]
        pivot = head[0]
        if pivot <= 0:
            return False
        tail = head[1:]
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows[1:]]
        divisor = pivot
    return True


def _by_factor(matrix: Sequence[Vector]) -> bool:
    """Rows and columns are scaled by powers of two first, so that the diagonal is about 4^_FACTOR_BITS."""
    size = len(matrix)
    shifts = [_FACTOR_BITS - matrix[i][i].bit_length() // 2 for i in range(size)]
    lift = max(0, -2 * min(shifts))
    scaled = [[value << (shifts[i] + shifts[j] + lift) for j, value in enumerate(row)] for i, row in enumerate(matrix)]
    factor = _rounded_factor([[value >> lift for value in row] for row in scaled])
    if factor is None:
        return False
    for i, row in enumerate(scaled):
        products = (sum(map(mul, factor[i], other)) for other in factor)  # rows of L end at the diagonal
        rest = [value - (product << lift) for value, product in zip(row, products, strict=True)]
        if 2 * rest[i] <= sum(map(abs, rest)):
            return False
    return True


def _rounded_factor(matrix: Sequence[Vector]) -> list[list[int]] | None:
    """The rows of L, each up to its diagonal entry; None where a square root fails."""
    size = len(matrix)
    room = 4 * size << _FACTOR_BITS
    rows: list[list[int]] = []
    for i in range(size):
        row: list[int] = []
        for j in range(i):
            row.append((matrix[i][j] - sum(map(mul, row, rows[j]))) // rows[j][j])
        square = matrix[i][i] - room - sum(map(mul, row, row))
        if square <= 0:
            return None
        row.append(math.isqrt(square))
        if not row[-1]:
            return None
        rows.append(row)
    return rows
