"""Residual blocks `x + B ReLU(Ax + b)`: minors by definition, and the definition of injectivity for a solver."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from .answer import Numbers, Vector, exact_vector, inner
from .smt import _Problem

__all__ = ["block_value", "interaction", "is_p_matrix", "leibniz", "residual_pair"]


def block_value(A: Sequence[Numbers], B: Sequence[Numbers], b: Numbers, x: Numbers) -> Vector:
    """`x + B ReLU(Ax + b)`, exactly."""
    point = exact_vector(x)
    hidden = [
        max(inner(exact_vector(row), point) + beta, Fraction(0)) for row, beta in zip(A, exact_vector(b), strict=True)
    ]
    return tuple(value + inner(exact_vector(row), hidden) for row, value in zip(B, point, strict=True))


def interaction(A: Sequence[Numbers], B: Sequence[Numbers]) -> list[Vector]:
    """`I + AB`."""
    columns = [exact_vector(column) for column in zip(*B, strict=True)]
    return [
        tuple(inner(exact_vector(row), column) + (i == j) for j, column in enumerate(columns))
        for i, row in enumerate(A)
    ]


def leibniz(matrix: Sequence[Sequence[Fraction]]) -> Fraction:
    """The determinant as the sum over permutations."""
    total = Fraction(0)
    for order in permutations(range(len(matrix))):
        inversions = sum(p > q for p, q in combinations(order, 2))
        term = Fraction(-1) ** inversions
        for i, j in enumerate(order):
            term *= matrix[i][j]
        total += term
    return total


def is_p_matrix(matrix: Sequence[Sequence[Fraction]]) -> bool:
    """Whether every principal minor is positive, each computed by itself."""
    units = range(len(matrix))
    return all(
        leibniz([[matrix[i][j] for j in chosen] for i in chosen]) > 0
        for size in range(1, len(matrix) + 1)
        for chosen in combinations(units, size)
    )


def residual_pair(
    A: Sequence[Numbers], B: Sequence[Numbers], b: Numbers, box: tuple[Numbers, Numbers] | None = None
) -> tuple[Vector, Vector] | None:
    """A pair `x != y` of R^n or a box with the same value, or None: z3 on the definition, the model substituted."""
    problem = _Problem("z3")
    n = len(B)
    x, y = problem.reals("x", n), problem.reals("y", n)

    def value(point: list[Any]) -> list[Any]:
        zero = problem.api.RealVal(0)
        inside = [problem.affine(exact_vector(row), point, beta) for row, beta in zip(A, exact_vector(b), strict=True)]
        hidden = [problem.api.If(term > 0, term, zero) for term in inside]
        return [start + problem.affine(exact_vector(row), hidden) for start, row in zip(point, B, strict=True)]

    for p, q in zip(value(x), value(y), strict=True):
        problem.solver.add(p == q)
    for point in (x, y) if box is not None else ():
        for unknown, low, high in zip(point, *map(exact_vector, box), strict=True):
            problem.solver.add(unknown >= problem.api.RealVal(str(low)), unknown <= problem.api.RealVal(str(high)))
    problem.solver.add(problem.api.Or(*(p != q for p, q in zip(x, y, strict=True))))
    found = problem.solve(x, y)
    if found is None:
        return None
    if found[0] == found[1] or block_value(A, B, b, found[0]) != block_value(A, B, b, found[1]):
        raise ArithmeticError(f"z3 returned a model that is no collision: {found}")
    return found[0], found[1]
