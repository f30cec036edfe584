"""Monte Carlo Bias Estimation (MCBE): alpha* estimated from above by samples.

For samples X, ``alpha*_j(X) = min { <x, w_j> : x in X, row j is among the n largest of W x }`` ([Eck24], algorithm 1;
[HEB24]). A layer with ``alpha <= alpha*(X)`` is rectifying at the points of X if its rows are full spark, and that is
all that is known: the exact alpha* on the domain is lower, `exactinj.alpha_star` computes it in low dimension.

Cost: one product of a block of samples with W, a masked maximum and a count (`backend`), and for the few samples that
may lower the estimate the n-th largest coefficient. Every value is computed in float64 at the sample that set it, so it
is the coefficient of a real point, whatever the type of the search.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Sphere
from exactinj.engines.clock import Clock
from exactinj.errors import InputError
from exactinj.layer import ReLULayer
from exactinj.sampling.backend import Array, Backend, backend_named
from exactinj.sampling.estimate import AlphaEstimate
from exactinj.sampling.frame import Frame
from exactinj.sampling.greedy import greedy_selection
from exactinj.sampling.samplers import Sampler

__all__ = ["sample_alpha"]

Floats = NDArray[np.float64]

FIRST_BLOCK = 256  # the first samples nearly all lower something; later blocks are longer
COPIES = 4  # of a block of coefficients that are held at one time
PROCESSOR_BYTES, DEVICE_BYTES = 1 << 21, 1 << 28  # of a block: what processors hold near, what accelerators like
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
    if samples < 1 or (patience is not None and patience < 1) or (memory is not None and memory < 1):
        found = f"samples = {samples}, patience = {patience}, memory = {memory}"
        raise InputError(f"found {found}, expected positive numbers")
    frame = Frame.of(layer)
    sampler.require(frame.n)
    source = backend_named(backend, dtype, seed, device)
    search = _Search(frame.rows, source, greedy=greedy)
    clock = clock or Clock()
    if rows_first:
        search.look_at(source.array(_rows_inside(frame.rows, sampler)))
    size = _block_size(frame, source, memory)
    samples += search.drawn  # rows come on top
    stopped = _draw(search, sampler, clock, samples=samples, patience=patience, size=size)
    search.settle()
    return AlphaEstimate(
        frame,
        sampler,
        search.values,
        search.points,
        search.drawn,
        (seed,),
        backend,
        dtype,
        greedy,
        stopped,
        clock.worked,
    )


def _draw(search: _Search, sampler: Sampler, clock: Clock, *, samples: int, patience: int | None, size: int) -> bool:
    """Blocks of samples until there are enough, time is over, or the stopping rule says so (then True).

    The rule is looked at at the ends of blocks, which are at most `patience` long.
    """
    block, last = min(FIRST_BLOCK, size), search.drawn
    while search.drawn < samples and not clock.is_over:
        count = min(block, samples - search.drawn, patience or samples)
        if search.look_at(sampler.draw(search.source, count, search.rows.shape[1])):
            last = search.drawn
        unchanged = search.drawn - last
        if patience is not None and unchanged >= patience:
            return True
        clock.report(f"{search.drawn:,} samples, estimate unchanged for the last {unchanged:,}")
        block = min(2 * block, size)
    return False


def _block_size(frame: Frame, source: Backend, memory: int | None) -> int:
    """Samples in a block; with a memory budget in bytes, so many that a few copies of its coefficients fit."""
    item = np.dtype(source.dtype).itemsize * (frame.m + frame.n)
    if memory is not None:
        return max(1, memory // (COPIES * item))
    return max(FIRST_BLOCK, (DEVICE_BYTES if source.is_device else PROCESSOR_BYTES) // item)


def _rows_inside(rows: Floats, sampler: Sampler) -> Floats:
    """The rows themselves as samples, those that lie in the sampler's region; [Eck24], section 4.2.

    On a sphere that is their directions, as no float row has exactly its length.
    """
    region = sampler.region
    if isinstance(region, Sphere):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        nonzero = lengths[:, 0] > 0
        return np.asarray(float(region.radius) * rows[nonzero] / lengths[nonzero])
    inside = [region is None or region.contains([Fraction(value) for value in row.tolist()]) for row in rows]
    return rows[np.array(inside, dtype=np.bool_)]


class _Search:
    """The state of one run: values and points in float64, and the estimate in the type of the search."""

    def __init__(self, rows: Floats, source: Backend, *, greedy: bool) -> None:
        self.rows = rows
        self.source = source
        m, n = rows.shape
        self.most = min(n, m)
        self.greedy = greedy
        self.longest = float(np.linalg.norm(self.rows, axis=1).max())
        self.values: Floats = np.full(m, np.inf)
        self.points: Floats = np.full(self.rows.shape, np.nan)
        self.spare_values, self.spare_points = self.values.copy(), self.points.copy()
        self.device_rows: Any = source.array(self.rows)
        self.estimate: Any = source.array(self.values)
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
        margin = self._margin(points[chosen])
        least, places = self.source.column_minima(coefficients[chosen], self.estimate, self.most, margin)
        changed = np.flatnonzero(np.isfinite(least))
        found = self.source.numpy(points[chosen[places[changed]]])
        self._lower(changed, np.einsum("kj,kj->k", found, self.rows[changed]), found)
        return bool(len(changed))

    def _margin(self, points: Array) -> Array:
        """How much larger than the next entry a coefficient has to be, one number a sample; 0 in float64.

        In float32 a few standard deviations of the rounding error of a product of length n; what slips through is
        found by `settle`.
        """
        share = 0.0 if self.source.dtype == "float64" else 4 * self.source.epsilon * (self.rows.shape[1] ** 0.5 + 2)
        return (points * points).sum(-1) ** 0.5 * (share * self.longest)

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
        """After a search in float32: where float64 does not find a row among the n largest at its point, use the spare.

        A row for which neither holds has no value.
        """
        if self.source.dtype == "float64" or self.greedy:
            return
        for _ in range(2):
            wrong = np.flatnonzero(~self._is_selected())
            self.values[wrong], self.points[wrong] = self.spare_values[wrong], self.spare_points[wrong]
            self.spare_values[wrong], self.spare_points[wrong] = np.inf, np.nan

    def _is_selected(self) -> NDArray[np.bool_]:
        right = np.ones(len(self.values), dtype=np.bool_)
        for start in range(0, len(right), SETTLED):
            part = slice(start, start + SETTLED)
            products = self.points[part] @ self.rows.T  # NaN where there is no point: nothing is larger
            own = products[np.arange(len(products)), np.arange(len(right))[part]]
            right[part] = np.count_nonzero(products > own[:, None], axis=1) < self.most
        return right
