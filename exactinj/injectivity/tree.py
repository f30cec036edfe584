"""The tree engine: depth-first search over flats with refuters (T4 of `docs/mathematics.md`).

The compiled kernel runs the search and proves most steps itself; this file gives it its data,
answers in rationals what it cannot prove, watches the clock, and turns the outcome into evidence.
Cost: about ``sum_{d < n} C(n + d, d)`` nodes for rows in general position, whatever m is.

References: V. Froese, M. Grillo, M. Skutella, arXiv 2405.19805 (branching over the rows of a
positive dependency); sibling exclusion and the reuse of refuters are this project's.
"""

from __future__ import annotations

from math import comb

import numpy as np

from exactinj.alternatives.exact_program import SeparatingPoint, refuter_or_point, rounded_cut
from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.certificates.flat_tree import FlatTree, compact_tree
from exactinj.certificates.supports import SupportTable
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.tree_state import grown, new_state, store_refuter, with_new_rows
from exactinj.kernels import flats as kernel
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["TreeEngine"]

WORK_PER_CALL = 5_000_000  # a few hundredths of a second of the kernel between two looks at the clock
SUPPORT_WEIGHT = 1e-9  # float weights above it are proposed as a support; exact arithmetic decides


class TreeEngine(Engine):
    """Unconditional decision by a search tree over flats."""

    name = "tree"

    def __init__(self, most_nodes: int | None = None) -> None:
        """Give up with ``unknown`` after `most_nodes` nodes, or never."""
        self.most_nodes = most_nodes

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        if problem.rank_of(range(problem.m)) < problem.dimension:
            return Answer(
                Verdict.NOT_INJECTIVE,
                f"the rows of W have rank below n = {problem.dimension}, so W has a null vector",
                _collision_without_rank(problem, clock),
                Statistics(seconds=clock.worked),
            )
        for prime in kernel.PRIMES:
            try:
                return _Search(problem, prime, clock, self.most_nodes).run()
            except _UnluckyPrimeError:
                continue
        return Answer(
            Verdict.UNKNOWN,
            "the integer rows are dependent modulo each of the search's primes without being dependent; "
            "scale or perturb the rows, or use another engine",
        )


def _expected_nodes(levels: int, free: int) -> int:
    """Nodes below a child when refuters have `free` rows left: T(r, f) = 1 + sum_j T(r - 1, f - j)."""
    return comb(free + levels - 1, levels - 1)


class _UnluckyPrimeError(Exception):
    """Rows that are independent look dependent modulo the prime, and a refuter needs one of them."""


def _collision_without_rank(problem: HomogeneousProblem, clock: Clock) -> Collision:
    """Any interior point with a null vector of W."""
    inside = [i >= problem.m for i in range(len(problem.rows))]
    point = refuter_or_point(problem, inside, (), clock)
    pair = collision_at(problem, point.homogeneous) if isinstance(point, SeparatingPoint) else None
    if pair is None:
        raise InternalError("no collision found although W has a null vector; please report this")
    return pair


