"""Kernels of kernel density estimates: densities that know no direction, with support the unit ball or all of R^n.

On the unit ball the density is proportional to ``(1 - |x|^2)^p``: uniform for p = 0, Epanechnikov's for p = 1, the
biweight for p = 2. Its radius has ``|x|^2 ~ Beta(n/2, p + 1)``, which is the product of ``U_i^(1 / (n/2 + i))`` for
i = 0, ..., p with U_i uniform. Unlike the normal kernel these do not have covariance I but ``I / (n + 2 p + 2)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from exactinj.errors import InputError
from exactinj.sampling.backend import Array, Backend
from exactinj.sampling.samplers import stretched

__all__ = ["BallKernel", "DensityKernel", "NormalKernel", "kernel_named"]


class DensityKernel(ABC):
    """A rotation invariant density K on R^n, for every n [Eck24, definition 5.2.1]."""

    name: str

    @abstractmethod
    def draw(self, backend: Backend, count: int, n: int) -> Array:
        """So many independent points (count, n)."""

    @abstractmethod
    def bases(self, backend: Backend, normals: Array) -> Array:
        """Bases (b, n, k) of random subspaces, from independent normal numbers; see `SubspaceSampler`."""

    @abstractmethod
    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        """Coordinates (B, k) in them, from independent normal numbers, which are changed in place."""


@dataclass(frozen=True)
class NormalKernel(DensityKernel):
    """The standard normal density."""

    name = "normal"

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        return backend.normal(count, n)

    def bases(self, backend: Backend, normals: Array) -> Array:
        return normals

    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        return stretched(backend, normals, 1.0)


@dataclass(frozen=True)
class BallKernel(DensityKernel):
    """The density proportional to ``(1 - |x|^2)^power`` on the unit ball."""

    name: str
    power: int

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        return self.coordinates(backend, backend.normal(count, n), n)

    def bases(self, backend: Backend, normals: Array) -> Array:
        return backend.orthonormal(normals)

    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        radii = backend.double(backend.uniform(len(normals))) ** (1.0 / n)
        for i in range(1, self.power + 1):
            radii = radii * backend.double(backend.uniform(len(normals))) ** (1.0 / (n + 2 * i))
        return stretched(backend, normals, radii)


KERNELS: tuple[DensityKernel, ...] = (
    NormalKernel(),
    BallKernel("uniform", 0),
    BallKernel("epanechnikov", 1),
    BallKernel("biweight", 2),
)


def kernel_named(name: str) -> DensityKernel:
    """The kernel of that name; `InputError` for others."""
    for kernel in KERNELS:
        if kernel.name == name:
            return kernel
    names = ", ".join(kernel.name for kernel in KERNELS)
    raise InputError(f"found the kernel {name!r}, expected one of {names}")
