"""Blocks of samples, independent or from shared random subspaces, and their coefficients in float32.

A subspace of dimension k with basis B holds the points ``x = B y``, and ``W x = (W B) y`` costs k products per row
instead of n once W B is there. If B is an orthonormal basis of the span of independent normal vectors and y is uniform
on the sphere of R^k, x is uniform on the sphere of R^n; if the columns of B are independent and normal themselves and
``|y| = 1``, x is normal. So samples that share a subspace follow the distribution that is asked for, but are not
independent of each other. S uniform directions in it are about ``S^(-1/(k - 1))`` apart, 0.63 for k = 16 and S = 1024:
as long as n is so large that no sample has others nearer than that anyhow, an estimate loses next to nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.sampling.backend import Array, Backend
from exactinj.sampling.samplers import Sampler, SubspaceSampler
from exactinj.sampling.screens import CHUNK, LONG, NEARLY, ROUNDING, Look, RoundedScreen

__all__ = ["GivenBlock", "Independent", "SampleBlock", "Source", "Subspaces", "near_unit"]

Floats = NDArray[np.float64]

SHARED = 1024  # points of a subspace, or four times the columns if that is more: the basis costs as much as n points
DATA_SHARE = 16  # samples to each data point that a subspace is put at


class SampleBlock(ABC):
    """Some samples: coefficients of all of them in float32, and the points themselves of a few.

    Attributes
    ----------
    count : how many
    reach : a number that no sample is longer than, roughly
    error : (m,) float64, a bound of the error of each row's coefficients, underflow aside
    """

    count: int
    reach: float
    error: Floats

    @abstractmethod
    def coefficients(self, unit: float, chosen: Array | None = None) -> Array:
        """``W x / unit`` of the points with these numbers, or all, (count, m), float32; the unit is a power of two."""

    def looks(self, unit: float) -> list[Callable[[Array | None], Look]]:
        """Ways to coefficients of the points with some numbers, or all, the cheapest first; the last is float32."""
        return [lambda chosen: Look(self.coefficients(unit, chosen), self.error, unit)]

    @abstractmethod
    def points(self, chosen: Array | None = None) -> Floats:
        """The points with these numbers, or all, in float64."""

    @abstractmethod
    def points_there(self, chosen: Array, unit: float) -> Array:
        """The points with these numbers over the unit, in float64, where the backend is, up to rounding of float64."""


class Rows:
    """The rows of a layer, no longer than 1: in float32 and float64 where the backend is, and their lengths."""

    def __init__(self, rows: Floats, backend: Backend) -> None:
        self.n = rows.shape[1]
        self.doubles = backend.doubles(rows)
        self.singles = backend.single(self.doubles)
        largest = np.abs(rows).max(axis=1, keepdims=True)
        directions = rows / np.where(largest > 0, largest, 1.0)  # whose squares are not lost
        self.lengths: Floats = largest[:, 0] * np.linalg.norm(directions, axis=1) * NEARLY


class GivenBlock(SampleBlock):
    """Points as an array (B, n)."""

    def __init__(
        self,
        points: Array,
        rows: Rows,
        backend: Backend,
        sampler: Sampler,
        *,
        screens: tuple[RoundedScreen, ...] = (),
        reach: float | None = None,
    ) -> None:
        self.count = len(points)
        self._points, self._rows, self._backend, self._sampler = points, rows, backend, sampler
        self._screens = screens
        self.reach = _longest(points, backend) if reach is None else reach
        # the product and the sum of its chunks, one rounding each of point and row, two when the point is settled, four
        # in comparisons
        terms = rows.n if rows.n <= LONG else CHUNK + rows.n // CHUNK
        self.error = rows.lengths * ((terms + 12) * ROUNDING * self.reach)

    def looks(self, unit: float) -> list[Callable[[Array | None], Look]]:
        return [*self._rounded_looks(unit), *super().looks(unit)]

    def _rounded_looks(self, unit: float) -> Iterator[Callable[[Array | None], Look]]:
        for screen in self._screens:
            yield lambda chosen, screen=screen: screen.look(self._some(chosen), self.reach, unit)  # type: ignore[misc]

    def _some(self, chosen: Array | None) -> Array:
        return self._points if chosen is None else self._points[chosen]

    def coefficients(self, unit: float, chosen: Array | None = None) -> Array:
        some = self._some(chosen)
        points = self._backend.single(some if unit == 1.0 else some * (1 / unit))
        rows, n = self._rows.singles, self._rows.n
        if n <= LONG:
            return self._backend.products(points, rows)
        found = self._backend.products(points[:, :CHUNK], rows[:, :CHUNK])
        for start in range(CHUNK, n, CHUNK):
            found += self._backend.products(points[:, start : start + CHUNK], rows[:, start : start + CHUNK])
        return found

    def points(self, chosen: Array | None = None) -> Floats:
        return self._sampler.settled(self._backend.numpy(self._some(chosen)))

    def points_there(self, chosen: Array, unit: float) -> Array:
        points = self._sampler.nearly_settled(self._backend, self._backend.double(self._some(chosen)))
        return points if unit == 1.0 else points * (1 / unit)


class _SpannedBlock(SampleBlock):
    """Points ``B_i y``, or ``B_i y + centre``: coordinates (b, S, k) in some subspaces, numbers (b S,) of centres."""

    def __init__(
        self, spans: _Spans, coordinates: Array, chosen: Array | None, backend: Backend, sampler: SubspaceSampler
    ) -> None:
        self._number, self._each, k = coordinates.shape
        self.count = self._number * self._each
        self._spans, self._coordinates, self._chosen = spans, coordinates.reshape(self.count, k), chosen
        self._backend, self._sampler = backend, sampler
        longest = _longest(self._coordinates, backend)
        rows = spans.rows
        self.reach = longest * spans.size + spans.farthest
        # as for given points, with float64 in the product of rows and bases
        own = (k + 16) * spans.lengths * longest + rows.lengths * (longest * spans.size)
        self.error = ROUNDING * (own + rows.lengths * (12 * spans.farthest))

    def coefficients(self, unit: float, chosen: Array | None = None) -> Array:
        if chosen is not None:  # subspaces are asked all together, and once
            return self.coefficients(unit)[chosen]
        backend, spans = self._backend, self._spans
        factor = spans.unit / unit
        points = self._coordinates if factor == 1.0 else self._coordinates * factor
        points = backend.single(points).reshape(self._number, self._each, -1)
        found = backend.products(points, spans.local_rows[: self._number]).reshape(self.count, -1)
        if self._chosen is not None:
            centres = spans.products[self._chosen]
            found += centres if factor == 1.0 else centres * factor
        return found

    def points(self, chosen: Array | None = None) -> Floats:
        backend, spans = self._backend, self._spans
        numbers = np.arange(self.count) if chosen is None else backend.numpy(chosen).astype(np.int64)
        local = backend.numpy(self._coordinates if chosen is None else self._coordinates[chosen])
        found = np.empty((len(local), spans.rows.n))
        for i in range(self._number):
            own = numbers // self._each == i
            if own.any():
                found[own] = local[own] @ backend.numpy(spans.bases[i]).T
        if self._chosen is not None:
            centres = self._chosen if chosen is None else self._chosen[chosen]
            return found + backend.numpy(spans.centres[centres])
        return self._sampler.settled(found * (np.linalg.norm(local, axis=1) / np.linalg.norm(found, axis=1))[:, None])

    def points_there(self, chosen: Array, unit: float) -> Array:
        return self._backend.doubles(self.points(chosen) / unit)


class _Spans:
    """Some random subspaces, with what blocks of their points need.

    Attributes
    ----------
    bases : (b, n, k) float64
    size : at least the norm of every basis
    centres : (P, n), or None for 0; `farthest`, the length of the longest
    unit : a power of two near the size of what is held in float32
    local_rows : (b, m, k) float32, the rows times the bases, over the unit
    lengths : (m,) float64, of the longest of each row times a basis
    products : (P, m) float32, the rows times the centres, over the unit; computed in float64, as `local_rows` are
    """

    def __init__(self, sampler: SubspaceSampler, backend: Backend, rows: Rows, shape: tuple[int, int, int]) -> None:
        number, each, k = shape
        self.rows = rows
        self.bases = sampler.bases(backend, backend.double(backend.normal(number, rows.n, k)))
        self.size = _longest(self.bases.reshape(number, -1), backend)
        self.centres: Any = sampler.centres(backend, max(1, number * each // DATA_SHARE))
        self.farthest = 0.0 if self.centres is None else _longest(self.centres, backend)
        self.unit = near_unit(self.size + self.farthest)
        local = backend.products(self.bases.swapaxes(-1, -2), rows.doubles).swapaxes(-1, -2)
        self.local_rows = backend.single(local * (1 / self.unit))
        lengths = backend.numpy(backend.lengths(local.reshape(-1, k)))
        self.lengths: Floats = lengths.reshape(number, -1).max(axis=0) * NEARLY
        if self.centres is not None:
            products = backend.products(backend.double(self.centres), rows.doubles)
            self.products = backend.single(products * (1 / self.unit))


class Source(ABC):
    """Where blocks of samples come from."""

    @abstractmethod
    def draw(self, count: int) -> SampleBlock:
        """At least one sample and at most so many."""


class Independent(Source):
    """Independent samples, looked at through screens before float32."""

    def __init__(self, sampler: Sampler, backend: Backend, rows: Rows, screens: tuple[RoundedScreen, ...] = ()) -> None:
        self._sampler, self._backend, self._rows, self._screens = sampler, backend, rows, screens

    def draw(self, count: int) -> SampleBlock:
        points = self._sampler.draw(self._backend, count, self._rows.n)
        reach = self._sampler.reach(self._rows.n)  # where it is known, nobody waits for the points to be drawn
        return GivenBlock(points, self._rows, self._backend, self._sampler, screens=self._screens, reach=reach)

    def given(self, points: Array) -> SampleBlock:
        """A block of points that somebody else chose."""
        return GivenBlock(points, self._rows, self._backend, self._sampler, screens=self._screens)


class Subspaces(Source):
    """Samples from random subspaces of dimension k.

    Parameters
    ----------
    k : dimension of the subspaces, at most n / 2
    most : points of one subspace, at most, and at most `SHARED` or 4n, whichever is more
    block : samples that are wanted at one time; that many are drawn from several subspaces
    """

    def __init__(
        self, sampler: SubspaceSampler, backend: Backend, rows: Rows, *, k: int, most: int, block: int
    ) -> None:
        self._sampler, self._backend, self._rows, self._k = sampler, backend, rows, k
        self._each = min(most, max(SHARED, 4 * rows.n))
        self._number = max(1, block // self._each)
        self._left = 0
        self._spans: Any = None

    def draw(self, count: int) -> SampleBlock:
        backend = self._backend
        if not self._left:
            self._spans = _Spans(self._sampler, backend, self._rows, (self._number, self._each, self._k))
            self._left = self._each
        number = min(self._number, count)
        each = min(self._left, count // number)
        self._left -= each
        coordinates = self._sampler.coordinates(backend, backend.normal(number * each, self._k), self._rows.n)
        coordinates = coordinates.reshape(number, each, self._k)
        centres = self._spans.centres
        chosen = None if centres is None else backend.integers(len(centres), number * each)
        return _SpannedBlock(self._spans, coordinates, chosen, backend, self._sampler)


def _longest(points: Array, backend: Backend) -> float:
    """At least the length of every row."""
    return float(backend.lengths(points).max()) * NEARLY if len(points) else 0.0


def near_unit(reach: float) -> float:
    """A power of two by which points no longer than `reach` are divided for float32; 1 for usual sizes."""
    if 2.0**-10 <= reach <= 2.0**10:
        return 1.0
    return float(2.0 ** max(int(np.frexp(reach)[1]), -1000)) if reach else 1.0  # whose inverse is finite, too