class _Search:
    """One run of the kernel; mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, prime: int, clock: Clock, most_nodes: int | None) -> None:
        self.problem = problem
        self.most_nodes = most_nodes
        self.clock = clock
        self.state = new_state(problem, prime)
        self.refuter_numbers: dict[tuple[int, ...], int] = {}
        self.proven_in_rationals = 0
        self.collision: Collision | None = None
        self.cut_at = -1  # the number of nodes when the last rounded cut was tried

    def run(self) -> Answer:
        try:
            while self.collision is None:
                self.clock.check()
                self.clock.report(f"{self._cursor(kernel.NODES):,} nodes, {self._explored():.1%} of the tree closed")
                request = kernel.search(self.state, self._cursor(kernel.WORK) + WORK_PER_CALL, self.clock)
                if request == kernel.DONE:
                    reason = "every flat is refuted by a positive dependency"
                    return Answer(Verdict.INJECTIVE, reason, self._tree(), self._statistics())
                self._serve(request)
                if self.most_nodes is not None and self._cursor(kernel.NODES) > self.most_nodes:
                    return self._unfinished(Verdict.UNKNOWN, "gave up")
        except OutOfTimeError:
            return self._unfinished(Verdict.TIMED_OUT, "out of time")
        return Answer(
            Verdict.NOT_INJECTIVE,
            "two different inputs have exactly the same output",
            self.collision,
            self._statistics(),
        )

    def _unfinished(self, verdict: Verdict, what: str) -> Answer:
        stats = self._statistics()
        reason = f"{what} after {stats.nodes:,} nodes with {stats.explored:.1%} of the tree closed"
        return Answer(verdict, reason, None, stats)

    def _serve(self, request: int) -> None:
        """Do what the kernel asked for."""
        if request in (kernel.WANT_POOL, kernel.WANT_TOKENS):
            self.state = grown(self.state)
        elif request == kernel.WANT_MEMBERSHIP:
            self._settle_membership()
        elif request == kernel.WANT_POINT_CHECK:
            self.collision = collision_at(self.problem, self.problem.exact_point(self.state.point.tolist()))
            self.state.cursor[kernel.POINT_CHECKED] = 1
        elif request == kernel.WANT_REFUTER:
            self._settle_refuter()

    def _settle_membership(self) -> None:
        """Is the candidate row in the span of the path? Modulo the prime it is."""
        self.proven_in_rationals += 1
        depth, row = self._cursor(kernel.DEPTH) + 1, self._cursor(kernel.CANDIDATE)
        if self.problem.spans(self._path(depth), row):
            self.state.cursor[kernel.CONFIRMED] = row
        else:
            self.state.closure[depth, row] = 2

    def _settle_refuter(self) -> None:
        """Find a refuter for the current node in rationals, or a collision; on a ball try a rounded cut first."""
        outside = self.state.closure[self._cursor(kernel.DEPTH)] == 0
        allowed = [*outside.tolist(), *[True] * (len(self.problem.rows) - self.problem.m)]
        support = tuple(np.flatnonzero(self.state.weights > SUPPORT_WEIGHT).tolist())
        if all(allowed[i] for i in support) and self._is_refuter(support):
            self.proven_in_rationals += 1
            self._give(support)
            return
        if self.problem.ball is not None and self.cut_at != self._cursor(kernel.NODES):
            self.cut_at = self._cursor(kernel.NODES)
            cut = rounded_cut(self.problem, allowed)
            if cut is not None:
                self._add(cut)
                return
        self.proven_in_rationals += 1
        outcome = refuter_or_point(self.problem, allowed, (self.state.basis - 1).tolist(), self.clock)
        if isinstance(outcome, SeparatingPoint):
            self.collision = collision_at(self.problem, outcome.homogeneous)
            if self.collision is None:
                raise _UnluckyPrimeError
            return
        self._add(outcome.cut)
        if not self._is_refuter(outcome.support):
            raise InternalError("the exact program's refuter failed its check; please report this")
        self._give(outcome.support)

    def _add(self, cut: IntegerRow | None) -> None:
        """Go on with a cut, if there is one."""
        self.problem = self.problem.with_cut(cut)
        self.state = with_new_rows(self.state, self.problem)

    def _is_refuter(self, support: tuple[int, ...]) -> bool:
        return bool(support) and (support in self.refuter_numbers or self.problem.is_refuter(support))

    def _give(self, support: tuple[int, ...]) -> None:
        """Hand the refuter to the kernel for the current node."""
        if support not in self.refuter_numbers:
            self.refuter_numbers[support] = self._cursor(kernel.POOL)
            self.state = store_refuter(self.state, self.problem, support)
        self.state.cursor[kernel.GIVEN] = self.refuter_numbers[support]

    def _path(self, depth: int) -> list[int]:
        return [int(i) for i in self.state.path[:depth]]

    def _cursor(self, field: int) -> int:
        return int(self.state.cursor[field])

    def _tree(self) -> FlatTree:
        state, count = self.state, self._cursor(kernel.POOL)
        supports = SupportTable.of(state.supports[:count] + 1, state.sizes[:count])
        return compact_tree(supports, state.tokens[: self._cursor(kernel.TOKENS)], self.problem.proof_rows)

    def _explored(self) -> float:
        """The closed part of the tree, if every subtree had the size that general position predicts."""
        explored, share = 0.0, 1.0
        for depth in range(self._cursor(kernel.DEPTH)):
            refuter = self.state.node_refuter[depth]
            rows = self.state.supports[refuter, : self.state.refuter_sizes[refuter]].tolist()
            current = int(self.state.path[depth])
            excluded = self.state.excluded
            free = [i for i in rows if i == current or excluded[i] == 0 or excluded[i] > depth]
            levels = self.problem.dimension - depth - 1
            sizes = [_expected_nodes(levels, len(free) - position) for position in range(len(free))]
            position = free.index(current)
            explored += share * sum(sizes[:position]) / sum(sizes)
            share *= sizes[position] / sum(sizes)
        return explored if self._cursor(kernel.DEPTH) >= 0 else 1.0

    def _statistics(self) -> Statistics:
        return Statistics(
            nodes=self._cursor(kernel.NODES),
            refuters=self._cursor(kernel.POOL),
            proven_in_rationals=self.proven_in_rationals,
            pivots=self._cursor(kernel.PIVOTS),
            explored=self._explored(),
            seconds=self.clock.worked,
        )
