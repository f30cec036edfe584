"""Tables of whole numbers that grow by millions of rows: as narrow as their entries allow, and never copied twice."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["GrowingTable", "Integers"]

Integers: TypeAlias = NDArray[np.signedinteger[Any]]

BLOCK_BYTES = 1 << 22  # large blocks go back to the system as soon as they are dropped
WIDTHS = (np.int8, np.int16, np.int32, np.int64)


class GrowingTable:
    """Rows of `width` integers each, appended in blocks, of which the first has room for as many rows as are expected.

    >>> table = GrowingTable(2)
    >>> table.append(np.array([[1, -300], [2, 5]]))
    >>> table.count, table.whole().dtype.name
    (2, 'int16')
    """

    def __init__(self, width: int, narrowest: type[np.signedinteger[Any]] = np.int8, expected: int = 0) -> None:
        self.width = width
        self.expected = expected
        self.count = 0
        self.dtype: np.dtype[Any] = np.dtype(narrowest)
        self._full: list[Integers] = []
        self._last: Integers = np.empty((0, width), dtype=self.dtype)
        self._used = 0

    def append(self, rows: Integers) -> None:
        """Add rows at the end; a table whose integers are too narrow for them is widened."""
        if not len(rows):
            return
        self._widen(int(rows.min()), int(rows.max()))
        while len(rows):
            if self._used == len(self._last):
                self._open()
            taken = rows[: len(self._last) - self._used]
            self._last[self._used : self._used + len(taken)] = taken
            self._used += len(taken)
            self.count += len(taken)
            rows = rows[len(taken) :]

    def whole(self) -> Integers:
        """All rows as one array; the table is empty afterwards, as its blocks are given up one by one."""
        if not self._full:
            alone, self._last = self._last[: self._used], self._last[:0]
            self.count = self._used = 0
            return alone
        result: Integers = np.empty((self.count, self.width), dtype=self.dtype)
        blocks = [*self._full, self._last[: self._used]]
        self._full, self._last = [], self._last[:0]
        place = 0
        for k, block in enumerate(blocks):
            result[place : place + len(block)] = block
            place += len(block)
            blocks[k] = block[:0].copy()
            del block
        self.count = self._used = 0
        return result

    def _open(self) -> None:
        if len(self._last):
            self._full.append(self._last)
        length = max(BLOCK_BYTES // (self.width * self.dtype.itemsize), 1, self.expected - self.count)
        self._last = np.empty((length, self.width), dtype=self.dtype)
        self._used = 0

    def _widen(self, least: int, largest: int) -> None:
        for wider in WIDTHS:
            if np.dtype(wider).itemsize >= self.dtype.itemsize and _fits(least, largest, wider):
                break
        if np.dtype(wider) != self.dtype:
            self.dtype = np.dtype(wider)
            self._full = [block.astype(wider) for block in self._full]
            self._last = self._last.astype(wider)


def _fits(least: int, largest: int, kind: type[np.signedinteger[Any]]) -> bool:
    limits = np.iinfo(kind)
    return bool(limits.min <= least and largest <= limits.max)
