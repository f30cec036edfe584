"""The compiled part of the engine sign-split: signs of rows, decided one after the other.

`split` looks for a point whose active rows do not span R^n: at a node with independent nonnegative rows P and negative
rows Q it asks for a point where, on top, *every* row outside span(P) is negative. Such a point is a collision;
otherwise a circuit with few unassigned rows i, j, ... splits the node into "i nonnegative", "i negative and j
nonnegative" and so on. Its depth is at most n (`docs/certificates.md`, rule ``sign-split``).

As in `flats`, floats propose and a proof follows on the spot: a circuit counts only if Rump's criterion proves it
(`simplex.certify_basis`), a row outside a span only if it is outside modulo a prime (`modular.mark_closure`). What
these do not settle goes back to Python with a request code and is settled in rationals.

Cost per node: about three simplex pivots of ``O(M N)`` and a proof of ``O(N^3)``, unless a recent circuit fits.
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
    FOUND,
    FREE,
    NEGATIVE,
    NONNEGATIVE,
    OUT_OF_WORK,
    PIVOTS,
    UNKNOWN,
    WORK,
    Program,
    circuit_is_proven,
    propose_weights,
    solve_program,
)

__all__ = [
    "BUDGET",
    "CURSOR_SIZE",
    "DEPENDENT",
    "DEPTH",
    "DONE",
    "FIRST",
    "FREE",
    "GIVEN",
    "GIVEN_SIZE",
    "NEGATIVE",
    "NODES",
    "NONNEGATIVE",
    "PAUSED",
    "PIVOTS",
    "POINT_CHECKED",
    "POOL",
    "POOL_SCAN",
    "PRIME",
    "PRIMES",
    "ROOT",
    "SPENT",
    "STAGE",
    "STAGE_BEGIN",
    "TOKENS",
    "UNKNOWN",
    "WANT_CIRCUIT",
    "WANT_POINT_CHECK",
    "WANT_ROOM",
    "WORK",
    "Program",
    "Splitting",
    "split",
]

# What `split` returns if it wants something from the caller.
WANT_ROOM, WANT_CIRCUIT, WANT_POINT_CHECK, SPENT, DEPENDENT = range(2, 7)

# Fields of `Splitting.cursor`. FIRST is the number of the first circuit of `supports`, of which POOL are there; IN_RING
# of all circuits so far have been put into the ring. A search begins at depth ROOT, with the first rows of the path,
# and is SPENT before it has more than BUDGET nodes.
(DEPTH, GIVEN, GIVEN_SIZE, STAGE, FIRST, POOL, TOKENS, NODES, POINT_CHECKED, PRIME) = range(10)
(ROOT, BUDGET, IN_RING, CURSOR_SIZE) = range(10, 14)
STAGE_NODE, STAGE_BRANCH, STAGE_BEGIN = range(3)

Integers: TypeAlias = NDArray[np.int64]


class Splitting(NamedTuple):
    """Arrays of `split`; m layer rows are the first rows of the program.

    quotients, path, closure : as in `flats.SearchState`; closure is 1 for rows in the span of the path modulo the prime
    excluded : (m,) int64, 0, or 1 + the depth of the node that made the row negative
    node_codes, node_sizes, node_position : the circuit at each depth, its layer rows only, and the next row in it
    supports, sizes, refuter_sizes : circuits as codes of columns, layer rows first; only the last ones that were found,
        as `POOL_SCAN` of them are looked at again
    ring : the same as bits (`recent`), positive rows before negative ones; barred, free : what fits the node
    given : the codes of the circuit number GIVEN - 1, which the caller found
    tokens : preorder tokens of the proof, as in `docs/certificates.md`; the caller may take those that are there
    """

    program: Program
    quotients: Integers
    path: Integers
    closure: NDArray[np.uint8]
    excluded: Integers
    node_codes: NDArray[np.int32]
    node_sizes: Integers
    node_position: Integers
    supports: NDArray[np.int32]
    sizes: NDArray[np.int32]
    refuter_sizes: NDArray[np.int32]
    ring: Integers
    barred: Integers
    free: Integers
    given: NDArray[np.int32]
    tokens: NDArray[np.int32]
    cursor: Integers

    @property
    def work(self) -> int:
        """What the search compares with its limit."""
        return int(self.program.counts[WORK])


@helper
def assign_status(
    status: NDArray[np.int8], closure: NDArray[np.uint8], excluded: Integers, path: Integers, depth: int
) -> None:
    """Negative: excluded rows. Nonnegative: the path. Free: the rest outside the path's span."""
    for i in range(excluded.size):
        if excluded[i] != 0:
            status[i] = NEGATIVE
        else:
            status[i] = UNKNOWN if closure[i] != 0 else FREE
    for k in range(depth):
        status[path[k]] = NONNEGATIVE


