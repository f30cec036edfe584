"""Reading, printing and multiplying the numbers that describe a domain."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from, rational_text

__all__ = [
    "Halfspace",
    "Number",
    "fractions_of",
    "inner",
    "is_list",
    "listed",
    "orthant_halfspaces",
    "positive",
    "texts",
]

Number = Fraction | int
Halfspace = tuple[Number, ...]


def positive(value: Any) -> Fraction:
    """A radius, read exactly; `InputError` unless it is positive."""
    radius = fraction_from(value)
    if not radius > 0:
        raise InputError(f"found the radius {value}, expected a positive number")
    return radius


def is_list(value: Any) -> bool:
    """Whether a bound is one for each coordinate."""
    return not isinstance(value, str) and hasattr(value, "__len__")


def fractions_of(values: Any) -> tuple[Fraction, ...]:
    """A vector, read exactly."""
    return tuple(value for (value,) in RationalMatrix.column(values).fractions())


def texts(values: Sequence[Fraction]) -> list[str]:
    """The strings that stand for a vector in certificates."""
    return [rational_text(value) for value in values]


def listed(values: Sequence[Fraction]) -> str:
    """The same on a command line."""
    return ",".join(texts(values))


def inner(left: Sequence[Number], right: Sequence[Number]) -> Fraction:
    """The exact inner product."""
    return sum((Fraction(a) * c for a, c in zip(left, right, strict=True)), Fraction(0))


def orthant_halfspaces(dimension: int) -> list[Halfspace]:
    """``-x_j <= 0`` for every j."""
    return [tuple(-int(j == k) for k in range(dimension + 1)) for j in range(dimension)]
