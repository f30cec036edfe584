"""A network as the numbered steps on flat values that certificates hold: "Networks as graphs" of their specification.

Values keep no axes: entries are those of the flattened tensors, in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, singledispatch
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.numbers import rational_text
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network.activations import Clip, LeakyRelu, Square
from exactinj.layers.network.affine import Convolution, Dense, Mean, ScaleShift, Sum
from exactinj.layers.network.graph import Network
from exactinj.layers.network.operation import OneToOne, Opaque, Operation
from exactinj.layers.network.shaping import Concatenation, Constant, Maximum, Rearrangement
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["FlatGraph", "FlatNetwork", "FlatStep", "flat_network"]

Field = tuple[str, Any]  # a key and a value that JSON takes


@dataclass(frozen=True)
class FlatStep:
    """One step: its name in the specification, the numbers of the values that it reads, and the rest.

    Attributes
    ----------
    layer : the numbers of a dense map or a convolution
    size : the grid that a convolution gets
    """

    kind: str
    reads: tuple[int, ...]
    layer: ReLULayer | ConvLayer | None = None
    size: tuple[int, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        """What the graph's digest sees of it."""
        head: dict[str, Any] = {"step": self.kind, "reads": list(self.reads)}
        if self.layer is not None:
            head["layer"] = self.layer.digest
        if self.size:
            head["size"] = list(self.size)
        return {**head, **dict(self.fields)}


