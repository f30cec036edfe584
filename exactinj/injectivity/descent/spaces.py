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

__all__ = ["Flat", "Space", "Sphere", "lengths_of", "space_of"]

Floats = NDArray[np.floating]
Bounds = tuple[list[Fraction | None], list[Fraction | None], list[int]]

FLOOR = 1e-6  # what a positive coordinate has at least, in units of 1 / sqrt(D)
ROOM_IN_BALL = 0.999  # of the radius, where descents stay
ROOM_IN_BOX = 1 - 1e-6  # of the half width


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


def space_of(problem: HomogeneousProblem) -> Space:
    """The space for a problem: flat for bounded domains that floats can hold."""
    flat = _flat(problem)
    return flat if flat is not None else Sphere(problem)


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


def _flat(problem: HomogeneousProblem) -> Flat | None:
    """The flat space of a ball or of a domain with two bounds for each coordinate; None for other domains."""
    if not problem.is_affine:
        return None
    bounds = _coordinate_bounds(problem)
    lower, upper, _ = bounds
    n = problem.dimension
    if problem.ball is not None:
        center, reach = list(problem.ball.interior_point(n)), [problem.ball.radius] * n
    else:
        sides = [(low, high) for low, high in zip(lower, upper, strict=True) if low is not None and high is not None]
        if len(sides) < n:
            return None
        unit = max(math.isqrt(n), 1)
        center, reach = [(low + high) / 2 for low, high in sides], [unit * (high - low) / 2 for low, high in sides]
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
