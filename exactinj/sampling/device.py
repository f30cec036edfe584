"""Decisions of an accelerator in float64: which pairs of a sample and a row may lower the estimate.

A product in float64 is off by at most ``e = (n + 2) 2^-52 |x| |w|``, in whatever order it is summed. So each lies in an
interval. Row j is not among the n largest at a sample if n rows lie above its interval; it is among them if at most n
intervals, its own one of them, reach above its lower end. Of the pairs that are left, a row needs those whose value may
be the least: not above its estimate, and not above the value of another pair that is clear. What is compared in the end
is the product that the processor computes, at a point that may be settled by other roundings (``(n + 2) 2^-53 |x|``):
the intervals are made wider by 2e for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.sampling.backend import Array, Backend
from exactinj.sampling.blocks import Rows

__all__ = ["Pairs", "possible_pairs"]

Floats = NDArray[np.float64]

PIECE_BYTES = 1 << 26  # of an array of products
EPSILON = 2.0**-52
WIDER = 3.0  # the product itself, that of the processor, and its point
TINIEST = 2.0**-1000  # more than what underflow changes, for points of usual size


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of samples and rows, in the order of the samples.

    Attributes
    ----------
    samples, rows : (P,) their numbers
    is_clear : (P,) whether the row is certainly among the n largest at the sample
    """

    samples: NDArray[np.int64]
    rows: NDArray[np.int64]
    is_clear: NDArray[np.bool_]


def possible_pairs(backend: Backend, rows: Rows, points: Array, estimate: Floats, most: int) -> Pairs:
    """All pairs of points and rows that may lower the estimate.

    Parameters
    ----------
    rows : no longer than 1
    points : (S, n) float64 where the backend is, of usual size
    estimate : (m,) in the scale of both
    most : min(n, m)
    """
    piece = max(1, PIECE_BYTES // (8 * len(estimate)))
    starts = range(0, len(points), piece)
    found = [_pairs(backend, rows, points[start : start + piece], estimate, most) for start in starts]
    return Pairs(
        np.concatenate([pairs.samples + start for pairs, start in zip(found, starts, strict=True)]),
        np.concatenate([pairs.rows for pairs in found]),
        np.concatenate([pairs.is_clear for pairs in found]),
    )


def _pairs(backend: Backend, rows: Rows, points: Array, estimate: Floats, most: int) -> Pairs:
    products = backend.products(points, rows.doubles)
    bounds = WIDER * (_shares(backend, points)[:, None] * backend.doubles(rows.lengths)) + TINIEST
    lower, upper = products - bounds, products + bounds
    possible = (lower < backend.doubles(estimate)) & (upper >= _level(lower, most))
    clear = possible & (lower > _level(upper, most + 1))
    least = upper.masked_fill(~clear, float("inf")).amin(dim=0)
    numbers = (possible & (lower <= least)).nonzero()
    is_clear = clear[numbers[:, 0], numbers[:, 1]].cpu().numpy()
    samples, places = numbers.T.cpu().numpy()
    return Pairs(samples, places, is_clear)


def _level(ends: Array, place: int) -> Array:
    """(S, 1) the entries of each row of (S, m) that so many are at least as large as; minus infinity if m is less."""
    m = ends.shape[1]
    if place > m:
        return ends.new_full((len(ends), 1), -float("inf"))
    return ends.kthvalue(m - place + 1, dim=1, keepdim=True).values


def _shares(backend: Backend, points: Array) -> Array:
    """(S,) the error of a product with each point is at most this, times the length of the row."""
    n, lengths = points.shape[1], backend.lengths(points)
    longest = abs(points).amax(dim=1) * n**0.5
    return (n + 2) * EPSILON * (lengths + longest * (lengths < 2.0**-500))  # where squares may have been lost
