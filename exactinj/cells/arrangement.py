"""The hyperplane arrangement of a layer: which rows share a hyperplane, and on which side they are active.

Zero rows, parallel rows, repeated rows and lost rank are taken out here, exactly, so that the
enumeration meets distinct hyperplanes ``{x : <h, x> + beta = 0}`` in a space that their normals span:

* a row with ``w_i = 0`` has the constant sign of ``b_i``; it is active everywhere or nowhere;
* rows that are multiples of each other, bias included, share a hyperplane, with an orientation each;
* if W has rank r < n, then r independent columns are kept: every wedge is a wedge of that section
  times the null space of W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.exact.matrix import IntegerRow, integer_rank
from exactinj.layers.dense import ReLULayer

__all__ = ["Arrangement"]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A layer's rows sorted into distinct hyperplanes.

    Attributes
    ----------
    layer, domain
        What it was made from.
    problem : HomogeneousProblem or None
        Its layer rows are the hyperplanes, on `columns`; None if there is no hyperplane.
    columns : tuple of int
        The coordinates of x that are kept; the others are 0 at interior points.
    hyperplane : (m,) int64
        The hyperplane of each row, -1 for a row with ``w_i = 0``.
    is_positive : (m,) bool
        Whether the row is active on the nonnegative side of its hyperplane; for ``w_i = 0``, at all.
    """

    layer: ReLULayer
    domain: Domain
    problem: HomogeneousProblem | None
    columns: tuple[int, ...]
    hyperplane: NDArray[np.int64]
    is_positive: NDArray[np.bool_]

    @classmethod
    def of(cls, layer: ReLULayer, domain: Domain) -> Arrangement:
        """The arrangement of a layer on a domain that is bounded by halfspaces; `InputError` for others."""
        domain = domain.for_dimension(layer.n)
        if domain.ball is not None:
            raise InputError(
                f"found the domain {domain.text}, expected one bounded by halfspaces; wedges are not listed on balls, "
                "enumerate them on R^n or on a box"
            )
        numbers: dict[IntegerRow, int] = {}
        hyperplane = np.full(layer.m, -1, dtype=np.int64)
        is_positive = np.zeros(layer.m, dtype=np.bool_)
        for i, (row, _) in enumerate(layer.integer_rows):
            leading = next((value for value in row[: layer.n] if value), 0)
            is_positive[i] = leading > 0 or (leading == 0 and row[-1] >= 0)
            if leading:
                key = row if leading > 0 else tuple(-value for value in row)
                hyperplane[i] = numbers.setdefault(key, len(numbers))
        columns = _essential_columns([key[: layer.n] for key in numbers], layer.n, domain)
        problem = None
        if numbers:
            weights = [[key[j] for j in columns] for key in numbers]
            problem = HomogeneousProblem(ReLULayer(weights, [key[-1] for key in numbers]), domain)
        return cls(layer, domain, problem, columns, hyperplane, is_positive)

    @property
    def count(self) -> int:
        """The number of distinct hyperplanes."""
        return 0 if self.problem is None else self.problem.m

    def adds_active(self) -> NDArray[np.uint8]:
        """Shape (H, 2): whether some row is active on the negative, on the nonnegative side."""
        table = np.zeros((self.count, 2), dtype=np.uint8)
        moving = self.hyperplane >= 0
        table[self.hyperplane[moving], self.is_positive[moving].astype(np.int64)] = 1
        return table

    def active_rows(self, nonnegative: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """From the sides of the hyperplanes, shape (k, H), to the active rows, shape (k, m)."""
        moving = self.hyperplane >= 0
        active = np.broadcast_to(self.is_positive, (len(nonnegative), len(self.is_positive))).copy()
        active[:, moving] = nonnegative[:, self.hyperplane[moving]] == self.is_positive[moving]
        return active

    def sides(self, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The inverse of `active_rows`: from active rows, shape (k, m), to nonnegative sides, shape (k, H)."""
        rows = np.flatnonzero(self.hyperplane >= 0)
        _, first = np.unique(self.hyperplane[rows], return_index=True)
        return np.equal(active[:, rows[first]], self.is_positive[rows[first]])

    def point_from(self, homogeneous: Sequence[Fraction | int]) -> tuple[Fraction, ...]:
        """The x in R^n of a homogeneous vector of `problem`."""
        if self.problem is None:  # no hyperplane: any interior point
            return self.domain.interior_point(self.layer.n)
        x = [Fraction(0)] * self.layer.n
        for j, value in zip(self.columns, self.problem.point_from(homogeneous) or [], strict=True):
            x[j] = value
        return tuple(x)

    def point_from_scaled(self, scaled: Sequence[float]) -> tuple[Fraction, ...]:
        """The x in R^n of a homogeneous float vector in the scaled coordinates of `problem.equilibrated`."""
        if self.problem is None:
            return self.point_from(())
        return self.point_from(self.problem.unscaled(scaled))


def _essential_columns(weights: list[IntegerRow], n: int, domain: Domain) -> tuple[int, ...]:
    """Independent columns that span the column space; all of them if the domain is bounded by halfspaces."""
    if domain.halfspaces(n) or integer_rank(weights) == n:
        return tuple(range(n))
    if not weights:
        return ()
    reduced, _, rank = fmpz_mat([list(row) for row in weights]).rref()
    return tuple(next(j for j in range(n) if reduced[i, j]) for i in range(rank))
