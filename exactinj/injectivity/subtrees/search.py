"""The search of the engine sign-split, over the whole tree or below some of its nodes.

The compiled kernel searches and proves (`kernels/signs.py`); `SubtreeSearch` answers in rationals what it cannot prove,
watches the clock, and takes circuits and tokens out of its arrays as they come.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow
from exactinj.injectivity.growing import GrowingTable
from exactinj.injectivity.subtrees.nodes import ROOT, Node
from exactinj.injectivity.subtrees.part import OPEN, Part
from exactinj.injectivity.tree_state import first_quotients
from exactinj.kernels import signs as kernel
from exactinj.kernels.recent import POOL_SCAN, empty_ring, words_for
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics

__all__ = ["PRIMES", "SubtreeSearch", "UnluckyPrimeError"]

PRIMES = kernel.PRIMES
WORK_PER_CALL = 5_000_000  # a few hundredths of a second of the kernel between two looks at the clock
ROOM_FOR_CIRCUITS = 4 * POOL_SCAN  # between two times that they are put aside, with those that are scanned
ROOM_FOR_TOKENS = 4096
NO_BUDGET = -1


class UnluckyPrimeError(Exception):
    """Rows outside the span of the path look inside modulo the prime, and a circuit needs one of them."""


class SubtreeSearch:
    """A run of the kernel over one node after the other; mutable. Each begins with the circuits of those before it.

    collision : what was found; the search is over then
    open : the nodes that are left, in preorder: none once all is done
    """

    def __init__(self, problem: HomogeneousProblem, prime: int, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self.state = _new_state(problem, prime)
        self.supports = GrowingTable(problem.columns + 1)
        self.tokens = GrowingTable(1, np.int32)
        self.circuit_numbers: dict[SignedRows, int] = {}
        self.proven_in_rationals = 0
        self.collision: Collision | None = None
        self.open: list[Node] = []
        self.cut_at = -1  # the number of nodes when the last rounded cut was tried

    def run(self, nodes: Sequence[Node] = (ROOT,), budget: int = NO_BUDGET) -> None:
        """Search below the nodes, until a collision is found or so many nodes in all were seen.

        Raises `OutOfTimeError`, with `open` as it is then, and `UnluckyPrimeError`.
        """
        self.state.cursor[kernel.BUDGET] = budget
        for k, node in enumerate(nodes):
            self.open = [*nodes[k:]]
            self._begin(node)
            try:
                is_done = self._finish()
            except OutOfTimeError:
                self.open = [*self._left_below(node), *nodes[k + 1 :]]
                raise
            if self.collision is not None:
                return
            if not is_done:
                self.open = [*self._left_below(node), *nodes[k + 1 :]]
                return
        self.open = []

    def expand(self, node: Node) -> tuple[int, list[Node]]:
        """The token of one node, and its children; a collision may be found instead."""
        self.run((node,), self.nodes + 1)
        return int(self.state.tokens[self._cursor(kernel.TOKENS) - 1]), self.open

    def part(self) -> Part:
        """What was found so far, in preorder, with a place for every open node behind it; the search ends with it."""
        self._put_aside(0)
        self.tokens.append(np.full((len(self.open), 1), OPEN, dtype=np.int32))
        first = len(self.problem.first_rows)
        return Part(
            supports=self.supports.whole(),
            tokens=self.tokens.whole()[:, 0],
            open=tuple(self.open),
            cuts=self.problem.rows[first:],
            stats=self.statistics(),
        )

    @property
    def nodes(self) -> int:
        """The number of nodes so far."""
        return self._cursor(kernel.NODES)

    def _begin(self, node: Node) -> None:
        state, depth = self.state, len(node.path)
        state.path[:depth] = node.path
        state.excluded[:] = 0
        state.excluded[list(node.excluded)] = 1  # no node below has this mark, which it would take back
        state.cursor[kernel.ROOT], state.cursor[kernel.STAGE] = depth, kernel.STAGE_BEGIN
        state.cursor[kernel.DEPTH] = depth

    def _finish(self) -> bool:
        """Whether all below the node is done: neither a collision was found nor the budget spent."""
        while self.collision is None:
            self.clock.check()
            self.clock.report(f"{self.nodes:,} nodes, {self.explored():.1%} of the tree closed")
            request = kernel.split(self.state, self.state.work + WORK_PER_CALL, self.clock)
            if request in (kernel.DONE, kernel.SPENT):
                return bool(request == kernel.DONE)
            self._serve(request)
        return False

    def _left_below(self, root: Node) -> list[Node]:
        """The node where the search is and, behind it, the open children of those above it, from below to above."""
        above, left, node = self._cursor(kernel.DEPTH), [], root
        for depth in range(len(root.path), above):
            codes = self.state.node_codes[depth, : self.state.node_sizes[depth]].tolist()
            rows = [code - 1 for code in codes if code > 0 and code - 1 not in node.excluded]
            current = rows.index(int(self.state.path[depth]))
            node, *siblings = node.children(rows, current, self.problem.dimension)
            left.append(siblings)
        return [node, *(sibling for siblings in reversed(left) for sibling in siblings)]

    def _serve(self, request: int) -> None:
        """Do what the kernel asked for."""
        if request == kernel.WANT_ROOM:
            self._put_aside(POOL_SCAN)
        elif request == kernel.WANT_POINT_CHECK:
            proposed = self.problem.exact_point(self.state.program.point.tolist())
            self.collision = collision_at(self.problem, proposed)
            self.state.cursor[kernel.POINT_CHECKED] = 1
        elif request == kernel.WANT_CIRCUIT:
            self._settle_circuit()
        elif request == kernel.DEPENDENT:
            raise UnluckyPrimeError

    def _settle_circuit(self) -> None:
        """Find a circuit for the current node in rationals, or a collision; on a ball try a rounded cut first."""
        program = self.state.program
        codes = proposed_codes(program)
        if self._is_proven(codes):
            self.proven_in_rationals += 1
            self._give(codes)
            return
        signs = np.sign(program.status).tolist()
        if self.problem.ball is not None and self.cut_at != self.nodes:
            self.cut_at = self.nodes
            cut = rounded_cut_for(self.problem, signs)
            if cut is not None:
                self._add(cut)
                return
        self.proven_in_rationals += 1
        outcome = circuit_or_point(self.problem, signs, program.basis.tolist(), self.clock)
        if isinstance(outcome, SeparatingPoint):
            self.collision = collision_at(self.problem, outcome.homogeneous)
            if self.collision is None:
                raise UnluckyPrimeError
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

    def explored(self) -> float:
        """The closed part of the present subtree if all children of a node weighed the same."""
        explored, share = 0.0, 1.0
        for depth in range(self._cursor(kernel.ROOT), self._cursor(kernel.DEPTH)):
            children = int(self.state.node_sizes[depth])
            explored += share * (int(self.state.node_position[depth]) - 1) / children
            share /= children
        return explored if self._cursor(kernel.DEPTH) >= self._cursor(kernel.ROOT) else 1.0

    def statistics(self) -> Statistics:
        return Statistics(
            nodes=self.nodes,
            refuters=self._found(),
            proven_in_rationals=self.proven_in_rationals,
            pivots=int(self.state.program.counts[kernel.PIVOTS]),
            explored=self.explored(),
            seconds=self.clock.worked,
        )


def _new_state(problem: HomogeneousProblem, prime: int) -> kernel.Splitting:
    """A search at its root, without circuits."""
    m, n, columns = problem.m, problem.dimension, problem.columns
    cursor = np.zeros(kernel.CURSOR_SIZE, dtype=np.int64)
    cursor[kernel.PRIME] = prime
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
        ring=empty_ring(2 * words_for(m)),
        barred=np.zeros(2 * words_for(m), dtype=np.int64),
        free=np.zeros(words_for(m), dtype=np.int64),
        given=np.zeros(columns + 1, dtype=np.int32),
        tokens=np.zeros(ROOM_FOR_TOKENS, dtype=np.int32),
        cursor=cursor,
    )
    state.closure[0] = ~state.quotients[0].any(axis=0)
    return state
