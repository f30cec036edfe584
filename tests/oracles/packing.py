"""The rule ``packing`` read naively: everything in Fractions, inverses by elimination."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any


def disjoint_refuters(W: Sequence[Sequence[Any]], b: Sequence[Any], refuters: Sequence[Any]) -> bool:
    """Whether they are pairwise disjoint refuters on R^n, n or more."""
    n = len(W[0])
    used: list[int] = []
    for refuter in refuters:
        rows = [i for i, _ in refuter]
        if not rows or len(set(rows)) < len(rows):
            return False
        total = [sum(Fraction(value) * Fraction(W[i][j]) for i, value in refuter) for j in range(n)]
        offset = sum(Fraction(value) * Fraction(b[i]) for i, value in refuter)
        if any(total) or offset < 0 or min(int(value) for _, value in refuter) <= 0:
            return False
        used += rows
    return len(refuters) >= n and len(set(used)) == len(used)


def bears(W: Sequence[Sequence[Any]], b: Sequence[Any], refuter: Any, epsilon: Fraction) -> bool:
    """The condition of the specification, with the exact norm and scales that are 1."""
    multipliers = [Fraction(value) for _, value in refuter]
    if any(map(Fraction, b)):
        columns = [[*map(Fraction, W[i]), Fraction(b[i])] for i, _ in refuter]
        offset = sum((mu * column[-1] for mu, column in zip(multipliers, columns, strict=True)), Fraction(0))
        if offset:
            columns.append([Fraction(0)] * len(W[0]) + [Fraction(-1)])
            multipliers.append(offset)
    else:
        columns = [list(map(Fraction, W[i])) for i, _ in refuter]
    if len(columns) != len(columns[0]) + 1:
        return False
    lines = [list(line) for line in zip(*[[*column, Fraction(1)] for column in columns], strict=True)]
    inverse = inverted(lines)
    if inverse is None:
        return False
    shares = [mu / sum(multipliers) for mu in multipliers]
    q = len(columns) * epsilon * max(sum(map(abs, line)) for line in inverse)
    return q < 1 and q * max(shares) < (1 - q) * min(shares)


def inverted(lines: Sequence[Sequence[Fraction]]) -> list[list[Fraction]] | None:
    """The inverse, by elimination in Fractions."""
    size = len(lines)
    work = [[*line, *(Fraction(i == j) for j in range(size))] for i, line in enumerate(lines)]
    for k in range(size):
        pivot = next((i for i in range(k, size) if work[i][k]), None)
        if pivot is None:
            return None
        work[k], work[pivot] = work[pivot], work[k]
        work[k] = [value / work[k][k] for value in work[k]]
        for i in range(size):
            if i != k:
                work[i] = [value - work[i][k] * p for value, p in zip(work[i], work[k], strict=True)]
    return [line[size:] for line in work]
