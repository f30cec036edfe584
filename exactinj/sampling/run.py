"""Monte Carlo Bias Estimation (MCBE): alpha* estimated from above by samples.

For samples X, ``alpha*_j(X) = min { <x, w_j> : x in X, row j is among the n largest of W x }`` ([Eck24], algorithm 1;
[HEB24]). A layer with ``alpha <= alpha*(X)`` is rectifying at the points of X if its rows are full spark, and that is
all that is known: the exact alpha* on the domain is lower, `exactinj.alpha_star` computes it in low dimension.

Cost: one product of a block of samples with W, a masked maximum and a count (`backend`), and for the few samples that
may lower the estimate the n-th largest coefficient. Every value is computed in float64 at the sample that set it, and
in float64 (in float32 for small layers, too) a row counts as among the n largest only where an error bound or
rationals say so. So a value is the coefficient of a real point, up to the rounding of that one product. In float32 a
large layer is looked at again at the end, and rows that tie exactly with others may be left without a value.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Ball, NonnegativeBall, Sphere
from exactinj.engines.clock import Clock
from exactinj.errors import InputError
from exactinj.layer import ReLULayer
from exactinj.sampling.backend import Array, Backend, backend_named
from exactinj.sampling.estimate import AlphaEstimate, Ending
from exactinj.sampling.frame import Frame
from exactinj.sampling.greedy import greedy_selection
from exactinj.sampling.samplers import Sampler
from exactinj.sampling.selection import is_selected

__all__ = ["sample_alpha"]

Floats = NDArray[np.float64]

FIRST_BLOCK = 256  # the first samples nearly all lower something; later blocks are longer
COPIES = 4  # of a block of coefficients that are held at one time
PROCESSOR_BYTES, DEVICE_BYTES = 1 << 21, 1 << 28  # of a block: what processors hold near, what accelerators like
SMALL = 1 << 17  # weights up to which close calls are decided in float32, too
SETTLED = 512  # points that are looked at again at one time


def sample_alpha(
    layer: ReLULayer | Any,
    sampler: Sampler,
    *,
    samples: int = 100_000,
    patience: int | None = None,
    seed: int = 0,
    dtype: str = "float64",
    backend: str = "numpy",
    device: str | None = None,
    memory: int | None = None,
    rows_first: bool = False,
    greedy: bool = False,
    clock: Clock | None = None,
) -> AlphaEstimate:
    """Estimate alpha* from samples; see `exactinj.sample_alpha` for the arguments.

    >>> from exactinj.sampling.samplers import UniformSphere
    >>> estimate = sample_alpha(ReLULayer([[1, 0], [0, 1], [-1, -1]]), UniformSphere(), samples=1000)
    >>> bool((estimate.values >= [-0.7072, -0.7072, -0.4473]).all())
    True
    """
    if seed < 0 or any(number is not None and number < 1 for number in (samples, patience, memory)):
        found = f"samples = {samples}, patience = {patience}, memory = {memory}, seed = {seed}"
        raise InputError(f"found {found}, expected positive numbers and a seed that is not negative")
    frame = Frame.of(layer)
    sampler.require(frame.n)
    source = backend_named(backend, dtype, seed, device)
    search = _Search(frame, source, sampler, greedy=greedy)
    clock = clock or Clock()
    size = _block_size(frame, source, memory, greedy=greedy)
    if rows_first:
        first = source.array(_rows_inside(frame.rows, sampler, source))
        for start in range(0, len(first), size):
            search.look_at(first[start : start + size])
    goal = samples + search.drawn  # rows come on top
    ended = _draw(search, sampler, clock, samples=goal, patience=patience, size=size)
    search.settle()
    return AlphaEstimate(
        frame,
        sampler,
        np.ldexp(search.values, search.exponent),
        search.points,
        search.drawn,
        (seed,),
        backend,
        dtype,
        greedy,
        ended,
        clock.worked,
    )


def _draw(search: _Search, sampler: Sampler, clock: Clock, *, samples: int, patience: int | None, size: int) -> Ending:
    """Blocks of samples until there are enough, time is over, or the stopping rule says so.

    The rule is looked at at the ends of blocks, which are at most `patience` long.
    """
    block, last = min(FIRST_BLOCK, size), search.drawn
    while search.drawn < samples and not clock.is_over:
        count = min(block, samples - search.drawn, patience or samples)
        if search.look_at(sampler.draw(search.source, count, search.rows.shape[1])):
            last = search.drawn
        unchanged = search.drawn - last
        if patience is not None and unchanged >= patience:
            return Ending.RULE
        clock.report(f"{search.drawn:,} samples, estimate unchanged for the last {unchanged:,}")
        block = min(2 * block, size)
    return Ending.SAMPLES if search.drawn >= samples else Ending.TIME


def _block_size(frame: Frame, source: Backend, memory: int | None, *, greedy: bool = False) -> int:
    """Samples in a block; with a memory budget in bytes, so many that a few copies of its coefficients fit."""
    item = np.dtype(source.dtype).itemsize * (frame.m + frame.n)
    if greedy:
        item += 16 * frame.n**2  # a basis in float64, and a copy
    if memory is not None:
        return max(1, memory // (COPIES * item))
    size = (DEVICE_BYTES if source.is_device else PROCESSOR_BYTES) // item
    return max(1 if greedy else FIRST_BLOCK, size)


def _rows_inside(rows: Floats, sampler: Sampler, source: Backend) -> Floats:
    """The rows themselves as samples, those that lie in the sampler's region; [Eck24], section 4.2.

    On a sphere that is their directions. Rows within rounding of the rim of a ball are shortened by a few units of
    rounding; in other regions exact arithmetic says which rows of the backend's type lie inside.
    """
    region = sampler.region
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if isinstance(region, Sphere):
        nonzero = lengths[:, 0] > 0
        return np.asarray(float(region.radius) * rows[nonzero] / lengths[nonzero])
    if isinstance(region, Ball | NonnegativeBall):
        radius = float(region.radius)
        near = lengths[:, 0] <= radius * (1 + 1e-9)
        if isinstance(region, NonnegativeBall):
            near &= (rows >= 0).all(axis=1)
        longest = radius * (1 - 8 * source.epsilon)
        return np.asarray(rows[near] * np.minimum(1.0, longest / np.maximum(lengths[near], longest / 2)))
    cast = source.numpy(source.array(rows))
    inside = [region is None or region.contains([Fraction(value) for value in row.tolist()]) for row in cast]
    return cast[np.array(inside, dtype=np.bool_)]


class _Search:
    """The state of one run: values and points in float64, and the estimate in the type of the search.

    Rows, values and the estimate are divided by ``2^exponent``, so that no row is longer than 1.
    """

    def __init__(self, frame: Frame, source: Backend, sampler: Sampler, *, greedy: bool) -> None:
        self.frame = frame
        self.source = source
        self.sampler = sampler
        self.most = min(frame.n, frame.m)
        self.greedy = greedy
        self.exponent = int(np.frexp(np.abs(frame.rows).max() or 1.0)[1]) + frame.n.bit_length()
        self.rows: Floats = np.ldexp(frame.rows, -self.exponent)
        self.values: Floats = np.full(frame.m, np.inf)
        self.points: Floats = np.full(frame.rows.shape, np.nan)
        self.spare_values, self.spare_points = self.values.copy(), self.points.copy()
        self.device_rows: Any = source.array(self.rows)
        self.estimate: Any = source.array(self.values)
        self.decides_ties = source.dtype == "float64" or frame.m * frame.n <= SMALL
        self.drawn = 0

    def look_at(self, points: Array) -> bool:
        """Take a block of samples (B, n); returns whether the estimate fell."""
        self.drawn += len(points)
        if not len(points):
            return False
        if self.greedy:
            return self._look_greedily(self.source.numpy(points))
        coefficients = self.source.products(points, self.device_rows)
        chosen = self.source.candidates(coefficients, self.estimate, self.most)
        if not len(chosen):
            return False
        points, coefficients = points[chosen], coefficients[chosen]
        margin = self._margin(points)
        fell = self._take(points, *self.source.column_minima(coefficients, self.estimate, self.most, margin), sure=True)
        if self.decides_ties:
            none = 0 * margin
            close = self.source.column_minima(coefficients, self.estimate, self.most, none)
            fell = self._take(points, *close, sure=False) or fell
        return fell

    def _take(self, points: Array, least: Floats, places: NDArray[np.int64], *, sure: bool) -> bool:
        """Lower the rows with a finite `least` to their products with the points at `places`.

        Unless the selection is sure, each is first decided by `is_selected`.
        """
        changed = np.flatnonzero(np.isfinite(least))
        if not len(changed):
            return False
        found = self.sampler.settled(self.source.numpy(points[places[changed]]))
        values = np.einsum("kj,kj->k", found, self.rows[changed])
        right = values < self.values[changed]
        if not sure:
            pairs = zip(changed.tolist(), found, right.tolist(), strict=True)
            right = np.array([lower and is_selected(self.frame, self.rows, j, x) for j, x, lower in pairs])
        self._lower(changed[right], values[right], found[right])
        return bool(right.any())

    def _margin(self, points: Array) -> Array:
        """How much larger than the next entry a coefficient has to be for its row to be selected, one number a sample.

        In float64 a bound of the rounding error of a product of length n. In float32 a few standard deviations of it;
        what slips through is found by `settle`.
        """
        n = self.frame.n
        share = n + 2 if self.source.dtype == "float64" else 4 * (n**0.5 + 2)
        return (points * points).sum(-1) ** 0.5 * (share * self.source.epsilon)

    def _look_greedily(self, points: Floats) -> bool:
        """The variant for rows that are not full spark: independent rows by decreasing coefficient, in float64."""
        products = points @ self.rows.T
        counted = np.where(greedy_selection(self.rows, products), products, np.inf)
        places = counted.argmin(axis=0)
        least = counted[places, np.arange(len(self.values))]
        changed = np.flatnonzero(least < self.values)
        self._lower(changed, least[changed], points[places[changed]])
        return bool(len(changed))

    def _lower(self, rows: NDArray[np.intp], values: Floats, points: Floats) -> None:
        """Set the values of some rows; the ones before are kept as spares."""
        if len(rows):
            self.spare_values[rows], self.spare_points[rows] = self.values[rows], self.points[rows]
            self.values[rows], self.points[rows] = values, points
            self.estimate = self.source.array(self.values)

    def settle(self) -> None:
        """After a search in float32: is every row among the n largest at its point? If not, take its spare.

        A row for which neither holds has no value.
        """
        if self.source.dtype == "float64" or self.greedy:
            return
        suspects = np.flatnonzero(np.isfinite(self.values))
        for _ in range(2):
            suspects = suspects[~self._are_selected(suspects)]
            self.values[suspects], self.points[suspects] = self.spare_values[suspects], self.spare_points[suspects]
            self.spare_values[suspects], self.spare_points[suspects] = np.inf, np.nan
            suspects = suspects[np.isfinite(self.values[suspects])]

    def _are_selected(self, suspects: NDArray[np.intp]) -> NDArray[np.bool_]:
        right = np.ones(len(suspects), dtype=np.bool_)
        for start in range(0, len(suspects), SETTLED):
            part = suspects[start : start + SETTLED]
            products = self.points[part] @ self.rows.T
            own = products[np.arange(len(part)), part][:, None]
            bound = 2 * (self.frame.n + 2) * 2.0**-52 * np.linalg.norm(self.points[part], axis=1)[:, None]
            possibly = np.count_nonzero(products > own - bound, axis=1)  # the row itself among them
            for k in np.flatnonzero(possibly > self.most).tolist():
                right[start + k] = is_selected(self.frame, self.rows, int(part[k]), self.points[part[k]])
        return right
