"""Operators with weights: products with constant matrices, convolutions and their transposes, batch normalisation."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.builder import MOST_WEIGHTS, Builder, exact_numbers
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.evaluation import MOST_ENTRIES
from exactinj.files.onnx.operators.arithmetic import added, scaled
from exactinj.files.onnx.operators.geometry import Geometry
from exactinj.files.onnx.operators.table import understood
from exactinj.layers.network import Convolution, Dense, Rearrangement, ScaleShift, Shape
from exactinj.layers.network.normalisation import batch_normalisation

MOST_PARTS = 64  # matrices of a stack, inputs of a batch


@understood("MatMul")
def _matmul(call: Call, builder: Builder) -> str:
    return _product(builder, call.value(0), call.value(1), call.outputs[0])


@understood("Gemm")
def _gemm(call: Call, builder: Builder) -> str:
    """``alpha A' B' + beta C`` with A' and B' transposed or not."""
    options, out = call.attributes, call.outputs[0]
    left = _transposed(builder, call.value(0)) if options["transA"] else call.value(0)
    right = _transposed(builder, call.value(1)) if options["transB"] else call.value(1)
    alpha, beta, offset = options["alpha"], options["beta"], call.input(2)
    row = None if offset is None else _row(builder, offset, builder.shape(right)[-1])
    if alpha == beta == 1 and row is not None and builder.is_constant(right) and not builder.is_constant(left):
        weights = exact_numbers(builder.known(right), right, MOST_WEIGHTS)
        return builder.add(Dense(weights.T, row), [left], out)
    result = _product(builder, left, right, out)
    if alpha != 1:
        result = scaled(builder, result, alpha, out)
    if offset is None or beta == 0:
        return result
    return added(builder, [result, offset], [1, beta], out)


def _row(builder: Builder, name: str, count: int) -> NDArray[Any] | None:
    """A constant as one number for each column; None if it is none."""
    array = builder.constant(name)
    if array is None or array.size not in (1, count) or (array.ndim and array.shape[-1] != array.size):
        return None
    return np.broadcast_to(exact_numbers(array, name).ravel(), (count,)).copy()


def _product(builder: Builder, left: str, right: str, out: str) -> str:
    """The matrix product of a value and a constant, as numpy's ``@``."""
    if builder.is_constant(left) and builder.is_constant(right):
        left = builder.materialised(left)
    if not builder.is_constant(left) and not builder.is_constant(right):
        raise NotUnderstoodError("multiplies two values that depend on the input")
    if builder.is_constant(left):
        return _from_left(builder, left, right, out)
    weights = exact_numbers(builder.known(right), right, MOST_WEIGHTS)
    if weights.ndim == 1:
        column = builder.add(Dense(weights[None, :]), [left], out)
        return _reshaped(builder, column, builder.shape(column)[:-1])
    if prod(weights.shape[:-2]) == 1:
        result = builder.add(Dense(weights.reshape(weights.shape[-2:]).T), [left], out)
        shape = builder.shape(result)
        missing = weights.ndim - max(2, len(shape))
        return _reshaped(builder, result, (*[1] * missing, *shape)) if missing > 0 else result
    return _stacked(builder, left, weights, out)


def _from_left(builder: Builder, left: str, right: str, out: str) -> str:
    weights, shape = exact_numbers(builder.known(left), left, MOST_WEIGHTS), builder.shape(right)
    if weights.ndim == 1 and len(shape) == 1:
        return _product(builder, right, left, out)
    if len(shape) == 1:
        row = _reshaped(builder, right, (1, *shape))
        flat = _product(builder, row, builder.add_constant(f"{left}/T", np.swapaxes(weights, -1, -2)), out)
        kept = builder.shape(flat)
        return _reshaped(builder, flat, (*kept[:-2], kept[-1]))
    turned = _transposed(builder, right)
    if weights.ndim == 1:
        column = builder.add(Dense(weights[None, :]), [turned], out)
        return _reshaped(builder, column, builder.shape(column)[:-1])
    constant = builder.add_constant(f"{left}/T", np.swapaxes(weights, -1, -2))
    return _transposed(builder, _product(builder, turned, constant, out))


def _stacked(builder: Builder, left: str, weights: NDArray[Any], out: str) -> str:
    """A product with a matrix for each place of the axes before the last two."""
    shape = builder.shape(left)
    rows = shape if len(shape) > 1 else (1, *shape)
    try:
        outer = np.broadcast_shapes(rows[:-2], weights.shape[:-2])
    except ValueError:
        raise NotUnderstoodError(f"multiplies shapes {shape} and {weights.shape}, which do not fit") from None
    count = prod(outer)
    if count > MOST_PARTS:
        raise NotUnderstoodError(f"multiplies {count} different matrices, expected at most {MOST_PARTS}")
    stack = np.broadcast_to(weights, (*outer, *weights.shape[-2:])).reshape(count, *weights.shape[-2:])
    whole = builder.broadcast(_reshaped(builder, left, rows), (*outer, *rows[-2:]))
    size = prod(rows[-2:])
    parts = [
        builder.add(
            Dense(stack[k].T),
            [builder.moved(whole, np.arange(k * size, (k + 1) * size).reshape(1, *rows[-2:]), "slice")],
            f"{out}/{k}",
        )
        for k in range(count)
    ]
    last = (rows[-2], weights.shape[-1]) if len(shape) > 1 else (weights.shape[-1],)
    return _reshaped(builder, builder.side_by_side(parts, 0), (*outer, *last))


