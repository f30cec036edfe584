"""Measures of injectivity from samples: p_I, p_H and convergence curves ([Eck24], chapters 4.3 and 6.1).

What is exact and what is not. Whether a point has n active rows is decided exactly: floats decide where a bound on
their error says so, and rationals decide the rest. So a share is exact for the points that were given. It stays an
*estimate* of the probability behind them, and 1 proves nothing.

Bound. Rows are scaled by powers of two to entries of at most 1, which changes no comparison. With e = 2^-53, the float
product of x with a row w in any order of summation is off by at most ``(n + 2) e |x| |w|``, the rounding of w
included; the bound in use is twice that and more, which covers its own rounding and the subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.matrix import integer_rank
from exactinj.exact.numbers import fraction_from, nearest_float, power_of_two_below
from exactinj.layers.dense import ReLULayer
from exactinj.sampling.estimate import AlphaEstimate
from exactinj.sampling.samplers import Sampler

__all__ = ["ConvergenceCurve", "Proportion", "convergence_curve", "hamming_share", "invertible_share"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EPSILON = 2.0**-53  # the relative error of one float operation
MEMORY = 1 << 27  # bytes of products held at a time
COPIES = 4  # arrays of that size at a time
CLEAR_RANK = 1e-8  # a least singular value above this share of the largest is far above rounding; else exact ranks
SMALLEST, LARGEST = 1e-290, 1e300  # far from underflow and overflow
LARGEST_INTEGER = 1 << 53  # up to which floats hold all integers
FLOAT_BYTES = 8


@dataclass(frozen=True)
class Proportion:
    """A share of things that were counted, with an interval for the probability behind it: an estimate.

    Attributes
    ----------
    value : float in [0, 1]
    low, high : the exact binomial interval of Clopper and Pearson, for independent random points. Rows of a layer are
        no random sample: for a share of rows ``low = high = value`` and the confidence is 1
    count : of how many things
    confidence : the interval holds the probability at least this often
    """

    value: float
    low: float
    high: float
    count: int
    confidence: float

    @classmethod
    def of_points(cls, hits: int, count: int, confidence: float = 0.95) -> Proportion:
        """The share of independent random points, with the interval of Clopper and Pearson (1934).

        >>> print(Proportion.of_points(10, 10))
        estimate 1 of 10 (95% interval 0.6915 to 1)
        """
        from scipy.special import betaincinv  # scipy.stats.beta.ppf, without its slow import

        if not 0 <= hits <= count or count < 1:
            raise InputError(f"found {hits} of {count}, expected a share of at least one")
        if not 0 < confidence < 1:
            raise InputError(f"found the confidence {confidence}, expected a number between 0 and 1")
        tail = (1 - confidence) / 2
        low = float(betaincinv(hits, count - hits + 1, tail)) if hits else 0.0
        high = float(betaincinv(hits + 1, count - hits, 1 - tail)) if hits < count else 1.0
        return cls(hits / count, low, high, count, confidence)

    @classmethod
    def of_rows(cls, hits: int, count: int) -> Proportion:
        """The share of all rows, without an interval."""
        return cls(hits / count, hits / count, hits / count, count, 1.0)

    def __str__(self) -> str:
        text = f"estimate {self.value:.4g} of {self.count}"
        if self.low == self.high:
            return text
        return f"{text} ({100 * self.confidence:g}% interval {self.low:.4g} to {self.high:.4g})"


@dataclass(frozen=True, eq=False)
class ConvergenceCurve:
    """How a sampled bias fares on unseen test points as samples come in: estimates, from floats.

    Attributes
    ----------
    counts : (k,) int64, numbers of samples, increasing
    unchanged : (k,) float64, the share of test points at which MCBE would lower nothing
    invertible : (k,) float64, the share with n active rows (p_I for full spark); never below `unchanged`
    seed : of the samples
    """

    counts: NDArray[np.int64]
    unchanged: Floats
    invertible: Floats
    seed: int


class ScaledRows:
    """The rows of a layer in floats, with a bound on the error of their products; its own bias plays no part."""

    def __init__(self, layer: ReLULayer) -> None:
        floats: Floats = layer.W.to_float()
        powers = np.frexp(abs(floats).max(axis=1))[1].astype(np.int64)
        self.floats = np.ldexp(floats, -powers[:, None])
        self.scales = [Fraction(2) ** power for power in powers.tolist()]
        sizes = abs(floats).max(axis=1)
        for i in np.flatnonzero(~((sizes > SMALLEST) & (sizes < LARGEST))).tolist():
            row = [layer.W[i, j] for j in range(layer.n)]
            self.scales[i] = 4 * power_of_two_below(max(map(abs, row))) if any(row) else Fraction(1)
            self.floats[i] = [nearest_float(value / self.scales[i]) for value in row]
        self.relative = 4 * (layer.n + 8) * EPSILON * float(np.linalg.norm(self.floats, axis=1).max())

    def thresholds(self, bias: Iterable[Fraction | None]) -> tuple[Floats, Floats]:
        """Floats at most and at least the scaled bias of each row, (m,) each."""
        scaled = [None if value is None else value / s for value, s in zip(bias, self.scales, strict=True)]
        down = [math.inf if value is None else rounded_down(value) for value in scaled]
        up = [math.inf if value is None else -rounded_down(-value) for value in scaled]
        return np.array(down), np.array(up)

    def chunks(self, points: Floats, memory: int = MEMORY) -> Iterator[tuple[slice, Floats, Floats]]:
        """Slices of the points with their products (B, m) and bounds (B, 1) of the errors of these."""
        size = max(1, memory // (COPIES * FLOAT_BYTES * len(self.scales)))
        for start in range(0, len(points), size):
            part = slice(start, min(start + size, len(points)))
            errors = self.relative * _lengths(points[part])
            yield part, points[part] @ self.floats.T, errors[:, None]


def rounded_down(value: Fraction) -> float:
    """The largest float64 that is at most a rational number."""
    nearest = nearest_float(value)
    if nearest == math.inf:
        return float(np.finfo(np.float64).max)
    return nearest if math.isinf(nearest) or Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)


def read_bias(alpha: Iterable[Any], m: int) -> list[Fraction | None]:
    """The m numbers exactly, None for infinity (a row that is never active)."""
    values = list(alpha)
    if len(values) != m:
        raise InputError(f"found {len(values)} entries of alpha, expected m = {m}")
    return [
        None if isinstance(value, float | np.floating) and value == np.inf else fraction_from(value) for value in values
    ]


def read_points(points: Any, n: int) -> Floats:
    """Points (N, n) as float64, without rounding, and so far from overflow that products are finite."""
    try:
        array = np.asarray(points)
    except ValueError:
        raise InputError(f"found rows of different lengths, expected points (N, {n}); make them fit") from None
    if array.ndim != 2 or array.shape[1] != n or not len(array):  # noqa: PLR2004 - a matrix
        raise InputError(f"found points of shape {array.shape}, expected (N, {n}) with N >= 1")
    small = array.dtype.kind == "f" and array.dtype.itemsize <= FLOAT_BYTES
    if not small and not (array.dtype.kind in "iu" and abs(array).max() <= LARGEST_INTEGER):
        raise InputError(f"found points of type {array.dtype}, expected numbers that float64 holds; convert them first")
    if not (abs(array) <= LARGEST).all():
        raise InputError(
            f"found points that are not finite or beyond {LARGEST:g}, expected numbers; remove or scale them"
        )
    return array.astype(np.float64)


def _lengths(points: Floats) -> Floats:
    """Euclidean lengths (B,), zero for zero points only and safe from underflow."""
    largest = abs(points).max(axis=1)
    safe = np.where(largest > 0, largest, 1.0)
    lengths: Floats = largest * np.sqrt(((points / safe[:, None]) ** 2).sum(axis=1)) + np.where(largest > 0, 1e-290, 0)
    return lengths


class _Activity:
    """Which rows are active, ``<x, w_i> >= alpha_i``, at points: exact answers."""

    def __init__(self, layer: ReLULayer, alpha: Iterable[Any]) -> None:
        self.layer = layer
        self.rows = ScaledRows(layer)
        self.bias = read_bias(alpha, layer.m)
        self.down, self.up = self.rows.thresholds(self.bias)
        self.finite = np.array([value is not None for value in self.bias])

    @cached_property
    def _shifted(self) -> ReLULayer:
        return ReLULayer(self.layer.W.fractions(), alpha=[value or Fraction(0) for value in self.bias])

    def at(self, x: Floats) -> Mask:
        """The active rows (m,) at one point, in rationals."""
        values = self._shifted.preactivation(x.tolist())
        active: Mask = np.array([value >= 0 for value in values]) & self.finite
        return active

    def enough(self, points: Floats) -> int:
        """At how many points at least n rows are active."""
        n, hits = points.shape[1], 0
        for part, products, errors in self.rows.chunks(points):
            sure = np.count_nonzero(products - errors >= self.up, axis=1) >= n
            unclear = np.flatnonzero(~sure)
            possible = np.count_nonzero(~(products[unclear] + errors[unclear] < self.down), axis=1) >= n
            doubtful = points[part][unclear[possible]]
            hits += int(sure.sum()) + sum(int(np.count_nonzero(self.at(x))) >= n for x in doubtful)
        return hits

    def patterns(self, points: Floats) -> Iterator[tuple[Mask, int]]:
        """The sets of active rows (m,) and at how many points of a chunk they occur."""
        for part, products, errors in self.rows.chunks(points):
            active: Mask = products - errors >= self.up
            doubtful = (~active & ~(products + errors < self.down)).any(axis=1)
            for k in np.flatnonzero(doubtful):
                active[k] = self.at(points[part][k])
            _, first, times = np.unique(np.packbits(active, axis=1), axis=0, return_index=True, return_counts=True)
            yield from zip(active[first], times.tolist(), strict=True)


class _Ranks:
    """Whether sets of rows span R^n: clear singular values say yes, exact ranks decide the rest."""

    def __init__(self, layer: ReLULayer) -> None:
        self.n = layer.n
        self.integers = layer.W.integer_rows()
        sizes = [max(1, *map(abs, row)) for row in self.integers]
        self.floats = np.array([[c / s for c in row] for row, s in zip(self.integers, sizes, strict=True)])
        self.known: dict[bytes, bool] = {}

    def spans(self, mask: Mask) -> bool:
        key = np.packbits(mask).tobytes()
        if key not in self.known:
            self.known[key] = self._decided(np.flatnonzero(mask))
        return self.known[key]

    def _decided(self, active: NDArray[np.intp]) -> bool:
        if len(active) < self.n:
            return False
        singular = np.linalg.svd(self.floats[active], compute_uv=False)
        clear = singular[-1] > CLEAR_RANK * singular[0]
        return bool(clear) or integer_rank([self.integers[i] for i in active]) == self.n


def invertible_share(
    layer: ReLULayer, alpha: Iterable[Any], points: Any, *, full_spark: bool = True, confidence: float = 0.95
) -> Proportion:
    """p_I, the share of the points at which ``ReLU(W x - alpha)`` has n active rows, or active rows that span R^n.

    ``p_I = #{x : |{i : <x, w_i> >= alpha_i}| >= n} / N`` for full-spark rows, where n rows always span. Otherwise with
    `full_spark` False the rank decides: floats are believed where the least singular value is above 1e-8 of the
    largest, exact ranks decide elsewhere. Exact for the points; as a probability an estimate.

    Parameters
    ----------
    layer : gives W, shape (m, n); its own bias plays no part
    alpha : (m,) rationals (floats are taken as they are), infinity for a row that is never active
    points : (N, n) float64, independent and random if the interval is to mean something
    full_spark : whether counting is enough; nothing checks that the rows are full spark
    confidence : of the interval

    Raises
    ------
    InputError
        For wrong shapes, values that are not finite, a confidence outside (0, 1).

    References
    ----------
    [Eck24], Definition 6.1.1.

    Examples
    --------
    >>> layer = ReLULayer([[1, 0], [0, 1], [-1, -1]])
    >>> invertible_share(layer, [0, 0, 0], [[1.0, 2.0], [-1.0, 2.0], [0.0, 0.0], [-1.0, -2.0]]).value
    0.5
    """
    activity, samples = _Activity(layer, alpha), read_points(points, layer.n)
    if full_spark:
        hits = activity.enough(samples)
    else:
        ranks = _Ranks(layer)
        hits = sum(times for active, times in activity.patterns(samples) if ranks.spans(active))
    return Proportion.of_points(hits, len(samples), confidence)


def hamming_share(alpha: Iterable[Any], estimate: AlphaEstimate) -> Proportion:
    """p_H, the share of the rows with ``alpha_i <= alpha*(X)_i``: exact comparisons with an estimate.

    As ``alpha*(X) >= alpha*(K)``, it is at least the share for the exact alpha* (not with greedy bases),
    and 1 is no proof. A row that no
    sample selected has the estimate infinity and counts.

    Parameters
    ----------
    alpha : (m,) rationals, infinity for a row that is never active
    estimate : its values are taken as they are

    References
    ----------
    [Eck24], Definition 6.1.2.

    Examples
    --------
    >>> from exactinj.sampling import sample_alpha
    >>> from exactinj.sampling.samplers import UniformSphere
    >>> estimate = sample_alpha(ReLULayer([[1, 0], [0, 1], [-1, -1]]), UniformSphere(), samples=1000)
    >>> print(hamming_share([-1, -1, 0], estimate))
    estimate 0.6667 of 3
    """
    values = read_bias(estimate.values, len(estimate.values))
    bias = read_bias(alpha, len(values))
    hits = sum(top is None or (own is not None and own <= top) for own, top in zip(bias, values, strict=True))
    return Proportion.of_rows(hits, len(values))


def convergence_curve(
    layer: ReLULayer, sampler: Sampler, test_points: Any, counts: Iterable[int], seed: int = 0
) -> ConvergenceCurve:
    """One trial of the thesis's figure 4.3: shares of unseen points at which MCBE would lower nothing, after counts.

    At a test point x MCBE lowers nothing if ``alpha*(X)_j <= <x, w_j>`` for all j among the n largest. This leaves n
    rows active, but is not the same: other rows can be the active ones. So the curve of active rows, which the thesis
    takes for equivalent, lies above; both are returned. Computed in float64.

    Parameters
    ----------
    layer : gives W, shape (m, n), in float64
    sampler : the samples are ``sampler.points(max(counts), n, seed)``, so every count extends the one before
    test_points : (T, n) float64, drawn apart from the samples
    counts : numbers of samples
    seed : of the samples

    Raises
    ------
    InputError
        For counts that are not positive integers, or wrong shapes.

    Examples
    --------
    >>> from exactinj.sampling.samplers import UniformBall
    >>> unseen = UniformBall().points(500, 2, seed=1)
    >>> curve = convergence_curve(ReLULayer([[1, 0], [0, 1], [-1, -1]]), UniformBall(), unseen, [1, 10, 1000])
    >>> bool((curve.unchanged <= curve.invertible).all()), bool(curve.unchanged[-1] > 0.95)
    (True, True)
    """
    steps = np.unique(np.array(list(counts), dtype=np.int64))
    if not len(steps) or steps[0] < 1:
        raise InputError(f"found the counts {steps.tolist()}, expected positive integers")
    weights, most = layer.W.to_float(), min(layer.n, layer.m)
    tests = read_points(test_points, layer.n) @ weights.T
    tops = np.where(tests >= nth_largest(tests, most), tests, np.inf)  # the n largest, infinity elsewhere
    samples = sampler.points(int(steps[-1]), layer.n, seed)
    values, start, shares = np.full(layer.m, np.inf), 0, []
    for stop in steps.tolist():
        values = lowered(values, samples[start:stop], weights, most)
        start = stop
        same = ((tops >= values) | np.isinf(tops)).all(axis=1)
        active = np.count_nonzero(tests >= values, axis=1)
        shares.append((same.mean(), (active >= layer.n).mean()))
    unchanged, invertible = np.array(shares).T
    return ConvergenceCurve(steps, unchanged, invertible, seed)


def nth_largest(products: Floats, most: int) -> Floats:
    """The `most`-th largest entry of each row, (B, 1)."""
    place = products.shape[1] - most
    level: Floats = np.partition(products, place, axis=1)[:, place, None]
    return level


def lowered(values: Floats, points: Floats, weights: Floats, most: int) -> Floats:
    """The estimate (m,) after further samples: the column minima over the `most` largest products of each."""
    size = max(1, MEMORY // (COPIES * FLOAT_BYTES * len(weights)))
    for start in range(0, len(points), size):
        products = points[start : start + size] @ weights.T
        chosen = np.where(products >= nth_largest(products, most), products, np.inf)
        values = np.minimum(values, chosen.min(axis=0))
    return values
