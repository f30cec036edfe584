"""Exact corners of wedges from pairs of rows: in the plane and on the sphere far cheaper than cone by cone.

A corner lies on two lines (n = 2), an extreme ray of a pointed wedge without bias on two planes (n = 3), of rows or of
the domain's border, and conversely: no such plane meets the interior of a wedge, so that two of them that cross in a
wedge do so in a face of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import gcd

import numpy as np

from exactinj.cells.wedges import Polyhedron, Wedge, extreme_rays
from exactinj.domains import Domain
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import rational_from
from exactinj.layers.dense import ReLULayer

__all__ = ["plane_corners", "sphere_shapes"]

PLANE, SPACE = 2, 3


def plane_corners(layer: ReLULayer, domain: Domain) -> list[tuple[Fraction, ...]]:
    """Where two lines of the layer or of the border cross in the domain; for parallel lines a point on each; n = 2."""
    border = _border(domain, PLANE)
    lines = _distinct([*(z for z, _ in layer.integer_rows), *border], PLANE)
    corners = {
        (Fraction(x, scale), Fraction(y, scale))
        for x, y, scale in _crossings(lines)
        if scale > 0 and all(a * x + b * y + c * scale <= 0 for a, b, c in border)
    }
    feet = ((Fraction(-a * c, a * a + b * b), Fraction(-b * c, a * a + b * b)) for a, b, c in lines)
    return sorted(corners or feet) or [(Fraction(0), Fraction(0))]


def sphere_shapes(layer: ReLULayer, domain: Domain, found: Sequence[Wedge]) -> list[Polyhedron]:
    """What `extreme_rays` gives for each of these wedges, for n = 3 without bias on a cone."""
    rows = [z[:SPACE] for z, _ in layer.integer_rows]
    border = [half[:SPACE] for half in _border(domain, SPACE)]
    rays = sorted({ray for ray in _crossings(_distinct([*rows, *border], SPACE)) if any(ray)})
    if len({max(ray, tuple(-value for value in ray)) for ray in rays}) < SPACE:  # wedges that hold lines
        return [extreme_rays(wedge) for wedge in found]
    rays = [ray for ray in rays if all(_inner(half, ray) <= 0 for half in border)]
    signs = np.array([[np.sign(_inner(row, ray)) for row in rows] for ray in rays], dtype=np.int8)
    origin = ((Fraction(0),) * SPACE,)
    shapes = []
    for wedge in found:
        fits = (signs * np.array(wedge.signs, dtype=np.int8) >= 0).all(axis=1)
        shapes.append(Polyhedron(origin, tuple(rays[k] for k in np.flatnonzero(fits)), ()))
    return shapes


def _crossings(rows: Sequence[IntegerRow]) -> Iterator[IntegerRow]:
    """The cross products of all pairs of rows with three entries, primitive, in both directions."""
    for (a, b, c), (d, e, f) in combinations(rows, 2):
        x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
        common = gcd(x, y, z)
        if common:
            yield x // common, y // common, z // common
            yield -x // common, -y // common, -z // common


def _distinct(rows: Sequence[IntegerRow], n: int) -> list[IntegerRow]:
    """Those with a direction, of rows that are each other's opposites one."""
    return sorted({max(row, tuple(-value for value in row)) for row in rows if any(row[:n])})


def _border(domain: Domain, n: int) -> list[IntegerRow]:
    """Integer multiples of the domain's halfspaces."""
    return [primitive_row(rational_from(value) for value in half)[0] for half in domain.halfspaces(n)]


def _inner(row: IntegerRow, ray: IntegerRow) -> int:
    return sum(a * b for a, b in zip(row, ray, strict=True))
