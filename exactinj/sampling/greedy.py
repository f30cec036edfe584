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

TOLERANCE = 1e-9  # of the length of a row: a smaller part outside the span counts as inside


def greedy_selection(rows: Floats, products: Floats) -> NDArray[np.bool_]:
    """Shape (B, m): the rows that are chosen for each sample, given its coefficients (B, m).

    All samples advance together by Gram-Schmidt: at step k each takes its k-th largest row and keeps it if a part of it
    lies outside the span so far. Cost O(B m n^2) in the worst case, O(B n^3) if the first n rows of most samples are
    independent.
    """
    count, m = products.shape
    n = rows.shape[1]
    order = np.argsort(-products, axis=1, kind="stable")
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
