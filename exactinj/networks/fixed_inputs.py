"""Inputs of a layer that have one value only on the domain of the network: dead neurons, constants.

On what the layer really gets only the others can differ; the question is about the layer of these, with what the fixed
ones add in the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from exactinj.domains import Box
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.networks.folding import Folded
from exactinj.networks.ranges import Range

__all__ = ["FreeInputs", "free_inputs", "some_are_fixed"]

MOST_INPUTS = 20_000
LARGEST_MATRIX = 1_000_000


@dataclass(frozen=True)
class FreeInputs:
    """The layer of the inputs that are not fixed, on the box of these; `values` of the whole flat source."""

    layer: Folded
    domain: Box
    values: tuple[Fraction, ...]

    @property
    def fixed(self) -> int:
        """The number of fixed inputs."""
        return len(self.values) - len(self.layer.order)


def some_are_fixed(where: Range) -> bool:
    """Whether some entries of a bounded value have one number only, and some have more."""
    if where.lower is None or where.upper is None or where.lower.size > MOST_INPUTS:
        return False
    equal = where.lower.numerators * where.upper.denominator == where.upper.numerators * where.lower.denominator
    return bool(equal.any() and not equal.all())


def free_inputs(layer: Folded, where: Range) -> FreeInputs | None:
    """The layer without its fixed inputs; None if there are none, or the matrix is too large."""
    if not some_are_fixed(where) or where.lower is None or where.upper is None:
        return None
    matrix = _matrix(layer)
    if matrix is None:
        return None
    lower, upper = where.lower.fractions(), where.upper.fractions()
    order = layer.order.tolist()
    free = [k for k, j in enumerate(order) if lower[j] < upper[j]]
    held = [(k, lower[j]) for k, j in enumerate(order) if lower[j] == upper[j] and lower[j]]
    rows = matrix.W.fractions()
    bias = [value + _sum(row, held) for row, (value,) in zip(rows, matrix.b.fractions(), strict=True)]
    kept = [order[k] for k in free]
    reduced = ReLULayer([[row[k] for k in free] for row in rows], bias)
    box = Box([lower[j] for j in kept], [upper[j] for j in kept])
    return FreeInputs(Folded(reduced, None, np.array(kept)), box, tuple(lower))


def _matrix(layer: Folded) -> ReLULayer | None:
    if isinstance(layer.layer, ReLULayer):
        return layer.layer
    convolution, size = layer.layer, layer.size or ()
    entries = prod(convolution.output_size(size)) * convolution.out_channels * len(layer.order)
    return convolution.unrolled(size) if isinstance(convolution, ConvLayer) and entries <= LARGEST_MATRIX else None


def _sum(row: Sequence[Fraction], held: Sequence[tuple[int, Fraction]]) -> Fraction:
    return sum((row[k] * value for k, value in held), Fraction(0))
