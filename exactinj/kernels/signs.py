"""The compiled part of the engine sign-split: signs of rows, decided one after the other.

A *sign assignment* says for some rows that they are nonnegative and for others that they are
negative. By Gordan's theorem exactly one of these exists:

* a point that has all the signs, strictly, and lies inside the domain;
* a *circuit*: ``sum lambda_i h_i = 0`` with lambda positive on negative rows and on rows of the
  domain, negative on nonnegative rows. It shows that no point has these signs.

Two searches use it. `enumerate_wedges` assigns the hyperplanes in order and visits every assignment
that has a point: its leaves are the wedges. `split` looks for a point whose active rows do not span
R^n: at a node with independent nonnegative rows P and negative rows Q it asks for a point where, on
top, *every* row outside span(P) is negative. Such a point is a collision; otherwise a circuit with
few unassigned rows i, j, ... splits the node into "i nonnegative", "i negative and j
nonnegative" and so on. Its depth is at most n (`docs/certificates.md`, rule ``sign-split``).

As in `flats`, floats propose and a proof follows on the spot: a circuit counts only if Rump's
criterion proves it (`certify_basis`), a point only if an error bound proves its signs
(`value_and_bound`), a row outside a span only if it is outside modulo a prime (`mark_closure`). What
these do not settle goes back to Python with a request code and is settled in rationals.

Cost per sign: about three simplex pivots of ``O(M N)`` and a proof of ``O(N^3)``, unless a recent
circuit fits. One file, and no import from `flats`, because numba's cache on disk looks at the time
stamp of one file only. References: M. Rada, M. Cerny, SIAM J. Discrete Math. 32 (2018), for the
incremental enumeration.
"""


# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PRIMES = (536_870_909, 536_870_879, 536_870_869)  # below 2**29: 32 products of residues fit in 63 bits

# What a search returns: it is finished, or wants something from the caller.
DONE, PAUSED, WANT_ROOM, WANT_SIDE, WANT_CIRCUIT, WANT_POINT_CHECK, NO_SIDE = range(7)

# What a linear program ended with.
FOUND, SEPARATED, STALLED, OUT_OF_WORK = range(4)

# `Program.status` of a row: what the signs say about it.
UNKNOWN, NEGATIVE, FREE, NONNEGATIVE = 0, 1, 2, -1

# Fields of `Program.counts`.
(PIVOTS, SINCE_INVERSION, LINEAR_PROGRAMS, WORK, STEPS, PROGRAM_COUNTS) = range(6)

# Fields of both cursors, of `Enumeration.cursor`, and of `Splitting.cursor`.
(DEPTH, GIVEN) = range(2)
(EMITTED, IS_SYMMETRIC, REUSED, VISITED) = range(2, 6)
(STAGE, POOL, TOKENS, NODES, POINT_CHECKED, PRIME, CURSOR_SIZE) = range(2, 9)
STAGE_NODE, STAGE_BRANCH = range(2)
NOTHING, GIVEN_EMPTY, GIVEN_POINT = range(3)

PRICE_TOLERANCE = 1e-9
PIVOT_TOLERANCE = 1e-9
ZERO_WEIGHT = 1e-11
REINVERT_AFTER = 50
POOL_SCAN = 256


