"""The engine sign-split: injectivity by the criterion T1 of `docs/mathematics.md`, with early termination.

A layer is injective on K exactly if at every point of the interior of K the active rows span R^n. The
search splits K by signs of rows. It goes on below a node only where a collision can be left: the rows P
known to be nonnegative do not span, and no circuit contradicts the signs. At such a node either some
point has every row outside span(P) negative, which is a collision, or a circuit says that one of a few
rows without a sign is nonnegative, and the node splits there. Each split adds to the rank of P, so the
depth is at most n; the cost is about ``sum_{d < n} C(n + d, d)`` nodes for rows in general position and
up to 2^n for ``[B; -DB]``, whose 2^n wedges have nothing in common.

The compiled kernel searches and proves; this file answers in rationals what it cannot prove, watches
the clock, and turns the outcome into evidence (`docs/certificates.md`, rule ``sign-split``).
"""

from __future__ import annotations

import numpy as np

from exactinj.alternatives.exact_program import SeparatingPoint
from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.alternatives.signed_rows import (
    SignedRows,
    circuit_or_point,
    is_circuit,
    rounded_cut_for,
)
from exactinj.cells.stream import new_program, proposed_codes, with_new_rows
from exactinj.certificates.collision import Collision
from exactinj.certificates.sign_split import SignSplitTree, compact_sign_split
from exactinj.certificates.supports import SupportTable
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.growing import GrowingTable
from exactinj.injectivity.tree_state import first_quotients
from exactinj.kernels import signs as kernel
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["SignSplitEngine"]

WORK_PER_CALL = 5_000_000  # a few hundredths of a second of the kernel between two looks at the clock
ROOM_FOR_CIRCUITS = 4 * kernel.POOL_SCAN  # between two times that they are put aside, with those that are scanned
ROOM_FOR_TOKENS = 4096


class SignSplitEngine(Engine):
    """Unconditional decision by splitting the domain by signs of rows."""

    name = "sign-split"

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        if problem.rank_of(range(problem.m)) < problem.dimension:
            reason = f"the rows of W have rank below n = {problem.dimension}, so W has a null vector"
            pair = _collision_without_rank(problem, clock)
            return Answer(Verdict.NOT_INJECTIVE, reason, pair, Statistics(seconds=clock.worked))
        for prime in kernel.PRIMES:
            try:
                return _Search(problem, prime, clock).run()
            except _UnluckyPrimeError:
                continue
        return Answer(
            Verdict.UNKNOWN,
            "the integer rows are dependent modulo each of the search's primes without being dependent; "
            "scale or perturb the rows, or use another engine",
        )


class _UnluckyPrimeError(Exception):
    """Rows outside the span of the path look inside modulo the prime, and a circuit needs one of them."""


def _collision_without_rank(problem: HomogeneousProblem, clock: Clock) -> Collision:
    """Any interior point with a null vector of W."""
    signs = [0] * problem.m + [1] * (len(problem.rows) - problem.m)
    point = circuit_or_point(problem, signs, (), clock)
    pair = collision_at(problem, point.homogeneous) if isinstance(point, SeparatingPoint) else None
    if pair is None:
        raise InternalError("no collision found although W has a null vector; please report this")
    return pair


