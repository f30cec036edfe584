"""The compiled part of Monte Carlo Bias Estimation on the CPU: the float32 screen, and decisions in float64.

One file, because numba's cache on disk looks at one file's time stamp only.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["decide", "scan"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@njit(cache=True)
def scan(
    coefficients: Singles, highest: np.float32, slack: Singles, estimate: Singles, most: int, marks: NDArray[np.uint8]
) -> None:
    """Mark the rows of `coefficients` (B, m) that may lower the estimate; see `backend`."""
    count, m = coefficients.shape
    lowest = np.float32(-np.inf)
    for k in range(count):
        z = coefficients[k]
        larger = np.int32(0)
        for j in range(m):
            larger = np.int32(larger + np.int32(z[j] > highest))
        if larger >= most:
            continue
        below = lowest
        for j in range(m):
            value = z[j] + slack[j] if z[j] - slack[j] < estimate[j] else lowest
            below = max(below, value)
        if below == lowest:
            continue
        larger = np.int32(0)
        for j in range(m):
            larger = np.int32(larger + np.int32(z[j] - slack[j] > below))
        marks[k] = larger < most


@njit(cache=True)
def decide(
    coefficients: Singles,
    slack: Floats,
    unit: float,
    points: Floats,
    rows: Floats,
    most: int,
    values: Floats,
    places: NDArray[np.int64],
    unclear: NDArray[np.bool_],
) -> None:
    """Lower the values (m,) by some samples, one after the other.

    ``unit * coefficients`` (B, m) are the products of the points (B, n) with the rows (m, n), off by at most
    ``unit * slack`` (m,). What they leave open is computed in float64; what that leaves open as well is marked in
    `unclear` (B, m) and decided by nobody here. `places` gets the number of the sample that set a value.
    """
    count, m = coefficients.shape
    for k in range(count):
        lower, upper = coefficients[k] - slack, coefficients[k] + slack
        # n rows have a lower end of at least `above`; at most n rows have an upper end of more than `after`
        above = after = -np.inf
        if m >= most:
            above = np.partition(lower, m - most)[m - most]
        if m > most:
            after = np.partition(upper, m - most - 1)[m - most - 1]
        for j in range(m):
            if lower[j] * unit >= values[j] or upper[j] < above:
                continue
            value = np.dot(rows[j], points[k])
            if not value < values[j]:
                continue
            if not lower[j] > after:
                fewest, largest = _larger_rows(j, value, lower, upper, points[k], rows)
                unclear[k, j] = fewest < most <= largest
                if largest >= most:
                    continue
            values[j] = value
            places[j] = k


@njit(cache=True)
def _larger_rows(j: int, value: float, lower: Floats, upper: Floats, point: Floats, rows: Floats) -> tuple[int, int]:
    """How many rows have a larger product with the point than row j: at least, and at most.

    `value` is the product of row j; `lower` and `upper` are ends of all products. Where those of two rows overlap, both
    products are computed in float64, which is right up to a bound that no row, of length 1 at most, exceeds.
    """
    bound = 2 * (len(point) + 2) * 2.0**-52 * np.sqrt(np.dot(point, point))
    larger = near = 0
    for i in range(len(rows)):
        if lower[i] > upper[j]:
            larger += 1
        elif upper[i] > lower[j] and i != j:
            difference = np.dot(rows[i], point) - value
            larger += difference > bound
            near += abs(difference) <= bound
    return larger, larger + near
