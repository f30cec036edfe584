"""What a step is, as a JSON object of its kind, geometry and digests of its numbers: the canonical text of networks."""

from __future__ import annotations

import hashlib
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network.activations import Clip, LeakyRelu, Square
from exactinj.layers.network.affine import Convolution, Dense, Mean, ScaleShift, Sum
from exactinj.layers.network.operation import OneToOne, Opaque, Operation
from exactinj.layers.network.shaping import Concatenation, Constant, Maximum, Rearrangement
from exactinj.layers.network.tensor import ExactTensor

__all__ = ["record_of"]


@singledispatch
def record_of(operation: Operation) -> dict[str, object]:
    """The record of an operation; equal for equal functions of one class."""
    raise TypeError(f"no record of {type(operation).__name__}")


@record_of.register
def _(operation: Dense) -> dict[str, object]:
    numbers = {"W": ExactTensor.of_matrix(operation.W), "b": ExactTensor.of_matrix(operation.b)}
    return {"step": "dense", **{name: _digest(tensor) for name, tensor in numbers.items()}}


@record_of.register
def _(operation: Convolution) -> dict[str, object]:
    axes = [[axis.taps, axis.stride, axis.dilation, axis.low, axis.high] for axis in operation.axes]
    numbers = {"kernels": _digest(operation.kernels), "b": _digest(operation.b)}
    return {"step": "convolution", "axes": axes, "groups": operation.groups, **numbers}


@record_of.register
def _(operation: ScaleShift) -> dict[str, object]:
    return {"step": "scale", "scale": _digest(operation.scale), "shift": _digest(operation.offset)}


@record_of.register
def _(operation: Sum) -> dict[str, object]:
    return {"step": "sum", "signs": list(operation.signs)}


@record_of.register
def _(operation: Mean) -> dict[str, object]:
    return {
        "step": "mean",
        "places": _digest_of_places(operation.places),
        "counts": _digest_of_places(operation.counts),
    }


@record_of.register
def _(operation: Rearrangement) -> dict[str, object]:
    return {"step": "rearrangement", "places": _digest_of_places(operation.places), "fill": str(operation.fill)}


@record_of.register
def _(operation: Constant) -> dict[str, object]:
    return {"step": "constant", "value": _digest(operation.value)}


@record_of.register
def _(operation: Concatenation) -> dict[str, object]:
    return {"step": "concatenation", "axis": operation.axis}


@record_of.register
def _(operation: Maximum) -> dict[str, object]:
    return {"step": "maximum", "places": _digest_of_places(operation.places)}


@record_of.register
def _(operation: LeakyRelu) -> dict[str, object]:
    return {"step": "leaky relu", "slope": _digest(operation.slope)}


@record_of.register
def _(operation: Clip) -> dict[str, object]:
    return {"step": "clip", "low": str(operation.low), "high": str(operation.high)}


@record_of.register
def _(_: Square) -> dict[str, object]:
    return {"step": "square"}


@record_of.register(OneToOne)
@record_of.register(Opaque)
def _(operation: OneToOne | Opaque) -> dict[str, object]:
    named: dict[str, object] = {"step": "named", "name": operation.name}
    return named if operation.parameters is None else {**named, "parameters": operation.parameters}


def _digest(tensor: ExactTensor) -> str:
    """SHA-256 of shape and numbers."""
    lowest = tensor.reduced()
    text = f"{list(lowest.shape)}/{lowest.denominator}:{','.join(map(str, lowest.numerators.ravel().tolist()))}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _digest_of_places(places: NDArray[np.int64]) -> str:
    text = f"{list(places.shape)}:".encode("ascii")
    return hashlib.sha256(text + np.ascontiguousarray(places, dtype="<i8").tobytes()).hexdigest()
