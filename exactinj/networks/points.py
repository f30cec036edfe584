"""Where collisions are looked for: points of a domain, and coordinates that may differ.

Plain points come first, then random ones at several scales; small patches of the input first, then larger ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.layers.network import ExactTensor

__all__ = ["patches", "points", "within"]

SCALES = (1.0, 0.25, 4.0, 32.0)
GRID = 64  # points have these denominators, where the domain allows
MOST_COLUMNS = 160
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


def points(domain: Domain, shape: Sequence[int], seed: int) -> Iterator[ExactTensor]:
    """Interior points of a domain, without end: constants, then random ones."""
    n = prod(shape)
    if isinstance(domain, Box):
        yield ExactTensor.of_fractions(list(domain.for_dimension(n).interior_point(n)), shape)
    for constant in (1.0, -1.0, 0.125, -0.125, 8.0, -8.0):
        yield within(domain, np.full(n, constant), shape)
    rng = np.random.default_rng(seed)
    while True:
        for scale in SCALES:
            yield within(domain, scale * rng.standard_normal(n), shape)
        yield within(domain, np.where(rng.random(n) < 0.5, -1e9, 1e9), shape)  # near a corner  # noqa: PLR2004
        yield within(domain, rng.standard_normal(n) + 3.0 * rng.standard_normal(), shape)


def within(domain: Domain, values: np.ndarray, shape: Sequence[int]) -> ExactTensor:
    """An interior point of the domain close to some floats, with short numbers."""
    numerators = np.round(np.clip(values, -1e6, 1e6) * GRID).astype(np.int64)
    if isinstance(domain, NonnegativeOrthant):
        numerators = np.maximum(np.abs(numerators), 1)
    if not isinstance(domain, Box):
        return ExactTensor(numerators.astype(object).reshape(shape), GRID)
    box = domain.for_dimension(len(values))
    lower, upper = box.lower, box.upper
    flat = []
    for value, low, high in zip(numerators.tolist(), lower, upper, strict=True):  # type: ignore[arg-type]  # tuples
        margin = (high - low) / GRID
        flat.append(min(max(Fraction(value, GRID), low + margin), high - margin))
    return ExactTensor.of_fractions(flat, shape)


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
