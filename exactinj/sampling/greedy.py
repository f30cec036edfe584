"""The greedy selection for layers that are not full spark: independent rows by decreasing coefficient.

The n largest coefficients make a layer rectifying at x only if the n rows span R^n. Taking the rows in the order of
decreasing coefficients and keeping each that is independent of those before it gives a basis, the one with the largest
coefficients (the rows are a matroid). With ``alpha_j <= <x, w_j>`` on such a basis the active rows span, full spark or
not. Ranks are judged in floats, with the tolerance below: the outcome is an estimate like every other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["greedy_selection"]

Floats = NDArray[np.float64]

SHORT = 48  # entries of rows up to which all samples go side by side
BLOCK = 64
TOLERANCE = 1e-9  # of the length of a row: a smaller part outside the span counts as inside


def greedy_selection(rows: Floats, products: Floats) -> NDArray[np.bool_]:
    """Shape (B, m): the rows that are chosen for each sample, given its coefficients (B, m).

    Rows of few entries: all samples advance together by Gram-Schmidt, at step k each with its k-th largest row. Longer
    rows: sample by sample, `BLOCK` rows at a time, with products of matrices. Cost O(B m n^2) in the worst case,
    O(B n^3) if the first n rows of most samples are independent.
    """
    order = np.argsort(-products, axis=1, kind="stable")
    if rows.shape[1] <= SHORT:
        return _side_by_side(rows, order)
    chosen = np.zeros(products.shape, dtype=np.bool_)
    lengths = np.linalg.norm(rows, axis=1)
    for k, own in enumerate(order):
        chosen[k, _first_independent(rows, lengths, own)] = True
    return chosen


def _side_by_side(rows: Floats, order: NDArray[np.intp]) -> NDArray[np.bool_]:
    count, m = order.shape
    n = rows.shape[1]
    lengths = np.linalg.norm(rows, axis=1)
    chosen = np.zeros((count, m), dtype=np.bool_)
    basis = np.zeros((count, n, n))
    size = np.zeros(count, dtype=np.int64)
    for k in range(m):
        open_ = np.flatnonzero(size < n)
        if not len(open_):
            break
        row = order[open_, k]
        rest = rows[row]
        for _ in range(2):  # twice is enough
            rest = rest - np.einsum("bij,bi->bj", basis[open_], np.einsum("bij,bj->bi", basis[open_], rest))
        length = np.linalg.norm(rest, axis=1)
        keep = length > TOLERANCE * lengths[row]
        kept = open_[keep]
        basis[kept, size[kept]] = rest[keep] / length[keep, None]
        size[kept] += 1
        chosen[kept, row[keep]] = True
    return chosen


def _first_independent(rows: Floats, lengths: Floats, order: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rows of one sample, in this order, that are independent of those before them.

    A block is made orthogonal to the basis so far. A QR factorisation of what is left has on its diagonal the parts of
    its rows outside the span of those before them, as long as all of these are kept. So it is taken up to the first
    row that is not; the rows after that one are made orthogonal to what was taken, and so on.
    """
    n = rows.shape[1]
    basis = np.empty((n, n))  # orthonormal rows
    found: list[NDArray[np.intp]] = []
    size = start = 0
    while size < n and start < len(order):
        block = order[start : start + BLOCK]
        start += len(block)
        rest = _outside(rows[block], basis[:size])
        while len(block) and size < n:
            factor, triangle = np.linalg.qr(rest.T)
            dependent = np.flatnonzero(~(np.abs(np.diag(triangle)) > TOLERANCE * lengths[block[: len(triangle)]]))
            count = min(int(dependent[0]) if len(dependent) else len(triangle), n - size)
            basis[size : size + count] = factor[:, :count].T
            found.append(block[:count])
            size += count
            block, rest = block[count + 1 :], _outside(rest[count + 1 :], basis[size - count : size])
    return np.concatenate(found)


def _outside(vectors: Floats, basis: Floats) -> Floats:
    """The parts of the vectors (rows) that are orthogonal to an orthonormal basis (rows)."""
    for _ in range(2):  # twice is enough
        vectors = vectors - (vectors @ basis.T) @ basis
    return vectors
