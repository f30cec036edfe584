"""Strictly increasing functions of one number that are no rational maps, in float64, for `OneToOne`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MONOTONE", "celu", "elu", "selu"]

Floats = NDArray[Any]
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def sigmoid(v: Floats) -> Floats:
    """``1 / (1 + exp(-v))``."""
    out: Floats = np.exp(-np.logaddexp(0, -v))
    return out


def softplus(v: Floats) -> Floats:
    """``log(1 + exp(v))``."""
    out: Floats = np.logaddexp(0, v)
    return out


def logsigmoid(v: Floats) -> Floats:
    """``-log(1 + exp(-v))``."""
    out: Floats = -np.logaddexp(0, -v)
    return out


def softsign(v: Floats) -> Floats:
    """``v / (1 + |v|)``."""
    out: Floats = v / (1 + np.abs(v))
    return out


def tanhshrink(v: Floats) -> Floats:
    """``v - tanh(v)``."""
    out: Floats = v - np.tanh(v)
    return out


def erf(v: Floats) -> Floats:
    """The error function."""
    from scipy.special import erf as of_scipy

    out: Floats = of_scipy(v)
    return out


def elu(v: Floats, alpha: float = 1.0) -> Floats:
    """``v`` for v > 0, else ``alpha (exp(v) - 1)``, alpha > 0."""
    return np.where(v > 0, v, alpha * np.expm1(np.minimum(v, 0)))


def celu(v: Floats, alpha: float = 1.0) -> Floats:
    """``v`` for v > 0, else ``alpha (exp(v / alpha) - 1)``, alpha > 0."""
    return np.where(v > 0, v, alpha * np.expm1(np.minimum(v, 0) / alpha))


def selu(v: Floats) -> Floats:
    """A multiple of elu."""
    return SELU_SCALE * elu(v, SELU_ALPHA)


MONOTONE: dict[str, Callable[[Floats], Floats]] = {
    "arctan": np.arctan,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "erf": erf,
    "exp": np.exp,
    "expm1": np.expm1,
    "logsigmoid": logsigmoid,
    "sigmoid": sigmoid,
    "sinh": np.sinh,
    "softplus": softplus,
    "softsign": softsign,
    "tanh": np.tanh,
    "tanhshrink": tanhshrink,
}
