"""The smallest eigenvalue of ``H + sum_(i active) w_i w_i^T`` over all cells that meet a domain, enclosed with proofs.

At a generic point x of K no row is zero, and its *active* rows are those with ``<w_i, x> + b_i > 0``. The search splits
by signs of rows as the engine sign-split does: at a node with rows P known to be active and rows Q known not to be,
the matrix of P alone bounds what is possible below from below, as more active rows only add to it. If it reaches the
threshold, exactly, the node is closed. If not, either there is a point where no other row is active: that is a cell,
with a new value; or a circuit says that one of a few rows is, and the node splits there.

With ``H = 0`` the minimum is the A of the lower Lipschitz constant. Over the layer with all signs turned, whose active
rows are those that are not active here, ``H = -W^T W`` makes the eigenvalue ``-sigma_max^2`` of what is active.

Two rows ``w_j = -c w_i`` with ``c b_i + b_j >= 0`` are a *pair*: one of them is active everywhere, so that the smaller
of their terms counts before it is known which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from exactinj.alternatives.exact_program import SeparatingPoint
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.alternatives.signed_rows import SignedRows, circuit_or_point
from exactinj.certificates.gram import GramSide
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.supports import SupportTable
from exactinj.exact.numbers import fraction_of, nearest_float, power_of_two_below
from exactinj.lipschitz.gram import (
    LeastEigenvalue,
    enclosed_least,
    floats_of,
    gram_of,
    is_semidefinite,
    least_eigenvalue,
    outer,
    rounded,
    shifted,
)
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["CellValue", "Enclosure", "least_over_cells"]

LEAF = -1  # a token: the rows that are known to be active reach the threshold
FEW_INPUTS = 12  # up to which it costs little to look at all points
SOME = 4  # points that are looked at whatever the time
RECENT = 400  # circuits that are tried again
CLEARLY = 1e-9  # relative to the size of the matrix: what floats may say is not reached
BITS = 40  # of a threshold


@dataclass(frozen=True)
class CellValue:
    """A value that is taken: at a point, with the rows that are active there and a vector that shows it."""

    value: LeastEigenvalue
    point: tuple[Fraction, ...]
    active: tuple[int, ...]


@dataclass(frozen=True)
class Enclosure:
    """``at_least <= minimum <= at_most``, with a proof of `at_least`.

    is_complete : False if the time did not suffice; `at_least` is then what pairs of rows say by themselves
    """

    at_least: Fraction
    best: CellValue
    proof: GramSide
    is_complete: bool
    nodes: int = 0
    circuits: int = 0

    @property
    def at_most(self) -> Fraction:
        """The best value that was found."""
        return self.best.value.value


@dataclass(frozen=True)
class _Node:
    """Bits of the rows that are known to be active, and not to be; the matrix of the former with H."""

    active: int
    excluded: int
    matrix: fmpq_mat
    floats: NDArray[np.float64]


@dataclass
class _Circuits:
    """Circuits as bits: positive rows cannot all be inactive where the negative ones are active."""

    codes: list[SignedRows] = field(default_factory=list)
    positive: list[int] = field(default_factory=list)
    negative: list[int] = field(default_factory=list)

    def fitting(self, node: _Node) -> int | None:
        """The number of the recent one that splits the node into the fewest, if one fits."""
        best, fewest = None, 1 << 30
        for k in range(len(self.positive) - 1, max(-1, len(self.positive) - 1 - RECENT), -1):
            if self.negative[k] & ~node.active or self.positive[k] & node.active:
                continue
            free = (self.positive[k] & ~node.excluded).bit_count()
            if free < fewest:
                best, fewest = k, free
                if free <= 1:
                    break
        return best


def least_over_cells(
    problem: HomogeneousProblem,
    start: fmpq_mat,
    points: Iterable[Sequence[int]],
    tolerance: Fraction,
    clock: Clock,
) -> Enclosure | None:
    """The minimum to a relative tolerance, or exactly where it is a simple rational number.

    problem : the layer, perhaps with all signs turned, on its domain
    start : H
    points : homogeneous integer points where to look first; those that are generic and inside count

    None if no point was found.
    """
    return _Search(problem, start, tolerance, clock).run(points)


class _Search:
    """Mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, start: fmpq_mat, tolerance: Fraction, clock: Clock) -> None:
        weights = problem.layer.W.raw_rows()
        self.problem, self.start, self.tolerance, self.clock = problem, start, tolerance, clock
        self.weights = weights
        self._terms: dict[int, fmpq_mat] = {}
        largest = max((abs(fraction_of(value)) for row in weights for value in row), default=Fraction(0))
        scale = power_of_two_below(largest) if largest else Fraction(1)
        self.unit = scale * scale  # of all floats
        rows = [np.array([nearest_float(fraction_of(value) / scale) for value in row]) for row in weights]
        self.float_terms = [np.outer(row, row) for row in rows]
        self.float_start = floats_of(start, self.unit)
        self.slack = CLEARLY * float(np.abs(self.float_start).max() + sum(term.max() for term in self.float_terms))
        self.zero = {i for i in range(problem.m) if not any(problem.rows[i])}
        self.pairs = _pairs(problem, weights)
        self.circuits = _Circuits()
        self.best: CellValue | None = None
        self.threshold = Fraction(0)
        self.nodes = 0
        self.tokens: list[int] = []

    def run(self, points: Iterable[Sequence[int]]) -> Enclosure | None:
        is_complete = True
        try:
            self.look(points)
            self.search()
        except OutOfTimeError:
            is_complete = False
        if self.best is None:
            return None
        if not is_complete:
            self.threshold = enclosed_least(self.with_pairs(self.root())[0])[0]
            self.tokens, self.circuits = [LEAF], _Circuits()
        return Enclosure(
            self.threshold, self.best, self.proof(self.threshold), is_complete, self.nodes, len(self.circuits.codes)
        )

    def look(self, points: Iterable[Sequence[int]]) -> None:
        """Look at points until there are no more; where a look is expensive, until none can be better by much."""
        for number, point in enumerate(points):
            if number > SOME:
                self.clock.check()
            before = self.best
            self.look_at(point)
            if self.problem.dimension > FEW_INPUTS and self.best is not before and self.is_closed(self.root()):
                return

    def proof(self, at_least: Fraction) -> GramSide:
        tokens = np.array(self.tokens, dtype=np.int32)
        rows = self.problem.proof_rows
        supports = SupportTable.of_codes(self.circuits.codes)
        return GramSide(at_least, tuple((i, j) for i, j, _ in self.pairs), SignSplitTree(supports, tokens, rows))

    def look_at(self, point: Sequence[int]) -> None:
        """Take the value at a generic point of the interior, if it is the smallest so far."""
        values = self.problem.values_at(point)
        is_inside = all(value < 0 for value in values[self.problem.m :]) and self.problem.is_in_ball(point)
        if not is_inside or any(not values[i] for i in range(self.problem.m) if i not in self.zero):
            return
        active = [i for i in range(self.problem.m) if values[i] > 0]
        floats = self.float_start + sum((self.float_terms[i] for i in active), np.zeros_like(self.float_start))
        if (
            self.best is not None
            and np.linalg.eigvalsh(floats)[0] >= self.in_floats(self.best.value.value) + self.slack
        ):
            return
        self.take(active, point)

    def in_floats(self, value: Fraction) -> float:
        """An eigenvalue in the unit of all floats."""
        return nearest_float(value / self.unit)

    def take(self, active: Sequence[int], point: Sequence[int]) -> None:
        value = least_eigenvalue(self.start + gram_of([self.weights[i] for i in active], self.problem.dimension))
        if self.best is None or value.value < self.best.value.value:
            self.best = CellValue(value, _in_domain(self.problem, point), tuple(active))
            below = value.value if value.is_exact else value.value - self.tolerance * abs(value.value)
            self.threshold = below if value.is_exact else rounded(below, up=False, bits=BITS)

    def term(self, i: int) -> fmpq_mat:
        """``w_i w_i^T``."""
        if i not in self._terms:
            self._terms[i] = outer(self.weights[i])
        return self._terms[i]

    def search(self) -> None:
        """Until every node is closed at the threshold of the end, which only sinks."""
        stack = [self.root()]
        while stack:
            node = stack.pop()
            self.nodes += 1
            if not self.nodes % 64:
                self.clock.check()
                self.clock.report(f"{self.nodes:,} nodes, {len(self.circuits.positive):,} circuits")
            if self.is_closed(node):
                self.tokens.append(LEAF)
                continue
            number = self.circuits.fitting(node)
            if number is None:
                number = self.circuit_at(node)
            self.tokens.append(LEAF if number is None else number)
            if number is not None:
                stack += reversed(self.children(node, number))

    def root(self) -> _Node:
        return _Node(0, 0, fmpq_mat(self.start), self.float_start)

    def is_closed(self, node: _Node) -> bool:
        """Whether the rows that are known to be active reach the threshold, exactly."""
        if self.best is None:
            return False
        matrix, floats = self.with_pairs(node)
        if np.linalg.eigvalsh(floats)[0] < self.in_floats(self.threshold) - self.slack:
            return False
        return is_semidefinite(shifted(matrix, self.threshold))

    def with_pairs(self, node: _Node) -> tuple[fmpq_mat, NDArray[np.float64]]:
        """The matrices of a node with the smaller term of each pair of which it is not known which row is active."""
        matrix, floats = node.matrix, node.floats
        for i, j, smaller in self.pairs:
            if not (node.active >> i | node.active >> j) & 1:
                term = i if node.excluded >> j & 1 else j if node.excluded >> i & 1 else smaller
                matrix, floats = matrix + self.term(term), floats + self.float_terms[term]
        return matrix, floats

    def circuit_at(self, node: _Node) -> int | None:
        """The number of a new circuit that fits the node; None where a point was found instead."""
        self.clock.check()
        problem = self.problem
        signs = [1] * len(problem.rows)
        for i in range(problem.m):
            signs[i] = 0 if i in self.zero else -1 if node.active >> i & 1 else 1
        outcome = circuit_or_point(problem, signs, (), self.clock)
        if isinstance(outcome, SeparatingPoint):
            active = [i for i in range(problem.m) if node.active >> i & 1]
            self.take(active, outcome.homogeneous)
            if not self.is_closed(node):  # it is closer to the best one than its value is known
                self.threshold = min(self.threshold, enclosed_least(node.matrix)[0])
                if not any(self.start.entries()):
                    self.threshold = max(self.threshold, Fraction(0))
            return None
        self.problem = problem.with_cut(outcome.cut)
        codes = [code for code in outcome.codes if abs(code) <= problem.m]
        lengths = {code: -float(np.trace(self.float_terms[abs(code) - 1])) for code in codes}
        codes.sort(key=lambda code: lengths[code])
        self.circuits.codes.append((*codes, *(code for code in outcome.codes if abs(code) > problem.m)))
        self.circuits.positive.append(sum(1 << (code - 1) for code in codes if code > 0))
        self.circuits.negative.append(sum(1 << (-code - 1) for code in codes if code < 0))
        return len(self.circuits.positive) - 1

    def children(self, node: _Node, number: int) -> list[_Node]:
        """For each row without a sign that may be active, with those before it inactive."""
        free = self.circuits.positive[number] & ~node.excluded
        rows = [code - 1 for code in self.circuits.codes[number] if code > 0 and free >> (code - 1) & 1]
        children, excluded = [], node.excluded
        for i in rows:
            matrix, floats = node.matrix + self.term(i), node.floats + self.float_terms[i]
            children.append(_Node(node.active | 1 << i, excluded, matrix, floats))
            excluded |= 1 << i
        return children


