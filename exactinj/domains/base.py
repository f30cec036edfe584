"""Domains: the sets on which injectivity is asked.

A `Domain` is convex with interior points. For search it gives the halfspaces that bound it and the ball that bounds
it, and `Domain.is_nonnegative` says exactly whether an affine function is nonnegative on all of it (the table in
``docs/mathematics.md``), which every cut has to pass. For collisions it says which points it contains. Spheres and
shells are regions only: biases are computed on them, injectivity is not decided there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from exactinj.domains.numbers import Halfspace, Number
from exactinj.errors import InputError
from exactinj.exact.short import shortened
from exactinj.work.card import Card, ShownAsCard

__all__ = ["BallShape", "Domain", "Region", "convex_domain"]


class BallShape(Protocol):
    """What searches ask of the ball in a domain's description; `exactinj.domains.Ball` is one."""

    @property
    def radius(self) -> Fraction:
        """Positive."""

    @property
    def center(self) -> tuple[Fraction, ...] | None:
        """None for the origin in whatever dimension."""

    def for_dimension(self, n: int) -> BallShape:
        """The same ball with its center written out."""

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        """The center."""

    def distance_square(self, x: Sequence[Fraction]) -> Fraction:
        """``|x - center|^2``."""

    def share_inside(self, start: Sequence[Fraction], end: Sequence[Fraction]) -> Fraction:
        """A power of two s, at most 1, with ``start + s (end - start)`` in the ball; `start` lies strictly inside."""


class Region(ABC, ShownAsCard):
    """A set K in R^n."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The name on the command line and in results, such as ``R^n`` or ``ball:1``."""

    @property
    @abstractmethod
    def record(self) -> dict[str, object]:
        """The JSON object that stands for it in certificates; may depend on `for_dimension`."""

    @abstractmethod
    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether x lies in K, exactly."""

    @property
    def dimension(self) -> int | None:
        """The n that its description fixes, or None if it is meant for every n."""
        return None

    def _card(self) -> Card:
        return Card(type(self).__name__, (("set", shortened(self.text, 200)), ("dimension", self.dimension or "any")))

    def for_dimension(self, n: int) -> Region:
        """The same set in R^n, with whatever its description leaves open written out; `InputError` if it is no such."""
        if self.dimension not in (None, n):
            raise InputError(
                f"found a domain in dimension {self.dimension} ({self.text}) and a layer with n = {n}; "
                "give them the same dimension"
            )
        return self


class Domain(Region):
    """A convex set K in R^n, equal to the closure of its interior."""

    @abstractmethod
    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        """Whether ``<gradient, x> + constant >= 0`` for every x in K, exactly."""

    @abstractmethod
    def halfspaces(self, dimension: int) -> list[Halfspace]:
        """Rows ``(d, d0)`` of length n + 1 with ``K = {x in ball : <d, x> + d0 <= 0 for every row}``."""

    @abstractmethod
    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        """Some point of the interior of K."""

    @property
    def ball(self) -> BallShape | None:
        """The ball in the description of K, or None if halfspaces say all."""
        return None

    @property
    def names_halfspaces(self) -> bool:
        """Whether proofs on it name its halfspaces with multipliers of their own."""
        return False

    def restricted(self, columns: Sequence[int]) -> Domain | None:
        """The projection of K to some coordinates, such that any of its points completed by `filler` lies in K.

        None where the projection has no such simple form.
        """
        return None

    def filler(self, dimension: int) -> tuple[Fraction, ...]:
        """The point of K that completes points of `restricted`."""
        return self.interior_point(dimension)

    def for_dimension(self, n: int) -> Domain:
        super().for_dimension(n)
        return self


def convex_domain(region: Region) -> Domain:
    """The region as a domain of decisions; `InputError` if it is not convex."""
    if isinstance(region, Domain):
        return region
    raise InputError(
        f"found the domain {region.text}, expected a convex set with interior points, where the criterion is exact; "
        "use a ball"
    )
