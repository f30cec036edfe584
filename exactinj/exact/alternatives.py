"""Two theorems of the alternative for integer rows, decided exactly.

* `inside_or_support` (Gordan): a vector y with ``<r_i, y> > 0`` for every row, or rows with a dependency
  ``sum lambda_i r_i = 0``, all ``lambda_i > 0``, the only one these rows have.
* `ray_or_support` (Motzkin): a vector y with ``<r_i, y> >= 0`` for every row and ``> 0`` for the last ones, or rows
  with such a dependency, at least one of the last ones among them.

Both are least-distance programs (`exactinj.exact.nonnegative`): floats propose the support, rationals settle it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exactinj.exact.matrix import IntegerRow, primitive_vector
from exactinj.exact.nonnegative import float_fit, shortest_point

__all__ = ["inside_or_support", "ray_or_support"]

WORD = 60  # bits that floats are made of

Outcome = tuple[IntegerRow | None, tuple[int, ...]]
"""A vector and no rows, or None and the rows of the dependency."""


def inside_or_support(rows: Sequence[IntegerRow]) -> Outcome:
    """Strictly positive on all rows, or a dependency of some.

    >>> inside_or_support([(1, 0), (1, 1)])[1], inside_or_support([(1, 0), (0, 1), (-2, 0)])
    ((), (None, (0, 2)))
    """
    return ray_or_support((), rows)


def ray_or_support(closed: Sequence[IntegerRow], strict: Sequence[IntegerRow]) -> Outcome:
    """Nonnegative on the rows `closed` and positive on the rows `strict`, or a dependency; numbers go through both."""
    offsets = [0] * len(closed) + [1 << max(map(int.bit_length, row), default=0) for row in strict]
    columns = [(*row, offset) for row, offset in zip([*closed, *strict], offsets, strict=True)]
    outcome = shortest_point([(*(-value for value in row[:-1]), row[-1]) for row in columns], _hint(columns))
    if outcome.point is None:
        return None, tuple(sorted(outcome.multipliers))
    return primitive_vector(outcome.point), ()


def _hint(columns: Sequence[IntegerRow]) -> list[int]:
    """The support that floats see."""
    if not columns:
        return []
    floats = np.array([_floats(column) for column in columns])
    target = np.zeros(floats.shape[1])
    target[-1] = 1.0
    return [int(k) for k in np.flatnonzero(float_fit(floats, target))]


def _floats(column: IntegerRow) -> list[float]:
    """The column divided by a power of two, so that floats hold it."""
    shift = max(max(map(int.bit_length, column)) - WORD, 0)
    return [float(value >> shift) for value in column] if shift else [float(value) for value in column]
