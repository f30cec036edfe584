"""Spans of integer rows modulo a prime: a row outside a span modulo p is outside it over Q.

Rows that are independent modulo p are independent over Q, and a rational dependency, scaled to coprime integers,
survives modulo p. So for rows that were added one by one, each independent modulo p of those before, "outside modulo
p" is a proof and "inside modulo p" a question.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.kernels.compilation import helper

__all__ = ["PRIMES", "extend_echelon", "mark_closure", "pass_to_quotient", "reduce_modulo"]

Integers: TypeAlias = NDArray[np.int64]

# Primes below 2**29: sums of products of residues stay far from the sign of 64 bits. The second and third are
# for layers in which the first one sees a dependency that is none and that matters.
PRIMES = (536_870_909, 536_870_879, 536_870_869)
HALF_WORD = 2**31 - 1


@helper
def inverse_modulo(value: int, prime: int) -> int:
    result, base, exponent = 1, value % prime, prime - 2
    while exponent > 0:
        if exponent & 1:
            result = result * base % prime
        base = base * base % prime
        exponent >>= 1
    return result


@helper
def reduce_modulo(row: Integers, echelon: Integers, pivots: Integers, rank: int, prime: int) -> bool:
    """Take away the row's part along the echelon rows; whether anything is left modulo p."""
    for k in range(rank):
        factor = row[pivots[k]]
        if factor != 0:
            for j in range(row.size):
                row[j] = (row[j] - factor * echelon[k, j]) % prime
    for j in range(row.size):
        if row[j] != 0:
            return True
    return False


@helper
def extend_echelon(row: Integers, echelon: Integers, pivots: Integers, rank: int, prime: int) -> None:
    """Append a reduced row that is not zero."""
    pivot = 0
    while row[pivot] == 0:
        pivot += 1
    scale = inverse_modulo(row[pivot], prime)
    for j in range(row.size):
        echelon[rank, j] = row[j] * scale % prime
    pivots[rank] = pivot


@helper
def montgomery_factor(prime: int) -> int:
    """``-1 / prime`` modulo ``2**31``, for `pass_to_quotient`; by Newton's method, five steps double the bits."""
    inverse = 1
    for _ in range(5):
        inverse = inverse * ((2 - prime * inverse) & HALF_WORD) & HALF_WORD
    return HALF_WORD + 1 - inverse


@helper
def pass_to_quotient(whole: Integers, smaller: Integers, rank: int, row: int, prime: int) -> bool:
    """Coordinates of all rows modulo the span of `rank` rows and one more, from those modulo the `rank` rows.

    Both are (n, m) with a coordinate a line, ``n - rank`` of them in `whole` and one less in `smaller`. A row lies in
    the span modulo the prime exactly if its coordinates are zero. The last line of `smaller`, which is free, gets the
    union of the bits of each row's coordinates: zero exactly for the rows in the span. False if the row is in the span
    already.

    With the coordinate c of the row not zero, ``x_k row_c - x_c row_k`` for the other k. Sums of two products below
    ``2**59`` are divided by ``2**31`` modulo the prime (P. Montgomery, Modular multiplication without trial division,
    Math. Comp. 44, 1985), the same factor for all.
    """
    dimension, count = whole.shape
    live = dimension - rank
    pivot = 0
    while pivot < live and whole[pivot, row] == 0:
        pivot += 1
    if pivot == live:
        return False
    minus_inverse = montgomery_factor(prime)
    scale = whole[pivot, row]
    union = smaller[dimension - 1]
    for j in range(count):
        union[j] = 0
    target = 0
    for k in range(live):
        if k != pivot:
            factor = prime - whole[k, row]
            for j in range(count):
                total = (whole[k, j] & HALF_WORD) * scale + (whole[pivot, j] & HALF_WORD) * factor
                lift = ((total & HALF_WORD) * minus_inverse) & HALF_WORD
                value = (total + lift * prime) >> 31
                value = value - prime if value >= prime else value
                smaller[target, j] = value
                union[j] |= value
            target += 1
    return True


@helper
def mark_closure(smaller: Integers, closure: NDArray[np.uint8]) -> None:
    """Mark the rows in the span after `pass_to_quotient`; one that is *not* marked is outside the rational span."""
    union = smaller[smaller.shape[0] - 1]
    for j in range(union.size):
        closure[j] = 1 if union[j] == 0 else 0
