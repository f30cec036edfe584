"""From the affine steps before an activation to one layer that the engines know: a convolution, or a matrix.

Numbers are folded exactly. Inputs of the layer are the entries of the source in an order of its own: a layer of a
rearranged input is injective exactly if the layer is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.convolution.geometry import Axis
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import (
    AffineOperation,
    Convolution,
    Dense,
    ExactTensor,
    Network,
    Node,
    Operation,
    Rearrangement,
    ScaleShift,
)
from exactinj.networks.affine_parts import Question

__all__ = ["Folded", "NotFolded", "Unread", "folded"]

MOST_ENTRIES = 4_000_000  # of a matrix
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Folded:
    """The affine map ``source -> K * x + b`` or ``W x + b`` as a layer with a ReLU.

    Attributes
    ----------
    layer : its ReLU stands for whatever activation follows
    size : the grid of the input, for a convolution
    order : which entry of the flat source each input of the layer is
    """

    layer: ReLULayer | ConvLayer
    size: tuple[int, ...] | None
    order: Places

    def source_point(self, x: Sequence[Fraction], filler: Sequence[Fraction]) -> list[Fraction]:
        """The flat source of an input of the layer; entries that are not read are those of the filler."""
        point = list(filler)
        for j, value in zip(self.order.tolist(), x, strict=True):
            point[j] = value
        return point


@dataclass(frozen=True)
class Unread:
    """Entries of the flat source that nothing reads, which settles everything."""

    entries: tuple[int, ...]


@dataclass(frozen=True)
class NotFolded:
    """Why there is no such layer."""

    reason: str


def folded(network: Network, question: Question) -> Folded | Unread | NotFolded:
    """The layer of a question with one source, of known shapes."""
    shape = network.shapes[question.sources[0]] or ()
    if _is_chain(question):
        try:
            found = _convolution(network, shape, question.affine)
        except InputError as error:
            return NotFolded(str(error))
        if found is not None:
            return found
    return _matrix(network, question, shape)


def _is_chain(question: Question) -> bool:
    previous = question.sources[0]
    for node in question.affine:
        if node.inputs != (previous,):
            return False
        previous = node.name
    return True


# ------------------------------------------------------------------ convolutions


def _convolution(network: Network, shape: tuple[int, ...], nodes: Sequence[Node]) -> Folded | Unread | None:
    """The convolution that a chain is: moves, one convolution (or a dense map at every place), scalings, reshapes."""
    places, rest = _moved(shape, nodes)
    if places is None or not rest:
        return None
    head, tail = rest[0].operation, [(node.operation, prod(network.shapes[node.inputs[0]] or ())) for node in rest[1:]]
    if isinstance(head, Dense) and prod(places.shape[:-1]) > 1:
        places, head = _as_pointwise(places, head)
    if not isinstance(head, Convolution):
        return None
    inner, mode, pads = _unpadded(places[0], head)
    scaled = None if inner is None else _scaled(head, tail)
    if inner is None or scaled is None:
        return None
    axes = [replace(axis, low=low, high=high, mode=mode) for axis, (low, high) in zip(head.axes, pads, strict=True)]
    seen = inner
    for k, axis in enumerate(axes, 1):
        seen = np.take(seen, _read(axis, inner.shape[k]), axis=k)
    unread = np.setdiff1d(np.arange(prod(shape)), seen)
    if unread.size:
        return Unread(tuple(unread.tolist()))
    if any(axis.stride > axis.extent for axis in axes):  # read by others than windows of the usual kind
        return None
    layer = ConvLayer(
        scaled[0],
        scaled[1],
        stride=[axis.stride for axis in axes],
        dilation=[axis.dilation for axis in axes],
        padding=pads,
        groups=head.groups,
        padding_mode=mode,
    )
    return Folded(layer, inner.shape[1:], inner.ravel())


def _moved(shape: tuple[int, ...], nodes: Sequence[Node]) -> tuple[Places | None, list[Node]]:
    """Where the moves at the front of a chain bring the entries, -1 for zeros, None for other constants; the rest."""
    places: Places = np.arange(prod(shape)).reshape(shape)
    for k, node in enumerate(nodes):
        operation = node.operation
        if not isinstance(operation, Rearrangement):
            return places, list(nodes[k:])
        if operation.fill and (operation.places < 0).any():
            return None, []
        places = np.append(places.ravel(), -1)[operation.places]
    return places, []


def _read(axis: Axis, size: int) -> list[int]:
    """The places along an axis that some window reads."""
    seen = {axis.source(start + axis.dilation * tap, size) for start in axis.starts(size) for tap in range(axis.taps)}
    return sorted(place for place in seen if place is not None)


def _as_pointwise(places: Places, dense: Dense) -> tuple[Places, Convolution]:
    """A dense map of the last axis at each place of the others, as a convolution of width 1 along one axis."""
    m, n = dense.W.shape
    kernels = ExactTensor.of_matrix(dense.W).reshaped((m, n, 1))
    b = ExactTensor.of_matrix(dense.b).reshaped((m,))
    return places.reshape(-1, n).T[None], Convolution(kernels, b, stride=[1], padding=[(0, 0)], dilation=[1])


def _unpadded(padded: Places, convolution: Convolution) -> tuple[Places | None, str, list[tuple[int, int]]]:
    """The input (channels, *size) without padding by moves before the convolution, the mode and width of padding."""
    own = [(axis.low, axis.high) for axis in convolution.axes]
    if (padded >= 0).all() and np.unique(padded).size == padded.size:
        return padded, "zeros", own
    has_own = any(low or high for low, high in own)
    for mode, name in MODES.items():
        if mode != "zeros" and has_own:
            continue
        found = _inner(padded, name)
        if found is not None:
            inner, pads = found
            ends = [
                (low + own_low, high + own_high) for (low, high), (own_low, own_high) in zip(pads, own, strict=True)
            ]
            return inner, mode, ends
    return None, "zeros", own


def _inner(padded: Places, mode: str) -> tuple[Places, list[tuple[int, int]]] | None:
    """What `numpy.pad` in that mode makes this array of, with the widths; None if nothing does."""
    inner, pads = padded, []
    for axis in range(1, padded.ndim):
        lines = np.moveaxis(inner, axis, -1).reshape(-1, inner.shape[axis])
        seen = lines[(lines >= 0).any(axis=1)]
        if not seen.size:
            return None
        ends = _ends(seen[0], mode)
        if ends is None:
            return None
        low, high = ends
        inner = np.take(inner, range(low, inner.shape[axis] - high), axis=axis)
        pads.append((low, high))
    again = np.pad(inner, [(0, 0), *pads], mode=mode, **({"constant_values": -1} if mode == "constant" else {}))  # type: ignore[call-overload]
    whole = (inner >= 0).all() and np.unique(inner).size == inner.size
    return (inner, pads) if whole and np.array_equal(again, padded) else None


def _ends(line: Places, mode: str) -> tuple[int, int] | None:
    total = line.size
    count = np.unique(line[line >= 0]).size
    for low in range(total - count + 1):
        high = total - count - low
        middle = line[low : total - high]
        options: dict[str, Any] = {"constant_values": -1} if mode == "constant" else {}
        fits = mode != "reflect" or max(low, high) < count
        if fits and np.array_equal(np.pad(middle, (low, high), mode=mode, **options), line):  # type: ignore[call-overload]
            return low, high
    return None


def _scaled(convolution: Convolution, after: Sequence[tuple[Operation, int]]) -> tuple[Any, list[Fraction]] | None:
    """Kernels and bias with the scalings after a convolution folded in; None for other steps there.

    `after` holds each step with the number of entries that it reads.
    """
    kernels, bias = convolution.kernels, convolution.b
    axes = len(convolution.axes)
    at_front = True  # the channels are still the second axis
    for operation, size in after:
        if isinstance(operation, Rearrangement):
            if not _keeps_all(operation, size):
                return None
            at_front = False
        elif isinstance(operation, ScaleShift) and at_front:
            scale, shift = (
                _per_channel(part, convolution.out_channels, axes) for part in (operation.scale, operation.offset)
            )
            if scale is None or shift is None:
                return None
            kernels = kernels.times(scale.reshaped((-1, *[1] * (axes + 1))))
            bias = bias.times(scale).plus(shift)
        else:
            return None
    return kernels.plain(), bias.fractions()


def _keeps_all(operation: Rearrangement, size: int) -> bool:
    """Whether each entry of what it reads, so many of them, is there once."""
    flat = operation.places.ravel()
    return flat.size == size and bool((flat >= 0).all()) and np.unique(flat).size == size


def _per_channel(part: ExactTensor, channels: int, axes: int) -> ExactTensor | None:
    """A number per channel, of a tensor that is broadcast to (1, channels, *size); None if places differ."""
    shape = part.shape
    if part.size == 1:
        return ExactTensor(np.full(channels, part.numerators.ravel()[0], dtype=object), part.denominator)
    if part.size != channels or len(shape) < axes + 1 or shape[-axes - 1] != channels:
        return None
    return part.reshaped((channels,))


# ------------------------------------------------------------------ matrices


def _matrix(network: Network, question: Question, shape: tuple[int, ...]) -> Folded | NotFolded:
    """The matrix of any affine map, by its values at 0 and along all unit vectors."""
    n, m = prod(shape), prod(network.shapes[question.value] or ())
    largest = max([m, *(prod(network.shapes[node.name] or ()) for node in question.affine)])
    if n * largest > MOST_ENTRIES:
        return NotFolded(f"its matrix of {m} rows and {n} columns is too large to be decided directly")
    if not m or not n:
        return NotFolded("it has no inputs or no outputs")
    columns, offset = _columns(question, shape)
    weights = columns.reshaped((n, m)).plain().T
    return Folded(ReLULayer(weights, offset.fractions()), None, np.arange(n))


def _columns(question: Question, shape: tuple[int, ...]) -> tuple[ExactTensor, ExactTensor]:
    """The image of each unit vector, (n, *shape of the value), and the value at 0."""
    n, source = prod(shape), question.sources[0]
    zero = ExactTensor(np.zeros(shape, dtype=object))
    moved = {source: ExactTensor(np.eye(n, dtype=object).reshape(n, *shape))}
    at_zero = {source: zero}
    for node in question.affine:
        operation = node.operation
        if not isinstance(operation, AffineOperation):
            raise TypeError(f"{node.name} is not affine")
        at_zero[node.name] = operation.exact(*(at_zero[name] for name in node.inputs))
        moved[node.name] = batch_linear(operation, [moved[name] for name in node.inputs], at_zero[node.name].shape, n)
    return moved[question.value], at_zero[question.value]


def batch_linear(
    operation: AffineOperation, directions: Sequence[ExactTensor], shape: tuple[int, ...], count: int
) -> ExactTensor:
    """The linear part along many directions, (count, *shape of a value) each; `shape` is that of one result."""
    if not directions:
        return ExactTensor(np.zeros((count, *shape), dtype=object))
    if isinstance(operation, Dense) or (isinstance(operation, ScaleShift) and len(operation.scale.shape) <= len(shape)):
        return operation.linear(*directions)
    if isinstance(operation, Rearrangement):
        flat = directions[0].numerators.reshape(count, -1)
        flat = np.concatenate([flat, np.zeros((count, 1), dtype=object)], axis=1)
        return ExactTensor(flat[:, operation.places.ravel()].reshape(count, *shape), directions[0].denominator)
    parts = [
        operation.linear(*(ExactTensor(each.numerators[k], each.denominator) for each in directions))
        for k in range(count)
    ]
    common = int(np.lcm.reduce([part.denominator for part in parts], dtype=object))
    return ExactTensor(np.stack([part.over(common) for part in parts]), common)
