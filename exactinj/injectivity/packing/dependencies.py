"""A short look for n dependent rows: what shows at once that a layer is not full spark.

Rows are *full spark* if any n of them are independent. To decide that is hard; structure shows quickly: zero rows,
parallel rows, n rows that vanish in one column or agree up to sign in two columns, and random choices of n rows. What
is found is proved by an exact rank. Nothing found proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from exactinj.exact.matrix import IntegerRow, integer_rank

__all__ = ["dependent_rows"]

CHOICES = 20  # of n random rows
MOST_PRODUCTS = 50_000_000  # entries compared for pairs of columns


def dependent_rows(rows: Sequence[IntegerRow], seed: int = 0) -> tuple[int, ...] | None:
    """At most n places of rows (m, n) that are linearly dependent, proved; None if this short look finds none.

    >>> dependent_rows([(1, 0), (0, 1), (2, 0)])
    (0, 2)
    """
    n = len(rows[0])
    for places in _suspects(rows, n, seed):
        if len(places) <= n and integer_rank([rows[i] for i in places]) < len(places):
            return places
    return None


def _suspects(rows: Sequence[IntegerRow], n: int, seed: int) -> Iterator[tuple[int, ...]]:
    yield from _repeated(rows, n)
    if len(rows) < n:
        return
    yield from _in_a_hyperplane(rows, n)
    random = np.random.default_rng(seed)
    for _ in range(CHOICES):
        yield tuple(sorted(random.choice(len(rows), n, replace=False).tolist()))


def _repeated(rows: Sequence[IntegerRow], n: int) -> Iterator[tuple[int, ...]]:
    """Zero rows, and rows that are equal up to sign: the rows are primitive, so that these are the parallel ones."""
    seen: dict[IntegerRow, int] = {}
    for i, row in enumerate(rows):
        first = next((value for value in row if value), 0)
        if not first:
            yield (i,)
            continue
        line = row if first > 0 else tuple(-value for value in row)
        if line in seen and n > 1:
            yield (seen[line], i)
        seen.setdefault(line, i)


def _in_a_hyperplane(rows: Sequence[IntegerRow], n: int) -> Iterator[tuple[int, ...]]:
    """Rows with ``w_j = 0``, or with ``w_j = w_k`` or ``w_j = -w_k``, n of them, told by floats."""
    floats = np.array([[float(value >> max(value.bit_length() - 60, 0)) for value in row] for row in rows])
    columns = floats.T
    for column in columns:
        yield from _first(column == 0, n)
    if n * n * len(rows) > MOST_PRODUCTS:
        return
    for j in range(n):
        for k in range(j):
            for sign in (1, -1):
                yield from _first(columns[j] == sign * columns[k], n)


def _first(holds: np.ndarray, n: int) -> Iterator[tuple[int, ...]]:
    places = np.flatnonzero(holds)
    if len(places) >= n:
        yield tuple(places[:n].tolist())
