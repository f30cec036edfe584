"""The compiled scan of coefficients for samples that may lower the estimate: two passes over each row, no copies."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["scan"]


@njit(cache=True)
def scan(values: NDArray[np.floating], estimate: NDArray[np.floating], most: int, marks: NDArray[np.uint8]) -> None:
    """Mark the rows of `values` (B, m) in which fewer than `most` entries exceed the largest one below the estimate."""
    count, m = values.shape
    lowest = values.dtype.type(-np.inf)
    for k in range(count):
        z = values[k]
        below = lowest
        for j in range(m):
            value = z[j] if z[j] < estimate[j] else lowest
            below = max(below, value)
        larger = 0
        if below > lowest:
            for j in range(m):
                larger += z[j] > below
        marks[k] = below > lowest and larger < most
