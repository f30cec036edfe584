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

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.certificates.proof_rows import ProofRows
from exactinj.domains import Domain
from exactinj.domains.base import BallShape
from exactinj.errors import InternalError
from exactinj.exact.circuits import circuit_multipliers
from exactinj.exact.matrix import (
    IntegerRow,
    dependency_modulo_prime,
    integer_nullspace,
    integer_rank,
    orthogonal_vector,
    primitive_row,
    primitive_vector,
)
from exactinj.exact.numbers import exact_vector, rational_from
from exactinj.layers.dense import ReLULayer

__all__ = ["HomogeneousProblem"]

SMALLEST_EXPONENT = -1000
LARGEST_BASIS = 24  # above it, LLL-reduced bases cost more than short numbers are worth
DEPENDS_ON_ROWS = ("rows", "integer_matrix", "equilibrated")


@dataclass(frozen=True, eq=False)
class HomogeneousProblem:
    """Layer and domain as integer rows; ``m`` layer rows of ``M``, ``n`` or ``n + 1`` columns.

    Immutable, and computed as far as it is asked for: engines hand one on to each other. A cut makes a new problem.

    >>> from exactinj.domains import Ball
    >>> HomogeneousProblem(ReLULayer([["1/2", 3], [0, -2]]), Ball(1)).rows
    ((1, 6), (0, -1))
    """

    layer: ReLULayer
    domain: Domain

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", self.domain.for_dimension(self.layer.n))

    @property
    def m(self) -> int:
        """The number of rows of the layer, which come first."""
        return self.layer.m

    @property
    def dimension(self) -> int:
        """The n of the layer."""
        return self.layer.n

    @cached_property
    def boundary(self) -> tuple[tuple[IntegerRow, Fraction], ...]:
        """Per halfspace of the domain the primitive integer row and its factor."""
        halfspaces = self.domain.halfspaces(self.dimension)
        return tuple(primitive_row(rational_from(value) for value in row) for row in halfspaces)

    @cached_property
    def is_affine(self) -> bool:
        """Whether the last homogeneous coordinate is needed: a bias, or a domain that is no cone."""
        ball = self.domain.ball
        has_center = ball is not None and any(ball.center or ())
        return has_center or not self.layer.b.is_zero() or any(row[-1] for row, _ in self.boundary)

    @property
    def slack(self) -> int:
        """The place of the row ``(0, -1)``, behind the rows of the layer and the domain's halfspaces."""
        return self.m + len(self.boundary)

    @cached_property
    def ball(self) -> BallShape | None:
        """The domain's ball, unless the problem is one on a cone."""
        ball = self.domain.ball
        return ball.for_dimension(self.dimension) if ball is not None and self.is_affine else None

    @cached_property
    def first_rows(self) -> tuple[IntegerRow, ...]:
        """The rows before any search: of the layer, the halfspaces, ``(0, -1)``, and of a box around a ball."""
        n = self.dimension
        width = n + 1 if self.is_affine else n
        rows = [z[:width] for z, _ in self.layer.integer_rows]
        rows += [row[:width] for row, _ in self.boundary]
        if self.is_affine:
            rows.append((0,) * n + (-1,))
        if self.ball is not None:
            rows += [cut for j in range(n) for cut in self._box_cuts(self.ball, j)]
        return tuple(rows)

    @cached_property
    def rows(self) -> tuple[IntegerRow, ...]:
        """All rows, cuts at the end."""
        return self.first_rows

    def _box_cuts(self, ball: BallShape, j: int) -> list[IntegerRow]:
        """``x_j <= c_j + r`` and ``-x_j <= -c_j + r``, as far as the domain's halfspaces do not say more."""
        unit = [int(j == k) for k in range(self.dimension)]
        center = ball.interior_point(self.dimension)[j]
        halves = [(*unit, -center - ball.radius), (*(-value for value in unit), center - ball.radius)]
        integers = [primitive_vector(half) for half in halves]
        lower = (*(-value for value in unit), 0)
        return integers[:1] if any(row == lower for row, _ in self.boundary) else integers

    def cut_row(self, direction: Sequence[int], bound: Fraction) -> IntegerRow:
        """The row of ``<direction, x - c> <= bound``, c being the ball's center."""
        center = self.ball.interior_point(self.dimension) if self.ball is not None else ()
        offset = bound + sum((Fraction(a) * c for a, c in zip(direction, center, strict=True)), Fraction(0))
        return primitive_vector((*direction, -offset))

    def with_cut(self, cut: IntegerRow | None) -> HomogeneousProblem:
        """The problem with one more row at the end, if that holds on the whole domain, exactly; itself for None.

        From here on every refuter may use the cut, those that floats prove too.
        """
        if cut is None:
            return self
        if not self.domain.is_nonnegative([-value for value in cut[:-1]], -cut[-1]):
            raise InternalError("a proposed cut does not hold on the whole domain; please report this")
        return self._with_rows((*self.rows, cut))

    def turned(self, signs: Sequence[int]) -> HomogeneousProblem:
        """The problem with minus the rows whose sign is negative; a sign for each row."""
        rows = zip(self.rows, signs, strict=True)
        return self._with_rows(tuple(tuple(-value for value in row) if sign < 0 else row for row, sign in rows))

    def _with_rows(self, rows: tuple[IntegerRow, ...]) -> HomogeneousProblem:
        """A copy that keeps what was computed, as far as it does not depend on the rows."""
        other = copy.copy(self)
        for name in DEPENDS_ON_ROWS:
            other.__dict__.pop(name, None)
        other.__dict__["rows"] = rows
        return other

    @property
    def proof_rows(self) -> ProofRows:
        """What a proof keeps of the problem: certificates name the layer's rows, and halfspaces that have names."""
        boundary = self.boundary if self.domain.names_halfspaces else ()
        factors = tuple(factor for _, factor in (*self.layer.integer_rows, *boundary))
        return ProofRows(self.rows, factors, self.slack, self.slack if self.is_affine else None)

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

    def is_refuter(self, support: Sequence[int]) -> bool:
        """Whether the rows have one dependency, it is positive, and a row of the layer is among them: exact."""
        has_layer_row = any(i < self.m for i in support)
        return has_layer_row and circuit_multipliers([self.rows[i] for i in support]) is not None

    def point_from(self, homogeneous: Sequence[Fraction | int]) -> list[Fraction] | None:
        """The x of a homogeneous vector, or None if its last coordinate is not positive."""
        if not self.is_affine:
            return [Fraction(value) for value in homogeneous]
        *head, last = homogeneous
        return [Fraction(value) / Fraction(last) for value in head] if last > 0 else None

    def unscaled(self, scaled: Sequence[float]) -> list[Fraction]:
        """From a float vector in the coordinates of `equilibrated` to homogeneous coordinates, without rounding."""
        _, shifts = self.equilibrated
        values = exact_vector(scaled)
        return [value * Fraction(2) ** shift for value, shift in zip(values, shifts.tolist(), strict=True)]

    def exact_point(self, scaled: Sequence[float]) -> IntegerRow:
        """The same as a primitive integer vector: how a float point becomes an exact one."""
        return primitive_vector(self.unscaled(scaled))

    def scaled(self, point: Sequence[int]) -> list[float]:
        """The other way, to the nearest floats, the largest of size 1."""
        _, shifts = self.equilibrated
        values = [Fraction(value) / Fraction(2) ** shift for value, shift in zip(point, shifts.tolist(), strict=True)]
        largest = max(abs(value) for value in values)
        return [float(value / largest) for value in values]

    def homogeneous(self, x: Sequence[Fraction]) -> IntegerRow:
        """The primitive integer vector of a point of R^n."""
        values = [*x, Fraction(1)] if self.is_affine else list(x)
        return primitive_vector(values)

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
        first = slice(len(self.first_rows))  # cuts do not change the columns' scale, which searches in progress use
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
