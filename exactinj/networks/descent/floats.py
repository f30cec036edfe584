"""The affine and piecewise linear steps of a network in floats, at many points at once, with their derivatives.

Everything here proposes only. A value is an array (entries, points); derivatives at one point along some directions are
arrays (entries, directions). Affine steps become matrices, sparse where they have few entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from exactinj.layers.network import (
    AffineOperation,
    Clip,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Network,
    Node,
)
from exactinj.networks.sparse import Places, offset_of, scale_of, slopes_at, terms_of, windows_of
from exactinj.work.clock import Clock

__all__ = ["Bend", "FloatNetwork", "Floats", "Front", "float_network"]

MOST_TERMS = 4_000_000  # of all affine steps together
DENSE_FROM = 0.25  # the share of entries that are not 0 from which a matrix is kept whole
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """``sum_k matrices[k] v_k + offset``."""

    name: str
    reads: tuple[str, ...]
    matrices: tuple[Any, ...]
    offset: Floats

    def value(self, read: Sequence[Floats]) -> Floats:
        return self.moved(read) + self.offset

    def moved(self, read: Sequence[Floats]) -> Floats:
        """The linear part."""
        parts = [matrix @ v for matrix, v in zip(self.matrices, read, strict=True)]
        return sum(parts, start=np.zeros((len(self.offset), 1)))

    def pushed(self, values: Mapping[str, Floats], moved: Mapping[str, Floats]) -> Floats:
        """Derivatives, of those of what is read; what is not there does not move."""
        pairs = zip(self.reads, self.matrices, strict=True)
        return sum((matrix @ moved[read] for read, matrix in pairs if read in moved), start=np.zeros(()))

    def pulled(self, values: Mapping[str, Floats], gradient: Floats) -> list[Floats]:
        """Gradients for what is read, of that for the value."""
        return [matrix.T @ gradient for matrix in self.matrices]

    def touched(self, source: int, entries: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The entries that read some of a source."""
        return np.asarray(abs(self.matrices[source]) @ entries > 0)


