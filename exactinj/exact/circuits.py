"""Circuits: minimal linear dependencies of integer rows, with their multipliers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flint import fmpz_mat

__all__ = ["circuit_multipliers"]


def circuit_multipliers(rows: Sequence[Sequence[int]]) -> list[int] | None:
    """Positive coprime integers mu with ``sum mu_k row_k = 0``, or None.

    None unless the rows have exactly one dependency up to a factor, and that one is positive on all of them; then mu
    is unique. Cost: one nullspace over Q, by FLINT.

    >>> circuit_multipliers([(2, 0), (0, 3), (-1, -1)])
    [3, 2, 6]
    >>> circuit_multipliers([(1, 0), (2, 0)]) is None
    True
    """
    matrix, nullity = fmpz_mat([list(row) for row in rows]).transpose().nullspace()
    if nullity != 1:
        return None
    values = [int(matrix[k, 0]) for k in range(len(rows))]
    if values[0] < 0:
        values = [-value for value in values]
    if min(values) <= 0:
        return None
    content = math.gcd(*values)
    return [value // content for value in values]
