"""The compiled part of Monte Carlo Bias Estimation on the CPU: the float32 screen, and decisions in float64."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import Compiled, helper

__all__ = ["decide", "products", "scan", "settle"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@Compiled
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


@Compiled
def decide(
    coefficients: Singles,
    slack: Floats,
    points: Floats,
    scaled_points: Floats,
    rows: Floats,
    scaled_rows: Floats,
    lengths: Floats,
    most: int,
    values: Floats,
    scaled_values: Floats,
    scale: int,
    places: NDArray[np.int64],
    unclear: NDArray[np.bool_],
) -> None:
    """Lower the values (m,) by some samples, one after the other.

    `coefficients` (B, m) are the products of the scaled points (B, n) with the scaled rows (m, n), off by at most
    `slack` (m,); `lengths` (m,) are those of the scaled rows. What they leave open is computed in float64; what that
    leaves open as well is marked in `unclear` (B, m) and decided by nobody here. Values are products of points and
    rows; scaled values are values times ``2^scale``. `places` gets the number of the sample that set a value.
    """
    count, m = coefficients.shape
    for k in range(count):
        lower, upper = coefficients[k] - slack, coefficients[k] + slack
        above, after = _levels(lower, upper, most)
        refined = False
        j = -1
        while j < m - 1:
            j += 1
            if lower[j] >= scaled_values[j] or upper[j] < above:
                continue
            value = np.dot(rows[j], points[k])
            if not value < values[j]:
                continue
            if not lower[j] > after:
                if not refined and 4 * _overlapping(j, lower, upper) > m:
                    lower, upper = _refined(scaled_points[k], scaled_rows, lengths)
                    above, after = _levels(lower, upper, most)
                    refined = True
                    j -= 1
                    continue
                fewest, largest = _larger_rows(j, lower, upper, scaled_points[k], scaled_rows, lengths)
                unclear[k, j] = fewest < most <= largest
                if largest >= most:
                    continue
            values[j] = value
            scaled_values[j] = math.ldexp(value, scale)
            places[j] = k


@Compiled
def settle(
    samples: NDArray[np.int64],
    numbers: NDArray[np.int64],
    is_clear: NDArray[np.bool_],
    points: Floats,
    rows: Floats,
    values: Floats,
    places: NDArray[np.int64],
) -> None:
    """Lower the values (m,) by pairs of samples and rows that are clear, in the order of the samples.

    Values are the same products as in `decide`; `places` gets the number of the sample that set a value.
    """
    for p in range(len(samples)):
        if is_clear[p]:
            k, j = samples[p], numbers[p]
            value = np.dot(rows[j], points[k])
            if value < values[j]:
                values[j] = value
                places[j] = k


@Compiled
def products(points: Floats, chosen: NDArray[np.int64], row: Floats, found: Floats) -> None:
    """The products of a row with the points that have these numbers, each as in `decide`."""
    for p in range(len(chosen)):
        found[p] = np.dot(row, points[chosen[p]])


@helper
def _levels(lower: Floats, upper: Floats, most: int) -> tuple[float, float]:
    """A number that n rows have a lower end of at least, and one that at most n rows have a larger upper end than."""
    m = len(lower)
    above = after = -np.inf
    if m >= most:
        above = np.partition(lower, m - most)[m - most]
    if m > most:
        after = np.partition(upper, m - most - 1)[m - most - 1]
    return above, after


@helper
def _overlapping(j: int, lower: Floats, upper: Floats) -> int:
    """How many intervals meet that of row j."""
    number = 0
    for i in range(len(lower)):
        number += lower[i] <= upper[j] and upper[i] >= lower[j]
    return number


@helper
def _refined(point: Floats, rows: Floats, lengths: Floats) -> tuple[Floats, Floats]:
    """The ends of all products in float64."""
    products, bounds = np.empty(len(rows)), np.empty(len(rows))
    share = _share_of_length(point)
    for i in range(len(rows)):
        products[i] = np.dot(rows[i], point)
        bounds[i] = share * lengths[i] + 2.0**-1000
    return products - bounds, products + bounds


@helper
def _share_of_length(point: Floats) -> float:
    """The error of a product with the point in float64 is at most this, times the length of the row."""
    length = np.sqrt(np.dot(point, point))
    if length < 2.0**-500:  # squares may have been lost
        length = np.abs(point).max() * np.sqrt(len(point))
    share: float = (len(point) + 2) * 2.0**-52 * length
    return share


@helper
def _larger_rows(j: int, lower: Floats, upper: Floats, point: Floats, rows: Floats, lengths: Floats) -> tuple[int, int]:
    """How many rows have a larger product with the point than row j: at least, and at most.

    `lower` and `upper` are ends of all products. Where those of two rows overlap, both products are computed in
    float64, with a bound of the error of their difference.
    """
    share = _share_of_length(point)
    own = np.dot(rows[j], point)
    larger = near = 0
    for i in range(len(rows)):
        if lower[i] > upper[j]:
            larger += 1
        elif upper[i] > lower[j] and i != j:
            difference = np.dot(rows[i], point) - own
            bound = share * (lengths[i] + lengths[j]) + 2.0**-1000
            larger += difference > bound
            near += abs(difference) <= bound
    return larger, larger + near
