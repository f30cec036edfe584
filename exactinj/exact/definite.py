"""Full column rank of a float matrix, proved in floats: a Cholesky factor of a shifted Gram matrix.

For E (k, n) let ``G = E^T E``, s the largest row sum of ``|E|^T |E|``, ``u = 2^-53``, ``gamma_j = j u / (1 - j u)``.
The computed G differs from the exact one by at most ``gamma_k s`` in the spectral norm, and by some ``2 u s`` more if
each entry of E is itself rounded. If Cholesky's method runs to its end on a matrix A, then A has no eigenvalue below
``- gamma_(n+1) / (1 - gamma_(n+1)) trace(A)`` (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
theorem 10.3; S. M. Rump, Verification of positive definiteness, BIT 46, 2006). So if it does on the computed G minus c,
for c above the sum of these, the exact G is positive definite. Here c is four times that, which covers the rounding
of c itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GramFactor", "gram_factor"]

Floats = NDArray[np.float64]
UNIT = 2.0**-53
SMALLEST = 1e-290  # of the largest entries of columns
MOST_ROWS = 1 << 26

GramFactor = Callable[[Floats], Floats]
"""Solves ``G x = right`` in floats, nearly."""


def gram_factor(matrix: Any) -> GramFactor | None:
    """A solver of the normal equations if E is proved to have full column rank, else None, which says nothing.

    Parameters
    ----------
    matrix : (k, n) float64 array or sparse matrix; each entry may be off by a relative ``2^-53``

    >>> gram_factor(np.array([[1.0, 2.0], [2.0, 4.0]])) is None, gram_factor(np.eye(2)) is None
    (True, False)
    """
    from scipy.linalg import cho_solve

    count, n = matrix.shape
    if count < n or count > MOST_ROWS:
        return None
    absolute = abs(matrix)
    largest = _plain(absolute.max(axis=0)).ravel()
    if not (np.isfinite(largest).all() and largest.min() > SMALLEST):
        return None
    scale = np.exp2(-np.frexp(largest)[1].astype(np.float64))  # powers of two, exact
    scaled, sizes = (_columns_times(part, scale) for part in (matrix, absolute))
    gram = _plain(scaled.T @ scaled)
    sums = float((sizes.T @ (sizes @ np.ones(n))).max())
    shift = 4 * ((count + 4) * UNIT * sums + (n + 4) * UNIT * float(np.trace(gram)))
    try:
        factor = np.linalg.cholesky(gram - shift * np.eye(n))
    except np.linalg.LinAlgError:
        return None

    def solve(right: Floats) -> Floats:
        solution: Floats = scale * cho_solve((factor, True), scale * right, check_finite=False)
        return solution

    return solve


def _columns_times(matrix: Any, scale: Floats) -> Any:
    return matrix.multiply(scale[None, :]).tocsr() if hasattr(matrix, "toarray") else matrix * scale


def _plain(array: Any) -> Floats:
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array)
