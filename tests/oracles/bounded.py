"""Injectivity on bounded domains by brute force over flats, and as a formula for an SMT solver.

The domain is given by plain numbers: halfspaces ``<d, x> + d0 <= 0`` as rows ``(d, d0)``, and perhaps a ball
``(center, radius)``. As in `flats`, the layer is not injective exactly if for some flat the rows outside it are all
negative somewhere in the interior. With a ball, that is a question about the distance from the center to an open
polyhedron; the distance is found by trying every set of at most n tight rows. All in Fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from .answer import Numbers, Vector, exact_layer, inner
from .flats import Negative, flats_by_rank, negative_point, primitive
from .smt import _Problem

Rows = Sequence[Sequence[Fraction]]
BallNumbers = tuple[Sequence[Fraction], Fraction] | None


def brute_force_bounded(W: Sequence[Numbers], b: Numbers | None, halfspaces: Rows, ball: BallNumbers) -> bool:
    """Whether `ReLU(Wx + b)` is injective on the domain, by trying every flat. Exact."""
    weight, bias = exact_layer(W, b)
    n, m = len(weight[0]), len(weight)
    rows = [(*w, beta) for w, beta in zip(weight, bias, strict=True)]
    integers = [primitive(row) for row in rows]
    for level in flats_by_rank([row[:n] for row in integers]):
        for flat in level:
            outside = [rows[i] for i in range(m) if not flat >> i & 1]
            if _meets_interior([*outside, *halfspaces], n, ball):
                return False
    return True


def _meets_interior(rows: Rows, n: int, ball: BallNumbers) -> bool:
    """Whether all rows are negative at some point, strictly inside the ball if there is one."""
    homogeneous = [primitive(row) for row in rows] + [[0] * n + [-1]]
    if not isinstance(negative_point(homogeneous), Negative):
        return False
    if ball is None:
        return True
    center, radius = ball
    return distance_square(rows, center) < radius**2


def distance_square(rows: Rows, center: Sequence[Fraction]) -> Fraction:
    """The squared distance from a point to ``{x : <w, x> + b <= 0 for every row}``, which must not be empty."""
    n = len(center)
    moved = [(*row[:-1], row[-1] + inner(row[:-1], center)) for row in rows]
    best = None
    for size in range(n + 1):
        for tight in combinations(moved, size):
            x = _least_norm(tight, n)
            if x is not None and all(inner(row[:-1], x) + row[-1] <= 0 for row in moved):
                square = inner(x, x)
                best = square if best is None else min(best, square)
    if best is None:
        raise ArithmeticError("no candidate for the nearest point")
    return best


def _least_norm(tight: Sequence[Sequence[Fraction]], n: int) -> list[Fraction] | None:
    """The shortest x with ``<w, x> = -b`` for the rows, None if the w are dependent."""
    gram = [[inner(u[:-1], v[:-1]) for v in tight] + [-u[-1]] for u in tight]
    size = len(tight)
    for k in range(size):
        pivot = next((i for i in range(k, size) if gram[i][k]), None)
        if pivot is None:
            return None
        gram[k], gram[pivot] = gram[pivot], gram[k]
        gram[k] = [value / gram[k][k] for value in gram[k]]
        for i in range(size):
            if i != k and gram[i][k]:
                gram[i] = [a - gram[i][k] * c for a, c in zip(gram[i], gram[k], strict=True)]
    weights = [gram[k][-1] for k in range(size)]
    return [sum((t * row[j] for t, row in zip(weights, tight, strict=True)), Fraction(0)) for j in range(n)]


class _NonlinearProblem(_Problem):
    """As in `smt`, with products of unknowns."""

    def __init__(self, api_name: str = "z3") -> None:
        super().__init__("z3")
        self.solver = self.api.SolverFor("QF_NRA")


def smt_bounded(W: Sequence[Numbers], b: Numbers | None, halfspaces: Rows, ball: BallNumbers) -> bool:
    """Whether `ReLU(Wx + b)` is injective on the domain, by the collision criterion in z3. Exact."""
    rows, bias = exact_layer(W, b)
    problem: Any = _Problem("z3") if ball is None else _NonlinearProblem()
    x, v = problem.reals("x", len(rows[0])), problem.reals("v", len(rows[0]))
    for half in halfspaces:
        problem.solver.add(problem.affine(tuple(half[:-1]), x, half[-1]) < 0)
    if ball is not None:
        offsets = [unknown - problem.api.RealVal(str(c)) for unknown, c in zip(x, ball[0], strict=True)]
        square = sum((offset * offset for offset in offsets), problem.api.RealVal(0))
        problem.solver.add(square < problem.api.RealVal(str(ball[1] ** 2)))
    for w, beta in zip(rows, bias, strict=True):
        if any(w):
            problem.solver.add(problem.api.Or(problem.affine(w, v) == 0, problem.affine(w, x, beta) < 0))
    problem.solver.add(problem.api.Or(*(unknown == 1 for unknown in v)))
    outcome = str(problem.solver.check())
    if outcome not in ("sat", "unsat"):
        raise RuntimeError(f"expected sat or unsat, found {outcome!r}")
    return outcome == "unsat"


def is_bounded_collision(  # noqa: PLR0917
    W: Sequence[Numbers], b: Numbers | None, halfspaces: Rows, ball: BallNumbers, x: Vector, y: Vector
) -> bool:
    """Whether `x != y` lie in the closed domain and have the same output. Exact."""
    rows, bias = exact_layer(W, b)
    inside = all(inner(half[:-1], p) + half[-1] <= 0 for half in halfspaces for p in (x, y))
    if ball is not None:
        for p in (x, y):
            offsets = [value - c for value, c in zip(p, ball[0], strict=True)]
            inside = inside and inner(offsets, offsets) <= ball[1] ** 2
    return (
        inside
        and tuple(x) != tuple(y)
        and all(
            max(inner(w, x) + beta, Fraction(0)) == max(inner(w, y) + beta, Fraction(0))
            for w, beta in zip(rows, bias, strict=True)
        )
    )
