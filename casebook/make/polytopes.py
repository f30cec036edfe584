"""Icosahedra: one rational, one with the float64 golden ratio and unit rows.

python casebook/make/polytopes.py
"""

from __future__ import annotations

from fractions import Fraction
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


if __name__ == "__main__":
    put_layer("icosahedron", list(icosahedron(FIBONACCI_RATIO)))
    put_arrays("icosahedron-unit-float64", W=unit_icosahedron())
