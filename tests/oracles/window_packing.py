"""The rule ``packing`` inside ``boxes`` read naively: rows by loops over taps, matchings by trying."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from .packing import bears

Place = tuple[int, ...]
Column = tuple[int, Place]


def columns_of(channels: int, box: Sequence[int]) -> list[Column]:
    """Of a box layer."""
    return [(i, place) for i in range(channels) for place in product(*map(range, box))]


def unknown_columns(channels: int, box: Sequence[int], known: Sequence[Sequence[int]]) -> list[Column]:
    """Those whose place is not known along any axis."""
    inside = [range(a, size - b) for size, (a, b) in zip(box, known, strict=True)]
    return [column for column in columns_of(channels, box) if all(map(lambda j, r: j in r, column[1], inside))]


def window_rows(
    kernels: Any, box: Sequence[int], starts: Sequence[Sequence[int]], dilation: Sequence[int]
) -> list[Any]:
    """For each kernel and start (kernel, start, entries by column); a column that is read has an entry, perhaps 0."""
    rows = []
    for o, start in product(range(len(kernels)), product(*starts)):
        entries: dict[Column, Fraction] = {}
        for i, channel in enumerate(kernels[o]):
            for tap, weight in taps_of(channel):
                place = tuple(t + gap * u for t, gap, u in zip(start, dilation, tap, strict=True))
                if all(0 <= j < size for j, size in zip(place, box, strict=True)):
                    entries[i, place] = Fraction(weight)
        rows.append((o, start, entries))
    return rows


def taps_of(channel: Any) -> list[tuple[Place, Any]]:
    """Taps and weights of a nested list."""
    if not isinstance(channel, list):
        return [((), channel)]
    return [((u, *tap), weight) for u, part in enumerate(channel) for tap, weight in taps_of(part)]


def can_be_matched(choices: Sequence[Sequence[Any]], wanted: int) -> bool:
    """Whether so many of the sets can be given different members: every set in turn takes one, or none."""
    reached = {frozenset()}
    for members in choices:
        reached |= {taken | {member} for taken in reached for member in members if member not in taken}
    return any(len(taken) == wanted for taken in reached)


def acceptable(
    rows: Sequence[Any], b: Sequence[Any], unknown: Sequence[Column], refuters: Sequence[Any], epsilon: Fraction | None
) -> bool:
    """Conditions 1 to 5 on R^n; `b` is the bias of each kernel."""
    columns = sorted({column for _, _, entries in rows for column in entries} | set(unknown))
    used: list[int] = []
    starts = set()
    choices = []
    for refuter in refuters:
        names = [i for i, _ in refuter]
        values = [Fraction(value) for _, value in refuter]
        if not names or min(values) <= 0 or not all(0 <= i < len(rows) for i in names):
            return False
        total = [
            sum(value * rows[i][2].get(column, 0) for i, value in zip(names, values, strict=True)) for column in columns
        ]
        if any(total) or sum(value * Fraction(b[rows[i][0]]) for i, value in zip(names, values, strict=True)) < 0:
            return False
        used += names
        starts |= {rows[i][1] for i in names}
        read = sorted({column for i in names for column in rows[i][2]})
        W = [[entries.get(column, 0) for column in read] for _, _, entries in rows]
        if epsilon is None or bears(W, [b[o] for o, _, _ in rows], refuter, epsilon):
            choices.append([column for column in unknown if all(column in rows[i][2] for i in names)])
    if len(set(used)) < len(used) or sum(len(set(along)) > 1 for along in zip(*starts, strict=True)) > 1:
        return False
    return can_be_matched(choices, len(unknown))
