"""The cells of a residual block, one after the other, to see where it turns or loses orientation.

A tree splits by the signs of the hidden units; a sign that is impossible on the domain is refuted by a circuit, every
other node keeps a point, so that each leaf is a cell or refuted. On R^n the block is injective exactly if
``det (I + B_D A_D)`` has the same sign, not 0, on all cells, and one value in general position has one preimage
(`docs/mathematics.md`, residual blocks): the degree of the map then says that every value has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from flint import fmpq, fmpq_mat

from exactinj.alternatives.exact_program import SeparatingPoint
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.alternatives.signed_rows import SignedRows, circuit_or_point
from exactinj.certificates.collision import Collision, verified_collision
from exactinj.certificates.orientation import OrientationProof
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.numbers import fraction_of
from exactinj.injectivity.residual.pairs import Folds
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock

__all__ = ["MOST_CELLS", "CellSearch", "TooManyCellsError"]

MOST_CELLS = 50_000
NUDGES = 40  # other points of a cell, where a segment meets two hyperplanes at once
Point = tuple[Fraction, ...]


class TooManyCellsError(Exception):
    """The block has more cells than are looked at."""


@dataclass(frozen=True)
class _Node:
    """Signs of the units, 0 where open, and what shows them to be possible or not: a point or a circuit's number."""

    signs: tuple[int, ...]
    point: IntegerRow | None
    circuit: int = 0


