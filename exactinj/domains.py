"""Domains: the sets on which injectivity is asked.

A `Domain` is convex with interior points. For proofs it has one duty, `Domain.is_nonnegative`: say exactly whether an
affine function is nonnegative on all of it (the table in ``docs/mathematics.md``). For search it gives the halfspaces
that bound it and the ball that bounds it, and for collisions it says which points it contains. Spheres and shells are
regions only: biases are computed on them, injectivity is not decided there.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix, primitive_row
from exactinj.exact.nonnegative import shortest_point
from exactinj.exact.numbers import fraction_from, rational_from, rational_text

__all__ = [
    "Ball",
    "Box",
    "Domain",
    "NonnegativeBall",
    "NonnegativeOrthant",
    "Polytope",
    "RealSpace",
    "Region",
    "Shell",
    "Sphere",
    "convex_domain",
]

Number = Fraction | int
Halfspace = tuple[Number, ...]


class Region(ABC):
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
    def ball(self) -> Ball | None:
        """The ball in the description of K, or None if halfspaces say all."""
        return None

    @property
    def names_halfspaces(self) -> bool:
        """Whether proofs on it name its halfspaces with multipliers of their own."""
        return False

    def for_dimension(self, n: int) -> Domain:
        super().for_dimension(n)
        return self


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

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return _orthant(dimension)


@dataclass(frozen=True)
class Box(Domain):
    """The points with ``lower_j <= x_j <= upper_j``; one number each stands for all coordinates.

    >>> Box(-1, "1/2").contains([Fraction(0), Fraction(1, 2)])
    True
    """

    lower: tuple[Fraction, ...] | Fraction
    upper: tuple[Fraction, ...] | Fraction

    def __init__(self, lower: Any, upper: Any) -> None:
        bounds = [_fractions(side) if _is_list(side) else fraction_from(side) for side in (lower, upper)]
        sizes = {len(side) for side in bounds if isinstance(side, tuple)}
        if len(sizes) > 1:
            raise InputError("found lower and upper bounds of different lengths, expected one number per coordinate")
        if sizes:
            bounds = [side if isinstance(side, tuple) else (side,) * max(sizes) for side in bounds]
        pairs = zip(*bounds, strict=True) if sizes else [(bounds[0], bounds[1])]
        for low, high in pairs:
            if not low < high:  # type: ignore[operator]  # both are fractions
                raise InputError(f"found the bounds {low} and {high} of a box, expected lower < upper")
        object.__setattr__(self, "lower", bounds[0])
        object.__setattr__(self, "upper", bounds[1])

    @property
    def text(self) -> str:
        if isinstance(self.lower, tuple) and isinstance(self.upper, tuple):
            return f"box:{_listed(self.lower)}:{_listed(self.upper)}"
        return f"box:{self.lower},{self.upper}"

    @property
    def dimension(self) -> int | None:
        return len(self.lower) if isinstance(self.lower, tuple) else None

    @property
    def record(self) -> dict[str, object]:
        if self.dimension is None:
            raise InputError(f"found the box {self.text} without a dimension; use for_dimension(n) first")
        lower, upper = self._bounds(self.dimension)
        return {"type": "box", "lower": _texts(lower), "upper": _texts(upper)}

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

    def __init__(self, G: Any, h: Any) -> None:  # noqa: N803 (the symbols of the notation page)
        normals = tuple(map(tuple, RationalMatrix(G, name="G").fractions()))
        offsets = tuple(value for (value,) in RationalMatrix.column(h, name="h").fractions())
        if len(offsets) != len(normals):
            raise InputError(f"h has {len(offsets)} entries and G has {len(normals)} rows; give one entry per row")
        object.__setattr__(self, "G", normals)
        object.__setattr__(self, "h", offsets)
        object.__setattr__(self, "interior", _interior_point(self.halfspaces(len(normals[0]))))

    @property
    def text(self) -> str:
        return f"polytope:{len(self.G)} halfspaces in dimension {len(self.G[0])}"

    @property
    def dimension(self) -> int | None:
        return len(self.G[0])

    @property
    def record(self) -> dict[str, object]:
        normals = [_texts(row) for row in self.G]
        return {"type": "polytope", "G": normals, "h": _texts(self.h), "interior": _texts(self.interior)}

    @property
    def names_halfspaces(self) -> bool:
        return True

    def is_nonnegative(self, gradient: Sequence[Number], constant: Number) -> bool:
        """By Farkas: no y = (x, tau), tau > 0, in the cone of K has ``<gradient, x> + constant tau < 0``."""
        rows = [*self.halfspaces(len(gradient)), (*gradient, constant), (*([0] * len(gradient)), -1)]
        return _strictly_negative(rows) is None

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(_inner(row, x) <= bound for row, bound in zip(self.G, self.h, strict=True))

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return self.interior

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return [(*row, -bound) for row, bound in zip(self.G, self.h, strict=True)]


@dataclass(frozen=True)
class Ball(Domain):
    """The points with ``|x - center| <= radius``; without a center, around the origin.

    >>> Ball(1).is_nonnegative([Fraction(3, 5), Fraction(4, 5)], 1), Ball(1).is_nonnegative([1, 1], "7/5")
    (True, False)
    """

    radius: Fraction
    center: tuple[Fraction, ...] | None

    def __init__(self, radius: Any, center: Any = None) -> None:
        object.__setattr__(self, "radius", _radius(radius))
        object.__setattr__(self, "center", None if center is None else _fractions(center))

    @property
    def text(self) -> str:
        radius = f"ball:{rational_text(self.radius)}"
        return radius if self.center is None or not any(self.center) else f"{radius}:{_listed(self.center)}"

    @property
    def dimension(self) -> int | None:
        return None if self.center is None else len(self.center)

    @property
    def record(self) -> dict[str, object]:
        if self.center is None:
            raise InputError(f"found the ball {self.text} without a dimension; use for_dimension(n) first")
        return {"type": "ball", "center": _texts(self.center), "radius": rational_text(self.radius)}

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
            middle += _inner(gradient, self.center)
        return middle >= 0 and middle**2 >= self.radius**2 * _inner(gradient, gradient)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return self.distance_square(x) <= self.radius**2

    def distance_square(self, x: Sequence[Fraction]) -> Fraction:
        """``|x - center|^2``."""
        offsets = x if self.center is None else [value - c for value, c in zip(x, self.center, strict=True)]
        return _inner(offsets, offsets)

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (Fraction(0),) * dimension if self.center is None else self.center

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return []


@dataclass(frozen=True)
class NonnegativeBall(Domain):
    """The points with ``x_j >= 0`` for every j and ``|x| <= radius``."""

    radius: Fraction

    def __init__(self, radius: Any) -> None:
        object.__setattr__(self, "radius", _radius(radius))

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
        return constant >= 0 and constant**2 >= self.radius**2 * _inner(negative, negative)

    def contains(self, x: Sequence[Fraction]) -> bool:
        return all(value >= 0 for value in x) and _inner(x, x) <= self.radius**2

    def interior_point(self, dimension: int) -> tuple[Fraction, ...]:
        return (self.radius / (dimension + 1),) * dimension

    def halfspaces(self, dimension: int) -> list[Halfspace]:
        return _orthant(dimension)


@dataclass(frozen=True)
class Sphere(Region):
    """The points with ``|x| = radius``. Not convex: biases are computed on it, injectivity is not decided."""

    radius: Fraction

    def __init__(self, radius: Any) -> None:
        object.__setattr__(self, "radius", _radius(radius))

    @property
    def text(self) -> str:
        return f"sphere:{rational_text(self.radius)}"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "sphere", "radius": rational_text(self.radius)}

    def contains(self, x: Sequence[Fraction]) -> bool:
        return _inner(x, x) == self.radius**2


@dataclass(frozen=True)
class Shell(Region):
    """The points with ``inner <= |x| <= outer``, ``0 <= inner < outer``. Not convex; for hull biases only."""

    inner: Fraction
    outer: Fraction

    def __init__(self, inner: Any, outer: Any) -> None:
        low = fraction_from(inner)
        if not 0 <= low < _radius(outer):
            raise InputError(f"found the radii {inner} and {outer} of a shell, expected 0 <= inner < outer")
        object.__setattr__(self, "inner", low)
        object.__setattr__(self, "outer", _radius(outer))

    @property
    def text(self) -> str:
        return f"shell:{rational_text(self.inner)},{rational_text(self.outer)}"

    @property
    def record(self) -> dict[str, object]:
        return {"type": "shell", "inner": rational_text(self.inner), "outer": rational_text(self.outer)}

    def contains(self, x: Sequence[Fraction]) -> bool:
        return self.inner**2 <= _inner(x, x) <= self.outer**2


def convex_domain(region: Region) -> Domain:
    """The region as a domain of decisions; `InputError` if it is not convex."""
    if isinstance(region, Domain):
        return region
    raise InputError(
        f"found the domain {region.text}, expected a convex set with interior points, where the criterion is exact; "
        "use a ball"
    )


def _radius(value: Any) -> Fraction:
    radius = fraction_from(value)
    if not radius > 0:
        raise InputError(f"found the radius {value}, expected a positive number")
    return radius


def _is_list(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "__len__")


def _fractions(values: Any) -> tuple[Fraction, ...]:
    return tuple(value for (value,) in RationalMatrix.column(values).fractions())


def _texts(values: Sequence[Fraction]) -> list[str]:
    return [rational_text(value) for value in values]


def _listed(values: Sequence[Fraction]) -> str:
    return ",".join(_texts(values))


def _inner(left: Sequence[Number], right: Sequence[Number]) -> Fraction:
    return sum((Fraction(a) * c for a, c in zip(left, right, strict=True)), Fraction(0))


def _orthant(dimension: int) -> list[Halfspace]:
    return [tuple(-int(j == k) for k in range(dimension + 1)) for j in range(dimension)]


def _strictly_negative(rows: Sequence[Halfspace]) -> tuple[Fraction, ...] | None:
    """A vector y with ``<row, y> < 0`` for every row, or None if there is none: exact."""
    integers = [(*primitive_row(rational_from(value) for value in row)[0], 1) for row in rows]
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
        if all(_inner(row[:-1], rounded) + row[-1] < 0 for row in halfspaces):
            return rounded
    return tuple(x)
