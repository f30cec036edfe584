"""Which rows are active at given points: floats where they are sure, exact integers where they are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.exact.matrix import RationalMatrix, primitive_rows
from exactinj.layers.dense import ReLULayer

__all__ = ["Activity", "activity_at"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPSILON = 2.0**-53  # the relative error of one float operation
SMALLEST, LARGEST = 1e-100, 1e100  # far from underflow and overflow
TINY = 1e-200  # more than underflow can add up to, in rows of size 1
MEMORY = 1 << 25  # products held at a time


@dataclass(frozen=True, eq=False)
class Activity:
    """Exact, at each of k points.

    active : (k, m), where ``<w_i, x> + b_i >= 0``, closed as in [Eck24]
    has_tie : (k,), whether a row that is not the zero function vanishes there
    """

    active: Mask
    has_tie: Mask


def activity_at(layer: ReLULayer, points: RationalMatrix) -> Activity:
    """The activity of all rows at all points, shape (k, n)."""
    rows, trusted = _scaled_rows(layer)
    floats = points.to_float()
    active = np.zeros((len(floats), layer.m), dtype=bool)
    doubtful = np.zeros_like(active)
    size = max(1, MEMORY // layer.m)
    for start in range(0, len(floats), size):
        part = slice(start, start + size)
        with np.errstate(all="ignore"):
            values = floats[part] @ rows[:, :-1].T + rows[:, -1]
            sure = (np.abs(values) > _errors(rows, floats[part])) & trusted & np.isfinite(values)
        active[part], doubtful[part] = sure & (values > 0), ~sure
    return Activity(active, _decide(layer, points, active, doubtful))


def _scaled_rows(layer: ReLULayer) -> tuple[Floats, Mask]:
    """``(w_i, b_i)`` in floats (m, n + 1), times powers of two such that ``w_i`` has size 1; and which floats hold."""
    weights, bias = layer.W.to_float(), layer.b.to_float()[:, 0]
    sizes = np.abs(weights).max(axis=1)
    trusted = ((sizes > SMALLEST) & (sizes < LARGEST) | (sizes == 0)) & (np.abs(bias) < LARGEST)
    rows = np.where(trusted[:, None], np.column_stack([weights, bias]), 0.0)
    powers = np.frexp(np.abs(rows[:, :-1]).max(axis=1))[1]
    return np.ldexp(rows, -powers[:, None]), trusted


def _errors(rows: Floats, points: Floats) -> Floats:
    """Bounds (k, m) on what rounding adds to the products."""
    lengths = np.abs(points).sum(axis=1) + TINY
    relative = 4 * (points.shape[1] + 8) * EPSILON
    slopes = np.linalg.norm(rows[:, :-1], axis=1)
    errors: Floats = lengths[:, None] * (relative * slopes + TINY) + relative * np.abs(rows[:, -1]) + TINY
    return errors


def _decide(layer: ReLULayer, points: RationalMatrix, active: Mask, doubtful: Mask) -> Mask:
    """Fill in the doubtful entries by one product of integer matrices; return which points have ties (k,)."""
    has_tie = np.zeros(len(active), dtype=bool)
    some_points, some_rows = np.flatnonzero(doubtful.any(axis=1)), np.flatnonzero(doubtful.any(axis=0))
    if not some_points.size:
        return has_tie
    ones = RationalMatrix(np.ones((len(active), 1), dtype=np.int64))
    integers = [row for row, _ in primitive_rows(points, ones)]
    left = fmpz_mat([list(integers[k]) for k in some_points])
    right = fmpz_mat([list(layer.integer_rows[i][0]) for i in some_rows]).transpose()
    signs = np.array([(value > 0) - (value < 0) for value in (left * right).entries()], dtype=np.int8)
    signs = signs.reshape(len(some_points), len(some_rows))
    active[np.ix_(some_points, some_rows)] = signs >= 0
    is_function = np.array([any(layer.integer_rows[i][0]) for i in some_rows])
    has_tie[some_points] = ((signs == 0) & is_function).any(axis=1)
    return has_tie
