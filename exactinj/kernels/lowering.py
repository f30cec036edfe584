"""The compiled part of ``alpha*(X)`` in training loops on the CPU: values that fall to the products of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import Compiled

__all__ = ["ask", "follow", "lower"]


@Compiled
def follow(weight: NDArray[Any], kept: NDArray[Any], is_set: NDArray[np.bool_], values: NDArray[Any]) -> None:
    """The values (m,) of the points (m, n) that are kept, for rows (m, n): their products, infinity where none is."""
    m, n = weight.shape
    for j in range(m):
        values[j] = np.inf
        if is_set[j]:
            total = 0.0
            for k in range(n):
                total += np.float64(weight[j, k]) * np.float64(kept[j, k])
            values[j] = total


@Compiled
def ask(products: NDArray[Any], most: float, is_set: NDArray[np.bool_], values: NDArray[Any]) -> None:
    """The values of kept points from their products (m, m), dropped where `most` rows are larger than a point's own."""
    m = len(values)
    for j in range(m):
        larger = 0
        for i in range(m):
            larger += products[j, i] > products[j, j]
        is_set[j] = is_set[j] and larger < most
        values[j] = products[j, j] if is_set[j] else np.inf


@Compiled
def lower(
    products: NDArray[Any],
    points: NDArray[Any],
    units: float,
    values: NDArray[Any],
    kept: NDArray[Any],
    is_set: NDArray[np.bool_],
) -> int:
    """Lower the values (m,) to products (B, m) among the n largest of their row; returns how many fell.

    The points (B, n) that do so are kept. What is below by rounding only is left: `units` of the largest product.
    """
    count, m = products.shape
    most = points.shape[1]
    largest = 0.0
    for k in range(count):
        for j in range(m):
            largest = max(largest, abs(products[k, j]))
    rounding = units * largest
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
                    kept[i] = points[k]
                    is_set[i] = True
    return fell
