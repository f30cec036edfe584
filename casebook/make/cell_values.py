"""The extreme eigenvalues of ``W_I^T W_I`` over all cells of a dense layer on R^n, in floats, by brute force.

    python casebook/make/cell_values.py NAME [NAME ...]

For layers in general position: any n rows ``<w_i, x> + b_i = 0`` meet in one point that lies on no other, or, without
bias, any n - 1 in a line. Every cell then has such a vertex (a ray), and around it all signs of the rows that meet
there occur. So the active sets of all cells are: the rows positive at a vertex, with every subset of those that meet
there. The smallest singular value of W_I is 0 where fewer than n rows are active.

It shares no code with the package. What it prints are floats, good to about ten digits for rows of moderate size; the
cases hold an interval around them.
"""

from __future__ import annotations

import sys
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from brute_force import read

if TYPE_CHECKING:
    from collections.abc import Iterator


def vertices(W: np.ndarray, b: np.ndarray) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Rows that meet, and the homogeneous coordinates of where they do: both rays of a line, a point for a bias."""
    n = W.shape[1]
    if b.any():
        for rows in combinations(range(len(W)), n):
            yield rows, np.append(np.linalg.solve(W[list(rows)], -b[list(rows)]), 1.0)
        return
    for rows in combinations(range(len(W)), n - 1):
        ray = np.linalg.svd(W[list(rows)])[2][-1]
        yield rows, np.append(ray, 0.0)
        yield rows, np.append(-ray, 0.0)


def extreme_values(W: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """``(min lambda_min, max lambda_max)`` of ``W_I^T W_I`` over all active sets I."""
    smallest, largest = np.inf, 0.0
    for rows, at in vertices(W, b):
        active = np.column_stack([W, b]) @ at > 0
        for choice in product((False, True), repeat=len(rows)):
            active[list(rows)] = choice
            values = np.linalg.svd(W[active], compute_uv=False) if active.any() else np.zeros(1)
            spans = len(values) == W.shape[1]
            smallest, largest = min(smallest, values[-1] ** 2 if spans else 0.0), max(largest, values[0] ** 2)
    return float(smallest), float(largest)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rows, bias, domain = read(name)
        if domain != "R^n":
            raise SystemExit(f"{name}: found the domain {domain}, expected R^n")
        low, high = extreme_values(np.array(rows, dtype=float), np.array(bias, dtype=float))
        print(f"{name}: A = {low:.12g}, squared Lipschitz constant {high:.12g}")
