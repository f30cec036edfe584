"""The compiled part of the tree engine: one depth-first search over flats (T4 of `docs/mathematics.md`).

The kernel walks the search tree of `docs/mathematics.md`. At a node it looks for a refuter that
avoids the span of the chosen rows, first among the refuters that it already has, then by a linear
program. It is a *proposer with two proofs built in*:

* A linear program's basic solution becomes a refuter here only if an a-posteriori error bound in
  floating point proves that the exact system has a unique solution and that it is positive (`simplex.certify_basis`).
* ``w_c`` is outside the span of the rows A if it is outside modulo a prime, as long as A is
  independent modulo that prime, which holds by induction along the path (`modular.mark_closure`).

Whatever these two do not settle is handed back to Python with a request code, settled there in
rationals, and the search goes on from the same state. The search also returns when its work
budget is spent, so that clocks and interrupts are looked at by the caller.

Cost per node: one scan of recent refuters, ``O(m r)`` integer products for the closure with r levels left, and at
nodes where no old refuter fits a handful of simplex pivots at ``O(M N)`` each.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import DONE, PAUSED, Kernel, helper
from exactinj.kernels.modular import PRIMES, mark_closure, pass_to_quotient
from exactinj.kernels.points import has_few_active_rows
from exactinj.kernels.recent import BITS, POOL_SCAN, best_recent, free_rows_enough, set_bit
from exactinj.kernels.simplex import (
    CONSTANT_FIRST,
    FOUND,
    FREE,
    LINEAR_PROGRAMS,
    NEGATIVE,
    OUT_OF_WORK,
    PIVOTS,
    PROGRAM_COUNTS,
    SINCE_INVERSION,
    STEPS,
    UNKNOWN,
    WORK,
    circuit_is_proven,
    propose_weights,
    solve_program,
)

__all__ = [
    "CANDIDATE",
    "CONFIRMED",
    "CONSTANT_FIRST",
    "CURSOR_SIZE",
    "DEPTH",
    "DONE",
    "GIVEN",
    "LINEAR_PROGRAMS",
    "NEGATIVE",
    "NODES",
    "PAIRS",
    "PAUSED",
    "PIVOTS",
    "POINT_CHECKED",
    "POOL",
    "PRIME",
    "PRIMES",
    "SINCE_INVERSION",
    "STAGE",
    "STEPS",
    "TOKENS",
    "WANT_MEMBERSHIP",
    "WANT_POINT_CHECK",
    "WANT_POOL",
    "WANT_REFUTER",
    "WANT_TOKENS",
    "WORK",
    "SearchState",
    "search",
]

# What `search` returns if it wants something from the caller.
WANT_REFUTER, WANT_MEMBERSHIP, WANT_POINT_CHECK, WANT_POOL, WANT_TOKENS = range(2, 7)

# Fields of `SearchState.cursor`, after those of `simplex.counts`.
(
    DEPTH,
    STAGE,
    POOL,
    TOKENS,
    NODES,
    GIVEN,
    CANDIDATE,
    CONFIRMED,
    POINT_CHECKED,
    PRIME,
    PAIRS,
    IN_RING,
    CURSOR_SIZE,
) = range(PROGRAM_COUNTS, PROGRAM_COUNTS + 13)
STAGE_NODE, STAGE_BRANCH, STAGE_VACUITY = range(3)

Integers: TypeAlias = NDArray[np.int64]


class SearchState(NamedTuple):
    """Arrays of the search; ``m`` layer rows, ``M`` rows with the domain's, ``N`` columns.

    rows, columns : (M, N) float64, rows of ``[W b]`` and of the domain, equilibrated by powers of two; its transpose
    quotients : (n, n, m) int64, per depth d the integer rows of W modulo the prime and the path: n - d coordinates
    modular_is_exact : (n + 1,) uint8, at which rank a zero modulo the prime is a proven zero
    status, basis, inverse : as in `simplex`
    path : (n,) rows A on the way to the node
    closure : (n + 1, m) uint8, per depth: 1 for rows in the span of A modulo the prime, 2 for those
        of them that are proven to lie outside the rational span, 0 for rows proven outside
    excluded : (m,) int64, 0 for a free row, else 1 + the depth of the node that excluded it
    node_refuter, node_position : (n,) the refuter at each depth and the next row in it
    supports, sizes, refuter_sizes : the refuters; layer rows first, then the domain's
    ring : the last refuters as bits (`recent`), IN_RING so far; barred, free : which rows count at the node
    tokens : preorder tokens of the proof, as in `docs/certificates.md`
    point, weights : what a linear program proposes to the caller
    """

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    quotients: NDArray[np.int64]
    modular_is_exact: NDArray[np.uint8]
    status: NDArray[np.int8]
    basis: NDArray[np.int64]
    inverse: NDArray[np.float64]
    path: NDArray[np.int64]
    closure: NDArray[np.uint8]
    excluded: NDArray[np.int64]
    node_refuter: NDArray[np.int64]
    node_position: NDArray[np.int64]
    supports: NDArray[np.int32]
    sizes: NDArray[np.int32]
    refuter_sizes: NDArray[np.int32]
    ring: Integers
    barred: Integers
    free: Integers
    tokens: NDArray[np.int32]
    point: NDArray[np.float64]
    weights: NDArray[np.float64]
    cursor: NDArray[np.int64]

    @property
    def work(self) -> int:
        """What `search` compares with its limit."""
        return int(self.cursor[WORK])


@helper
def assign_status(status: NDArray[np.int8], closure: NDArray[np.uint8], excluded: Integers) -> None:
    """Excluded layer rows are negative; the others are free, unless they meet the span of the path."""
    for i in range(excluded.size):
        if closure[i] != 0:
            status[i] = UNKNOWN
        else:
            status[i] = FREE if excluded[i] == 0 else NEGATIVE


@helper
def count_free(refuter: NDArray[np.int32], status: NDArray[np.int8], limit: int) -> int:
    """Free rows of a known refuter's layer rows, or `limit` if it meets the span of the path or has more."""
    free = 0
    for k in range(refuter.size):
        sign = status[refuter[k]]
        if sign == UNKNOWN:
            return limit
        if sign == FREE:
            free += 1
            if free >= limit:
                return limit
    return free


