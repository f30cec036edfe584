"""Circuits among signed rows: a revised simplex method that proposes, and an error bound that proves.

A *sign assignment* says for some rows h that they are negative and for others that they are nonnegative. By Gordan's
theorem exactly one of these exists:

* a point that has all the signs, strictly, and lies inside the domain;
* a *circuit*: ``sum lambda_i h_i = 0`` with lambda positive on negative rows and on rows of the domain, negative on
  nonnegative rows. It shows that no point has these signs.

The linear program is ``{lambda >= 0, sum lambda_c c = 0, sum lambda_c = 1}`` over signed rows c. It is the same for all
sign assignments but for its costs, so that each starts from the last one's basis. The column with *code* ``j + 1`` is
row j with a one below it, ``-(j + 1)`` is minus row j with a one below it, ``M + 1 + k`` is the k-th unit vector.

A basis counts as a circuit only if `certify_basis` proves it: Rump's a-posteriori bound, with explicit rounding terms.

The functions take the arrays of a `Program` one by one, as the compiler is slow with tuples of many arrays.

Cost: a pivot ``O(M N)``, a proof or a new inverse ``O(N^3)``.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import helper

__all__ = [
    "CONSTANT_FIRST",
    "FOUND",
    "FREE",
    "LINEAR_PROGRAMS",
    "NEGATIVE",
    "NONNEGATIVE",
    "OUT_OF_WORK",
    "PIVOTS",
    "PROGRAM_COUNTS",
    "SEPARATED",
    "SINCE_INVERSION",
    "STALLED",
    "STEPS",
    "UNKNOWN",
    "WORK",
    "Program",
    "circuit_is_proven",
    "propose_weights",
    "solve_program",
]

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Statuses: TypeAlias = NDArray[np.int8]

# What the signs say about a row.
UNKNOWN, NEGATIVE, FREE, NONNEGATIVE = 0, 1, 2, -1

# What a linear program ended with.
FOUND, SEPARATED, STALLED, OUT_OF_WORK = range(4)

# Fields of `counts`. CONSTANT_FIRST says where sums begin: with the term of the last coordinate, as in the search over
# flats, or with the first. Both are right up to rounding, which decides between equally good pivots: a search that
# changed its mind here would write other certificates than it used to.
(PIVOTS, SINCE_INVERSION, LINEAR_PROGRAMS, WORK, STEPS, CONSTANT_FIRST, PROGRAM_COUNTS) = range(7)

PRICE_TOLERANCE = 1e-9
PIVOT_TOLERANCE = 1e-9
ZERO_WEIGHT = 1e-11
REINVERT_AFTER = 50


class Program(NamedTuple):
    """The linear program and the state of its simplex method, for M rows of N columns.

    rows : (M, N) float64, equilibrated by powers of two; see `HomogeneousProblem.equilibrated`
    columns : (N, M), the same numbers in the order in which `price` takes them
    status : (M,) int8. NEGATIVE allows the column ``j + 1`` at no cost, FREE at cost one,
        NONNEGATIVE the column ``-(j + 1)`` at no cost, UNKNOWN neither
    basis, inverse : codes of ``N + 1`` basic columns and the inverse of their matrix
    point : (N,) a proposed point; weights : (M,) a proposed circuit, with signs
    counts : PIVOTS and the names after it
    """

    rows: Floats
    columns: Floats
    status: Statuses
    basis: Integers
    inverse: Floats
    point: Floats
    weights: Floats
    counts: Integers


# ---------------------------------------------------------------- the basis and its inverse


@helper
def fill_basis_matrix(rows: Floats, basis: Integers, matrix: Floats) -> None:
    """The columns that the basis names."""
    count, columns = rows.shape
    for i in range(basis.size):
        code = basis[i]
        if code > count:
            for k in range(columns + 1):
                matrix[k, i] = 0.0
            matrix[code - count - 1, i] = 1.0
        else:
            for k in range(columns):
                entry = rows[abs(code) - 1, k]
                matrix[k, i] = entry if code > 0 else -entry
            matrix[columns, i] = 1.0


@helper
def reinvert(rows: Floats, basis: Integers, inverse: Floats) -> None:
    """Recompute the inverse from the basis; fall back to the artificial basis if it is singular."""
    size = basis.size
    work = np.zeros((size, 2 * size))
    fill_basis_matrix(rows, basis, work)
    for i in range(size):
        work[i, size + i] = 1.0
    for i in range(size):
        best = i
        for k in range(i + 1, size):
            if abs(work[k, i]) > abs(work[best, i]):
                best = k
        if not abs(work[best, i]) > 1e-13:
            for k in range(size):
                basis[k] = rows.shape[0] + 1 + k
                for j in range(size):
                    inverse[k, j] = 1.0 if j == k else 0.0
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
            inverse[i, j] = work[i, size + j]


@helper
def is_barred(status: Statuses, code: int) -> bool:
    """Artificial columns and columns that the signs do not allow must end with weight zero."""
    if code > status.size:
        return True
    if code > 0:
        return bool(status[code - 1] <= 0)
    return bool(status[-code - 1] != NONNEGATIVE)


@helper
def slope_of(inverse_row: Floats, row: Floats, code: int, constant_first: int) -> float:
    """An entry of the column in terms of the basis; `constant_first` is for positive codes only."""
    constant = inverse_row[row.size]
    total = constant if constant_first else 0.0
    for k in range(row.size):
        total += inverse_row[k] * row[k]
    if constant_first:
        return float(total)
    return float(constant + (total if code > 0 else -total))


@helper
def leaving_place(status: Statuses, basis: Integers, inverse: Floats, direction: Floats) -> int:
    """The ratio test: the place of the basis that a column in this direction pushes out, or -1."""
    columns = basis.size - 1
    leaving = -1
    best_ratio = np.inf
    best_size = 0.0
    for i in range(basis.size):
        weight = max(inverse[i, columns], 0.0)
        slope = direction[i]
        if weight <= ZERO_WEIGHT and abs(slope) > 1e-7 and is_barred(status, basis[i]):
            slope, weight = abs(slope), 0.0
        if slope <= PIVOT_TOLERANCE:
            continue
        ratio = weight / slope
        if ratio < best_ratio - 1e-12 or (ratio <= best_ratio + 1e-12 and slope > best_size):
            best_ratio, best_size, leaving = min(ratio, best_ratio), slope, i
    return leaving


@helper
def enter_column(
    rows: Floats,
    status: Statuses,
    basis: Integers,
    inverse: Floats,
    counts: Integers,
    entering: int,
    leaving_or_minus: int,
) -> bool:
    """Pivot a column in; choose the leaving one by the ratio test unless it is given."""
    size = basis.size
    row = rows[abs(entering) - 1]
    direction = np.empty(size)
    for i in range(size):
        direction[i] = slope_of(inverse[i], row, entering, counts[CONSTANT_FIRST])
    leaving = leaving_or_minus
    if leaving < 0:
        leaving = leaving_place(status, basis, inverse, direction)
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
    counts[PIVOTS] += 1
    counts[SINCE_INVERSION] += 1
    if counts[SINCE_INVERSION] >= REINVERT_AFTER:
        reinvert(rows, basis, inverse)
        counts[SINCE_INVERSION] = 0
    return True


# ---------------------------------------------------------------- the linear program


@helper
def dual_point(inverse: Floats, basic_cost: Floats, multipliers: Floats) -> None:
    size = basic_cost.size
    for k in range(size):
        multipliers[k] = 0.0
    for i in range(size):
        if basic_cost[i] != 0.0:
            for k in range(size):
                multipliers[k] += basic_cost[i] * inverse[i, k]


@helper
def price(
    columns: Floats,
    statuses: Statuses,
    multipliers: Floats,
    reduced: Floats,
    first_phase: bool,
    constant_first: int,
) -> int:
    """The code of the allowed column of most negative reduced cost, or 0; `constant_first` is for positive codes only.

    Sums run over all rows side by side, coordinate after coordinate.
    """
    height, count = columns.shape
    last = float(multipliers[height])
    for j in range(count):
        cost = 1.0 if statuses[j] == FREE and not first_phase else 0.0
        reduced[j] = cost - last if constant_first else 0.0
    for k in range(height):
        factor, column = multipliers[k], columns[k]
        for j in range(count):
            reduced[j] -= factor * column[j]
    best, entering = -PRICE_TOLERANCE, 0
    for j in range(count):
        status = statuses[j]
        if status == UNKNOWN:
            continue
        value = reduced[j]
        if not constant_first:
            cost = 1.0 if status == FREE and not first_phase else 0.0
            value = (cost - last) + (value if status > 0 else -value)
        if value < best:
            best, entering = value, (j + 1 if status > 0 else -j - 1)
    return entering


@helper
def expel_barred(rows: Floats, status: Statuses, basis: Integers, inverse: Floats, counts: Integers) -> None:
    """Replace barred basic columns of weight zero by allowed ones, where a stable pivot exists."""
    for i in range(basis.size):
        if not is_barred(status, basis[i]):
            continue
        best, entering = 1e-6, 0
        for j in range(rows.shape[0]):
            if status[j] != UNKNOWN:
                code = j + 1 if status[j] > 0 else -j - 1
                slope = abs(slope_of(inverse[i], rows[j], code, counts[CONSTANT_FIRST]))
                if slope > best:
                    best, entering = slope, code
        if entering != 0:
            enter_column(rows, status, basis, inverse, counts, entering, i)


@helper
def solve_program(
    rows: Floats,
    columns: Floats,
    status: Statuses,
    basis: Integers,
    inverse: Floats,
    point: Floats,
    counts: Integers,
    only_feasible: bool,
    work_limit: int,
) -> int:
    """A circuit over the allowed columns, of small weight on FREE rows, from the last basis on.

    SEPARATED and FOUND leave a point: that has all the signs, or that has as many FREE rows negative as a linear cost
    can see.
    """
    outcome = run_simplex(rows, columns, status, basis, inverse, point, counts, only_feasible, work_limit)
    if outcome != OUT_OF_WORK:
        counts[STEPS] = 0
        counts[LINEAR_PROGRAMS] += 1
    return outcome


@helper
def run_simplex(
    rows: Floats,
    columns: Floats,
    status: Statuses,
    basis: Integers,
    inverse: Floats,
    point: Floats,
    counts: Integers,
    only_feasible: bool,
    work_limit: int,
) -> int:
    """The steps of `solve_program`; their limit holds over all calls, as the float simplex may cycle."""
    size = basis.size
    multipliers = np.zeros(size)
    basic_cost = np.zeros(size)
    reduced = np.empty(status.size)
    first_phase = True
    moved = False
    while counts[STEPS] < 100 + 40 * size:
        if moved and counts[WORK] > work_limit:
            return OUT_OF_WORK
        moved = True
        counts[STEPS] += 1
        counts[WORK] += rows.shape[0] * size
        if first_phase:
            barred_weight, barred = 0.0, False
            for i in range(size):
                basic_cost[i] = 0.0
                if is_barred(status, basis[i]):
                    barred = True
                    basic_cost[i] = 1.0
                    barred_weight = max(barred_weight, inverse[i, size - 1])
            if barred_weight <= ZERO_WEIGHT:
                if barred:
                    expel_barred(rows, status, basis, inverse, counts)
                if only_feasible:
                    return FOUND
                first_phase = False
        if not first_phase:
            for i in range(size):
                code = basis[i]
                is_free = 0 < code <= status.size and status[code - 1] == FREE
                basic_cost[i] = 1.0 if is_free else 0.0
        dual_point(inverse, basic_cost, multipliers)
        entering = price(columns, status, multipliers, reduced, first_phase, counts[CONSTANT_FIRST])
        if entering == 0:
            for k in range(size - 1):
                point[k] = multipliers[k]
            return SEPARATED if first_phase else FOUND
        if not enter_column(rows, status, basis, inverse, counts, entering, -1):
            return STALLED
    return STALLED


# ---------------------------------------------------------------- the proof


@helper
def certify_basis(matrix: Floats, inverse: Floats) -> bool:
    """Prove in floating point that the exact basic solution exists, is unique and is positive.

    With B the exact basis matrix, R the computed inverse, z = R e the computed solution: if ``||I - R B|| <= a < 1``
    then B is nonsingular and ``|B^-1 e - z| <= |R r| + a/(1-a) max|R r|``, r = e - B z (S. M. Rump, Verification
    methods, Acta Numerica 2010). Every entry of `matrix` is the exact one up to a relative 2**-52 and an absolute
    2**-1000; `unit` is generous for sums of ``size + 4`` terms, and the last comparison fails for a NaN or an infinity
    (proof in `docs/mathematics.md`).
    """
    size = inverse.shape[0]
    columns = size - 1
    unit = (size + 8) * 2.0**-51
    tiny = (size + 8) * 2.0**-990
    row_sums = np.zeros(size)
    residual = np.zeros(size)
    for k in range(size):
        total = 1.0 if k == columns else 0.0
        magnitude, weights = total, 0.0
        for i in range(size):
            row_sums[k] += abs(matrix[k, i])
            weight = inverse[i, columns]
            total -= matrix[k, i] * weight
            magnitude += abs(matrix[k, i] * weight)
            weights += abs(weight)
        residual[k] = abs(total) + unit * magnitude + tiny * (1.0 + weights)
    contraction, largest = 0.0, 0.0
    shift = np.zeros(size)
    sums = np.empty(size)
    for i in range(size):
        magnitude, slack = 1.0, 0.0
        for j in range(size):
            sums[j] = 1.0 if j == i else 0.0
        for k in range(size):
            factor = inverse[i, k]
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
        if not inverse[i, columns] > (shift[i] + spread) * 1.0000001:
            return False
    return True


@helper
def basis_is_proven(rows: Floats, status: Statuses, basis: Integers, inverse: Floats) -> bool:
    """`certify_basis`, for a basis of allowed columns."""
    size = basis.size
    for i in range(size):
        if is_barred(status, basis[i]) or not inverse[i, size - 1] > 0.0:
            return False
    matrix = np.empty((size, size))
    fill_basis_matrix(rows, basis, matrix)
    return certify_basis(matrix, inverse)


@helper
def circuit_is_proven(rows: Floats, status: Statuses, basis: Integers, inverse: Floats, counts: Integers) -> bool:
    """`basis_is_proven`, with a fresh inverse if the first attempt fails."""
    if basis_is_proven(rows, status, basis, inverse):
        return True
    if counts[SINCE_INVERSION] == 0:
        return False
    reinvert(rows, basis, inverse)
    counts[SINCE_INVERSION] = 0
    return basis_is_proven(rows, status, basis, inverse)


@helper
def propose_weights(status: Statuses, basis: Integers, inverse: Floats, weights: Floats) -> None:
    """Leave the basic solution to the caller: weights of rows, negative on nonnegative rows."""
    for j in range(weights.size):
        weights[j] = 0.0
    for i in range(basis.size):
        code = basis[i]
        if code <= status.size and not is_barred(status, code):
            weight = max(inverse[i, basis.size - 1], 0.0)
            weights[abs(code) - 1] = weight if code > 0 else -weight
