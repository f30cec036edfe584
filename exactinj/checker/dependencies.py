"""Positive dependencies of vectors, certificates-network.md: unique up to a factor, all coefficients positive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from exactinj.checker.rationals import Vector

__all__ = ["integer_kernel", "positive_dependency"]


def integer_kernel(rows: Sequence[Sequence[int]], columns: int) -> list[Vector]:
    """A basis of the integer vectors that are orthogonal to all rows.

    One row after the other: of the vectors so far, one that is not orthogonal to it clears the others and goes.
    """
    basis: list[Vector] = [[int(i == j) for j in range(columns)] for i in range(columns)]
    for row in rows:
        products = [sum(map(mul, row, vector)) for vector in basis]
        pivot = min((k for k, product in enumerate(products) if product), key=lambda k: abs(products[k]), default=None)
        if pivot is None:
            continue
        a, eliminated = products[pivot], basis[pivot]
        basis = [
            _cleared(vector, a, eliminated, product) if product else vector
            for k, (vector, product) in enumerate(zip(basis, products, strict=True))
            if k != pivot
        ]
        if not basis:
            break
    return basis


def _cleared(vector: Vector, a: int, eliminated: Vector, product: int) -> Vector:
    combined = [a * p - product * q for p, q in zip(vector, eliminated, strict=True)]
    content = math.gcd(*combined)
    return combined if content < 2 else [value // content for value in combined]


def positive_dependency(vectors: Sequence[Sequence[int]]) -> list[int] | None:
    """The coefficients, or None if there is no such dependency."""
    if not vectors:
        return None
    kernel = integer_kernel(list(zip(*vectors, strict=True)), len(vectors))
    if len(kernel) != 1:
        return None
    sign = 1 if kernel[0][0] > 0 else -1
    coefficients = [sign * value for value in kernel[0]]
    return coefficients if min(coefficients) > 0 else None
