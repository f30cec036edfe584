"""Collisions for every size between periodic inputs, for example two constants.

A periodic input makes every window see one of finitely many patterns, whatever the size of the grid: its phase
modulo the period, and with zero padding the taps that are cut off. Those patterns are the rows of a small
layer, and a collision of it is one of the convolution at every size (rule ``periodic`` of
``docs/certificates-convolution.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from exactinj.layers.convolution import Axis, ConvLayer, Sizes
from exactinj.layers.convolution.geometry import flat_place, taps_on_grid
from exactinj.layers.dense import ReLULayer

__all__ = ["allows_period", "periodic_layer", "periodic_sizes", "periodic_work", "tiled"]


def allows_period(layer: ConvLayer, period: Sequence[int]) -> bool:
    """Whether padding keeps a periodic input periodic, or cuts windows off."""
    return layer.padding_mode == "zeros" or set(period) == {1} or not layer.is_padded


def periodic_work(group: ConvLayer, period: Sequence[int]) -> int:
    """The number of products that the rows of `periodic_layer` take."""
    kinds = prod(q * len(_intervals(axis)) for axis, q in zip(group.axes, period, strict=True))
    return kinds * group.out_channels * group.in_channels * prod(group.kernel_size)


def periodic_layer(group: ConvLayer, period: Sequence[int]) -> ReLULayer:
    """What windows see of periodic inputs: ``n = in * prod(period)`` columns (channel, place), equal rows once."""
    reads = [
        [
            [(phase + axis.dilation * u) % q if u in taps else None for u in range(axis.taps)]
            for phase in range(q)
            for taps in _intervals(axis)
        ]
        for axis, q in zip(group.axes, period, strict=True)
    ]
    windows = [taps_on_grid(window, period) for window in product(*reads)]
    kernels, scale = group.integer_bank
    cells, taps = prod(period), prod(group.kernel_size)
    rows: dict[tuple[tuple[int, ...], Fraction], None] = {}
    for kernel, beta in zip(kernels, group.bias, strict=True):
        for window in windows:
            row = [0] * (group.in_channels * cells)
            for number, cell in window:
                for i in range(group.in_channels):
                    row[i * cells + cell] += kernel[i * taps + number]
            rows[tuple(row), beta] = None
    return ReLULayer([[Fraction(value, scale) for value in row] for row, _ in rows], [beta for _, beta in rows])


def _intervals(axis: Axis) -> list[range]:
    """The taps that windows may have inside the grid, at any size."""
    if axis.mode != "zeros":
        return [range(axis.taps)]
    cut_low, cut_high = -(-axis.low // axis.dilation), -(-axis.high // axis.dilation)
    last = axis.taps - 1
    return [range(u, v + 1) for u in range(min(cut_low, last) + 1) for v in range(max(u, last - cut_high), last + 1)]


def periodic_sizes(layer: ConvLayer, period: Sequence[int]) -> Sizes:
    """The sizes that a collision of the periodic layer speaks of."""
    minimum = [max(axis.smallest_size, q) for axis, q in zip(layer.axes, period, strict=True)]
    return Sizes.from_minimum(minimum, layer.stride)


def tiled(values: Sequence[Fraction], period: Sequence[int], channels: int, size: Sequence[int]) -> list[Fraction]:
    """The periodic input on a grid, flat."""
    cells = prod(period)
    places = [
        flat_place([j % q for j, q in zip(place, period, strict=True)], period) for place in product(*map(range, size))
    ]
    return [values[i * cells + place] for i in range(channels) for place in places]
