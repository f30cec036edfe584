"""The circuits that were found last, as bits of rows: which of them fit a node, with how few free rows.

A ring of `POOL_SCAN` lines of words of 62 bits, which are small beside the supports and are compared many rows at a
time. Line by line ``bits & barred`` has to be zero, and ``bits & free`` is counted. Layers with many rows would need
long lines for few rows: beyond `MOST_ROWS` the lines have no words, and the supports are looked at themselves.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import helper

__all__ = ["BITS", "POOL_SCAN", "best_recent", "empty_ring", "free_rows_enough", "set_bit", "words_for"]

Integers: TypeAlias = NDArray[np.int64]

POOL_SCAN = 256  # a power of two
BITS = 62
FEW_FREE_ROWS = 3  # measured, see benchmarks/README.md
MOST_ROWS = 8 * BITS


def words_for(rows: int) -> int:
    """Words for one bit a row, none for too many."""
    return -(-rows // BITS) if rows <= MOST_ROWS else 0


def empty_ring(width: int) -> Integers:
    """Lines of so many words."""
    return np.zeros((POOL_SCAN, width), dtype=np.int64)


@helper
def set_bit(line: Integers, row: int) -> None:
    """Put a row into a line."""
    line[row // BITS] |= np.int64(1) << np.int64(row % BITS)


@helper
def count_bits(word: int) -> int:
    """The ones of a word that is not negative."""
    word -= (word >> 1) & 0x5555555555555555
    word = (word & 0x3333333333333333) + ((word >> 2) & 0x3333333333333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F
    word += word >> 8
    word += word >> 16
    word += word >> 32
    return word & 127


@helper
def free_rows_enough(levels: int, rows: int) -> int:
    """With how few free rows a known circuit needs no better one, found by a linear program.

    Any at the last level. At the last but one, each free row is one child, which another known circuit closes as a
    rule: two circuits without a common free row, any pair of whose free rows is independent of the path.
    """
    if levels == 1:
        return rows
    return FEW_FREE_ROWS if levels == 2 else 0


@helper
def best_recent(ring: Integers, barred: Integers, free: Integers, known: int, enough: int) -> tuple[int, int]:
    """Of the last of `known` circuits one with the fewest free rows, and its number, or -1; stops at `enough` or fewer.

    The latest of equally good ones. `free` has a word for the first words of a line, `barred` for all of them.
    """
    best, circuit = free.size * BITS + 1, -1
    number = known - 1
    while number >= 0 and number >= known - POOL_SCAN:
        place = number & (POOL_SCAN - 1)
        conflict = 0
        for k in range(barred.size):
            conflict |= ring[place, k] & barred[k]
        if conflict == 0:
            count = 0
            for k in range(free.size):
                count += count_bits(ring[place, k] & free[k])
            if count < best:
                best, circuit = count, number
                if best <= enough:
                    break
        number -= 1
    return best, circuit
