"""Colliding pairs of a residual block, from cells on which it keeps, loses or turns orientation.

On the cell with the active units D the block is affine with the matrix ``J_D = I + B_D A_D``, and
``det J_D = det M_DD`` for ``M = I + A B``.

* If ``J_D v = 0``, points x and x + t v of the cell collide.
* At a facet between two cells with determinants of opposite sign the block folds: let z be a point of the facet, J and
  J' the matrices on its sides. J - J' has the form ``c a^T`` with the facet's normal a, so that ``v' = J'^-1 J v`` has
  ``<a, v'> = <a, v> det J / det J'``. If v points into the first side, v' points into the second, and
  ``z + t v`` and ``z + t v'`` have the same value for small t > 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from operator import mul

from flint import fmpq, fmpq_mat, fmpz_mat

from exactinj.certificates.collision import Collision, verified_collision
from exactinj.domains import Domain
from exactinj.exact.matrix import RationalMatrix, integer_rank
from exactinj.exact.numbers import fraction_of, power_of_two_below
from exactinj.injectivity.residual.reduction import integer_multiple
from exactinj.layers.residual import ResidualBlock

__all__ = ["Folds"]

HALVINGS = 1000  # of a step, until it stays in the domain
Point = Sequence[Fraction]


class Folds:
    """Orientation and pairs of one block on one domain, exactly."""

    def __init__(self, block: ResidualBlock, domain: Domain) -> None:
        self.block, self.domain = block, domain

    @cached_property
    def integer_interaction(self) -> list[list[int]]:
        """A positive multiple of ``I + A B``."""
        return integer_multiple(self.block.interaction.raw_rows())

    @cached_property
    def integer_rows(self) -> list[tuple[int, ...]]:
        """The rows of A as coprime integers."""
        return self.block.A.integer_rows()

    @cached_property
    def has_every_sign(self) -> bool:
        """Whether every set of units is active somewhere on R^n: A has full row rank."""
        return self.block.k <= self.block.n and self.block.A.rank() == self.block.k

    def orientation(self, active: Sequence[int]) -> int:
        """The sign of ``det M_DD = det J_D``, exactly: 1, 0 or -1."""
        if not active:
            return 1
        if len(active) > self.block.n:
            value = self.jacobian(active).det()
            return int(value > 0) - int(value < 0)
        matrix = self.integer_interaction
        minor = fmpz_mat([[matrix[i][j] for j in active] for i in active]).det()
        return int(minor > 0) - int(minor < 0)

    def active_at(self, values: Sequence[Fraction]) -> tuple[int, ...]:
        """The units with ``g_i > 0``."""
        return tuple(i for i, value in enumerate(values) if value > 0)

    def jacobian(self, active: Sequence[int]) -> fmpq_mat:
        """``I + B_D A_D``."""
        n = self.block.n
        matrix = fmpq_mat(n, n)
        if active:
            A, B = self.block.A.raw_rows(), self.block.B.raw_rows()
            matrix = fmpq_mat([[row[j] for j in active] for row in B]) * fmpq_mat([A[i] for i in active])
        for i in range(n):
            matrix[i, i] = matrix[i, i] + 1
        return matrix

    def lost_direction(self, point: Point, active: Sequence[int], towards: int | None = None) -> Collision | None:
        """A pair along the kernel of a cell's matrix, from a point of the cell in the interior of the domain.

        The point may also lie on the facet at which the unit `towards` becomes active, and on no other.
        """
        basis = RationalMatrix(self.jacobian(active).tolist()).nullspace()
        if not basis:
            return None
        v = [Fraction(value) for value in basis[0]]
        if towards is not None and sum(map(mul, self.integer_rows[towards], v)) < 0:
            v = [-value for value in v]
        return self._pair(point, None, v)

    def fold(self, point: Point, before: Sequence[int], after: Sequence[int], v: Point) -> Collision | None:
        """A pair across a facet at one of its points; v points into the side where the units `before` are active."""
        first, second = self.jacobian(before), self.jacobian(after)
        start = fmpq_mat([[fmpq(value.numerator, value.denominator)] for value in v])
        try:
            image = second.solve(first * start)
        except ZeroDivisionError:
            return None
        return self._pair(point, v, [fraction_of(value) for value in image.entries()])

    def _pair(self, point: Point, v: Point | None, other: Point) -> Collision | None:
        """``point + t v`` (or the point itself) and ``point + t other``, with t small enough; None if they differ."""
        steps = [[Fraction(0)] * len(point) if v is None else v, other]
        t = self._reach(point, steps)
        for _ in range(HALVINGS):
            x, y = (tuple(z + t * d for z, d in zip(point, step, strict=True)) for step in steps)
            if self.domain.contains(x) and self.domain.contains(y):
                same = x != y and self.block.evaluate(x) == self.block.evaluate(y)
                return verified_collision(self.block, self.domain, x, y) if same else None
            t /= 2
        return None

    def scaled_inside(self, pair: Collision) -> Collision | None:
        """The pair, if it lies in the domain; without bias also the pair times a small number. None otherwise."""
        factor = Fraction(1)
        for _ in range(HALVINGS if self.block.b.is_zero() else 1):
            x, y = (tuple(factor * value for value in point) for point in (pair.x, pair.y))
            if self.domain.contains(x) and self.domain.contains(y):
                return verified_collision(self.block, self.domain, x, y)
            factor /= 2
        return None

    def _reach(self, point: Point, steps: Sequence[Point]) -> Fraction:
        """A power of two up to 1: steps of that length change no sign of a unit that has one at the point."""
        values, bounds = self.block.preactivation(point), [Fraction(1)]
        for step in steps:
            for value, slope in zip(values, self.block.A.times(step), strict=True):
                if value and slope:
                    bounds.append(abs(value / slope))
        least = min(bounds)
        return least if least == 1 else power_of_two_below(least)

    def between(self, start: Point, end: Point) -> Collision | None:
        """A pair on the segment between two points of open cells of different orientation, one of which may have none.

        Bisection finds two neighbouring cells that differ. None if the orientations of the points do not, and if the
        segment meets two different hyperplanes at once where it changes.
        """
        direction = [b - a for a, b in zip(start, end, strict=True)]
        at_start, at_end = self.block.preactivation(start), self.block.preactivation(end)
        crossings: dict[Fraction, list[int]] = {}
        for i, (a, b) in enumerate(zip(at_start, at_end, strict=True)):
            if a * b < 0:
                crossings.setdefault(a / (a - b), []).append(i)

        def at(time: Fraction) -> list[Fraction]:
            return [z + time * step for z, step in zip(start, direction, strict=True)]

        times, sets = sorted(crossings), [set(self.active_at(at_start))]
        for time in times:
            sets.append(sets[-1] ^ set(crossings[time]))
        ends = [Fraction(0), *times, Fraction(1)]
        low, high = 0, len(sets) - 1
        sign = self.orientation(sorted(sets[low]))
        while sign and high - low > 1:  # the cell `low` has the sign, `high` another one or 0
            middle = (low + high) // 2
            low, high = (middle, high) if self.orientation(sorted(sets[middle])) == sign else (low, middle)
        lost = next((k for k in (low, high) if self.orientation(sorted(sets[k])) == 0), None)
        if lost is not None:
            return self.lost_direction(at((ends[lost] + ends[lost + 1]) / 2), sorted(sets[lost]))
        crossed = crossings[times[low]] if low < high else []
        if not crossed or integer_rank([self.integer_rows[i] for i in crossed]) > 1:
            return None
        if self.orientation(sorted(sets[high])) == sign:
            return None
        return self.fold(at(times[low]), sorted(sets[low]), sorted(sets[high]), [-step for step in direction])