@helper
def count_free(codes: NDArray[np.int32], status: NDArray[np.int8], limit: int) -> int:
    """Free rows of a known circuit, or `limit` if it does not fit the signs or has more."""
    free = 0
    for k in range(codes.size):
        code = codes[k]
        if code > 0:
            sign = status[code - 1]
            if sign == FREE:
                free += 1
                if free >= limit:
                    return limit
            elif sign != NEGATIVE:
                return limit
        elif status[-code - 1] != NONNEGATIVE:
            return limit
    return free


@helper
def best_known_circuit(
    supports: NDArray[np.int32], refuter_sizes: NDArray[np.int32], status: NDArray[np.int8], known: int, enough: int
) -> tuple[int, int]:
    """The circuit with the fewest free rows among the recent ones; stops at `enough` or fewer."""
    best, circuit = status.size + 1, -1
    scanned, r = 0, known - 1
    while r >= 0 and scanned < POOL_SCAN:
        free = count_free(supports[r, : refuter_sizes[r]], status, best)
        if free < best:
            best, circuit = free, r
            if best <= enough:
                break
        r -= 1
        scanned += 1
    return best, circuit


@helper
def note_recent(state: Splitting) -> None:
    """Put circuits that are new into the ring."""
    cursor, words = state.cursor, state.free.size
    cursor[IN_RING] = max(cursor[IN_RING], cursor[FIRST])
    while cursor[IN_RING] < cursor[FIRST] + cursor[POOL]:
        line = state.ring[cursor[IN_RING] & (POOL_SCAN - 1)]
        line[:] = 0
        place = cursor[IN_RING] - cursor[FIRST]
        for k in range(state.refuter_sizes[place]):
            code = state.supports[place, k]
            if code > 0:
                set_bit(line[:words], code - 1)
            else:
                set_bit(line[words:], -code - 1)
        cursor[IN_RING] += 1


@helper
def note_signs(status: NDArray[np.int8], barred: Integers, free: Integers, rows: int) -> None:
    """Which rows may not be positive, or not negative, in a circuit that fits, and which count as free."""
    words = free.size
    for word in range(words):
        is_free, is_negative, is_nonnegative = np.int64(0), np.int64(0), np.int64(0)
        for i in range(min(word * BITS + BITS, rows) - 1, word * BITS - 1, -1):
            is_free = (is_free << 1) | (status[i] == FREE)
            is_negative = (is_negative << 1) | (status[i] == NEGATIVE)
            is_nonnegative = (is_nonnegative << 1) | (status[i] == NONNEGATIVE)
        free[word], barred[word], barred[words + word] = is_free, ~(is_free | is_negative), ~is_nonnegative


@helper
def best_fitting_circuit(state: Splitting, enough: int) -> tuple[int, int]:
    """The free rows and the place of the best circuit among the recent ones, or a place below 0."""
    cursor, status = state.cursor, state.program.status
    if state.free.size == 0:
        return best_known_circuit(state.supports, state.refuter_sizes, status, cursor[POOL], enough)
    note_recent(state)
    note_signs(status, state.barred, state.free, state.excluded.size)
    first = cursor[FIRST]
    free, number = best_recent(state.ring, state.barred, state.free, first + cursor[POOL], enough)
    return free, (number - first if number >= 0 else -1)


@helper
def store_support(basis: Integers, layer_rows: int, support: NDArray[np.int32]) -> int:
    """Write the codes of the basis by ascending row: layer rows come first; returns how many those are."""
    layer_size = 0
    for k in range(basis.size):
        code = basis[k]
        if abs(code) <= layer_rows:
            layer_size += 1
        place = k
        while place > 0 and abs(support[place - 1]) > abs(code):
            support[place] = support[place - 1]
            place -= 1
        support[place] = code
    return layer_size


@helper
def find_circuit(state: Splitting, depth: int, work_limit: int) -> int:
    """The place of a circuit among those in `supports`, or minus one minus a request code."""
    program, cursor = state.program, state.cursor
    rows, columns, status = program.rows, program.columns, program.status
    basis, inverse = program.basis, program.inverse
    supports, refuter_sizes = state.supports, state.refuter_sizes
    dimension, layer_rows = state.quotients[0].shape
    last_level = depth == dimension - 1
    enough = free_rows_enough(dimension - depth, rows.shape[0])
    assign_status(status, state.closure[depth], state.excluded, state.path, depth)
    free, known = best_fitting_circuit(state, enough)
    if known >= 0 and free <= enough:
        return known
    outcome = solve_program(
        rows, columns, status, basis, inverse, program.point, program.counts, last_level, work_limit
    )
    if outcome == OUT_OF_WORK:
        return -1 - PAUSED
    if outcome == FOUND:
        is_unchecked = not last_level and cursor[POINT_CHECKED] == 0
        if is_unchecked and has_few_active_rows(rows, layer_rows, dimension, program.point):
            return -1 - WANT_POINT_CHECK
        found = int(cursor[POOL])
        refuter_sizes[found] = store_support(basis, layer_rows, supports[found])
        state.sizes[found] = basis.size
        if known >= 0 and free <= count_free(supports[found, : refuter_sizes[found]], status, free + 1):
            return known
        if circuit_is_proven(rows, status, basis, inverse, program.counts):
            cursor[POOL] += 1
            return found
    propose_weights(status, basis, inverse, program.weights)
    return -1 - WANT_CIRCUIT


