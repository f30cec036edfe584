"""Signs of rows at float points, with an error bound that proves them."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import helper
from exactinj.kernels.simplex import UNKNOWN

__all__ = ["has_few_active_rows", "has_signs", "normalise", "value_and_bound"]

Floats: TypeAlias = NDArray[np.float64]


@helper
def value_and_bound(row: Floats, point: Floats) -> tuple[float, float]:
    """The computed ``<row, point>`` and a bound on its distance from the exact row's value.

    N products and sums in any order are off by at most N units of 2**-53 of the sum of magnitudes,
    and the row itself by 2**-52 of each entry; the bound has four times that. The last term covers
    underflow and entries that were dropped below 2**-1000; points are scaled to at most one.
    """
    value, magnitude = 0.0, 0.0
    for k in range(row.size):
        product = row[k] * point[k]
        value += product
        magnitude += abs(product)
    return value, (row.size + 8) * 2.0**-51 * magnitude + (row.size + 8) * 2.0**-990


@helper
def normalise(point: Floats) -> bool:
    """Scale by a power of two so that the largest entry lies in (1/2, 1]; False for zero, NaN or infinity."""
    largest = 0.0
    for k in range(point.size):
        if not abs(point[k]) < np.inf:
            return False
        largest = max(largest, abs(point[k]))
    if not largest > 1e-200:
        return False
    mantissa, exponent = math.frexp(largest)
    scale = 2.0 ** (-exponent if mantissa > 0.5 else 1 - exponent)  # exact, as logarithms need not be
    for k in range(point.size):
        point[k] *= scale
    return True


@helper
def has_signs(rows: Floats, statuses: NDArray[np.int8], point: Floats) -> bool:
    """Whether all assigned rows provably have their signs at the point."""
    for j in range(rows.shape[0]):
        status = statuses[j]
        if status != UNKNOWN:
            value, bound = value_and_bound(rows[j], point)
            if not (value < -bound if status > 0 else value > bound):
                return False
    return True


@helper
def has_few_active_rows(rows: Floats, layer_rows: int, dimension: int, point: Floats) -> bool:
    """Whether the point seems to be inside the domain with fewer than `dimension` active layer rows; no proof."""
    active = 0
    for j in range(rows.shape[0]):
        value, _ = value_and_bound(rows[j], point)
        if not value < 0.0:
            active += 1
            if j >= layer_rows or active >= dimension:
                return False
    return True
