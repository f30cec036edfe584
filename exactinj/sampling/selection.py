"""Whether a row is among the n largest at a sample: floats where an error bound decides, rationals elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.numbers import exact_vector
from exactinj.sampling.frame import Frame

__all__ = ["is_selected"]

Floats = NDArray[np.float64]

EPSILON = 2.0**-52


def is_selected(frame: Frame, rows: Floats, lengths: Floats, row: int, point: Floats) -> bool:
    """Whether fewer than n rows have a larger product with the point than `row`, exactly.

    `rows` are the frame's rows times one power of two, so that their lengths, `lengths`, are at most 1; the point is
    read as the rational vector that it is. The float product of vectors of length n is off by at most
    ``n 2^-53 |x| |w|``; two products that differ by more than twice as much for both rows have the order that floats
    say. Underflow changes a product by less than ``2^-1000``, once the point is scaled to a usual size.
    """
    exponent = int(np.frexp(np.abs(point).max())[1])
    scaled = np.ldexp(point, -exponent)
    products = rows @ scaled
    share = (frame.n + 2) * EPSILON * float(np.linalg.norm(scaled))
    bounds = share * (lengths + lengths[row]) + 2.0**-1000
    differences = products - products[row]
    larger = int(np.count_nonzero(differences > bounds))
    near = [int(i) for i in np.flatnonzero(np.abs(differences) <= bounds) if i != row]
    if larger >= frame.n or larger + len(near) < frame.n:
        return larger < frame.n
    own = frame.exact_row(row)
    x = exact_vector(point)
    for i in near:
        if frame.has_equal_rows(i, row):
            continue
        difference = sum((a - c) * value for a, c, value in zip(frame.exact_row(i), own, x, strict=True))
        larger += difference > 0
    return larger < frame.n