class Program(NamedTuple):
    """``{lambda >= 0, sum lambda_c c = 0, sum lambda_c = 1}`` over signed rows c, and its simplex state.

    The column with code ``j + 1`` is row j with a one below it, ``-(j + 1)`` is minus row j with a
    one below it, ``M + 1 + k`` is the k-th unit vector.

    rows : (M, N) float64, equilibrated by powers of two; see `HomogeneousProblem.equilibrated`
    status : (M,) int8. NEGATIVE allows the column ``j + 1`` at no cost, FREE at cost one,
        NONNEGATIVE the column ``-(j + 1)`` at no cost, UNKNOWN neither
    basis, inverse : codes of ``N + 1`` basic columns and the inverse of their matrix
    point : (N,) a proposed point; weights : (M,) a proposed circuit, with signs
    """

    rows: Floats
    status: NDArray[np.int8]
    basis: Integers
    inverse: Floats
    point: Floats
    weights: Floats
    counts: Integers


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
def reduce_modulo(row: Integers, echelon: Integers, pivots: Integers, rank: int, prime: int) -> bool:
    """Take away the row's part along the echelon rows; whether anything is left modulo p."""
    for k in range(rank):
        factor = row[pivots[k]]
        if factor != 0:
            for j in range(row.size):
                row[j] = (row[j] - factor * echelon[k, j]) % prime
    return bool(np.any(row))


@njit(cache=True)
def extend_echelon(row: Integers, echelon: Integers, pivots: Integers, rank: int, prime: int) -> None:
    """Append a reduced row that is not zero."""
    pivot = 0
    while row[pivot] == 0:
        pivot += 1
    scale = inverse_modulo(row[pivot], prime)
    for j in range(row.size):
        echelon[rank, j] = row[j] * scale % prime
    pivots[rank] = pivot


@njit(cache=True)
def mark_closure(state: Splitting, rank: int) -> None:
    """Mark the layer rows in the span of the path modulo p; the others are proven outside it.

    The path is independent modulo p, so a rational dependency, scaled to coprime integers, would
    survive modulo p. One vector orthogonal to the path settles almost every row.
    """
    prime = state.cursor[PRIME]
    annihilator = state.salt.copy()
    for k in range(rank - 1, -1, -1):
        pivot = state.pivots[k]
        annihilator[pivot] = 0
        annihilator[pivot] = (prime - dot_modulo(state.echelon[k], annihilator, prime)) % prime
    for i in range(state.residues.shape[0]):
        inside = rank > 0 and state.closure[rank - 1, i] != 0
        if not inside and dot_modulo(state.residues[i], annihilator, prime) == 0:
            inside = not reduce_modulo(state.residues[i].copy(), state.echelon, state.pivots, rank, prime)
        state.closure[rank, i] = 1 if inside else 0


# ---------------------------------------------------------------- the linear program


@njit(cache=True)
def reinvert(program: Program) -> None:
    """Recompute the inverse from the basis; fall back to the artificial basis if it is singular."""
    size = program.basis.size
    count, columns = program.rows.shape
    work = np.zeros((size, 2 * size))
    for i in range(size):
        code = program.basis[i]
        if code > count:
            work[code - count - 1, i] = 1.0
        else:
            for k in range(columns):
                entry = program.rows[abs(code) - 1, k]
                work[k, i] = entry if code > 0 else -entry
            work[columns, i] = 1.0
        work[i, size + i] = 1.0
    program.counts[SINCE_INVERSION] = 0
    for i in range(size):
        best = i
        for k in range(i + 1, size):
            if abs(work[k, i]) > abs(work[best, i]):
                best = k
        if not abs(work[best, i]) > 1e-13:
            for k in range(size):
                program.basis[k] = count + 1 + k
                for j in range(size):
                    program.inverse[k, j] = 1.0 if j == k else 0.0
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
            program.inverse[i, j] = work[i, size + j]


@njit(cache=True)
def is_barred(status: NDArray[np.int8], code: int) -> bool:
    """Artificial columns and columns that the signs do not allow must end with weight zero."""
    if code > status.size:
        return True
    if code > 0:
        return bool(status[code - 1] <= 0)
    return bool(status[-code - 1] != NONNEGATIVE)


@njit(cache=True)
def slope_of(inverse_row: Floats, row: Floats, code: int) -> float:
    """An entry of the column in terms of the basis."""
    total = 0.0
    for k in range(row.size):
        total += inverse_row[k] * row[k]
    return float(inverse_row[row.size] + (total if code > 0 else -total))


