"""Gram matrices of rows in rationals: smallest eigenvalues enclosed, positive semidefiniteness decided exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactinj.errors import InternalError
from exactinj.exact.numbers import exact_vector, fraction_of, nearest_float, power_of_two_below, rational_from

__all__ = [
    "LeastEigenvalue",
    "enclosed_least",
    "floats_of",
    "gram_of",
    "is_semidefinite",
    "least_eigenvalue",
    "outer",
    "rounded",
    "shifted",
    "unit_of",
]

DIGITS = 48  # bits of a bound
TIGHT = Fraction(1, 1 << 36)  # relative: how far a bound may be off before it is refined
FIRST_STEP = Fraction(1, 1 << 44)  # relative to the trace: how far below the value that floats see a proof is tried
LARGEST_REFINED, ITERATIONS = 24, 3  # rows of a matrix; steps of inverse iteration
NEAR = 1e-13  # relative: what floats may be off a simple rational number
MOST = 10**6  # of denominators of eigenvalues that are tried as rationals


@dataclass(frozen=True)
class LeastEigenvalue:
    """That of a symmetric matrix is at most `value`, as `vector` shows, and equal to it if `is_exact`."""

    value: Fraction
    vector: tuple[Fraction, ...]
    is_exact: bool


def gram_of(rows: Sequence[Sequence[fmpq]], n: int) -> fmpq_mat:
    """``sum w w^T`` over the rows; zero without any."""
    if not rows:
        return fmpq_mat(n, n)
    matrix = fmpq_mat([list(row) for row in rows])
    return matrix.transpose() * matrix


def outer(row: Sequence[fmpq]) -> fmpq_mat:
    """``w w^T``."""
    column = fmpq_mat(len(row), 1, list(row))
    return column * column.transpose()


def shifted(matrix: fmpq_mat, value: Fraction) -> fmpq_mat:
    """``M - value I``."""
    moved, amount = fmpq_mat(matrix), rational_from(value)
    for k in range(moved.nrows()):
        moved[k, k] = moved[k, k] - amount
    return moved


def is_semidefinite(matrix: fmpq_mat) -> bool:
    """Whether a symmetric matrix has no negative eigenvalue, exactly: by elimination on the diagonal.

    A zero on the diagonal has to come with a row of zeros.
    """
    rows = matrix.table()
    for k, pivot_row in enumerate(rows):
        pivot = pivot_row[k]
        if pivot < 0:
            return False
        if pivot == 0:
            if any(value != 0 for value in pivot_row[k + 1 :]):
                return False
            continue
        for i in range(k + 1, len(rows)):
            factor = pivot_row[i] / pivot
            if factor != 0:
                for j in range(i, len(rows)):
                    rows[i][j] -= factor * pivot_row[j]
    return True


def unit_of(matrix: fmpq_mat) -> Fraction:
    """A power of two near the largest entry; 1 for zero."""
    largest = max((abs(fraction_of(value)) for value in matrix.entries()), default=Fraction(0))
    return power_of_two_below(largest) if largest else Fraction(1)


def floats_of(matrix: fmpq_mat, unit: Fraction) -> NDArray[np.float64]:
    """``M / unit`` to the nearest floats."""
    divisor = rational_from(unit)
    return np.array([[nearest_float(fraction_of(value / divisor)) for value in row] for row in matrix.table()])


def least_eigenvalue(matrix: fmpq_mat) -> LeastEigenvalue:
    """A bound from a vector that floats propose, rounded up; the rational that it is, where it is a simple one.

    Where floats do not see a small eigenvalue of a semidefinite matrix, bisection with exact tests does.
    """
    unit = unit_of(matrix)
    values, vectors = np.linalg.eigh(floats_of(matrix, unit))
    near = (Fraction(float(values[0])) * unit).limit_denominator(MOST)
    moved = shifted(matrix, near)
    is_near = abs(nearest_float(near / unit) - float(values[0])) <= NEAR * max(1.0, float(np.abs(values).max()))
    if is_near and moved.det() == 0 and is_semidefinite(moved):
        return LeastEigenvalue(near, _null_vector(moved), is_exact=True)
    vector = tuple(exact_vector(vectors[:, 0].tolist()))
    value = rayleigh_quotient(matrix, vector)
    if value > 0 and matrix.nrows() <= LARGEST_REFINED and not is_semidefinite(shifted(matrix, value * (1 - TIGHT))):
        vector = _refined(matrix, vector, value)
        value = rayleigh_quotient(matrix, vector)
    return LeastEigenvalue(rounded(value, up=True), vector, is_exact=False)


def rayleigh_quotient(matrix: fmpq_mat, vector: Sequence[Fraction]) -> Fraction:
    """``v^T M v / v^T v``."""
    column = fmpq_mat(len(vector), 1, [rational_from(value) for value in vector])
    return fraction_of((column.transpose() * matrix * column)[0, 0] / (column.transpose() * column)[0, 0])


def enclosed_least(matrix: fmpq_mat) -> tuple[Fraction, Fraction]:
    """Rationals around the smallest eigenvalue of a symmetric matrix, both proved; equal where it is a simple one."""
    least = least_eigenvalue(matrix)
    if least.is_exact:
        return least.value, least.value
    scale = sum((abs(fraction_of(matrix[k, k])) for k in range(matrix.nrows())), Fraction(0)) or Fraction(1)
    steps = [2 * TIGHT * least.value] if least.value > 0 else []
    steps += [FIRST_STEP * scale * 16**k for k in range(16)]
    for step in steps:
        below = rounded(least.value - step, up=False, bits=64)
        if is_semidefinite(shifted(matrix, below)):
            return below, least.value
    raise InternalError("no eigenvalue lies where Gershgorin's discs end; please report this")


def _refined(matrix: fmpq_mat, vector: Sequence[Fraction], value: Fraction) -> tuple[Fraction, ...]:
    """A vector for the smallest eigenvalue of a positive definite matrix: bisection, then inverse iteration over Q."""
    size = matrix.nrows()
    trace = sum((fraction_of(matrix[k, k]) for k in range(size)), Fraction(0))
    determinant = fraction_of(matrix.det())
    if determinant <= 0:  # singular
        return _null_vector(matrix)
    low, high = power_of_two_below(determinant / trace ** (size - 1)), value  # the others are at most the trace
    while high > low * (1 + TIGHT):
        bits = math.floor(high / low).bit_length() - 1
        middle = low * 2 ** (bits // 2) if bits > 1 else rounded((low + high) / 2, up=False)
        if is_semidefinite(shifted(matrix, middle)):
            low = middle
        else:
            high = middle
    moved = shifted(matrix, low)
    if moved.det() == 0:
        return _null_vector(moved)
    finest = Fraction(1, 2 ** (math.ceil(trace / low).bit_length() + DIGITS))
    for _ in range(ITERATIONS):
        solved = moved.solve(fmpq_mat(size, 1, [rational_from(entry) for entry in vector]))
        entries = [fraction_of(entry) for entry in solved.entries()]
        largest = max(map(abs, entries))
        vector = tuple(round(entry / largest / finest) * finest for entry in entries)
    return tuple(vector)


def _null_vector(matrix: fmpq_mat) -> tuple[Fraction, ...]:
    """A vector that a singular matrix maps to 0."""
    reduced, rank = matrix.rref()
    rows = reduced.table()[:rank]
    pivots = [next(j for j, value in enumerate(row) if value != 0) for row in rows]
    free = next(j for j in range(matrix.ncols()) if j not in pivots)
    vector = [Fraction(int(j == free)) for j in range(matrix.ncols())]
    for row, pivot in zip(rows, pivots, strict=True):
        vector[pivot] = -fraction_of(row[free])
    return tuple(vector)


def rounded(value: Fraction, *, up: bool, bits: int = DIGITS) -> Fraction:
    """A dyadic number with few bits that is not below the value, or not above it."""
    if not value:
        return value
    exponent = bits - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    scale = Fraction(2) ** exponent
    return Fraction((math.ceil if up else math.floor)(value * scale)) / scale
