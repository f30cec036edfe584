"""Rule "packing": pairwise disjoint refuters, and how far the rows may change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.domains import Domain, Space
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rows import Row, Rows
from exactinj.checker.rules.flat_tree import support_of_refuter
from exactinj.checker.supports import Entry, Functions
from exactinj.checker.trees import Combination, total_of

__all__ = ["Packing", "bears", "check_packing"]

FIXED_POINT_BITS = 60


@dataclass(frozen=True, slots=True)
class Packing:
    """What the proof holds: epsilon or None, then the refuters, each to be taken once."""

    epsilon: Fraction | None
    refuters: Iterator[Entry]


def check_packing(proof: Packing, domain: Domain, rows: Rows, n: int) -> str:
    """Every refuter, that they are disjoint and enough, and that n of them bear the change."""
    if proof.epsilon is not None and not isinstance(domain, Space):
        raise Rejected(Reason.PACKING, f"epsilon: a number for a layer on {domain.type}, only null can stand there")
    functions = Functions(rows, domain, n)
    has_bias = any(rows[i].entries[-1] for i in range(len(rows)))
    used: dict[int, int] = {}
    count = lasting = 0
    for count, entry in enumerate(proof.refuters, start=1):
        refuter = functions.explicit(entry, Reason.REFUTER, f"refuter {count - 1}")
        for i in support_of_refuter(refuter, count - 1, functions):
            if i in used:
                raise Rejected(Reason.PACKING, f"refuter {count - 1}: names row {i}, which refuter {used[i]} has")
            used[i] = count - 1
        if proof.epsilon is not None and lasting < n:
            lasting += bears(refuter, [rows[i] for i in refuter.indices], proof.epsilon, has_bias=has_bias)
    if count < n:
        raise Rejected(Reason.PACKING, f"there are {count} refuters, expected n = {n} or more")
    if proof.epsilon is not None and lasting < n:
        raise Rejected(Reason.PACKING, f"{lasting} refuters bear the change epsilon, expected n = {n} or more")
    nearby = "" if proof.epsilon is None else f", {n} of them after every change of the entries up to epsilon too"
    return f"{count} refuters are correct and disjoint{nearby}; injective if any {n} rows are independent"


def bears(refuter: Combination, rows: list[Row], epsilon: Fraction, *, has_bias: bool) -> bool:
    """Whether the multipliers stay positive: q < 1 and q max(mu) < (1 - q) min(mu) with q = (d + 1) eps S |M^-1|."""
    columns = [[Fraction(value, row.denominator) for value in row.entries] for row in rows]
    multipliers = [Fraction(value) for value in refuter.multipliers]
    free = len(columns)
    if not has_bias:
        columns = [column[:-1] for column in columns]
    else:
        total, common = total_of(refuter.multipliers, rows)
        if total[-1]:  # the row (0, -1) makes the sum zero
            columns.append([Fraction(0)] * (len(columns[0]) - 1) + [Fraction(-1)])
            multipliers.append(Fraction(total[-1], common))
    size = len(columns)
    if len(columns[0]) != size - 1 or not all(map(any, columns)):
        return False
    scales = [_power_of_two(column) for column in columns]
    weights = [value / scale for value, scale in zip(multipliers, scales, strict=True)]
    norm = _inverse_norm([[value * scale for value in column] for column, scale in zip(columns, scales, strict=True)])
    if norm is None:
        return False
    q = size * epsilon * max(scales[:free]) * norm
    return q < 1 and q * max(weights) < (1 - q) * min(weights)


def _power_of_two(column: list[Fraction]) -> Fraction:
    """One that brings the largest entry to about 1."""
    largest = max(map(abs, column))
    shift = largest.numerator.bit_length() - largest.denominator.bit_length()
    return Fraction(1, 1 << shift) if shift >= 0 else Fraction(1 << -shift)


def _inverse_norm(columns: list[list[Fraction]]) -> Fraction | None:
    """An upper bound of the largest row sum of |M^-1|, M having these columns and a row of ones below.

    With X a float inverse, read as integers over 2^60, it is |X| / (1 - |I - M X|), all exact.
    """
    size = len(columns)
    lines = [[column[j] for column in columns] for j in range(size - 1)] + [[Fraction(1)] * size]
    inverse = _float_inverse([[float(value) for value in line] for line in lines])
    if inverse is None:
        return None
    scaled = [[value * 2.0**FIXED_POINT_BITS for value in line] for line in inverse]
    if not all(math.isfinite(value) for line in scaled for value in line):
        return None
    approximate = [[round(value) for value in line] for line in scaled]
    common = math.lcm(*(value.denominator for column in columns for value in column))
    M = [[value.numerator * (common // value.denominator) for value in line] for line in lines]
    unit, turned = common << FIXED_POINT_BITS, list(zip(*approximate, strict=True))
    residual = max(
        sum(abs((unit if i == j else 0) - sum(map(mul, line, column))) for j, column in enumerate(turned))
        for i, line in enumerate(M)
    )
    if residual >= unit:
        return None
    return Fraction(max(sum(map(abs, line)) for line in approximate), 1 << FIXED_POINT_BITS) / (
        1 - Fraction(residual, unit)
    )


def _float_inverse(lines: list[list[float]]) -> list[list[float]] | None:
    """By elimination with the largest pivots; None where floats meet a zero pivot."""
    size = len(lines)
    work = [[*line, *(float(i == j) for j in range(size))] for i, line in enumerate(lines)]
    for k in range(size):
        best = max(range(k, size), key=lambda i: abs(work[i][k]))
        if not work[best][k]:
            return None
        work[k], work[best] = work[best], work[k]
        pivot = work[k] = [value / work[k][k] for value in work[k]]
        for i in range(size):
            factor = work[i][k]
            if i != k and factor:
                work[i] = [value - factor * p for value, p in zip(work[i], pivot, strict=True)]
    return [line[size:] for line in work]
