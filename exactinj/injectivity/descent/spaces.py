"""Where descents walk: unit vectors in homogeneous coordinates, or the points of a bounded domain.

Either way a *space* has rows of length one and offsets, so that row i is active at y where ``rows[i] @ y + offsets[i]
>= 0``, and coordinates in which a row has values of size 1 / sqrt(D): a unit vector's. Points are columns. What the
domain asks of single coordinates, or of their length, is kept by moving the point back; other halfspaces are *walls*,
rows that must stay inactive, and a matter of the descent.

* `Sphere`: cones, R^n, unbounded domains. y is the homogeneous vector in the problem's scaled coordinates.
* `Flat`: boxes and balls, or anything between two bounds in every coordinate. ``x = center + reach * y``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.matrix import IntegerRow
from exactinj.exact.numbers import exact_vector, nearest_float

__all__ = ["Flat", "Space", "Sphere", "lengths_of", "spaces_of"]

Floats = NDArray[np.floating]
Bounds = tuple[list[Fraction | None], list[Fraction | None], list[int]]

FLOOR = 1e-6  # what a positive coordinate has at least, in units of 1 / sqrt(D)
ROOM_IN_BALL = 0.999  # of the radius, where descents stay
ROOM_IN_BOX = 1 - 1e-6  # of the half width
BOX_SIZES = (16, 256)  # of boxes in unbounded domains, in units of the distances at which rows vanish


class Space(ABC):
    """Rows of length one and offsets, walls likewise, and the two moves that keep a point where it belongs."""

    rows: Floats
    offsets: Floats
    walls: Floats
    wall_offsets: Floats

    @property
    def size(self) -> int:
        """The number D of coordinates."""
        return int(self.rows.shape[1])

    @abstractmethod
    def starts(self, noise: Floats) -> Floats:
        """First points: where Gaussian layers are emptiest, moved by the noise (D, K)."""

    @abstractmethod
    def settled(self, y: Floats) -> Floats:
        """The points moved back into the space."""

    @abstractmethod
    def allowed(self, y: Floats, gradient: Floats) -> Floats:
        """The part of a gradient against which the points can move."""

    @abstractmethod
    def exact(self, y: NDArray[np.float64]) -> IntegerRow | None:
        """The homogeneous integer vector that a float point stands for, without rounding; None if it has none."""


def spaces_of(problem: HomogeneousProblem) -> list[Space]:
    """The spaces for a problem: of bounded domains flat ones, where floats can hold them, otherwise the sphere.

    With a bias, the few active rows of an unbounded domain may lie where its scale matters: boxes in it are added.
    """
    if not problem.is_affine:
        return [Sphere(problem)]
    bounds = _coordinate_bounds(problem)
    if problem.ball is not None:
        around, radius = problem.ball.interior_point(problem.dimension), problem.ball.radius
        flat = _flat(problem, list(around), [radius] * problem.dimension, bounds)
        return [flat or Sphere(problem)]
    if all(value is not None for value in (*bounds[0], *bounds[1])):
        return [_box(problem, bounds) or Sphere(problem)]
    unit = _unit_of_bias(problem)
    sizes = [Fraction(unit) * size for size in BOX_SIZES] if unit is not None else []
    boxes = [_box(problem, _completed(bounds, size)) for size in sizes]
    return [Sphere(problem), *(box for box in boxes if box is not None)]


class Sphere(Space):
    """Unit vectors y; some coordinates may have to be positive, the last one of an affine problem among them."""

    def __init__(self, problem: HomogeneousProblem) -> None:
        rows, _ = problem.equilibrated
        at_zero, walls = _positive_coordinates(problem)
        self.problem = problem
        self.floored = np.array([*at_zero, *([problem.dimension] if problem.is_affine else [])], dtype=int)
        self.floor = FLOOR / math.sqrt(rows.shape[1])
        self.rows, self.offsets = _unit_rows(rows[: problem.m], problem.dimension)
        self.walls, self.wall_offsets = _unit_rows(rows[walls], rows.shape[1])

    def starts(self, noise: Floats) -> Floats:
        emptiest = _unit(-(self.rows.mean(axis=0) if len(self.rows) else np.zeros(self.size))[:, None])
        return self.settled(_unit(emptiest + noise))

    def settled(self, y: Floats) -> Floats:
        if len(self.floored):
            y[self.floored] = np.maximum(y[self.floored], self.floor)  # the caller's, which it has no use for
        return _unit(y)

    def allowed(self, y: Floats, gradient: Floats) -> Floats:
        if len(self.floored):
            blocked = (y[self.floored] <= 2 * self.floor) & (gradient[self.floored] > 0)
            gradient[self.floored] = np.where(blocked, 0, gradient[self.floored])
        tangent: Floats = gradient - y * np.einsum("ij,ij->j", gradient, y)
        return tangent

    def exact(self, y: NDArray[np.float64]) -> IntegerRow | None:
        return self.problem.exact_point(y.tolist()) if y.any() else None


class Flat(Space):
    """Points of a bounded domain, between `low` and `high` in each coordinate, of length at most `longest`."""

    def __init__(
        self, problem: HomogeneousProblem, center: list[Fraction], reach: list[Fraction], bounds: Bounds
    ) -> None:
        self.problem, self.center, self.reach = problem, center, reach
        is_ball = problem.ball is not None
        self.longest = ROOM_IN_BALL if is_ball else math.inf
        self.low, self.high = _bounds_around(center, reach, bounds)
        matrix, offsets = self._affine_rows()
        n, m = problem.dimension, problem.m
        self.rows, self.offsets = _unit_rows(np.hstack([matrix[:m], offsets[:m]]), n, n)
        chosen = [m + k for k in bounds[2]]
        self.walls, self.wall_offsets = _unit_rows(np.hstack([matrix[chosen], offsets[chosen]]), n, n)

    def _affine_rows(self) -> tuple[Floats, Floats]:
        """All rows of the problem as functions of y, before they are scaled to length one."""
        scaled, shifts = self.problem.equilibrated
        units = np.exp2(-shifts.astype(float))
        center = np.array([nearest_float(value) for value in self.center])
        reach = np.array([nearest_float(value) for value in self.reach])
        offsets = scaled[:, :-1] @ (center * units[:-1]) + scaled[:, -1] * units[-1]
        return scaled[:, :-1] * (reach * units[:-1]), offsets[:, None]

    @property
    def is_finite(self) -> bool:
        """Whether floats hold it."""
        parts = (self.rows, self.offsets, self.walls, self.wall_offsets, self.low, self.high)
        return all(bool(np.isfinite(part).all()) for part in parts)

    def starts(self, noise: Floats) -> Floats:
        emptiest = _unit(-(self.rows.mean(axis=0) if len(self.rows) else np.zeros(self.size))[:, None])
        return self.settled(emptiest / 2 + noise)

    def settled(self, y: Floats) -> Floats:
        if self.longest < math.inf:
            lengths = lengths_of(y)
            y = y * np.minimum(1, self.longest / np.maximum(lengths, self.longest / 2))
        low, high = self.low.astype(y.dtype), self.high.astype(y.dtype)
        return np.minimum(np.maximum(y, low), high)

    def allowed(self, y: Floats, gradient: Floats) -> Floats:
        low, high = self.low.astype(y.dtype), self.high.astype(y.dtype)
        blocked = ((y <= low) & (gradient > 0)) | ((y >= high) & (gradient < 0))
        return np.where(blocked, 0, gradient)

    def exact(self, y: NDArray[np.float64]) -> IntegerRow | None:
        parts = zip(self.center, self.reach, exact_vector(y.tolist()), strict=True)
        return self.problem.homogeneous([center + reach * value for center, reach, value in parts])


def _positive_coordinates(problem: HomogeneousProblem) -> tuple[list[int], list[int]]:
    """The coordinates that the domain wants positive, and the rows of all that it asks besides."""
    positive, walls = set(), []
    for k, (row, _) in enumerate(problem.boundary):
        places = [j for j, value in enumerate(row) if value]
        if len(places) == 1 and row[places[0]] < 0:
            positive.add(places[0])
        else:
            walls.append(problem.m + k)
    return sorted(positive), walls + list(range(problem.slack + 1, len(problem.rows)))


def _coordinate_bounds(problem: HomogeneousProblem) -> Bounds:
    """Lower and upper bounds of the coordinates, and which halfspaces of the domain are no such bounds."""
    n = problem.dimension
    lower: list[Fraction | None] = [None] * n
    upper: list[Fraction | None] = [None] * n
    others = []
    for k, (row, _) in enumerate(problem.boundary):
        places = [j for j in range(n) if row[j]]
        if len(places) != 1:
            others.append(k)
            continue
        (j,) = places
        side, tighter = (lower, max) if row[j] < 0 else (upper, min)
        bound, old = Fraction(-row[n], row[j]), side[j]
        side[j] = bound if old is None else tighter(old, bound)
    return lower, upper, others


def _completed(bounds: Bounds, size: Fraction) -> Bounds:
    """The bounds with those that are missing: so far from the other one, or from 0."""
    lower, upper, others = bounds
    pairs = list(zip(lower, upper, strict=True))
    low = [(-size if high is None else high - size) if low is None else low for low, high in pairs]
    high = [(size if low is None else low + size) if high is None else high for low, high in pairs]
    return list(low), list(high), others


def _unit_of_bias(problem: HomogeneousProblem) -> float | None:
    """How far from 0 a typical row with bias vanishes, rounded to a power of two; None if floats cannot tell."""
    scaled, shifts = problem.equilibrated
    with np.errstate(all="ignore"):
        rows = scaled[: problem.m] * np.exp2(-shifts.astype(float))
        ratios = np.abs(rows[:, -1]) / np.linalg.norm(rows[:, :-1], axis=1)
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    return float(np.exp2(np.rint(np.log2(np.median(ratios))))) if len(ratios) else None


def _box(problem: HomogeneousProblem, bounds: Bounds) -> Flat | None:
    """The flat space between two bounds in each coordinate."""
    sides = [(low, high) for low, high in zip(*bounds[:2], strict=True) if low is not None and high is not None]
    unit = max(math.isqrt(problem.dimension), 1)
    center, reach = [(low + high) / 2 for low, high in sides], [unit * (high - low) / 2 for low, high in sides]
    return _flat(problem, center, reach, bounds)


def _flat(problem: HomogeneousProblem, center: list[Fraction], reach: list[Fraction], bounds: Bounds) -> Flat | None:
    """The flat space, None if floats cannot hold it."""
    with np.errstate(all="ignore"):
        flat = Flat(problem, center, reach, bounds)
    return flat if flat.is_finite else None


def _bounds_around(center: list[Fraction], reach: list[Fraction], bounds: Bounds) -> tuple[Floats, Floats]:
    """The bounds as columns in the coordinates y, a little inside."""
    sides = []
    for sign, values in zip((-1, 1), bounds[:2], strict=True):
        side = []
        for bound, middle, unit in zip(values, center, reach, strict=True):
            at = Fraction(sign) if bound is None else (bound - middle) / unit
            side.append(nearest_float(at) * ROOM_IN_BOX if at else -sign * FLOOR)
        sides.append(np.array(side)[:, None])
    return sides[0], sides[1]


def _unit_rows(rows: Floats, weights: int, size: int | None = None) -> tuple[Floats, Floats]:
    """The rows whose first `weights` entries are not all zero, scaled to length one; offsets behind column `size`."""
    rows = rows[np.any(rows[:, :weights] != 0, axis=1)]
    scaled = rows / np.abs(rows[:, :size]).max(axis=1, keepdims=True)  # squares of small numbers would vanish
    lengths = np.linalg.norm(scaled[:, :size], axis=1, keepdims=True)
    scaled /= lengths
    offsets = np.zeros_like(lengths) if size is None else scaled[:, size:]
    return np.ascontiguousarray(scaled[:, :size]), offsets


def _unit(y: Floats) -> Floats:
    return y / lengths_of(y)


def lengths_of(y: Floats) -> Floats:
    """The lengths of the columns; the smallest float for a column of zeros, so that one can divide by it."""
    lengths: Floats = np.sqrt(np.einsum("ij,ij->j", y, y))
    return np.maximum(lengths, np.finfo(y.dtype).tiny)
