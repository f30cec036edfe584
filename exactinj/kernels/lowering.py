"""The compiled part of ``alpha*(X)`` in training loops on the CPU: values that fall to the products of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import Compiled

__all__ = ["lower"]


@Compiled
def lower(products: NDArray[Any], values: NDArray[Any], most: int, rounding: float, places: NDArray[np.int64]) -> int:
    """Lower the values (m,) to products (B, m) among the `most` largest of their row; returns how many fell.

    places : (m,) is given the row that a value fell to. What is below by `rounding` only is left.
    """
    count, m = products.shape
    fell = 0
    for k in range(count):
        z = products[k]
        highest = -np.inf
        for j in range(m):
            if z[j] < values[j] - rounding and z[j] > highest:
                highest = z[j]
        larger = 0
        for j in range(m):
            larger += z[j] > highest
        if larger >= most or highest == -np.inf:
            continue
        for i in range(m):
            if z[i] < values[i] - rounding:
                larger = 0
                for j in range(m):
                    larger += z[j] > z[i]
                if larger < most:
                    fell += 1
                    values[i] = z[i]
                    places[i] = k
    return fell
