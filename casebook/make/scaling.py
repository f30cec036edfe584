"""Layers that differ from a small integer layer by row and column factors; a rounded layer.

    python casebook/make/scaling.py

ReLU(DWCx) is injective exactly if ReLU(Wx) is, for a positive diagonal D and an invertible C, so the
answer is that of the integer layer. Floating point does not see it that way.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from casefile import load, put_arrays, put_layer

if TYPE_CHECKING:
    from collections.abc import Sequence

M, N = 10, 3
# Two draws: every three rows of either are independent.
INJECTIVE, COLLIDING = 2, 0


def integers_and_exponents(seed: int) -> tuple[list[list[int]], list[int]]:
    """Ten rows of integers from -9 to 9 and an exponent 12 or -12 for each."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-9, 10, (M, N)).tolist()
    return rows, rng.choice([-12, 12], M).tolist()


def scaled(
    rows: list[list[int]], row_exponents: Sequence[int], column_exponents: Sequence[int] = (0,) * N, base: int = 10
) -> list[list[Fraction]]:
    """The rows with row i and column j multiplied by base to the power of their exponents."""
    return [
        [a * Fraction(base) ** (r + c) for a, c in zip(row, column_exponents, strict=True)]
        for row, r in zip(rows, row_exponents, strict=True)
    ]


def spread(seed: int, reach: int) -> list[int]:
    """Row exponents between -reach and reach, both ends included."""
    exponents = np.random.default_rng(seed).integers(-reach, reach + 1, M).tolist()
    return [-reach, reach, *exponents[2:]]


if __name__ == "__main__":
    for seed, verdict in ((INJECTIVE, "injective"), (COLLIDING, "colliding")):
        rows, exponents = integers_and_exponents(seed)
        put_layer(f"scaled-rows-{verdict}", scaled(rows, exponents))
        put_layer(f"tiny-rows-{verdict}", scaled(rows, [-9] * M))
    rows, _ = integers_and_exponents(INJECTIVE)
    put_layer("magnitudes-rational", scaled(rows, spread(1, 150), (-150, 0, 150)))
    rows, _ = integers_and_exponents(COLLIDING)
    exact = scaled(rows, spread(1, 498), (-498, 0, 498), base=2)
    put_arrays("magnitudes-float64", W=np.array([[float(a) for a in row] for row in exact]))
    decimals = load("decimal-pairs")["layer"]["W"]
    rounded = [[float(Fraction(a)) for a in row] for row in decimals]
    put_arrays("decimal-pairs-float64", W=np.array(rounded))
