"""How many inputs have an output, by an SMT solver: the definition, over exact reals.

Points are collected one by one, each outside the affine hull of those before: as many as the set's dimension and one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import z3

Vector = tuple[Fraction, ...]


def points_of_preimage(
    W: Sequence[Sequence[Fraction]],
    b: Sequence[Fraction],
    y: Sequence[Fraction],
    halfspaces: Sequence[Sequence[Fraction]] = (),
    ball: tuple[Fraction, Sequence[Fraction]] | None = None,
) -> list[Vector]:
    """Affinely independent points x with ``ReLU(Wx + b) = y``, ``G x <= h`` for rows (G, h), as many as there are.

    On a ball (radius, center) only their number counts: coordinates may be irrational, and are then rounded.
    """
    n = len(W[0])
    x = [z3.Real(f"x{j}") for j in range(n)]
    solver = z3.Solver() if ball is not None else z3.SolverFor("QF_LRA")
    for row, beta, value in zip(W, b, y, strict=True):
        g = _affine(row, x, beta)
        solver.add(z3.If(g > 0, g, z3.RealVal(0)) == _real(value))
    for *normal, bound in halfspaces:
        solver.add(_affine(normal, x, Fraction(0)) <= _real(bound))
    if ball is not None:
        radius, center = ball
        solver.add(
            z3.Sum([(v - _real(c)) * (v - _real(c)) for v, c in zip(x, center, strict=True)]) <= _real(radius**2)
        )
    return _collected(solver, x)


def points_of_network_preimage(
    layers: Sequence[tuple[Sequence[Sequence[Fraction]], Sequence[Fraction], Sequence[Fraction]]],
    y: Sequence[Fraction],
    halfspaces: Sequence[Sequence[Fraction]] = (),
) -> list[Vector]:
    """The same for a chain of layers (W, b, slopes below 0); the set may be in pieces, and its points span its hull."""
    x = [z3.Real(f"x{j}") for j in range(len(layers[0][0][0]))]
    solver = z3.SolverFor("QF_LRA")
    values = x
    for W, b, slopes in layers:
        sums = [_affine(row, values, beta) for row, beta in zip(W, b, strict=True)]
        values = [z3.If(g > 0, g, _real(slope) * g) for g, slope in zip(sums, slopes, strict=True)]
    for value, wanted in zip(values, y, strict=True):
        solver.add(value == _real(wanted))
    for *normal, bound in halfspaces:
        solver.add(_affine(normal, x, Fraction(0)) <= _real(bound))
    return _collected(solver, x)


def _collected(solver: z3.Solver, x: Sequence[Any]) -> list[Vector]:
    """Affinely independent solutions, as many as there are."""
    n = len(x)
    found: list[Vector] = []
    while len(found) <= n:
        outcome = solver.check()
        if outcome == z3.unsat:
            return found
        if outcome != z3.sat:
            raise RuntimeError("z3 does not know")
        model = solver.model()
        found.append(tuple(_value(model.eval(v, model_completion=True)) for v in x))
        normals = orthogonal_to([[a - c for a, c in zip(p, found[0], strict=True)] for p in found[1:]], n)
        constants = [sum(a * c for a, c in zip(normal, found[0], strict=True)) for normal in normals]
        solver.add(z3.Or([_affine(u, x, -c) != 0 for u, c in zip(normals, constants, strict=True)]))
    return found


def orthogonal_to(rows: Sequence[Sequence[Fraction]], n: int) -> list[Vector]:
    """A basis of the vectors orthogonal to all rows, by Gauss and Jordan."""
    left = [list(row) for row in rows]
    pivots: list[int] = []
    for j in range(n):
        k = next((k for k in range(len(pivots), len(left)) if left[k][j]), None)
        if k is None:
            continue
        at = len(pivots)
        left[at], left[k] = left[k], left[at]
        left[at] = [value / left[at][j] for value in left[at]]
        for r in range(len(left)):
            if r != at:
                left[r] = [a - left[r][j] * c for a, c in zip(left[r], left[at], strict=True)]
        pivots.append(j)
    basis = []
    for j in sorted(set(range(n)) - set(pivots)):
        vector = [Fraction(int(i == j)) for i in range(n)]
        for at, pivot in enumerate(pivots):
            vector[pivot] = -left[at][j]
        basis.append(tuple(vector))
    return basis


def _real(value: Fraction) -> Any:
    return z3.RealVal(str(Fraction(value)))


def _affine(row: Sequence[Fraction], x: Sequence[Any], constant: Fraction) -> Any:
    return z3.Sum([_real(constant), *(_real(a) * v for a, v in zip(row, x, strict=True))])


def _value(value: Any) -> Fraction:
    if z3.is_algebraic_value(value):
        value = value.approx(40)
    return Fraction(str(value.as_fraction()))
