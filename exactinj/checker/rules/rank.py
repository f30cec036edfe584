"""Rule "rank": a determinant that is a unit modulo a number is not 0."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import Vector

__all__ = ["check_rank"]


def check_rank(rows: Sequence[Vector], modulus: int) -> None:
    """Raises Rejected unless an elimination of the square matrix finds pivots with inverses, for each column."""
    n = len(rows)
    require_room(n * n, f"the entries of a matrix of {n} rows")
    left = [[value % modulus for value in row] for row in rows]
    for column in range(n):
        place = next((k for k, row in enumerate(left) if row[0] and _inverse(row[0], modulus)), None)
        if place is None:
            raise Rejected(Reason.RANK, f"rank: no pivot with an inverse modulo the modulus in column {column}")
        pivot = left.pop(place)
        factor, tail = _inverse(pivot[0], modulus), pivot[1:]
        left = [_eliminated(row, row[0] * factor % modulus, tail, modulus) for row in left]


def _inverse(value: int, modulus: int) -> int:
    """0 if there is none."""
    try:
        return pow(value, -1, modulus)
    except ValueError:
        return 0


def _eliminated(row: Sequence[int], factor: int, tail: Sequence[int], modulus: int) -> list[int]:
    if not factor:
        return list(row[1:])
    return [(a - factor * b) % modulus for a, b in zip(row[1:], tail, strict=True)]
