"""Functions of single entries: piecewise linear ones exactly, strictly monotone ones by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.builder import Builder, exact_numbers
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.operators.arithmetic import rescaled
from exactinj.files.onnx.operators.table import understood
from exactinj.layers.network import Clip, LeakyRelu, OneToOne, Operation, Relu, ScaleShift

Function = Callable[[NDArray[Any]], NDArray[Any]]


def _sigmoid(v: NDArray[Any]) -> NDArray[Any]:
    out: NDArray[Any] = np.exp(-np.logaddexp(0, -v))
    return out


# Strictly monotone where they are defined.
ONE_TO_ONE: dict[str, Function] = {
    "Acos": np.arccos,
    "Acosh": np.arccosh,
    "Asin": np.arcsin,
    "Asinh": np.arcsinh,
    "Atan": np.arctan,
    "Atanh": np.arctanh,
    "Erf": np.vectorize(math.erf, otypes=[np.float64]),
    "Exp": np.exp,
    "Log": np.log,
    "Sigmoid": _sigmoid,
    "Sinh": np.sinh,
    "Softplus": lambda v: np.logaddexp(0, v),
    "Softsign": lambda v: v / (1 + np.abs(v)),
    "Sqrt": np.sqrt,
    "Tanh": np.tanh,
}


@understood(*ONE_TO_ONE)
def _one_to_one(call: Call, builder: Builder) -> str:
    return _added(call, builder, OneToOne(call.kind.lower(), _quiet(ONE_TO_ONE[call.kind])))


@understood("Elu", "Celu", "Selu")
def _exponential(call: Call, builder: Builder) -> str:
    """Strictly rising where their constants are positive; those constants are part of the name."""
    alpha, gamma = call.attributes["alpha"], call.attributes.get("gamma", 1.0)
    if not (0 < alpha < math.inf and 0 < gamma < math.inf):
        raise NotUnderstoodError(f"has the constants {alpha:g} and {gamma:g}, expected positive ones")
    width = alpha if call.kind == "Celu" else 1.0

    def function(v: NDArray[Any]) -> NDArray[Any]:
        low = alpha * np.expm1(np.minimum(v, 0) / width)
        out: NDArray[Any] = gamma * (np.maximum(v, 0) + low)
        return out

    kind = call.kind.lower()
    standard = kind == "selu" or alpha == 1
    return _added(call, builder, OneToOne(kind if standard else f"{kind} {alpha:.9g}", _quiet(function)))


@understood("Relu")
def _relu(call: Call, builder: Builder) -> str:
    return _added(call, builder, Relu())


@understood("LeakyRelu")
def _leaky(call: Call, builder: Builder) -> str:
    return _added(call, builder, LeakyRelu(_number(call, "alpha")))


@understood("PRelu")
def _prelu(call: Call, builder: Builder) -> str:
    slope = exact_numbers(builder.known(call.value(1)), call.value(1))
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


def _quiet(function: Function) -> Function:
    def evaluated(v: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            return function(v)

    return evaluated