@helper
def best_known_refuter(
    supports: NDArray[np.int32],
    refuter_sizes: NDArray[np.int32],
    status: NDArray[np.int8],
    known: int,
    enough: int,
) -> tuple[int, int]:
    """The refuter with the fewest free rows among the recent ones; stops at `enough` or fewer."""
    best, refuter = status.size + 1, -1
    scanned = 0
    r = known - 1
    while r >= 0 and scanned < POOL_SCAN:
        free = count_free(supports[r, : refuter_sizes[r]], status, best)
        if free < best:
            best, refuter = free, r
            if best <= enough:
                break
        r -= 1
        scanned += 1
    return best, refuter


@helper
def note_recent(state: SearchState) -> None:
    """Put refuters that are new into the ring."""
    cursor = state.cursor
    while cursor[IN_RING] < cursor[POOL]:
        place = cursor[IN_RING]
        line = state.ring[place & (POOL_SCAN - 1)]
        line[:] = 0
        for k in range(state.refuter_sizes[place]):
            set_bit(line, state.supports[place, k])
        cursor[IN_RING] += 1


@helper
def note_status(status: NDArray[np.int8], barred: Integers, free: Integers, rows: int) -> None:
    """Which rows may not be in a refuter that fits, and which count as free."""
    for word in range(free.size):
        is_free, is_barred = np.int64(0), np.int64(0)
        for i in range(min(word * BITS + BITS, rows) - 1, word * BITS - 1, -1):
            is_free = (is_free << 1) | (status[i] == FREE)
            is_barred = (is_barred << 1) | (status[i] == UNKNOWN)
        free[word], barred[word] = is_free, is_barred


@helper
def best_fitting_refuter(state: SearchState, enough: int) -> tuple[int, int]:
    """The free rows and the number of a pair that fits, or of the best refuter among the recent ones, or -1."""
    cursor, status, supports, refuter_sizes = state.cursor, state.status, state.supports, state.refuter_sizes
    for r in range(cursor[PAIRS]):
        if count_free(supports[r, : refuter_sizes[r]], status, 3) < 3:
            return 0, r
    if state.free.size == 0:
        return best_known_refuter(supports, refuter_sizes, status, cursor[POOL], enough)
    note_recent(state)
    note_status(status, state.barred, state.free, state.excluded.size)
    return best_recent(state.ring, state.barred, state.free, cursor[POOL], enough)


@helper
def store_support(basis: Integers, layer_rows: int, support: NDArray[np.int32]) -> int:
    """Write the rows of the basis in ascending order: layer rows come first; returns how many those are."""
    layer_size = 0
    for k in range(basis.size):
        row = basis[k] - 1
        if row < layer_rows:
            layer_size += 1
        place = k
        while place > 0 and support[place - 1] > row:
            support[place] = support[place - 1]
            place -= 1
        support[place] = row
    return layer_size


