"""The compiled part of the fast checker: written from `docs/certificates.md`, shares nothing with the searches.

Three things that a long certificate asks for millions of times: numbers out of text, "these functions have one
dependency, and that one has the stated signs", and the walk through a tree of tokens. What they cannot settle by
themselves is handed back: `docs/fast-checker.md` says what is proved here, and why.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import Compiled, helper

__all__ = [
    "BAD_NEGATIVE",
    "BAD_POSITIVE",
    "BAD_SPLIT",
    "CANDIDATE",
    "CHILD",
    "CONFIRMED",
    "CURSOR_SIZE",
    "DENIED",
    "FINISHED",
    "IN_SPAN",
    "LEVEL",
    "NOT_EXCLUDED",
    "NOT_IN_SPAN",
    "NO_ENTRY",
    "PLACE",
    "PRIME",
    "RANK",
    "STAGE",
    "START",
    "SUPPLIED",
    "TAKEN",
    "UNDECIDED",
    "WANT_MEMBERSHIP",
    "WANT_PRIME",
    "WANT_TOKENS",
    "Walk",
    "annihilate",
    "read_codes",
    "read_integers",
    "settle_supports",
    "walk_flats",
    "walk_signs",
]

Bytes: TypeAlias = NDArray[np.uint8]
Integers: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]

# ---------------------------------------------------------------- numbers out of text

MOST_DIGITS = 9
NEWLINE, TAB, RETURN, SPACE, COMMA, MINUS, ZERO, NINE, OPEN, CLOSE = 10, 9, 13, 32, 44, 45, 48, 57, 91, 93
NONE = -1


@helper
def after_space(text: Bytes, at: int) -> int:
    while at < text.size and (text[at] == SPACE or text[at] == NEWLINE or text[at] == RETURN or text[at] == TAB):
        at += 1
    return at


@helper
def integer_at(text: Bytes, at: int) -> tuple[int, int]:
    """A JSON integer of at most nine digits that is not ``-0``, and where it ends; NONE as its end if there is none."""
    is_negative = at < text.size and text[at] == MINUS
    if is_negative:
        at += 1
    first, value = at, 0
    while at < text.size and ZERO <= text[at] <= NINE and at - first <= MOST_DIGITS:
        value = 10 * value + (int(text[at]) - ZERO)
        at += 1
    digits = at - first
    if digits == 0 or digits > MOST_DIGITS or at == text.size:
        return 0, NONE
    if text[first] == ZERO and (digits > 1 or is_negative):
        return 0, NONE
    return (-value if is_negative else value), at


@Compiled
def read_integers(text: Bytes, at: int, values: Codes) -> tuple[int, int]:
    """Integers, each with the comma behind it, as far as that goes: how many, and where the rest begins."""
    count = 0
    while count < values.size:
        value, end = integer_at(text, after_space(text, at))
        if end == NONE:
            break
        end = after_space(text, end)
        if end == text.size or text[end] != COMMA:
            break
        values[count] = value
        count += 1
        at = end + 1
    return count, at


@Compiled
def read_codes(text: Bytes, at: int, codes: Codes, ends: Integers, signed: bool) -> tuple[int, int]:
    """Lists of integers that are not 0 (nor negative, unless signed), each with the comma behind it: as above.

    Entry k has the codes up to ``ends[k]``, from where the one before ends.
    """
    count, size = 0, 0
    while count < ends.size:
        place = after_space(text, at)
        if place == text.size or text[place] != OPEN:
            break
        place += 1
        filled, is_whole = size, False
        while filled < codes.size:
            value, end = integer_at(text, after_space(text, place))
            if end == NONE or value == 0 or (value < 0 and not signed):
                break
            codes[filled] = value
            filled += 1
            end = after_space(text, end)
            if end == text.size or (text[end] != COMMA and text[end] != CLOSE):
                break
            place = end + 1
            if text[end] == CLOSE:
                is_whole = True
                break
        place = after_space(text, place)
        if not is_whole or place == text.size or text[place] != COMMA:
            break
        size = filled
        ends[count] = size
        count += 1
        at = place + 1
    return count, at


# ---------------------------------------------------------------- dependencies with signs

UNDECIDED, SETTLED = 0, 1


@helper
def invert(matrix: Floats, work: Floats, inverse: Floats) -> bool:
    """An approximate inverse, by elimination with the largest pivots."""
    size = matrix.shape[0]
    for i in range(size):
        for j in range(size):
            work[i, j] = matrix[i, j]
            inverse[i, j] = 1.0 if i == j else 0.0
    for k in range(size):
        best = k
        for i in range(k + 1, size):
            if abs(work[i, k]) > abs(work[best, k]):
                best = i
        if not abs(work[best, k]) > 1e-300:
            return False
        if best != k:
            for j in range(size):
                work[k, j], work[best, j] = work[best, j], work[k, j]
                inverse[k, j], inverse[best, j] = inverse[best, j], inverse[k, j]
        scale = 1.0 / work[k, k]
        for j in range(size):
            work[k, j] *= scale
            inverse[k, j] *= scale
        for i in range(size):
            factor = work[i, k]
            if i != k and factor != 0.0:
                for j in range(size):
                    work[i, j] -= factor * work[k, j]
                    inverse[i, j] -= factor * inverse[k, j]
    return True


@helper
def bound_solution(matrix: Floats, inverse: Floats, radius: Floats) -> bool:
    """Bounds of ``|t - r|`` for the solution of ``matrix t = e``, e and r the last columns of identity and inverse.

    Right for every matrix whose entries differ by at most 2^-52 relatively and 2^-1000 absolutely from these; False
    if it is not proved that all of those are regular (`docs/fast-checker.md`).
    """
    size = matrix.shape[0]
    last = size - 1
    unit = (size + 8) * 2.0**-51
    tiny = (size + 8) * 2.0**-990
    worst, largest = 0.0, 0.0
    residual = np.empty(size)
    lengths = np.empty(size)
    for i in range(size):
        value = 1.0 if i == last else 0.0
        magnitude, length, weights = value, 0.0, 0.0
        for j in range(size):
            term = matrix[i, j] * inverse[j, last]
            value -= term
            magnitude += abs(term)
            length += abs(matrix[i, j])
            weights += abs(inverse[j, last])
        residual[i] = abs(value) + unit * magnitude + tiny * (1.0 + weights)
        lengths[i] = length
    row = np.empty(size)
    for i in range(size):
        for j in range(size):
            row[j] = 1.0 if i == j else 0.0
        magnitude, weights, shift = 1.0, 0.0, 0.0
        for k in range(size):
            factor = inverse[i, k]
            magnitude += abs(factor) * lengths[k]
            weights += abs(factor)
            shift += abs(factor) * residual[k]
            for j in range(size):
                row[j] -= factor * matrix[k, j]
        total = 0.0
        for j in range(size):
            total += abs(row[j])
        worst = max(worst, total * (1.0 + unit) + unit * magnitude + tiny * size * (1.0 + weights))
        radius[i] = shift * (1.0 + unit) + tiny
        largest = max(largest, radius[i])
    if not worst < 0.5:
        return False
    spread = worst / (1.0 - worst) * largest
    for i in range(size):
        radius[i] = (radius[i] + spread) * (1.0 + unit)
    return True


@helper
def support_is_settled(
    functions: Floats, codes: Codes, with_constant: bool, matrix: Floats, work: Floats, inverse: Floats, radius: Floats
) -> bool:
    """Whether a square system proves the signs, and that the constant is not negative."""
    size = codes.size
    last = size - 1
    constant = functions.shape[1] - 1
    for k in range(size):
        place, sign = abs(codes[k]) - 1, 1.0 if codes[k] > 0 else -1.0
        for j in range(last):
            matrix[j, k] = sign * functions[place, j]
        matrix[last, k] = 1.0
    if not invert(matrix, work, inverse) or not bound_solution(matrix, inverse, radius):
        return False
    for k in range(size):
        if not inverse[k, last] > radius[k]:
            return False
    if with_constant:
        return True
    least, magnitude = 0.0, 0.0
    for k in range(size):
        value = functions[abs(codes[k]) - 1, constant]
        term = inverse[k, last] * (value if codes[k] > 0 else -value)
        least += term - abs(value) * radius[k]
        magnitude += abs(value) * (inverse[k, last] + radius[k])
    return bool(magnitude == 0.0 or least > (size + 8) * 2.0**-50 * magnitude + 2.0**-900)


@Compiled
def settle_supports(functions: Floats, m: int, codes: Codes, ends: Integers, settled: Bytes) -> None:
    """Mark the entries that are proved: different functions, one of the m rows with a positive multiplier among them.

    functions : rows and facets, each scaled, with its constant behind; entries relatively 2^-52 from the exact ones
    """
    count, columns = functions.shape
    n = columns - 1
    start = 0
    radius, work = np.empty(n + 2), np.empty((n + 2, n + 2))
    matrix, inverse = np.empty((n + 2, n + 2)), np.empty((n + 2, n + 2))
    small_matrix, small_inverse = np.empty((n + 1, n + 1)), np.empty((n + 1, n + 1))
    seen = np.full(count, -1, dtype=np.int64)
    for entry in range(ends.size):
        support = codes[start : ends[entry]]
        start = ends[entry]
        settled[entry] = UNDECIDED
        if support.size != n + 1 and support.size != n + 2:
            continue
        is_usual, has_row = True, False
        for k in range(support.size):
            place = abs(support[k]) - 1
            if place >= count or seen[place] == entry or (place >= m and support[k] < 0):
                is_usual = False
                break
            seen[place] = entry
            has_row = has_row or (support[k] > 0 and place < m)
        if not is_usual or not has_row:
            continue
        if support.size == n + 1:
            proved = support_is_settled(functions, support, False, small_matrix, work, small_inverse, radius)
        else:
            proved = support_is_settled(functions, support, True, matrix, work, inverse, radius)
        if proved:
            settled[entry] = SETTLED


# ---------------------------------------------------------------- trees

# What a walk may return: it is over, wants something, or met a fault.
(
    FINISHED,
    WANT_TOKENS,
    WANT_MEMBERSHIP,
    WANT_PRIME,
    NO_ENTRY,
    IN_SPAN,
    NOT_EXCLUDED,
    NOT_IN_SPAN,
    BAD_SPLIT,
    BAD_NEGATIVE,
    BAD_POSITIVE,
) = range(11)

# Fields of `Walk.cursor`. CANDIDATE is the row in question, CONFIRMED the last one that is known to lie in the span.
(LEVEL, RANK, STAGE, TAKEN, SUPPLIED, PRIME, CANDIDATE, CONFIRMED, DENIED, EXCLUDED, PLACE, CURSOR_SIZE) = range(12)
START, ENTER, CHILDREN, CHILD = range(4)


class Walk(NamedTuple):
    """Where the reading of a tree is; m rows of n entries, a path of at most m rows.

    residues : (m, n) integer rows modulo the prime
    exact : (n + 2,) uint8, whether r rows that are dependent modulo the prime are dependent
    basis : (n + 1, n, n), per rank r of the path n - r vectors that span what is orthogonal to it, modulo the prime
    node_entry, node_place : per level the entry, or minus one minus the row of a split, and the next code of it
    node_row, node_adds : per level the row that leads to it, and whether it adds to the rank
    node_excluded : per level, where its rows begin in `excluded_rows`
    excluded_rows, is_excluded, in_path : rows of N or Q in their order, the same by row; rows of A or P by row
    codes, ends : the entries; tokens : those that were supplied last
    """

    residues: Integers
    exact: Bytes
    basis: Integers
    node_entry: Integers
    node_place: Integers
    node_row: Integers
    node_adds: Integers
    node_excluded: Integers
    excluded_rows: Integers
    is_excluded: Bytes
    in_path: Bytes
    codes: Codes
    ends: Integers
    tokens: Codes
    cursor: Integers


@helper
def product(left: Integers, right: Integers, prime: int) -> int:
    """Entries are below 2^29, so that 32 products fit into one sum."""
    total = 0
    for k in range(left.size):
        total += left[k] * right[k]
        if k & 31 == 31:
            total %= prime
    return total % prime


@helper
def first_product(row: Integers, basis: Integers, count: int, prime: int) -> int:
    """The first vector of the basis that is not orthogonal to the row; `count` if the row lies in the span."""
    for k in range(count):
        if product(row, basis[k], prime) != 0:
            return k
    return count


@helper
def inverse_of(value: int, prime: int) -> int:
    """By Fermat's theorem."""
    result, base, exponent = 1, value, prime - 2
    while exponent > 0:
        if exponent & 1:
            result = result * base % prime
        base = base * base % prime
        exponent >>= 1
    return result


