"""Exact alpha* in the plane by a sweep over angles: a second computation that shares nothing with the tree.

For n = 2 the directions with at most one row above row j form closed arcs whose ends are orthogonal to some
``v_i = w_i - w_j``. On an arc, ``<x, w_j> / |x|`` is smallest at ``-w_j`` if that lies in it, else at an end. So these
directions and, for a nonnegative ball, the two axes are the only candidates. The rows above are counted for all of
them in one turn: row i is above on the open half plane of ``v_i``. Cost O(m log m) per row, in integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cmp_to_key
from itertools import accumulate

from exactinj.biases.alpha.problem import inner
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.surd import Surd

__all__ = ["plane_value"]

AXES = ((1, 0), (0, 1), (-1, 0), (0, -1))


def plane_value(rows: Sequence[IntegerRow], j: int, *, sphere: bool, nonnegative: bool) -> Surd:
    """The value of row j at radius 1 for integer rows in the plane.

    >>> str(plane_value([(1, 0), (0, 1), (-1, -1)], 0, sphere=True, nonnegative=False))
    '-sqrt(1/2)'
    """
    w = rows[j]
    differences = [v for v in ((a - w[0], c - w[1]) for a, c in rows) if any(v)]
    turn = _turn([*AXES, (-w[0], -w[1]), *(end for v in differences for end in _ends(v))])
    values = [] if sphere else [Surd(0, Fraction(0))]
    for direction, count in zip(turn, _counts(turn, differences), strict=True):
        if count <= 1 and (not nonnegative or min(direction) >= 0):
            height = inner(direction, w)
            sign = (height > 0) - (height < 0)
            values.append(Surd(sign, Fraction(height * height, inner(direction, direction))))
    return min(values, default=Surd.infinity())


def _ends(v: IntegerRow) -> tuple[IntegerRow, IntegerRow]:
    """The primitive directions between which, counterclockwise, ``<x, v> > 0``."""
    content = math.gcd(*v)
    a, c = v[0] // content, v[1] // content
    return (c, -a), (-c, a)


def _turn(directions: Sequence[IntegerRow]) -> list[IntegerRow]:
    """The different directions, primitive, by their angle in [0, 2 pi)."""
    primitive = {(x // content, y // content) for x, y in directions if (content := math.gcd(x, y))}

    def before(p: IntegerRow, q: IntegerRow) -> int:
        lower_p, lower_q = (y < 0 or (y == 0 and x < 0) for x, y in (p, q))
        return lower_p - lower_q or q[0] * p[1] - q[1] * p[0]

    return sorted(primitive, key=cmp_to_key(before))


def _counts(turn: Sequence[IntegerRow], differences: Sequence[IntegerRow]) -> list[int]:
    """Per direction, how many of the open half planes ``<x, v> > 0`` contain it."""
    places = {direction: k for k, direction in enumerate(turn)}
    changes = [0] * (len(turn) + 1)
    for v in differences:
        start, end = (places[direction] for direction in _ends(v))
        changes[start + 1] += 1
        changes[end] -= 1
        changes[0] += start > end
    return list(accumulate(changes[:-1]))
