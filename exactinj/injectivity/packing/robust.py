"""How far the rows may change so that disjoint circuits stay refuters.

Let the rows ``s_i h_i`` of a refuter of d + 1 rows, each with a one behind it, be the columns of M (the scales s are
powers of two), so that ``M mu = e`` for its multipliers with sum 1. If every entry of every h_i changes by at most eps,
M changes by at most ``eps S`` an entry, S the largest scale, and with ``q = (d + 1) eps S |M^-1|`` (row sums)

    ``q < 1`` and ``q / (1 - q) max(mu) < min(mu)``

all multipliers stay positive: the rows that changed are a refuter with the same support. If n disjoint refuters allow
eps, then each matrix within eps has n disjoint refuters, and almost every one is full spark: injective, without any
assumption about the matrix at hand. Proof and reference: docs/mathematics.md, "Disjoint refuters".

``|M^-1|`` is bounded by ``|X| / (1 - |I - M X|)`` for the float inverse X, with an exact product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpz_mat

__all__ = ["largest_change"]

ALMOST = Fraction(99, 100)  # so that another float inverse gives the same answer
BITS = 60  # of the fixed-point numbers that the float inverse is read in

Exact = Sequence[Sequence[Fraction]]


def largest_change(rows: Exact, multipliers: Sequence[Fraction], fixed: Sequence[bool]) -> Fraction | None:
    """A power of two eps by which every entry of the rows may change, or None.

    Parameters
    ----------
    rows : d + 1 exact rows of length d with ``sum multipliers_k rows_k = 0``, all multipliers positive
    fixed : whether a row does not change (the one that a bias brings)
    """
    size = len(rows)
    if any(len(row) != size - 1 for row in rows):
        return None
    scales = [_scale(row) for row in rows]
    total = sum((mu / scale for mu, scale in zip(multipliers, scales, strict=True)), Fraction(0))
    shares = [mu / scale / total for mu, scale in zip(multipliers, scales, strict=True)]
    norm = _inverse_norm([[scale * value for value in row] for row, scale in zip(rows, scales, strict=True)])
    if norm is None:
        return None
    largest = max(scale for scale, stays in zip(scales, fixed, strict=True) if not stays)
    room = ALMOST * min(shares) / (min(shares) + max(shares))  # q below it is enough
    bound = room / (size * largest * norm)
    return Fraction(1, 1 << _bits_below(bound))


def _bits_below(bound: Fraction) -> int:
    """The least k >= 0 with ``2**-k < bound``."""
    k = max(0, (bound.denominator // bound.numerator).bit_length() - 1)
    while Fraction(1, 1 << k) >= bound:
        k += 1
    return k


def _scale(row: Sequence[Fraction]) -> Fraction:
    """The power of two of the specification, which brings the largest entry near 1."""
    largest = max(map(abs, row))
    return Fraction(2) ** (largest.denominator.bit_length() - largest.numerator.bit_length())


def _inverse_norm(columns: Exact) -> Fraction | None:
    """An upper bound of the largest row sum of ``|M^-1|``; M has these columns and a row of ones below."""
    M = np.array([[float(value) for value in column] + [1.0] for column in columns]).T
    try:
        inverse = np.linalg.inv(M)
    except np.linalg.LinAlgError:
        return None
    with np.errstate(over="ignore"):
        scaled = inverse * 2.0**BITS
    if not np.isfinite(scaled).all():
        return None
    numerators = [[round(value) for value in line] for line in scaled.tolist()]
    common = math.lcm(*(value.denominator for column in columns for value in column))
    size = len(columns)
    exact = [[int(column[j] * common) for column in columns] for j in range(size - 1)] + [[common] * size]
    unit = common << BITS
    product = (fmpz_mat(exact) * fmpz_mat(numerators)).tolist()
    residual = max(
        sum(abs((unit if i == j else 0) - int(value)) for j, value in enumerate(line)) for i, line in enumerate(product)
    )
    if residual >= unit:
        return None
    norm = Fraction(max(sum(abs(value) for value in line) for line in numerators), 1 << BITS)
    return norm / (1 - Fraction(residual, unit))
