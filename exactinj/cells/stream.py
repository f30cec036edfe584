"""Every wedge of a layer, in batches: the caller of the compiled enumeration.

Each wedge comes with a point that proves it is there: floats whose signs are certain, or a rational
point where floats cannot tell. That none is missing is proved by a circuit at every side that is not
entered: by an error bound in the kernel, or in rationals here. Memory does not grow with the number of
wedges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.exact_program import SeparatingPoint
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.alternatives.signed_rows import SignedRows, circuit_or_point, is_circuit
from exactinj.cells.arrangement import Arrangement
from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow, integer_rank
from exactinj.kernels import enumeration as kernel
from exactinj.work.clock import Clock

__all__ = ["WedgeBatch", "new_program", "proposed_codes", "wedge_batches", "with_new_rows"]

BATCH = 4096
RING = 48  # circuits kept for each side of each hyperplane
WORK_PER_CALL = 20_000_000
WITNESSES = 64  # rational points that are remembered, with their signs
MOST_PROVEN = 100_000  # circuits proved in rationals that are remembered
SUPPORT_WEIGHT = 1e-9  # float weights above it are proposed as a circuit; exact arithmetic decides


@dataclass(frozen=True)
class WedgeBatch:
    """Some wedges.

    active : (k, m) bool, the active rows; ranks : (k,) int64, their ranks, exact
    points : (k, N) float64, homogeneous interior points in the scaled coordinates of the kernel
    exact_points : homogeneous integer points for the wedges in which no float point is certain
    """

    arrangement: Arrangement
    active: NDArray[np.bool_]
    points: NDArray[np.float64]
    ranks: NDArray[np.int64]
    exact_points: dict[int, IntegerRow] = field(default_factory=dict)


def wedge_batches(arrangement: Arrangement, clock: Clock | None = None) -> Iterator[WedgeBatch]:
    """All wedges that meet the interior of the domain, each exactly once."""
    if arrangement.problem is None:
        active = arrangement.active_rows(np.zeros((1, 0), dtype=np.bool_))
        yield WedgeBatch(arrangement, active, np.zeros((1, 0)), np.zeros(1, dtype=np.int64))
        return
    yield from _Enumerator(arrangement, arrangement.problem, clock or Clock()).batches()


def new_program(problem: HomogeneousProblem) -> kernel.Program:
    """The linear program of a problem at its artificial basis; only the domain's rows have signs."""
    rows, _ = problem.equilibrated
    count, columns = rows.shape
    status = np.zeros(count, dtype=np.int8)
    status[problem.m :] = kernel.NEGATIVE
    return kernel.Program(
        rows=np.ascontiguousarray(rows),
        columns=np.ascontiguousarray(rows.T),
        status=status,
        basis=count + 1 + np.arange(columns + 1, dtype=np.int64),
        inverse=np.eye(columns + 1),
        point=np.zeros(columns),
        weights=np.zeros(count),
        counts=np.zeros(kernel.PROGRAM_COUNTS, dtype=np.int64),
    )


def with_new_rows(program: kernel.Program, problem: HomogeneousProblem) -> kernel.Program:
    """The same program after the problem got more rows of its domain at its end: artificial columns move up."""
    rows, _ = problem.equilibrated
    count = program.status.size
    added = len(rows) - count
    if not added:
        return program
    program.basis[program.basis > count] += added
    return program._replace(
        rows=np.ascontiguousarray(rows),
        columns=np.ascontiguousarray(rows.T),
        status=np.concatenate([program.status, np.full(added, kernel.NEGATIVE, dtype=np.int8)]),
        weights=np.concatenate([program.weights, np.zeros(added)]),
    )


def proposed_codes(program: kernel.Program) -> SignedRows:
    """The circuit that the kernel's weights suggest."""
    weights = program.weights
    rows = np.flatnonzero(np.abs(weights) > SUPPORT_WEIGHT).tolist()
    return tuple(i + 1 if weights[i] > 0 else -i - 1 for i in rows)


