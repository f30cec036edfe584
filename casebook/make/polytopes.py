"""Icosahedra, one rational, one with the float64 golden ratio and unit rows; cut polytopes.

python casebook/make/polytopes.py
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from casefile import put_arrays, put_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

FIBONACCI_RATIO = Fraction(987, 610)


def icosahedron(t: Fraction | float) -> Iterator[list[Fraction | float]]:
    """The twelve points (0, +-1, +-t) and their cyclic shifts; each is followed by its negative."""
    for sign in (1, -1):
        for shift in range(3):
            point = [0 * t, t / t, sign * t]
            point = point[-shift:] + point[:-shift] if shift else point
            yield point
            yield [-a for a in point]


def unit_icosahedron() -> np.ndarray:
    """Rows of length one in float64. Rounding is symmetric, so antiparallel rows stay exactly so."""
    points = np.array(list(icosahedron((1 + np.sqrt(5)) / 2)))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def cut_polytope(points: int) -> Iterator[list[int]]:
    """The products x_i x_j, i < j, of the sign vectors x with x_0 = 1."""
    for rest in product((1, -1), repeat=points - 1):
        x = (1, *rest)
        yield [x[i] * x[j] for i, j in combinations(range(points), 2)]


if __name__ == "__main__":
    for points in (5, 6):
        put_layer(f"cut-polytope-{points}", list(cut_polytope(points)))
    put_layer("icosahedron", list(icosahedron(FIBONACCI_RATIO)))
    put_arrays("icosahedron-unit-float64", W=unit_icosahedron())
