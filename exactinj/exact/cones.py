"""Generators of polyhedral cones, by the double description method in integers.

``{y : <a_i, y> >= 0 for every i}`` is the set of all sums of its lines (with any factor) and rays (with
factors >= 0). The rows are taken one after the other (T. S. Motzkin et al. 1953; K. Fukuda, A. Prodon,
Double description method revisited, 1996): a row cuts a line into a ray, or it keeps the rays on its
side and meets each adjacent pair across it in a new ray. Two rays are adjacent exactly if no third one
lies on all the rows on which both lie. Exact for every input; the cost grows with the number of
rays of the intermediate cones.

Where a row has many pairs, numpy tests them together, on bit masks of the rows, after a count: the rows on which two
adjacent rays lie have rank d - 2 in the d dimensions that the rows span so far, so there are at least as many. New
rays are computed in machine integers where none of their intermediate values can leave 62 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.matrix import IntegerRow

__all__ = ["ConeGenerators", "cone_generators"]

Pair = tuple[int, int]

MANY_PAIRS = 500  # of rays across a row: numpy is faster from here on
MANY_RAYS = 50  # the same for new rays
CHUNK = 4_000_000  # pairs, or words, tested at a time
LIMIT = 1 << 62


@dataclass(frozen=True)
class ConeGenerators:
    """Primitive integer vectors; `rays` are the extreme ones, modulo the span of `lines`."""

    lines: tuple[IntegerRow, ...]
    rays: tuple[IntegerRow, ...]


@dataclass(frozen=True)
class _Ray:
    """A ray and the rows on which it lies, as a bit mask."""

    vector: IntegerRow
    zeros: int


def cone_generators(
    rows: Sequence[Sequence[int]], dimension: int, check: Callable[[], None] = lambda: None
) -> ConeGenerators:
    """The lines and extreme rays of ``{y : <a_i, y> >= 0}`` for integer rows of one length.

    `check` is called now and then and may raise, to end a long computation.

    >>> cone_generators([(1, 0), (1, 1)], 2)
    ConeGenerators(lines=(), rays=((1, -1), (0, 1)))
    """
    lines = [tuple(int(j == k) for j in range(dimension)) for k in range(dimension)]
    rays: list[_Ray] = []
    for number, row in enumerate(rows):
        check()
        cut = next((k for k, line in enumerate(lines) if _inner(row, line)), None)
        if cut is None:
            rays = _halved(rays, row, number, dimension - len(lines), check)
            continue
        line = lines.pop(cut)
        if _inner(row, line) < 0:
            line = tuple(-value for value in line)
        rays = [_Ray(_on_row(row, ray.vector, line), ray.zeros | 1 << number) for ray in rays]
        rays.append(_Ray(line, (1 << number) - 1))
        lines = [_on_row(row, other, line) for other in lines]
    return ConeGenerators(tuple(lines), tuple(ray.vector for ray in rays))


def _halved(rays: list[_Ray], row: Sequence[int], number: int, dimension: int, check: Callable[[], None]) -> list[_Ray]:
    """The extreme rays of the part of a cone on the nonnegative side of a row that vanishes on its lines."""
    bit = 1 << number
    values = [_inner(row, ray.vector) for ray in rays]
    kept = [
        _Ray(ray.vector, ray.zeros | bit if value == 0 else ray.zeros)
        for ray, value in zip(rays, values, strict=True)
        if value >= 0
    ]
    sides = [(value > 0) - (value < 0) for value in values]
    if sides.count(1) * sides.count(-1) < MANY_PAIRS:
        pairs = _adjacent(rays, sides, dimension)
    else:
        pairs = _adjacent_by_numpy(rays, sides, dimension, number, check)
    vectors = _on_row_for_pairs(row, rays, pairs)
    kept += (_Ray(vector, rays[p].zeros & rays[q].zeros | bit) for (p, q), vector in zip(pairs, vectors, strict=True))
    return kept


def _adjacent(rays: list[_Ray], sides: list[int], dimension: int) -> list[Pair]:
    """The pairs of adjacent rays across a row, in order: one of the side 1, one of the side -1."""
    pairs = []
    outside = [k for k, side in enumerate(sides) if side < 0]
    for p in (k for k, side in enumerate(sides) if side > 0):
        for q in outside:
            common = rays[p].zeros & rays[q].zeros
            if common.bit_count() >= dimension - 2 and not any(
                ray.zeros & common == common and k not in (p, q) for k, ray in enumerate(rays)
            ):
                pairs.append((p, q))
    return pairs


def _adjacent_by_numpy(
    rays: list[_Ray], sides: list[int], dimension: int, count: int, check: Callable[[], None]
) -> list[Pair]:
    """The same pairs in the same order; `count` is the number of rows so far."""
    size = 8 * (count // 64 + 1)
    packed = b"".join(ray.zeros.to_bytes(size, "little") for ray in rays)
    words = np.frombuffer(packed, dtype="<u8").reshape(len(rays), -1)
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    flags = bits[:, bits.any(axis=0)].astype(np.float32)  # exact counts up to 2^24 rows
    inside, across = np.flatnonzero(np.array(sides) > 0), np.flatnonzero(np.array(sides) < 0)
    pairs: list[list[int]] = []
    step = max(1, CHUNK // len(across))
    for start in range(0, len(inside), step):
        check()
        part = inside[start : start + step]
        first, second = np.nonzero(flags[part] @ flags[across].T >= dimension - 2)
        both = np.column_stack([part[first], across[second]])
        pairs += both[_no_third(words, words[both[:, 0]] & words[both[:, 1]], check)].tolist()
    return [(p, q) for p, q in pairs]


def _no_third(words: NDArray[np.uint64], common: NDArray[np.uint64], check: Callable[[], None]) -> NDArray[np.bool_]:
    """Whether exactly two rays lie on all these rows: (k, words) to (k,). The two that made `common` always do."""
    alone = np.zeros(len(common), dtype=np.bool_)
    step = max(1, CHUNK // words.size)
    for start in range(0, len(common), step):
        check()
        part = common[start : start + step, None]
        holds = (words[None] & part == part).all(axis=-1)
        alone[start : start + step] = holds.sum(axis=1) == 2  # noqa: PLR2004 - the pair itself
    return alone


def _on_row_for_pairs(row: Sequence[int], rays: list[_Ray], pairs: list[Pair]) -> list[IntegerRow]:
    """`_on_row` of the second ray and the first, per pair."""
    if len(pairs) < MANY_RAYS or not _fits(row, rays):
        return [_on_row(row, rays[q].vector, rays[p].vector) for p, q in pairs]
    vectors = np.array([ray.vector for ray in rays], dtype=np.int64)
    heights = vectors @ np.array(row, dtype=np.int64)
    first, second = np.array(pairs).T
    values = heights[first, None] * vectors[second] - heights[second, None] * vectors[first]
    values //= np.gcd.reduce(values, axis=1)[:, None]
    return [tuple(vector) for vector in values.tolist()]


def _fits(row: Sequence[int], rays: list[_Ray]) -> bool:
    """Whether every product and sum of `_on_row` stays below 2^62 in size."""
    largest = max(max(map(abs, ray.vector)) for ray in rays)
    height = sum(map(abs, row)) * largest
    return 2 * height * largest < LIMIT


def _on_row(row: Sequence[int], vector: IntegerRow, positive: IntegerRow) -> IntegerRow:
    """The positive multiple of the vector plus a multiple of `positive` on which the row vanishes."""
    a, c = _inner(row, positive), _inner(row, vector)
    values = [a * v - c * p for v, p in zip(vector, positive, strict=True)]
    content = math.gcd(*values) or 1
    return tuple(value // content for value in values)


def _inner(row: Sequence[int], vector: Sequence[int]) -> int:
    return sum(a * v for a, v in zip(row, vector, strict=True))
