"""Section "Compact lists": entries of which only the functions and the signs of their multipliers are stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import NamedTuple

from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector
from exactinj.checker.rows import Row, Rows
from exactinj.checker.trees import Combination, require_different, with_halfspaces

__all__ = ["Codes", "Entry", "Functions"]

MOST_FACETS = 4096


class Codes(NamedTuple):
    """A compact entry: i + 1 for the function i with a positive multiplier, -(i + 1) with a negative one."""

    codes: list[int]


Entry = Combination | Codes


@dataclass(slots=True)
class Functions:
    """What entries may name: the rows of a layer with n columns, then facets of K."""

    rows: Rows
    domain: Domain
    n: int
    named: Rows = field(init=False)  # those that explicit entries may name
    _facets: dict[int, Row] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.named = with_halfspaces(self.rows, self.domain)

    @property
    def m(self) -> int:
        return len(self.rows)

    def explicit(self, entry: Entry, reason: Reason, place: str) -> Combination:
        """The entry with multipliers. Raises Rejected if a compact one does not determine them."""
        if isinstance(entry, Combination):
            return entry
        indices = [abs(code) - 1 for code in entry.codes]
        require_different(indices, self.m + self.domain.facet_count(self.n), reason, place)
        rows = [self.function(i) for i in indices]
        signed = [
            list(row.entries) if code > 0 else [-value for value in row.entries]
            for code, row in zip(entry.codes, rows, strict=True)
        ]
        factors = _dependency([column[:-1] for column in signed])
        if len(factors) == 2:
            factors = _dependency(signed)
        if len(factors) != 1:
            raise Rejected(reason, f"{place}: its functions do not determine their multipliers")
        (values,) = factors
        if values[0] < 0:
            values = [-value for value in values]
        if min(values) <= 0:
            raise Rejected(reason, f"{place}: the multipliers do not have the signs that are stated")
        pairs = [
            (i, value * row.denominator if code > 0 else -value * row.denominator)
            for i, code, value, row in zip(indices, entry.codes, values, rows, strict=True)
            if i < len(self.named)
        ]
        return Combination([i for i, _ in pairs], [value for _, value in pairs])

    def function(self, i: int) -> Row:
        if i < self.m:
            return self.rows[i]
        row = self._facets.get(i)
        if row is None:
            if len(self._facets) >= MOST_FACETS:
                self._facets.clear()
            row = self._facets[i] = self.domain.facet(i - self.m, self.n)
        return row


def _dependency(columns: Sequence[Vector]) -> list[list[int]]:
    """The t with sum t_l column_l = 0: as many vectors as their space has dimensions; right only if it is one.

    Elimination without fractions (Bareiss); by Cramer's rule all divisions on the way back leave no remainder, too.
    """
    lines, places, free, divisor = [list(line) for line in zip(*columns, strict=True)], list[int](), list[int](), 1
    for k in range(len(columns)):
        rank = len(places)
        pivot = next((i for i in range(rank, len(lines)) if lines[i][k]), None)
        if pivot is None:
            free.append(k)
            continue
        lines[rank], lines[pivot] = lines[pivot], lines[rank]
        top, a = lines[rank], lines[rank][k]
        for i in range(rank + 1, len(lines)):
            line, b = lines[i], lines[i][k]
            lines[i] = [(a * p - b * q) // divisor for p, q in zip(line, top, strict=True)]
        places.append(k)
        divisor = a
    if len(free) != 1:
        return [[] for _ in free]
    values = [0] * len(columns)
    values[free[0]] = divisor
    for k, line in zip(reversed(places), reversed(lines[: len(places)]), strict=True):
        values[k] = -sum(map(mul, line[k + 1 :], values[k + 1 :])) // line[k]
    return [values]
