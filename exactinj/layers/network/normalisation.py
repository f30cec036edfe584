"""Normalisation in inference as an affine step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, nearest_ratio
from exactinj.layers.network.affine import ScaleShift
from exactinj.layers.network.tensor import ExactTensor

__all__ = ["batch_normalisation", "inverse_root"]

GUARD_BITS = 160  # of the root's numerator, far beyond float64


def batch_normalisation(
    gamma: Any, beta: Any, mean: Any, variance: Any, *, epsilon: Any, axes: int, channel_axis: int = 1
) -> ScaleShift:
    """``gamma (v - mean) / sqrt(variance + epsilon) + beta`` per channel of a value of `axes` axes.

    The factor ``1 / sqrt(variance + epsilon)`` is exact where it is rational. Elsewhere it is the nearest float64, one
    fixed rational number; everything else is exact. The step is then one-to-one exactly if gamma has no zero.

    Raises
    ------
    InputError
        If ``variance + epsilon`` is not positive, or lengths differ.
    """
    shifts = [ExactTensor.of(part, name) for part, name in ((gamma, "weight"), (beta, "bias"), (mean, "mean"))]
    g, b, m = (part.fractions() for part in shifts)
    variances, eps = ExactTensor.of(variance, "variance").fractions(), fraction_from(epsilon)
    if len({len(g), len(b), len(m), len(variances)}) != 1:
        raise InputError("found numbers of different lengths in a normalisation, expected one of each per channel")
    factors = [inverse_root(value + eps) for value in variances]
    scale = [gain * factor for gain, factor in zip(g, factors, strict=True)]
    shift = [offset - factor * center for offset, factor, center in zip(b, scale, m, strict=True)]
    shape = [1] * axes
    shape[channel_axis] = len(scale)
    return ScaleShift(_tensor(scale, shape), _tensor(shift, shape), "normalisation")


def inverse_root(value: Fraction) -> Fraction:
    """``1 / sqrt(value)``, exact where it is rational, else as the nearest float64."""
    if value <= 0:
        raise InputError(f"found the variance plus epsilon {float(value):.4g}, expected a positive number")
    numerator, denominator = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if numerator**2 == value.numerator and denominator**2 == value.denominator:
        return Fraction(denominator, numerator)
    shift = max(0, GUARD_BITS - value.denominator.bit_length() + value.numerator.bit_length())
    root = math.isqrt((value.denominator << (2 * shift)) // value.numerator)
    return Fraction(nearest_ratio(root, 1 << shift))


def _tensor(values: Sequence[Fraction], shape: Sequence[int]) -> ExactTensor:
    return ExactTensor.of_fractions(values, np.array(shape).tolist())