def _transposed(builder: Builder, name: str) -> str:
    """A value or constant with its last two axes swapped."""
    array = builder.constant(name)
    if array is not None:
        return builder.add_constant(f"{name}/T", np.swapaxes(array, -1, -2))
    shape = builder.shape(name)
    places = np.arange(prod(shape)).reshape(shape)
    return builder.moved(name, np.ascontiguousarray(np.swapaxes(places, -1, -2)), "transpose")


def _reshaped(builder: Builder, name: str, shape: Shape) -> str:
    return builder.moved(name, np.arange(prod(shape)).reshape(shape), "reshape")


# ---------------------------------------------------------------------- convolutions


@understood("Conv")
def _conv(call: Call, builder: Builder) -> str:
    kernels, bias = _weights(call, builder)
    shape = builder.shape(call.value(0))
    geometry = Geometry.of(call, shape[2:], kernels.shape[2:])
    operation = Convolution(
        kernels,
        bias,
        stride=geometry.strides,
        padding=geometry.padding,
        dilation=geometry.dilations,
        groups=call.attributes["group"],
    )
    return _per_input(builder, call.value(0), operation, call.outputs[0])


@understood("ConvTranspose")
def _transposed_conv(call: Call, builder: Builder) -> str:
    """Zeros between the entries and around them, then a convolution with the kernels turned around."""
    weights, bias = _weights(call, builder)
    shape, groups = builder.shape(call.value(0)), call.attributes["group"]
    ins, outs, *taps = weights.shape
    if ins % groups or shape[1] != ins:
        raise NotUnderstoodError(f"has kernels of shape {weights.shape} for a value of shape {shape}")
    axes = tuple(range(2, weights.ndim))
    parts = np.flip(weights, axes).reshape(groups, ins // groups, outs, *taps)
    kernels = np.swapaxes(parts, 1, 2).reshape(groups * outs, ins // groups, *taps)
    geometry = Geometry.of_transposed(call, shape[2:], taps)
    stuffed = _stuffed(shape, taps, geometry)
    around = builder.add(Rearrangement(stuffed, "stuff with zeros"), [call.value(0)], f"{call.outputs[0]}/stuffed")
    count = len(taps)
    operation = Convolution(
        kernels,
        np.zeros(len(kernels)) if bias is None else bias,
        stride=[1] * count,
        padding=[(0, 0)] * count,
        dilation=geometry.dilations,
        groups=groups,
    )
    return _per_input(builder, around, operation, call.outputs[0])


def _stuffed(shape: Shape, taps: list[int], geometry: Geometry) -> NDArray[np.int64]:
    """Places of the value along each axis, with zeros (-1) between, before and after."""
    along = []
    for n, k, step, gap, (low, high) in zip(
        shape[2:], taps, geometry.strides, geometry.dilations, geometry.padding, strict=True
    ):
        before, reach = gap * (k - 1) - low, (n - 1) * step + 1
        length = before + reach + gap * (k - 1) - high
        if length > MOST_ENTRIES:
            raise NotUnderstoodError(f"has {length} entries along an axis, expected at most {MOST_ENTRIES}")
        spots = np.arange(length) - before
        is_entry = (spots >= 0) & (spots < reach) & (spots % step == 0)
        along.append(np.where(is_entry, spots // step, -1))
    if prod(shape[:2]) * prod(len(part) for part in along) > MOST_ENTRIES:
        raise NotUnderstoodError("has a value that is too large with zeros between its entries")
    flat, grid = np.arange(prod(shape)).reshape(shape), np.ix_(*map(np.arange, shape[:2]), *along)
    outside = reduce(np.logical_or.outer, [part < 0 for part in along])
    return np.where(np.broadcast_to(outside, (*shape[:2], *outside.shape)), -1, flat[grid])


def _weights(call: Call, builder: Builder) -> tuple[NDArray[Any], NDArray[Any] | None]:
    kernels = exact_numbers(builder.known(call.value(1)), call.value(1), MOST_WEIGHTS)
    offset = call.input(2)
    return kernels, None if offset is None else exact_numbers(builder.known(offset), offset)


def _per_input(builder: Builder, name: str, operation: Convolution, out: str) -> str:
    """The convolution of each input of a batch by itself."""
    shape = builder.shape(name)
    if shape[0] == 1:
        return builder.add(operation, [name], out)
    if not 1 <= shape[0] <= MOST_PARTS:
        raise NotUnderstoodError(f"has a batch of {shape[0]} inputs, expected at most {MOST_PARTS}")
    places = np.arange(prod(shape)).reshape(shape)
    singles = [builder.moved(name, places[k : k + 1], "slice") for k in range(shape[0])]
    parts = [builder.add(operation, [single], f"{out}/{k}") for k, single in enumerate(singles)]
    return builder.side_by_side(parts, 0)


# ---------------------------------------------------------------------- normalisation


@understood("BatchNormalization")
def _batch_normalisation(call: Call, builder: Builder) -> str:
    if call.attributes.get("training_mode") or len(call.outputs) > 1:
        raise NotUnderstoodError("is in training mode")
    numbers = [exact_numbers(builder.known(call.value(k)), call.value(k)) for k in range(1, 5)]
    axes = len(builder.shape(call.value(0)))
    operation: ScaleShift = batch_normalisation(*numbers, epsilon=Fraction(call.attributes["epsilon"]), axes=axes)
    return builder.add(operation, [call.value(0)], call.outputs[0])