@njit(cache=True)
def enter_column(program: Program, entering: int, leaving_or_minus: int) -> bool:
    """Pivot a column in; choose the leaving one by the ratio test unless it is given."""
    inverse, basis, status = program.inverse, program.basis, program.status
    size = basis.size
    columns = size - 1
    row = program.rows[abs(entering) - 1]
    direction = np.empty(size)
    for i in range(size):
        direction[i] = slope_of(inverse[i], row, entering)
    leaving = leaving_or_minus
    if leaving < 0:
        best_ratio = np.inf
        best_size = 0.0
        for i in range(size):
            weight = max(inverse[i, columns], 0.0)
            slope = direction[i]
            if weight <= ZERO_WEIGHT and abs(slope) > 1e-7 and is_barred(status, basis[i]):
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
        inverse[leaving, k] *= scale
    for i in range(size):
        factor = direction[i]
        if i != leaving and factor != 0.0:
            for k in range(size):
                inverse[i, k] -= factor * inverse[leaving, k]
    basis[leaving] = entering
    program.counts[PIVOTS] += 1
    program.counts[SINCE_INVERSION] += 1
    if program.counts[SINCE_INVERSION] >= REINVERT_AFTER:
        reinvert(program)
    return True


@njit(cache=True)
def dual_point(inverse: Floats, basic_cost: Floats, multipliers: Floats) -> None:
    size = basic_cost.size
    for k in range(size):
        multipliers[k] = 0.0
    for i in range(size):
        if basic_cost[i] != 0.0:
            for k in range(size):
                multipliers[k] += basic_cost[i] * inverse[i, k]


@njit(cache=True)
def price(rows: Floats, statuses: NDArray[np.int8], multipliers: Floats, first_phase: bool) -> int:
    """The code of the allowed column of most negative reduced cost, or 0."""
    count, columns = rows.shape
    best, entering = -PRICE_TOLERANCE, 0
    for j in range(count):
        status = statuses[j]
        if status == UNKNOWN:
            continue
        value = 0.0
        for k in range(columns):
            value += multipliers[k] * rows[j, k]
        cost = 1.0 if status == FREE and not first_phase else 0.0
        reduced = cost - float(multipliers[columns]) - (value if status > 0 else -value)
        if reduced < best:
            best, entering = reduced, (j + 1 if status > 0 else -j - 1)
    return entering


@njit(cache=True)
def expel_barred(program: Program) -> None:
    """Replace barred basic columns of weight zero by allowed ones, where a stable pivot exists."""
    for i in range(program.basis.size):
        if not is_barred(program.status, program.basis[i]):
            continue
        best, entering = 1e-6, 0
        for j in range(program.rows.shape[0]):
            if program.status[j] != UNKNOWN:
                code = j + 1 if program.status[j] > 0 else -j - 1
                slope = abs(slope_of(program.inverse[i], program.rows[j], code))
                if slope > best:
                    best, entering = slope, code
        if entering != 0:
            enter_column(program, entering, i)


@njit(cache=True)
def solve_program(program: Program, only_feasible: bool, work_limit: int) -> int:
    """A circuit over the allowed columns, of small weight on FREE rows, from the last basis on."""
    outcome = run_simplex(program, only_feasible, work_limit)
    if outcome != OUT_OF_WORK:
        program.counts[STEPS] = 0
        program.counts[LINEAR_PROGRAMS] += 1
    return outcome


