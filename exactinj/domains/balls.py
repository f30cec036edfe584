"""Balls and their nonnegative parts, which are convex, and spheres and shells, which are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactinj.domains.base import Domain, Region
from exactinj.domains.numbers import (
    Halfspace,
    Number,
    fractions_of,
    inner,
    listed,
    orthant_halfspaces,
    positive,
    texts,
)
from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, power_of_two_below, rational_text
from exactinj.exact.short import short_repr, shortened

__all__ = ["Ball", "NonnegativeBall", "Shell", "Sphere"]


@dataclass(frozen=True)
class Ball(Domain):
    """The points with ``|x - center| <= radius``; without a center, around the origin.

    >>> Ball(1).is_nonnegative([Fraction(3, 5), Fraction(4, 5)], 1), Ball(1).is_nonnegative([1, 1], "7/5")
    (True, False)
    """

    radius: Fraction
    center: tuple[Fraction, ...] | None

    def __init__(self, radius: Any, center: Any = None) -> None:
        object.__setattr__(self, "radius", positive(radius))
        object.__setattr__(self, "center", None if center is None else fractions_of(center))

    def __repr__(self) -> str:
        return short_repr(self, f"{shortened(self.text)} in dimension {self.dimension}")

    @property
    def text(self) -> str:
        radius = f"ball:{rational_text(self.radius)}"
        return radius if self.center is None or not any(self.center) else f"{radius}:{listed(self.center)}"

    @property
    def dimension(self) -> int | None:
        return None if self.center is None else len(self.center)

    @property
    def record(self) -> dict[str, object]:
        if self.center is None:
            raise InputError(f"found the ball {self.text} without a dimension; use for_dimension(n) first")
        return {"type": "ball", "center": texts(self.center), "radius": rational_text(self.radius)}

    @property
    def ball(self) -> Ball | None:
        return self

    def for_dimension(self, n: int) -> Ball:
        super().for_dimension(n)
        return self if self.center is not None else Ball(self.radius, [0] * n)

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        """The minimum on the ball is ``constant + <gradient, center> - radius |gradient|``."""
        middle = fraction_from(constant)
        if self.center is not None:
            middle += inner(gradient, self.center)
        return middle >= 0 and middle**2 >= self.radius**2 * inner(gradient, gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return self.distance_square(x) <= self.radius**2

    def distance_square(self, x: Sequence[Fraction]) -> Fraction:
        """``|x - center|^2``."""
        offsets = x if self.center is None else [value - c for value, c in zip(x, self.center, strict=True)]
        return inner(offsets, offsets)

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (Fraction(0),) * dimension if self.center is None else self.center

    def restricted(self, columns: Sequence[int]) -> Domain:
        return self if self.center is None else Ball(self.radius, [self.center[j] for j in columns])

    def share_inside(self, start: Sequence[Fraction], end: Sequence[Fraction]) -> Fraction:
        """A power of two s, at most 1, with ``start + s (end - start)`` in the ball; `start` lies strictly inside.

        For ``p = start - center``, ``d = end - start`` and s <= 1, ``|p + s d|^2 <= |p|^2 + s (2 |<p, d>| + |d|^2)``.
        """
        steps = [c - a for a, c in zip(start, end, strict=True)]
        offsets = start if self.center is None else [a - c for a, c in zip(start, self.center, strict=True)]
        reach = 2 * abs(inner(offsets, steps)) + inner(steps, steps)
        room = self.radius**2 - inner(offsets, offsets)
        return Fraction(1) if reach <= room else power_of_two_below(room / reach)

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return []


@dataclass(frozen=True)
class NonnegativeBall(Domain):
    """The points with ``x_j >= 0`` for every j and ``|x| <= radius``."""

    radius: Fraction

    def __init__(self, radius: Any) -> None:
        object.__setattr__(self, "radius", positive(radius))

    @property
    def text(self) -> str:
        return f"nonneg-ball:{rational_text(self.radius)}"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "nonneg-ball", "radius": rational_text(self.radius)}

    @property
    def ball(self) -> Ball | None:
        return Ball(self.radius)

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        """The minimum is ``constant - radius |min(gradient, 0)|``."""
        negative = [min(value, 0) for value in gradient]
        return constant >= 0 and constant**2 >= self.radius**2 * inner(negative, negative)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(value >= 0 for value in x) and inner(x, x) <= self.radius**2

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (self.radius / (dimension + 1),) * dimension

    def restricted(self, columns: Sequence[int]) -> Domain:
        return self

    def filler(self, dimension: int) -> tuple[Fraction, ...]:
        return (Fraction(0),) * dimension

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return orthant_halfspaces(dimension)


@dataclass(frozen=True)
class Sphere(Region):
    """The points with ``|x| = radius``. Not convex: biases are computed on it, injectivity is not decided."""

    radius: Fraction

    def __init__(self, radius: Any) -> None:
        object.__setattr__(self, "radius", positive(radius))

    @property
    def text(self) -> str:
        return f"sphere:{rational_text(self.radius)}"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "sphere", "radius": rational_text(self.radius)}

    def contains(self, x: Sequence[Fraction]) -> bool:
        return inner(x, x) == self.radius**2


@dataclass(frozen=True)
class Shell(Region):
    """The points with ``inner <= |x| <= outer``, ``0 <= inner < outer``. Not convex; for hull biases only."""

    inner: Fraction
    outer: Fraction

    def __init__(self, inner: Any, outer: Any) -> None:
        low = fraction_from(inner)
        if not 0 <= low < positive(outer):
            raise InputError(f"found the radii {inner} and {outer} of a shell, expected 0 <= inner < outer")
        object.__setattr__(self, "inner", low)
        object.__setattr__(self, "outer", positive(outer))

    @property
    def text(self) -> str:
        return f"shell:{rational_text(self.inner)},{rational_text(self.outer)}"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "shell", "inner": rational_text(self.inner), "outer": rational_text(self.outer)}

    def contains(self, x: Sequence[Fraction]) -> bool:
        return self.inner**2 <= inner(x, x) <= self.outer**2
