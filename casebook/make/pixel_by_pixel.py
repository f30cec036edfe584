"""Prove that a zero-padded 3x3 convolution is injective on images with values in a box, pixel by pixel from a corner.

    python casebook/make/pixel_by_pixel.py NAME

Zero padding by one. Go through the windows in reading order: the one in the corner reads four pixels, the others in the
first row and in the first column two new ones, all others one. If each of these four kinds tells its new pixels,
whatever the known ones, the layer is injective for every size from 2x2 on.

A kind has new pixels U and reads pixels R. It does *not* tell its new pixels exactly if there are a direction v != 0 in
R^U and a point x inside the box in R^R such that every kernel is zero on v or negative at x. Directions that are
orthogonal to |U| - 1 independent kernels (restricted to U) are enough, as in `brute_force.py`, whose exact
alternative decides whether there is such an x. The standard library is all that is needed (numpy to read an ``.npz``).
"""

from __future__ import annotations

import sys
from fractions import Fraction
from itertools import combinations, product

from brute_force import alternative, dot, kernel, primitive
from casefile import load
from unrolled import kernels_and_bias

Pixel = tuple[int, int]
NEW = {
    "corner": [(1, 1), (1, 2), (2, 1), (2, 2)],
    "first row": [(1, 2), (2, 2)],
    "first column": [(2, 1), (2, 2)],
    "inside": [(2, 2)],
}
READ = {"corner": (1, 1), "first row": (1, 0), "first column": (0, 1), "inside": (0, 0)}  # where the window begins


def tells(kernels: list[list[list[Fraction]]], bias: list[Fraction], kind: str, low: Fraction, high: Fraction) -> bool:
    """Whether one kind of window tells its new pixels."""
    top, left = READ[kind]
    pixels = list(product(range(top, 3), range(left, 3)))
    new = NEW[kind]
    rows = [[taps[i][j] for i, j in pixels] for taps in kernels]
    short = [primitive([taps[i][j] for i, j in new]) for taps in kernels]
    inside = [([-Fraction(k == p) for k in range(len(pixels))], low) for p in range(len(pixels))]
    inside += [([Fraction(k == p) for k in range(len(pixels))], -high) for p in range(len(pixels))]
    sides = [primitive([*row, b]) for row, b in inside] + [(*[0] * len(pixels), -1)]
    if kernel(short, len(new))[0]:
        return False
    for subset in combinations(short, len(new) - 1):
        dimension, v = kernel(subset, len(new)) if subset else (1, [1])
        if dimension > 1 or v is None:
            continue
        outside = [k for k, row in enumerate(short) if dot(row, v)]
        refuted, _ = alternative([primitive([*rows[k], bias[k]]) for k in outside] + sides)
        if not refuted:
            return False
    return True


def turned(taps: list[list[Fraction]], corner: int) -> list[list[Fraction]]:
    """The kernel as it looks from another corner."""
    taps = taps[::-1] if corner & 1 else taps
    return [row[::-1] for row in taps] if corner & 2 else taps


if __name__ == "__main__":
    for name in sys.argv[1:]:
        case = load(name)
        kernels, bias, written = kernels_and_bias(case)
        low, high = (Fraction(value) for value in case["domain"].removeprefix("box:").split(","))
        if written["padding"] != 1:
            raise SystemExit(f"{name}: found the padding {written['padding']}, expected 1")
        for corner in range(4):
            seen = [turned(taps[0], corner) for taps in kernels]
            answers = {kind: tells(seen, bias, kind, low, high) for kind in NEW}
            print(f"{name}, from corner {corner}: {answers}")