@njit(cache=True)
def run_simplex(program: Program, only_feasible: bool, work_limit: int) -> int:
    """The steps of `solve_program`; their limit holds over all calls, as the float simplex may cycle."""
    size = program.basis.size
    columns = size - 1
    multipliers = np.zeros(size)
    basic_cost = np.zeros(size)
    first_phase = True
    moved = False
    while program.counts[STEPS] < 100 + 40 * size:
        if moved and program.counts[WORK] > work_limit:
            return OUT_OF_WORK
        moved = True
        program.counts[STEPS] += 1
        program.counts[WORK] += program.rows.shape[0] * size
        if first_phase:
            barred_weight, barred = 0.0, False
            for i in range(size):
                basic_cost[i] = 0.0
                if is_barred(program.status, program.basis[i]):
                    barred = True
                    basic_cost[i] = 1.0
                    barred_weight = max(barred_weight, program.inverse[i, columns])
            if barred_weight <= ZERO_WEIGHT:
                if barred:
                    expel_barred(program)
                if only_feasible:
                    return FOUND
                first_phase = False
        if not first_phase:
            for i in range(size):
                code = program.basis[i]
                is_free = 0 < code <= program.status.size and program.status[code - 1] == FREE
                basic_cost[i] = 1.0 if is_free else 0.0
        dual_point(program.inverse, basic_cost, multipliers)
        entering = price(program.rows, program.status, multipliers, first_phase)
        if entering == 0:
            for k in range(columns):
                program.point[k] = multipliers[k]
            return SEPARATED if first_phase else FOUND
        if not enter_column(program, entering, -1):
            return STALLED
    return STALLED


@njit(cache=True)
def certify_basis(program: Program) -> bool:
    """Prove in floating point that the exact basic solution exists, is unique and is positive.

    With B the exact basis matrix, R the computed inverse, z = R e the computed solution: if
    ``||I - R B|| <= a < 1`` then B is nonsingular and ``|B^-1 e - z| <= |R r| + a/(1-a) max|R r|``,
    r = e - B z (S. M. Rump, Verification methods, Acta Numerica 2010). Every entry of
    `rows` is the exact one up to a relative 2**-52 and an absolute 2**-1000; `unit` is generous for
    sums of ``size + 4`` terms, and a NaN or an overflow fails the comparisons.
    """
    size = program.basis.size
    columns = size - 1
    for i in range(size):
        if is_barred(program.status, program.basis[i]) or not program.inverse[i, columns] > 0.0:
            return False
    unit = (size + 8) * 2.0**-51
    tiny = (size + 8) * 2.0**-990
    matrix = np.empty((size, size))
    for i in range(size):
        code = program.basis[i]
        for k in range(columns):
            entry = program.rows[abs(code) - 1, k]
            matrix[k, i] = entry if code > 0 else -entry
        matrix[columns, i] = 1.0
    row_sums = np.zeros(size)
    residual = np.zeros(size)
    for k in range(size):
        total = 1.0 if k == columns else 0.0
        magnitude = total
        for i in range(size):
            row_sums[k] += abs(matrix[k, i])
            weight = program.inverse[i, columns]
            total -= matrix[k, i] * weight
            magnitude += abs(matrix[k, i] * weight) + tiny * abs(weight)
        residual[k] = abs(total) + unit * magnitude + tiny
    contraction, largest = 0.0, 0.0
    shift = np.zeros(size)
    sums = np.empty(size)
    for i in range(size):
        magnitude, slack = 1.0, 0.0
        for j in range(size):
            sums[j] = 1.0 if j == i else 0.0
        for k in range(size):
            factor = program.inverse[i, k]
            magnitude += abs(factor) * row_sums[k]
            slack += abs(factor)
            shift[i] += abs(factor) * residual[k]
            for j in range(size):
                sums[j] -= factor * matrix[k, j]
        distance = 0.0
        for j in range(size):
            distance += abs(sums[j])
        distance = distance * (1.0 + unit) + unit * magnitude + tiny * (1.0 + slack) * size
        contraction = max(contraction, distance)
        shift[i] = shift[i] * (1.0 + unit) + tiny
        largest = max(largest, shift[i])
    if not contraction < 0.5:
        return False
    spread = contraction / (1.0 - contraction) * largest * 1.0000001
    for i in range(size):
        if not program.inverse[i, columns] > (shift[i] + spread) * 1.0000001:
            return False
    return True


