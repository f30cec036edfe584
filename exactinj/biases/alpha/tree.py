"""Exact alpha* on balls: the best value, a point that attains it, and a tree of refuters that proves it.

Fix a row j, ``v_i = w_i - w_j``. For a set S of at most n - 1 rows, ``C_S = {x : <x, v_i> <= 0 for i not in S}``. Then

    alpha*_j = min over S of p(S),  p(S) = min of <x, w_j> over K and C_S = -|projection of -w_j onto C_S|

on the unit ball K, and the projection is the residual of a nonnegative least-squares problem over the columns ``v_i``
(J. J. Moreau 1962). Its coefficients are a *refuter*: ``z = w_j + sum lambda_i v_i`` with ``|z| <= -p(S)`` shows that
no x with ``<x, w_j> < p(S)`` has all rows of the support at most level with j. On the nonnegative ball the columns
``-e_k`` are there as well; their part of z is what ``min(z, 0)`` cuts off. A value t below p(S) leaves room for
shorter supports and for multipliers rounded to few digits.

The search is the branching for linear programs with few violated constraints: at a node some row of a refuter has to be
above j, at most n rows are tried, and n - 1 of them may be. So a row has at most ``n^(n - 1)`` leaves, each for a
projection at most, whatever m is. Rows tried before at the same node are excluded (E) and cost no child when they
come up again.

Sources: J. Matousek, On geometric optimization with few violated constraints, Discrete Comput. Geom. 14 (1995);
D. Haider, M. Ehler, P. Balazs, Injectivity of ReLU-layers: tools from frame theory (2024), for rectifying biases;
Eckert's thesis (2024), chapter 4, for alpha* as the limit of its Monte Carlo estimate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.alpha.fits import Fit, is_short, rounded, sparse_fit
from exactinj.biases.alpha.problem import RowProblem, inner
from exactinj.certificates.depth_tree import DepthRefuter
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.nonnegative import nonnegative_fit
from exactinj.exact.numbers import rational_from, rational_text
from exactinj.work.clock import Clock

__all__ = ["BallSearch", "DepthSearch"]

SCANNED = 400  # refuters looked at before a new one is made
GOAL = 1 - 1e-6  # of the best value, where a float fit stops


@dataclass(frozen=True)
class _Known:
    """A refuter and its support as a bit mask."""

    refuter: DepthRefuter
    mask: int


class DepthSearch(ABC):
    """The tree of one row; what a refuter is and how the best value moves is left to the domain."""

    def __init__(self, problem: RowProblem, clock: Clock) -> None:
        self.problem = problem
        self.clock = clock
        self.depth = problem.n - 1
        self.known: list[_Known] = []
        self.tokens: list[int] = []
        self.nodes = 0
        self.exact_fits = 0

    @property
    def refuters(self) -> list[DepthRefuter]:
        return [known.refuter for known in self.known]

    def run(self) -> None:
        """Search; afterwards the best value is proved by `refuters` and `tokens`."""
        self._node(0, 0, 0)

    def _node(self, above: int, excluded: int, size: int) -> None:
        self.clock.check()
        self.nodes += 1
        number = self._refuter(above, excluded, size)
        self.tokens.append(number)
        if size == self.depth:
            return
        for i in self.known[number].refuter.rows:
            if not excluded >> i & 1:
                self._node(above | 1 << i, excluded, size + 1)
                excluded |= 1 << i

    def _refuter(self, above: int, excluded: int, size: int) -> int:
        """The number of a refuter that avoids the rows above j, with few children."""
        best, fewest = -1, self.problem.n + self.problem.m
        for number in range(len(self.known) - 1, max(-1, len(self.known) - 1 - SCANNED), -1):
            mask = self.known[number].mask
            if not mask & above:
                children = 0 if size == self.depth else (mask & ~excluded).bit_count()
                if children == 0:
                    return number
                if children < fewest:
                    best, fewest = number, children
        if fewest == 1:
            return best
        fresh = self._fresh(above, excluded)
        mask = sum(1 << i for i in fresh.rows)
        if (mask & ~excluded).bit_count() >= fewest:
            return best
        self.known.append(_Known(fresh, mask))
        return len(self.known) - 1

    @abstractmethod
    def _fresh(self, above: int, excluded: int) -> DepthRefuter:
        """A new refuter that avoids the rows above j; may improve the best value first."""

    def _columns(self, mask: int) -> NDArray[np.intp]:
        """The usable columns outside a set of rows."""
        return np.array([i for i in self.problem.usable if not mask >> i & 1], dtype=np.intp)

    def _marked(self, mask: int) -> NDArray[np.bool_]:
        """Which columns cost no child: excluded rows, and those that are not rows."""
        m = self.problem.m
        return np.array([i >= m or bool(mask >> i & 1) for i in range(len(self.problem.columns))])


class BallSearch(DepthSearch):
    """The search on the unit ball, or its nonnegative part: the value is ``-sqrt(square)``, in direction `point`."""

    def __init__(self, problem: RowProblem, clock: Clock) -> None:
        super().__init__(problem, clock)
        self.square = Fraction(0)
        self.point: IntegerRow = (0,) * problem.n
        self.limit = 0.0

    def run(self) -> None:
        self._dive()
        if is_short(self.problem, {}, self.square):
            self.known.append(_Known(DepthRefuter((), ()), 0))  # -w_j itself is attained: nothing else to show
        super().run()

    def _dive(self) -> None:
        """Go down to one leaf by the child with the lowest value in floats: a good value early keeps refuters short."""
        above, fit = 0, self._fit(0, 0, 0.0)
        for _ in range(self.depth):
            rows = [i for i in fit.support if i < self.problem.m]
            if not rows:
                break
            self.clock.check()
            children = [(above | 1 << i, self._fit(above | 1 << i, 0, 0.0)) for i in rows]
            above, fit = max(children, key=lambda child: child[1].length)
        self._exact(above, fit.support)

    def _fit(self, above: int, excluded: int, goal: float) -> Fit:
        problem = self.problem
        return sparse_fit(problem.directions, problem.target, self._columns(above), self._marked(excluded), goal)

    def _fresh(self, above: int, excluded: int) -> DepthRefuter:
        fit = self._fit(above, excluded, self.limit * GOAL)
        multipliers = rounded(self.problem, fit, self.square, self.limit)
        if multipliers is None:
            multipliers = self._exact(above, fit.support)
        return self._as_refuter(multipliers)

    def _exact(self, above: int, hint: Iterable[int]) -> dict[int, Fraction]:
        """The multipliers of p(S); the best value moves if this is lower."""
        self.exact_fits += 1
        problem, columns = self.problem, self._columns(above).tolist()
        places = {i: k for k, i in enumerate(columns)}
        start = [places[i] for i in hint]
        fit = nonnegative_fit([problem.columns[i] for i in columns], [-value for value in problem.w], start)
        if fit.square > self.square:
            self.square = fit.square
            self.point = primitive_row(map(rational_from, fit.residual))[0]
            power = 2 * problem.w_exponent
            self.limit = float(Fraction(self.square.numerator, self.square.denominator << power)) ** 0.5
        return {columns[k]: value for k, value in fit.coefficients.items()}

    def _as_refuter(self, multipliers: dict[int, Fraction]) -> DepthRefuter:
        """Heavy rows come first: they are the likely ones to come up again, excluded by then, at later siblings."""
        columns = self.problem.columns
        weights = {
            i: value**2 * inner(columns[i], columns[i]) for i, value in multipliers.items() if i < self.problem.m
        }
        rows = tuple(sorted(weights, key=lambda i: -weights[i]))
        return DepthRefuter(rows, tuple(rational_text(multipliers[i]) for i in rows))
