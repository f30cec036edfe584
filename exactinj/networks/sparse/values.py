"""Values of a network at single places, exactly, without the rest of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm, prod

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network import (
    AffineOperation,
    Clip,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Network,
    Node,
    NotRationalError,
    Operation,
    Square,
)
from exactinj.networks.sparse.steps import offset_of, scale_of, slopes_at, terms_of, windows_of
from exactinj.networks.sparse.terms import Integers, Places, Shape

__all__ = ["PlaceValues"]


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
        offset = offset_of(node.operation, tuple(self._network.shapes[node.name] or ()))
        if offset is None:
            return np.zeros(len(places), dtype=object)
        factor = self.denominator(node.name) // offset.denominator
        return np.asarray(offset.numerators.ravel()[places] * factor, dtype=object)


def _denominator(operation: Operation, shape: Shape, inner: Sequence[int]) -> int:
    """Of a step's value, from those of what it reads."""
    if isinstance(operation, AffineOperation):
        whole = offset_of(operation, shape)
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
