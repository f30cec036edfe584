"""Effective weights of modules that keep them in parts, and normalisation folded into them, exactly.

Weight normalisation is ``g v / |v|``. The norm is a square root: exact where it is rational, else ``1 / |v|`` is the
nearest float64, one fixed rational number. Spectral normalisation divides by ``u^T W v``, which is rational.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.files.checkpoint_names import Part
from exactinj.layers.network.normalisation import batch_normalisation, inverse_root
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["Weights", "folded", "weights_of"]

Arrays = Mapping[str, NDArray[Any]]
LEAST_AXES, MOST_AXES = 2, 5
ROUNDED = "weight normalisation applied; where a norm is irrational, its inverse is the nearest float64"
SPECTRAL = "spectral normalisation applied, exactly"
UNKNOWN = "found a parametrization that is not known, so that its weights are not"


@dataclass(frozen=True)
class Weights:
    """Weights that are made when they are needed.

    Attributes
    ----------
    shape : of the weights
    make : an array of floats, or an exact tensor
    note : what was done to get them
    names : the tensors of the module that they come from
    why_not : why they cannot be made, or None
    """

    shape: Shape
    make: Callable[[], NDArray[Any] | ExactTensor]
    note: str
    names: tuple[str, ...]
    why_not: str | None = None


def weights_of(part: Part) -> Weights | None:
    """The weights of a module, of two to five axes; None if it has none."""
    leaves = part.leaves
    for g, v in (("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1")):
        if g in leaves and v in leaves:
            return _weight_norm(part, g, v)
    for names in (
        ("weight_orig", "weight_u", "weight_v"),
        ("parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"),
    ):
        if all(name in leaves for name in names):
            return _spectral_norm(part, names)
    for name in leaves:
        if name.startswith("parametrizations.weight.original"):
            return Weights(leaves[name].shape, partial(leaves.__getitem__, name), "", (name,), UNKNOWN)
    weight = leaves.get("weight")
    if weight is None or weight.ndim < LEAST_AXES:
        return None
    return Weights(weight.shape, lambda: weight, "", ("weight",))


def _weight_norm(part: Part, g: str, v: str) -> Weights:
    gains, directions = part.leaves[g], part.leaves[v]
    kept = [axis for axis, n in enumerate(gains.shape) if n > 1]
    fits = gains.ndim in (0, directions.ndim) and len(kept) <= 1
    if not fits or any(gains.shape[axis] != directions.shape[axis] for axis in kept):
        raise InputError(
            f"{part.path}: found {g} of shape {gains.shape} for {v} of shape {directions.shape}, expected one number "
            "for each row"
        )

    over = tuple(axis for axis in range(directions.ndim) if axis not in kept)
    if not np.any(directions, axis=over).all():
        raise InputError(f"{part.path}: found a row of zeros in {v}, expected directions that have a norm")

    def make() -> ExactTensor:
        exact = ExactTensor.of(directions, f"{part.path}.{v}")
        squares = np.asarray((exact.numerators**2).sum(axis=over, keepdims=True), dtype=object)
        norms = ExactTensor(squares, exact.denominator**2)
        inverse = [inverse_root(value) for value in norms.fractions()]
        factors = ExactTensor.of(gains, f"{part.path}.{g}").times(ExactTensor.of_fractions(inverse, norms.shape))
        return exact.times(factors)

    return Weights(directions.shape, make, ROUNDED, (g, v))


def _spectral_norm(part: Part, names: tuple[str, str, str]) -> Weights:
    weight, left, right = (part.leaves[name] for name in names)
    if left.shape != (weight.shape[0],) or right.size * weight.shape[0] != weight.size:
        return Weights(weight.shape, lambda: weight, "", names, "found vectors of a spectral norm of another shape")

    def make() -> ExactTensor:
        exact, u, v = (ExactTensor.of(part.leaves[name], f"{part.path}.{name}") for name in names)
        rows = exact.numerators.reshape(weight.shape[0], -1)
        total = int(u.numerators @ (rows @ v.numerators))
        if not total:
            raise InputError(f"{part.path}: found the spectral norm 0, expected another number")
        scale = exact.denominator * u.denominator * v.denominator
        sign = 1 if total > 0 else -1
        return exact.times(ExactTensor(np.asarray(sign * scale, dtype=object), abs(total)))

    return Weights(weight.shape, make, SPECTRAL, names)


def folded(
    weights: NDArray[Any] | ExactTensor, bias: NDArray[Any] | None, norm: Arrays, epsilon: Any
) -> tuple[ExactTensor, ExactTensor]:
    """Weights and bias with the normalisation after them, exact but for ``1 / sqrt(variance + epsilon)``."""
    kernels = ExactTensor.of(weights, "weight")
    count = kernels.shape[0]
    gamma, beta = norm.get("weight", np.ones(count)), norm.get("bias", np.zeros(count))
    step = batch_normalisation(
        gamma, beta, norm["running_mean"], norm["running_var"], epsilon=epsilon, axes=1, channel_axis=0
    )
    old = ExactTensor.of(np.zeros(count) if bias is None else bias, "bias")
    scale = step.scale.reshaped((-1, *[1] * (len(kernels.shape) - 1)))
    return kernels.times(scale), step.exact(old)
