"""Functions of single entries: piecewise linear ones exactly, strictly monotone ones by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.builder import Builder, exact_numbers
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.operators.arithmetic import rescaled
from exactinj.files.onnx.operators.table import understood
from exactinj.layers.network import Clip, LeakyRelu, OneToOne, Operation, Relu, ScaleShift
from exactinj.layers.network.monotone import MONOTONE, SELU_ALPHA, SELU_SCALE, celu, elu

NUMPY_RULES = 7  # the opset in which values began to be repeated as in numpy
Function = Callable[[NDArray[Any]], NDArray[Any]]

# Strictly monotone where they are defined: names of `MONOTONE`, or functions of numpy.
MONOTONE_NAMES = {
    "Asinh": "asinh",
    "Atan": "atan",
    "Erf": "erf",
    "Exp": "exp",
    "Sigmoid": "sigmoid",
    "Sinh": "sinh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Tanh": "tanh",
}
PARTIAL: dict[str, Function] = {
    "Acos": np.arccos,
    "Acosh": np.arccosh,
    "Asin": np.arcsin,
    "Atanh": np.arctanh,
    "Log": np.log,
    "Sqrt": np.sqrt,
}


@understood(*MONOTONE_NAMES)
def _monotone(call: Call, builder: Builder) -> str:
    name = MONOTONE_NAMES[call.kind]
    return _added(call, builder, OneToOne(name, MONOTONE[name]))


@understood(*PARTIAL)
def _partial(call: Call, builder: Builder) -> str:
    return _added(call, builder, OneToOne(call.kind.lower(), partial(without_warnings, PARTIAL[call.kind])))


@understood("Elu", "Celu")
def _exponential(call: Call, builder: Builder) -> str:
    """Strictly rising where alpha is positive; another alpha than 1 is part of the name."""
    alpha, kind = call.attributes["alpha"], call.kind.lower()
    if not 0 < alpha < math.inf:
        raise NotUnderstoodError(f"has alpha = {alpha:g}, expected a positive one")
    function = partial(elu if kind == "elu" else celu, alpha=alpha)
    return _added(call, builder, OneToOne(kind if alpha == 1 else f"{kind}({alpha})", function))


@understood("Selu")
def _selu(call: Call, builder: Builder) -> str:
    alpha, gamma = call.attributes["alpha"], call.attributes["gamma"]
    if not (0 < alpha < math.inf and 0 < gamma < math.inf):
        raise NotUnderstoodError(f"has the constants {alpha:g} and {gamma:g}, expected positive ones")
    is_usual = alpha == float(np.float32(SELU_ALPHA)) and gamma == float(np.float32(SELU_SCALE))
    name = "selu" if is_usual else f"selu({alpha}, {gamma})"
    return _added(call, builder, OneToOne(name, partial(_scaled_elu, alpha=alpha, gamma=gamma)))


def _scaled_elu(v: NDArray[Any], alpha: float, gamma: float) -> NDArray[Any]:
    out: NDArray[Any] = gamma * elu(v, alpha)
    return out


@understood("Relu")
def _relu(call: Call, builder: Builder) -> str:
    return _added(call, builder, Relu())


@understood("LeakyRelu")
def _leaky(call: Call, builder: Builder) -> str:
    return _added(call, builder, LeakyRelu(_number(call, "alpha")))


@understood("PRelu")
def _prelu(call: Call, builder: Builder) -> str:
    slope, shape = exact_numbers(builder.known(call.value(1)), call.value(1)), builder.shape(call.value(0))
    if call.opset < NUMPY_RULES and slope.ndim == 1 and len(shape) > 1:
        slope = slope.reshape(-1, *[1] * (len(shape) - 2))  # one for each channel
    return _added(call, builder, LeakyRelu(slope, "prelu"))


@understood("Abs")
def _abs(call: Call, builder: Builder) -> str:
    return _added(call, builder, LeakyRelu(-1, "abs"))


@understood("Neg")
def _neg(call: Call, builder: Builder) -> str:
    return _added(call, builder, ScaleShift(-1, 0, "neg"))


@understood("Clip")
def _clip(call: Call, builder: Builder) -> str:
    sides = [call.attributes.get(side) for side in ("min", "max")]
    for k in (1, 2):
        name = call.input(k)
        if name is not None:
            sides[k - 1] = builder.known(name).ravel()[0].item()
    if any(side is not None and math.isnan(side) for side in sides):
        raise NotUnderstoodError("clips at NaN")
    if sides[0] == math.inf or sides[1] == -math.inf:
        raise NotUnderstoodError("clips at infinities")
    ends = [None if side is None or math.isinf(side) else side for side in sides]
    return _added(call, builder, Clip(ends[0], ends[1]))


@understood("HardSigmoid")
def _hard_sigmoid(call: Call, builder: Builder) -> str:
    alpha, beta = (_number(call, name) for name in ("alpha", "beta"))
    line = rescaled(builder, call.value(0), alpha, beta, f"{call.outputs[0]}/line", what="scale")
    return builder.add(Clip(0, 1, "hard sigmoid"), [line], call.outputs[0])


def _added(call: Call, builder: Builder, operation: Operation) -> str:
    return builder.add(operation, [call.value(0)], call.outputs[0])


def _number(call: Call, name: str) -> Fraction:
    value = call.attributes[name]
    if not math.isfinite(value):
        raise NotUnderstoodError(f"has {name} = {value}")
    return Fraction(value)


def without_warnings(function: Function, v: NDArray[Any]) -> NDArray[Any]:
    """The function's values, NaN and infinities where it is not defined."""
    with np.errstate(all="ignore"):
        return function(v)
