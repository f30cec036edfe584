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

__all__ = ["PRIMES", "extend_echelon", "mark_closure", "reduce_modulo"]

Integers: TypeAlias = NDArray[np.int64]

# Primes below 2**29: 32 products of residues fit in a signed 64-bit sum. The second and third are
# for layers in which the first one sees a dependency that is none and that matters.
PRIMES = (536_870_909, 536_870_879, 536_870_869)


@helper
def dot_modulo(left: Integers, right: Integers, prime: int) -> int:
    total = 0
    for k in range(left.size):
        total += left[k] * right[k]
        if k & 31 == 31:
            total %= prime
    return total % prime


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
def mark_closure(
    residues: Integers,
    salt: Integers,
    echelon: Integers,
    pivots: Integers,
    closure: NDArray[np.uint8],
    rank: int,
    prime: int,
) -> None:
    """Mark in ``closure[rank]`` the rows in the span of the first `rank` echelon rows modulo p.

    What was marked at rank - 1 stays marked. A row that is *not* marked is proven outside the rational span. One
    vector orthogonal to the echelon rows settles almost every row; a zero is confirmed by full reduction.
    """
    annihilator = salt.copy()
    for k in range(rank - 1, -1, -1):
        pivot = pivots[k]
        annihilator[pivot] = 0
        annihilator[pivot] = (prime - dot_modulo(echelon[k], annihilator, prime)) % prime
    for i in range(residues.shape[0]):
        inside = rank > 0 and closure[rank - 1, i] != 0
        if not inside and dot_modulo(residues[i], annihilator, prime) == 0:
            inside = not reduce_modulo(residues[i].copy(), echelon, pivots, rank, prime)
        closure[rank, i] = 1 if inside else 0
