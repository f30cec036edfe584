"""Rule "orientation": the block keeps its orientation on all cells, and takes one value once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.checker.domains import Space
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector, over_one_denominator, show
from exactinj.checker.residual import Residual
from exactinj.checker.rows import Row
from exactinj.checker.trees import Combination

__all__ = ["Orientation", "check_orientation"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """The point, and what is to be taken once and in this order; no multiplier is 0."""

    point: list[Fraction]
    circuits: Iterator[Combination]
    tokens: Iterator[int]


_CellSigns = tuple[tuple[int, ...], tuple[int, ...]]  # the units with lambda_i > 0, those with lambda_i < 0


def _impossible_signs(circuit: Combination, number: int, functions: list[Row]) -> _CellSigns:
    """The sum of lambda_i g_i is a constant that is not negative, and some term of it is below 0 at these signs."""
    place = f"circuit {number}"
    if not Space().nonnegative(circuit.form(functions, Reason.CIRCUIT, place)):
        raise Rejected(Reason.CIRCUIT, f"{place}: the sum of lambda_i g_i is not a constant that is >= 0")
    pairs = list(zip(*circuit, strict=True))
    positive = tuple(i for i, factor in pairs if factor > 0)
    negative = tuple(i for i, factor in pairs if factor < 0)
    if not positive and not any(any(functions[i].entries) for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and its units are 0 everywhere")
    return positive, negative


def _solved(matrix: Sequence[Vector], n: int) -> tuple[int, list[Fraction]]:
    """The determinant of the first n columns, up to a positive factor, and the solution for the last one (Bareiss)."""
    rows, divisor, sign = [list(row) for row in matrix], 1, 1
    for k in range(n):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return 0, []
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        head = rows[k]
        for i in range(n):
            if i != k:
                factor = rows[i][k]
                rows[i] = [
                    (head[k] * value - factor * top) // divisor for value, top in zip(rows[i], head, strict=True)
                ]
        divisor = head[k]
    return sign * divisor, [Fraction(rows[i][n], rows[i][i]) for i in range(n)]


class _CellWalk:
    """The reader of the tree. A unit is in P with the sign 1, in Q with -1."""

    def __init__(
        self, tokens: Iterator[int], circuits: list[_CellSigns], residual: Residual, point: list[Fraction]
    ) -> None:
        self.tokens, self.circuits, self.residual, self.point = tokens, circuits, residual, point
        self.value = residual.outputs(point)
        self.columns = list(zip(*residual.B, strict=True))
        self.count, self.cells, self.sign = 0, 0, 0

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.TREE, f"tree token {self.count - 1}: {message}")

    def read(self) -> None:
        """read_tree: signs of nodes to come, the next one last."""
        stack: list[dict[int, int]] = [{}]
        while stack:
            signs = stack.pop()
            token = next(self.tokens, None)
            if token is None:
                raise Rejected(Reason.TREE, f"tree: ends after {self.count} tokens, before it is complete")
            self.count += 1
            if token > 0:
                self.circuit(token - 1, signs)
            elif token == 0:
                self.cell(signs)
            else:
                stack += self.split(-token - 1, signs)
        if next(self.tokens, None) is not None:
            raise Rejected(Reason.TREE, f"tree: complete after {self.count} tokens, but the list goes on")

    def split(self, i: int, signs: dict[int, int]) -> list[dict[int, int]]:
        if i >= self.residual.k or i in signs:
            raise self.rejected(f"unit {show(i)} is not a unit without a sign")
        return [{**signs, i: -1}, {**signs, i: 1}]

    def circuit(self, number: int, signs: dict[int, int]) -> None:
        if number >= len(self.circuits):
            raise self.rejected(f"there is no circuit {show(number)}")
        positive, negative = self.circuits[number]
        for i in positive:
            if signs.get(i) != -1:
                raise self.rejected(f"unit {i} is not known to be negative")
        for i in negative:
            if signs.get(i) != 1:
                raise self.rejected(f"unit {i} is not known to be nonnegative")

    def cell(self, signs: dict[int, int]) -> None:
        block = self.residual
        if len(signs) < block.k:
            raise self.rejected("a cell with units that have no sign")
        active = [i for i in range(block.k) if signs[i] > 0]
        determinant, x = _solved(self.equations(active), block.n)
        sign = (determinant > 0) - (determinant < 0)
        self.sign = self.sign or sign
        if sign == 0 or sign != self.sign:
            found = "is 0" if sign == 0 else "has another sign than before"
            raise self.rejected(f"the determinant of the cell with the units {active} {found}")
        values = block.inner(x)
        if x != self.point and all(value * signs[i] >= 0 for i, value in enumerate(values)):
            raise self.rejected("the value at the point is taken in another place, too")
        self.cells += 1

    def equations(self, active: Sequence[int]) -> list[Vector]:
        """J and f(p) - B_P b_P, every row times a positive number."""
        block, rows = self.residual, list[Vector]()
        for j in range(block.n):
            row = [Fraction(int(j == other)) for other in range(block.n)]
            right = self.value[j]
            for i in active:
                factor = self.columns[i][j]
                if factor:
                    row = [value + factor * a for value, a in zip(row, block.A[i], strict=True)]
                    right -= factor * block.b[i]
            rows.append(over_one_denominator([*row, right])[0])
        return rows


def check_orientation(proof: Orientation, residual: Residual) -> str:
    """The point, every circuit, then the tree."""
    for i, (row, value) in enumerate(zip(residual.A, residual.inner(proof.point), strict=True)):
        if not value and any(row):
            raise Rejected(Reason.POINTS, f"point: unit {i} is 0 there")
    functions = [Row(row, bias) for row, bias in zip(residual.A, residual.b, strict=True)]
    circuits = [_impossible_signs(circuit, k, functions) for k, circuit in enumerate(proof.circuits)]
    walk = _CellWalk(proof.tokens, circuits, residual, proof.point)
    walk.read()
    return f"one orientation on all {walk.cells} cells, one value taken once, and {len(circuits)} circuits are correct"
