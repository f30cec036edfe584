"""The blocks of a block triangular matrix: strongly connected components of its sparsity graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["triangular_blocks"]


def triangular_blocks(matrix: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Sets of indices, ordered such that ``matrix[i][j] = 0`` whenever i lies in a later set than j.

    i reaches j if there is a path of nonzero entries. Indices that reach each other form a set; a set that reaches
    another one reaches strictly more indices, so that counting them sorts.

    >>> triangular_blocks([[1, 0, 2], [5, 1, 0], [3, 0, 1]])
    [(1,), (0, 2)]
    """
    reach = np.array([[bool(value) for value in row] for row in matrix]) | np.eye(len(matrix), dtype=np.bool_)
    while True:
        wider = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if np.array_equal(wider, reach):
            break
        reach = wider
    mutual = reach & reach.T
    blocks = {tuple(np.flatnonzero(row).tolist()): int(reach[i].sum()) for i, row in enumerate(mutual)}
    return sorted(blocks, key=lambda block: (-blocks[block], block))
