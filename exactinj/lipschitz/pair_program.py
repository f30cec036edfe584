"""The semidefinite program behind a bound over pairs of inputs, in floats: a proposal, which proves nothing.

Maximise t over ``0 <= s <= 1`` and ``N_ab >= 0`` such that

    s Q + (1 - s) P - t J - sum N_ab (f_a f_b^T + f_b f_a^T) / 2

is positive semidefinite, J being the identity on the first n coordinates and zero on the others. Solved by Clarabel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from exactinj.errors import MissingExtraError

__all__ = ["Proposal", "is_installed", "proposed"]

Floats = NDArray[np.float64]

SMALL = 1e-10  # relative: numbers N that are left out


@dataclass(frozen=True)
class Proposal:
    """Numbers that are nearly feasible.

    numbers : (k, k) upper triangle, N
    moments : (n, n) what multiplies the first block in the dual: ``d d^T`` of the worst pairs
    """

    value: float
    share: float
    numbers: Floats
    moments: Floats


def is_installed() -> bool:
    """Whether the solver is there."""
    try:
        import clarabel  # noqa: F401
    except ImportError:
        return False
    return True


def proposed(main: Floats, other: Floats, n: int, forms: Floats) -> Proposal | None:
    """For Q and P, (k, k), and forms f, (count, k); None if the solver fails."""
    try:
        import clarabel
    except ImportError:
        raise MissingExtraError("clarabel is not installed: pip install 'exactinj[stability]'") from None
    if not all(np.isfinite(matrix).all() for matrix in (main, other, forms)):
        return None
    size, triangle = len(main), _Triangle.of(len(main))
    first, second = np.triu_indices(len(forms))
    unit = np.diag(np.repeat([1.0, 0.0], [n, size - n]))
    columns = np.vstack([triangle.of_matrix(unit), triangle.of_matrix(other - main), triangle.of_products(forms)])
    count = len(columns)
    signs = sparse.identity(count).tocsr()
    rows = sparse.vstack([sparse.csr_matrix(columns.T), -signs[1:], signs[1]])
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix((count, count)),
        np.concatenate([[-1.0], np.zeros(count - 1)]),
        sparse.csc_matrix(rows),
        np.concatenate([triangle.of_matrix(other), np.zeros(count - 1), [1.0]]),
        [clarabel.PSDTriangleConeT(size), clarabel.NonnegativeConeT(count)],
        settings,
    ).solve()
    found = np.array(solution.x)
    if not np.isfinite(found).all():
        return None
    numbers = np.zeros((len(forms), len(forms)))
    numbers[first, second] = np.where(found[2:] > SMALL * found[2:].max(initial=0.0), found[2:], 0.0)
    dual = triangle.to_matrix(np.array(solution.z)[: triangle.rows.size])
    return Proposal(float(found[0]), float(np.clip(found[1], 0, 1)), numbers, dual[:n, :n])


@dataclass(frozen=True)
class _Triangle:
    """The upper triangle of a symmetric matrix, column by column, what is off the diagonal times the root of 2."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    factors: Floats

    @classmethod
    def of(cls, size: int) -> _Triangle:
        columns, rows = np.tril_indices(size)
        return cls(rows, columns, np.where(rows == columns, 1.0, np.sqrt(2.0)))

    def of_matrix(self, matrix: Floats) -> Floats:
        values: Floats = matrix[self.rows, self.columns] * self.factors
        return values

    def of_products(self, forms: Floats) -> Floats:
        """``(f_a f_b^T + f_b f_a^T) / 2`` of all pairs ``a <= b``, one a row."""
        first, second = np.triu_indices(len(forms))
        one, two = forms[first], forms[second]
        sums = one[:, self.rows] * two[:, self.columns] + two[:, self.rows] * one[:, self.columns]
        values: Floats = sums * self.factors / 2
        return values

    def to_matrix(self, values: Floats) -> Floats:
        size = int(self.rows.max()) + 1
        matrix = np.zeros((size, size))
        matrix[self.rows, self.columns] = matrix[self.columns, self.rows] = values / self.factors
        return matrix
