"""Blocks of samples, independent or from shared random subspaces, and their coefficients in float32.

A subspace of dimension k with an orthonormal basis Q holds the points ``x = Q y``, and ``W x = (W Q) y`` costs k
products instead of n once W Q is there. For Q spanned by independent normal vectors and y uniform on the sphere of R^k
each x is uniform on the sphere of R^n: samples that share a subspace follow the same distribution as others, but are
not independent of each other. With S points in each the closest two are about ``S^(-1/(k - 1))`` apart, as angles go,
0.63 for k = 16 and S = 1024: at finer scales they look independent, and only near low values that reach further
than that does the estimate of N such samples differ from that of N independent ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.sampling.backend import Array, Backend
from exactinj.sampling.samplers import RadialSampler, Sampler

__all__ = ["Block", "GivenBlock", "Independent", "Source", "Subspaces"]

Floats = NDArray[np.float64]

SHARED = 1024  # points of a subspace, at most


class Block(ABC):
    """Some samples: coefficients of all of them in float32, and the points themselves of a few.

    Attributes
    ----------
    count : how many
    reach : a number that no sample is longer than
    roundings : the error of a coefficient is at most this many times ``2^-24 |x| |w|``
    """

    count: int
    reach: float
    roundings: int

    @abstractmethod
    def coefficients(self, unit: float) -> Array:
        """``W x / unit``, shape (count, m), float32; the unit is a power of two."""

    @abstractmethod
    def points(self, chosen: Array | None = None) -> Floats:
        """The points with these numbers, or all, in float64."""


class GivenBlock(Block):
    """Points as an array (B, n)."""

    def __init__(self, points: Array, rows: Array, backend: Backend, sampler: Sampler) -> None:
        self.count = len(points)
        self.roundings = points.shape[1] + 12
        self._points, self._rows, self._backend, self._sampler = points, rows, backend, sampler
        self.reach = float(backend.lengths(points).max()) * (1 + 2.0**-20) if self.count else 0.0

    def coefficients(self, unit: float) -> Array:
        points = self._points if unit == 1.0 else self._points * (1 / unit)
        return self._backend.products(self._backend.single(points), self._rows)

    def points(self, chosen: Array | None = None) -> Floats:
        points = self._points if chosen is None else self._points[chosen]
        return self._sampler.settled(self._backend.numpy(points))


class _SpannedBlock(Block):
    """Points ``Q_i y`` in subspaces: bases (b, n, k), rows in them (b, m, k), and coordinates (b, S, k)."""

    def __init__(self, bases: Array, rows: Array, coordinates: Array, backend: Backend, sampler: Sampler) -> None:
        shape = coordinates.shape
        self.count = shape[0] * shape[1]
        self.roundings = shape[2] + 16
        self._bases, self._rows, self._coordinates = bases, rows, coordinates
        self._backend, self._sampler = backend, sampler
        self.reach = float(backend.lengths(coordinates.reshape(-1, shape[2])).max()) * (1 + 2.0**-20)

    def coefficients(self, unit: float) -> Array:
        points = self._coordinates if unit == 1.0 else self._coordinates * (1 / unit)
        return self._backend.products(self._backend.single(points), self._rows).reshape(self.count, -1)

    def points(self, chosen: Array | None = None) -> Floats:
        """In the subspace, as long as their coordinates are, up to rounding in float64."""
        backend, (number, each, k) = self._backend, self._coordinates.shape
        numbers = np.arange(self.count) if chosen is None else backend.numpy(chosen).astype(np.int64)
        flat = self._coordinates.reshape(-1, k)
        local = backend.numpy(flat if chosen is None else flat[chosen])
        found = np.empty((len(local), self._bases.shape[1]))
        for i in range(number):
            own = numbers // each == i
            if own.any():
                found[own] = local[own] @ backend.numpy(self._bases[i]).T
        found *= (np.linalg.norm(local, axis=1) / np.linalg.norm(found, axis=1))[:, None]
        return self._sampler.settled(found)


class Source(ABC):
    """Where blocks of samples come from."""

    @abstractmethod
    def draw(self, count: int) -> Block:
        """At least one sample and at most so many."""


class Independent(Source):
    """Independent samples."""

    def __init__(self, sampler: Sampler, backend: Backend, rows: Floats) -> None:
        self._sampler, self._backend, self._n = sampler, backend, rows.shape[1]
        self._rows = backend.single(backend.array(rows))

    def draw(self, count: int) -> Block:
        return self.given(self._sampler.draw(self._backend, count, self._n))

    def given(self, points: Array) -> Block:
        """A block of points that somebody else chose."""
        return GivenBlock(points, self._rows, self._backend, self._sampler)


class Subspaces(Source):
    """Samples from random subspaces of dimension k; for samplers that know no direction.

    Parameters
    ----------
    rows : (m, n) float64, no longer than 1
    k : dimension of the subspaces, at most n / 2
    most : points of one subspace, at most; `SHARED` if that is less
    block : samples that are wanted at one time; that many are drawn from several subspaces
    """

    def __init__(
        self, sampler: RadialSampler, backend: Backend, rows: Floats, *, k: int, most: int, block: int
    ) -> None:
        self._sampler, self._backend, self._k = sampler, backend, k
        self._rows = backend.double(backend.array(rows))
        self._n = rows.shape[1]
        self._each = min(most, SHARED)
        self._number = max(1, block // self._each)
        self._left = 0
        self._bases: Any = None
        self._local_rows: Any = None

    def draw(self, count: int) -> Block:
        backend, k = self._backend, self._k
        if not self._left:
            self._bases = backend.orthonormal(backend.double(backend.normal(self._number, self._n, k)))
            self._local_rows = backend.single(self._rows @ self._bases)
            self._left = self._each
        number = min(self._number, count)
        each = min(self._left, count // number)
        self._left -= each
        coordinates = self._sampler.scaled(backend, backend.normal(number * each, k), self._n)
        return _SpannedBlock(
            self._bases[:number],
            self._local_rows[:number],
            coordinates.reshape(number, each, k),
            backend,
            self._sampler,
        )
