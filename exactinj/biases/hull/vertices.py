"""The directions of the rows: exact integer vectors, and unit vectors in floats with a bound on their error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import fmpq, fmpq_mat, fmpz_mat
from numpy.typing import NDArray

from exactinj.errors import InputError, InternalError
from exactinj.exact.matrix import IntegerRow, integer_rank, primitive_row
from exactinj.layers.dense import ReLULayer

__all__ = ["EPSILON", "Floats", "Vertices", "vertices_of"]

Floats = NDArray[np.float64]

EPSILON = 2.0**-53  # the relative error of one float operation


@dataclass(frozen=True, eq=False)
class Vertices:
    """The vertices ``u_p = v_p / |v_p|`` of the hull of the unit rows.

    Points of a sphere are in convex position: every distinct direction is a vertex.

    Attributes
    ----------
    vectors : the primitive integer vectors v_p, all different
    squares : the integers ``|v_p|^2``
    rows : per vertex the rows of W that are positive multiples of v_p
    lengths : per row of W the positive rational c with ``w_i = c v_p``
    """

    vectors: tuple[IntegerRow, ...]
    squares: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    lengths: tuple[Fraction, ...]

    @property
    def dimension(self) -> int:
        return len(self.vectors[0])

    @cached_property
    def matrix(self) -> fmpz_mat:
        """The vectors v_p as rows."""
        return fmpz_mat([list(vector) for vector in self.vectors])

    @cached_property
    def units(self) -> Floats:
        """The unit vectors in floats, each within `unit_error` of u_p in Euclidean length.

        With e = 2^-53: ``f = v / 2^k`` is rounded once per entry; the computed length of f is off by a
        relative ``(n/2 + 3) e`` at most (n products, n - 1 sums, one root); the quotient is rounded once. Together
        ``(n/2 + 5) e``, second-order terms and underflow (entries below 2^-1074) included in ``(n + 8) e``.
        """
        rows = []
        for vector in self.vectors:
            power = 1 << max(abs(value) for value in vector).bit_length()
            rows.append([value / power for value in vector])
        scaled = np.array(rows)
        units: Floats = scaled / np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
        return units

    @property
    def unit_error(self) -> float:
        return (self.dimension + 8) * EPSILON

    def independent(self, indices: Sequence[int], count: int) -> tuple[int, ...]:
        """The first `count` linearly independent vertices among these, greedily."""
        chosen: list[int] = []
        for p in indices:
            if len(chosen) == count:
                break
            if integer_rank([self.vectors[q] for q in (*chosen, p)]) > len(chosen):
                chosen.append(p)
        return tuple(chosen)

    def inverse(self, basis: Sequence[int]) -> fmpq_mat | None:
        """The inverse of the matrix with n vectors v_p as rows; None if they are dependent."""
        try:
            return fmpq_mat([list(self.vectors[p]) for p in basis]).inv()
        except ZeroDivisionError:
            return None

    def coordinates(self, indices: Sequence[int], basis: Sequence[int]) -> list[list[fmpq]]:
        """Per vertex q the c with ``v_q = sum_k c_k v_k`` over n linearly independent vertices."""
        inverse = self.inverse(basis)
        if inverse is None:
            raise InternalError(f"found the dependent vertices {basis}, expected a basis")
        return (fmpq_mat([list(self.vectors[q]) for q in indices]) * inverse).tolist()

    def rows_of(self, indices: Sequence[int]) -> tuple[int, ...]:
        """All rows of W with one of these directions, sorted."""
        return tuple(sorted(i for p in indices for i in self.rows[p]))


def vertices_of(layer: ReLULayer) -> Vertices:
    """The distinct directions of the rows in order of appearance; `InputError` for zero rows."""
    places: dict[IntegerRow, list[int]] = {}
    lengths = []
    for i, row in enumerate(layer.W.raw_rows()):
        vector, scale = primitive_row(row)
        if not any(vector):
            raise InputError(f"row {i} of W is zero and has no direction, expected nonzero rows; remove it")
        places.setdefault(vector, []).append(i)
        lengths.append(1 / scale)
    squares = tuple(sum(value * value for value in vector) for vector in places)
    return Vertices(tuple(places), squares, tuple(tuple(rows) for rows in places.values()), tuple(lengths))