@helper
def leave_node(excluded: Integers, path: Integers, cursor: Integers, depth: int) -> None:
    """Take back what the node at `depth` made negative, and go on in its parent."""
    for i in range(excluded.size):
        if excluded[i] == depth + 1:
            excluded[i] = 0
    cursor[DEPTH] = depth - 1
    cursor[STAGE] = STAGE_BRANCH
    if depth > 0:
        excluded[path[depth - 1]] = depth


@helper
def next_free_place(circuit: NDArray[np.int32], excluded: Integers, start: int) -> int:
    """The first place from `start` on with a nonnegated row that has no sign yet, or the circuit's size."""
    place = start
    while place < circuit.size and (circuit[place] < 0 or excluded[circuit[place] - 1] != 0):
        place += 1
    return place


@helper
def enter_child(state: Splitting, depth: int, child: int) -> bool:
    """Put a row on the path behind its first `depth`; False if it lies in their span modulo the prime."""
    smaller = state.quotients[depth + 1]
    if not pass_to_quotient(state.quotients[depth], smaller, depth, child, state.cursor[PRIME]):
        return False
    mark_closure(smaller, state.closure[depth + 1])
    state.path[depth] = child
    return True


@helper
def enter_root(state: Splitting) -> bool:
    """Go down to the node where the search begins; False if its path is dependent modulo the prime."""
    cursor = state.cursor
    for depth in range(cursor[ROOT]):
        if not enter_child(state, depth, state.path[depth]):
            return False
    cursor[DEPTH], cursor[STAGE] = cursor[ROOT], STAGE_NODE
    return True


@helper
def take_circuit(state: Splitting, depth: int, place: int) -> int:
    """Write down the circuit of the node at `depth`, the given one for a place below 0; returns its number."""
    cursor = state.cursor
    size = cursor[GIVEN_SIZE] if place < 0 else state.refuter_sizes[place]
    codes = state.given if place < 0 else state.supports[place]
    for k in range(size):
        state.node_codes[depth, k] = codes[k]
    state.node_sizes[depth], state.node_position[depth] = size, 0
    return int(cursor[GIVEN] - 1 if place < 0 else cursor[FIRST] + place)


@helper
def reason_to_stop(state: Splitting, work_limit: int) -> int:
    """What has to be done before the next node; DONE if nothing.

    A spent search asks for nothing, so that its last token is still there.
    """
    cursor = state.cursor
    if cursor[NODES] == cursor[BUDGET]:
        return SPENT
    if cursor[POOL] == state.sizes.size or cursor[TOKENS] == state.tokens.size:
        return WANT_ROOM
    return PAUSED if state.program.counts[WORK] > work_limit else DONE


@Kernel
def split(state: Splitting, work_limit: int) -> int:
    """Run until the tree is complete or something is wanted; returns a request code."""
    cursor, counts, excluded = state.cursor, state.program.counts, state.excluded
    path, tokens, node_codes, node_position = state.path, state.tokens, state.node_codes, state.node_position
    dimension, layer_rows = state.quotients[0].shape
    if cursor[STAGE] == STAGE_BEGIN and not enter_root(state):
        return DEPENDENT
    while cursor[DEPTH] >= cursor[ROOT]:
        depth = cursor[DEPTH]
        if cursor[STAGE] == STAGE_NODE:
            request = reason_to_stop(state, work_limit)
            if request != DONE:
                return request
            place = -1
            if cursor[GIVEN] == 0:
                place = find_circuit(state, depth, work_limit)
                if place < 0:
                    return -1 - place
            tokens[cursor[TOKENS]] = take_circuit(state, depth, place)
            cursor[TOKENS] += 1
            cursor[GIVEN], cursor[POINT_CHECKED] = 0, 0
            cursor[NODES] += 1
            counts[WORK] += layer_rows * dimension + 100
            cursor[STAGE] = STAGE_BRANCH
            if depth + 1 == dimension:
                leave_node(excluded, path, cursor, depth)
            continue
        codes = node_codes[depth, : state.node_sizes[depth]]
        place = next_free_place(codes, excluded, node_position[depth])
        if place == codes.size:
            node_position[depth] = place
            leave_node(excluded, path, cursor, depth)
            continue
        node_position[depth] = place + 1
        if not enter_child(state, depth, codes[place] - 1):
            return DEPENDENT
        cursor[DEPTH], cursor[STAGE] = depth + 1, STAGE_NODE
    return DONE
