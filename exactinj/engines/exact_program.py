"""The exact linear program behind the tree engine's repairs.

Given the rows of a `HomogeneousProblem` and a set of *allowed* ones, exactly one of these exists
(Gordan's theorem):

* ``lambda >= 0`` on allowed rows, not all zero, with ``sum lambda_i h_i = 0``: a refuter;
* y with ``<h_i, y> < 0`` for every allowed row: a separating point.

`refuter_or_point` finds it by the first phase of the primal simplex method in rationals, started
from whatever basis floating point arrived at, so that it needs few pivots where floats were nearly
right. Dantzig's rule while the objective moves, Bland's rule while it does not: no cycling.
Each pivot costs one exact inverse of order N + 1 by FLINT and one integer matrix-vector product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq, fmpq_mat, fmpz, fmpz_mat

from exactinj.engines.clock import Clock
from exactinj.engines.problem import HomogeneousProblem
from exactinj.exact.matrix import primitive_row

__all__ = ["SeparatingPoint", "SupportFound", "refuter_or_point"]


@dataclass(frozen=True)
class SupportFound:
    """The rows of a refuter: linearly independent after leaving out any one of them."""

    support: tuple[int, ...]


@dataclass(frozen=True)
class SeparatingPoint:
    """An integer vector y with ``<h_i, y> < 0`` for every allowed row."""

    homogeneous: tuple[int, ...]


def refuter_or_point(
    problem: HomogeneousProblem, allowed: Sequence[bool], hint: Sequence[int], clock: Clock
) -> SupportFound | SeparatingPoint:
    """Decide the alternative exactly; `hint` is a list of N + 1 basic columns (M + k: unit vector k)."""
    program = _Program(problem, allowed)
    basis, inverse = program.start(hint)
    stalled = False
    while True:
        clock.check()
        weights = [inverse[i, program.columns] for i in range(program.size)]
        barred = [program.is_barred(column) for column in basis]
        objective = sum((weights[i] for i in range(program.size) if barred[i]), fmpq(0))
        if objective == 0:
            return SupportFound(tuple(sorted(j for j, value in zip(basis, weights, strict=True) if value > 0)))
        dual = [sum((inverse[i, k] for i in range(program.size) if barred[i]), fmpq(0)) for k in range(program.size)]
        entering = program.price(dual, bland=stalled)
        if entering is None:
            return SeparatingPoint(primitive_row(dual[: program.columns])[0])
        leaving = program.leaving_position(basis, inverse, weights, entering)
        stalled = weights[leaving] == 0
        basis[leaving] = entering
        inverse = program.inverse_of(basis)


class _Program:
    """Columns ``(h_j, 1)``; the artificial column M + k is the k-th unit vector."""

    def __init__(self, problem: HomogeneousProblem, allowed: Sequence[bool]) -> None:
        self.rows = [(*row, 1) for row in problem.rows]
        self.matrix = fmpz_mat([list(row) for row in self.rows])
        self.allowed = allowed
        self.columns = problem.columns
        self.size = problem.columns + 1

    def is_barred(self, column: int) -> bool:
        return column >= len(self.rows) or not self.allowed[column]

    def inverse_of(self, basis: Sequence[int]) -> fmpq_mat:
        """The exact inverse of the basis matrix; ZeroDivisionError if it is singular."""
        columns = [
            list(self.rows[j]) if j < len(self.rows) else [int(k == j - len(self.rows)) for k in range(self.size)]
            for j in basis
        ]
        return fmpq_mat(fmpz_mat(columns).transpose()).inv()

    def start(self, hint: Sequence[int]) -> tuple[list[int], fmpq_mat]:
        """The hinted basis if it is exactly feasible, else the artificial one."""
        if len(set(hint)) == self.size:
            try:
                inverse = self.inverse_of(hint)
            except ZeroDivisionError:
                pass
            else:
                if all(inverse[i, self.columns] >= 0 for i in range(self.size)):
                    return list(hint), inverse
        basis = [len(self.rows) + k for k in range(self.size)]
        return basis, self.inverse_of(basis)

    def price(self, dual: Sequence[fmpq], *, bland: bool) -> int | None:
        """An allowed column with negative reduced cost: the first for Bland, else the most negative."""
        vector = primitive_row(dual)[0]
        products = (self.matrix * fmpz_mat([[value] for value in vector])).entries()
        best, entering = fmpz(0), None
        for j, product in enumerate(products):
            if self.allowed[j] and product > best:
                best, entering = product, j
                if bland:
                    break
        return entering

    def leaving_position(self, basis: Sequence[int], inverse: fmpq_mat, weights: Sequence[fmpq], entering: int) -> int:
        direction = inverse * fmpz_mat([[value] for value in self.rows[entering]])
        candidates = [(weights[i] / direction[i, 0], basis[i], i) for i in range(self.size) if direction[i, 0] > 0]
        return min(candidates)[2]
