"""kappa from below, for few inputs: best-first search over pairs of cells, each bound proved in rationals.

A node is a set of cells for x and one for y; rows on which all of a set agree have known signs, from which
`pair_relaxation` proves a bound. The node with the least bound is split by the signs of a row at x and at y, so that
the least bound of the nodes that are left is one of kappa^2 whenever the search ends.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.cells.arrangement import Arrangement
from exactinj.cells.stream import wedge_batches
from exactinj.domains import Box, NonnegativeOrthant, RealSpace
from exactinj.exact.numbers import fraction_of, nearest_float
from exactinj.lipschitz.pair_relaxation import PairRelaxation, Proved, Signs
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["OverPairs", "bound_over_pairs"]

Mask = NDArray[np.bool_]

MOST_CELLS = 10_000


@dataclass(frozen=True)
class OverPairs:
    """A lower bound of kappa^2; if it is not enough, the active rows, (m,) bool, of the two cells behind it."""

    at_least: Fraction
    cells: tuple[Mask, Mask] | None = None


@dataclass(frozen=True)
class _Node:
    x: Mask
    y: Mask
    signs: Signs
    proved: Proved


def bound_over_pairs(
    problem: HomogeneousProblem, least: Fraction, enough: Fraction, nodes: int, clock: Clock
) -> OverPairs:
    """A lower bound of kappa^2: `enough`, or the best one after so many nodes; 0 where there are too many cells.

    least : a lower bound of A
    """
    wider = _without_ball(problem)
    try:
        active = _cells(wider, clock)
    except OutOfTimeError:
        return OverPairs(Fraction(0))
    if active is None:
        return OverPairs(Fraction(0))
    relaxation = PairRelaxation(wider, least)
    square = fraction_of(relaxation.unit**2)
    found = _Search(active, relaxation, enough / square).run(nodes, clock)
    return OverPairs(found.at_least * square, found.cells)


def _without_ball(problem: HomogeneousProblem) -> HomogeneousProblem:
    """The problem on a cube around the ball or, if ``f(t x) = t f(x)``, on the cone that the domain spans."""
    domain, n = problem.domain, problem.dimension
    ball, is_nonnegative = domain.ball, bool(domain.halfspaces(n))
    if ball is None:
        return problem
    if not problem.is_affine:
        return HomogeneousProblem(problem.layer, NonnegativeOrthant() if is_nonnegative else RealSpace())
    middle = ball.interior_point(n)
    lower = [Fraction(0) if is_nonnegative else value - ball.radius for value in middle]
    return HomogeneousProblem(problem.layer, Box(lower, [value + ball.radius for value in middle]))


def _cells(problem: HomogeneousProblem, clock: Clock) -> Mask | None:
    """The active rows, (cells, m), of all cells; None if they are too many."""
    found: list[Mask] = []
    for batch in wedge_batches(Arrangement.of(problem.layer, problem.domain), clock):
        found.append(batch.active)
        if sum(map(len, found)) > MOST_CELLS:
            return None
    return np.concatenate(found)


class _Search:
    """Mutable, used once."""

    def __init__(self, active: Mask, relaxation: PairRelaxation, enough: Fraction) -> None:
        self.active, self.enough = active, enough
        self.relaxation = relaxation
        self.rows = np.array([[nearest_float(fraction_of(value)) for value in row] for row in self.relaxation.weights])
        self.moving = [i for i, row in enumerate(self.rows) if row.any()]
        self.numbers = count()
        self.heap: list[tuple[Fraction, int, _Node]] = []

    def run(self, nodes: int, clock: Clock) -> OverPairs:
        every = np.ones(len(self.active), dtype=np.bool_)
        self.push(every, every, Fraction(0))
        seen = 1
        while self.heap:
            known, _, node = heapq.heappop(self.heap)
            if seen >= nodes or clock.is_over:
                return self.stopped(known, node)
            row = self.row_for(node)
            if row is None:  # both cells are known
                if not self.is_improved(node):
                    return self.stopped(known, node)
                continue
            try:
                for x, y in self.children(node, row):
                    clock.check()
                    self.push(x, y, known)
                    seen += 1
            except OutOfTimeError:
                return self.stopped(known, node)
        return OverPairs(self.enough)

    def stopped(self, known: Fraction, node: _Node) -> OverPairs:
        """What is known, with the first cells of the worst node."""
        return OverPairs(known, (self.active[node.x][0], self.active[node.y][0]))

    def push(self, x: Mask, y: Mask, at_least: Fraction) -> None:
        """Prove a bound of a new node; one that reaches what is enough needs no more."""
        signs = Signs(*self.known(x), *self.known(y))
        proved = self.relaxation.at_least(signs)
        bound = max(at_least, proved.bound)
        if bound < self.enough:
            heapq.heappush(self.heap, (bound, next(self.numbers), _Node(x, y, signs, proved)))

    def is_improved(self, node: _Node) -> bool:
        """Whether a thorough look at two cells says more."""
        proved = self.relaxation.at_least(node.signs, is_thorough=True)
        if proved.bound <= node.proved.bound:
            return False
        if proved.bound < self.enough:
            heapq.heappush(self.heap, (proved.bound, next(self.numbers), replace(node, proved=proved)))
        return True

    def known(self, cells: Mask) -> tuple[frozenset[int], frozenset[int]]:
        """The rows that are active in all of the cells, and in none."""
        some = self.active[cells][:, self.moving]
        counts = some.sum(axis=0).tolist()
        on = (i for i, number in zip(self.moving, counts, strict=True) if number == len(some))
        return frozenset(on), frozenset(i for i, number in zip(self.moving, counts, strict=True) if not number)

    def row_for(self, node: _Node) -> int | None:
        """The row to split by: of those without a sign at x or y the one that would add most; None without any."""
        signs = node.signs
        open_rows = [i for i in self.moving if not (i in signs.x_on | signs.x_off and i in signs.y_on | signs.y_off)]
        if not open_rows:
            return None
        adds = {i: float(self.rows[i] @ node.proved.moments @ self.rows[i]) for i in open_rows}
        return max(open_rows, key=adds.__getitem__)

    def children(self, node: _Node, row: int) -> Iterator[tuple[Mask, Mask]]:
        """By the signs of the row at x and at y; a node that is the same for x and y needs only one mixed child."""
        on: Mask = self.active[:, row]
        off: Mask = ~on
        is_same = bool((node.x == node.y).all())
        for x_side, y_side in ((on, on), (on, off), (off, on), (off, off)):
            if is_same and x_side is not on and y_side is on:
                continue
            x, y = node.x & x_side, node.y & y_side
            if x.any() and y.any():
                yield x, y
