"""Convolutions by nested loops: the outputs of `x -> ReLU(K * x + b)` as docs/certificates-convolution.md defines them.

Inputs are dictionaries from (channel, place) to Fractions, padded inputs are read by a function of any place, outputs
come from four nested loops. The unrolled matrix is read off the outputs at 0 and at the unit vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from .answer import Numbers, Vector, exact, exact_vector

Place = tuple[int, ...]


class Convolution(NamedTuple):
    """Plain numbers: `kernels` (out, in / groups, *kernel size) nested, `padding` a pair (low, high) for each axis."""

    kernels: Any
    b: Sequence[Any] | None
    stride: Sequence[int]
    padding: Sequence[tuple[int, int]]
    dilation: Sequence[int]
    groups: int = 1
    padding_mode: str = "zeros"

    @property
    def kernel_size(self) -> Place:
        sizes, part = [], self.kernels[0][0]
        for _ in self.stride:
            sizes.append(len(part))
            part = part[0]
        return tuple(sizes)

    @property
    def channels(self) -> int:
        return self.groups * len(self.kernels[0])


def outputs(layer: Convolution, x: Numbers, size: Sequence[int]) -> Vector:
    """The outputs at a flat input (channels, *size), flat, in the order (out, *windows)."""
    return tuple(max(value, Fraction(0)) for value in preactivations(layer, x, size))


def preactivations(layer: Convolution, x: Numbers, size: Sequence[int]) -> Vector:
    """`K * x + b` likewise."""
    numbers = iter(exact_vector(x))
    values = {(i, place): next(numbers) for i in range(layer.channels) for place in product(*map(range, size))}
    if next(numbers, None) is not None:
        raise ValueError("expected channels * prod(size) numbers, found more")
    members = len(layer.kernels) // layer.groups
    width = len(layer.kernels[0])
    out = []
    for o, kernel in enumerate(layer.kernels):
        for start in window_starts(layer, size):
            total = Fraction(0) if layer.b is None else exact(layer.b[o])
            for i in range(width):
                for tap in product(*map(range, layer.kernel_size)):
                    weight = kernel[i]
                    for u in tap:
                        weight = weight[u]
                    place = [t + gap * u for t, gap, u in zip(start, layer.dilation, tap, strict=True)]
                    seen = read(layer.padding_mode, place, size)
                    if seen is not None:
                        total += exact(weight) * values[o // members * width + i, seen]
            out.append(total)
    return tuple(out)


def window_starts(layer: Convolution, size: Sequence[int]) -> list[Place]:
    """Every window that fits into the padded grid, found by trying; raises ValueError if the size is not allowed."""
    axes = []
    for n, taps, stride, gap, (low, high) in zip(
        size, layer.kernel_size, layer.stride, layer.dilation, layer.padding, strict=True
    ):
        starts = [t for t in range(-low, n + high) if (t + low) % stride == 0 and t + gap * (taps - 1) < n + high]
        reach = max(low, high)
        if not starts or n < 1 or reach > {"reflect": n - 1, "circular": n}.get(layer.padding_mode, reach):
            raise ValueError(f"the layer is not defined for the size {n}")
        axes.append(starts)
    return list(product(*axes))


def read(mode: str, place: Sequence[int], size: Sequence[int]) -> Place | None:
    """The place of the grid that stands at any place; None for a zero. One step at a time."""
    found = []
    for at, n in zip(place, size, strict=True):
        j = at
        while not 0 <= j < n:
            if mode == "zeros":
                return None
            if mode == "circular":
                j += n if j < 0 else -n
            elif mode == "replicate":
                j += 1 if j < 0 else -1
            else:
                j = -j if j < 0 else n - 1 - (j - (n - 1))
        found.append(j)
    return tuple(found)


def unrolled(layer: Convolution, size: Sequence[int]) -> tuple[list[Vector], Vector]:
    """The dense `(W, b)` for one size."""
    n = layer.channels
    for length in size:
        n *= length
    bias = preactivations(layer, [0] * n, size)
    columns = [preactivations(layer, [int(k == j) for k in range(n)], size) for j in range(n)]
    rows = [tuple(column[i] - bias[i] for column in columns) for i in range(len(bias))]
    return rows, bias
