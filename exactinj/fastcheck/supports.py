"""Refuters and circuits of a list, proved by a bound on floats or in integers, or judged by the rule of the checker."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.checker.faults import Reason
from exactinj.checker.reading.proofs import NONZERO, POSITIVE, refuter_or_circuit
from exactinj.checker.supports import Codes, Entry, Functions
from exactinj.fastcheck.reading import BulkReader
from exactinj.kernels.evidence import UNDECIDED, settle_supports

__all__ = ["Table", "read_table"]

Signs = Callable[[Entry, int, Functions], tuple[tuple[int, ...], tuple[int, ...]]]
MOST_FUNCTIONS = 1 << 16
LARGEST_EXPONENT = 900


class Table:
    """The entries that were accepted: codes one after the other, and where each entry ends."""

    def __init__(self) -> None:
        self._codes: list[NDArray[np.int32]] = []
        self._ends: list[NDArray[np.int64]] = []
        self.count = self._size = 0

    def add(self, codes: NDArray[np.int32], ends: NDArray[np.int64]) -> None:
        """Take some more."""
        self._codes.append(codes)
        self._ends.append(ends + self._size)
        self.count += ends.size
        self._size += codes.size

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """All codes and ends."""
        codes = np.concatenate([np.zeros(0, dtype=np.int32), *self._codes])
        return codes, np.concatenate([np.zeros(0, dtype=np.int64), *self._ends])


def read_table(reader: BulkReader, name: str, functions: Functions, signs_of: Signs, *, signed: bool) -> Table:
    """The list at the key of the rule or at `supports`. Raises Rejected at the first entry that is not acceptable.

    `signs_of` is the rule's own judgement: the rows with a positive multiplier, and those with a negative one.
    """
    table, entries = Table(), _Entries(functions, signs_of, signed=signed)
    may_be_compact = reader.key(",", f"{name}s", "supports") == "supports"
    reader.expect("[")
    more = reader.peek() != "]" or reader.expect("]") == ","
    while more:
        if may_be_compact:
            for codes, ends in reader.codes(signed=signed):
                entries.require(codes, ends, table.count)
                table.add(codes, ends)
        multiplier = NONZERO if signed else POSITIVE
        entry = refuter_or_circuit(reader.value(), multiplier, f"{name} {table.count}", may_be_compact=may_be_compact)
        table.add(*entries.judged(entry, table.count))
        more = reader.expect(",]") == ","
    return table


class _Entries:
    """What entries say about the rows and facets of one layer on one domain."""

    def __init__(self, functions: Functions, signs_of: Signs, *, signed: bool) -> None:
        self.functions, self.signs_of = functions, signs_of
        self.reason = Reason.CIRCUIT if signed else Reason.REFUTER
        count = functions.m + functions.domain.facet_count(functions.n)
        self.rows = [functions.function(i).entries for i in range(count)] if count <= MOST_FUNCTIONS else []
        self.floats = _scaled(self.rows)

    def require(self, codes: NDArray[np.int32], ends: NDArray[np.int64], number: int) -> None:
        """All of these are acceptable."""
        settled = np.zeros(ends.size, dtype=np.uint8)
        if self.floats is not None:
            settle_supports(self.floats, self.functions.m, codes, ends, settled)
        for k in np.flatnonzero(settled == UNDECIDED).tolist():
            listed = codes[ends[k - 1] if k else 0 : ends[k]].tolist()
            if not self._is_proved(listed):
                self.signs_of(Codes(listed), number + k, self.functions)

    def judged(self, entry: Entry, number: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """One entry of any kind, as codes."""
        positive, negative = self.signs_of(entry, number, self.functions)
        codes = [i + 1 for i in positive] + [-i - 1 for i in negative]
        return np.array(codes, dtype=np.int32), np.array([len(codes)], dtype=np.int64)

    def _is_proved(self, codes: Sequence[int]) -> bool:
        """Whether the functions have one dependency, with the stated signs and a constant that is not negative."""
        m, places = self.functions.m, [abs(code) - 1 for code in codes]
        if max(places) >= len(self.rows) or len(set(places)) < len(places):
            return False
        if any(code < 0 and abs(code) > m for code in codes) or not any(0 < code <= m for code in codes):
            return False
        signed = [
            [value if code > 0 else -value for value in self.rows[i]] for code, i in zip(codes, places, strict=True)
        ]
        factors = _one_dependency([row[:-1] for row in signed]) or _one_dependency(signed)
        if factors is None or len(factors) != len(codes) or min(factors) <= 0:
            return False
        return sum(factor * row[-1] for factor, row in zip(factors, signed, strict=True)) >= 0


def _one_dependency(rows: Sequence[Sequence[int]]) -> list[int] | None:
    """The multipliers with sum 0 if they are unique up to a factor, the first one not negative.

    Of linear parts with two dependencies the constants leave one; of more they leave more than one.
    """
    basis, nullity = fmpz_mat([list(row) for row in rows]).transpose().nullspace()
    if nullity != 1:
        return None
    values = [int(basis[k, 0]) for k in range(len(rows))]
    return [-value for value in values] if values[0] < 0 else values


def _scaled(rows: Sequence[Sequence[int]]) -> NDArray[np.float64] | None:
    """The functions in floats, rows and columns times powers of two; None where floats are too short for them."""
    if not rows:
        return None
    lengths = [[abs(value).bit_length() for value in row] for row in rows]
    columns = [max(column) for column in zip(*lengths, strict=True)]
    scaled = np.zeros((len(rows), len(columns)))
    for i, row in enumerate(rows):
        top = max((length - shift for length, shift in zip(lengths[i], columns, strict=True) if length), default=0)
        for j, value in enumerate(row):
            excess = max(lengths[i][j] - 64, 0)
            exponent = excess - columns[j] - top
            if value and lengths[i][j] - columns[j] - top < -LARGEST_EXPONENT:
                return None
            scaled[i, j] = math.ldexp(float(value >> excess), exponent) if value else 0.0
    return scaled