def _in_domain(problem: HomogeneousProblem, point: Sequence[int]) -> tuple[Fraction, ...]:
    """The point of a homogeneous vector; on a cone one of ordinary size on its ray, within the ball if there is one."""
    x = problem.point_from(point) or []
    if problem.is_affine:
        return tuple(x)
    unit = power_of_two_below(max(map(abs, x), default=Fraction(1)) or Fraction(1))
    x = [value / unit for value in x]
    while not problem.domain.contains(x):
        x = [value / 2 for value in x]
    return tuple(x)


def _pairs(problem: HomogeneousProblem, weights: Sequence[Sequence[fmpq]]) -> list[tuple[int, int, int]]:
    """Disjoint pairs of rows of which one is active everywhere, and the one of the smaller length."""
    found: list[tuple[int, int, int]] = []
    waiting: dict[tuple[int, ...], list[int]] = {}
    n = problem.dimension
    directions = [_direction(row[:n]) for row in problem.rows[: problem.m]]
    for i, direction in enumerate(directions):
        if direction is None:
            continue
        opposite = waiting.get(tuple(-value for value in direction), [])
        partner = next((j for j in opposite if _is_covering(problem.rows[i], problem.rows[j], n)), None)
        if partner is None:
            waiting.setdefault(direction, []).append(i)
            continue
        opposite.remove(partner)
        lengths = [sum((value * value for value in weights[k]), fmpq(0)) for k in (partner, i)]
        found.append((partner, i, partner if lengths[0] <= lengths[1] else i))
    return found


def _direction(row: Sequence[int]) -> tuple[int, ...] | None:
    divisor = gcd(*row)
    return tuple(value // divisor for value in row) if divisor else None


def _is_covering(one: Sequence[int], other: Sequence[int], n: int) -> bool:
    """Whether ``c g_one + g_other`` is a constant that is not negative; the directions are opposite."""
    if len(one) == n:
        return True
    k = next(k for k in range(n) if one[k])
    return Fraction(one[n], abs(one[k])) + Fraction(other[n], abs(other[k])) >= 0