@helper
def find_refuter(state: SearchState, depth: int, work_limit: int) -> int:
    """Refuter index >= 0, or minus one minus a request code."""
    rows, columns, status, cursor = state.rows, state.columns, state.status, state.cursor
    basis, inverse = state.basis, state.inverse
    supports, refuter_sizes = state.supports, state.refuter_sizes
    dimension, layer_rows = state.quotients[0].shape
    last_level = depth == dimension - 1
    enough = free_rows_enough(dimension - depth, rows.shape[0])
    assign_status(status, state.closure[depth], state.excluded)
    free, known = best_fitting_refuter(state, enough)
    if known >= 0 and free <= enough:
        return known
    outcome = solve_program(rows, columns, status, basis, inverse, state.point, cursor, last_level, work_limit)
    if outcome == OUT_OF_WORK:
        return -1 - PAUSED
    if outcome == FOUND:
        is_unchecked = not last_level and cursor[POINT_CHECKED] == 0
        if is_unchecked and has_few_active_rows(rows, layer_rows, dimension, state.point):
            return -1 - WANT_POINT_CHECK
        found = int(cursor[POOL])
        refuter_sizes[found] = store_support(basis, layer_rows, supports[found])
        state.sizes[found] = basis.size
        if known >= 0 and free <= count_free(supports[found, : refuter_sizes[found]], status, free + 1):
            return known
        if circuit_is_proven(rows, status, basis, inverse, cursor):
            cursor[POOL] += 1
            return found
    propose_weights(status, basis, inverse, state.weights)
    return -1 - WANT_REFUTER


@helper
def leave_node(excluded: Integers, path: Integers, cursor: Integers, depth: int) -> None:
    """Take back what the node at `depth` excluded, and go on in its parent."""
    for i in range(excluded.size):
        if excluded[i] == depth + 1:
            excluded[i] = 0
    cursor[DEPTH] = depth - 1
    cursor[STAGE] = STAGE_BRANCH
    if depth > 0:
        excluded[path[depth - 1]] = depth


@helper
def excluded_row_in_closure(excluded: Integers, closure: NDArray[np.uint8]) -> int:
    for k in range(excluded.size):
        if excluded[k] != 0 and closure[k] == 1:
            return k
    return -1


@Kernel
def search(state: SearchState, work_limit: int) -> int:
    """Run until the tree is complete or something is wanted; returns a request code."""
    cursor, quotients, closure, excluded = state.cursor, state.quotients, state.closure, state.excluded
    path, tokens, supports, refuter_sizes = state.path, state.tokens, state.supports, state.refuter_sizes
    node_refuter, node_position = state.node_refuter, state.node_position
    dimension, layer_rows = quotients[0].shape
    while cursor[DEPTH] >= 0:
        depth = cursor[DEPTH]
        if cursor[TOKENS] + 2 > tokens.size:
            return WANT_TOKENS
        if cursor[STAGE] == STAGE_NODE:
            if cursor[POOL] + 1 > state.sizes.size:
                return WANT_POOL
            if cursor[WORK] > work_limit:
                return PAUSED
            refuter = cursor[GIVEN]
            if refuter < 0:
                refuter = find_refuter(state, depth, work_limit)
                if refuter < 0:
                    return -1 - refuter
            cursor[GIVEN], cursor[POINT_CHECKED] = -1, 0
            cursor[NODES] += 1
            cursor[WORK] += layer_rows * dimension + 100
            tokens[cursor[TOKENS]] = refuter
            cursor[TOKENS] += 1
            node_refuter[depth] = refuter
            node_position[depth] = 0
            cursor[STAGE] = STAGE_BRANCH
            if depth + 1 == dimension:
                leave_node(excluded, path, cursor, depth)
        elif cursor[STAGE] == STAGE_BRANCH:
            refuter = node_refuter[depth]
            position = node_position[depth]
            while position < refuter_sizes[refuter] and excluded[supports[refuter, position]] != 0:
                position += 1
            node_position[depth] = position + 1
            if position >= refuter_sizes[refuter]:
                leave_node(excluded, path, cursor, depth)
                continue
            child = supports[refuter, position]
            path[depth] = child
            pass_to_quotient(quotients[depth], quotients[depth + 1], depth, child, cursor[PRIME])
            mark_closure(quotients[depth + 1], closure[depth + 1])
            cursor[STAGE], cursor[CONFIRMED] = STAGE_VACUITY, -1
        else:
            confirmed = cursor[CONFIRMED]
            if confirmed < 0:
                confirmed = excluded_row_in_closure(excluded, closure[depth + 1])
                if confirmed >= 0 and state.modular_is_exact[depth + 1] == 0:
                    cursor[CANDIDATE] = confirmed
                    return WANT_MEMBERSHIP
            if confirmed < 0:
                cursor[DEPTH], cursor[STAGE] = depth + 1, STAGE_NODE
                continue
            tokens[cursor[TOKENS]] = -confirmed - 1
            cursor[TOKENS] += 1
            excluded[path[depth]] = depth + 1
            cursor[STAGE] = STAGE_BRANCH
    return DONE
