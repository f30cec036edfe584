"""Covering radii of points on the unit sphere, and what they make of a sampled bias: a theorem.

Let ``u_k = x_k / |x_k|`` be the directions of points of R^n with 0 in the interior of their convex hull P, and
``rho = max over unit y of min_k |y - u_k|`` their (chordal) covering radius.

Theorem 1. Let the facet F of P lie on ``{<a_F, .> = 1}``, a plane at the distance ``h_F = 1 / |a_F|`` from 0. Then
``rho^2 = 2 - 2 min_F h_F``.

Proof. ``|y - u_k|^2 = 2 - 2 <y, u_k>``, so ``rho^2 = 2 - 2 min_y s(y)`` with ``s(y) = max_k <y, u_k>``, the support
function of P. P is the intersection of the halfspaces ``<a_F, .> <= 1`` and so holds the ball of radius ``h = min_F
h_F`` around 0: ``s(y) >= h`` for unit y. For the F that attains h, ``s(a_F / |a_F|) = h_F = h``. QED

If 0 is not in the interior, a closed halfspace ``<y, .> <= 0`` holds all u_k, and y has the distance sqrt(2) or more
from each: ``rho >= sqrt(2)``, with equality if 0 is in P, and ``rho^2 = 2 + 2 dist(0, P)`` if not (minimax theorem).

Theorem 2. Let every u_k have at least n rows j with ``<u_k, w_j> >= beta_j``, and ``alpha_j = beta_j - |w_j| rho``.
Then every unit vector y has at least n rows with ``<y, w_j> >= alpha_j``, and if every alpha_j with finite beta_j is at
most 0, so has every y of the unit ball. (A row with ``beta_j = infinity`` is never among them.)

Proof. Let u_k be the direction nearest to y. The n rows of u_k have ``<y, w_j> >= <u_k, w_j> - |w_j| |y - u_k| >=
beta_j - |w_j| rho`` by Cauchy and Schwarz. For ``y = t z`` with ``|z| = 1`` and ``0 <= t <= 1`` the rows of z have
``<y, w_j> >= t alpha_j >= alpha_j``. QED This is the proof of [Eck24], Theorem 4.4.2, with |w_j| per row instead of the
largest.

Only upper bounds of rho and ``|w_j|`` and lower bounds of ``<u_k, w_j>`` are needed, and all are rational here. Sampled
values need not meet the premise: they are rounded products, and of points whose length is not exactly 1. So it is
checked at every sample, by floats with an error bound where that decides and in exact arithmetic elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from exactinj.biases.hull.facets import Hull, hull_of
from exactinj.biases.hull.omnidirectional import omnidirectional
from exactinj.biases.hull.planes import Plane
from exactinj.biases.hull.vertices import Vertices
from exactinj.errors import InputError, InternalError
from exactinj.exact.numbers import exact_vector, fraction_from, fraction_of
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.sampling.measures import Floats, ScaledRows, lowered, read_bias, read_points, rounded_down

__all__ = ["AsymptoticRadius", "CoveringRadius", "asymptotic_covering_radius", "corrected_bias", "covering_radius"]

BITS = 64  # of precision of the bounds
SHARE = 1e-12  # far above the rounding of a Euclidean length

PartialBias = list[Fraction | None]


@dataclass(frozen=True)
class AsymptoticRadius:
    """The value of a formula for many random points: no bound for any sample, and nothing measured.

    Attributes
    ----------
    value : float, a chordal distance on the unit sphere of R^n
    n : the dimension of the space
    count : of points
    """

    value: float
    n: int
    count: int


@dataclass(frozen=True)
class CoveringRadius:
    """Proven bounds of the covering radius of the directions of given points on the unit sphere.

    Attributes
    ----------
    low, high : rationals with ``low <= rho <= high``, chordal (Euclidean) distances
    facet : the points on a facet of the hull nearest to 0, whose normal points to the deepest hole; None if 0 is not
        in the interior of the hull: then a closed halfspace holds all points, and the bounds are sqrt(2) and 2
    count : of points
    """

    low: Fraction
    high: Fraction
    facet: tuple[int, ...] | None
    count: int


def asymptotic_covering_radius(n: int, count: int) -> AsymptoticRadius:
    """The asymptotic formula for the covering radius of uniform random points on the unit sphere of R^n: no bound.

    ``(k log(N) / N)^(1/d)`` with ``k = (d + 1) v_(d+1) / v_d``, ``d = n - 1`` and v_i the volume of the unit ball of
    R^i. Its ratio to the expected radius tends to 1 as N grows; any sample may have a larger radius, and most can.

    Dimension. Reznikov and Saff prove it for the sphere S^d of R^(d+1), whose surface has dimension d. The sphere of
    R^n is S^(n-1), hence ``d = n - 1``. The thesis writes S^n for the sphere of R^n and leaves d = n in the formula,
    which belongs to the sphere of R^(n+1). Check: on the circle, n = 2, the longest of N random gaps is about ``2 pi
    log(N) / N``, and the radius half of that: ``k = 2 v_2 / v_1 = pi``.

    Parameters
    ----------
    n : dimension of the space, at least 2
    count : of points N, at least 2

    Raises
    ------
    InputError
        For smaller n or count.

    References
    ----------
    A. Reznikov, E. B. Saff, The covering radius of randomly distributed points on a manifold, International Mathematics
    Research Notices 2016(19), 6065-6094, arXiv 1504.03029; [Eck24], Theorem 4.4.1.

    Examples
    --------
    >>> round(asymptotic_covering_radius(2, 1000).value / (math.pi * math.log(1000) / 1000), 9)
    1.0
    """
    if n < 2 or count < 2:  # noqa: PLR2004 - the circle; log(1) = 0
        raise InputError(f"found n = {n} and {count} points, expected at least 2 of both")
    log_ratio = math.log(math.pi) / 2 + math.lgamma((n - 1) / 2 + 1) - math.lgamma(n / 2 + 1)  # of v_n / v_(n-1)
    exponent = math.log(n) + log_ratio + math.log(math.log(count) / count)
    return AsymptoticRadius(math.exp(exponent / (n - 1)), n, count)


def covering_radius(points: Any) -> CoveringRadius:
    """The true covering radius of the directions ``x / |x|`` on the unit sphere, between rational bounds.

    ``rho = sqrt(2 - 2 min_F 1 / |a_F|)`` over the facets F of the convex hull of the directions; the proof is at the
    head of this file. All facets are known exactly. Their float normals, with proven errors, leave those that can be
    nearest to 0; for these ``|a_F|^2 = sum M_kl |v_k| |v_l|`` is enclosed, M rational and the ``|v_k|`` square roots of
    integers. The bounds agree to about 60 bits of rho^2. Cost: the hull, for n up to about 6.

    Parameters
    ----------
    points : (N, n) rationals without zero points; floats are read as the rationals that they are

    Raises
    ------
    InputError
        For zero points and empty or ragged input.

    References
    ----------
    J. S. Brauchart and others, Random Point Sets on the Sphere: Hole Radii, Covering, and Separation, Experimental
    Mathematics 27, 2018, arXiv 1512.07470.

    Examples
    --------
    >>> radius = covering_radius([[1, 0], [0, 2], [-3, 0], [0, "-1/2"]])
    >>> float(radius.low), float(radius.high), radius.facet
    (0.7653668647301796, 0.7653668647301796, (0, 1))
    """
    layer = ReLULayer(points)
    zero = next((k for k, row in enumerate(layer.W.raw_rows()) if not any(row)), None)
    if zero is not None:
        raise InputError(f"point {zero} is zero and has no direction, expected nonzero points; remove it")
    try:
        hull = hull_of(layer)
    except InputError:
        if omnidirectional(layer).holds:
            raise
        return CoveringRadius(_root(Fraction(2))[0], Fraction(2), None, layer.m)
    low, high, k = _largest_normal_square(hull)
    return CoveringRadius(_radius(low)[0], _radius(high)[1], hull.facet(k).rows, layer.m)


def corrected_bias(
    layer: ReLULayer, values: Iterable[Any] | None, points: Any, radius: Any | None = None
) -> tuple[Fraction, ...]:
    """A bias with at least n rows ``<y, w_j> >= alpha_j`` at *every* point y of the unit sphere: proven, no estimate.

    ``alpha_j = beta_j - |w_j| rho``, rounded down to a float64 number; the proof is Theorem 2 at the head of this file.
    beta is the bias in `values`; wherever fewer than n rows have ``<x, w_j> >= beta_j |x|`` at a sample x, it falls to
    ``<x, w_j> / |x|``, rounded down, in the n largest rows. This premise is decided at every sample, so the result
    holds whatever values and points are; bad ones only make it small.

    A row with the value infinity that no sample needs is counted on nowhere: its alpha_j is ``|w_j|`` rounded up, which
    the row does not exceed on the unit ball. On the ball take ``min(alpha_j, 0)`` in every row: a smaller bias keeps
    rows active, and then Theorem 2 covers the ball. For full-spark rows ``ReLU(W x - alpha)`` is injective there, which
    ``exactinj.certify`` confirms.

    Parameters
    ----------
    layer : gives W, shape (m, n), m >= n; its own bias plays no part
    values : (m,) rationals or floats, or infinity, such as ``estimate.values``; None stands for infinity everywhere
    points : (N, n) float64, *all* samples, as only those cover the sphere; not the few that set the values
    radius : a rational that is at least the covering radius of the directions of the points, such as
        ``covering_radius(points).high``, which is computed if it is left out

    Raises
    ------
    InputError
        For m < n, wrong shapes, zero points, values that are NaN or -infinity.

    References
    ----------
    [Eck24], Theorem 4.4.2.

    Examples
    --------
    >>> square = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    >>> [float(value) for value in corrected_bias(ReLULayer([[1, 1], [-1, 1], [0, -1]]), None, square)]
    [-2.0823922002923942, -2.0823922002923942, -0.7653668647301796]
    """
    if layer.m < layer.n:
        raise InputError(f"found m = {layer.m} rows, expected at least n = {layer.n}")
    samples = read_points(points, layer.n)
    if not samples.any(axis=1).all():
        raise InputError("found the point 0 among the samples, which has no direction; remove it")
    upper = covering_radius(samples).high if radius is None else fraction_from(radius)
    if upper < 0:
        raise InputError(f"found the radius {radius}, expected a nonnegative rational number")
    bias = _premise(layer, read_bias([math.inf] * layer.m if values is None else values, layer.m), samples)
    rows = layer.W.fractions()
    lengths = [_root(sum((c * c for c in row), Fraction(0)))[1] for row in rows]
    return tuple(
        -_float_below(-length) if beta is None else _float_below(beta - length * upper)
        for beta, length in zip(bias, lengths, strict=True)
    )


def _premise(layer: ReLULayer, bias: PartialBias, samples: Floats) -> PartialBias:
    """The bias, lowered until n rows have ``<x, w_j> >= beta_j |x|`` at every sample: floats propose, then exactly."""
    rows, units = ScaledRows(layer), _units(samples)
    weights = layer.W.to_float()
    for part, products, errors in rows.chunks(units):
        possible = np.count_nonzero(products + errors >= rows.thresholds(bias)[0], axis=1)
        short = units[part][possible < layer.n]
        if len(short) and np.isfinite(weights).all():
            bias = _smaller(bias, lowered(np.full(layer.m, np.inf), short, weights, layer.n))
    exact = layer.W.fractions()
    for part, products, errors in rows.chunks(units):
        sure = np.count_nonzero(products - errors >= rows.thresholds(bias)[1], axis=1)
        for x in samples[part][sure < layer.n]:
            bias = _lowered_at(exact, bias, x)
    return bias


def _smaller(bias: PartialBias, floats: Floats) -> PartialBias:
    """The minima of a bias and floats, row by row."""
    others = read_bias(floats, len(bias))
    pairs = zip(bias, others, strict=True)
    return [b if a is None else a if b is None else min(a, b) for a, b in pairs]


def _units(samples: Floats) -> Floats:
    """The directions in float64: scaled by a power of two, then each entry is off by less than ``(n + 4) 2^-53``."""
    powers = np.frexp(abs(samples).max(axis=1))[1]
    scaled = np.ldexp(samples, -powers[:, None])
    units: Floats = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    return units


def _lowered_at(rows: Sequence[Sequence[Fraction]], bias: PartialBias, point: Floats) -> PartialBias:
    """The bias, lowered in the n rows of largest product with the point if fewer than n are active there; exact."""
    x = exact_vector(point)
    square = sum((value * value for value in x), Fraction(0))
    products = [sum((c * value for c, value in zip(row, x, strict=True) if c), Fraction(0)) for row in rows]
    heights = [Surd((p > 0) - (p < 0), p * p / square) for p in products]
    active = sum(
        beta is not None and Surd.of_rational(beta) <= height for beta, height in zip(bias, heights, strict=True)
    )
    if active >= len(x):
        return bias
    result = list(bias)
    for j in sorted(range(len(rows)), key=products.__getitem__, reverse=True)[: len(x)]:
        beta = result[j]
        if beta is None or Surd.of_rational(beta) > heights[j]:
            result[j] = heights[j].floor()
    return result


def _float_below(value: Fraction) -> Fraction:
    """The largest float64 number at most the value; the value itself beyond their range."""
    nearest = rounded_down(value)
    return value if math.isinf(nearest) else Fraction(nearest)


def _largest_normal_square(hull: Hull) -> tuple[Fraction, Fraction, int]:
    """Bounds of the largest ``|a_F|^2``, and the number of a facet that attains the upper one."""
    sizes = np.array([float(np.linalg.norm(plane.normal)) for plane in hull.planes])
    errors = np.array([plane.error for plane in hull.planes])
    least = (sizes * (1 - SHARE) - errors).max()
    near = [int(k) for k in np.flatnonzero(sizes * (1 + SHARE) + errors >= least)]
    bounds = {k: _normal_square(hull.vertices, hull.planes[k]) for k in near}
    last = max(near, key=lambda k: (bounds[k][1], -k))
    return max(low for low, _ in bounds.values()), bounds[last][1], last


def _normal_square(vertices: Vertices, plane: Plane) -> tuple[Fraction, Fraction]:
    """Bounds of ``|a|^2`` for ``a = B^-1 (|v_k|)``: it is ``sum M_kl sqrt(|v_k|^2 |v_l|^2)`` with ``M = B^-T B^-1``."""
    inverse = vertices.inverse(plane.basis)
    if inverse is None:
        raise InternalError(f"found the dependent vertices {plane.basis} on a facet, expected a basis")
    entries = (inverse.transpose() * inverse).tolist()
    terms = [
        (fraction_of(entry), vertices.squares[p] * vertices.squares[q])
        for p, row in zip(plane.basis, entries, strict=True)
        for q, entry in zip(plane.basis, row, strict=True)
    ]
    bits = BITS
    while True:
        low, high = _root_sum(terms, bits)
        if high - low <= low / (1 << BITS):  # ends: the sum is at least 1
            return low, high
        bits *= 2


def _root_sum(terms: Sequence[tuple[Fraction, int]], bits: int) -> tuple[Fraction, Fraction]:
    """Bounds of ``sum c sqrt(q)`` over the terms (c, q)."""
    low = high = Fraction(0)
    for c, q in terms:
        below, above = _root(c * c * q, bits)
        low, high = (low + below, high + above) if c > 0 else (low - above, high - below)
    return low, high


def _radius(normal_square: Fraction) -> tuple[Fraction, Fraction]:
    """Bounds of ``sqrt(2 - 2 / |a|)``, which grows with ``|a|^2``."""
    low, high = (2 - 2 / max(root, Fraction(1)) for root in _root(normal_square))
    return _root(low)[0], _root(high)[1]


def _root(square: Fraction, bits: int = BITS) -> tuple[Fraction, Fraction]:
    """Bounds of the square root of a nonnegative rational."""
    sign = int(square > 0)
    return Surd(sign, square).floor(bits), -Surd(-sign, square).floor(bits)
