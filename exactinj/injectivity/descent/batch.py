"""Several annealed descents side by side: one product with the rows serves them all.

The number of active rows at y is flat almost everywhere, so a descent follows ``-sum_i p(h_i(y) / tau) rows[i]`` with

    p(z) = exp(-(z - peak)^2 / 2)  for z <= peak,    exp(-(z - peak)^2 / (2 width^2))  behind it,

tau falling from `HOTTEST` to `COLDEST`. The peak lies on the *active* side. With a symmetric push (peak 0, the
derivative of a smooth count) rows that are inactive already hold the point back, and Gaussian layers stop at about m =
5.3 n; with peak 0.5 and width 4 the same number of steps reaches m = 6.4 n at n = 500, where 6.698 is the conjectured
end. No shape is best everywhere, so that a batch mixes them. Walls push with p as long as they are inactive and fully
from then on.

A batch begins afresh, or *again* at a point found before: noise and a tau between, and down once more. That leads out
of the hollows in which descents end, on boxes above all.

Cost: two products of the (m, D) rows with (D, K) points per step. Memory: the rows, and m K numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.injectivity.descent.spaces import Space, lengths_of
from exactinj.work.clock import Clock

__all__ = ["Batch", "Found"]

Floats = NDArray[np.floating]

SHAPES = ((0.5, 4.0), (0.75, 1.0), (0.25, 4.0), (0.0, 1.0), (0.5, 1.0), (0.9, 1.0), (0.25, 1.0))  # peak, width over tau
MOMENTUM = 0.9
STRIDE = 0.05
HOTTEST, COLDEST = 0.5, -2.0  # powers of ten of tau, in units of 1 / sqrt(D)
REHEATED = (-0.25, -0.5, -0.75, -1.0)  # where descents begin again
SINGLE = 100_000  # entries of the rows, from which single precision is enough to propose


@dataclass(frozen=True)
class Found:
    """The best point of a descent, and how many rows are active there (floats)."""

    active: int
    y: NDArray[np.float64]


class Batch:
    """Descents in a space; the random numbers of one batch after the other come from one seed."""

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.random = np.random.default_rng(seed)
        self.kind = np.float32 if space.rows.size > SINGLE else np.float64
        self.rows = _Rows(space.rows, space.offsets, self.kind)
        self.walls = _Rows(space.walls, space.wall_offsets, self.kind)
        self.begun = 0

    def run(self, count: int, steps: int, clock: Clock) -> list[Found]:
        """So many descents; those that stayed in the domain, fewest active rows first."""
        return self._descend(self._starts(count), np.full(count, HOTTEST), steps, clock)

    def again(self, found: Found, count: int, steps: int, clock: Clock) -> list[Found]:
        """The same from near a point found before, each descent from another tau."""
        hottest = np.resize(REHEATED, count)
        noise = self.random.standard_normal((self.space.size, count)) * 10.0**hottest / np.sqrt(self.space.size)
        return self._descend(self.space.settled(found.y[:, None] + noise), hottest, steps, clock)

    def _descend(self, starts: Floats, hottest: NDArray[np.float64], steps: int, clock: Clock) -> list[Found]:
        y: Floats = starts.astype(self.kind)
        count = y.shape[1]
        peak, width = np.array([SHAPES[k % len(SHAPES)] for k in range(count)], dtype=self.kind).T
        best: Floats = y.copy()
        fewest = np.full(count, self.rows.count + 1)
        velocity: Floats = np.zeros_like(y)
        for tau in (np.logspace(hottest, COLDEST, steps) / np.sqrt(self.space.size)).astype(self.kind):
            clock.check()
            values = self.rows.at(y)
            active = np.count_nonzero(values >= 0, axis=0)
            gradient = self.rows.combined(_push(values / tau - peak, width))
            better = active < fewest
            if self.walls.count:
                values = self.walls.at(y)
                better &= np.all(values < 0, axis=0)
                gradient += self.space.size * self.walls.combined(_push(np.minimum(values / tau - peak, 0), width))
            if better.any():
                best[:, better], fewest[better] = y[:, better], active[better]
            allowed = self.space.allowed(y, gradient)
            velocity = MOMENTUM * velocity - allowed * (self._stride(tau) / lengths_of(allowed))
            y = self.space.settled(y + velocity)
        return self._found(best, fewest)

    def _starts(self, count: int) -> Floats:
        """The middle for the first descent of all, later ones further and further off."""
        size = self.space.size
        spread = [0.0 if k == 0 else min(0.25 * (1 + k), 2.0) for k in range(self.begun, self.begun + count)]
        self.begun += count
        noise = self.random.standard_normal((size, count)) * np.array(spread) / np.sqrt(size)
        return self.space.starts(noise)

    def _stride(self, tau: Floats) -> Floats:
        """The lengths of steps without momentum."""
        stride: Floats = STRIDE * np.sqrt(tau * self.kind(np.sqrt(self.space.size)))
        return stride

    def _found(self, best: Floats, fewest: NDArray[np.int_]) -> list[Found]:
        """The best points in double precision, counted again."""
        y = best.astype(np.float64)
        active = np.count_nonzero(self.space.rows @ y + self.space.offsets >= 0, axis=0)
        inside = np.flatnonzero(fewest <= self.rows.count)
        return sorted((Found(int(active[k]), y[:, k]) for k in inside), key=lambda found: found.active)


class _Rows:
    """Rows with offsets in the precision of the descent."""

    def __init__(self, rows: Floats, offsets: Floats, kind: type[np.floating]) -> None:
        self.rows: Floats = rows.astype(kind)
        self.offsets: Floats | None = offsets.astype(kind) if offsets.any() else None
        self.count = len(rows)

    def at(self, y: Floats) -> Floats:
        """Their values at the points, a column for each."""
        values: Floats = self.rows @ y
        return values if self.offsets is None else values + self.offsets

    def combined(self, weights: Floats) -> Floats:
        """The sums of the rows with the weights in the columns."""
        sums: Floats = self.rows.T @ weights
        return sums


def _push(offsets: Floats, width: Floats) -> Floats:
    """p, from the distances to its peak."""
    pushed: Floats = np.where(offsets > 0, offsets / width, offsets)
    pushed *= pushed
    pushed *= -0.5
    np.maximum(pushed, -80.0, out=pushed)  # below, single precision has no numbers
    return np.exp(pushed, out=pushed)
