"""Where samples come from: uniform on spheres, balls, shells and boxes; `data_samplers` draws close to data.

Uniform on the ball: a uniform direction times ``r u^(1/n)`` with u uniform.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Ball, Box, NonnegativeBall, Region, Shell, Sphere
from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.exact.short import shortened
from exactinj.sampling.backend import Array, Backend, NumpyBackend

__all__ = [
    "RadialSampler",
    "Sampler",
    "SubspaceSampler",
    "UniformBall",
    "UniformBox",
    "UniformNonnegativeBall",
    "UniformShell",
    "UniformSphere",
    "stretched",
    "uniform_on",
]

Floats = NDArray[np.float64]

ROOM = 1 + 2.0**-20  # more than what rounding adds to the length of a point


class Sampler(ABC):
    """A distribution on R^n."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What estimates are labelled with."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {shortened(self.text)}>"

    @property
    def region(self) -> Region | None:
        """The set that the samples are uniform on; None where they follow data."""
        return None

    @property
    def dimension(self) -> int | None:
        """The n that it is meant for, None for every n."""
        return None

    @abstractmethod
    def draw(self, backend: Backend, count: int, n: int) -> Array:
        """So many independent points as an array (count, n) of the backend."""

    def reach(self, n: int) -> float | None:
        """A number that no point of R^n that is drawn is longer than, if one is known beforehand."""
        return None

    def settled(self, points: Floats) -> Floats:
        """Points that were drawn, in float64, put where the distribution says as well as float64 can."""
        return points

    def nearly_settled(self, backend: Backend, points: Array) -> Array:
        """The same up to the rounding of float64, for points in float64 where the backend is."""
        return points

    def points(self, count: int, n: int, seed: int) -> Floats:
        """Independent points (count, n) in float64, by numpy."""
        self.require(n)
        backend = NumpyBackend("float64", seed)
        return backend.numpy(self.draw(backend, count, n))

    def require(self, n: int) -> None:
        """`InputError` unless it can give points of R^n."""
        if self.dimension not in (None, n):
            raise InputError(f"found samples in dimension {self.dimension} and a layer with n = {n}; make them fit")


class SubspaceSampler(Sampler):
    """A distribution that can be drawn from random subspaces, many points from each: ``x = centre + B y``."""

    @abstractmethod
    def bases(self, backend: Backend, normals: Array) -> Array:
        """The bases (b, n, k), float64, for independent normal numbers; they may be changed in place."""

    @abstractmethod
    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        """The y (B, k) of points of R^n for independent normal numbers; they may be changed in place."""

    def centres(self, backend: Backend, count: int) -> Array | None:
        """Some points, any of which samples are drawn around; None for 0."""


class RadialSampler(SubspaceSampler):
    """A distribution that knows no direction: uniform directions, and independent radii."""

    @abstractmethod
    def radii(self, backend: Backend, count: int, n: int) -> Array | float:
        """So many radii of points of R^n, or the one that all have."""

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        return self.coordinates(backend, backend.normal(count, n), n)

    def bases(self, backend: Backend, normals: Array) -> Array:
        return backend.orthonormal(normals)

    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        return stretched(backend, normals, self.radii(backend, len(normals), n))


@dataclass(frozen=True)
class UniformSphere(RadialSampler):
    """Uniform on ``|x| = radius``, up to rounding."""

    radius: float = 1.0

    @property
    def text(self) -> str:
        return f"uniform on the sphere of radius {self.radius:g}"

    @property
    def region(self) -> Region:
        return Sphere(self.radius)

    def radii(self, backend: Backend, count: int, n: int) -> float:
        backend.require_size(self.radius)
        return self.radius

    def reach(self, n: int) -> float:
        return self.radius * ROOM

    def settled(self, points: Floats) -> Floats:
        """On the sphere up to the rounding of float64, whatever type they were drawn in."""
        return np.asarray(points * (self.radius / np.linalg.norm(points, axis=1, keepdims=True)))

    def nearly_settled(self, backend: Backend, points: Array) -> Array:
        return points * (self.radius / backend.lengths(points))[:, None]


