"""The compiled part of the enumeration of wedges.

`enumerate_wedges` assigns signs to the hyperplanes in order and visits every assignment that has a point: its leaves
are the wedges. A side of a hyperplane is left out only if a circuit proves it empty, and a leaf comes with a point
whose signs an error bound proves; what neither settles goes back to Python with a request code.

Cost per sign: about three simplex pivots of ``O(M N)`` and a proof of ``O(N^3)``, unless a recent circuit or the
parent's point settles it. Reference: M. Rada, M. Cerny, SIAM J. Discrete Math. 32 (2018), for the incremental
enumeration.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import DONE, PAUSED, Kernel, helper
from exactinj.kernels.modular import PRIMES, extend_echelon, reduce_modulo
from exactinj.kernels.points import has_signs, normalise, value_and_bound
from exactinj.kernels.simplex import (
    FOUND,
    NEGATIVE,
    NONNEGATIVE,
    OUT_OF_WORK,
    PROGRAM_COUNTS,
    SEPARATED,
    STALLED,
    UNKNOWN,
    WORK,
    Program,
    circuit_is_proven,
    propose_weights,
    solve_program,
)

__all__ = [
    "CURSOR_SIZE",
    "DEPTH",
    "DONE",
    "EMITTED",
    "GIVEN",
    "GIVEN_EMPTY",
    "GIVEN_POINT",
    "IS_SYMMETRIC",
    "NEGATIVE",
    "NONNEGATIVE",
    "NO_SIDE",
    "PAUSED",
    "PRIMES",
    "PROGRAM_COUNTS",
    "REUSED",
    "UNKNOWN",
    "VISITED",
    "WANT_ROOM",
    "WANT_SIDE",
    "WORK",
    "Enumeration",
    "Program",
    "enumerate_wedges",
    "remember_both",
]

# What `enumerate_wedges` returns if it wants something from the caller.
WANT_ROOM, WANT_SIDE, NO_SIDE = range(2, 5)

# Fields of `Enumeration.cursor`.
(DEPTH, GIVEN, EMITTED, IS_SYMMETRIC, REUSED, VISITED, CURSOR_SIZE) = range(7)
NOTHING, GIVEN_EMPTY, GIVEN_POINT = range(3)

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


class Enumeration(NamedTuple):
    """Arrays of `enumerate_wedges`; H hyperplanes are the first rows of the program.

    residues : (H, n) int64, their normals modulo the prime
    adds_active : (H, 2) uint8, whether a layer row is active on the negative, the nonnegative side
    echelon, pivots, ranks : the active rows so far in echelon form, and their rank at each depth
    points, has_point : (H + 1, N), (H + 1,) a point with the signs so far, if one is proven
    stage, seen, emptied : (H,) which side comes next, the side of the node's point, was a side empty
    plus, minus : (words,) uint64, bit masks of the nonnegative and of the negative hyperplanes
    known_plus, known_minus, known : rings of circuits that forbid a side of a hyperplane
    out_* : the wedges found since the caller emptied the buffer
    """

    program: Program
    residues: Integers
    adds_active: NDArray[np.uint8]
    echelon: Integers
    pivots: Integers
    ranks: Integers
    points: Floats
    has_point: NDArray[np.uint8]
    stage: NDArray[np.int8]
    seen: NDArray[np.int8]
    emptied: NDArray[np.uint8]
    plus: NDArray[np.uint64]
    minus: NDArray[np.uint64]
    known_plus: NDArray[np.uint64]
    known_minus: NDArray[np.uint64]
    known: Integers
    out_plus: NDArray[np.uint64]
    out_points: Floats
    out_has_point: NDArray[np.uint8]
    out_ranks: Integers
    cursor: Integers

    @property
    def work(self) -> int:
        """What the search compares with its limit."""
        return int(self.program.counts[WORK])


@helper
def is_forbidden(state: Enumeration, hyperplane: int, side: int) -> bool:
    """Whether a known circuit contradicts the side, given the signs so far; moves it to the front."""
    place = 2 * hyperplane + (1 if side > 0 else 0)
    words = state.plus.size
    for r in range(state.known[place]):
        fits = True
        for word in range(words):
            if (
                state.known_plus[place, r, word] & ~state.plus[word]
                or state.known_minus[place, r, word] & ~state.minus[word]
            ):
                fits = False
                break
        if fits:
            if r > 0:
                for word in range(words):
                    state.known_plus[place, r, word], state.known_plus[place, r - 1, word] = (
                        state.known_plus[place, r - 1, word],
                        state.known_plus[place, r, word],
                    )
                    state.known_minus[place, r, word], state.known_minus[place, r - 1, word] = (
                        state.known_minus[place, r - 1, word],
                        state.known_minus[place, r, word],
                    )
            return True
    return False


@helper
def remember(
    state: Enumeration, hyperplane: int, side: int, plus: NDArray[np.uint64], minus: NDArray[np.uint64]
) -> None:
    """Keep a circuit that forbids the side wherever the masks are met; the last of a full ring makes room."""
    place = 2 * hyperplane + (1 if side > 0 else 0)
    if state.known[place] < state.known_plus.shape[1]:
        state.known[place] += 1
    last = state.known[place] - 1
    for word in range(plus.size):
        state.known_plus[place, last, word] = plus[word]
        state.known_minus[place, last, word] = minus[word]


@helper
def remember_both(
    state: Enumeration, hyperplane: int, side: int, plus: NDArray[np.uint64], minus: NDArray[np.uint64]
) -> None:
    """`remember`; where nothing but hyperplanes through 0 bounds a wedge, minus a circuit is one as well."""
    remember(state, hyperplane, side, plus, minus)
    if state.cursor[IS_SYMMETRIC]:
        remember(state, hyperplane, -side, minus, plus)


@helper
def remember_basis(state: Enumeration, hyperplane: int, side: int) -> None:
    """`remember` the circuit on the basis, which is proven."""
    plus, minus = np.zeros_like(state.plus), np.zeros_like(state.minus)
    for code in state.program.basis:
        j = abs(code) - 1
        if j < state.residues.shape[0] and j != hyperplane:
            bit = np.uint64(1) << np.uint64(j & 63)
            if code > 0:
                minus[j >> 6] |= bit
            else:
                plus[j >> 6] |= bit
    remember_both(state, hyperplane, side, plus, minus)


@helper
def sign_at_point(state: Enumeration, depth: int) -> int:
    """The proven sign of the next hyperplane at the node's point, or 0."""
    if not state.has_point[depth]:
        return 0
    value, bound = value_and_bound(state.program.rows[depth], state.points[depth])
    return 1 if value > bound else (-1 if value < -bound else 0)


