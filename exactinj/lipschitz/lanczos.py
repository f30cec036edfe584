"""Extreme eigenvalues of one large Gram matrix in floats: Lanczos' method with it, and with its inverse by Cholesky.

All eigenvalues of an n x n matrix cost ``4/3 n^3`` operations that wait for memory, and for each other where threads of
BLAS share their cores; a Cholesky factor and its inverse cost ``2/3 n^3`` that do not. The inverse has the smallest
eigenvalue as its largest, well apart from the others, so that few steps suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["extreme_eigenvalues"]

Floats = NDArray[np.floating[Any]]

STEPS, LOOK = 160, 5  # at most; how often it is looked whether they suffice
CLOSE = 1e-9  # of a residual, relative to the eigenvalue: its error is the square of that over the gap
SEED = 0
FEW_INPUTS = 128  # up to which all eigenvalues are computed
BLOCK = 64


def extreme_eigenvalues(rows: Floats) -> tuple[float, float]:
    """The smallest and the largest eigenvalue of ``W^T W`` for rows W (m, n); the smallest is 0 for m < n."""
    m, n = rows.shape
    if not m:
        return 0.0, 0.0
    if m < n:
        largest = _largest(lambda v: rows.T @ (rows @ v), n)
        return 0.0, float(np.linalg.eigvalsh(rows @ rows.T)[-1]) if largest is None else largest
    gram = rows.T @ rows
    if n > FEW_INPUTS:
        inverse, largest = _largest_of_inverse(gram), _largest(lambda v: gram @ v, n)
        if inverse and largest is not None:
            return 1 / inverse, largest
    values = np.linalg.eigvalsh(gram)
    return float(values[0]), float(values[-1])


def _largest_of_inverse(gram: Floats) -> float | None:
    """``G = L L^T``, so that ``G^-1 = L^-T L^-1``; None where G is not positive definite in floats."""
    try:
        lower = _inverse_of_lower(np.linalg.cholesky(gram))
    except np.linalg.LinAlgError:
        return None
    return _largest(lambda v: lower.T @ (lower @ v), len(gram))


def _inverse_of_lower(matrix: Floats) -> Floats:
    """Of a lower triangular matrix, by halves: products of blocks are fast."""
    n = len(matrix)
    if n <= BLOCK:
        return np.linalg.inv(matrix)
    half, inverse = n // 2, np.zeros_like(matrix)
    inverse[:half, :half] = _inverse_of_lower(matrix[:half, :half])
    inverse[half:, half:] = _inverse_of_lower(matrix[half:, half:])
    inverse[half:, :half] = -inverse[half:, half:] @ (matrix[half:, :half] @ inverse[:half, :half])
    return inverse


def _largest(apply: Callable[[Floats], Floats], n: int) -> float | None:
    """The largest eigenvalue of a positive semidefinite operator on R^n; None if the steps did not suffice."""
    steps = min(STEPS, n)
    basis, tridiagonal = np.zeros((steps + 1, n)), np.zeros((steps + 1, steps + 1))
    start = np.random.default_rng(SEED).standard_normal(n)
    basis[0] = start / np.linalg.norm(start)
    for j in range(steps):
        image = apply(basis[j])
        tridiagonal[j, j] = image @ basis[j]
        image = image - basis[: j + 1].T @ (basis[: j + 1] @ image)
        rest = float(np.linalg.norm(image))
        if j % LOOK == LOOK - 1 or rest <= CLOSE * tridiagonal[0, 0]:
            values, vectors = np.linalg.eigh(tridiagonal[: j + 1, : j + 1])
            if rest * abs(vectors[-1, -1]) <= CLOSE * values[-1]:
                return float(values[-1])
        if not (np.isfinite(rest) and rest):
            return None
        tridiagonal[j, j + 1] = tridiagonal[j + 1, j] = rest
        basis[j + 1] = image / rest
    return None
