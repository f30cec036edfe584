"""Calls of torch that act on single entries, and maxima of two values."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from exactinj.layers.network.activations import Clip, LeakyRelu, Relu, Square
from exactinj.layers.network.affine import ScaleShift, Sum
from exactinj.layers.network.monotone import MONOTONE, celu, elu, selu
from exactinj.layers.network.operation import OneToOne
from exactinj.layers.network.shaping import Concatenation, Maximum
from exactinj.layers.network.tensor import ExactTensor
from exactinj.layers.torch_graphs.affine import scaled, shifted
from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.registry import reads

__all__: list[str] = []


# ---------------------------------------------------------------------- piecewise linear


@reads("relu")
def _relu(build: Builder, x: Value, inplace: Any = None) -> Value:
    return build.add(Relu(), x)


@reads("leaky_relu")
def _leaky_relu(build: Builder, x: Value, negative_slope: float = 0.01, inplace: Any = None) -> Value:
    return build.add(LeakyRelu(x.number(negative_slope)), x)


@reads("rrelu")
def _rrelu(
    build: Builder, x: Value, lower: float = 1 / 8, upper: float = 1 / 3, training: Any = None, inplace: Any = None
) -> Value:
    if training:
        raise NotUnderstoodError("rrelu in training has random slopes")
    return build.add(LeakyRelu(x.number((lower + upper) / 2)), x)


@reads("prelu")
def _prelu(build: Builder, x: Value, weight: Any) -> Value:
    if isinstance(weight, Value):
        raise NotUnderstoodError("slopes that depend on the input are not supported")
    shape = [weight.numel(), *[1] * (x.axes - 2)] if weight.numel() > 1 else [1]
    return build.add(LeakyRelu(x.number(weight).reshape(shape), "prelu"), x)


@reads("abs", "absolute")
def _abs(build: Builder, x: Value) -> Value:
    return build.add(LeakyRelu(-1, "abs"), x)


@reads("relu6")
def _relu6(build: Builder, x: Value, inplace: Any = None) -> Value:
    return build.add(Clip(0, 6, "relu6"), x)


@reads("hardtanh")
def _hardtanh(build: Builder, x: Value, min_val: float = -1.0, max_val: float = 1.0, inplace: Any = None) -> Value:
    name = "relu6" if (min_val, max_val) == (0, 6) else "hardtanh"
    return build.add(Clip(x.number(min_val).item(), x.number(max_val).item(), name), x)


@reads("clamp", "clip")
def _clamp(build: Builder, x: Value, min: Any = None, max: Any = None) -> Value:  # noqa: A002 (torch's own names)
    if isinstance(min, Value) or isinstance(max, Value) or any(_is_tensor(end) for end in (min, max)):
        low = x if min is None else _maximum(build, x, min)
        return low if max is None else _minimum(build, low, max)
    return build.add(Clip(_end(x, min), _end(x, max)), x)


def _end(x: Value, number: Any) -> Any:
    return None if number is None else x.number(number).item()


@reads("clamp_min")
def _clamp_min(build: Builder, x: Value, min: Any) -> Value:  # noqa: A002
    return _clamp(build, x, min)


@reads("clamp_max")
def _clamp_max(build: Builder, x: Value, max: Any) -> Value:  # noqa: A002
    return _clamp(build, x, None, max)


@reads("threshold", "_threshold")
def _threshold(build: Builder, x: Value, threshold: float, value: float, inplace: Any = None) -> Value:
    if threshold != value:
        raise NotUnderstoodError(f"threshold({threshold}, {value}) is not continuous")
    return build.add(Clip(x.number(value).item(), None), x) if value else build.add(Relu(), x)


@reads("hardsigmoid")
def _hardsigmoid(build: Builder, x: Value, inplace: Any = None) -> Value:
    six = ExactTensor.of("1/6")
    return build.add(ScaleShift(six, 0), build.add(Clip(0, 6, "relu6"), shifted(build, x, 3)))


@reads("softshrink")
def _softshrink(build: Builder, x: Value, lambd: float = 0.5) -> Value:
    end = x.number(lambd).item()
    return build.add(Sum([1, -1]), x, build.add(Clip(-end, end), x))


@reads("maximum")
def _maximum(build: Builder, left: Any, right: Any) -> Value:
    if not isinstance(left, Value):
        return _maximum(build, right, left)
    if not isinstance(right, Value):
        return shifted(build, build.add(Relu(), shifted(build, left, right, -1)), right)
    shape = np.broadcast_shapes(left.shape, right.shape)
    wide = [build.reshaped(build.broadcast(value, shape), (1, *shape)) for value in (left, right)]
    both = build.add(Concatenation(0), *wide)
    places = np.moveaxis(np.arange(both.sample.size).reshape(both.shape), 0, -1)
    return build.add(Maximum(places, "maximum"), both)


@reads("minimum")
def _minimum(build: Builder, left: Any, right: Any) -> Value:
    negated = [scaled(build, part, -1) if isinstance(part, Value) else -part for part in (left, right)]
    return scaled(build, _maximum(build, *negated), -1)


# ---------------------------------------------------------------------- squares and products


@reads("mul", "multiply", "imul", "rmul")
def _mul(build: Builder, left: Any, right: Any) -> Value:
    if not isinstance(left, Value):
        return scaled(build, right, left)
    if not isinstance(right, Value):
        return scaled(build, left, right)
    if left.name == right.name:
        return build.add(Square(), left)
    raise NotUnderstoodError("a product of two values of the network is not supported")


@reads("square")
def _square(build: Builder, x: Value) -> Value:
    return build.add(Square(), x)


@reads("pow", "ipow")
def _pow(build: Builder, x: Any, exponent: Any) -> Value:
    if isinstance(x, Value) and not isinstance(exponent, Value) and not _is_tensor(exponent):
        if exponent == 1:
            return x
        if exponent == 2:  # noqa: PLR2004 (a square)
            return build.add(Square(), x)
        if exponent == int(exponent) and exponent > 0 and exponent % 2:
            return build.add(OneToOne(f"power {int(exponent)}", partial(_power, exponent=int(exponent))), x)
    raise NotUnderstoodError(f"the power {exponent if not isinstance(exponent, Value) else ''} is not supported")


def _power(values: Any, exponent: int) -> Any:
    return values**exponent


# ---------------------------------------------------------------------- strictly monotone


def _named(build: Builder, x: Value, name: str) -> Value:
    return build.add(OneToOne(name, MONOTONE[name]), x)


for _name in MONOTONE:
    reads(_name)(partial(lambda build, x, name="": _named(build, x, name), name=_name))
reads("special_expit")(partial(lambda build, x, name="": _named(build, x, name), name="sigmoid"))


@reads("softplus")
def _softplus(build: Builder, x: Value, beta: float = 1, threshold: float = 20) -> Value:
    if beta != 1 or threshold < 20:  # noqa: PLR2004 (torch's default; below it the jump can be seen)
        raise NotUnderstoodError(f"softplus with beta {beta} and threshold {threshold} is not supported")
    return _named(build, x, "softplus")


@reads("elu")
def _elu(build: Builder, x: Value, alpha: float = 1.0, *rest: Any, inplace: Any = None) -> Value:
    if alpha <= 0 or any(part not in (1, False) for part in rest):
        raise NotUnderstoodError(f"elu with alpha {alpha} is not supported")
    return build.add(OneToOne("elu" if alpha == 1 else f"elu({alpha})", partial(elu, alpha=alpha)), x)


@reads("celu")
def _celu(build: Builder, x: Value, alpha: float = 1.0, inplace: Any = None) -> Value:
    if alpha <= 0:
        raise NotUnderstoodError(f"celu with alpha {alpha} is not supported")
    return build.add(OneToOne("celu" if alpha == 1 else f"celu({alpha})", partial(celu, alpha=alpha)), x)


@reads("selu")
def _selu(build: Builder, x: Value, inplace: Any = None) -> Value:
    return build.add(OneToOne("selu", selu), x)


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach")
