"""Exact alpha* on the sphere where it is 0 on the ball: a value that is not negative, perhaps infinite.

With the notation of `exactinj.biases.alpha.tree`, let every p(S) on the ball be 0: ``<x, w_j> >= 0`` on every ``C_S``.
For t >= 0, ``{x : <x, w_j> >= t |x|}`` is a convex cone. So a ``C_S`` without lines is above t if its extreme rays
are, a line has the value 0, and

    alpha*_j = min of <p, w_j> / |p|  over the extreme rays p of all C_S,

infinite if every ``C_S`` is {0}. A *refuter* is a list R of rows for which every extreme ray of
``C = {x : <x, v_i> <= 0 for i in R}`` has at least the value t.

R is found as an implicit hitting set: it has to cut off every low ray (one below t) seen so far for this row j. A
short such R is chosen greedily; the extreme rays of its cone, by exact double description, are all high, or show
new low rays. A low ray that no row outside S cuts off lies in ``C_S``: then t moves down to its value.

The tree is that of the ball, but supports may have more than n rows, as the cone has to lie inside a round one. It
has at most ``k^(n - 1)`` leaves if supports have at most k rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.alpha.problem import RowProblem, inner, unit_floats
from exactinj.biases.alpha.tree import DepthSearch
from exactinj.certificates.depth_tree import DepthRefuter
from exactinj.errors import InternalError
from exactinj.exact.cones import cone_generators
from exactinj.exact.matrix import IntegerRow
from exactinj.work.clock import Clock

__all__ = ["SphereSearch", "ZeroAttainedError"]

CLEAR = 1e-9  # products of unit vectors larger than that have the sign that floats say
TINY = 1e-300  # a depth that counts as a cut


class ZeroAttainedError(Exception):
    """Raised inside the search when the value is 0; `point` attains it."""

    def __init__(self, point: IntegerRow) -> None:
        super().__init__(point)
        self.point = point


class SphereSearch(DepthSearch):
    """The search on the unit sphere: the value is ``sqrt(square)`` in direction `point`, or infinite if they are None.

    `start` is a support that is a good first cone: that of the ball's first refuter.
    """

    def __init__(self, problem: RowProblem, clock: Clock, start: Sequence[int]) -> None:
        super().__init__(problem, clock)
        self.square: Fraction | None = None
        self.point: IntegerRow | None = None
        self._low: list[IntegerRow] = []
        self._depths = np.zeros((problem.m, 0))  # positive where a row cuts off a low ray, else 0
        self._remember(self._low_rays(start))

    def _fresh(self, above: int, excluded: int) -> DepthRefuter:
        allowed = self._columns(above)
        free = self._marked(excluded)[allowed]
        while True:
            self.clock.check()
            depths = self._cut_depths(allowed)
            support = [int(allowed[k]) for k in _hitting(depths, free)]
            low = self._low_rays(support)
            if not low:
                return DepthRefuter(tuple(support), None)
            self._remember(low)

    def _low_rays(self, support: Sequence[int]) -> list[IntegerRow]:
        """The extreme rays below the best value of the cone of some rows, and the directions of its lines that are."""
        self.exact_fits += 1
        columns = self.problem.columns
        cone = cone_generators([[-value for value in columns[i]] for i in support], self.problem.n)
        turned = [tuple(-value for value in line) for line in cone.lines]
        return [ray for ray in (*cone.rays, *cone.lines, *turned) if self._is_below(ray)]

    def _is_below(self, ray: IntegerRow) -> bool:
        """Whether the value on a ray is less than the best, 0 and less counting as below."""
        if self.square is None:
            return True
        height = inner(ray, self.problem.w)
        return height <= 0 or height * height * self.square.denominator < self.square.numerator * inner(ray, ray)

    def _remember(self, low: Sequence[IntegerRow]) -> None:
        problem = self.problem
        for ray in low:
            depths = problem.directions @ unit_floats(ray)
            for i in np.flatnonzero(np.abs(depths) < CLEAR):
                depths[i] = TINY if inner(problem.columns[i], ray) > 0 else 0.0
            self._low.append(ray)
            self._depths = np.column_stack([self._depths, np.maximum(depths, 0.0)])

    def _cut_depths(self, allowed: NDArray[np.intp]) -> NDArray[np.float64]:
        """How deep the rows cut off the low rays, each by at least one; the best value moves down until that is so."""
        while True:
            depths = self._depths[allowed]
            uncut = np.flatnonzero(~depths.any(axis=0))
            if not uncut.size:
                return depths
            self._improve(self._low[uncut[0]])

    def _improve(self, ray: IntegerRow) -> None:
        """Move the best value to that of a ray in C_S, and forget low rays that are low no more."""
        height = inner(ray, self.problem.w)
        if height < 0:
            raise InternalError("a ray is below 0 where the value on the ball is 0; please report this")
        if height == 0:
            raise ZeroAttainedError(ray)
        self.square, self.point = Fraction(height * height, inner(ray, ray)), ray
        staying = [self._is_below(other) for other in self._low]
        self._low = [other for other, stays in zip(self._low, staying, strict=True) if stays]
        self._depths = self._depths[:, staying]


def _hitting(depths: NDArray[np.float64], free: NDArray[np.bool_]) -> list[int]:
    """Few rows that together cut off every ray (column), free ones first, deep ones preferred; none is superfluous."""
    chosen: list[int] = []
    left = np.ones(depths.shape[1], dtype=np.bool_)
    while left.any():
        scores = depths[:, left].sum(axis=1)
        costless = np.where(free, scores, 0.0)
        best = int(np.argmax(costless if costless.any() else scores))
        chosen.append(best)
        left &= depths[best] == 0.0
    for k in sorted(chosen, key=lambda k: bool(free[k])):
        rest = [other for other in chosen if other != k]
        if (depths[rest] > 0).any(axis=0).all():
            chosen = rest
    return chosen
