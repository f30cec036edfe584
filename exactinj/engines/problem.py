"""The homogeneous form of "is this layer injective on this domain?" that engines share.

Rows ``h_i = (w_i, b_i)`` of the layer, scaled to primitive integers, are followed by the rows of
the domain's halfspaces; with a bias, or a domain that is no cone, the extra row ``(0, -1)`` states
that the last homogeneous coordinate is positive. Then

* a refuter is a vector ``lambda >= 0`` with ``sum lambda_i h_i = 0`` that is positive on some
  layer row, and
* a point x of the interior of the domain is ``y = (x, 1)`` up to a positive factor, with
  ``<h, y> < 0`` for the domain's rows.
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

from exactinj.domains import Domain
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
from exactinj.layer import ReLULayer

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
        self.layer = layer
        self.domain = domain
        self.layer_count = layer.m
        self.dimension = layer.n
        boundary = domain.halfspaces(layer.n)
        self.is_affine = not layer.b.is_zero() or any(row[-1] != 0 for row in boundary)
        width = layer.n + 1 if self.is_affine else layer.n
        rows = [z[:width] for z, _ in layer.integer_rows]
        rows += [primitive_row(rational_from(value) for value in row)[0][:width] for row in boundary]
        if self.is_affine:
            rows.append((0,) * layer.n + (-1,))
        self.rows: list[IntegerRow] = rows

    def __reduce__(self) -> tuple[Any, ...]:
        return HomogeneousProblem, (self.layer, self.domain)

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
        if min(values) <= 0 or not any(i < self.layer_count for i in support):
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
        """Pairs ``(i, lambda_i)`` for the layer rows as given, lambda positive integers, coprime."""
        pairs = [
            (i, Fraction(value) * self.layer.integer_rows[i][1])
            for i, value in zip(circuit.support, circuit.multipliers, strict=True)
            if i < self.layer_count
        ]
        denominator = math.lcm(*(value.denominator for _, value in pairs))
        integers = [int(value * denominator) for _, value in pairs]
        content = math.gcd(*integers)
        return [(i, value // content) for (i, _), value in zip(pairs, integers, strict=True)]

    def point_from(self, homogeneous: Sequence[Fraction | int]) -> list[Fraction] | None:
        """The x of a homogeneous vector, or None if its last coordinate is not positive."""
        if not self.is_affine:
            return [Fraction(value) for value in homogeneous]
        *head, last = homogeneous
        return [Fraction(value) / Fraction(last) for value in head] if last > 0 else None

    def active_rows(self, values: Sequence[int]) -> list[int] | None:
        """Layer rows with ``g_i >= 0``, given `values_at` a point; None outside the domain's interior."""
        if any(value >= 0 for value in values[self.layer_count :]):
            return None
        return [i for i in range(self.layer_count) if values[i] >= 0]

    def directions_lost(self, values: Sequence[int]) -> list[IntegerRow]:
        """Directions v orthogonal to all active rows at a point: empty if and only if those rows span R^n.

        A short basis of them in low dimension, a single one in high dimension.
        """
        active = self.active_rows(values)
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
        column_shift = np.zeros(mantissas.shape[1], dtype=np.int64)
        row_shift = np.zeros(mantissas.shape[0], dtype=np.int64)
        for _ in range(4):
            row_shift = -_middle(exponents + column_shift[None, :], nonzero, axis=1)
            column_shift = -_middle(exponents + row_shift[:, None], nonzero, axis=0)
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