@helper
def look_at_side(state: Enumeration, side: int, work_limit: int) -> int:
    """FOUND: the side is empty. SEPARATED: `program.point` is in it. STALLED: not known."""
    program, depth = state.program, state.cursor[DEPTH]
    if state.cursor[GIVEN] == GIVEN_EMPTY or is_forbidden(state, depth, side):
        state.cursor[REUSED] += 1
        return FOUND
    if state.cursor[GIVEN] == NOTHING:
        rows, columns, status, basis, inverse, counts = (
            program.rows,
            program.columns,
            program.status,
            program.basis,
            program.inverse,
            program.counts,
        )
        outcome = solve_program(rows, columns, status, basis, inverse, program.point, counts, True, work_limit)
        if outcome == FOUND:
            if circuit_is_proven(rows, status, basis, inverse, counts):
                remember_basis(state, depth, side)
                return FOUND
            return STALLED
        if outcome != SEPARATED:
            return outcome
    if normalise(program.point) and has_signs(program.rows, program.status, program.point):
        return SEPARATED
    return STALLED


@helper
def descend(state: Enumeration, side: int, from_point: bool) -> None:
    """Go on with the next hyperplane; its sign and the rank of the active rows are noted."""
    depth = state.cursor[DEPTH]
    program = state.program
    program.status[depth] = -side
    bit = np.uint64(1) << np.uint64(depth & 63)
    if side > 0:
        state.plus[depth >> 6] |= bit
    else:
        state.minus[depth >> 6] |= bit
    rank = state.ranks[depth]
    if rank < state.residues.shape[1] and state.adds_active[depth, 1 if side > 0 else 0]:
        row = state.residues[depth].copy()
        if reduce_modulo(row, state.echelon, state.pivots, rank, PRIMES[0]):
            extend_echelon(row, state.echelon, state.pivots, rank, PRIMES[0])
            rank += 1
    state.ranks[depth + 1] = rank
    state.has_point[depth + 1] = from_point
    if depth + 1 < state.stage.size:
        state.stage[depth + 1] = 0
        state.emptied[depth + 1] = 0
    state.cursor[DEPTH] = depth + 1
    state.cursor[VISITED] += 1