@dataclass(frozen=True)
class FlatGraph:
    """Shapes of the inputs, steps, and the numbers of the outputs."""

    inputs: tuple[Shape, ...]
    steps: tuple[FlatStep, ...]
    outputs: tuple[int, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 as defined in ``docs/certificates-network.md``."""
        document = {
            "inputs": [list(shape) for shape in self.inputs],
            "steps": [step.record for step in self.steps],
            "outputs": list(self.outputs),
        }
        return hashlib.sha256(json.dumps(document, separators=(",", ":")).encode("ascii")).hexdigest()

    def __repr__(self) -> str:
        return f"FlatGraph({len(self.steps)} steps, sha256={self.digest[:12]})"


@dataclass(frozen=True)
class FlatNetwork:
    """The graph, and the number of each value of the network by its name."""

    graph: FlatGraph
    numbers: Mapping[str, int]


def flat_network(network: Network) -> FlatNetwork | None:
    """The network as such a graph; None if the shape of a value is not known."""
    if None in network.shapes.values():
        return None
    numbers = {name: k for k, name in enumerate(network.inputs)}
    steps: list[FlatStep] = []
    for node in network.nodes:
        reads = tuple(numbers[name] for name in node.inputs)
        shapes = [network.shapes[name] or () for name in (*node.inputs, node.name)]
        steps += _steps(node.operation, reads, shapes, len(network.inputs) + len(steps))
        numbers[node.name] = len(network.inputs) + len(steps) - 1
    outputs = tuple(numbers[name] for name in network.outputs)
    return FlatNetwork(FlatGraph(tuple(network.inputs.values()), tuple(steps), outputs), numbers)


Reads = tuple[int, ...]
Shapes = Sequence[Shape]  # of what a step reads, and of its value


@singledispatch
def _steps(operation: Operation, reads: Reads, shapes: Shapes, _number: int) -> list[FlatStep]:
    """The steps that an operation is; `_number` is that of the first one's value."""
    return [FlatStep("other", reads, fields=_named(operation.kind, prod(shapes[-1]), None))]


@_steps.register
def _(operation: Dense, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    offsets = [value for (value,) in operation.b.fractions()]
    return [FlatStep("dense", reads, ReLULayer(operation.W.fractions(), offsets))]


@_steps.register
def _(operation: Convolution, reads: Reads, shapes: Shapes, _number: int) -> list[FlatStep]:
    layer = ConvLayer(
        operation.kernels.plain(),
        operation.b.fractions(),
        stride=[axis.stride for axis in operation.axes],
        dilation=[axis.dilation for axis in operation.axes],
        padding=[(axis.low, axis.high) for axis in operation.axes],
        groups=operation.groups,
    )
    return [FlatStep("convolution", reads, layer, tuple(shapes[0][2:]))]


@_steps.register
def _(operation: ScaleShift, reads: Reads, shapes: Shapes, _number: int) -> list[FlatStep]:
    each, (scale, shift) = _cycles((operation.scale, operation.offset), shapes[-1])
    return [FlatStep("scale", reads, fields=(("each", each), ("scale", scale), ("shift", shift)))]


@_steps.register
def _(operation: Sum, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("sum", reads, fields=(("signs", list(operation.signs)),))]


@_steps.register
def _(operation: Mean, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    counts = operation.counts.ravel().tolist()
    return [FlatStep("mean", reads, fields=(("places", _windows(operation.places)), ("counts", counts)))]


@_steps.register
def _(operation: Maximum, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("maximum", reads, fields=(("places", _windows(operation.places)),))]


@_steps.register
def _(operation: Rearrangement, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [_move(reads, operation.places, operation.fill)]


@_steps.register
def _(operation: Constant, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("constant", reads, fields=(("value", _texts(operation.value)),))]


@_steps.register
def _(operation: Concatenation, reads: Reads, shapes: Shapes, number: int) -> list[FlatStep]:
    starts = accumulate(map(prod, shapes[:-1]), initial=0)
    parts = [np.arange(start, start + prod(s)).reshape(s) for start, s in zip(starts, shapes[:-1], strict=False)]
    places = np.concatenate(parts, axis=operation.axis).ravel()
    join = FlatStep("join", reads)
    return [join] if np.array_equal(places, np.arange(places.size)) else [join, _move((number,), places)]


@_steps.register
def _(operation: LeakyRelu, reads: Reads, shapes: Shapes, _number: int) -> list[FlatStep]:
    each, (slopes,) = _cycles((operation.slope,), shapes[-1])
    return [FlatStep("leaky", reads, fields=(("each", each), ("slopes", slopes)))]


@_steps.register
def _(operation: Clip, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    low, high = (None if end is None else rational_text(end) for end in (operation.low, operation.high))
    return [FlatStep("clip", reads, fields=(("low", low), ("high", high)))]


@_steps.register
def _(_operation: Square, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("square", reads)]


@_steps.register
def _(operation: OneToOne, reads: Reads, _shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("one-to-one", reads, fields=(("name", _ascii(operation.name)), ("sha256", operation.parameters)))]


@_steps.register
def _(operation: Opaque, reads: Reads, shapes: Shapes, _number: int) -> list[FlatStep]:
    return [FlatStep("other", reads, fields=_named(operation.name, prod(shapes[-1]), operation.parameters))]


def _named(name: str, count: int, digest: str | None) -> tuple[Field, ...]:
    return ("name", _ascii(name)), ("count", count), ("sha256", digest)


def _ascii(name: str) -> str:
    return ascii(name)[1:-1]


def _move(reads: Reads, places: NDArray[np.int64], fill: Fraction = Fraction(0)) -> FlatStep:
    return FlatStep("move", reads, fields=(("places", places.ravel().tolist()), ("fill", rational_text(fill))))


def _windows(places: NDArray[np.int64]) -> list[list[int]]:
    rows: list[list[int]] = places.reshape(-1, places.shape[-1]).tolist()
    return rows


def _texts(tensor: ExactTensor) -> list[str]:
    return [rational_text(value) for value in tensor.fractions()]


def _cycles(parts: Sequence[ExactTensor], shape: Shape) -> tuple[int, list[list[str]]]:
    """Numbers that are broadcast to a shape, as lists that are gone through again and again, `each` entries long."""
    common = np.broadcast_shapes(*(part.shape for part in parts))
    trailing = len(common)
    while trailing and common[trailing - 1] == 1:
        trailing -= 1
    each = prod(shape[len(shape) - (len(common) - trailing) :]) if trailing < len(common) else 1
    leading = next((k for k in range(trailing) if common[k] != 1), trailing)
    inner = shape[len(shape) - (len(common) - leading) : len(shape) - (len(common) - trailing)]
    lists = []
    for part in parts:
        padded = part.reshaped((1,) * (len(common) - len(part.shape)) + part.shape)
        core = padded.numerators.reshape(padded.shape[leading:trailing])
        lists.append(_texts(ExactTensor(np.broadcast_to(core, inner).copy(), part.denominator)))
    return each, lists
