"""Monte Carlo Bias Estimation (MCBE): alpha* estimated from above by samples.

For samples X, ``alpha*_j(X) = min { <x, w_j> : x in X, row j is among the n largest of W x }`` ([Eck24], algorithm 1;
[HEB24]). A layer with ``alpha <= alpha*(X)`` is rectifying at the points of X if its rows are full spark, and that is
all that is known: the exact alpha* on the domain is lower, `exactinj.alpha_star` computes it in low dimension.

Cost: one float32 product of a block of samples with W and one comparison per coefficient, on accelerators one product
in float16 (`screens`). Only samples that may lower the estimate pass (`search`); those are looked at in float64, row by
row, and where two rows are too close for that, in rationals. So whether a row counts as among the n largest is decided
exactly, and each value is the coefficient of a real point, up to the rounding of that one product in float64. The type
that is asked for is the one that samples are drawn in.

In high dimension samples share random subspaces (`blocks`), which makes the product cheaper by a factor of n / k.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Ball, NonnegativeBall, Sphere
from exactinj.errors import InputError
from exactinj.exact.numbers import exact_vector
from exactinj.layers.dense import ReLULayer
from exactinj.sampling.backend import Backend, backend_named
from exactinj.sampling.blocks import Source, Subspaces
from exactinj.sampling.data_samplers import GivenPoints
from exactinj.sampling.estimate import AlphaEstimate, Ending
from exactinj.sampling.frame import Frame
from exactinj.sampling.samplers import Sampler, SubspaceSampler
from exactinj.sampling.screens import require_screen
from exactinj.sampling.search import Search
from exactinj.work.clock import Clock

__all__ = ["alpha_on", "sample_alpha"]

Floats = NDArray[np.float64]

FIRST_BLOCK = 256  # the first samples nearly all lower something; later blocks are longer
COPIES = 4  # of a block of coefficients that are held at one time
PROCESSOR_BYTES, DEVICE_BYTES = 1 << 21, 1 << 28  # of a block: what processors hold near, what accelerators like
MOST_BYTES = 1 << 26  # of a block, however few samples that leaves for layers of a million rows
SUBSPACE = 16  # dimension of shared subspaces, used from four times as many columns on
FEWEST_SUBSPACES, FEWEST_SHARED = 32, 64  # that samples are spread over, and samples in each, for them to be used


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
    subspace: int | None = None,
    screen: str = "auto",
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
    backend_ = backend_named(backend, dtype, seed, device)
    require_screen(screen)
    clock = clock or Clock()
    size = _block_size(frame, backend_, memory, greedy=greedy)
    dimension = _subspace_dimension(0 if greedy and subspace is None else subspace, sampler, frame.n, samples)
    first_look = "float32" if greedy or dimension else screen  # in subspaces products are short
    search = Search(frame, backend_, sampler, greedy=greedy, screen=first_look)
    if rows_first:
        first = backend_.array(_rows_inside(frame.rows, sampler, backend_))
        for start in range(0, len(first), size):
            search.look_at(search.independent.given(first[start : start + size]))
    source: Source = search.independent
    if dimension and isinstance(sampler, SubspaceSampler):
        most = max(1, samples // FEWEST_SUBSPACES)
        source = Subspaces(sampler, backend_, search.device_rows, k=dimension, most=most, block=min(size, samples))
    goal = samples + search.drawn  # rows come on top
    ahead = int(backend_.is_device and patience is None and memory is None)
    ended = _draw(search, source, clock, samples=goal, patience=patience, size=size, ahead=ahead)
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
        dimension,
        ended,
        clock.worked,
    )


def alpha_on(layer: ReLULayer | Any, points: Any, *, greedy: bool = False, clock: Clock | None = None) -> AlphaEstimate:
    """``alpha*(X)`` of a finite set X; see `exactinj.alpha_on`."""
    sampler, frame = points if isinstance(points, GivenPoints) else GivenPoints(points), Frame.of(layer)
    sampler.require(frame.n)
    backend = backend_named("numpy", "float64", 0, None)
    search = Search(frame, backend, sampler, greedy=greedy)
    clock = clock or Clock()
    size, ended = _block_size(frame, backend, None, greedy=greedy), Ending.SAMPLES
    for start in range(0, len(sampler.data), size):
        if clock.is_over:
            ended = Ending.TIME
            break
        search.look_at(search.independent.given(backend.array(sampler.data[start : start + size])))
    drawn = search.values, search.points, search.drawn
    return AlphaEstimate(frame, sampler, *drawn, (), "numpy", "float64", greedy, 0, ended, clock.worked)


def _subspace_dimension(wanted: int | None, sampler: Sampler, n: int, samples: int) -> int:
    """The dimension of the subspaces that samples share, 0 if each is drawn by itself; `InputError` if it cannot be."""
    if wanted is None:
        enough = n >= 4 * SUBSPACE and samples >= FEWEST_SUBSPACES * FEWEST_SHARED
        return SUBSPACE if enough and isinstance(sampler, SubspaceSampler) else 0
    if not wanted:
        return 0
    if not 2 <= wanted <= n // 2:  # noqa: PLR2004
        possible = f"0 or 2 to n / 2 = {n // 2}" if n >= 4 else f"0, as n = {n} is too small for them"  # noqa: PLR2004
        raise InputError(f"found subspaces of dimension {wanted}, expected {possible}; 0 uses none")
    if not isinstance(sampler, SubspaceSampler):
        raise InputError(
            f"found subspaces for samples {sampler.text}, expected a sphere, a ball around 0, a shell or data"
        )
    return wanted


def _draw(
    search: Search,
    source: Source,
    clock: Clock,
    *,
    samples: int,
    patience: int | None,
    size: int,
    ahead: int = 0,
) -> Ending:
    """Blocks of samples until there are enough, time is over, or the stopping rule says so.

    The rule is looked at at the ends of blocks, which are at most `patience` long. An accelerator draws and screens so
    many blocks `ahead` of what is decided. It then compares with older estimates, which are higher: see `backend`.
    """
    block, last = min(FIRST_BLOCK, size), search.drawn
    waiting: deque[Callable[[], bool]] = deque()
    while search.drawn < samples and not clock.is_over:
        count = min(block, samples - search.drawn, patience or samples)
        waiting.append(search.begin(source.draw(count)))
        if len(waiting) > ahead and waiting.popleft()():
            last = search.drawn
        unchanged = search.drawn - last
        if patience is not None and unchanged >= patience:
            return Ending.RULE
        clock.report(f"{search.drawn:,} samples, estimate unchanged for the last {unchanged:,}")
        block = min(2 * block, size)
    for decide in waiting:
        decide()
    return Ending.SAMPLES if search.drawn >= samples else Ending.TIME


def _block_size(frame: Frame, backend: Backend, memory: int | None, *, greedy: bool = False) -> int:
    """Samples in a block; with a memory budget in bytes, so many that a few copies of its coefficients fit."""
    item = 4 * frame.m + np.dtype(backend.dtype).itemsize * frame.n
    if greedy:
        item += 16 * frame.n**2  # a basis in float64, and a copy
    if memory is not None:
        return max(1, memory // (COPIES * item))
    size = (DEVICE_BYTES if backend.is_device else PROCESSOR_BYTES) // item
    return max(1 if greedy else min(FIRST_BLOCK, max(1, MOST_BYTES // item)), size)


def _rows_inside(rows: Floats, sampler: Sampler, backend: Backend) -> Floats:
    """The rows themselves as samples, those that lie in the sampler's region; [Eck24], section 4.2.

    On a sphere that is their directions. Rows within rounding of the rim of a ball are shortened by a few units of
    rounding; in other regions exact arithmetic says which rows of the backend's type lie inside.
    """
    region = sampler.region
    if isinstance(region, Sphere):
        largest = np.abs(rows).max(axis=1, keepdims=True)
        directions = rows[largest[:, 0] > 0] / largest[largest > 0][:, None]  # whose squares are not lost
        return np.asarray(float(region.radius) * directions / np.linalg.norm(directions, axis=1, keepdims=True))
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        cast = backend.numpy(backend.array(rows))
    if isinstance(region, Ball | NonnegativeBall):
        radius = float(region.radius)
        near = lengths[:, 0] <= radius * (1 + 1e-9)
        if isinstance(region, NonnegativeBall):
            near &= (rows >= 0).all(axis=1)
        longest = radius * (1 - 8 * backend.epsilon)
        return np.asarray(rows[near] * np.minimum(1.0, longest / np.maximum(lengths[near], longest / 2)))
    cast = cast[np.isfinite(cast).all(axis=1)]
    inside = [region is None or region.contains(exact_vector(row)) for row in cast]
    return cast[np.array(inside, dtype=np.bool_)]
