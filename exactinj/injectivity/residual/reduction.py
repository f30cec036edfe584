"""What is left of a block's matrix when the units that keep their sign on the domain are taken out.

With O the units that are nonnegative on the domain and Z those that are nonpositive, V the others, the matrix is
``N = M_VV - M_VO M_OO^-1 M_OV``; where N has positive principal minors, the block is injective on the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from exactinj.domains import Domain
from exactinj.exact.matrix import primitive_row
from exactinj.layers.residual import ResidualBlock

__all__ = ["Reduction", "integer_multiple", "reduction"]


@dataclass(frozen=True)
class Reduction:
    """The units that are left, a positive integer multiple of N, and the units that were taken out."""

    units: tuple[int, ...]
    matrix: list[list[int]]
    active: tuple[int, ...]
    inactive: tuple[int, ...]


def reduction(block: ResidualBlock, domain: Domain) -> Reduction | None:
    """The reduction on a domain; None if ``M_OO`` is singular."""
    signs = [_sign(block, i, domain) for i in range(block.k)]
    active, inactive, left = (tuple(i for i, sign in enumerate(signs) if sign == wanted) for wanted in (1, -1, 0))
    M = block.interaction.raw_rows()
    rows = [[M[i][j] for j in left] for i in left]
    if active and left:
        try:
            solved = _part(M, active, active).solve(_part(M, active, left))
        except ZeroDivisionError:
            return None
        shift = _part(M, left, active) * solved
        rows = [[rows[i][j] - shift[i, j] for j in range(len(left))] for i in range(len(left))]
    elif active and _part(M, active, active).det() == 0:
        return None
    return Reduction(left, integer_multiple(rows), active, inactive)


def _sign(block: ResidualBlock, i: int, domain: Domain) -> int:
    """1 for a unit that is nonnegative on the domain, -1 for one that is nonpositive, else 0."""
    row, offset = [block.A[i, j] for j in range(block.n)], block.b[i, 0]
    if domain.is_nonnegative(row, offset):
        return 1
    return -1 if domain.is_nonnegative([-value for value in row], -offset) else 0


def _part(matrix: Sequence[Sequence[fmpq]], rows: Sequence[int], columns: Sequence[int]) -> fmpq_mat:
    return fmpq_mat([[matrix[i][j] for j in columns] for i in rows])


def integer_multiple(rows: Sequence[Sequence[fmpq]]) -> list[list[int]]:
    """The matrix times a positive number that makes its entries coprime integers."""
    width = len(rows[0]) if rows else 0
    integers, _ = primitive_row(value for row in rows for value in row)
    return [list(integers[i : i + width]) for i in range(0, len(integers), width or 1)]
