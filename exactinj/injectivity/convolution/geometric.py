"""Non-injectivity for every size by counting: inputs that grow geometrically and silence most kernels everywhere.

Without padding, a layer with c input channels has less than one window per place. If an input leaves at most c kernels
active in every window, fewer rows are active than there are inputs, so they do not span: a collision at every size
(rule ``geometric`` of ``docs/certificates-convolution.md``). Inputs ``x[j mod q] rho^(j // q)`` show every window one
of finitely many patterns up to a positive factor. Floats propose the pattern, from random ones; it is counted in
rationals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.every_size import GeometricPattern
from exactinj.domains import Domain, NonnegativeOrthant, RealSpace
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import flat_place
from exactinj.work.clock import Clock

__all__ = ["allowed_active", "find_geometric", "grown", "largest_active"]

FACTORS = tuple(Fraction(*ratio) for ratio in ((1, 1), (1, 2), (2, 1), (1, 4), (4, 1), (3, 4), (4, 3), (1, 8), (8, 1)))
FACTORS_ON_GRIDS = 5  # of them, where there are several axes
LONGEST_PERIOD = 2
LARGEST_PATTERN = 16
SAMPLES = 2000
ROUNDINGS = (1, 2, 4, 16, 256, 1 << 20)
SECONDS = 5.0


def find_geometric(layer: ConvLayer, domain: Domain, clock: Clock, seed: int) -> tuple[GeometricPattern, Sizes] | None:
    """A pattern that is proved to serve, and the sizes that it speaks of; None if none was met."""
    if layer.is_padded or not isinstance(domain, RealSpace | NonnegativeOrthant):
        return None
    share = clock.bounded(SECONDS)
    for number, group in enumerate(layer.group_layers):
        for period, factor in _shapes(group):
            if share.is_over:
                return None
            x = _pattern(group, domain, period, factor, seed)
            if x is not None:
                sizes = Sizes.from_minimum([axis.smallest_size for axis in layer.axes], layer.stride)
                return GeometricPattern(number, period, factor, x), sizes
    return None


def allowed_active(group: ConvLayer) -> int:
    """So many active kernels in every window are fewer rows than inputs, at every size."""
    most = group.in_channels * prod(group.stride)
    return most if any(axis.extent > axis.stride for axis in group.axes) else most - 1


def largest_active(group: ConvLayer, period: Sequence[int], factor: Sequence[Fraction], x: Sequence[Fraction]) -> int:
    """The largest number of kernels, over all phases, that are not certainly negative; exact."""
    cells = prod(period)
    largest = 0
    for phase in product(*map(range, period)):
        seen = [
            [
                _entry(
                    x,
                    i * cells,
                    period,
                    factor,
                    [p + axis.dilation * u for p, axis, u in zip(phase, group.axes, tap, strict=True)],
                )
                for tap in group.taps()
            ]
            for i in range(group.in_channels)
        ]
        active = 0
        for kernel, beta in zip(group.bank, group.bias, strict=True):
            value = sum(
                (a * b for taps, inputs in zip(kernel, seen, strict=True) for a, b in zip(taps, inputs, strict=True)),
                Fraction(0),
            )
            active += not (value < 0 and beta <= 0)
        largest = max(largest, active)
    return largest


def grown(proof: GeometricPattern, channels: int, size: Sequence[int]) -> list[Fraction]:
    """The input of the group's channels on a grid, flat."""
    cells = prod(proof.period)
    return [
        _entry(proof.x, i * cells, proof.period, proof.factor, place)
        for i in range(channels)
        for place in product(*map(range, size))
    ]


def _entry(
    x: Sequence[Fraction], first: int, period: Sequence[int], factor: Sequence[Fraction], place: Sequence[int]
) -> Fraction:
    growth = prod((rho ** (j // q) for rho, j, q in zip(factor, place, period, strict=True)), start=Fraction(1))
    return x[first + (flat_place([j % q for j, q in zip(place, period, strict=True)], period))] * growth


def _shapes(group: ConvLayer) -> Iterator[tuple[tuple[int, ...], tuple[Fraction, ...]]]:
    """Periods and factors, simple ones first."""
    dimensions = group.dimensions
    factors = FACTORS if dimensions == 1 else FACTORS[:FACTORS_ON_GRIDS]
    periods = sorted(product(range(1, LONGEST_PERIOD + 1), repeat=dimensions), key=prod)
    for period in periods:
        if group.in_channels * prod(period) <= LARGEST_PATTERN:
            yield from ((period, factor) for factor in product(factors, repeat=dimensions))


def _pattern(
    group: ConvLayer, domain: Domain, period: tuple[int, ...], factor: tuple[Fraction, ...], seed: int
) -> tuple[Fraction, ...] | None:
    """The best of random patterns, rounded as coarsely as it stands, if it serves exactly."""
    random = np.random.default_rng(seed)
    patterns = random.standard_normal((SAMPLES, group.in_channels, prod(period)))
    if isinstance(domain, NonnegativeOrthant):
        patterns = np.abs(patterns) + 1e-3
    active = _active_in_floats(group, period, factor, patterns)
    best = int(active.argmin())
    if active[best] > allowed_active(group):
        return None
    for grid in ROUNDINGS:
        x = tuple(Fraction(round(value * grid), grid) for value in patterns[best].ravel().tolist())
        inside = isinstance(domain, RealSpace) or min(x) > 0
        if inside and largest_active(group, period, factor, x) <= allowed_active(group):
            return x
    return None


def _active_in_floats(
    group: ConvLayer, period: tuple[int, ...], factor: tuple[Fraction, ...], patterns: NDArray[np.float64]
) -> NDArray[Any]:
    """Per pattern the largest number of active kernels over all phases, a proposal."""
    kernels = group.kernels.to_float().reshape(group.out_channels, group.in_channels, -1)
    ruled = np.array([beta > 0 for beta in group.bias])
    worst = np.zeros(len(patterns), dtype=int)
    for phase in product(*map(range, period)):
        values = np.zeros((len(patterns), group.out_channels))
        for number, tap in enumerate(group.taps()):
            place = [p + axis.dilation * u for p, axis, u in zip(phase, group.axes, tap, strict=True)]
            growth = float(_entry([Fraction(1)] * prod(period), 0, period, factor, place))
            cell = flat_place([j % q for j, q in zip(place, period, strict=True)], period)
            values += growth * (patterns[:, :, cell] @ kernels[:, :, number].T)
        worst = np.maximum(worst, ((values >= 0) | ruled).sum(axis=1))
    return worst
