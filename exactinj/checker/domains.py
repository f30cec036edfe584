"""Section "Domains": the sets K, and what it takes to show that an affine function is nonnegative on one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import ClassVar

from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector, negative_part, square_of
from exactinj.checker.rows import Form, Row

__all__ = [
    "Ball",
    "Box",
    "Cut",
    "Domain",
    "NonnegativeBall",
    "Orthant",
    "Polytope",
    "Space",
    "Sphere",
    "channel_cut",
]


def _coordinate(k: int, n: int, factor: int, constant: int, denominator: int) -> Row:
    """The function (factor x_k + constant) / denominator."""
    return Row.sparse(Form({k: factor}, constant, denominator), n)


class Domain:
    """A set K. Where one does not say how to show something about it, nothing is shown."""

    type: ClassVar[str]

    @property
    def dimension(self) -> int | None:
        """The length of its vectors; None if it has none."""
        return None

    @property
    def halfspaces(self) -> tuple[Row, ...]:
        """The functions that refuters and circuits may name besides the rows; all are at most 0 on K."""
        return ()

    def facet_count(self, n: int) -> int:
        """How many functions compact entries may name behind the rows, for inputs of length n."""
        return len(self.halfspaces)

    def facet(self, j: int, n: int) -> Row:
        """The j-th of these functions, at most 0 on K."""
        return self.halfspaces[j]

    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether the point lies in K."""
        return False

    def nonnegative(self, form: Vector) -> bool:
        """Whether <g, x> + beta >= 0 on K, where form = (g_1, ..., g_n, beta) up to a positive factor."""
        return False

    def cut(self, columns: Sequence[int]) -> Domain:
        """The projection of K to these coordinates; with a coordinate listed twice, both have its bounds."""
        raise Rejected(Reason.DOMAIN, f"the domain {self.type} cannot be cut down to some of the columns")


Cut = Callable[[Sequence[int]], Domain]  # the domain cut down to the columns


@dataclass(frozen=True, slots=True)
class Space(Domain):
    """All of R^n."""

    type = "R^n"

    def cut(self, columns: Sequence[int]) -> Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])


@dataclass(frozen=True, slots=True)
class Orthant(Domain):
    """x_j >= 0 for every j."""

    type = "nonneg"

    def facet_count(self, n: int) -> int:
        return n

    def facet(self, j: int, n: int) -> Row:
        return _coordinate(j, n, -1, 0, 1)

    def cut(self, columns: Sequence[int]) -> Domain:
        return self

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0

    def nonnegative(self, form: Vector) -> bool:
        return min(form) >= 0


@dataclass(frozen=True, slots=True)
class Box(Domain):
    """l_j <= x_j <= u_j for every j; the ends are integers over one positive denominator."""

    type = "box"
    lower: Vector
    upper: Vector
    denominator: int

    @property
    def dimension(self) -> int:
        return len(self.lower)

    def facet_count(self, n: int) -> int:
        return 2 * n

    def facet(self, j: int, n: int) -> Row:
        k, is_upper = divmod(j, 2)
        if is_upper:
            return _coordinate(k, n, self.denominator, -self.upper[k], self.denominator)
        return _coordinate(k, n, -self.denominator, self.lower[k], self.denominator)

    def contains(self, x: Sequence[Fraction]) -> bool:
        scaled = [value * self.denominator for value in x]
        return all(low <= value <= high for low, value, high in zip(self.lower, scaled, self.upper, strict=True))

    def nonnegative(self, form: Vector) -> bool:
        ends = zip(form, self.lower, self.upper, strict=False)  # the last entry of the form, beta, has none
        lowest = sum(min(value * low, value * high) for value, low, high in ends)
        return form[-1] * self.denominator + lowest >= 0

    def cut(self, columns: Sequence[int]) -> Domain:
        return Box([self.lower[j] for j in columns], [self.upper[j] for j in columns], self.denominator)


@dataclass(frozen=True, slots=True)
class Polytope(Domain):
    """d_j(x) = <G_j, x> - h_j <= 0 for every j. Forms already include the multiples of the d_j."""

    type = "polytope"
    functions: tuple[Row, ...]

    @property
    def dimension(self) -> int:
        return len(self.functions[0].entries) - 1

    @property
    def halfspaces(self) -> tuple[Row, ...]:
        return self.functions

    def contains(self, x: Sequence[Fraction]) -> bool:
        return max(self.values(x)) <= 0

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and not any(form[:-1])

    def values(self, x: Sequence[Fraction]) -> list[Fraction]:
        """Positive multiples of the d_j(x)."""
        return [sum(map(mul, row.entries, x), Fraction(row.entries[-1])) for row in self.functions]


@dataclass(frozen=True, slots=True)
class Ball(Domain):
    """|x - c| <= r; the center is integers over one positive denominator."""

    type = "ball"
    center: Vector
    denominator: int
    radius: Fraction

    @property
    def dimension(self) -> int:
        return len(self.center)

    def contains(self, x: Sequence[Fraction]) -> bool:
        differences = [value - Fraction(c, self.denominator) for value, c in zip(x, self.center, strict=True)]
        return square_of(differences) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        t: int = form[-1] * self.denominator + sum(map(mul, form, self.center))
        return t >= 0 and t * t >= (self.radius * self.denominator) ** 2 * square_of(form[:-1])

    def cut(self, columns: Sequence[int]) -> Domain:
        return Ball([self.center[j] for j in columns], self.denominator, self.radius)


@dataclass(frozen=True, slots=True)
class NonnegativeBall(Domain):
    """x_j >= 0 for every j, and |x| <= r."""

    type = "nonneg-ball"
    radius: Fraction

    def facet_count(self, n: int) -> int:
        return n

    def facet(self, j: int, n: int) -> Row:
        return _coordinate(j, n, -1, 0, 1)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return min(x) >= 0 and square_of(x) <= self.radius**2

    def nonnegative(self, form: Vector) -> bool:
        return form[-1] >= 0 and form[-1] ** 2 >= self.radius**2 * square_of(negative_part(form[:-1]))

    def cut(self, columns: Sequence[int]) -> Domain:
        return self


@dataclass(frozen=True, slots=True)
class Sphere(Domain):
    """|x| = r."""

    type = "sphere"
    radius: Fraction


def channel_cut(domain: Domain, first: int, places: int) -> Cut:
    """The bounds of a channel hold at each of its places; `first` is the channel of column 0."""
    return lambda columns: domain.cut([first + j // places for j in columns])
