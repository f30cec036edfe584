"""Scalings that show all principal minors of a matrix to be positive: floats propose, integers prove.

* *Dominant*: ``S_ii d_i > sum_{j != i} |S_ij| d_j``. Such d > 0 exist exactly if S is an H-matrix with positive
  diagonal, and then ``d = <S>^-1 (1, ..., 1)`` is one, <S> being the comparison matrix.
* *Definite*: ``diag(d) S + S^T diag(d)`` is positive definite (S is diagonally stable). d is searched by steps against
  the eigenvector of the least eigenvalue; that the symmetric matrix is definite is proved by a Cholesky factor L in
  floats, rounded to integers: the exact difference to ``L L^T`` is strictly diagonally dominant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.certificates.p_matrix import Definite, Dominant
from exactinj.work.clock import Clock

__all__ = ["MOST_DEFINITE", "closing_scaling", "floats_of", "is_definite", "is_dominant"]

MOST_DEFINITE = 1000  # rows: what a checker takes
STEPS, LENGTH, PATIENCE = 60, 0.3, 12
FEWEST, USUAL = 3, 64  # steps for large matrices; rows up to which all steps are made
SCALES = (1, 8, 1 << 10, 1 << 20)  # of weights, the least being 1
LARGEST = 1 << 40
BITS = 44  # of the entries of a rounded Cholesky factor

IntegerMatrix = Sequence[Sequence[int]]


def closing_scaling(matrix: IntegerMatrix, clock: Clock, steps: int = STEPS) -> Dominant | Definite | None:
    """A scaling that proves all principal minors of an integer matrix positive, or None if none was found in time.

    Of `steps` for small matrices, large ones get fewer: a step costs an eigenvector. Raises OutOfTimeError.
    """
    floats = floats_of(matrix)
    if not (np.diag(floats) > 0).all():
        return None
    for weights in _rounded(_dominant_weights(floats)):
        if is_dominant(matrix, weights):
            return Dominant(weights)
    if len(matrix) > MOST_DEFINITE:
        return None
    for proposal in _definite_weights(floats, clock, min(steps, max(FEWEST, steps * USUAL // len(matrix)))):
        for weights in _rounded(proposal):
            if is_definite(symmetric_sum(matrix, weights)):
                return Definite(weights)
    return None


def floats_of(matrix: IntegerMatrix) -> NDArray[np.float64]:
    """The matrix in floats, divided by its largest entry."""
    largest = max(abs(value) for row in matrix for value in row) or 1
    shift = max(largest.bit_length() - 900, 0)
    scaled = [[float(value >> shift) for value in row] for row in matrix]
    return np.array(scaled) / float(largest >> shift)


def is_dominant(matrix: IntegerMatrix, weights: Sequence[int]) -> bool:
    """Whether the matrix with scaled columns is strictly diagonally dominant by rows, exactly."""
    for i, row in enumerate(matrix):
        total = sum(abs(value) * weight for value, weight in zip(row, weights, strict=True))
        if row[i] <= 0 or 2 * row[i] * weights[i] <= total:
            return False
    return True


def symmetric_sum(matrix: IntegerMatrix, weights: Sequence[int]) -> list[list[int]]:
    """``diag(weights) S`` plus its transpose."""
    size = range(len(matrix))
    return [[weights[i] * matrix[i][j] + weights[j] * matrix[j][i] for j in size] for i in size]


def is_definite(symmetric: IntegerMatrix) -> bool:
    """Whether a symmetric integer matrix is proved positive definite; where it says yes, that is exact.

    Rows and columns are multiplied by powers of two that make the diagonal about ``4^BITS``, and all of it by one more
    that keeps integers.
    """
    size = len(symmetric)
    diagonal = [symmetric[i][i] for i in range(size)]
    if min(diagonal) <= 0:
        return False
    shifts = [BITS - value.bit_length() // 2 for value in diagonal]
    lift = max(0, -2 * min(shifts))
    scaled = [[symmetric[i][j] << (shifts[i] + shifts[j] + lift) for j in range(size)] for i in range(size)]
    factor = _cholesky(np.array([[float(value >> lift) for value in row] for row in scaled]))
    if factor is None:
        return False
    product = (factor * factor.transpose()).tolist()
    for i, row in enumerate(scaled):
        rest = [value - (int(entry) << lift) for value, entry in zip(row, product[i], strict=True)]
        if 2 * rest[i] <= sum(map(abs, rest)):
            return False
    return True


def _cholesky(floats: NDArray[np.float64]) -> fmpz_mat | None:
    """An integer L with ``L L^T`` a little below the matrix; None if floats see no such L."""
    size = len(floats)
    try:
        factor = np.linalg.cholesky(floats - np.eye(size) * 2.0 * size**1.5 * 2.0**BITS)
    except np.linalg.LinAlgError:
        return None
    return fmpz_mat([[int(value) for value in row] for row in np.rint(factor).tolist()])


def _dominant_weights(floats: NDArray[np.float64]) -> NDArray[np.float64] | None:
    comparison = -np.abs(floats)
    np.fill_diagonal(comparison, np.diag(floats))
    try:
        weights = np.linalg.solve(comparison, np.diag(floats))
    except np.linalg.LinAlgError:
        return None
    return weights if np.isfinite(weights).all() and (weights > 0).all() else None


def _definite_weights(floats: NDArray[np.float64], clock: Clock, steps: int) -> Iterator[NDArray[np.float64]]:
    """Proposals whose symmetric sum looks definite."""
    weights = np.ones(len(floats))
    best, patience = -np.inf, PATIENCE
    for _ in range(steps):
        clock.check()
        symmetric = weights[:, None] * floats
        symmetric = symmetric + symmetric.T
        diagonal = np.diag(symmetric)
        if not (diagonal > 0).all() or not np.isfinite(symmetric).all():
            return
        scale = 1 / np.sqrt(diagonal)
        values, vectors = np.linalg.eigh(scale[:, None] * symmetric * scale)
        if values[0] > 0:
            yield weights
            return
        patience = PATIENCE if values[0] > best else patience - 1
        best = max(best, float(values[0]))
        if not patience:
            return
        vector = vectors[:, 0] * scale
        slope = vector * (floats @ vector) * weights
        largest = np.abs(slope).max()
        if not largest > 0:
            return
        weights = weights * np.exp(LENGTH * slope / largest)


def _rounded(weights: NDArray[np.float64] | None) -> Iterator[tuple[int, ...]]:
    """Integer weights near the floats, short ones first."""
    if weights is None:
        return
    yield (1,) * len(weights)
    ratios = weights / weights.min()
    for scale in SCALES:
        if ratios.max() * scale < LARGEST:
            yield tuple(max(1, round(float(ratio) * scale)) for ratio in ratios)
