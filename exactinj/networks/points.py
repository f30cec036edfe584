"""Where collisions are looked for: points of a domain, and coordinates that may differ.

Plain points come first, then random ones at several scales; small patches of the input first, then larger ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import lcm, prod

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.layers.network import ExactTensor

__all__ = ["MOST_COLUMNS", "patches", "points"]

SCALES = (1.0, 0.25, 4.0, 32.0)
GRID = 64  # points have these denominators, where the domain allows
MOST_COLUMNS = 160
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def points(domain: Domain, shape: Sequence[int], seed: int) -> Iterator[ExactTensor]:
    """Interior points of a domain, without end: constants, then random ones."""
    n = prod(shape)
    place = _Placement(domain, shape)
    if isinstance(domain, Box):
        yield place.middle()
    for constant in (1.0, -1.0, 0.125, -0.125, 8.0, -8.0):
        yield place.near(np.full(n, constant))
    rng = np.random.default_rng(seed)
    while True:
        for scale in SCALES:
            yield place.near(scale * rng.standard_normal(n))
        yield place.near(np.where(rng.random(n) < 0.5, -1e9, 1e9))  # near a corner  # noqa: PLR2004
        yield place.near(rng.standard_normal(n) + 3.0 * rng.standard_normal())


class _Placement:
    """From floats to points inside a domain with short numbers; of a box the bounds are read once."""

    def __init__(self, domain: Domain, shape: Sequence[int]) -> None:
        self.domain, self.shape = domain, tuple(shape)
        self.ends: tuple[ExactTensor, ExactTensor] | None = None
        if isinstance(domain, Box):
            box = domain.for_dimension(prod(shape))
            sides = (box.lower, box.upper)
            lower, upper = (ExactTensor.of_fractions(side, (prod(shape),)) for side in sides)  # type: ignore[arg-type]
            margin = upper.minus(lower).times(ExactTensor.of(Fraction(1, GRID)))
            self.ends = lower.plus(margin), upper.minus(margin)

    def middle(self) -> ExactTensor:
        """Of a box."""
        if self.ends is None:
            return self.near(np.zeros(prod(self.shape)))
        return self.ends[0].plus(self.ends[1]).times(ExactTensor.of(Fraction(1, 2))).reshaped(self.shape)

    def near(self, values: NDArray[np.float64]) -> ExactTensor:
        """An interior point close to some floats, flat."""
        numerators = np.round(np.clip(values, -1e6, 1e6) * GRID).astype(np.int64)
        if isinstance(self.domain, NonnegativeOrthant):
            numerators = np.maximum(np.abs(numerators), 1)
        point = ExactTensor(numerators.astype(object), GRID)
        if self.ends is not None:
            common = lcm(GRID, *(end.denominator for end in self.ends))
            lower, upper = (end.over(common) for end in self.ends)
            point = ExactTensor(np.minimum(np.maximum(point.over(common), lower), upper), common).reduced()
        return point.reshaped(self.shape)


def patches(shape: Sequence[int], least: int | None, seed: int) -> Iterator[list[int]]:
    """Sets of coordinates of an input: single ones, windows of a grid, random ones; `least` that surely suffice."""
    n = prod(shape)
    grid = list(shape[2:]) if len(shape) > 2 and shape[0] == 1 else []  # noqa: PLR2004 (batch, channels, grid)
    channels = prod(shape[: len(shape) - len(grid)]) if grid else 1
    size = grid or [n]
    seen: set[tuple[int, ...]] = set()
    for found in _windows(channels, size):
        key = tuple(found)
        if key not in seen and len(found) <= MOST_COLUMNS:
            seen.add(key)
            yield found
    for found in _runs(n, prod(size)):
        if tuple(found) not in seen:
            yield found
    rng = np.random.default_rng(seed)
    for count in (2, 4, 8, 16, 32, 64, 128):
        if count < n:
            yield np.sort(rng.choice(n, count, replace=False)).tolist()
    if n <= MOST_COLUMNS and tuple(range(n)) not in seen:
        yield list(range(n))
    if least is not None and least <= min(n, MOST_COLUMNS):
        yield list(range((n - least) // 2, (n - least) // 2 + least))


def _runs(n: int, cells: int) -> Iterator[list[int]]:
    """Entries next to each other in the middle, and an entry with that of the next channel."""
    middle = n // 2
    for length in (2, 4, 8, 16):
        if length < n:
            yield list(range(middle, min(middle + length, n)))
    if cells > 1 and middle + cells < n:
        yield [middle, middle + cells]


def _windows(channels: int, size: Sequence[int]) -> Iterator[list[int]]:
    """Windows of a grid in the middle and at the corner, all channels; for a single place also each channel."""
    cells = prod(size)
    middle = np.ravel_multi_index([side // 2 for side in size], tuple(size))
    if channels > 1:
        yield [int(middle)]
    for width in WIDTHS:
        if width > max(size):
            return
        for at in ("middle", "start", "end"):
            ranges = [_range(side, width, at) for side in size]
            places = [np.ravel_multi_index(place, tuple(size)) for place in product(*ranges)]
            yield sorted(int(channel * cells + place) for channel in range(channels) for place in places)


def _range(side: int, width: int, at: str) -> range:
    width = min(width, side)
    start = {"middle": (side - width) // 2, "start": 0, "end": side - width}[at]
    return range(start, start + width)