@njit(cache=True)
def circuit_is_proven(program: Program) -> bool:
    """`certify_basis`, with a fresh inverse if the first attempt fails."""
    if certify_basis(program):
        return True
    if program.counts[SINCE_INVERSION] == 0:
        return False
    reinvert(program)
    return certify_basis(program)


@njit(cache=True)
def propose_weights(program: Program) -> None:
    """Leave the basic solution to the caller: weights of rows, negative on nonnegative rows."""
    program.weights[:] = 0.0
    for i in range(program.basis.size):
        code = program.basis[i]
        if code <= program.status.size and not is_barred(program.status, code):
            weight = max(program.inverse[i, program.basis.size - 1], 0.0)
            program.weights[abs(code) - 1] = weight if code > 0 else -weight


# ---------------------------------------------------------------- points


@njit(cache=True)
def value_and_bound(row: Floats, point: Floats) -> tuple[float, float]:
    """The computed ``<row, point>`` and a bound on its distance from the exact row's value.

    N products and sums in any order are off by at most N units of 2**-53 of the sum of magnitudes,
    and the row itself by 2**-52 of each entry; the bound has four times that. `tiny` covers
    underflow and entries that were dropped below 2**-1000; points are scaled to at most one.
    """
    value, magnitude = 0.0, 0.0
    for k in range(row.size):
        product = row[k] * point[k]
        value += product
        magnitude += abs(product)
    return value, (row.size + 8) * 2.0**-51 * magnitude + (row.size + 8) * 2.0**-990


@njit(cache=True)
def normalise(point: Floats) -> bool:
    """Scale by a power of two so that the largest entry lies in [1/2, 1); False for zero, NaN or infinity."""
    largest = 0.0
    for k in range(point.size):
        if not abs(point[k]) < np.inf:
            return False
        largest = max(largest, abs(point[k]))
    if not largest > 1e-200:
        return False
    exponent = np.ceil(np.log2(largest))
    for k in range(point.size):
        point[k] *= 2.0**-exponent
    return True


@njit(cache=True)
def point_has_signs(program: Program, point: Floats) -> bool:
    """Whether all assigned rows provably have their signs at the point."""
    for j in range(program.rows.shape[0]):
        status = program.status[j]
        if status != UNKNOWN:
            value, bound = value_and_bound(program.rows[j], point)
            if not (value < -bound if status > 0 else value > bound):
                return False
    return True


# ---------------------------------------------------------------- enumeration


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def remember_both(
    state: Enumeration, hyperplane: int, side: int, plus: NDArray[np.uint64], minus: NDArray[np.uint64]
) -> None:
    """`remember`; where nothing but hyperplanes through 0 bounds a wedge, minus a circuit is one as well."""
    remember(state, hyperplane, side, plus, minus)
    if state.cursor[IS_SYMMETRIC]:
        remember(state, hyperplane, -side, minus, plus)


@njit(cache=True)
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


@njit(cache=True)
def sign_at_point(state: Enumeration, depth: int) -> int:
    """The proven sign of the next hyperplane at the node's point, or 0."""
    if not state.has_point[depth]:
        return 0
    value, bound = value_and_bound(state.program.rows[depth], state.points[depth])
    return 1 if value > bound else (-1 if value < -bound else 0)


@njit(cache=True)
def look_at_side(state: Enumeration, side: int, work_limit: int) -> int:
    """FOUND: the side is empty. SEPARATED: `program.point` is in it. STALLED: not known."""
    program, depth = state.program, state.cursor[DEPTH]
    if state.cursor[GIVEN] == GIVEN_EMPTY or is_forbidden(state, depth, side):
        state.cursor[REUSED] += 1
        return FOUND
    if state.cursor[GIVEN] == NOTHING:
        outcome = solve_program(program, True, work_limit)
        if outcome == FOUND:
            if circuit_is_proven(program):
                remember_basis(state, depth, side)
                return FOUND
            return STALLED
        if outcome != SEPARATED:
            return outcome
    if normalise(program.point) and point_has_signs(program, program.point):
        return SEPARATED
    return STALLED


