"""One row of the problem, in integers that the proof rests on and floats that propose.

All rows of W are multiplied by one positive rational, as the differences ``v_i = w_i - w_j`` need a common scale. The
floats of every vector have their own power of two, so entries of any size survive the conversion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.layers.dense import ReLULayer

__all__ = ["RowProblem", "inner", "levels_of", "scaled_rows", "unit_floats"]

Floats = NDArray[np.float64]

FLOAT_BITS = 64  # of the largest entry that reach the conversion


def scaled_rows(layer: ReLULayer) -> tuple[list[IntegerRow], Fraction]:
    """``(rows, s)`` with ``rows = s W`` integer without a common factor, one s > 0 for all rows."""
    flat, scale = primitive_row(value for row in layer.W.raw_rows() for value in row)
    n = layer.n
    return [flat[i : i + n] for i in range(0, len(flat), n)], scale


def inner(a: Sequence[int], c: Sequence[int]) -> int:
    """The exact inner product."""
    return sum(x * y for x, y in zip(a, c, strict=True))


def levels_of(rows: Sequence[IntegerRow], j: int, point: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows strictly above row j at a point, and those level with it (j included)."""
    heights = [inner(row, point) for row in rows]
    above = tuple(i for i, height in enumerate(heights) if height > heights[j])
    return above, tuple(i for i, height in enumerate(heights) if height == heights[j])


@dataclass(frozen=True)
class RowProblem:
    """Row j against all rows: columns ``0, ..., m - 1`` are ``v_i = w_i - w_j``, further ones (`extra`) are ``-e_k``.

    `extra` holds if the domain has the constraints ``x_k >= 0``.
    """

    rows: Sequence[IntegerRow]
    j: int
    extra: bool

    @property
    def m(self) -> int:
        return len(self.rows)

    @property
    def n(self) -> int:
        return len(self.rows[0])

    @property
    def w(self) -> IntegerRow:
        return self.rows[self.j]

    @cached_property
    def columns(self) -> list[IntegerRow]:
        differences = [tuple(a - c for a, c in zip(row, self.w, strict=True)) for row in self.rows]
        units = [tuple(-int(k == c) for c in range(self.n)) for k in range(self.n)] if self.extra else []
        return differences + units

    @cached_property
    def usable(self) -> list[int]:
        """The columns that are not zero: duplicates of row j are never above it."""
        return [i for i, column in enumerate(self.columns) if any(column)]

    @cached_property
    def exponents(self) -> list[int]:
        return [_exponent(column) for column in self.columns]

    @cached_property
    def lengths(self) -> Floats:
        """Lengths of the columns over two to their exponents; 1 for zero columns."""
        lengths: Floats = np.linalg.norm(self._floats, axis=1)
        lengths[lengths == 0] = 1.0
        return lengths

    @cached_property
    def directions(self) -> Floats:
        """The columns scaled to length one, in floats."""
        return np.asarray(self._floats / self.lengths[:, None])

    @cached_property
    def _floats(self) -> Floats:
        pairs = zip(self.columns, self.exponents, strict=True)
        return np.array([_scaled(column, exponent) for column, exponent in pairs])

    @cached_property
    def w_exponent(self) -> int:
        return _exponent(self.w)

    @cached_property
    def target(self) -> Floats:
        """``-w_j`` over two to its exponent."""
        return -_scaled(self.w, self.w_exponent)


def unit_floats(vector: IntegerRow) -> Floats:
    """A nonzero integer vector scaled to length one, in floats."""
    values = _scaled(vector, _exponent(vector))
    return np.asarray(values / np.linalg.norm(values))


def _exponent(vector: IntegerRow) -> int:
    return max(abs(value).bit_length() for value in vector)


def _scaled(vector: IntegerRow, exponent: int) -> Floats:
    shift = max(0, exponent - FLOAT_BITS)
    return np.array([math.ldexp(float(value >> shift), shift - exponent) for value in vector])