class _Enumerator:
    """One run of the kernel; mutable, used once."""

    def __init__(self, arrangement: Arrangement, problem: HomogeneousProblem, clock: Clock) -> None:
        self.arrangement = arrangement
        self.problem = problem
        self.clock = clock
        self.proven: set[SignedRows] = set()
        self.witnesses: deque[tuple[NDArray[np.int8], SeparatingPoint]] = deque(maxlen=WITNESSES)
        self.state = _new_state(arrangement, problem)

    def batches(self) -> Iterator[WedgeBatch]:
        while True:
            self.clock.check()
            request = kernel.enumerate_wedges(self.state, self.state.work + WORK_PER_CALL, self.clock)
            if request == kernel.WANT_SIDE:
                self._settle_side()
            elif request == kernel.NO_SIDE:
                raise InternalError("both sides of a hyperplane were proved empty; please report this")
            elif request in (kernel.WANT_ROOM, kernel.DONE):
                if self.state.cursor[kernel.EMITTED]:
                    yield self._batch()
                if request == kernel.DONE:
                    return

    def _settle_side(self) -> None:
        """Decide in rationals whether the side that the kernel looks at is empty."""
        program = self.state.program
        codes = proposed_codes(program)
        if not self._is_proven(codes):
            outcome = self._witness(program.status) or circuit_or_point(
                self.problem, program.status.tolist(), program.basis.tolist(), self.clock
            )
            if isinstance(outcome, SeparatingPoint):
                self._remember_point(outcome)
                program.point[:] = self.problem.scaled(outcome.homogeneous)
                self.state.cursor[kernel.GIVEN] = kernel.GIVEN_POINT
                return
            codes = outcome.codes
            if not self._is_proven(codes):
                raise InternalError("the exact program's circuit failed its check; please report this")
        self._remember(codes)
        self.state.cursor[kernel.GIVEN] = kernel.GIVEN_EMPTY

    def _witness(self, status: NDArray[np.int8]) -> SeparatingPoint | None:
        """A remembered rational point with the signs, if there is one."""
        assigned = status != kernel.UNKNOWN
        for signs, point in self.witnesses:
            if np.array_equal(signs[assigned], status[assigned]):
                return point
        return None

    def _remember_point(self, point: SeparatingPoint) -> None:
        signs = [(value < 0) - (value > 0) for value in self.problem.values_at(point.homogeneous)]
        self.witnesses.appendleft((np.array(signs, dtype=np.int8), point))

    def _is_proven(self, codes: SignedRows) -> bool:
        """Whether these signed rows contradict each other; remembers what was proved."""
        if codes not in self.proven:
            if not codes or not is_circuit(self.problem, codes):
                return False
            if len(self.proven) >= MOST_PROVEN:
                self.proven.clear()
            self.proven.add(codes)
        return True

    def _remember(self, codes: SignedRows) -> None:
        """Hand the circuit to the kernel, which may use it again."""
        depth = int(self.state.cursor[kernel.DEPTH])
        masks = {1: np.zeros_like(self.state.plus), -1: np.zeros_like(self.state.plus)}
        for code in codes:
            i = abs(code) - 1
            if i < self.problem.m and i != depth:
                masks[-1 if code > 0 else 1][i >> 6] |= np.uint64(1 << (i & 63))
        kernel.remember_both(self.state, depth, -int(self.state.program.status[depth]), masks[1], masks[-1])

    def _batch(self) -> WedgeBatch:
        """Empty the kernel's buffer; ranks below n and missing points are settled exactly."""
        state, arrangement = self.state, self.arrangement
        count = int(state.cursor[kernel.EMITTED])
        state.cursor[kernel.EMITTED] = 0
        bits = np.unpackbits(state.out_plus[:count].view(np.uint8), axis=1, count=arrangement.count, bitorder="little")
        nonnegative = bits.astype(np.bool_)
        active = arrangement.active_rows(nonnegative)
        ranks = state.out_ranks[:count].copy()
        width = self.problem.dimension
        most = np.minimum(active[:, arrangement.hyperplane >= 0].sum(axis=1), width)
        weights = [row[:width] for row in self.problem.rows]
        for k in np.flatnonzero(ranks < most):
            ranks[k] = integer_rank([weights[i] for i in set(arrangement.hyperplane[active[k]].tolist()) if i >= 0])
        exact = {int(k): self._exact_point(nonnegative[k]) for k in np.flatnonzero(state.out_has_point[:count] == 0)}
        return WedgeBatch(arrangement, active, state.out_points[:count].copy(), ranks, exact)

    def _exact_point(self, nonnegative: NDArray[np.bool_]) -> IntegerRow:
        signs = np.full(len(self.problem.rows), kernel.NEGATIVE, dtype=np.int8)
        signs[: nonnegative.size][nonnegative] = kernel.NONNEGATIVE
        outcome = self._witness(signs) or circuit_or_point(self.problem, signs.tolist(), (), self.clock)
        if not isinstance(outcome, SeparatingPoint):
            raise InternalError("a wedge has no interior point; please report this")
        return outcome.homogeneous


def _new_state(arrangement: Arrangement, problem: HomogeneousProblem) -> kernel.Enumeration:
    """The enumeration at its root, with empty rings and an empty buffer."""
    count, n, columns = problem.m, problem.dimension, problem.columns
    words = (count + 63) // 64
    prime = kernel.PRIMES[0]
    cursor = np.zeros(kernel.CURSOR_SIZE, dtype=np.int64)
    cursor[kernel.IS_SYMMETRIC] = len(problem.rows) == count
    return kernel.Enumeration(
        program=new_program(problem),
        residues=np.array([[value % prime for value in row[:n]] for row in problem.rows[:count]], dtype=np.int64),
        adds_active=arrangement.adds_active(),
        echelon=np.zeros((n, n), dtype=np.int64),
        pivots=np.zeros(n, dtype=np.int64),
        ranks=np.zeros(count + 1, dtype=np.int64),
        points=np.zeros((count + 1, columns)),
        has_point=np.zeros(count + 1, dtype=np.uint8),
        stage=np.zeros(count, dtype=np.int8),
        seen=np.zeros(count, dtype=np.int8),
        emptied=np.zeros(count, dtype=np.uint8),
        plus=np.zeros(words, dtype=np.uint64),
        minus=np.zeros(words, dtype=np.uint64),
        known_plus=np.zeros((2 * count, RING, words), dtype=np.uint64),
        known_minus=np.zeros((2 * count, RING, words), dtype=np.uint64),
        known=np.zeros(2 * count, dtype=np.int64),
        out_plus=np.zeros((BATCH, words), dtype=np.uint64),
        out_points=np.zeros((BATCH, columns)),
        out_has_point=np.zeros(BATCH, dtype=np.uint8),
        out_ranks=np.zeros(BATCH, dtype=np.int64),
        cursor=cursor,
    )