@helper
def orthogonal_part(row: Integers, basis: Integers, count: int, pivot: int, child: Integers, prime: int) -> None:
    """What of the basis is orthogonal to the row as well: one vector less; `pivot` is from `first_product`."""
    scale = inverse_of(product(row, basis[pivot], prime), prime)
    size = row.size
    kept = 0
    for k in range(count):
        if k == pivot:
            continue
        factor = prime - product(row, basis[k], prime) * scale % prime
        for j in range(size):
            child[kept, j] = (basis[k, j] + factor * basis[pivot, j]) % prime
        kept += 1


@Compiled
def annihilate(walk: Walk, row: int) -> bool:
    """Add a row to the path's span: the next basis. False if it lies in the span modulo the prime."""
    rank, prime, n = walk.cursor[RANK], walk.cursor[PRIME], walk.residues.shape[1]
    pivot = first_product(walk.residues[row], walk.basis[rank], n - rank, prime)
    if pivot == n - rank:
        return False
    orthogonal_part(walk.residues[row], walk.basis[rank], n - rank, pivot, walk.basis[rank + 1], prime)
    walk.cursor[RANK] = rank + 1
    return True


@helper
def exclude(walk: Walk, row: int) -> None:
    """Put a row into N, or Q, of the innermost node."""
    walk.excluded_rows[walk.cursor[EXCLUDED]] = row
    walk.is_excluded[row] = 1
    walk.cursor[EXCLUDED] += 1


