"""Values and derivatives of a network at single places, exactly, without the rest of it.

Two inputs that differ in a few entries differ, later on, in few entries as long as ReLUs and poolings shut them out.
What is needed of a large network is then small: the values of the places that are reached, and what these read. All
numbers are integers over one denominator for each value of the network, which the weights alone determine.
"""

# ruff: noqa: ARG001  (functions of one family have the arguments of all)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from itertools import product
from math import lcm, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network import (
    AffineOperation,
    Agreement,
    Clip,
    Concatenation,
    Constant,
    Convolution,
    Dense,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Mean,
    Network,
    Node,
    NotRationalError,
    Operation,
    Rearrangement,
    ScaleShift,
    Square,
    Sum,
)
from exactinj.layers.network.tensor import integer_product

__all__ = ["Integers", "PlaceValues", "Places", "Terms", "agreement_at_places", "reached", "terms_of"]

MOST_AT_ONCE = 1_000_000  # numbers in one factor of a product
Places = NDArray[np.int64]
Integers = NDArray[Any]  # of Python integers
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Terms:
    """Some entries of an affine value as sums: entry k is ``sum_i weights[row[k], i] source[places[window[k], i]]``.

    Attributes
    ----------
    source : which input of the step is read
    places : (windows, terms) places of the flat source, -1 for nothing
    weights : (rows, terms)
    window, row : (k,) numbers of the window and of the row of weights of each entry
    """

    source: int
    places: Places
    weights: Integers
    window: Places
    row: Places

    @classmethod
    def single(cls, source: int, places: Places, weights: Integers) -> Terms:
        """Entries that read a window each with weights of their own."""
        each = np.arange(len(places))
        return cls(source, places, weights, each, each)

    def applied(self, values: Integers) -> Integers:
        """The sums (k, columns), of values (places that are read in the order of `needed`, columns)."""
        needed = self.needed
        padded = np.concatenate([values, np.zeros((1, values.shape[1]), dtype=object)])
        index = np.where(self.places >= 0, np.searchsorted(needed, self.places), len(needed))
        if self.places.shape[1] == 1:
            picked = padded[index[self.window, 0]]
            return np.asarray(self.weights[self.row, 0][:, None] * picked, dtype=object)
        rows, row = np.unique(self.row, return_inverse=True)
        windows, window = np.unique(self.window, return_inverse=True)
        weights, columns = self.weights[rows], values.shape[1]
        out = np.zeros((len(self.window), columns), dtype=object)
        some_value = np.asarray((padded != 0).any(axis=1), dtype=bool)
        alive = np.asarray(some_value[index[windows]].any(axis=1))
        place = np.cumsum(alive) - 1  # of a window among those with a value that is not 0
        windows, window, kept = windows[alive], place[window], alive[window]
        step = max(1, MOST_AT_ONCE // (self.places.shape[1] * columns))
        for start in range(0, len(windows), step):
            some = windows[start : start + step]
            stacked = padded[index[some]].transpose(1, 0, 2).reshape(self.places.shape[1], -1)
            product = integer_product(weights, stacked).reshape(len(rows), len(some), columns)
            inside = kept & (window >= start) & (window < start + step)
            out[inside] = product[row[inside], window[inside] - start]
        return out

    @property
    def needed(self) -> Places:
        """The places of the source that are read, in order."""
        seen = np.unique(self.places)
        return seen[seen >= 0]


# ------------------------------------------------------------------ affine steps


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
        inside = (inside[:, :, None] & ((along >= 0) & (along < n))[:, None, :]).reshape(len(windows), -1)
        flat = (flat[:, :, None] * n + along[:, None, :]).reshape(len(windows), -1)
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
    reads = np.where(grid >= 0, grid + first[:, :, None] * prod(size), -1).reshape(len(windows), -1)
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


# ------------------------------------------------------------------ values


class PlaceValues:
    """The values of a network at one point, place by place as they are asked for; mutable.

    ``at(name, places)`` gives integers over ``denominator(name)``.
    """

    def __init__(self, network: Network, point: Mapping[str, ExactTensor]) -> None:
        self._network = network
        self._scales: dict[str, int] = {name: value.denominator for name, value in point.items()}
        self._known: dict[str, Integers] = {name: value.numerators.ravel() for name, value in point.items()}
        self._there: dict[str, NDArray[np.bool_]] = {}

    def denominator(self, name: str) -> int:
        """Of all entries of a value; `NotRationalError` where there are no rationals."""
        if name not in self._scales:
            node = self._network.node[name]
            inner = [self.denominator(read) for read in node.inputs]
            self._scales[name] = _denominator(node.operation, self._network.shapes[name] or (), inner)
        return self._scales[name]

    def at(self, name: str, places: Places) -> Integers:
        """The numerators at some places, (places,)."""
        node = self._network.node.get(name)
        if node is None:
            return self._known[name][places]
        there = self._there.get(name)
        if there is None:
            size = prod(self._network.shapes[name] or ())
            there = self._there[name] = np.zeros(size, dtype=bool)
            self._known[name] = np.zeros(size, dtype=object)
        missing = np.unique(places[~there[places]])
        if missing.size:
            self._known[name][missing] = self._computed(node, missing)
            there[missing] = True
        return self._known[name][places]

    def _computed(self, node: Node, places: Places) -> Integers:
        operation, out = node.operation, self.denominator(node.name)
        shapes = [self._network.shapes[read] or () for read in node.inputs]
        if isinstance(operation, AffineOperation):
            total = self._offsets(node, places)
            for terms in terms_of(operation, shapes, places):
                read = node.inputs[terms.source]
                factor = out // (self.denominator(read) * scale_of(operation))
                total = total + terms.applied(self.at(read, terms.needed)[:, None])[:, 0] * factor
            return np.asarray(total, dtype=object)
        (read,) = node.inputs
        if isinstance(operation, Maximum):
            rows = windows_of(operation, places)
            return np.asarray(self.at(read, rows.ravel()).reshape(rows.shape).max(axis=1), dtype=object)
        return _activated(operation, shapes[0], places, self.at(read, places), (self.denominator(read), out))

    def _offsets(self, node: Node, places: Places) -> Integers:
        """What the value is at 0."""
        offset = _offset_of(node.operation, tuple(self._network.shapes[node.name] or ()))
        if offset is None:
            return np.zeros(len(places), dtype=object)
        factor = self.denominator(node.name) // offset.denominator
        return np.asarray(offset.numerators.ravel()[places] * factor, dtype=object)


@singledispatch
def _offset_of(operation: Operation, shape: Shape) -> ExactTensor | None:
    """The value at 0 where it is not 0."""
    return None


@_offset_of.register
def _(operation: Dense, shape: Shape) -> ExactTensor:
    b = ExactTensor.of_matrix(operation.b)
    return ExactTensor(np.broadcast_to(b.numerators.ravel(), shape), b.denominator)


@_offset_of.register
def _(operation: Convolution, shape: Shape) -> ExactTensor:
    column = operation.b.numerators.reshape(1, -1, *[1] * len(operation.axes))
    return ExactTensor(np.broadcast_to(column, shape), operation.b.denominator)


@_offset_of.register
def _(operation: ScaleShift, shape: Shape) -> ExactTensor:
    return ExactTensor(np.broadcast_to(operation.offset.numerators, shape), operation.offset.denominator)


@_offset_of.register
def _(operation: Rearrangement, shape: Shape) -> ExactTensor | None:
    if not operation.fill:
        return None
    return ExactTensor(np.where(operation.places < 0, operation.fill.numerator, 0), operation.fill.denominator)


@_offset_of.register
def _(operation: Constant, shape: Shape) -> ExactTensor:
    return operation.value


def _denominator(operation: Operation, shape: Shape, inner: Sequence[int]) -> int:
    """Of a step's value, from those of what it reads."""
    if isinstance(operation, AffineOperation):
        whole = _offset_of(operation, shape)
        offset = 1 if whole is None else whole.denominator
        return lcm(*(scale * scale_of(operation) for scale in inner), offset)
    if isinstance(operation, LeakyRelu):
        return inner[0] * operation.slope.denominator
    if isinstance(operation, Clip):
        ends = [end.denominator for end in (operation.low, operation.high) if end is not None]
        return lcm(inner[0], *ends)
    if isinstance(operation, Square):
        return inner[0] ** 2
    if isinstance(operation, Maximum):
        return inner[0]
    raise NotRationalError(f"the values of {operation.kind} are no rational numbers")


def windows_of(operation: Maximum, places: Places) -> Places:
    """What some maxima read, (places, k), without gaps: a place of the window in the stead of nothing."""
    rows = operation.places.reshape(-1, operation.places.shape[-1])[places]
    return np.where(rows < 0, rows.max(axis=1, keepdims=True), rows)


def slopes_at(operation: LeakyRelu, shape: Shape, places: Places) -> Integers:
    """The numerators of the slopes of some entries."""
    return np.asarray(np.broadcast_to(operation.slope.numerators, shape).ravel()[places], dtype=object)


def _activated(operation: Operation, shape: Shape, places: Places, v: Integers, scales: tuple[int, int]) -> Integers:
    """Numerators of an activation at some places over the second scale, of numerators over the first one."""
    if isinstance(operation, LeakyRelu):
        negative = np.minimum(v, 0) * slopes_at(operation, shape, places)
        return np.asarray(np.maximum(v, 0) * operation.slope.denominator + negative, dtype=object)
    if isinstance(operation, Square):
        return np.asarray(v * v, dtype=object)
    if isinstance(operation, Clip):
        v = v * (scales[1] // scales[0])
        low, high = (None if end is None else int(end * scales[1]) for end in (operation.low, operation.high))
        v = v if low is None else np.maximum(v, low)
        return np.asarray(v if high is None else np.minimum(v, high), dtype=object)
    raise NotRationalError(f"the values of {operation.kind} are no rational numbers")


def agreement_at_places(network: Network, x: Mapping[str, ExactTensor], y: Mapping[str, ExactTensor]) -> Agreement:
    """Whether f(x) = f(y), proved exactly as by `Network.agreement`, computing only what the difference reaches."""
    sides = [PlaceValues(network, point) for point in (x, y)]
    apart: dict[str, Places] = {}  # where the two differ; everywhere, if it is not known
    for name, shape in network.inputs.items():
        apart[name] = _differing(sides, name, np.arange(prod(shape)))
    cut, obstacle = [name for name in network.inputs if not apart[name].size], None
    for node in network.nodes:
        if all(apart[read].size == 0 for read in node.inputs):
            apart[node.name] = np.zeros(0, dtype=np.int64)
            continue
        try:
            apart[node.name] = _differing(sides, node.name, _reached_by_any(network, node, apart))
        except NotRationalError as error:
            obstacle = obstacle or f"{node.name}: {error}"
            apart[node.name] = np.zeros(1, dtype=np.int64)
        if apart[node.name].size == 0:
            cut.append(node.name)
    return Agreement(all(apart[name].size == 0 for name in network.outputs), tuple(cut), obstacle)


def _reached_by_any(network: Network, node: Node, apart: Mapping[str, Places]) -> Places:
    shapes = [network.shapes[read] or () for read in node.inputs]
    if network.shapes[node.name] is None or any(network.shapes[read] is None for read in node.inputs):
        raise NotRationalError("the shape of a value is not known")
    found = [reached(node.operation, shapes, k, apart[read]) for k, read in enumerate(node.inputs) if apart[read].size]
    return np.unique(np.concatenate(found))


def _differing(sides: Sequence[PlaceValues], name: str, places: Places) -> Places:
    left, right = (side.at(name, places) for side in sides)
    scales = [side.denominator(name) for side in sides]
    differ = np.asarray(left * scales[1] != right * scales[0], dtype=bool)
    return np.asarray(places[differ])
