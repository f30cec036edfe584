"""Calls of torch that are affine maps: linear, convolution, normalisation in inference, sums, scalings, means."""

from __future__ import annotations

from typing import Any

import numpy as np

from exactinj.layers.convolution.arguments import padding_pairs, per_axis
from exactinj.layers.network.affine import Convolution, Dense, ScaleShift, Sum
from exactinj.layers.network.normalisation import batch_normalisation
from exactinj.layers.network.shaping import Concatenation
from exactinj.layers.network.tensor import ExactTensor
from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.registry import reads

__all__ = ["scaled", "shifted"]

MOST_INPUTS = 64  # of a batch
GRID_FROM = 2  # axes of kernels before those of the grid


# ---------------------------------------------------------------------- matrices


@reads("linear")
def _linear(build: Builder, x: Value, weight: Any, bias: Any = None) -> Value:
    _require_constant(weight, bias)
    if weight.ndim == 1:
        return build.reshaped(build.add(Dense(weight[None], bias), x), x.shape[:-1])
    return build.add(Dense(weight, bias), x)


@reads("matmul", "mm", "mv")
def _matmul(build: Builder, left: Any, right: Any) -> Value:
    if isinstance(left, Value) and isinstance(right, Value):
        raise NotUnderstoodError("a product of two values of the network is no affine map")
    if isinstance(left, Value):
        if right.ndim == 1:
            return build.reshaped(build.add(Dense(right[None]), left), left.shape[:-1])
        if right.ndim == 2:  # noqa: PLR2004 (a matrix)
            return build.add(Dense(right.T), left)
    elif left.ndim <= 2 and right.axes <= 2:  # noqa: PLR2004 (matrices)
        matrix = left if left.ndim == 2 else left[None]  # noqa: PLR2004
        turned = np.arange(right.sample.size).reshape(right.shape).T
        columns = build.add(Dense(matrix), build.rearranged(right, turned, "transpose"))
        shape = (*columns.shape[:-1], *(matrix.shape[0],) * (left.ndim - 1))
        whole = build.reshaped(columns, shape)
        back = np.arange(whole.sample.size).reshape(whole.shape).T
        return build.rearranged(whole, back, "transpose")
    raise NotUnderstoodError("a product with a stack of matrices is not supported")


@reads("addmm")
def _addmm(build: Builder, bias: Any, x: Any, matrix: Any, *, beta: Any = 1, alpha: Any = 1) -> Value:
    if beta != 1 or alpha != 1:
        raise NotUnderstoodError("addmm with factors is not supported")
    return _add(build, _matmul(build, x, matrix), bias)


# ---------------------------------------------------------------------- convolutions


