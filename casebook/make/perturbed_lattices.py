"""Rows on a small integer lattice, exact and moved by a tiny amount.

python casebook/make/perturbed_lattices.py
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from casefile import put_layer

HEXAGON = [(1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1)]
# Seeds whose verdict changes between the lattice rows and the moved rows, for each size of the move.
REPAIRED, BROKEN = 289, 15


def cube() -> list[tuple[int, ...]]:
    """The 26 nonzero vectors with entries -1, 0, 1."""
    return [point for point in product((-1, 0, 1), repeat=3) if any(point)]


def half_cube(seed: int) -> list[list[int]]:
    """One vector out of each antiparallel pair of the 26."""
    signs = np.random.default_rng(seed).choice([-1, 1], 13).tolist()
    positive = [point for point in cube() if point > (0, 0, 0)]
    return [[s * a for a in point] for s, point in zip(signs, positive, strict=True)]


def prism(tilt: str) -> list[tuple[int | Fraction, ...]]:
    """Six rows (u, tilt) and six rows (u, -1), u the vertices of a lattice hexagon."""
    return [(*u, Fraction(tilt)) for u in HEXAGON] + [(*u, -1) for u in HEXAGON]


def moved(seed: int, size: str) -> list[list[Fraction]]:
    """Ten rows with entries in {-1, 0, 1}, each entry moved by size times an integer in -9..9."""
    rng = np.random.default_rng(seed)
    lattice = rng.integers(-1, 2, (10, 3)).tolist()
    noise = rng.integers(-9, 10, (10, 3)).tolist()
    return [
        [a + Fraction(size) * k for a, k in zip(row, moves, strict=True)]
        for row, moves in zip(lattice, noise, strict=True)
    ]


if __name__ == "__main__":
    put_layer("lattice-cube", cube())
    put_layer("lattice-half-cube", half_cube(2))
    put_layer("prism-flat", prism("0"))
    put_layer("prism-tilt-1e-30", prism("1e-30"))
    put_layer("prism-tilt-minus-1e-30", prism("-1e-30"))
    for size in ("1e-4", "1e-10", "1e-13"):
        put_layer(f"lattice-repaired-{size}", moved(REPAIRED, size))
        put_layer(f"lattice-broken-{size}", moved(BROKEN, size))
