"""The supports of refuters and circuits as one array: a few bytes a support, five million of them without objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SupportTable", "used_supports"]

Codes = NDArray[np.signedinteger[Any]]
CHUNK = 1 << 20
ROWS = 1 << 12  # that are Python's integers at a time
FEW = 8  # repeats are few if less than one in so many supports is one
UNUSED = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class SupportTable:
    """Lists of signed rows: the code ``i + 1`` is row i with a positive multiplier, ``-(i + 1)`` with a negative one.

    codes : (count, width), each support in its order, then zeros
    """

    codes: Codes

    @classmethod
    def of(cls, codes: Codes, sizes: NDArray[np.integer[Any]]) -> SupportTable:
        """A table of the first `sizes[k]` codes of each row, in the smallest integers that hold them."""
        largest = max(int(codes.max(initial=0)), -int(codes.min(initial=0)))
        small = codes.astype(np.min_scalar_type(-1 - largest), order="C")
        small[np.arange(codes.shape[1]) >= np.asarray(sizes)[:, None]] = 0
        return cls(small)

    @classmethod
    def of_places(cls, supports: Sequence[Sequence[int]]) -> SupportTable:
        """A table of supports whose multipliers are positive, given by the places of their rows."""
        return cls.of_codes([[place + 1 for place in support] for support in supports])

    @classmethod
    def of_codes(cls, supports: Sequence[Sequence[int]]) -> SupportTable:
        """A table of supports given as codes, in their order."""
        sizes = np.array([len(support) for support in supports], dtype=np.int64)
        codes = np.zeros((len(supports), int(sizes.max(initial=0))), dtype=np.int64)
        for row, support in zip(codes, supports, strict=True):
            row[: len(support)] = support
        return cls.of(codes, sizes)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many codes each support has."""
        sizes: NDArray[np.int64] = np.count_nonzero(self.codes, axis=1).astype(np.int64)
        return sizes

    def __len__(self) -> int:
        return int(self.codes.shape[0])

    def __getitem__(self, number: int) -> tuple[int, ...]:
        """The codes of one support."""
        row = self.codes[number]
        return tuple(row[row != 0].tolist())

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        for start in range(0, len(self), ROWS):
            for row in self.codes[start : start + ROWS].tolist():
                yield tuple(code for code in row if code)


def used_supports(table: SupportTable, tokens: NDArray[np.int32]) -> tuple[SupportTable, NDArray[np.int32]]:
    """Drop unused and repeated supports and number the rest by their first use in the tokens that are not negative.

    Where all are used and numbered so, as by a search in one go, and few are repeated, this takes little memory.
    """
    repeats = _repeats(table.codes) if _is_in_order(tokens, len(table)) else None
    if repeats is None:
        return _sorted_out(table, tokens)
    if not repeats:
        return table, tokens
    is_kept = np.ones(len(table), dtype=np.bool_)
    is_kept[list(repeats)] = False
    numbers = np.cumsum(is_kept, dtype=np.int32) - np.int32(1)
    numbers[list(repeats)] = numbers[list(repeats.values())]
    return SupportTable(table.codes[is_kept]), _renumbered(tokens, numbers)


def _sorted_out(table: SupportTable, tokens: NDArray[np.int32]) -> tuple[SupportTable, NDArray[np.int32]]:
    """The same for any numbers."""
    first = _first_uses(tokens, len(table))
    used = np.flatnonzero(first != UNUSED)
    used = used[np.argsort(first[used], kind="stable")]
    original = _first_equal(table.codes[used])
    kept = np.flatnonzero(original == np.arange(used.size))
    numbers = np.zeros(used.size, dtype=np.int32)
    numbers[kept] = np.arange(kept.size, dtype=np.int32)
    mapping = np.zeros(len(table) + 1, dtype=np.int32)
    mapping[used] = numbers[original]
    return SupportTable(table.codes[used[kept]]), _renumbered(tokens, mapping)


def _renumbered(tokens: NDArray[np.int32], numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    renumbered = np.array(tokens, dtype=np.int32)
    for start in range(0, renumbered.size, CHUNK):
        part = renumbered[start : start + CHUNK]
        np.copyto(part, numbers[np.maximum(part, 0)], where=part >= 0)
    return renumbered


def _is_in_order(tokens: NDArray[np.int32], count: int) -> bool:
    """Whether each support is used, and for the first time after all that have smaller numbers."""
    highest = np.array([-1], dtype=np.int32)
    for start in range(0, tokens.size, CHUNK):
        part = tokens[start : start + CHUNK]
        so_far = np.maximum.accumulate(np.concatenate([highest, part]))
        if (part > so_far[:-1] + 1).any():
            return False
        highest = so_far[-1:]
    return bool(count) and int(highest[0]) == count - 1


def _repeats(codes: Codes) -> dict[int, int] | None:
    """For each row that equals an earlier one the number of the first such; None if they are many.

    Rows are compared where sums of their codes with fixed factors, modulo 2^64, are equal.
    """
    factors = np.random.default_rng(0).integers(1, 2**63, size=codes.shape[1], dtype=np.uint64)
    sums = np.empty(len(codes), dtype=np.uint64)
    for start in range(0, len(codes), CHUNK // 16):
        part = codes[start : start + CHUNK // 16].astype(np.int64).view(np.uint64)
        sums[start : start + len(part)] = (part * factors).sum(axis=1, dtype=np.uint64)
    ordered = np.sort(sums)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if FEW * twice.size > len(codes):
        return None
    repeats: dict[int, int] = {}
    first: dict[bytes, int] = {}
    for row in _places_of(twice, sums):
        number = first.setdefault(codes[row].tobytes(), row)
        if number != row:
            repeats[row] = number
    return repeats


def _places_of(values: NDArray[np.uint64], among: NDArray[np.uint64]) -> list[int]:
    """Where an array has one of the values, which ascend."""
    if not values.size:
        return []
    found: list[int] = []
    for start in range(0, among.size, CHUNK):
        part = among[start : start + CHUNK]
        nearest = values[np.minimum(np.searchsorted(values, part), values.size - 1)]
        found += (np.flatnonzero(nearest == part) + start).tolist()
    return found


def _first_uses(tokens: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """The place of the first token for each support."""
    first = np.full(count, UNUSED, dtype=np.int64)
    for start in reversed(range(0, tokens.size, CHUNK)):
        part = tokens[start : start + CHUNK]
        places = np.flatnonzero(part >= 0)[::-1]
        first[part[places]] = places + start  # of equal places numpy keeps the last: the first use
    return first


def _first_equal(codes: Codes) -> NDArray[np.int64]:
    """For each row the number of the first row that equals it."""
    count, width = codes.shape
    bytes_of = np.zeros((count, -(-width * codes.itemsize // 8) * 8), dtype=np.uint8)
    bytes_of[:, : width * codes.itemsize] = (
        np.ascontiguousarray(codes).view(np.uint8).reshape(count, width * codes.itemsize)
    )
    words = bytes_of.view(np.uint64)
    order = np.lexsort(words.T) if words.shape[1] else np.arange(count)
    words = words[order]
    is_new = np.ones(count, dtype=np.bool_)
    is_new[1:] = (words[1:] != words[:-1]).any(axis=1)
    groups = np.cumsum(is_new) - 1
    original = np.empty(count, dtype=np.int64)
    original[order] = order[is_new][groups]  # lexsort is stable, so the first of a group has the least number
    return original
