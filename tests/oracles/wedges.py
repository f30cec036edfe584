"""Injectivity in the plane, without bias, by walking once around the origin.

By T1 the layer `ReLU(Wx)` on R^2 is injective exactly when at every x the rows with `<w_i, x> >= 0`
span the plane.  These active sets are constant on the origin, on each ray where some `<w_i, x> = 0`,
and on each open sector between neighbouring rays: finitely many points decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cmp_to_key

from .answer import Numbers, OracleAnswer, exact_layer

Point = tuple[int, int]


def _integral(p: Fraction, q: Fraction) -> Point:
    """A positive multiple of (p, q) with integer coordinates."""
    scale = p.denominator * q.denominator
    return int(p * scale), int(q * scale)


def _cross(p: Point, q: Point) -> int:
    """Positive if q lies counterclockwise of p (by less than a half turn)."""
    return p[0] * q[1] - p[1] * q[0]


def _lower_half(p: Point) -> bool:
    """Whether the angle of p lies in [pi, 2 pi)."""
    return p[1] < 0 or (p[1] == 0 and p[0] < 0)


def _compare_angles(p: Point, q: Point) -> int:
    """Sign of angle(p) - angle(q), angles in [0, 2 pi), without computing one."""
    if _lower_half(p) != _lower_half(q):
        return 1 if _lower_half(p) else -1
    turn = _cross(q, p)
    return (turn > 0) - (turn < 0)


def _sweep_points(rows: Sequence[Point]) -> list[Point]:
    """The origin, one point on each ray `<w_i, x> = 0`, and one in each open sector between rays.

    The rows must span the plane: then neighbouring rays are less than a half turn apart, and the sum
    of two of them lies strictly between.
    """
    rays = sorted((ray for p, q in rows for ray in ((-q, p), (q, -p))), key=cmp_to_key(_compare_angles))
    distinct = [ray for k, ray in enumerate(rays) if k == 0 or _compare_angles(rays[k - 1], ray)]
    turned = distinct[1:] + distinct[:1]
    between = [(p[0] + q[0], p[1] + q[1]) for p, q in zip(distinct, turned, strict=True)]
    return [(0, 0), *distinct, *between]


def wedges_n2(W: Sequence[Numbers], b: Numbers | None = None) -> OracleAnswer:
    """Decide injectivity of `ReLU(Wx)` on R^2 by an angular sweep.  Exact.

    `W` is (m, 2), `b` is None or zero (else ValueError).  Returns the verdict, with a witness
    `(x, v)` if not injective: x is a point with active rows on one line, v is orthogonal to them.
    """
    rows, bias = exact_layer(W, b)
    if len(rows[0]) != 2 or any(bias):
        raise ValueError("expected W (m, 2) and no bias; the sweep knows nothing else")
    plane = [_integral(w[0], w[1]) for w in rows if any(w)]
    if not _spans(plane):
        return _collision((0, 0), plane)
    for x in _sweep_points(plane):
        active = [w for w in plane if w[0] * x[0] + w[1] * x[1] >= 0]
        if not _spans(active):
            return _collision(x, active)
    return OracleAnswer(injective=True)


def _spans(rows: Sequence[Point]) -> bool:
    """Whether these nonzero rows span the plane."""
    return any(_cross(rows[0], w) for w in rows[1:])


def _collision(x: Point, active: Sequence[Point]) -> OracleAnswer:
    """The answer from a point whose active rows lie on one line; v is orthogonal to that line."""
    p, q = active[0] if active else (1, 0)
    return OracleAnswer(False, (Fraction(x[0]), Fraction(x[1])), (Fraction(-q), Fraction(p)))
