"""What is known of two inputs from the cells that the segment between them meets, exactly.

Along the segment from x to y row i is active at some times T_i, an interval that holds 0 or 1 or both; hence
``2 |f(x) - f(y)|^2 >= min sigma_min(W_I)^2 |x - y|^2`` over the cells on the way (`docs/mathematics.md`, "Stability").
The lemmas of the slides [dH20] say it for adjacent wedges, and with a factor ``1 / N`` for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from exactinj.exact.numbers import rational_text
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.enclosed import Bounds
from exactinj.lipschitz.gram import enclosed_least, gram_of

__all__ = ["SegmentBounds", "bounds_between"]


@dataclass(frozen=True)
class SegmentBounds:
    """The ratio of two inputs and lower bounds of it, all as squares.

    ratio : ``|f(x) - f(y)|^2 / |x - y|^2``, exact
    cells : the active rows of the cells on the way, in order from x to y
    sigma_min : enclosure of the least ``sigma_min(W_I)^2`` of these cells
    faces : hyperplanes that are crossed
    lost : N, the number of rows that are active at x (or zero there) and not at y
    is_exceptional : whether the segment meets a point of two hyperplanes, or lies in one
    """

    ratio: Fraction
    cells: tuple[tuple[int, ...], ...]
    sigma_min: Bounds
    faces: int
    lost: int
    is_exceptional: bool

    @property
    def at_least(self) -> Fraction:
        """Half of `sigma_min`, proved for every segment; at most `ratio`."""
        return self.sigma_min.at_least / 2

    @property
    def adjacent_wedges(self) -> Fraction | None:
        """The slides' bound for a segment that passes one face, ``sigma_min / 2``; None for others."""
        return self.at_least if self.faces == 1 and not self.is_exceptional else None

    @property
    def through_faces(self) -> Fraction | None:
        """The slides' bound ``sigma_min / (2 N)``; None for exceptional segments, and where N is 0."""
        return None if self.is_exceptional or not self.lost else self.at_least / self.lost

    def to_json(self) -> dict[str, object]:
        """Rationals as strings."""
        adjacent, through = self.adjacent_wedges, self.through_faces
        return {
            "ratio_squared": rational_text(self.ratio),
            "sigma_min_squared": self.sigma_min.to_json(),
            "at_least": rational_text(self.at_least),
            "published": {
                "adjacent_wedges": None if adjacent is None else rational_text(adjacent),
                "through_faces": None if through is None else rational_text(through),
            },
            "faces": self.faces,
            "lost": self.lost,
            "exceptional": self.is_exceptional,
            "cells": [list(cell) for cell in self.cells],
        }


def bounds_between(layer: ReLULayer, x: Sequence[Fraction], y: Sequence[Fraction]) -> SegmentBounds:
    """For two different points (n,)."""
    starts, ends = layer.preactivation(x), layer.preactivation(y)
    crossed: dict[Fraction, set[tuple[int, ...]]] = {}
    is_exceptional = False
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        row = layer.integer_rows[i][0]
        if not any(row[: layer.n]):
            continue
        is_exceptional |= start == end == 0
        if start * end < 0:
            crossed.setdefault(start / (start - end), set()).add(_hyperplane(row))
    times = [Fraction(0), *sorted(crossed), Fraction(1)]
    middles = [(a + c) / 2 for a, c in pairwise(times)]
    cells = tuple(_active(starts, ends, middle) for middle in middles)
    rows = layer.W.raw_rows()
    enclosed = [enclosed_least(gram_of([rows[i] for i in cell if any(rows[i])], layer.n)) for cell in cells]
    images = zip(layer.evaluate(x), layer.evaluate(y), strict=True)
    distance = sum(((a - c) ** 2 for a, c in zip(x, y, strict=True)), Fraction(0))
    return SegmentBounds(
        ratio=sum(((a - c) ** 2 for a, c in images), Fraction(0)) / distance,
        cells=cells,
        sigma_min=Bounds(*(max(min(ends), Fraction(0)) for ends in zip(*enclosed, strict=True))),
        faces=sum(map(len, crossed.values())),
        lost=sum(start >= 0 > end for start, end in zip(starts, ends, strict=True)),
        is_exceptional=is_exceptional or any(len(planes) > 1 for planes in crossed.values()),
    )


def _hyperplane(row: Sequence[int]) -> tuple[int, ...]:
    """A row and its multiples, negative ones as well, have one."""
    leading = next(value for value in row if value)
    return tuple(row) if leading > 0 else tuple(-value for value in row)


def _active(starts: Sequence[Fraction], ends: Sequence[Fraction], time: Fraction) -> tuple[int, ...]:
    values = (start + time * (end - start) for start, end in zip(starts, ends, strict=True))
    return tuple(i for i, value in enumerate(values) if value > 0)