@helper
def go_back(state: Enumeration) -> None:
    """Return to the parent, which has another side to look at."""
    depth = state.cursor[DEPTH] - 1
    state.cursor[DEPTH] = depth
    if depth >= 0:
        state.program.status[depth] = UNKNOWN
        keep = ~(np.uint64(1) << np.uint64(depth & 63))
        state.plus[depth >> 6] &= keep
        state.minus[depth >> 6] &= keep


@helper
def copy_row(target: NDArray[Any], source: NDArray[Any]) -> None:
    """``target[:] = source``, without the words about unequal lengths, which take seconds to compile."""
    for k in range(source.size):
        target[k] = source[k]


@helper
def emit(state: Enumeration) -> None:
    """Write the wedge at a leaf into the buffer."""
    place, depth = state.cursor[EMITTED], state.cursor[DEPTH]
    copy_row(state.out_plus[place], state.plus)
    copy_row(state.out_points[place], state.points[depth])
    state.out_has_point[place] = state.has_point[depth]
    state.out_ranks[place] = state.ranks[depth]
    state.cursor[EMITTED] += 1


@Kernel
def enumerate_wedges(state: Enumeration, work_limit: int) -> int:
    """Run until every wedge was emitted or something is wanted; returns a request code."""
    cursor, program = state.cursor, state.program
    while cursor[DEPTH] >= 0:
        depth = cursor[DEPTH]
        program.counts[WORK] += program.rows.shape[1] + 20
        if program.counts[WORK] > work_limit:
            return PAUSED
        if depth == state.stage.size:
            if cursor[EMITTED] == state.out_ranks.size:
                return WANT_ROOM
            emit(state)
            go_back(state)
            continue
        stage = state.stage[depth]
        if stage == 2:
            go_back(state)
            continue
        if stage == 0:
            state.seen[depth] = sign_at_point(state, depth)
        side = 1 if stage == 0 else -1
        if state.seen[depth] == side:
            state.stage[depth] = stage + 1
            copy_row(state.points[depth + 1], state.points[depth])
            descend(state, side, True)
            continue
        program.status[depth] = -side
        outcome = look_at_side(state, side, work_limit)
        program.status[depth] = UNKNOWN
        if outcome == OUT_OF_WORK:
            return PAUSED
        known_nonempty = cursor[GIVEN] == GIVEN_POINT or state.emptied[depth] != 0
        if outcome == STALLED and not known_nonempty:
            program.status[depth] = -side
            propose_weights(program.status, program.basis, program.inverse, program.weights)
            return WANT_SIDE
        cursor[GIVEN] = NOTHING
        state.stage[depth] = stage + 1
        if outcome == FOUND:
            if state.emptied[depth]:
                return NO_SIDE
            state.emptied[depth] = 1
        else:
            copy_row(state.points[depth + 1], program.point)
            descend(state, side, outcome == SEPARATED)
    return DONE
