"""certificates-network.md, section "Residual blocks": the map x + B ReLU(Ax + b), and the matrix I + AB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.limits import require_room
from exactinj.checker.rationals import Vector, over_one_denominator

__all__ = ["Residual"]


@dataclass(frozen=True, slots=True)
class Residual:
    """A (k, n), B (n, k) and b (k)."""

    A: Sequence[Sequence[Fraction]]
    B: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]

    @property
    def k(self) -> int:
        """The number of hidden units."""
        return len(self.A)

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return len(self.B)

    def inner(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Ax + b."""
        point, factor = over_one_denominator([*x, Fraction(1)])
        return [_product([*row, bias], point, factor) for row, bias in zip(self.A, self.b, strict=True)]

    def outputs(self, x: Sequence[Fraction]) -> list[Fraction]:
        """f(x)."""
        hidden, factor = over_one_denominator([max(value, Fraction(0)) for value in self.inner(x)])
        return [value + _product(row, hidden, factor) for row, value in zip(self.B, x, strict=True)]

    def interaction(self) -> list[Vector]:
        """I + AB times a positive integer."""
        require_room(self.k * self.k, "the entries of I + AB")
        rows, row_factor = _over_one(self.A)
        columns, column_factor = _over_one(list(zip(*self.B, strict=True)))
        factor = row_factor * column_factor
        return [
            [sum(map(mul, row, column)) + factor * (i == j) for j, column in enumerate(columns)]
            for i, row in enumerate(rows)
        ]


def _product(row: Sequence[Fraction], point: Vector, factor: int) -> Fraction:
    """The inner product with a vector that is integers over one factor."""
    entries, denominator = over_one_denominator(row)
    return Fraction(sum(map(mul, entries, point)), denominator * factor)


def _over_one(rows: Sequence[Sequence[Fraction]]) -> tuple[list[Vector], int]:
    """A matrix as integers over one positive denominator."""
    width = len(rows[0])
    entries, denominator = over_one_denominator([value for row in rows for value in row])
    return [entries[k : k + width] for k in range(0, len(entries), width)], denominator