@dataclass(frozen=True)
class Bend:
    """A piecewise linear function of single entries: slope `low_slope` below `low`, 1 between, 0 above `high`."""

    name: str
    reads: tuple[str, ...]
    low: float
    high: float
    low_slope: Floats  # (entries, 1)

    def value(self, read: Sequence[Floats]) -> Floats:
        (v,) = read
        out = np.minimum(v, self.high)
        if self.low == -inf:
            return out
        return np.maximum(out, self.low) + self.low_slope * np.minimum(v - self.low, 0.0)

    def slopes(self, v: Floats) -> Floats:
        return np.where(v < self.high, np.where(v > self.low, 1.0, self.low_slope), 0.0)

    def pushed(self, values: Mapping[str, Floats], moved: Mapping[str, Floats]) -> Floats:
        return self.slopes(values[self.reads[0]]) * moved[self.reads[0]]

    def pulled(self, values: Mapping[str, Floats], gradient: Floats) -> list[Floats]:
        return [self.slopes(values[self.reads[0]]) * gradient]

    def touched(self, source: int, entries: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return entries

    @cached_property
    def can_close(self) -> NDArray[np.bool_]:
        """The entries that may be constant."""
        return np.asarray((self.low_slope[:, 0] == 0) if self.high == inf else np.ones(len(self.low_slope), dtype=bool))


@dataclass(frozen=True)
class Largest:
    """Maxima over windows of places."""

    name: str
    reads: tuple[str, ...]
    windows: Places  # (entries, k)

    def value(self, read: Sequence[Floats]) -> Floats:
        return np.asarray(read[0][self.windows].max(axis=1))

    def _winners(self, v: Floats) -> Places:
        best = v[self.windows].argmax(axis=1)  # (entries, points)
        return np.asarray(np.take_along_axis(self.windows[:, :, None], best[:, None, :], axis=1)[:, 0, :])

    def pushed(self, values: Mapping[str, Floats], moved: Mapping[str, Floats]) -> Floats:
        winners = self._winners(values[self.reads[0]])
        part = moved[self.reads[0]]
        return np.asarray(np.take_along_axis(part, np.broadcast_to(winners, (len(winners), part.shape[1])), axis=0))

    def pulled(self, values: Mapping[str, Floats], gradient: Floats) -> list[Floats]:
        v = values[self.reads[0]]
        winners = np.broadcast_to(self._winners(v), gradient.shape)
        out = np.zeros((len(v), gradient.shape[1]))
        np.add.at(out, (winners, np.arange(gradient.shape[1])[None, :]), gradient)
        return [out]

    def touched(self, source: int, entries: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(entries[self.windows].any(axis=1))


Step = Affine | Bend | Largest


@dataclass(frozen=True)
class Front:
    """Values behind some step that tell everything after it: two inputs that agree there have one output."""

    last: int  # the number of the last step that is needed
    names: tuple[str, ...]


@dataclass(frozen=True)
class FloatNetwork:
    """The steps that are carried in floats, and the fronts between them; of one input, the others are held."""

    network: Network
    input: str
    steps: tuple[Step, ...]
    fronts: tuple[Front, ...]
    held: dict[str, Floats]

    @property
    def size(self) -> int:
        """The number of entries of the input."""
        return prod(self.network.inputs[self.input])

    @cached_property
    def entries(self) -> int:
        """The number of entries of all values together."""
        return self.size + sum(prod(self.network.shapes[step.name] or ()) for step in self.steps)

    def values(self, x: Floats, last: int | None = None) -> dict[str, Floats]:
        """All values at points (entries, points), up to a step."""
        values = {**self.held, self.input: x}
        for step in self._until(last):
            values[step.name] = step.value([values[read] for read in step.reads])
        return values

    def moved(self, values: Mapping[str, Floats], directions: Floats, last: int | None = None) -> dict[str, Floats]:
        """Derivatives along directions (entries, directions) of the input, at one point or at one for each."""
        moved = {self.input: directions}
        for step in self._until(last):
            if any(read in moved for read in step.reads):
                moved[step.name] = step.pushed(values, moved)
        return moved

    def gradient(self, values: Mapping[str, Floats], name: str, gradient: Floats, last: int | None = None) -> Floats:
        """Of a function of one value, as one of the input, at many points."""
        pulled = {name: gradient}
        for step in reversed(self._until(last)):
            if step.name not in pulled:
                continue
            for read, part in zip(step.reads, step.pulled(values, pulled.pop(step.name)), strict=True):
                pulled[read] = pulled[read] + part if read in pulled else part
        return pulled.get(self.input, np.zeros((self.size, gradient.shape[1])))

    def front_values(self, front: Front, x: Floats) -> tuple[dict[str, Floats], Floats]:
        """All values up to a front, and those at it one below the other (entries, points)."""
        values = self.values(x, front.last)
        parts = [np.broadcast_to(values[name], (len(values[name]), x.shape[1])) for name in front.names]
        return values, np.concatenate(parts)

    def front_jacobians(self, front: Front, x: Floats, coordinates: Places) -> Floats:
        """The derivatives at a front along coordinates of the input, at points: (points, entries, coordinates)."""
        points, count = x.shape[1], len(coordinates)
        values, _ = self.front_values(front, x)
        repeated = {
            name: np.repeat(value, count, axis=1) if value.shape[1] == points else value
            for name, value in values.items()
        }
        directions = np.zeros((self.size, points * count))
        directions[np.tile(coordinates, points), np.arange(points * count)] = 1.0
        moved = self.moved(repeated, directions, front.last)
        nothing = np.zeros((1, points * count))
        parts = [
            moved[name] if name in moved else np.repeat(nothing, len(values[name]), axis=0) for name in front.names
        ]
        return np.concatenate(parts).reshape(-1, points, count).transpose(1, 0, 2)

    def reached(self, number: int, coordinates: Places) -> Places:
        """The entries of an activation that read some coordinates of the input."""
        bend = self.steps[number]
        moved: dict[str, NDArray[np.bool_]] = {self.input: np.isin(np.arange(self.size), coordinates)}
        for step in self._until(number):
            parts = [step.touched(k, moved[read]) for k, read in enumerate(step.reads) if read in moved]
            if parts:
                moved[step.name] = np.any(parts, axis=0)
        return np.flatnonzero(moved.get(bend.name, np.zeros(0, dtype=bool)))

    def _until(self, last: int | None) -> tuple[Step, ...]:
        return self.steps if last is None else self.steps[: last + 1]

    @property
    def bends(self) -> list[tuple[int, Bend]]:
        """The activations that can shut entries out, with their numbers."""
        return [(k, step) for k, step in enumerate(self.steps) if isinstance(step, Bend) and step.can_close.any()]


def float_network(network: Network, name: str, others: Mapping[str, ExactTensor], clock: Clock) -> FloatNetwork | None:
    """The steps that can be carried for an input, the others as they are; None where that is too much."""
    held = {other: value.floats().reshape(-1, 1) for other, value in others.items() if other != name}
    known = {name, *held}
    steps: list[Step] = []
    terms = 0
    for node in network.nodes:
        clock.check()
        if not all(read in known for read in node.inputs) or network.shapes[node.name] is None:
            continue
        step = _step(network, node, MOST_TERMS - terms)
        if step is None:
            return None
        if not isinstance(step, str):
            steps.append(step)
            known.add(node.name)
            terms += sum(matrix.size for matrix in step.matrices) if isinstance(step, Affine) else 0
    return FloatNetwork(network, name, tuple(steps), tuple(_fronts(network, name, steps)), held)


def _step(network: Network, node: Node, left: int) -> Step | str | None:
    """A step in floats; a word for those that are not carried, None where there are too many terms."""
    shapes = [network.shapes[read] or () for read in node.inputs]
    size, operation = prod(network.shapes[node.name] or ()), node.operation
    if isinstance(operation, AffineOperation):
        matrices = _matrices(operation, shapes, size, left)
        if matrices is None:
            return None
        offset = offset_of(operation, tuple(network.shapes[node.name] or ()))
        shift = np.zeros((size, 1)) if offset is None else offset.floats().reshape(-1, 1)
        return Affine(node.name, node.inputs, matrices, shift)
    if isinstance(operation, LeakyRelu):
        slopes = slopes_at(operation, shapes[0], np.arange(size)) / operation.slope.denominator
        return Bend(node.name, node.inputs, 0.0, inf, slopes.astype(np.float64).reshape(-1, 1))
    if isinstance(operation, Clip):
        low, high = (
            default if end is None else float(end) for end, default in ((operation.low, -inf), (operation.high, inf))
        )
        return Bend(node.name, node.inputs, low, high, np.zeros((size, 1)))
    if isinstance(operation, Maximum):
        return Largest(node.name, node.inputs, windows_of(operation, np.arange(size)))
    return "not carried"


def _matrices(
    operation: AffineOperation, shapes: Sequence[tuple[int, ...]], size: int, left: int
) -> tuple[Any, ...] | None:
    found: dict[int, Any] = {}
    scale = scale_of(operation)
    for terms in terms_of(operation, shapes, np.arange(size)):
        count = terms.places.shape[1]
        if count * size > left:
            return None
        columns = terms.places[terms.window]
        weights = (terms.weights / scale).astype(np.float64)[terms.row]
        there = columns >= 0
        rows = np.broadcast_to(np.arange(size)[:, None], columns.shape)
        shape = (size, prod(shapes[terms.source]))
        matrix = coo_array((weights[there], (rows[there], columns[there])), shape=shape).tocsr()
        found[terms.source] = matrix.toarray() if matrix.nnz > DENSE_FROM * shape[0] * shape[1] else matrix
    return tuple(found[k] for k in range(len(shapes)))


def _fronts(network: Network, name: str, steps: Sequence[Step]) -> list[Front]:
    """Behind each step that loses something, and at the end: the values that are read later on, or are outputs."""
    found = []
    done = {*network.inputs}
    for k, step in enumerate(steps):
        done.add(step.name)
        if not isinstance(step, Affine) or k == len(steps) - 1:
            later = [node for node in network.nodes if node.name not in done]
            read = {value for node in later for value in node.inputs} | set(network.outputs)
            names = tuple(value for value in network.shapes if value in read and value in done)
            if name not in names:
                found.append(Front(k, names))
    return found
