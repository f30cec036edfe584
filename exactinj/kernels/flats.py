"""The compiled part of the tree engine: one depth-first search over flats (T4 of `docs/mathematics.md`).

The kernel walks the search tree of `docs/mathematics.md`. At a node it looks for a refuter that
avoids the span of the chosen rows, first among the refuters that it already has, then by a linear
program. It is a *proposer with two proofs built in*:

* A linear program's basic solution becomes a refuter here only if an a-posteriori error bound in
  floating point proves that the exact system has a unique solution and that it is positive
  (Rump's criterion ``||I - R B|| < 1`` with explicit rounding terms, see `certify_basis`).
* ``w_c`` is outside the span of the rows A if it is outside modulo a prime, as long as A is
  independent modulo that prime, which holds by induction along the path (see `mark_closure`).

Whatever these two do not settle is handed back to Python with a request code, settled there in
rationals, and the search goes on from the same state. The search also returns when its work
budget is spent, so that clocks and interrupts are looked at by the caller.

Cost per node: one scan of recent refuters, ``O(m n)`` integer products for the closure, and at
nodes where no old refuter fits a handful of simplex pivots at ``O(M N)`` each. All in one file,
because numba's cache on disk looks at one file's time stamp only: an edit elsewhere would go
unseen by cached callers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Primes below 2**29: 32 products of residues fit in a signed 64-bit sum. The second and third are
# for layers in which the first one sees a dependency that is none and that matters.
PRIMES = (536_870_909, 536_870_879, 536_870_869)

# What `search` returns: it is finished, or wants something from the caller.
DONE, PAUSED, WANT_REFUTER, WANT_MEMBERSHIP, WANT_POINT_CHECK, WANT_POOL, WANT_TOKENS = range(7)

# Fields of `SearchState.cursor`.
(
    DEPTH,
    STAGE,
    POOL,
    TOKENS,
    NODES,
    PIVOTS,
    SINCE_INVERSION,
    GIVEN,
    CANDIDATE,
    CONFIRMED,
    POINT_CHECKED,
    LINEAR_PROGRAMS,
    WORK,
    PRIME,
    PAIRS,
    STEPS,
    CURSOR_SIZE,
) = range(17)
STAGE_NODE, STAGE_BRANCH, STAGE_VACUITY = range(3)

# What a linear program ended with.
FOUND, SEPARATED, STALLED, OUT_OF_WORK = range(4)

PRICE_TOLERANCE = 1e-9
PIVOT_TOLERANCE = 1e-9
ZERO_WEIGHT = 1e-11
REINVERT_AFTER = 50
POOL_SCAN = 256


class SearchState(NamedTuple):
    """Arrays of the search; ``m`` layer rows, ``M`` rows with the domain's, ``N`` columns.

    rows : (M, N) float64, rows of ``[W b]`` and of the domain, equilibrated by powers of two
    residues : (m, n) int64, integer rows of W modulo the prime
    salt : (n,) int64, fixed nonzero residues that make annihilator vectors generic
    modular_is_exact : (n + 1,) uint8, at which rank a zero modulo the prime is a proven zero
    basis, inverse : simplex state, ``N + 1`` basic columns and the inverse of their matrix
    path : (n,) rows A on the way to the node; echelon, pivots : A in echelon form modulo the prime
    closure : (n + 1, m) uint8, per depth: 1 for rows in the span of A modulo the prime, 2 for those
        of them that are proven to lie outside the rational span, 0 for rows proven outside
    excluded : (m,) int64, 0 for a free row, else 1 + the depth of the node that excluded it
    node_refuter, node_position : (n,) the refuter at each depth and the next row in it
    supports, sizes, refuter_sizes : the refuters; layer rows first, then the domain's
    tokens : preorder tokens of the proof, as in `docs/certificates.md`
    point, weights : what a linear program proposes to the caller
    """

    rows: NDArray[np.float64]
    residues: NDArray[np.int64]
    salt: NDArray[np.int64]
    modular_is_exact: NDArray[np.uint8]
    basis: NDArray[np.int64]
    inverse: NDArray[np.float64]
    path: NDArray[np.int64]
    echelon: NDArray[np.int64]
    pivots: NDArray[np.int64]
    closure: NDArray[np.uint8]
    excluded: NDArray[np.int64]
    node_refuter: NDArray[np.int64]
    node_position: NDArray[np.int64]
    supports: NDArray[np.int32]
    sizes: NDArray[np.int32]
    refuter_sizes: NDArray[np.int32]
    tokens: NDArray[np.int32]
    point: NDArray[np.float64]
    weights: NDArray[np.float64]
    cursor: NDArray[np.int64]


# ---------------------------------------------------------------- spans modulo a prime


@njit(cache=True)
def dot_modulo(left: Integers, right: Integers, prime: int) -> int:
    total = 0
    for k in range(left.size):
        total += left[k] * right[k]
        if k & 31 == 31:
            total %= prime
    return total % prime


@njit(cache=True)
def inverse_modulo(value: int, prime: int) -> int:
    result, base, exponent = 1, value % prime, prime - 2
    while exponent > 0:
        if exponent & 1:
            result = result * base % prime
        base = base * base % prime
        exponent >>= 1
    return result


@njit(cache=True)
def reduce_modulo(row: Integers, echelon: Integers, pivots: Integers, rank: int, prime: int) -> None:
    """The row less its part along the echelon rows; zero exactly if it is in their span mod p."""
    for k in range(rank):
        factor = row[pivots[k]]
        if factor != 0:
            for j in range(row.size):
                row[j] = (row[j] - factor * echelon[k, j]) % prime


@njit(cache=True)
def extend_echelon(state: SearchState, row_index: int, rank: int) -> None:
    """Add a row that is independent modulo p to the echelon form of the path."""
    prime = state.cursor[PRIME]
    row = state.residues[row_index].copy()
    reduce_modulo(row, state.echelon, state.pivots, rank, prime)
    pivot = 0
    while row[pivot] == 0:
        pivot += 1
    scale = inverse_modulo(row[pivot], prime)
    for j in range(row.size):
        state.echelon[rank, j] = row[j] * scale % prime
    state.pivots[rank] = pivot


@njit(cache=True)
def mark_closure(state: SearchState, rank: int) -> None:
    """Mark the layer rows that lie in the span of the path modulo p.

    A row that is *not* marked is proven outside the rational span: the path is independent modulo
    p, so a rational dependency, scaled to coprime integers, would survive modulo p. One vector
    orthogonal to the path settles almost every row; a zero is confirmed by full reduction.
    """
    prime = state.cursor[PRIME]
    annihilator = state.salt.copy()
    for k in range(rank - 1, -1, -1):
        pivot = state.pivots[k]
        annihilator[pivot] = 0
        annihilator[pivot] = (prime - dot_modulo(state.echelon[k], annihilator, prime)) % prime
    for i in range(state.residues.shape[0]):
        if rank > 0 and state.closure[rank - 1, i] != 0:
            state.closure[rank, i] = 1
            continue
        state.closure[rank, i] = 0
        if dot_modulo(state.residues[i], annihilator, prime) == 0:
            row = state.residues[i].copy()
            reduce_modulo(row, state.echelon, state.pivots, rank, prime)
            if not np.any(row):
                state.closure[rank, i] = 1


# ---------------------------------------------------------------- the linear program
#
# {lambda >= 0, rows^T lambda = 0, sum lambda = 1} is the same at every node; only the costs
# change. Column j < M is row j with a one below it, column M + k is the k-th unit vector.


@njit(cache=True)
def reinvert(state: SearchState) -> None:
    """Recompute the inverse from the basis; fall back to the artificial basis if it is singular."""
    size = state.basis.size
    columns = state.rows.shape[1]
    count = state.rows.shape[0]
    work = np.zeros((size, 2 * size))
    for i in range(size):
        j = state.basis[i]
        if j >= count:
            work[j - count, i] = 1.0
        else:
            for k in range(columns):
                work[k, i] = state.rows[j, k]
            work[columns, i] = 1.0
        work[i, size + i] = 1.0
    state.cursor[SINCE_INVERSION] = 0
    for i in range(size):
        best = i
        for k in range(i + 1, size):
            if abs(work[k, i]) > abs(work[best, i]):
                best = k
        if not abs(work[best, i]) > 1e-13:
            for k in range(size):
                state.basis[k] = count + k
                for j in range(size):
                    state.inverse[k, j] = 1.0 if j == k else 0.0
            return
        if best != i:
            for j in range(2 * size):
                work[i, j], work[best, j] = work[best, j], work[i, j]
        scale = 1.0 / work[i, i]
        for j in range(2 * size):
            work[i, j] *= scale
        for k in range(size):
            factor = work[k, i]
            if k != i and factor != 0.0:
                for j in range(i, 2 * size):
                    work[k, j] -= factor * work[i, j]
    for i in range(size):
        for j in range(size):
            state.inverse[i, j] = work[i, size + j]


@njit(cache=True)
def is_barred(state: SearchState, column: int, depth: int) -> bool:
    """Artificial columns and rows in the span of the path must end with weight zero."""
    if column >= state.rows.shape[0]:
        return True
    return column < state.residues.shape[0] and bool(state.closure[depth, column] != 0)


@njit(cache=True)
def enter_column(state: SearchState, entering: int, leaving_or_minus: int, depth: int) -> bool:
    """Pivot a column in; choose the leaving one by the ratio test unless it is given."""
    size = state.basis.size
    columns = size - 1
    direction = np.empty(size)
    for i in range(size):
        total = state.inverse[i, columns]
        for k in range(columns):
            total += state.inverse[i, k] * state.rows[entering, k]
        direction[i] = total
    leaving = leaving_or_minus
    if leaving < 0:
        best_ratio = np.inf
        best_size = 0.0
        for i in range(size):
            weight = max(state.inverse[i, columns], 0.0)
            slope = direction[i]
            if weight <= ZERO_WEIGHT and abs(slope) > 1e-7 and is_barred(state, state.basis[i], depth):
                slope, weight = abs(slope), 0.0
            if slope <= PIVOT_TOLERANCE:
                continue
            ratio = weight / slope
            if ratio < best_ratio - 1e-12 or (ratio <= best_ratio + 1e-12 and slope > best_size):
                best_ratio, best_size, leaving = min(ratio, best_ratio), slope, i
        if leaving < 0:
            return False
    scale = 1.0 / direction[leaving]
    for k in range(size):
        state.inverse[leaving, k] *= scale
    for i in range(size):
        factor = direction[i]
        if i != leaving and factor != 0.0:
            for k in range(size):
                state.inverse[i, k] -= factor * state.inverse[leaving, k]
    state.basis[leaving] = entering
    state.cursor[PIVOTS] += 1
    state.cursor[SINCE_INVERSION] += 1
    if state.cursor[SINCE_INVERSION] >= REINVERT_AFTER:
        reinvert(state)
    return True


@njit(cache=True)
def dual_point(state: SearchState, basic_cost: Floats, multipliers: Floats) -> None:
    size = state.basis.size
    for k in range(size):
        multipliers[k] = 0.0
    for i in range(size):
        if basic_cost[i] != 0.0:
            for k in range(size):
                multipliers[k] += basic_cost[i] * state.inverse[i, k]


@njit(cache=True)
def price(state: SearchState, multipliers: Floats, depth: int, first_phase: bool) -> int:
    """The allowed column of most negative reduced cost, or -1."""
    columns = state.rows.shape[1]
    layer_rows = state.residues.shape[0]
    best, entering = -PRICE_TOLERANCE, -1
    for j in range(state.rows.shape[0]):
        if j < layer_rows and state.closure[depth, j] != 0:
            continue
        reduced = -float(multipliers[columns])
        if not first_phase and j < layer_rows and state.excluded[j] == 0:
            reduced += 1.0
        for k in range(columns):
            reduced -= multipliers[k] * state.rows[j, k]
        if reduced < best:
            best, entering = reduced, j
    return entering


@njit(cache=True)
def expel_barred(state: SearchState, depth: int) -> None:
    """Replace barred basic columns of weight zero by allowed ones, where a stable pivot exists."""
    columns = state.rows.shape[1]
    for i in range(columns + 1):
        if not is_barred(state, state.basis[i], depth):
            continue
        best, entering = 1e-6, -1
        for j in range(state.rows.shape[0]):
            if is_barred(state, j, depth):
                continue
            slope = state.inverse[i, columns]
            for k in range(columns):
                slope += state.inverse[i, k] * state.rows[j, k]
            if abs(slope) > best:
                best, entering = abs(slope), j
        if entering >= 0:
            enter_column(state, entering, i, depth)


@njit(cache=True)
def solve_program(state: SearchState, depth: int, only_feasible: bool, work_limit: int) -> int:
    """A refuter that uses as few free rows as a linear cost can see, from the last basis on."""
    size = state.basis.size
    columns = size - 1
    multipliers = np.zeros(size)
    basic_cost = np.zeros(size)
    first_phase = True
    limit = 100 + 40 * size  # steps for this program, over all calls: it may cycle, exact arithmetic does not
    moved = False
    while state.cursor[STEPS] < limit:
        if moved and state.cursor[WORK] > work_limit:
            return OUT_OF_WORK
        moved = True
        state.cursor[STEPS] += 1
        state.cursor[WORK] += state.rows.shape[0] * size
        if first_phase:
            barred_weight, barred = 0.0, False
            for i in range(size):
                basic_cost[i] = 0.0
                if is_barred(state, state.basis[i], depth):
                    barred = True
                    basic_cost[i] = 1.0
                    barred_weight = max(barred_weight, state.inverse[i, columns])
            if barred_weight <= ZERO_WEIGHT:
                if barred:
                    expel_barred(state, depth)
                if only_feasible:
                    return FOUND
                first_phase = False
        if not first_phase:
            for i in range(size):
                j = state.basis[i]
                free = j < state.residues.shape[0] and state.excluded[j] == 0
                basic_cost[i] = 1.0 if free and not is_barred(state, j, depth) else 0.0
        dual_point(state, basic_cost, multipliers)
        entering = price(state, multipliers, depth, first_phase)
        if entering < 0:
            for k in range(columns):
                state.point[k] = multipliers[k]
            return SEPARATED if first_phase else FOUND
        if not enter_column(state, entering, -1, depth):
            return STALLED
    return STALLED


@njit(cache=True)
def certify_basis(state: SearchState) -> bool:
    """Prove in floating point that the exact basic solution exists, is unique and is positive.

    With B the exact basis matrix, R the computed inverse, z = R e the computed solution: if
    ``||I - R B|| <= a < 1`` then B is nonsingular and ``|B^-1 e - z| <= |R r| + a/(1-a) max|R r|``,
    r = e - B z (S. M. Rump, Verification methods, Acta Numerica 2010). Every entry of `rows` is the exact one
    up to a relative 2**-52 and an absolute 2**-1000; `unit` is generous for sums of ``size + 4`` terms, and
    the last comparison fails for a NaN or an infinity (proof in `docs/mathematics.md`).
    """
    size = state.basis.size
    columns = size - 1
    count = state.rows.shape[0]
    unit = (size + 8) * 2.0**-51
    tiny = (size + 8) * 2.0**-990
    matrix = np.empty((size, size))
    for i in range(size):
        j = state.basis[i]
        if j >= count:
            return False
        for k in range(columns):
            matrix[k, i] = state.rows[j, k]
        matrix[columns, i] = 1.0
    row_sums = np.zeros(size)
    residual = np.zeros(size)
    for k in range(size):
        total = 1.0 if k == columns else 0.0
        magnitude, weights = total, 0.0
        for i in range(size):
            row_sums[k] += abs(matrix[k, i])
            weight = state.inverse[i, columns]
            total -= matrix[k, i] * weight
            magnitude += abs(matrix[k, i] * weight)
            weights += abs(weight)
        residual[k] = abs(total) + unit * magnitude + tiny * (1.0 + weights)
    contraction, largest = 0.0, 0.0
    shift = np.zeros(size)
    for i in range(size):
        distance, magnitude, slack = 0.0, 1.0, 0.0
        for k in range(size):
            magnitude += abs(state.inverse[i, k]) * row_sums[k]
            slack += abs(state.inverse[i, k])
            shift[i] += abs(state.inverse[i, k]) * residual[k]
        for j in range(size):
            total = 1.0 if j == i else 0.0
            for k in range(size):
                total -= state.inverse[i, k] * matrix[k, j]
            distance += abs(total)
        distance = distance * (1.0 + unit) + unit * magnitude + tiny * (1.0 + slack) * size
        contraction = max(contraction, distance)
        shift[i] = shift[i] * (1.0 + unit) + tiny
        largest = max(largest, shift[i])
    if not contraction < 0.5:
        return False
    spread = contraction / (1.0 - contraction) * largest * 1.0000001
    for i in range(size):
        if not state.inverse[i, columns] > (shift[i] + spread) * 1.0000001:
            return False
    return True


# ---------------------------------------------------------------- the search


@njit(cache=True)
def count_free(state: SearchState, refuter: int, depth: int, limit: int) -> int:
    """Free rows of a known refuter, or `limit` if it meets the span of the path or has more."""
    free = 0
    for k in range(state.refuter_sizes[refuter]):
        i = state.supports[refuter, k]
        if state.closure[depth, i] != 0:
            return limit
        if state.excluded[i] == 0:
            free += 1
            if free >= limit:
                return limit
    return free


@njit(cache=True)
def best_known_refuter(state: SearchState, depth: int, enough: int) -> tuple[int, int]:
    """The refuter with the fewest free rows among the recent ones; stops at `enough` or fewer."""
    known = state.cursor[POOL]
    best, refuter = state.rows.shape[0] + 1, -1
    for r in range(state.cursor[PAIRS]):
        if count_free(state, r, depth, 3) < 3:
            return 0, r
    scanned = 0
    r = known - 1
    while r >= 0 and scanned < POOL_SCAN:
        free = count_free(state, r, depth, best)
        if free < best:
            best, refuter = free, r
            if best <= enough:
                break
        r -= 1
        scanned += 1
    return best, refuter


@njit(cache=True)
def store_basis_as_refuter(state: SearchState) -> int:
    """Append the rows of the basis in ascending order: layer rows come first."""
    refuter = int(state.cursor[POOL])
    ordered = np.sort(state.basis)
    layer_size = 0
    for k in range(ordered.size):
        state.supports[refuter, k] = ordered[k]
        if ordered[k] < state.residues.shape[0]:
            layer_size += 1
    state.sizes[refuter] = ordered.size
    state.refuter_sizes[refuter] = layer_size
    state.cursor[POOL] += 1
    return refuter


@njit(cache=True)
def point_has_few_active_rows(state: SearchState) -> bool:
    """Whether the proposed point seems to be inside the domain with fewer than n active rows."""
    columns = state.rows.shape[1]
    layer_rows, dimension = state.residues.shape
    active = 0
    for j in range(state.rows.shape[0]):
        value = 0.0
        for k in range(columns):
            value += state.rows[j, k] * state.point[k]
        if not value < 0.0:
            if j >= layer_rows:
                return False
            active += 1
            if active >= dimension:
                return False
    return True


@njit(cache=True)
def propose_weights(state: SearchState) -> None:
    state.weights[:] = 0.0
    for i in range(state.basis.size):
        if state.basis[i] < state.rows.shape[0]:
            state.weights[state.basis[i]] = max(state.inverse[i, state.basis.size - 1], 0.0)


@njit(cache=True)
def find_refuter(state: SearchState, depth: int, work_limit: int) -> int:
    """Refuter index >= 0, or minus one minus a request code."""
    last_level = depth == state.residues.shape[1] - 1
    enough = state.rows.shape[0] if last_level else 0
    free, known = best_known_refuter(state, depth, enough)
    if known >= 0 and free <= enough:
        return known
    outcome = solve_program(state, depth, last_level, work_limit)
    if outcome == OUT_OF_WORK:
        return -1 - PAUSED
    state.cursor[STEPS] = 0
    state.cursor[LINEAR_PROGRAMS] += 1
    if outcome == FOUND:
        if not last_level and state.cursor[POINT_CHECKED] == 0 and point_has_few_active_rows(state):
            return -1 - WANT_POINT_CHECK
        certified = certify_basis(state)
        if not certified and state.cursor[SINCE_INVERSION] > 0:
            reinvert(state)
            certified = certify_basis(state)
        for i in range(state.basis.size):
            certified = certified and not is_barred(state, state.basis[i], depth)
        if certified:
            found = store_basis_as_refuter(state)
            if known >= 0 and free <= count_free(state, found, depth, free + 1):
                state.cursor[POOL] -= 1
                return known
            return found
    propose_weights(state)
    return -1 - WANT_REFUTER


@njit(cache=True)
def leave_node(state: SearchState, depth: int) -> None:
    """Take back what the node at `depth` excluded, and go on in its parent."""
    refuter = state.node_refuter[depth]
    for k in range(state.refuter_sizes[refuter]):
        if state.excluded[state.supports[refuter, k]] == depth + 1:
            state.excluded[state.supports[refuter, k]] = 0
    state.cursor[DEPTH] = depth - 1
    state.cursor[STAGE] = STAGE_BRANCH
    if depth > 0:
        state.excluded[state.path[depth - 1]] = depth


@njit(cache=True)
def excluded_row_in_closure(state: SearchState, depth: int) -> int:
    for k in range(state.residues.shape[0]):
        if state.excluded[k] != 0 and state.closure[depth, k] == 1:
            return k
    return -1


@njit(cache=True)
def search(state: SearchState, work_limit: int) -> int:
    """Run until the tree is complete or something is wanted; returns a request code."""
    cursor = state.cursor
    dimension = state.residues.shape[1]
    while cursor[DEPTH] >= 0:
        depth = cursor[DEPTH]
        if cursor[TOKENS] + 2 > state.tokens.size:
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
            cursor[WORK] += state.residues.size + 100
            state.tokens[cursor[TOKENS]] = refuter
            cursor[TOKENS] += 1
            state.node_refuter[depth] = refuter
            state.node_position[depth] = 0
            cursor[STAGE] = STAGE_BRANCH
            if depth + 1 == dimension:
                leave_node(state, depth)
        elif cursor[STAGE] == STAGE_BRANCH:
            refuter = state.node_refuter[depth]
            position = state.node_position[depth]
            while position < state.refuter_sizes[refuter] and state.excluded[state.supports[refuter, position]] != 0:
                position += 1
            state.node_position[depth] = position + 1
            if position >= state.refuter_sizes[refuter]:
                leave_node(state, depth)
                continue
            child = state.supports[refuter, position]
            state.path[depth] = child
            extend_echelon(state, child, depth)
            mark_closure(state, depth + 1)
            cursor[STAGE], cursor[CONFIRMED] = STAGE_VACUITY, -1
        else:
            row = cursor[CONFIRMED]
            if row < 0:
                row = excluded_row_in_closure(state, depth + 1)
                if row >= 0 and state.modular_is_exact[depth + 1] == 0:
                    cursor[CANDIDATE] = row
                    return WANT_MEMBERSHIP
            if row < 0:
                cursor[DEPTH], cursor[STAGE] = depth + 1, STAGE_NODE
                continue
            state.tokens[cursor[TOKENS]] = -row - 1
            cursor[TOKENS] += 1
            state.excluded[state.path[depth]] = depth + 1
            cursor[STAGE] = STAGE_BRANCH
    return DONE
