"""The homogeneous form of "is this layer injective on this domain?" that engines share.

Rows ``h_i = (w_i, b_i)`` of the layer, scaled to primitive integers, are followed by the rows of
the domain's halfspaces; with a bias, or a domain that is no cone, the extra row ``(0, -1)`` states
that the last homogeneous coordinate is positive. A ball adds *cuts*: halfspaces that contain it, at first a box,
later whatever the searches need (`exact_program`). Then

* a refuter is a vector ``lambda >= 0`` with ``sum lambda_i h_i = 0`` that is positive on some
  layer row, and
* a point x of the interior of the domain is ``y = (x, 1)`` up to a positive factor, with
  ``<h, y> < 0`` for the domain's rows, and ``|x - c| < r`` where the domain has a ball.

A layer without bias on a ball around 0, or on its part in the orthant, is the same question as on the cone: scale the
points. Then there are no cuts, and pairs are scaled into the ball.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.domains import Ball, Domain
from exactinj.errors import InternalError
from exactinj.exact.matrix import (
    IntegerRow,
    dependency_modulo_prime,
    integer_nullspace,
    integer_rank,
    orthogonal_vector,
    primitive_row,
)
from exactinj.exact.numbers import rational_from
from exactinj.layers.dense import ReLULayer

__all__ = ["Circuit", "HomogeneousProblem"]

SMALLEST_EXPONENT = -1000
LARGEST_BASIS = 24  # above it, LLL-reduced bases cost more than short numbers are worth


@dataclass(frozen=True)
class Circuit:
    """Positive integer multipliers on rows with ``sum multiplier * row = 0``; layer rows first."""

    support: tuple[int, ...]
    multipliers: tuple[int, ...]


class HomogeneousProblem:
    """Layer and domain as integer rows; ``m`` layer rows of ``M``, ``n`` or ``n + 1`` columns."""

    def __init__(self, layer: ReLULayer, domain: Domain) -> None:
        domain = domain.for_dimension(layer.n)
        self.layer = layer
        self.domain = domain
        self.m = layer.m
        self.dimension = layer.n
        self.boundary = [primitive_row(rational_from(value) for value in row) for row in domain.halfspaces(layer.n)]
        has_center = domain.ball is not None and any(domain.ball.center or ())
        self.is_affine = has_center or not layer.b.is_zero() or any(row[-1] for row, _ in self.boundary)
        width = layer.n + 1 if self.is_affine else layer.n
        rows = [z[:width] for z, _ in layer.integer_rows]
        rows += [row[:width] for row, _ in self.boundary]
        self.slack = len(rows)  # the place of the row (0, -1)
        if self.is_affine:
            rows.append((0,) * layer.n + (-1,))
        self.rows: list[IntegerRow] = rows
        self.ball = domain.ball.for_dimension(layer.n) if domain.ball is not None and self.is_affine else None
        if self.ball is not None:
            self.rows += [cut for j in range(layer.n) for cut in self._box_cuts(self.ball, j)]
        self.first_count = len(self.rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.layer, self.domain, self.rows[self.first_count :])

    def _box_cuts(self, ball: Ball, j: int) -> list[IntegerRow]:
        """``x_j <= c_j + r`` and ``-x_j <= -c_j + r``, as far as the domain's halfspaces do not say more."""
        unit = [int(j == k) for k in range(self.dimension)]
        center = ball.interior_point(self.dimension)[j]
        halves = [(*unit, -center - ball.radius), (*(-value for value in unit), center - ball.radius)]
        integers = [primitive_row(rational_from(value) for value in half)[0] for half in halves]
        lower = (*(-value for value in unit), 0)
        return integers[:1] if any(row == lower for row, _ in self.boundary) else integers

    def add_cut(self, direction: Sequence[int], bound: Fraction) -> int:
        """Add the row of ``<direction, x - c> <= bound``, proved on the ball by the caller; returns its place."""
        center = self.ball.interior_point(self.dimension) if self.ball is not None else ()
        offset = bound + sum((Fraction(a) * c for a, c in zip(direction, center, strict=True)), Fraction(0))
        self.rows.append(primitive_row(rational_from(value) for value in (*direction, -offset))[0])
        self.__dict__.pop("integer_matrix", None)
        self.__dict__.pop("equilibrated", None)
        return len(self.rows) - 1

    def is_in_ball(self, point: Sequence[int]) -> bool:
        """Whether the x of a homogeneous vector lies strictly inside the domain's ball, exactly; yes without one."""
        if self.ball is None:
            return True
        x = self.point_from(point)
        return x is not None and self.ball.distance_square(x) < self.ball.radius**2

    @property
    def columns(self) -> int:
        """The number of homogeneous coordinates."""
        return len(self.rows[0])

    def weights_of(self, indices: Iterable[int]) -> list[IntegerRow]:
        """The parts ``w_i`` of the given layer rows, as integer vectors."""
        return [self.rows[i][: self.dimension] for i in indices]

    def rank_of(self, indices: Iterable[int]) -> int:
        """The exact rank of the ``w_i``."""
        return integer_rank(self.weights_of(indices))

    def spans(self, indices: Sequence[int], row: int) -> bool:
        """Whether ``w_row`` lies in the span of the independent ``w_i``, exactly.

        A dependency modulo a prime names the rows that matter; only those are ranked over Q.
        """
        weights = self.weights_of([*indices, row])
        support = dependency_modulo_prime(weights)
        if not support:
            return False
        rows = [weights[k] for k in support]
        if integer_rank(rows) < len(rows):
            return True
        return integer_rank(weights) == len(indices)

    @cached_property
    def integer_matrix(self) -> fmpz_mat:
        return fmpz_mat([list(row) for row in self.rows])

    def values_at(self, point: Sequence[int]) -> list[int]:
        """``<h_i, y>`` for all rows at an integer vector y."""
        product = self.integer_matrix * fmpz_mat([[value] for value in point])
        return [int(value) for value in product.entries()]

    def circuit(self, support: Sequence[int]) -> Circuit | None:
        """The refuter with exactly this support, if the rows have one dependency and it is positive."""
        transposed = fmpz_mat([list(self.rows[i]) for i in support]).transpose()
        matrix, nullity = transposed.nullspace()
        if nullity != 1:
            return None
        values = [int(matrix[i, 0]) for i in range(len(support))]
        if values[0] < 0:
            values = [-value for value in values]
        if min(values) <= 0 or not any(i < self.m for i in support):
            return None
        content = math.gcd(*values)
        return Circuit(tuple(support), tuple(value // content for value in values))

    def refuter(self, support: tuple[int, ...]) -> list[tuple[int, int]]:
        """The exact multipliers of a refuter that was proved before; `InternalError` if it is none."""
        circuit = self.circuit(support)
        if circuit is None:
            raise InternalError(f"the refuter on rows {support} failed its exact check; please report this")
        return self.original_multipliers(circuit)

    def original_multipliers(self, circuit: Circuit) -> list[tuple[int, int]]:
        """Pairs ``(i, lambda_i)`` for the rows as given, lambda positive integers, coprime; see `as_given`."""
        return self.as_given(zip(circuit.support, circuit.multipliers, strict=True))

    def as_given(self, multipliers: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """From multipliers of this problem's rows to coprime integers for the rows that certificates name.

        Those are the layer's rows as given, and the halfspaces as given of a domain whose proofs name them. The row
        ``(0, -1)``, cuts and the halfspaces of other domains are left out.
        """
        named = self.m + (len(self.boundary) if self.domain.names_halfspaces else 0)
        pairs = [(i, value * self._scale(i)) for i, value in multipliers if i < named]
        denominator = math.lcm(*(value.denominator for _, value in pairs))
        integers = [int(value * denominator) for _, value in pairs]
        content = math.gcd(*integers)
        return [(i, value // content) for (i, _), value in zip(pairs, integers, strict=True)]

    def _scale(self, i: int) -> Fraction:
        """The factor between a row as given and its primitive integers."""
        m = self.m
        return self.layer.integer_rows[i][1] if i < m else self.boundary[i - m][1]

    def point_from(self, homogeneous: Sequence[Fraction | int]) -> list[Fraction] | None:
        """The x of a homogeneous vector, or None if its last coordinate is not positive."""
        if not self.is_affine:
            return [Fraction(value) for value in homogeneous]
        *head, last = homogeneous
        return [Fraction(value) / Fraction(last) for value in head] if last > 0 else None

    def active_rows(self, point: Sequence[int]) -> list[int] | None:
        """Layer rows with ``g_i >= 0`` at a homogeneous integer point; None outside the domain's interior."""
        values = self.values_at(point)
        if any(value >= 0 for value in values[self.m :]) or not self.is_in_ball(point):
            return None
        return [i for i in range(self.m) if values[i] >= 0]

    def directions_lost(self, point: Sequence[int]) -> list[IntegerRow]:
        """Directions v orthogonal to all active rows at a point: empty if those rows span R^n, or if it is outside.

        A short basis of them in low dimension, a single one in high dimension.
        """
        active = self.active_rows(point)
        if active is None:
            return []
        rows = self.weights_of(active)
        if integer_rank(rows) == self.dimension:
            return []
        if self.dimension > LARGEST_BASIS:
            vector = orthogonal_vector(rows, self.dimension)
            return [] if vector is None else [vector]
        return integer_nullspace(rows, self.dimension)

    @cached_property
    def equilibrated(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Rows in floats, rows and columns scaled by powers of two, and the column exponents.

        Scaling changes neither the support nor the signs of a dependency. Every float is the exact
        scaled entry up to a relative 2**-52, or 0 for an entry below 2**-1000.
        """
        mantissas, exponents = _split(self.rows)
        nonzero = mantissas != 0
        first = slice(self.first_count)  # later cuts do not change the columns' scale, which searches in progress use
        column_shift = np.zeros(mantissas.shape[1], dtype=np.int64)
        for _ in range(4):
            row_shift = -_middle(exponents + column_shift[None, :], nonzero, axis=1)
            column_shift = -_middle((exponents + row_shift[:, None])[first], nonzero[first], axis=0)
        scaled = exponents + column_shift[None, :]
        row_shift = -np.where(nonzero, scaled, np.iinfo(np.int64).min // 4).max(axis=1, initial=-(2**60))
        row_shift[~nonzero.any(axis=1)] = 0
        scaled = np.where(nonzero, scaled + row_shift[:, None], 0)
        mantissas[scaled < SMALLEST_EXPONENT] = 0.0
        return np.ldexp(mantissas, np.maximum(scaled, SMALLEST_EXPONENT).astype(np.int32)), column_shift


def _rebuilt(layer: ReLULayer, domain: Domain, cuts: list[IntegerRow]) -> HomogeneousProblem:
    """A problem with its cuts, in another process."""
    problem = HomogeneousProblem(layer, domain)
    problem.rows += cuts
    return problem


def _split(rows: Sequence[IntegerRow]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mantissas in (-1, 1) and exponents of integers of any size."""
    mantissas = np.zeros((len(rows), len(rows[0])))
    exponents = np.zeros(mantissas.shape, dtype=np.int64)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            shift = max(value.bit_length() - 64, 0)
            mantissa, exponent = math.frexp(float(value >> shift))
            mantissas[i, j], exponents[i, j] = mantissa, exponent + shift
    return mantissas, exponents


def _middle(exponents: NDArray[np.int64], nonzero: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """The mean exponent of the nonzero entries, rounded; 0 where there are none."""
    count = np.maximum(nonzero.sum(axis=axis), 1)
    total = np.where(nonzero, exponents, 0).sum(axis=axis)
    middle: NDArray[np.int64] = np.rint(total / count).astype(np.int64)
    return middle