@helper
def go_down(walk: Walk, row: int, adds: int) -> None:
    """Into the child with this row; the basis for its rank is there."""
    cursor = walk.cursor
    level = cursor[LEVEL] + 1
    cursor[LEVEL] = level
    walk.node_row[level] = row
    walk.node_adds[level] = adds
    walk.node_excluded[level] = cursor[EXCLUDED]
    walk.in_path[row] = 1
    cursor[STAGE] = ENTER


@helper
def go_up(walk: Walk) -> None:
    """Out of the innermost node: what it excluded is gone, and its parent excludes its row."""
    cursor = walk.cursor
    level = cursor[LEVEL]
    while cursor[EXCLUDED] > walk.node_excluded[level]:
        cursor[EXCLUDED] -= 1
        walk.is_excluded[walk.excluded_rows[cursor[EXCLUDED]]] = 0
    cursor[LEVEL] = level - 1
    if level > 0:
        row = walk.node_row[level]
        walk.in_path[row] = 0
        cursor[RANK] -= walk.node_adds[level]
        exclude(walk, row)
    cursor[STAGE] = CHILDREN


@helper
def next_child(walk: Walk, m: int) -> int:
    """The next row of the innermost node's entry that leads to a child; -1 if there is none left."""
    level = walk.cursor[LEVEL]
    entry, place = walk.node_entry[level], walk.node_place[level]
    if entry < 0:
        walk.node_place[level] = 1
        return int(-entry - 1) if place == 0 else -1
    end = walk.ends[entry]
    while place < end:
        row = int(walk.codes[place]) - 1
        place += 1
        if 0 <= row < m and walk.is_excluded[row] == 0:
            walk.node_place[level] = place
            return int(row)
    walk.node_place[level] = end
    return -1