@dataclass(frozen=True)
class UniformShell(RadialSampler):
    """Uniform on ``inner <= |x| <= outer``, by volume."""

    inner: float
    outer: float

    @property
    def text(self) -> str:
        return f"uniform on the shell from {self.inner:g} to {self.outer:g}"

    @property
    def region(self) -> Region:
        return Shell(self.inner, self.outer)

    def radii(self, backend: Backend, count: int, n: int) -> Array:
        backend.require_size(self.outer)
        room = 8 * backend.epsilon + n * 2.0**-52  # rounding must not leave the domain
        inner, outer = self.inner * (1 + room), self.outer * (1 - room)
        if not inner < outer:
            raise InputError(f"found a shell too thin for {backend.dtype}, expected room for rounding; use a sphere")
        share = (inner / outer) ** n
        shares = share + (1 - share) * backend.double(backend.uniform(count))
        return (outer * shares ** (1.0 / n)).clip(inner, outer)  # where the share is lost to underflow

    def reach(self, n: int) -> float:
        return self.outer * ROOM


@dataclass(frozen=True)
class UniformBall(RadialSampler):
    """Uniform on ``|x| <= radius``, by volume."""

    radius: float = 1.0

    @property
    def text(self) -> str:
        return f"uniform on the ball of radius {self.radius:g}"

    @property
    def region(self) -> Region:
        return Ball(self.radius)

    def radii(self, backend: Backend, count: int, n: int) -> Array:
        return UniformShell(0.0, self.radius).radii(backend, count, n)

    def reach(self, n: int) -> float:
        return self.radius * ROOM


@dataclass(frozen=True)
class UniformNonnegativeBall(Sampler):
    """Uniform on the part of the ball in the nonnegative orthant."""

    radius: float = 1.0

    @property
    def text(self) -> str:
        return f"uniform on the nonnegative ball of radius {self.radius:g}"

    @property
    def region(self) -> Region:
        return NonnegativeBall(self.radius)

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        return abs(UniformBall(self.radius).draw(backend, count, n))

    def reach(self, n: int) -> float:
        return UniformBall(self.radius).reach(n)


@dataclass(frozen=True)
class UniformBox(Sampler):
    """Uniform on ``lower <= x_j <= upper``."""

    lower: float
    upper: float

    @property
    def text(self) -> str:
        return f"uniform on the box from {self.lower:g} to {self.upper:g}"

    @property
    def region(self) -> Region:
        return Box(self.lower, self.upper)

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        backend.require_size(max(abs(self.lower), abs(self.upper)))
        lower, upper = _inward(self.lower, self.upper, backend.dtype)
        points = lower + (upper - lower) * backend.uniform(count, n)
        return points.clip(lower, upper)


def uniform_on(region: Region) -> Sampler:
    """The uniform distribution on a sphere, a ball around 0, a nonnegative ball, a shell or a box of equal sides."""
    if isinstance(region, Sphere):
        return UniformSphere(nearest_float(region.radius))
    if isinstance(region, Ball) and not any(region.center or ()):
        return UniformBall(nearest_float(region.radius))
    if isinstance(region, NonnegativeBall):
        return UniformNonnegativeBall(nearest_float(region.radius))
    if isinstance(region, Shell):
        return UniformShell(nearest_float(region.inner), nearest_float(region.outer))
    if isinstance(region, Box) and region.dimension is None:
        low, high = region.lower, region.upper
        lower, upper = nearest_float(low), nearest_float(high)  # type: ignore[arg-type]  # no tuples: see above
        lower = lower if lower >= low else math.nextafter(lower, math.inf)  # type: ignore[operator]
        upper = upper if upper <= high else math.nextafter(upper, -math.inf)  # type: ignore[operator]
        return UniformBox(lower, upper)
    raise InputError(
        f"found the domain {region.text}, expected ball:r, sphere:r, nonneg-ball:r, shell:s,r or box:l,u to sample from"
    )


def _inward(lower: float, upper: float, dtype: str) -> tuple[float, float]:
    """The bounds rounded to the type so that the box does not grow; `InputError` if nothing is left."""
    kind = np.dtype(dtype).type
    low, high = kind(lower), kind(upper)
    low = low if float(low) >= lower else np.nextafter(low, kind(np.inf))
    high = high if float(high) <= upper else np.nextafter(high, kind(-np.inf))
    if not low < high:
        raise InputError(f"found a box too thin for {dtype}, expected room for rounding; use float64")
    return float(low), float(high)


def stretched(backend: Backend, directions: Array, lengths: Array | float) -> Array:
    """Vectors (B, k) with their lengths changed, in place."""
    found = backend.lengths(directions)
    lost = found == 0  # as float32 normal numbers are now and then; to ask an accelerator whether takes time
    directions[lost] = 1.0
    found[lost] = math.sqrt(directions.shape[1])
    directions *= backend.cast(lengths / found)[:, None]
    return directions
