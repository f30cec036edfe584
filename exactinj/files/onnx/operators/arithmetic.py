"""Sums, products, quotients, maxima and minima of values and constants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.builder import Builder, exact_numbers, real_numbers
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.operators.table import understood
from exactinj.layers.network import (
    Clip,
    ExactTensor,
    Maximum,
    OneToOne,
    Rearrangement,
    ScaleShift,
    Shape,
    Square,
    Sum,
)

__all__ = ["added", "largest", "rescaled", "scaled"]


@understood("Add", "Sub", "Sum")
def _sum(call: Call, builder: Builder) -> str:
    signs = [1, -1] if call.kind == "Sub" else [1] * len(call.inputs)
    return added(builder, _all(call), signs, call.outputs[0])


@understood("Mean")
def _mean(call: Call, builder: Builder) -> str:
    total = added(builder, _all(call), [1] * len(call.inputs), call.outputs[0])
    return scaled(builder, total, Fraction(1, len(call.inputs)), call.outputs[0])


@understood("Mul")
def _mul(call: Call, builder: Builder) -> str:
    left, right = call.value(0), call.value(1)
    if left == right:
        return builder.add(Square(), [left], call.outputs[0])
    if builder.is_constant(left):
        left, right = right, left
    if not builder.is_constant(right):
        raise NotUnderstoodError("multiplies two values that depend on the input")
    return rescaled(builder, left, exact(builder, right), 0, call.outputs[0], what="mul")


@understood("Div")
def _div(call: Call, builder: Builder) -> str:
    if not builder.is_constant(call.value(1)):
        raise NotUnderstoodError("divides by a value that depends on the input")
    divisor = exact(builder, call.value(1))
    if not divisor.numerators.all():
        raise NotUnderstoodError("divides by zero")
    inverse = ExactTensor.of_fractions([Fraction(1) / value for value in divisor.fractions()], divisor.shape)
    return rescaled(builder, call.value(0), inverse, 0, call.outputs[0], what="div")


@understood("Pow")
def _pow(call: Call, builder: Builder) -> str:
    exponents = builder.known(call.value(1))
    if not exponents.size or (exponents != exponents.flat[0]).any():
        raise NotUnderstoodError("has different exponents")
    exponent = float(exponents.flat[0])
    base = builder.broadcast(call.value(0), np.broadcast_shapes(builder.shape(call.value(0)), exponents.shape))
    if exponent == 2:  # noqa: PLR2004
        return builder.add(Square(), [base], call.outputs[0])
    if exponent == 1:
        return rescaled(builder, base, 1, 0, call.outputs[0], what="pow")
    if exponent == 0.5 or (exponent > 0 and exponent % 2 == 1):  # noqa: PLR2004
        operation = OneToOne(f"power {exponent:.17g}", partial(_power, exponent=exponent))
        return builder.add(operation, [base], call.outputs[0])
    raise NotUnderstoodError(f"has the exponent {exponent:g}")


def _power(v: NDArray[Any], exponent: float) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        out: NDArray[Any] = np.power(v, exponent)
    return out


@understood("Max", "Min")
def _extreme(call: Call, builder: Builder) -> str:
    return largest(builder, _all(call), call.outputs[0], is_minimum=call.kind == "Min")


@understood("Where")
def _where(call: Call, builder: Builder) -> str:
    """Entries of one value or another, by a constant mask: their masked sum."""
    mask, names = builder.known(call.value(0)), [call.value(1), call.value(2)]
    shape = np.broadcast_shapes(mask.shape, *(builder.shape(name) for name in names))
    masks = [np.broadcast_to(part, shape).astype(np.int64) for part in (mask, ~mask.astype(bool))]
    values, offset = [], np.zeros(shape)
    for name, part in zip(names, masks, strict=True):
        array = builder.constant(name)
        if array is None:
            whole = builder.broadcast(name, shape)
            values.append(builder.add(ScaleShift(part, 0, "mask"), [whole], f"{call.outputs[0]}/masked"))
        else:
            offset = np.where(part, np.broadcast_to(array, shape), offset)
    if not np.isfinite(offset).all():
        raise NotUnderstoodError("writes infinities")
    total = values[0] if len(values) == 1 else builder.add(Sum([1, 1]), values, call.outputs[0])
    return builder.add(ScaleShift(1, offset, "where"), [total], call.outputs[0]) if offset.any() else total


def _all(call: Call) -> list[str]:
    return [call.value(k) for k in range(len(call.inputs))]


# ---------------------------------------------------------------------- what other operators use as well


def exact(builder: Builder, name: str) -> ExactTensor:
    """A constant in exact numbers."""
    return ExactTensor.of(exact_numbers(builder.known(name), name), name)


def scaled(builder: Builder, name: str, factor: float | Fraction, out: str) -> str:
    """A value times a number, exactly."""
    return name if factor == 1 else builder.add(ScaleShift(Fraction(factor), 0), [name], out)


def rescaled(builder: Builder, name: str, scale: Any, shift: Any, out: str, *, what: str) -> str:
    """``scale * value + shift``, with the value repeated where these are larger."""
    scale, shift = ExactTensor.of(scale), ExactTensor.of(shift)
    shape = _common([builder.shape(name), scale.shape, shift.shape])
    return builder.add(ScaleShift(scale, shift, what), [builder.broadcast(name, shape)], out)


def added(builder: Builder, names: Sequence[str], factors: Sequence[float], out: str) -> str:
    """The sum of factors times values and constants, of their common shape."""
    shape = _common([builder.shape(name) for name in names])
    terms = list(zip(names, factors, strict=True))
    values = [(builder.broadcast(name, shape), factor) for name, factor in terms if not builder.is_constant(name)]
    if not values:
        raise NotUnderstoodError("adds constants alone")
    offset = ExactTensor.of(0)
    for name, factor in terms:
        if builder.is_constant(name):
            offset = offset.plus(exact(builder, name).times(ExactTensor.of(Fraction(factor))))
    if len(values) == 1:
        return builder.add(ScaleShift(Fraction(values[0][1]), offset, "add"), [values[0][0]], out)
    signs = [int(factor) if abs(factor) == 1 else 1 for _, factor in values]
    read = [name if abs(factor) == 1 else scaled(builder, name, factor, f"{out}/scaled") for name, factor in values]
    total = builder.add(Sum(signs), read, out)
    return builder.add(ScaleShift(1, offset, "add"), [total], out) if offset.numerators.any() else total


def largest(builder: Builder, names: Sequence[str], out: str, *, is_minimum: bool) -> str:
    """The maximum or minimum of values and constants, entry by entry."""
    shape = _common([builder.shape(name) for name in names])
    values = [builder.broadcast(name, shape) for name in dict.fromkeys(names) if not builder.is_constant(name)]
    arrays = [real_numbers(builder.known(name), name) for name in names if builder.is_constant(name)]
    if any(np.isnan(array).any() for array in arrays):
        raise NotUnderstoodError("compares with NaN")
    best = values[0] if len(values) == 1 else _of_several(builder, values, shape, out, is_minimum=is_minimum)
    if not arrays:
        return best
    end = np.asarray((np.minimum if is_minimum else np.maximum).reduce(np.broadcast_arrays(*arrays)))
    if (end == end.flat[0]).all():
        limit = end.flat[0].item()
        if limit == (-math.inf if is_minimum else math.inf):
            raise NotUnderstoodError(f"is {limit} whatever it reads")
        finite = None if math.isinf(limit) else limit
        return builder.add(Clip(None, finite, "min") if is_minimum else Clip(finite, None, "max"), [best], out)
    constant = builder.add_constant(f"{out}/end", np.broadcast_to(end, shape).copy())
    return _of_several(builder, [best, constant], shape, out, is_minimum=is_minimum)


def _of_several(builder: Builder, names: Sequence[str], shape: Shape, out: str, *, is_minimum: bool) -> str:
    """Maxima over windows of values laid side by side; minima are negated maxima of the negated values."""
    count = prod(shape)
    flat = [builder.add(Rearrangement(np.arange(count), "flatten"), [name], f"{out}/flat") for name in names]
    whole = builder.side_by_side(flat, 0)
    places = np.arange(len(names) * count).reshape(len(names), *shape)
    windows = np.ascontiguousarray(np.moveaxis(places, 0, -1))
    if not is_minimum:
        return builder.add(Maximum(windows, "max"), [whole], out)
    negated = builder.add(ScaleShift(-1, 0, "neg"), [whole], f"{out}/neg")
    best = builder.add(Maximum(windows, "max"), [negated], f"{out}/max")
    return builder.add(ScaleShift(-1, 0, "neg"), [best], out)


def _common(shapes: Sequence[Shape]) -> Shape:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise NotUnderstoodError(f"reads values of shapes {', '.join(map(str, shapes))}, which do not fit") from None