@helper
def begin_entry(walk: Walk, entry: int) -> None:
    level = walk.cursor[LEVEL]
    walk.node_entry[level] = entry
    walk.node_place[level] = walk.ends[entry - 1] if entry > 0 else 0
    walk.cursor[STAGE] = CHILDREN


@helper
def wrong_sign(walk: Walk, entry: int, m: int) -> int:
    """A row with a negative multiplier that is not in P, else one with a positive one that is; FINISHED if none."""
    first = walk.ends[entry - 1] if entry > 0 else 0
    for sign in (-1, 1):
        for k in range(first, walk.ends[entry]):
            code = int(walk.codes[k])
            row = abs(code) - 1
            if row < m and code * sign > 0 and (walk.in_path[row] != 0) == (sign > 0):
                walk.cursor[CANDIDATE] = row
                return BAD_POSITIVE if sign > 0 else BAD_NEGATIVE
    return FINISHED


@Compiled
def walk_signs(walk: Walk) -> int:  # noqa: PLR0911 - one a thing that can be met
    """read_tree of the rule sign-split; goes on where it stopped."""
    cursor, prime = walk.cursor, walk.cursor[PRIME]
    m, n = walk.residues.shape
    while True:
        if cursor[STAGE] == START:
            cursor[LEVEL], cursor[STAGE] = 0, ENTER
        if cursor[STAGE] == ENTER:
            if cursor[TAKEN] == cursor[SUPPLIED]:
                return WANT_TOKENS
            token = int(walk.tokens[cursor[TAKEN]])
            cursor[TAKEN] += 1
            if token < 0:
                row = -token - 1
                if row >= m or walk.is_excluded[row] != 0 or walk.in_path[row] != 0:
                    cursor[CANDIDATE] = row
                    return BAD_SPLIT
                walk.node_entry[cursor[LEVEL]] = token
                walk.node_place[cursor[LEVEL]] = 0
                cursor[STAGE] = CHILDREN
            else:
                if token >= walk.ends.size:
                    cursor[CANDIDATE] = token
                    return NO_ENTRY
                begin_entry(walk, token)
                fault = wrong_sign(walk, token, m)
                if fault != FINISHED:
                    return fault
        elif cursor[STAGE] == CHILDREN:
            if cursor[LEVEL] < 0:
                return FINISHED
            row = next_child(walk, m)
            if row >= 0:
                cursor[CANDIDATE], cursor[STAGE], cursor[CONFIRMED] = row, CHILD, -1
            elif walk.node_entry[cursor[LEVEL]] < 0:
                cursor[STAGE] = ENTER
            else:
                go_up(walk)
        else:
            row, rank = cursor[CANDIDATE], cursor[RANK]
            pivot = first_product(walk.residues[row], walk.basis[rank], n - rank, prime)
            if pivot == n - rank:
                if cursor[DENIED] == row:
                    return WANT_PRIME
                if walk.exact[rank + 1] == 0 and cursor[CONFIRMED] != row:
                    return WANT_MEMBERSHIP
                go_down(walk, row, 0)
            elif rank + 1 == n:
                exclude(walk, row)
                cursor[STAGE] = CHILDREN
            else:
                orthogonal_part(walk.residues[row], walk.basis[rank], n - rank, pivot, walk.basis[rank + 1], prime)
                cursor[RANK] = rank + 1
                go_down(walk, row, 1)
            cursor[CONFIRMED] = cursor[DENIED] = -1