class _Search:
    """One run of the kernel; mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, prime: int, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self.state = _new_state(problem, prime)
        self.supports = GrowingTable(problem.columns + 1)
        self.tokens = GrowingTable(1, np.int32)
        self.circuit_numbers: dict[SignedRows, int] = {}
        self.proven_in_rationals = 0
        self.collision: Collision | None = None
        self.cut_at = -1  # the number of nodes when the last rounded cut was tried

    def run(self) -> Answer:
        try:
            while self.collision is None:
                self.clock.check()
                self.clock.report(f"{self._cursor(kernel.NODES):,} nodes, {self._explored():.1%} of the tree closed")
                request = kernel.split(self.state, self.state.work + WORK_PER_CALL, self.clock)
                if request == kernel.DONE:
                    reason = "the active rows span in every wedge"
                    return Answer(Verdict.INJECTIVE, reason, self._tree(), self._statistics())
                self._serve(request)
        except OutOfTimeError:
            stats = self._statistics()
            reason = f"out of time after {stats.nodes:,} nodes with {stats.explored:.1%} of the tree closed"
            return Answer(Verdict.TIMED_OUT, f"{reason}; give a longer --timeout", None, stats)
        reason = "two different inputs have exactly the same output"
        return Answer(Verdict.NOT_INJECTIVE, reason, self.collision, self._statistics())

    def _serve(self, request: int) -> None:
        """Do what the kernel asked for."""
        if request == kernel.WANT_ROOM:
            self._put_aside(kernel.POOL_SCAN)
        elif request == kernel.WANT_POINT_CHECK:
            proposed = self.problem.exact_point(self.state.program.point.tolist())
            self.collision = collision_at(self.problem, proposed)
            self.state.cursor[kernel.POINT_CHECKED] = 1
        elif request == kernel.WANT_CIRCUIT:
            self._settle_circuit()
        elif request == kernel.DEPENDENT:
            raise _UnluckyPrimeError

    def _settle_circuit(self) -> None:
        """Find a circuit for the current node in rationals, or a collision; on a ball try a rounded cut first."""
        program = self.state.program
        codes = proposed_codes(program)
        if self._is_proven(codes):
            self.proven_in_rationals += 1
            self._give(codes)
            return
        signs = np.sign(program.status).tolist()
        if self.problem.ball is not None and self.cut_at != self._cursor(kernel.NODES):
            self.cut_at = self._cursor(kernel.NODES)
            cut = rounded_cut_for(self.problem, signs)
            if cut is not None:
                self._add(cut)
                return
        self.proven_in_rationals += 1
        outcome = circuit_or_point(self.problem, signs, program.basis.tolist(), self.clock)
        if isinstance(outcome, SeparatingPoint):
            self.collision = collision_at(self.problem, outcome.homogeneous)
            if self.collision is None:
                raise _UnluckyPrimeError
            return
        self._add(outcome.cut)
        if not self._is_proven(outcome.codes):
            raise InternalError("the exact program's circuit failed its check; please report this")
        self._give(outcome.codes)

    def _add(self, cut: IntegerRow | None) -> None:
        """Go on with a cut, if there is one."""
        self.problem = self.problem.with_cut(cut)
        self.state = self.state._replace(program=with_new_rows(self.state.program, self.problem))

    def _is_proven(self, codes: SignedRows) -> bool:
        return bool(codes) and (codes in self.circuit_numbers or is_circuit(self.problem, codes))

    def _give(self, codes: SignedRows) -> None:
        """Hand the circuit to the kernel for the current node."""
        state = self.state
        layer_size = sum(abs(code) <= self.problem.m for code in codes)
        if codes not in self.circuit_numbers:
            place = self._cursor(kernel.POOL)
            self.circuit_numbers[codes] = self._found()
            state.supports[place, : len(codes)] = codes
            state.sizes[place] = len(codes)
            state.refuter_sizes[place] = layer_size
            state.cursor[kernel.POOL] += 1
        state.given[: len(codes)] = codes
        state.cursor[kernel.GIVEN], state.cursor[kernel.GIVEN_SIZE] = self.circuit_numbers[codes] + 1, layer_size

    def _put_aside(self, kept: int) -> None:
        """Take tokens and circuits out of the kernel's arrays, but for the last circuits, which it looks at again."""
        state, count = self.state, self._cursor(kernel.POOL)
        old = max(count - kept, 0)
        supports = state.supports[:old]
        supports[np.arange(supports.shape[1]) >= state.sizes[:old, None]] = 0
        self.supports.append(supports)
        for array in (state.supports, state.sizes, state.refuter_sizes):
            array[: count - old] = array[old:count].copy()
        state.cursor[kernel.FIRST] += old
        state.cursor[kernel.POOL] -= old
        self.tokens.append(state.tokens[: self._cursor(kernel.TOKENS), None])
        state.cursor[kernel.TOKENS] = 0

    def _found(self) -> int:
        """The number of circuits so far."""
        return self._cursor(kernel.FIRST) + self._cursor(kernel.POOL)

    def _cursor(self, field: int) -> int:
        return int(self.state.cursor[field])

    def _tree(self) -> SignSplitTree:
        self._put_aside(0)
        supports = SupportTable(self.supports.whole())
        return compact_sign_split(supports, self.tokens.whole()[:, 0], self.problem.proof_rows)

    def _explored(self) -> float:
        """The closed part of the tree if all children of a node weighed the same."""
        explored, share = 0.0, 1.0
        for depth in range(self._cursor(kernel.DEPTH)):
            children = int(self.state.node_sizes[depth])
            explored += share * (int(self.state.node_position[depth]) - 1) / children
            share /= children
        return explored if self._cursor(kernel.DEPTH) >= 0 else 1.0

    def _statistics(self) -> Statistics:
        return Statistics(
            nodes=self._cursor(kernel.NODES),
            refuters=self._found(),
            proven_in_rationals=self.proven_in_rationals,
            pivots=int(self.state.program.counts[kernel.PIVOTS]),
            explored=self._explored(),
            seconds=self.clock.worked,
        )


def _new_state(problem: HomogeneousProblem, prime: int) -> kernel.Splitting:
    """A search at its root, without circuits."""
    m, n, columns = problem.m, problem.dimension, problem.columns
    cursor = np.zeros(kernel.CURSOR_SIZE, dtype=np.int64)
    cursor[kernel.PRIME], cursor[kernel.STAGE], cursor[kernel.BUDGET] = prime, kernel.STAGE_BEGIN, -1
    state = kernel.Splitting(
        program=new_program(problem),
        quotients=first_quotients(problem.weights_of(range(m)), prime),
        path=np.zeros(n, dtype=np.int64),
        closure=np.zeros((n + 1, m), dtype=np.uint8),
        excluded=np.zeros(m, dtype=np.int64),
        node_codes=np.zeros((n, columns + 1), dtype=np.int32),
        node_sizes=np.zeros(n, dtype=np.int64),
        node_position=np.zeros(n, dtype=np.int64),
        supports=np.zeros((ROOM_FOR_CIRCUITS, columns + 1), dtype=np.int32),
        sizes=np.zeros(ROOM_FOR_CIRCUITS, dtype=np.int32),
        refuter_sizes=np.zeros(ROOM_FOR_CIRCUITS, dtype=np.int32),
        given=np.zeros(columns + 1, dtype=np.int32),
        tokens=np.zeros(ROOM_FOR_TOKENS, dtype=np.int32),
        cursor=cursor,
    )
    state.closure[0] = ~state.quotients[0].any(axis=0)
    return state