@reads("conv1d", "conv2d", "conv3d")
def _convolution(
    build: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Value:
    _require_constant(weight, bias)
    kernel = tuple(weight.shape[GRID_FROM:])
    gaps, steps = per_axis(dilation, len(kernel), "dilation", 1), per_axis(stride, len(kernel), "stride", 1)
    extents = [gap * (taps - 1) + 1 for gap, taps in zip(gaps, kernel, strict=True)]
    pads = padding_pairs(padding, extents, steps)
    step = Convolution(weight, bias, stride=steps, padding=pads, dilation=gaps, groups=groups)
    return _on_grid(build, x, step, len(kernel))


def _on_grid(build: Builder, x: Value, step: Convolution, axes: int) -> Value:
    """The convolution of a value with or without the axis of the batch."""
    if x.axes == axes + 1:
        whole = build.add(step, build.reshaped(x, (1, *x.shape)))
        return build.reshaped(whole, whole.shape[1:])
    if x.shape[0] == 1:
        return build.add(step, x)
    if x.shape[0] > MOST_INPUTS:
        raise NotUnderstoodError(f"found a convolution of a batch of {x.shape[0]}, expected at most {MOST_INPUTS}")
    places = np.arange(x.sample.size).reshape(x.shape)
    parts = [build.add(step, build.rearranged(x, places[k : k + 1], "slice")) for k in range(x.shape[0])]
    return build.add(Concatenation(0), *parts)


@reads("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _transposed_convolution(
    build: Builder,
    x: Value,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Value:
    """A convolution, with turned kernels, of the input with zeros between its entries and around it."""
    _require_constant(weight, bias)
    kernels = np.asarray(weight.detach().cpu().double())
    count = kernels.ndim - GRID_FROM
    steps, gaps = per_axis(stride, count, "stride", 1), per_axis(dilation, count, "dilation", 1)
    pads, extra = per_axis(padding, count, "padding", 0), per_axis(output_padding, count, "output padding", 0)
    sizes = x.shape[-count:]
    grid = np.arange(x.sample.size).reshape(x.shape)
    for k in range(count):
        reach = gaps[k] * (kernels.shape[GRID_FROM + k] - 1)
        length = steps[k] * (sizes[k] - 1) + 1 + 2 * (reach - pads[k]) + extra[k]
        at = np.arange(sizes[k]) * steps[k] + reach - pads[k]
        kept = (at >= 0) & (at < length)
        stuffed = np.full((*grid.shape[: grid.ndim - count + k], length, *grid.shape[grid.ndim - count + k + 1 :]), -1)
        np.moveaxis(stuffed, k - count, 0)[at[kept]] = np.moveaxis(grid, k - count, 0)[kept]
        grid = stuffed
    ins, outs = kernels.shape[:GRID_FROM]
    turned = np.flip(kernels, tuple(range(GRID_FROM, kernels.ndim)))
    parts = turned.reshape(groups, ins // groups, outs, *turned.shape[GRID_FROM:]).swapaxes(1, 2)
    bank = parts.reshape(groups * outs, ins // groups, *turned.shape[GRID_FROM:]).copy()
    step = Convolution(bank, bias, stride=[1] * count, padding=[(0, 0)] * count, dilation=gaps, groups=groups)
    return _on_grid(build, build.rearranged(x, grid, "zeros between"), step, count)


@reads("convolution")
def _convolution_of_core(
    build: Builder,
    x: Value,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Value:
    """The one convolution of torch's core operators."""
    if transposed:
        return _transposed_convolution(build, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolution(build, x, weight, bias, stride, padding, dilation, groups)


# ---------------------------------------------------------------------- normalisation


@reads("batch_norm")
def _batch_norm(
    build: Builder,
    x: Value,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Value:
    if training or running_mean is None or running_var is None:
        raise NotUnderstoodError("a normalisation by the statistics of the input is no affine map")
    _require_constant(running_mean, running_var, weight, bias)
    count = running_mean.shape[0]
    gamma = np.ones(count) if weight is None else weight
    beta = np.zeros(count) if bias is None else bias
    epsilon = x.number(float(eps)).item()
    step = batch_normalisation(gamma, beta, running_mean, running_var, epsilon=epsilon, axes=x.axes)
    return build.add(step, x)


@reads("aten.batch_norm", "aten.instance_norm")
def _batch_norm_of_aten(build: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> Value:
    mean, variance, training, momentum, eps = rest[:5]
    return _batch_norm(build, x, mean, variance, weight, bias, training, momentum, eps)


@reads("_native_batch_norm_legit_no_training")
def _batch_norm_of_core(build: Builder, x: Value, weight: Any, bias: Any, *rest: Any) -> tuple[Value, None, None]:
    mean, variance, momentum, eps = rest
    return _batch_norm(build, x, mean, variance, weight, bias, False, momentum, eps), None, None  # noqa: FBT003


@reads("instance_norm")
def _instance_norm(
    build: Builder,
    x: Value,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Value:
    return _batch_norm(build, x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


# ---------------------------------------------------------------------- sums and scalings


def scaled(build: Builder, x: Value, factor: Any) -> Value:
    """``factor * x``, the factor broadcast to x or x to it."""
    numbers = ExactTensor.of(x.number(factor), "a factor")
    return build.add(ScaleShift(numbers, 0, "scale"), _wide(build, x, numbers))


def shifted(build: Builder, x: Value, offset: Any, sign: int = 1) -> Value:
    """``x + sign * offset`` likewise."""
    numbers = ExactTensor.of(x.number(offset), "an offset").times(ExactTensor.of(sign))
    return build.add(ScaleShift(1, numbers, "shift"), _wide(build, x, numbers))


def _wide(build: Builder, x: Value, numbers: ExactTensor) -> Value:
    return build.broadcast(x, np.broadcast_shapes(x.shape, numbers.shape))


@reads("add", "iadd", "radd")
def _add(build: Builder, left: Any, right: Any, *, alpha: Any = 1) -> Value:
    return _combined(build, left, right, alpha)


@reads("sub", "isub", "subtract")
def _sub(build: Builder, left: Any, right: Any, *, alpha: Any = 1) -> Value:
    return _combined(build, left, right, -alpha)


@reads("rsub")
def _rsub(build: Builder, left: Any, right: Any, *, alpha: Any = 1) -> Value:
    return _combined(build, right, left, -alpha)


def _combined(build: Builder, left: Any, right: Any, factor: Any) -> Value:
    """``left + factor * right``."""
    if not isinstance(left, Value):
        return shifted(build, right if factor == 1 else scaled(build, right, factor), left)
    if not isinstance(right, Value):
        return shifted(build, left, right, 1 if factor == 1 else _whole(factor))
    shape = np.broadcast_shapes(left.shape, right.shape)
    if factor not in (1, -1):
        right, factor = scaled(build, right, factor), 1
    return build.add(Sum([1, int(factor)]), build.broadcast(left, shape), build.broadcast(right, shape))


def _whole(factor: Any) -> int:
    if int(factor) != factor:
        raise NotUnderstoodError(f"the factor {factor} of a constant is not supported")
    return int(factor)


@reads("neg", "negative")
def _neg(build: Builder, x: Value) -> Value:
    return scaled(build, x, -1)


@reads("div", "truediv", "divide", "true_divide", "itruediv")
def _div(build: Builder, x: Any, divisor: Any, *, rounding_mode: Any = None) -> Value:
    if not isinstance(x, Value) or isinstance(divisor, Value) or rounding_mode is not None:
        raise NotUnderstoodError("a quotient by a value of the network is no affine map")
    numbers = ExactTensor.of(x.number(divisor), "a divisor")
    if not numbers.numerators.all():
        raise NotUnderstoodError("found a division by zero")
    inverse = ExactTensor.of_fractions([1 / value for value in numbers.fractions()], numbers.shape)
    return scaled(build, x, inverse)


@reads("masked_fill")
def _masked_fill(build: Builder, x: Value, mask: Any, value: Any) -> Value:
    return _where(build, mask, value, x)


@reads("where")
def _where(build: Builder, mask: Any, chosen: Any, other: Any) -> Value:
    """``mask * chosen + (1 - mask) * other`` for a constant mask."""
    _require_constant(mask)
    kept = [(chosen, mask.double()), (other, 1 - mask.double())]
    parts = [_kept(build, part, weights) for part, weights in kept]
    values = [part for part in parts if isinstance(part, Value)]
    return _combined(build, parts[0], parts[1], 1) if values else build.constant(parts[0] + parts[1])


def _kept(build: Builder, part: Any, weights: Any) -> Any:
    return scaled(build, part, weights) if isinstance(part, Value) else part * weights


def _require_constant(*parts: Any) -> None:
    if any(isinstance(part, Value) for part in parts):
        raise NotUnderstoodError("weights that depend on the input are no affine map")