@helper
def is_multiple(walk: Walk, row: int, other: int, pivot: int) -> bool:
    """Whether `other` lies in the span of the path and `row` modulo the prime."""
    rank, prime, n = walk.cursor[RANK], walk.cursor[PRIME], walk.residues.shape[1]
    a = product(walk.residues[row], walk.basis[rank, pivot], prime)
    b = product(walk.residues[other], walk.basis[rank, pivot], prime)
    for k in range(n - rank):
        p = product(walk.residues[row], walk.basis[rank, k], prime)
        q = product(walk.residues[other], walk.basis[rank, k], prime)
        if a * q % prime != b * p % prime:
            return False
    return True


@Compiled
def walk_flats(walk: Walk) -> int:  # noqa: PLR0911 - one a thing that can be met
    """read_tree of the rule flat-tree; goes on where it stopped.

    PLACE is the code of the new node's support that is looked at next; CONFIRMED and DENIED answer WANT_MEMBERSHIP.
    """
    cursor, prime = walk.cursor, walk.cursor[PRIME]
    m, n = walk.residues.shape
    while True:
        rank = cursor[RANK]
        if cursor[STAGE] == START:
            if cursor[TAKEN] == cursor[SUPPLIED]:
                return WANT_TOKENS
            token = int(walk.tokens[cursor[TAKEN]])
            cursor[TAKEN] += 1
            cursor[LEVEL], cursor[STAGE] = 0, ENTER
            walk.node_entry[0] = token
            cursor[PLACE] = -1
        if cursor[STAGE] == ENTER:
            entry = walk.node_entry[cursor[LEVEL]]
            if entry < 0 or entry >= walk.ends.size:
                cursor[CANDIDATE] = entry
                return NO_ENTRY
            if cursor[PLACE] < 0:
                begin_entry(walk, entry)
                cursor[PLACE] = walk.node_place[cursor[LEVEL]]
                cursor[STAGE] = ENTER
            while cursor[PLACE] < walk.ends[entry]:
                row = int(walk.codes[cursor[PLACE]]) - 1
                if 0 <= row < m and first_product(walk.residues[row], walk.basis[rank], n - rank, prime) == n - rank:
                    cursor[CANDIDATE] = row
                    if walk.exact[rank + 1] != 0 or cursor[CONFIRMED] == row:
                        return IN_SPAN
                    if cursor[DENIED] != row:
                        return WANT_MEMBERSHIP
                cursor[DENIED] = -1
                cursor[PLACE] += 1
            cursor[PLACE] = -1
            cursor[STAGE] = CHILDREN
            if rank + 1 == n:
                go_up(walk)
        elif cursor[STAGE] == CHILDREN:
            if cursor[LEVEL] < 0:
                return FINISHED
            row = next_child(walk, m)
            if row < 0:
                go_up(walk)
            else:
                cursor[CANDIDATE], cursor[STAGE] = row, CHILD
                cursor[CONFIRMED] = cursor[DENIED] = -1
        else:
            if cursor[TAKEN] == cursor[SUPPLIED]:
                return WANT_TOKENS
            row, token = cursor[CANDIDATE], int(walk.tokens[cursor[TAKEN]])
            pivot = first_product(walk.residues[row], walk.basis[rank], n - rank, prime)
            if token >= 0:
                if pivot == n - rank:
                    return WANT_PRIME
                cursor[TAKEN] += 1
                orthogonal_part(walk.residues[row], walk.basis[rank], n - rank, pivot, walk.basis[rank + 1], prime)
                cursor[RANK] = rank + 1
                go_down(walk, row, 1)
                walk.node_entry[cursor[LEVEL]] = token
                continue
            other = -token - 1
            if other >= m or walk.is_excluded[other] == 0:
                cursor[TAKEN] += 1
                cursor[CANDIDATE] = other
                return NOT_EXCLUDED
            if pivot == n - rank:
                return WANT_PRIME
            is_inside = is_multiple(walk, row, other, pivot)
            if is_inside and walk.exact[rank + 2] == 0 and cursor[CONFIRMED] != other:
                if cursor[DENIED] != other:
                    cursor[PLACE] = other
                    return WANT_MEMBERSHIP
                is_inside = False
            cursor[TAKEN] += 1
            cursor[PLACE] = -1
            if not is_inside:
                cursor[PLACE] = other
                return NOT_IN_SPAN
            exclude(walk, row)
            cursor[STAGE] = CHILDREN
