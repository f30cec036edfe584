"""Domains: the convex sets on which injectivity is asked.

For proofs a domain has one duty, `Domain.is_nonnegative`: say exactly whether an affine function is
nonnegative on all of it (the table in ``docs/mathematics.md``). For search it gives the
halfspaces that bound it, and for collisions it says which points it contains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.errors import InputError

__all__ = ["Domain", "NonnegativeOrthant", "RealSpace", "parse_domain"]


class Domain(ABC):
    """A convex set K in R^n, equal to the closure of its interior."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The name on the command line and in results, such as ``R^n``."""

    @property
    @abstractmethod
    def record(self) -> dict[str, object]:
        """The JSON object that stands for the domain in certificates."""

    @abstractmethod
    def is_nonnegative(self, gradient: Sequence[Fraction | int], constant: Fraction | int) -> bool:
        """Whether ``<gradient, x> + constant >= 0`` for every x in K, exactly."""

    @abstractmethod
    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether x lies in K, exactly."""

    @abstractmethod
    def halfspaces(self, dimension: int) -> list[tuple[int | Fraction, ...]]:
        """Rows ``(d, d0)`` of length n + 1 with ``int K = {x : <d, x> + d0 < 0 for every row}``."""


@dataclass(frozen=True)
class RealSpace(Domain):
    """All of R^n."""

    @property
    def text(self) -> str:
        return "R^n"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "R^n"}

    def is_nonnegative(self, gradient: Sequence[Fraction | int], constant: Fraction | int) -> bool:
        return constant >= 0 and not any(gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def halfspaces(self, dimension: int) -> list[tuple[int | Fraction, ...]]:
        return []


@dataclass(frozen=True)
class NonnegativeOrthant(Domain):
    """The points with ``x_j >= 0`` for every j: what a layer sees after another ReLU."""

    @property
    def text(self) -> str:
        return "nonneg"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "nonneg"}

    def is_nonnegative(self, gradient: Sequence[Fraction | int], constant: Fraction | int) -> bool:
        return constant >= 0 and all(value >= 0 for value in gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(value >= 0 for value in x)

    def halfspaces(self, dimension: int) -> list[tuple[int | Fraction, ...]]:
        return [tuple(-int(j == k) for k in range(dimension + 1)) for j in range(dimension)]


def parse_domain(text: str) -> Domain:
    """The domain that a command-line text names: ``R^n`` or ``nonneg``."""
    domains: dict[str, Domain] = {"R^n": RealSpace(), "nonneg": NonnegativeOrthant()}
    if text not in domains:
        raise InputError(f"found the domain {text!r}, expected one of {', '.join(domains)}")
    return domains[text]