@dataclass
class CellSearch:
    """The search for one block on one domain. `cells` and `programs` count what was done."""

    folds: Folds
    clock: Clock
    cells: list[tuple[tuple[int, ...], Point]] = field(default_factory=list)
    circuits: list[SignedRows] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    programs: int = 0
    sign: int = 0

    def __post_init__(self) -> None:
        block = self.folds.block
        self.problem = HomogeneousProblem(ReLULayer(block.A.raw_rows(), self._bias()), self.folds.domain)

    def _bias(self) -> list[Fraction]:
        return [value for (value,) in self.folds.block.b.fractions()]

    def collision(self) -> Collision | None:
        """A pair at a cell without orientation, or between two cells of different orientation; None if there is none.

        Raises OutOfTimeError, TooManyCellsError.
        """
        interior = self.problem.homogeneous(self.folds.domain.interior_point(self.folds.block.n))
        stack = [_Node((0,) * self.folds.block.k, interior)]
        while stack:
            self.clock.check()
            node = stack.pop()
            if node.point is None:
                self.tokens.append(node.circuit + 1)
            elif 0 not in node.signs:
                pair = self._at_cell(node.signs, node.point)
                if pair is not None:
                    return pair
            else:
                stack += self._children(node, node.point)
        return None

    def proof(self) -> OrientationProof | Collision:
        """After `collision` found none on R^n: the proof of injectivity, or two points with one value."""
        _, start = self.cells[0]
        value = self.folds.block.evaluate(start)
        for active, _ in self.cells:
            x = self._preimage(active, value)
            if x != start and self._lies_in(x, active):
                return verified_collision(self.folds.block, self.folds.domain, start, x)
        rows = self.problem.proof_rows
        circuits = tuple(tuple(rows.multipliers(codes)) for codes in self.circuits)
        return OrientationProof(start, circuits, tuple(self.tokens))

    def _preimage(self, active: Sequence[int], value: Sequence[Fraction]) -> Point:
        """The x with ``x + B_D (A_D x + b_D) = value``."""
        block, b = self.folds.block, self._bias()
        hidden = [b[i] if i in active else Fraction(0) for i in range(block.k)]
        shift = block.B.times(hidden)
        right = [v - s for v, s in zip(value, shift, strict=True)]
        solution = self.folds.jacobian(active).solve(fmpq_mat([[fmpq(r.numerator, r.denominator)] for r in right]))
        return tuple(fraction_of(entry) for entry in solution.entries())

    def _lies_in(self, x: Point, active: Sequence[int]) -> bool:
        values = self.folds.block.preactivation(x)
        return all(value >= 0 if i in active else value <= 0 for i, value in enumerate(values))

    def _at_cell(self, signs: Sequence[int], homogeneous: IntegerRow) -> Collision | None:
        active = tuple(i for i, sign in enumerate(signs) if sign > 0)
        if len(self.cells) >= MOST_CELLS:
            raise TooManyCellsError
        self.tokens.append(0)
        self.clock.report(f"{len(self.cells):,} cells")
        point, sign = self._inside(homogeneous), self.folds.orientation(active)
        if sign == 0:
            return self.folds.lost_direction(point, active)
        self.sign = self.sign or sign
        self.cells.append((active, point))
        return None if sign == self.sign else self._between(self.cells[0][1], point)

    def _inside(self, homogeneous: IntegerRow) -> Point:
        """The point of a homogeneous vector; without bias on a ball around 0 it may have to be scaled into the ball."""
        point = tuple(self.problem.point_from(homogeneous) or ())
        ball = self.folds.domain.ball
        while ball is not None and self.problem.ball is None and ball.distance_square(point) >= ball.radius**2:
            point = tuple(value / 2 for value in point)
        return point

    def _between(self, start: Point, end: Point) -> Collision:
        """A pair between two cells of different orientation: on the segment, or one near by in general position."""
        chance = Random(0)  # noqa: S311 (any numbers will do)
        near = start
        for number in range(NUDGES):
            self.clock.check()
            pair = self.folds.between(near, end)
            if pair is not None:
                return pair
            step = Fraction(1, 1 << number)
            moved = tuple(value + step * Fraction(chance.randint(-99, 99), 100) for value in start)
            if self._same_cell(moved, start):
                near = moved
        raise InternalError("two cells of a block turn it differently, but no pair was found; please report this")

    def _same_cell(self, moved: Point, point: Point) -> bool:
        first, second = (self.folds.block.preactivation(x) for x in (moved, point))
        return self.folds.domain.contains(moved) and all(
            a * b > 0 or a == b for a, b in zip(first, second, strict=True)
        )

    def _children(self, node: _Node, point: IntegerRow) -> list[_Node]:
        """The node with the first open unit inactive, and active; the latter comes next."""
        unit = node.signs.index(0)
        self.tokens.append(-unit - 1)
        value = self.problem.values_at(point)[unit]
        return [self._child(node, unit, sign, point if value * sign > 0 else None) for sign in (-1, 1)]

    def _child(self, node: _Node, unit: int, sign: int, point: IntegerRow | None) -> _Node:
        signs = (*node.signs[:unit], sign, *node.signs[unit + 1 :])
        if point is not None:
            return _Node(signs, point)
        if not any(self.problem.rows[unit]):  # it is 0 everywhere, which counts as active
            return _Node(signs, node.point) if sign > 0 else _Node(signs, None, self._number((unit + 1,)))
        known = next((k for k, codes in enumerate(self.circuits) if _refutes(codes, signs)), None)
        return _Node(signs, None, known) if known is not None else self._decided(signs)

    def _decided(self, signs: tuple[int, ...]) -> _Node:
        """By an exact linear program. Its signs: positive for rows that have to be negative."""
        self.programs += 1
        problem = self.problem
        named = [0 if not any(row) else -sign for row, sign in zip(problem.rows, signs, strict=False)]
        outcome = circuit_or_point(problem, [*named, *[1] * (len(problem.rows) - len(named))], (), self.clock)
        if isinstance(outcome, SeparatingPoint):
            return _Node(signs, outcome.homogeneous)
        self.problem = problem.with_cut(outcome.cut)
        return _Node(signs, None, self._number(outcome.codes))

    def _number(self, codes: SignedRows) -> int:
        """The number of a circuit, old or new."""
        if codes not in self.circuits:
            self.circuits.append(codes)
        return self.circuits.index(codes)


def _refutes(codes: SignedRows, signs: Sequence[int]) -> bool:
    """Whether a circuit's units have the signs that it shows to be impossible; rows of the domain always have them."""
    return all(signs[abs(code) - 1] * code < 0 for code in codes if abs(code) <= len(signs))
