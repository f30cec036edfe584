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
from exactinj.kernels.modular import PRIMES, extend_echelon, mark_closure, reduce_modulo
from exactinj.kernels.points import has_few_active_rows
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
    "CURSOR_SIZE",
    "DEPTH",
    "DONE",
    "FREE",
    "GIVEN",
    "NEGATIVE",
    "NODES",
    "NONNEGATIVE",
    "PAUSED",
    "PIVOTS",
    "POINT_CHECKED",
    "POOL",
    "PRIME",
    "PRIMES",
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
WANT_ROOM, WANT_CIRCUIT, WANT_POINT_CHECK = range(2, 5)

# Fields of `Splitting.cursor`.
(DEPTH, GIVEN, STAGE, POOL, TOKENS, NODES, POINT_CHECKED, PRIME, CURSOR_SIZE) = range(9)
STAGE_NODE, STAGE_BRANCH = range(2)

POOL_SCAN = 256

Integers: TypeAlias = NDArray[np.int64]


class Splitting(NamedTuple):
    """Arrays of `split`; m layer rows are the first rows of the program.

    residues, salt, path, echelon, pivots, closure : as in `flats.SearchState`; closure is 1 for rows
        in the span of the path modulo the prime
    excluded : (m,) int64, 0, or 1 + the depth of the node that made the row negative
    node_circuit, node_position : (n,) the circuit at each depth and the next row in it
    supports, sizes, refuter_sizes : the circuits as codes of columns; layer rows first
    tokens : preorder tokens of the proof, as in `docs/certificates.md`
    """

    program: Program
    residues: Integers
    salt: Integers
    path: Integers
    echelon: Integers
    pivots: Integers
    closure: NDArray[np.uint8]
    excluded: Integers
    node_circuit: Integers
    node_position: Integers
    supports: NDArray[np.int32]
    sizes: NDArray[np.int32]
    refuter_sizes: NDArray[np.int32]
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
    """Circuit index >= 0, or minus one minus a request code."""
    program, cursor = state.program, state.cursor
    rows, status, basis, inverse = program.rows, program.status, program.basis, program.inverse
    supports, refuter_sizes = state.supports, state.refuter_sizes
    layer_rows, dimension = state.residues.shape
    last_level = depth == dimension - 1
    enough = rows.shape[0] if last_level else 0
    assign_status(status, state.closure[depth], state.excluded, state.path, depth)
    free, known = best_known_circuit(supports, refuter_sizes, status, cursor[POOL], enough)
    if known >= 0 and free <= enough:
        return known
    outcome = solve_program(rows, status, basis, inverse, program.point, program.counts, last_level, work_limit)
    if outcome == OUT_OF_WORK:
        return -1 - PAUSED
    if outcome == FOUND:
        is_unchecked = not last_level and cursor[POINT_CHECKED] == 0
        if is_unchecked and has_few_active_rows(rows, layer_rows, dimension, program.point):
            return -1 - WANT_POINT_CHECK
        if circuit_is_proven(rows, status, basis, inverse, program.counts):
            found = int(cursor[POOL])
            refuter_sizes[found] = store_support(basis, layer_rows, supports[found])
            state.sizes[found] = basis.size
            if known >= 0 and free <= count_free(supports[found, : refuter_sizes[found]], status, free + 1):
                return known
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


@Kernel
def split(state: Splitting, work_limit: int) -> int:
    """Run until the tree is complete or something is wanted; returns a request code."""
    cursor, counts, residues, excluded = state.cursor, state.program.counts, state.residues, state.excluded
    path, tokens, supports, refuter_sizes = state.path, state.tokens, state.supports, state.refuter_sizes
    node_circuit, node_position = state.node_circuit, state.node_position
    echelon, pivots = state.echelon, state.pivots
    dimension, prime = residues.shape[1], cursor[PRIME]
    while cursor[DEPTH] >= 0:
        depth = cursor[DEPTH]
        if cursor[STAGE] == STAGE_NODE:
            if cursor[POOL] == state.sizes.size or cursor[TOKENS] == tokens.size:
                return WANT_ROOM
            if counts[WORK] > work_limit:
                return PAUSED
            circuit = cursor[GIVEN] - 1
            if circuit < 0:
                circuit = find_circuit(state, depth, work_limit)
                if circuit < 0:
                    return -1 - circuit
            cursor[GIVEN], cursor[POINT_CHECKED] = 0, 0
            cursor[NODES] += 1
            counts[WORK] += residues.size + 100
            tokens[cursor[TOKENS]] = circuit
            cursor[TOKENS] += 1
            node_circuit[depth] = circuit
            node_position[depth] = 0
            cursor[STAGE] = STAGE_BRANCH
            if depth + 1 == dimension:
                leave_node(excluded, path, cursor, depth)
            continue
        circuit = node_circuit[depth]
        codes = supports[circuit, : refuter_sizes[circuit]]
        place = next_free_place(codes, excluded, node_position[depth])
        if place == codes.size:
            node_position[depth] = place
            leave_node(excluded, path, cursor, depth)
            continue
        node_position[depth] = place + 1
        child = codes[place] - 1
        row = residues[child].copy()
        reduce_modulo(row, echelon, pivots, depth, prime)
        extend_echelon(row, echelon, pivots, depth, prime)
        path[depth] = child
        mark_closure(residues, state.salt, echelon, pivots, state.closure, depth + 1, prime)
        cursor[DEPTH], cursor[STAGE] = depth + 1, STAGE_NODE
    return DONE
