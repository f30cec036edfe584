"""Rule "gram": bounds of the eigenvalues of the active rows of every cell, by trees over signs of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.definite import is_semidefinite
from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import Vector, rational_text
from exactinj.checker.rows import Row, Rows
from exactinj.checker.rules.sign_split import Signs, SignWalk, circuit_of
from exactinj.checker.supports import Entry, Functions
from exactinj.checker.trees import Node

__all__ = ["Gram", "GramSide", "check_gram"]

_Matrix = list[Vector]
_LEAF = -1


@dataclass(frozen=True, slots=True)
class GramSide:
    """A bound with its pairs, circuits and tree, each to be taken once and in this order."""

    bound: Fraction
    pairs: list[tuple[int, int]]
    circuits: Iterator[Entry]
    tokens: Iterator[int]


@dataclass(frozen=True, slots=True)
class Gram:
    """The sides `below` and `above`, each to be judged before the next one is taken."""

    sides: Iterator[GramSide]


class _Matrices:
    """The rows over one denominator D, and matrices times D^2 and the denominator of the bound."""

    def __init__(self, rows: Sequence[Row], bound: Fraction) -> None:
        common = math.lcm(*(row.denominator for row in rows))
        self.functions = [[value * (common // row.denominator) for value in row.entries] for row in rows]
        self.scale, self.threshold = bound.denominator, bound.numerator * common * common
        self.n = len(self.functions[0]) - 1

    def multiple_of_identity(self, value: int) -> _Matrix:
        return [[value if j == k else 0 for k in range(self.n)] for j in range(self.n)]

    def with_row(self, matrix: _Matrix, i: int, sign: int = 1) -> _Matrix:
        """The matrix and sign w_i w_i^T."""
        row = self.functions[i][:-1]
        factors = [sign * self.scale * value for value in row]
        return [
            [entry + factor * value for entry, value in zip(line, row, strict=True)] if factor else line
            for line, factor in zip(matrix, factors, strict=True)
        ]

    def square(self, i: int) -> int:
        return sum(map(mul, self.functions[i][:-1], self.functions[i][:-1]))

    def require_pair(self, i: int, j: int, place: str) -> None:
        """Raises Rejected unless w_j = -c w_i with c > 0 and c b_i + b_j >= 0."""
        one, other = self.functions[i], self.functions[j]
        k = next((k for k in range(self.n) if one[k]), None)
        if k is None or one[k] * other[k] >= 0:
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are no opposites of each other")
        a, c = abs(one[k]), abs(other[k])
        if any(c * p + a * q for p, q in zip(one[:-1], other[:-1], strict=True)):
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are no opposites of each other")
        if c * one[-1] + a * other[-1] < 0:
            raise Rejected(Reason.TREE, f"{place}: the rows {i} and {j} are both inactive somewhere")


def _signs_of(entry: Entry, number: int, functions: Functions, side: str) -> Signs:
    """A circuit: F = sum_i lambda_i f_i is nonnegative on K; some lambda_i is positive or some f_i is not zero."""
    place = f"{side}: circuit {number}"
    _, (positive, negative) = circuit_of(entry, place, functions)
    if not positive and not any(any(functions.named[i].entries) for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and all rows are zero")
    return positive, negative


class _GramWalk(SignWalk):
    """The reader of a tree; a node's `basis` is the matrix of P."""

    def __init__(self, side: GramSide, name: str, circuits: list[Signs]) -> None:
        super().__init__(side.tokens, circuits, f"{name}: tree")
        self.side = side

    def read(self, matrices: _Matrices, start: _Matrix) -> int:
        """read_tree. Returns the number of tokens."""
        self.matrices = matrices
        self.enter(start)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                self.path.append(i)
                self.enter(matrices.with_row(node.basis, i))
        return self.finish()

    def enter(self, matrix: _Matrix) -> None:
        """A token: the matrix is semidefinite, or a circuit."""
        token = self.take()
        if token == _LEAF:
            if not is_semidefinite(self._with_pairs(matrix)):
                raise self.rejected("the matrix of the rows that are known to be active does not reach the bound")
            self.stack.append(Node(iter(()), matrix))
            return
        self.stack.append(Node(iter(self.positive_rows(token)), matrix))

    def _with_pairs(self, matrix: _Matrix) -> _Matrix:
        for i, j in self.side.pairs:
            if i not in self.path and j not in self.path:
                if j in self.excluded or i in self.excluded:
                    term = i if j in self.excluded else j
                else:
                    term = i if self.matrices.square(i) <= self.matrices.square(j) else j
                matrix = self.matrices.with_row(matrix, term)
        return matrix


def _check_side(side: GramSide, name: str, domain: Domain, rows: list[Row], n: int) -> str:
    """The pairs, every circuit, then the tree; above, the rows are those of the layer with all signs turned."""
    matrices = _Matrices(rows, side.bound)
    named = [i for pair in side.pairs for i in pair]
    if len(set(named)) < len(named) or any(not 0 <= i < len(rows) for i in named):
        raise Rejected(Reason.TREE, f"{name}: the pairs name a row twice, or one that is not there")
    for i, j in side.pairs:
        matrices.require_pair(i, j, f"{name}: pairs")
    functions = Functions(rows, domain, n)
    circuits = [_signs_of(entry, k, functions, name) for k, entry in enumerate(side.circuits)]
    start = matrices.multiple_of_identity(-matrices.threshold)
    if name == "above":
        start = matrices.multiple_of_identity(matrices.threshold)
        for i in range(len(rows)):
            start = matrices.with_row(start, i, sign=-1)
    tokens = _GramWalk(side, name, circuits).read(matrices, start)
    return f"{len(circuits)} circuits and {tokens} tokens"


def check_gram(proof: Gram, domain: Domain, rows: Rows, n: int) -> str:
    """Both sides, below first."""
    require_room(n * n, f"the entries of a matrix of {n} rows")
    own = [rows[i] for i in range(len(rows))]
    turned = [_turned(row) for row in own]
    names = iter((("below", own), ("above", turned)))
    said, bounds = [], []
    for side in proof.sides:
        name, used = next(names)
        said.append(f"{name} by {_check_side(side, name, domain, used, n)}")
        bounds.append(rational_text(side.bound))
    return f"sigma_min^2 is at least {bounds[0]}, sigma_max^2 at most {bounds[1]} in every cell: {', '.join(said)}"


def _turned(row: Row) -> Row:
    *normal, bias = [Fraction(-value, row.denominator) for value in row.entries]
    return Row(normal, bias)