@njit(cache=True)
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


@njit(cache=True)
def go_back(state: Enumeration) -> None:
    """Return to the parent, which has another side to look at."""
    depth = state.cursor[DEPTH] - 1
    state.cursor[DEPTH] = depth
    if depth >= 0:
        state.program.status[depth] = UNKNOWN
        keep = ~(np.uint64(1) << np.uint64(depth & 63))
        state.plus[depth >> 6] &= keep
        state.minus[depth >> 6] &= keep


@njit(cache=True)
def emit(state: Enumeration) -> None:
    """Write the wedge at a leaf into the buffer."""
    place, depth = state.cursor[EMITTED], state.cursor[DEPTH]
    state.out_plus[place] = state.plus
    state.out_points[place] = state.points[depth]
    state.out_has_point[place] = state.has_point[depth]
    state.out_ranks[place] = state.ranks[depth]
    state.cursor[EMITTED] += 1


@njit(cache=True)
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
            state.points[depth + 1] = state.points[depth]
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
            propose_weights(program)
            return WANT_SIDE
        cursor[GIVEN] = NOTHING
        state.stage[depth] = stage + 1
        if outcome == FOUND:
            if state.emptied[depth]:
                return NO_SIDE
            state.emptied[depth] = 1
        else:
            state.points[depth + 1] = program.point
            descend(state, side, outcome == SEPARATED)
    return DONE


# ---------------------------------------------------------------- the decision


@njit(cache=True)
def assign_status(state: Splitting, depth: int) -> None:
    """Negative: excluded rows. Nonnegative: the path. Free: the rest outside the path's span."""
    status = state.program.status
    for i in range(state.residues.shape[0]):
        if state.excluded[i] != 0:
            status[i] = NEGATIVE
        else:
            status[i] = UNKNOWN if state.closure[depth, i] else FREE
    for k in range(depth):
        status[state.path[k]] = NONNEGATIVE


@njit(cache=True)
def count_free(codes: NDArray[np.int32], status: NDArray[np.int8], limit: int) -> int:
    """Free rows of a known circuit, or `limit` if it does not fit the signs or has more."""
    free = 0
    for code in codes:
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


@njit(cache=True)
def best_known_circuit(state: Splitting, enough: int) -> tuple[int, int]:
    """The circuit with the fewest free rows among the recent ones; stops at `enough` or fewer."""
    supports, refuter_sizes, status = state.supports, state.refuter_sizes, state.program.status
    best, circuit = status.size + 1, -1
    scanned, r = 0, state.cursor[POOL] - 1
    while r >= 0 and scanned < POOL_SCAN:
        free = count_free(supports[r, : refuter_sizes[r]], status, best)
        if free < best:
            best, circuit = free, r
            if best <= enough:
                break
        r -= 1
        scanned += 1
    return best, circuit


@njit(cache=True)
def store_basis(state: Splitting) -> int:
    """Append the circuit on the basis: layer rows first, in ascending order."""
    circuit = int(state.cursor[POOL])
    codes = state.program.basis
    order = np.argsort(np.abs(codes))
    layer_size = 0
    for k in range(codes.size):
        code = codes[order[k]]
        state.supports[circuit, k] = code
        if abs(code) <= state.residues.shape[0]:
            layer_size += 1
    state.sizes[circuit] = codes.size
    state.refuter_sizes[circuit] = layer_size
    state.cursor[POOL] += 1
    return circuit


@njit(cache=True)
def point_has_few_active_rows(state: Splitting) -> bool:
    """Whether the proposed point seems to be inside the domain with fewer than n active rows."""
    layer_rows, dimension = state.residues.shape
    active = 0
    for j in range(state.program.rows.shape[0]):
        value, _ = value_and_bound(state.program.rows[j], state.program.point)
        if not value < 0.0:
            active += 1
            if j >= layer_rows or active >= dimension:
                return False
    return True


