"""What single steps read, which entries they reach, and what they are at 0: one function of each kind of step."""

# ruff: noqa: ARG001  (functions of one family have the arguments of all)

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from itertools import product
from math import prod

import numpy as np

from exactinj.layers.network import (
    AffineOperation,
    Concatenation,
    Constant,
    Convolution,
    Dense,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Mean,
    Operation,
    Rearrangement,
    ScaleShift,
    Sum,
)
from exactinj.networks.sparse.terms import Integers, Places, Shape, Terms

__all__ = ["offset_of", "reached", "scale_of", "slopes_at", "terms_of", "windows_of"]


@singledispatch
def terms_of(operation: AffineOperation, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    """The sums that some entries of an affine value are, one for each input of the step; the offset is not in them."""
    raise NotImplementedError(type(operation).__name__)


@singledispatch
def reached(operation: Operation, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    """The entries of a step's value that read some entries of one of its inputs; here those at the same places."""
    return places


@singledispatch
def scale_of(operation: AffineOperation) -> int:
    """The common denominator of the weights."""
    return 1


@terms_of.register
def _(_: Constant, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    return []


@terms_of.register
def _(operation: Dense, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    m, n = operation.W.shape
    weights = _dense_weights(operation).numerators
    rows, window = np.unique(places // m, return_inverse=True)
    reads = rows[:, None] * n + np.arange(n)[None, :]
    return [Terms(0, reads, weights, window, places % m)]


def _dense_weights(operation: Dense) -> ExactTensor:
    return operation._weights


@reached.register
def _(operation: Dense, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    m, n = operation.W.shape
    rows = np.unique(places // n)
    return np.asarray((rows[:, None] * m + np.arange(m)[None, :]).ravel())


@scale_of.register
def _(operation: Dense) -> int:
    return _dense_weights(operation).denominator


def _window_places(operation: Convolution, size: Sequence[int], windows: Places) -> Places:
    """What windows read of the grid: (windows, taps), -1 outside."""
    counts = [axis.windows(n) for axis, n in zip(operation.axes, size, strict=True)]
    corner = np.unravel_index(windows, counts)
    flat = np.zeros((len(windows), 1), dtype=np.int64)
    inside = np.ones((len(windows), 1), dtype=bool)
    for axis, n, where in zip(operation.axes, size, corner, strict=True):
        along = (where * axis.stride - axis.low)[:, None] + axis.dilation * np.arange(axis.taps)[None, :]
        shape = (len(windows), flat.shape[1] * axis.taps)
        inside = (inside[:, :, None] & ((along >= 0) & (along < n))[:, None, :]).reshape(shape)
        flat = (flat[:, :, None] * n + along[:, None, :]).reshape(shape)
    return np.where(inside, flat, -1)


@terms_of.register
def _(operation: Convolution, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    size = shapes[0][2:]
    counts = prod(axis.windows(n) for axis, n in zip(operation.axes, size, strict=True))
    ins, outs = operation.in_channels // operation.groups, operation.out_channels // operation.groups
    channel, at = places // counts, places % counts
    windows, window = np.unique((channel // outs) * counts + at, return_inverse=True)
    grid = _window_places(operation, size, windows % counts)[:, None, :]
    first = (windows // counts * ins)[:, None] + np.arange(ins)[None, :]
    reads = np.where(grid >= 0, grid + first[:, :, None] * prod(size), -1).reshape(len(windows), ins * grid.shape[2])
    weights = operation.kernels.numerators.reshape(operation.out_channels, -1)
    return [Terms(0, reads, weights, window, channel)]


@reached.register
def _(operation: Convolution, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    size = shapes[0][2:]
    cells = prod(size)
    counts = [axis.windows(n) for axis, n in zip(operation.axes, size, strict=True)]
    outs, ins = operation.out_channels // operation.groups, operation.in_channels // operation.groups
    found = []
    for group in range(operation.groups):
        inside = places[places // (cells * ins) == group] % cells
        windows = _windows_that_read(operation, size, counts, np.unique(inside))
        channels = np.arange(group * outs, (group + 1) * outs)
        found.append((channels[:, None] * prod(counts) + windows[None, :]).ravel())
    return np.sort(np.concatenate(found))


def _windows_that_read(operation: Convolution, size: Sequence[int], counts: Sequence[int], cells: Places) -> Places:
    seen: set[int] = set()
    for cell in cells.tolist():
        along = []
        for axis, at, count in zip(operation.axes, np.unravel_index(cell, size), counts, strict=True):
            starts = int(at) + axis.low - axis.dilation * np.arange(axis.taps)
            hits = starts[(starts >= 0) & (starts % axis.stride == 0)] // axis.stride
            along.append(hits[hits < count].tolist())
        seen.update(int(np.ravel_multi_index(window, tuple(counts))) for window in product(*along))
    return np.array(sorted(seen), dtype=np.int64)


@scale_of.register
def _(operation: Convolution) -> int:
    return operation.kernels.denominator


@terms_of.register
def _(operation: ScaleShift, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    scale = np.broadcast_to(operation.scale.numerators, shapes[0]).ravel()
    return [Terms.single(0, places[:, None], scale[places][:, None])]


@scale_of.register
def _(operation: ScaleShift) -> int:
    return operation.scale.denominator


@terms_of.register
def _(operation: Sum, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    return [Terms.single(k, places[:, None], _full(places, sign)) for k, sign in enumerate(operation.signs)]


def _full(places: Places, value: int) -> Integers:
    return np.full((len(places), 1), value, dtype=object)


@terms_of.register
def _(operation: Rearrangement, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    return [Terms.single(0, operation.places.ravel()[places][:, None], _full(places, 1))]


@reached.register
def _(operation: Rearrangement, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    return np.flatnonzero(np.isin(operation.places.ravel(), places))


@terms_of.register
def _(operation: Concatenation, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    return [
        Terms.single(k, inverse[places][:, None], _full(places, 1))
        for k, inverse in enumerate(_sources_of_entries(operation, shapes))
    ]


def _sources_of_entries(operation: Concatenation, shapes: Sequence[Shape]) -> list[Places]:
    """Per input, for each flat entry of the value the place that it reads of it, or -1."""
    parts = []
    for k in range(len(shapes)):
        arrays = [np.full(shape, -1, dtype=np.int64) for shape in shapes]
        arrays[k] = np.arange(prod(shapes[k])).reshape(shapes[k])
        parts.append(np.concatenate(arrays, axis=operation.axis).ravel())
    return parts


@reached.register
def _(operation: Concatenation, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    return np.flatnonzero(np.isin(_sources_of_entries(operation, shapes)[source], places))


@terms_of.register
def _(operation: Mean, shapes: Sequence[Shape], places: Places) -> list[Terms]:
    reads = operation.places.reshape(-1, operation.places.shape[-1])[places]
    weights = (scale_of(operation) // operation.counts.ravel()[places]).astype(object)
    return [Terms.single(0, reads, np.repeat(weights[:, None], reads.shape[1], axis=1))]


@reached.register
def _(operation: Mean, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    return _rows_with(operation.places, places)


@scale_of.register
def _(operation: Mean) -> int:
    return int(np.lcm.reduce(operation.counts.ravel())) if operation.counts.size else 1


@reached.register
def _(operation: Maximum, shapes: Sequence[Shape], source: int, places: Places) -> Places:
    return _rows_with(operation.places, places)


def _rows_with(windows: Places, places: Places) -> Places:
    rows = windows.reshape(-1, windows.shape[-1])
    return np.flatnonzero(np.isin(rows, places).any(axis=1))


@singledispatch
def offset_of(operation: Operation, shape: Shape) -> ExactTensor | None:
    """The value at 0 where it is not 0."""
    return None


@offset_of.register
def _(operation: Dense, shape: Shape) -> ExactTensor:
    b = ExactTensor.of_matrix(operation.b)
    return ExactTensor(np.broadcast_to(b.numerators.ravel(), shape), b.denominator)


@offset_of.register
def _(operation: Convolution, shape: Shape) -> ExactTensor:
    column = operation.b.numerators.reshape(1, -1, *[1] * len(operation.axes))
    return ExactTensor(np.broadcast_to(column, shape), operation.b.denominator)


@offset_of.register
def _(operation: ScaleShift, shape: Shape) -> ExactTensor:
    return ExactTensor(np.broadcast_to(operation.offset.numerators, shape), operation.offset.denominator)


@offset_of.register
def _(operation: Rearrangement, shape: Shape) -> ExactTensor | None:
    if not operation.fill:
        return None
    return ExactTensor(np.where(operation.places < 0, operation.fill.numerator, 0), operation.fill.denominator)


@offset_of.register
def _(operation: Constant, shape: Shape) -> ExactTensor:
    return operation.value


def windows_of(operation: Maximum, places: Places) -> Places:
    """What some maxima read, (places, k), without gaps: a place of the window in the stead of nothing."""
    rows = operation.places.reshape(-1, operation.places.shape[-1])[places]
    return np.where(rows < 0, rows.max(axis=1, keepdims=True), rows)


def slopes_at(operation: LeakyRelu, shape: Shape, places: Places) -> Integers:
    """The numerators of the slopes of some entries."""
    return np.asarray(np.broadcast_to(operation.slope.numerators, shape).ravel()[places], dtype=object)
