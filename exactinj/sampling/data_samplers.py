"""Samples that are data points, or close to them: randomised smoothing and kernel density estimates.

Both draw a data point and add noise [Eck24, chapter 5]: smoothing normal noise of one standard deviation, a kernel
density estimate with bandwidth H noise ``H^(1/2) z`` with z from a kernel. Scott's rule [Sco79] is the diagonal H with
the squares of ``M^(-1/(n + 4)) sigma_j``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.sampling.backend import Array, Backend
from exactinj.sampling.densities import DensityKernel, kernel_named
from exactinj.sampling.points import floats_from, points_from
from exactinj.sampling.samplers import Sampler, SubspaceSampler

__all__ = ["GivenPoints", "KernelDensity", "Smoothing"]

Floats = NDArray[np.float64]

SYMMETRIC = 1e-12  # as far as a bandwidth may be off, of its largest entry


class GivenPoints(Sampler):
    """The points of a finite set X, drawn with replacement; `alpha_on` looks at each of them once instead.

    Parameters
    ----------
    data : (M, n) floats, tensor, or loader of batches
    """

    def __init__(self, data: Any) -> None:
        self.data = points_from(data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GivenPoints) and np.array_equal(self.data, other.data)

    def __hash__(self) -> int:
        return hash((GivenPoints, self.data.tobytes()))

    @property
    def text(self) -> str:
        return f"{len(self.data)} given points"

    @property
    def dimension(self) -> int:
        return int(self.data.shape[1])

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        backend.require_size(1.0 + float(np.abs(self.data).max()))
        return _drawn(self.data, backend, count)


class _AroundData(SubspaceSampler):
    """A uniform data point plus independent noise ``R z``: z from a kernel, R given as (n, n), or by its diagonal."""

    def __init__(self, data: Floats, root: Floats, kernel: DensityKernel) -> None:
        self.data, self.root, self.kernel = data, root, kernel

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _AroundData) or type(other) is not type(self):
            return False
        same = np.array_equal(self.data, other.data) and np.array_equal(self.root, other.root)
        return same and self.kernel == other.kernel

    def __hash__(self) -> int:
        return hash((type(self), self.data.tobytes(), self.root.tobytes(), self.kernel))

    @property
    def dimension(self) -> int:
        return int(self.data.shape[1])

    def draw(self, backend: Backend, count: int, n: int) -> Array:
        points = self.centres(backend, count)
        noise, root = self.kernel.draw(backend, count, n), backend.array(self.root)
        points += noise * root if self.root.ndim == 1 else backend.products(noise, root)
        return points

    def bases(self, backend: Backend, normals: Array) -> Array:
        bases, root = self.kernel.bases(backend, normals), backend.doubles(self.root)
        return bases * root[:, None] if self.root.ndim == 1 else root @ bases

    def coordinates(self, backend: Backend, normals: Array, n: int) -> Array:
        return self.kernel.coordinates(backend, normals, n)

    def centres(self, backend: Backend, count: int) -> Array:
        """Data points, drawn with replacement."""
        backend.require_size(1.0 + float(np.abs(self.data).max()) + float(np.abs(self.root).max()))
        return _drawn(self.data, backend, count)


class Smoothing(_AroundData):
    """Randomised smoothing: ``x = data point + N(0, sigma^2 I)``; sigma is a standard deviation.

    Parameters
    ----------
    data : (M, n) floats, tensor, or loader of batches
    sigma : positive float
    """

    def __init__(self, data: Any, sigma: float) -> None:
        if not 0 < sigma < float("inf"):
            raise InputError(f"found sigma = {sigma}, expected a positive standard deviation")
        super().__init__(points_from(data), np.array([float(sigma)]), kernel_named("normal"))
        self.sigma = float(sigma)

    @property
    def text(self) -> str:
        return f"randomised smoothing of {len(self.data)} points, sigma {self.sigma:g}"


class KernelDensity(_AroundData):
    """A kernel density estimate: ``x = data point + H^(1/2) z`` with z from a kernel [Eck24, definition 5.2.1].

    Parameters
    ----------
    data : (M, n) floats, tensor, or loader of batches
    bandwidth : (n, n) floats, the symmetric positive definite H, in squares of the data's units, optional
        With the normal kernel it is the covariance of the noise. Left out, Scott's rule for it: diagonal, with roots
        ``M^(-1/(n + 4)) sigma_j``, the sigma_j standard deviations with M - 1 degrees of freedom; needs two points.
        Other kernels have the covariance ``H / (n + 2 p + 2)``, so that one must choose a larger H for the same spread.
    kernel : ``normal``, or ``uniform``, ``epanechnikov``, ``biweight`` on the unit ball (p = 0, 1, 2)

    Raises
    ------
    InputError
        For data that are no points, one point without a bandwidth, a bandwidth of another shape or not positive
        definite, other kernels.

    >>> KernelDensity([[0, 0], [2, 4]], bandwidth=[[2, 1], [1, 2]], kernel="epanechnikov").text
    'kernel density of 2 points, given bandwidth, epanechnikov kernel'
    """

    def __init__(self, data: Any, bandwidth: Any = None, kernel: str = "normal") -> None:
        points = points_from(data)
        self.rule = "Scott's rule" if bandwidth is None else "given bandwidth"
        root = _scott(points) if bandwidth is None else _root(bandwidth, points.shape[1])
        super().__init__(points, root, kernel_named(kernel))

    @property
    def text(self) -> str:
        kind = "" if self.kernel.name == "normal" else f", {self.kernel.name} kernel"
        return f"kernel density of {len(self.data)} points, {self.rule}{kind}"


def _scott(points: Floats) -> Floats:
    count, n = points.shape
    if count == 1:
        raise InputError("found data of one point, expected at least two for Scott's rule; give a bandwidth")
    return np.asarray(count ** (-1.0 / (n + 4)) * points.std(axis=0, ddof=1))


def _root(bandwidth: Any, n: int) -> Floats:
    """R with ``R R^T = H``: the noise ``R z`` has the law of ``H^(1/2) z``, as z knows no direction."""
    matrix = floats_from(bandwidth)
    expected = f"expected a symmetric positive definite matrix of shape {(n, n)}"
    if matrix.shape != (n, n) or not np.isfinite(matrix).all():
        raise InputError(f"found a bandwidth of shape {matrix.shape}, or with numbers that are not finite, {expected}")
    if np.abs(matrix - matrix.T).max() > SYMMETRIC * np.abs(matrix).max():
        raise InputError(f"found a bandwidth that is not symmetric, {expected}")
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        raise InputError(f"found a bandwidth that is not positive definite, {expected}") from None


def _drawn(data: Floats, backend: Backend, count: int) -> Array:
    """Points drawn with replacement."""
    return backend.array(data[backend.numpy(backend.integers(len(data), count)).astype(np.int64)])
