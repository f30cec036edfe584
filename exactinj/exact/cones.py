"""Generators of polyhedral cones, by the double description method in integers.

``{y : <a_i, y> >= 0 for every i}`` is the set of all sums of its lines (with any factor) and rays (with
factors >= 0). The rows are taken one after the other (T. S. Motzkin et al. 1953; K. Fukuda, A. Prodon,
Double description method revisited, 1996): a row cuts a line into a ray, or it keeps the rays on its
side and meets each adjacent pair across it in a new ray. Two rays are adjacent exactly if no third one
lies on all the rows on which both lie. Exact for every input; the cost grows with the number of
rays of the intermediate cones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exactinj.exact.matrix import IntegerRow

__all__ = ["ConeGenerators", "cone_generators"]


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


def cone_generators(rows: Sequence[Sequence[int]], dimension: int) -> ConeGenerators:
    """The lines and extreme rays of ``{y : <a_i, y> >= 0}`` for integer rows of one length.

    >>> cone_generators([(1, 0), (1, 1)], 2)
    ConeGenerators(lines=(), rays=((1, -1), (0, 1)))
    """
    lines = [tuple(int(j == k) for j in range(dimension)) for k in range(dimension)]
    rays: list[_Ray] = []
    for number, row in enumerate(rows):
        cut = next((k for k, line in enumerate(lines) if _inner(row, line)), None)
        if cut is None:
            rays = _halved(rays, row, 1 << number)
            continue
        line = lines.pop(cut)
        if _inner(row, line) < 0:
            line = tuple(-value for value in line)
        rays = [_Ray(_on_row(row, ray.vector, line), ray.zeros | 1 << number) for ray in rays]
        rays.append(_Ray(line, (1 << number) - 1))
        lines = [_on_row(row, other, line) for other in lines]
    return ConeGenerators(tuple(lines), tuple(ray.vector for ray in rays))


def _halved(rays: list[_Ray], row: Sequence[int], bit: int) -> list[_Ray]:
    """The extreme rays of the part of a cone on the nonnegative side of a row that vanishes on its lines."""
    values = [_inner(row, ray.vector) for ray in rays]
    kept = [
        _Ray(ray.vector, ray.zeros | bit if value == 0 else ray.zeros)
        for ray, value in zip(rays, values, strict=True)
        if value >= 0
    ]
    inside = [ray for ray, value in zip(rays, values, strict=True) if value > 0]
    outside = [ray for ray, value in zip(rays, values, strict=True) if value < 0]
    for p in inside:
        for q in outside:
            common = p.zeros & q.zeros
            if not any(ray.zeros & common == common and ray is not p and ray is not q for ray in rays):
                kept.append(_Ray(_on_row(row, q.vector, p.vector), common | bit))
    return kept


def _on_row(row: Sequence[int], vector: IntegerRow, positive: IntegerRow) -> IntegerRow:
    """The positive multiple of the vector plus a multiple of `positive` on which the row vanishes."""
    a, c = _inner(row, positive), _inner(row, vector)
    values = [a * v - c * p for v, p in zip(vector, positive, strict=True)]
    content = math.gcd(*values) or 1
    return tuple(value // content for value in values)


def _inner(row: Sequence[int], vector: Sequence[int]) -> int:
    return sum(a * v for a, v in zip(row, vector, strict=True))