@njit(cache=True)
def find_circuit(state: Splitting, depth: int, work_limit: int) -> int:
    """Circuit index >= 0, or minus one minus a request code."""
    program = state.program
    last_level = depth == state.residues.shape[1] - 1
    enough = program.rows.shape[0] if last_level else 0
    assign_status(state, depth)
    free, known = best_known_circuit(state, enough)
    if known >= 0 and free <= enough:
        return known
    outcome = solve_program(program, last_level, work_limit)
    if outcome == OUT_OF_WORK:
        return -1 - PAUSED
    if outcome == FOUND:
        if not last_level and state.cursor[POINT_CHECKED] == 0 and point_has_few_active_rows(state):
            return -1 - WANT_POINT_CHECK
        if circuit_is_proven(program):
            found = store_basis(state)
            codes = state.supports[found, : state.refuter_sizes[found]]
            if known >= 0 and free <= count_free(codes, program.status, free + 1):
                state.cursor[POOL] -= 1
                return known
            return found
    propose_weights(program)
    return -1 - WANT_CIRCUIT


@njit(cache=True)
def leave_node(state: Splitting, depth: int) -> None:
    """Take back what the node at `depth` made negative, and go on in its parent."""
    for i in range(state.excluded.size):
        if state.excluded[i] == depth + 1:
            state.excluded[i] = 0
    state.cursor[DEPTH] = depth - 1
    state.cursor[STAGE] = STAGE_BRANCH
    if depth > 0:
        state.excluded[state.path[depth - 1]] = depth


@njit(cache=True)
def next_free_row(state: Splitting, depth: int) -> int:
    """The next row of the node's circuit that has no sign yet, or -1."""
    circuit, position = state.node_circuit[depth], state.node_position[depth]
    row = -1
    while row < 0 and position < state.refuter_sizes[circuit]:
        code = state.supports[circuit, position]
        if code > 0 and state.excluded[code - 1] == 0:
            row = code - 1
        position += 1
    state.node_position[depth] = position
    return row


@njit(cache=True)
def split(state: Splitting, work_limit: int) -> int:
    """Run until the tree is complete or something is wanted; returns a request code."""
    cursor = state.cursor
    dimension = state.residues.shape[1]
    while cursor[DEPTH] >= 0:
        depth = cursor[DEPTH]
        if cursor[STAGE] == STAGE_NODE:
            if cursor[POOL] == state.sizes.size or cursor[TOKENS] == state.tokens.size:
                return WANT_ROOM
            if state.program.counts[WORK] > work_limit:
                return PAUSED
            circuit = cursor[GIVEN] - 1
            if circuit < 0:
                circuit = find_circuit(state, depth, work_limit)
                if circuit < 0:
                    return -1 - circuit
            cursor[GIVEN], cursor[POINT_CHECKED] = 0, 0
            cursor[NODES] += 1
            state.program.counts[WORK] += state.residues.size + 100
            state.tokens[cursor[TOKENS]] = circuit
            cursor[TOKENS] += 1
            state.node_circuit[depth] = circuit
            state.node_position[depth] = 0
            cursor[STAGE] = STAGE_BRANCH
            if depth + 1 == dimension:
                leave_node(state, depth)
            continue
        child = next_free_row(state, depth)
        if child < 0:
            leave_node(state, depth)
            continue
        row = state.residues[child].copy()
        reduce_modulo(row, state.echelon, state.pivots, depth, cursor[PRIME])
        extend_echelon(row, state.echelon, state.pivots, depth, cursor[PRIME])
        state.path[depth] = child
        mark_closure(state, depth + 1)
        cursor[DEPTH], cursor[STAGE] = depth + 1, STAGE_NODE
    return DONE
