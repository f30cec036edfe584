"""Domains that halfspaces describe: R^n, the orthant, boxes and polytopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactinj.domains.base import Domain
from exactinj.domains.numbers import (
    Halfspace,
    Number,
    fractions_of,
    inner,
    is_list,
    listed,
    orthant_halfspaces,
    texts,
)
from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix, primitive_vector
from exactinj.exact.nonnegative import shortest_point
from exactinj.exact.numbers import fraction_from, rational_text
from exactinj.exact.short import short_repr, shortened

__all__ = ["Box", "NonnegativeOrthant", "Polytope", "RealSpace"]


@dataclass(frozen=True)
class RealSpace(Domain):
    """All of R^n."""

    @property
    def text(self) -> str:
        return "R^n"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "R^n"}

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        return constant >= 0 and not any(gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return True

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (Fraction(0),) * dimension

    def restricted(self, columns: Sequence[int]) -> Domain:
        return self

    def halfspaces(self, dimension: int) -> list[Halfspace]:
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

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        return constant >= 0 and all(value >= 0 for value in gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(value >= 0 for value in x)

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (Fraction(1),) * dimension

    def restricted(self, columns: Sequence[int]) -> Domain:
        return self

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return orthant_halfspaces(dimension)


@dataclass(frozen=True)
class Box(Domain):
    """The points with ``lower_j <= x_j <= upper_j``; one number each stands for all coordinates.

    >>> Box(-1, "1/2").contains([Fraction(0), Fraction(1, 2)])
    True
    """

    lower: tuple[Fraction, ...] | Fraction
    upper: tuple[Fraction, ...] | Fraction

    def __init__(self, lower: Any, upper: Any) -> None:
        bounds = [fractions_of(side) if is_list(side) else fraction_from(side) for side in (lower, upper)]
        sizes = {len(side) for side in bounds if isinstance(side, tuple)}
        if len(sizes) > 1:
            raise InputError("found lower and upper bounds of different lengths, expected one number per coordinate")
        if sizes:
            bounds = [side if isinstance(side, tuple) else (side,) * max(sizes) for side in bounds]
        pairs = zip(*bounds, strict=True) if sizes else [(bounds[0], bounds[1])]
        for low, high in pairs:
            if not low < high:  # type: ignore[operator]  # both are fractions
                found = f"{rational_text(low)} and {rational_text(high)}"  # type: ignore[arg-type]  # fractions
                raise InputError(f"found the bounds {found} of a box, expected lower < upper")
        object.__setattr__(self, "lower", bounds[0])
        object.__setattr__(self, "upper", bounds[1])

    def __repr__(self) -> str:
        return short_repr(self, shortened(self.text))

    @property
    def text(self) -> str:
        if isinstance(self.lower, tuple) and isinstance(self.upper, tuple):
            return f"box:{listed(self.lower)}:{listed(self.upper)}"
        return f"box:{rational_text(self.lower)},{rational_text(self.upper)}"  # type: ignore[arg-type]  # no tuples

    @property
    def dimension(self) -> int | None:
        return len(self.lower) if isinstance(self.lower, tuple) else None

    @property
    def record(self) -> dict[str, object]:
        if self.dimension is None:
            raise InputError(f"found the box {self.text} without a dimension; use for_dimension(n) first")
        lower, upper = self._bounds(self.dimension)
        return {"type": "box", "lower": texts(lower), "upper": texts(upper)}

    def _bounds(self, n: int) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        if isinstance(self.lower, tuple) and isinstance(self.upper, tuple):
            return self.lower, self.upper
        return (self.lower,) * n, (self.upper,) * n  # type: ignore[return-value]  # both are tuples, or neither is

    def for_dimension(self, n: int) -> Box:
        super().for_dimension(n)
        if isinstance(self.lower, tuple) and isinstance(self.upper, tuple):
            return self
        return Box([self.lower] * n, [self.upper] * n)

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        lower, upper = self._bounds(len(gradient))
        return constant + sum(min(g * low, g * up) for g, low, up in zip(gradient, lower, upper, strict=True)) >= 0

    def contains(self, x: Sequence[Fraction]) -> bool:
        lower, upper = self._bounds(len(x))
        return all(low <= value <= up for low, value, up in zip(lower, x, upper, strict=True))

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return tuple((low + up) / 2 for low, up in zip(*self._bounds(dimension), strict=True))

    def restricted(self, columns: Sequence[int]) -> Domain:
        if isinstance(self.lower, tuple) and isinstance(self.upper, tuple):
            return Box([self.lower[j] for j in columns], [self.upper[j] for j in columns])
        return self

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        rows: list[Halfspace] = []
        for j, (low, up) in enumerate(zip(*self._bounds(dimension), strict=True)):
            unit = [int(j == k) for k in range(dimension)]
            rows += [(*(-value for value in unit), low), (*unit, -up)]
        return rows


@dataclass(frozen=True)
class Polytope(Domain):
    """The points with ``G x <= h``: any polyhedron with interior points, bounded or not.

    Parameters
    ----------
    G : (k, n) array, tensor or nested sequence, h : (k,) likewise
        Read exactly, as the weights of a layer.

    interior : (n,) likewise, optional
        A point with ``G x < h``; computed if left out.

    Raises
    ------
    InputError
        For bad shapes, and if no point has ``G x < h``.

    Examples
    --------
    >>> Polytope([[1, 1], [-1, 0], [0, -1]], [1, 0, 0]).contains([Fraction(1, 2), Fraction(1, 2)])
    True
    """

    G: tuple[tuple[Fraction, ...], ...]
    h: tuple[Fraction, ...]
    interior: tuple[Fraction, ...]

    def __init__(self, G: Any, h: Any, *, interior: Any = None) -> None:  # noqa: N803 (the notation page's symbols)
        normals = tuple(map(tuple, RationalMatrix(G, name="G").fractions()))
        offsets = tuple(value for (value,) in RationalMatrix.column(h, name="h").fractions())
        if len(offsets) != len(normals):
            raise InputError(f"h has {len(offsets)} entries and G has {len(normals)} rows; give one entry per row")
        object.__setattr__(self, "G", normals)
        object.__setattr__(self, "h", offsets)
        halves = self.halfspaces(len(normals[0]))
        point = _interior_point(halves) if interior is None else fractions_of(interior)
        if len(point) != len(normals[0]) or any(inner(half[:-1], point) + half[-1] >= 0 for half in halves):
            raise InputError("found an interior point without G x < h, expected one; leave it out to have one computed")
        object.__setattr__(self, "interior", point)

    def __repr__(self) -> str:
        return short_repr(self, self.text)

    @property
    def text(self) -> str:
        return f"polytope:{len(self.G)} halfspaces in dimension {len(self.G[0])}"

    @property
    def dimension(self) -> int | None:
        return len(self.G[0])

    @property
    def record(self) -> dict[str, object]:
        normals = [texts(row) for row in self.G]
        return {"type": "polytope", "G": normals, "h": texts(self.h), "interior": texts(self.interior)}

    @property
    def names_halfspaces(self) -> bool:
        return True

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        """By Farkas: no y = (x, tau), tau > 0, in the cone of K has ``<gradient, x> + constant tau < 0``."""
        rows = [*self.halfspaces(len(gradient)), (*gradient, constant), (*([0] * len(gradient)), -1)]
        return _strictly_negative(rows) is None

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(inner(row, x) <= bound for row, bound in zip(self.G, self.h, strict=True))

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return self.interior

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return [(*row, -bound) for row, bound in zip(self.G, self.h, strict=True)]


def _strictly_negative(rows: Sequence[Halfspace]) -> tuple[Fraction, ...] | None:
    """A vector y with ``<row, y> < 0`` for every row, or None if there is none: exact."""
    integers = [(*primitive_vector(row), 1) for row in rows]
    return shortest_point(integers).point


def _interior_point(halfspaces: Sequence[Halfspace]) -> tuple[Fraction, ...]:
    """A point with ``<d, x> + d0 < 0`` for every row, with short numbers where that is possible."""
    width = len(halfspaces[0])
    y = _strictly_negative([*halfspaces, (*([0] * (width - 1)), -1)])
    if y is None:
        raise InputError(
            "found a polytope without interior points (no x has G x < h), expected one with some; "
            "loosen h, or leave out coordinates that are fixed"
        )
    x = [value / y[-1] for value in y[:-1]]
    for bits in range(64):
        grid = 1 << bits
        rounded = tuple(Fraction(math.floor(value * grid + Fraction(1, 2)), grid) for value in x)
        if all(inner(row[:-1], rounded) + row[-1] < 0 for row in halfspaces):
            return rounded
    return tuple(x)
