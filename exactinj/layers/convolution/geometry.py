"""One axis of a convolution: which windows there are and which inputs they read.

A window *starts* at ``t = stride * J - low`` and its *taps* read the places ``t + dilation * u``. Places outside the
grid are padding. Axes are independent of each other, so that everything about a grid is a product over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

__all__ = ["PADDING_MODES", "Axis", "flat_place", "taps_on_grid", "times"]

PADDING_MODES = ("zeros", "circular", "reflect", "replicate")


@dataclass(frozen=True)
class Axis:
    """Kernel size, stride, dilation and padding along one axis.

    >>> axis = Axis(taps=3, stride=2, low=1, high=1)
    >>> axis.windows(7), list(axis.starts(7)), axis.extent
    (4, [-1, 1, 3, 5], 3)
    """

    taps: int
    stride: int = 1
    dilation: int = 1
    low: int = 0
    high: int = 0
    mode: str = "zeros"

    @property
    def extent(self) -> int:
        """The number of places from the first tap of a window to its last, both included."""
        return self.dilation * (self.taps - 1) + 1

    @property
    def is_padded(self) -> bool:
        return self.low > 0 or self.high > 0

    @property
    def smallest_size(self) -> int:
        """The least grid size for which the padding is defined and there is a window."""
        least = {"circular": max(self.low, self.high), "reflect": max(self.low, self.high) + 1}.get(self.mode, 1)
        return max(1, self.extent - self.low - self.high, least if self.is_padded else 1)

    def windows(self, size: int) -> int:
        """The number of windows on a grid of that size; less than 1 if there are none."""
        return (size + self.low + self.high - self.extent) // self.stride + 1

    def starts(self, size: int) -> range:
        """Where the windows start, in order."""
        return range(-self.low, self.stride * self.windows(size) - self.low, self.stride)

    def source(self, place: int, size: int) -> int | None:
        """The place of the grid that a tap at `place` reads; None if it reads a zero."""
        if 0 <= place < size:
            return place
        if self.mode == "zeros":
            return None
        if self.mode == "circular":
            return place % size
        if self.mode == "replicate":
            return 0 if place < 0 else size - 1
        return -place if place < 0 else 2 * (size - 1) - place


def flat_place(place: Sequence[int], size: Sequence[int]) -> int:
    """The lexicographic number of a place of a grid."""
    number = 0
    for j, n in zip(place, size, strict=True):
        number = number * n + j
    return number


def taps_on_grid(reads: Sequence[Sequence[int | None]], size: Sequence[int]) -> list[tuple[int, int]]:
    """For one window, the places that it reads: pairs (number of the tap, number of the place).

    `reads` has for each axis the place that each tap reads, None for none.
    """
    pairs = []
    for number, places in enumerate(product(*reads)):
        inside = [place for place in places if place is not None]
        if len(inside) == len(places):
            pairs.append((number, flat_place(inside, size)))
    return pairs


def times(values: Sequence[int]) -> str:
    """A size in words, ``3x4``."""
    return "x".join(map(str, values))
