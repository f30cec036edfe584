"""Unique inputs with short numbers, found in floats and proved: the common case for layers of real size.

Least squares on the rows with positive outputs gives floats; short rationals next to them are tried. One that the layer
maps to the output exactly is the only preimage if these rows are proved to span R^n (`exactinj.exact.definite`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.definite import gram_factor
from exactinj.exact.numbers import nearest_float
from exactinj.inversion.maps import LayerMap

__all__ = ["short_input"]

Floats = NDArray[np.float64]
BITS = tuple(range(0, 33, 4))
DENOMINATORS = (100, 255, 1000, 10_000)
CLOSE = 1e-8  # how near a short number has to lie to the float before it is tried
REFINEMENTS = 2


def short_input(layer: LayerMap, output: Sequence[Fraction]) -> tuple[Fraction, ...] | None:
    """The only x with this output, proved, or None, which says nothing."""
    positive = np.flatnonzero([value > 0 for value in output])
    if len(positive) < layer.n:
        return None
    matrix = layer.weights[positive]
    solve = gram_factor(matrix)
    if solve is None:
        return None
    target = np.array([nearest_float(output[i]) for i in positive.tolist()]) - layer.bias[positive]
    x = solve(matrix.T @ target)
    for _ in range(REFINEMENTS):
        x += solve(matrix.T @ (target - matrix @ x))
    wanted = list(output)
    return next((tuple(near) for near in _short_neighbours(x) if layer.evaluate(near) == wanted), None)


def _short_neighbours(x: Floats) -> Iterator[list[Fraction]]:
    """The coarsest grids, binary and others, on which a point lies close to x."""
    scale = max(float(np.abs(x).max()), 1.0)
    if not np.isfinite(scale):
        return
    for bits in BITS:
        steps = np.rint(x * 2.0**bits)
        if np.abs(steps / 2.0**bits - x).max() < CLOSE * scale / 2**bits:
            yield [Fraction(int(step), 1 << bits) for step in steps]
            break
    for denominator in DENOMINATORS:
        steps = np.rint(x * denominator)
        if np.abs(steps / denominator - x).max() < CLOSE * scale / denominator:
            yield [Fraction(int(step), denominator) for step in steps]
            break
