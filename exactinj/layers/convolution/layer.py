"""The layer ``x -> ReLU(K * x + b)`` with a bank K of convolution kernels, held exactly.

As in ``torch.nn.Conv1d`` to ``Conv3d`` the product is a cross-correlation; the formula is in
`docs/certificates-convolution.md`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import lcm, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_array, plain_vector
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import fraction_from, nearest_float
from exactinj.layers.convolution.arguments import flattened, listed, padding_pairs, per_axis, shaped, whole
from exactinj.layers.convolution.geometry import PADDING_MODES, Axis, taps_on_grid, times
from exactinj.layers.convolution.writing import write_kernels
from exactinj.layers.dense import ReLULayer
from exactinj.layers.torch_modules import CONVOLUTIONS, linear_part
from exactinj.work.card import Card, ShownAsCard

__all__ = ["ConvLayer"]

ZERO = Fraction(0)
Bank = list[list[list[Fraction]]]


class ConvLayer(ShownAsCard):
    """A convolution followed by a ReLU, for inputs of any size, with exact rational kernels.

    Parameters
    ----------
    kernels : (out, in / groups, *kernel size) array, tensor or nested sequence
        1-D, 2-D or 3-D; numbers as in `ReLULayer`.
    b : (out,) likewise, optional
        The bias of each output channel; zero if left out.
    stride, dilation : int or one per axis
    padding : int, one per axis, a pair (low, high) per axis, "valid" or "same"
        Places added at the ends of each axis; "same" keeps the size (stride 1), with the odd place at the high end.
    groups : int
    padding_mode : {"zeros", "circular", "reflect", "replicate"}

    Raises
    ------
    InputError
        For ragged or empty kernels, numbers that do not fit each other, and a stride beyond the kernel.

    Examples
    --------
    >>> layer = ConvLayer([[[1, -1]], [[-1, 1]]], padding=1)
    >>> layer.evaluate([3, 5], size=(2,))
    [Fraction(0, 1), Fraction(0, 1), Fraction(5, 1), Fraction(3, 1), Fraction(2, 1), Fraction(0, 1)]
    >>> layer.unrolled((2,))
    ReLULayer(m=6, n=2, sha256=c738c090b706)
    """

    def __init__(
        self,
        kernels: Any,
        b: Any = None,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
    ) -> None:
        shape, flat = flattened(kernels)
        self.kernel_size = shape[2:]
        self.kernels = RationalMatrix(flat, name="kernels")
        self.groups = whole(groups, "groups", least=1)
        self.out_channels, self.in_channels = shape[0], shape[1] * self.groups
        if self.out_channels % self.groups:
            raise InputError(
                f"found {self.out_channels} output channels in {self.groups} groups, expected a multiple of the groups"
            )
        self.b = RationalMatrix.column([0] * self.out_channels if b is None else b, name="b")
        if self.b.shape[0] != self.out_channels:
            raise InputError(
                f"b has {self.b.shape[0]} entries and there are {self.out_channels} output channels; give one for each"
            )
        if padding_mode not in PADDING_MODES:
            raise InputError(f"found the padding mode {padding_mode!r}, expected one of {', '.join(PADDING_MODES)}")
        self.axes = self._axes(stride, padding, dilation, padding_mode)

    def _axes(self, stride: Any, padding: Any, dilation: Any, mode: str) -> tuple[Axis, ...]:
        count = len(self.kernel_size)
        strides = per_axis(stride, count, "stride", least=1)
        dilations = per_axis(dilation, count, "dilation", least=1)
        extents = [step * (taps - 1) + 1 for taps, step in zip(self.kernel_size, dilations, strict=True)]
        pads = padding_pairs(padding, extents, strides)
        for k, (step, extent) in enumerate(zip(strides, extents, strict=True)):
            if step > extent:
                raise InputError(
                    f"found stride {step} beyond the kernel along axis {k + 1} (extent {extent}), expected at most the "
                    "extent: inputs between the windows are read by nothing"
                )
        parts = zip(self.kernel_size, strides, dilations, pads, strict=True)
        return tuple(Axis(taps, step, gap, low, high, mode) for taps, step, gap, (low, high) in parts)

    @classmethod
    def from_torch(cls, module: Any) -> ConvLayer:
        """The layer ``ReLU(module(x))`` of a ``torch.nn.Conv1d`` to ``Conv3d``, or one in a Sequential with a ReLU."""
        _, module = linear_part(module, CONVOLUTIONS)
        return cls(
            module.weight,
            module.bias,
            stride=module.stride,
            padding=module.padding,
            dilation=module.dilation,
            groups=module.groups,
            padding_mode=module.padding_mode,
        )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a kernel file that `read_kernels` reads back: ``.json`` holds any rationals, ``.npz`` float64.

        `InputError` as of `ReLULayer.write`.
        """
        write_kernels(self.kernels, self.b, self.record, path)

    @property
    def dimensions(self) -> int:
        """The number of axes of the grid, 1 to 3."""
        return len(self.axes)

    @property
    def stride(self) -> tuple[int, ...]:
        return tuple(axis.stride for axis in self.axes)

    @property
    def dilation(self) -> tuple[int, ...]:
        return tuple(axis.dilation for axis in self.axes)

    @property
    def padding(self) -> tuple[tuple[int, int], ...]:
        return tuple((axis.low, axis.high) for axis in self.axes)

    @property
    def padding_mode(self) -> str:
        return self.axes[0].mode

    @property
    def extent(self) -> tuple[int, ...]:
        """The size of a window on the grid, dilation included."""
        return tuple(axis.extent for axis in self.axes)

    @property
    def is_padded(self) -> bool:
        return any(axis.is_padded for axis in self.axes)

    @property
    def has_bias(self) -> bool:
        return not self.b.is_zero()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConvLayer) and self.record == other.record and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        bias = ", with bias" if self.has_bias else ""
        return f"ConvLayer({self.description}{bias}, sha256={self.digest[:12]})"

    def _card(self) -> Card:
        facts = (("kernels", self.description), ("bias", "yes" if self.has_bias else "zero"), ("sha256", self.digest))
        return Card("ConvLayer: x -> ReLU(conv(x) + b), exact", facts)

    @property
    def description(self) -> str:
        """Channels and geometry in words; what has its usual value is left out."""
        size = times(self.kernel_size)
        channels = "1 channel" if self.in_channels == 1 else f"{self.in_channels} channels"
        kernels = "1 kernel" if self.out_channels == 1 else f"{self.out_channels} kernels"
        parts = [f"{kernels} of size {size} on {channels}"]
        parts += [f"stride {_short(self.stride)}"] if set(self.stride) != {1} else []
        parts += [f"dilation {_short(self.dilation)}"] if set(self.dilation) != {1} else []
        if self.is_padded:
            pads = _short(tuple(low if low == high else (low, high) for low, high in self.padding))
            parts.append(f"padding {pads} ({self.padding_mode})")
        parts += [f"{self.groups} groups"] if self.groups > 1 else []
        return ", ".join(parts)

    @property
    def record(self) -> dict[str, object]:
        """What certificates say about the layer beside its numbers, in their order."""
        return {
            "in_channels": self.in_channels,
            "out_channels": self.out_channels,
            "groups": self.groups,
            "kernel_size": list(self.kernel_size),
            "stride": list(self.stride),
            "dilation": list(self.dilation),
            "padding": [list(pair) for pair in self.padding],
            "padding_mode": self.padding_mode,
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the layer's canonical text, as defined in ``docs/certificates-convolution.md``."""
        texts = {"kernels": list(self.kernels.texts()), "b": [text for (text,) in self.b.texts()]}
        text = json.dumps({**self.record, **texts}, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def summary(self) -> dict[str, object]:
        """What results say about it: geometry and digest."""
        return {**self.record, "sha256": self.digest}

    def size_of(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The grid size of an input shape, with or without the channels in front; `InputError` if it does not fit."""
        sizes = tuple(whole(value, "input shape", least=1) for value in listed(shape))
        if len(sizes) == self.dimensions + 1:
            if sizes[0] != self.in_channels:
                raise InputError(
                    f"found an input with {sizes[0]} channels, expected {self.in_channels} as in the kernels"
                )
            sizes = sizes[1:]
        if len(sizes) != self.dimensions:
            raise InputError(
                f"found an input shape of {len(sizes)} numbers, expected {self.dimensions} (the grid), or "
                f"{self.dimensions + 1} with the channels in front"
            )
        for k, (axis, n) in enumerate(zip(self.axes, sizes, strict=True)):
            if axis.windows(n) < 1:
                raise InputError(
                    f"found input size {n} along axis {k + 1} and a kernel that extends over {axis.extent}, so the "
                    f"output is empty; expected at least {axis.smallest_size}"
                )
            if n < axis.smallest_size:
                raise InputError(
                    f"found input size {n} along axis {k + 1}, expected at least {axis.smallest_size} for "
                    f"{axis.mode} padding of {max(axis.low, axis.high)}"
                )
        return sizes

    def output_size(self, size: Sequence[int]) -> tuple[int, ...]:
        """The numbers of windows on a grid; `InputError` if the layer is not defined for its size."""
        return tuple(axis.windows(n) for axis, n in zip(self.axes, self.size_of(size), strict=True))

    @cached_property
    def bank(self) -> Bank:
        """Per output channel and input channel of its group, the taps in lexicographic order."""
        taps = prod(self.kernel_size)
        return [[row[i : i + taps] for i in range(0, len(row), taps)] for row in self.kernels.fractions()]

    @cached_property
    def bias(self) -> list[Fraction]:
        """The bias of each output channel."""
        return [value for (value,) in self.b.fractions()]

    @cached_property
    def group_layers(self) -> list[ConvLayer]:
        """One layer per group; the layer is injective on a product domain exactly if each of these is."""
        if self.groups == 1:
            return [self]
        outs, ins = self.out_channels // self.groups, self.in_channels // self.groups
        options: dict[str, Any] = {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "padding_mode": self.padding_mode,
        }
        rows, bias = self.kernels.fractions(), self.bias
        return [
            ConvLayer(
                shaped(rows[g * outs : (g + 1) * outs], ins, self.kernel_size),
                bias[g * outs : (g + 1) * outs],
                **options,
            )
            for g in range(self.groups)
        ]

    def taps(self) -> list[tuple[int, ...]]:
        """The taps of the kernel in lexicographic order."""
        return list(product(*map(range, self.kernel_size)))

    def rows(self, size: Sequence[int]) -> Iterator[tuple[int, dict[int, Fraction]]]:
        """The rows of the unrolled layer: output channel and nonzero entries by column ``(i, j)``, in order."""
        reads = [
            [[axis.source(t + axis.dilation * u, n) for u in range(axis.taps)] for t in axis.starts(n)]
            for axis, n in zip(self.axes, size, strict=True)
        ]
        windows = [taps_on_grid(window, size) for window in product(*reads)]
        for o in range(self.out_channels):
            for window in windows:
                yield o, self.window_row(o, window, prod(size))

    def window_row(self, o: int, window: Sequence[tuple[int, int]], cells: int) -> dict[int, Fraction]:
        """The row of one output: entries by column ``(i, place)``, for the taps and places of `taps_on_grid`."""
        ins, kernel = self.in_channels // self.groups, self.bank[o]
        first = o // (self.out_channels // self.groups) * ins
        row: dict[int, Fraction] = {}
        for tap, place in window:
            for i in range(ins):
                column = (first + i) * cells + place
                row[column] = row.get(column, ZERO) + kernel[i][tap]
        return row

    def unrolled(self, size: Sequence[int]) -> ReLULayer:
        """The dense layer for one grid size: ``n = in * prod(size)`` columns, ``out * prod(output_size)`` rows.

        Columns are ordered as ``x.flatten()`` of an input (channels, *size), rows likewise as the output.
        """
        size = self.size_of(size)
        n = self.in_channels * prod(size)
        rows, bias = [], []
        for o, entries in self.rows(size):
            rows.append([entries.get(j, 0) for j in range(n)])
            bias.append(self.bias[o])
        return ReLULayer(rows, bias)

    def evaluate(self, x: Any, size: Sequence[int] | None = None) -> list[Fraction]:
        """``ReLU(K * x + b)`` in exact rationals, as a flat output.

        The input is flat (channels, *size) with its size, or an array or tensor of that shape, which has it.
        """
        return [max(value, ZERO) for value in self.preactivation(x, size)]

    def preactivation(self, x: Any, size: Sequence[int] | None = None) -> list[Fraction]:
        """``K * x + b`` likewise."""
        x, size = self._flat(x, size)
        values, denominator = _integers([fraction_from(value) for value in x])
        rows, scale = self.integer_bank
        out = self._correlated(np.array(values, dtype=object), np.array(rows, dtype=object), size)
        bias = [value * scale * denominator for value in self.bias]
        return [
            (Fraction(value) + beta) / (scale * denominator)
            for channel, beta in zip(out, bias, strict=True)
            for value in channel
        ]

    def _flat(self, x: Any, size: Sequence[int] | None) -> tuple[Sequence[Any], tuple[int, ...]]:
        """Flat numbers of an input and its grid size."""
        plain = plain_array(x, "x")
        if isinstance(plain, np.ndarray) and plain.ndim > 1:
            if plain.ndim != self.dimensions + 1:
                raise InputError(
                    f"x has shape {plain.shape}, expected (channels, *size) with {self.dimensions + 1} axes; "
                    "give one input at a time"
                )
            return plain.ravel().tolist(), self.size_of(plain.shape if size is None else size)
        if size is None:
            raise InputError("found input shape None for a flat input without its size, expected evaluate(x, size)")
        return plain_vector(plain, "x"), self.size_of(size)

    def evaluate_float(self, x: Sequence[Fraction], size: Sequence[int], dtype: Any) -> NDArray[Any]:
        """The same in floats of one type, every number rounded first."""
        kernels, bias = self.kernels.to_float(dtype), self.b.to_float(dtype)
        point = np.array([nearest_float(value) for value in x]).astype(dtype)
        out: NDArray[Any] = np.maximum(self._correlated(point, kernels, size) + bias, 0).ravel()
        return out

    @cached_property
    def integer_bank(self) -> tuple[list[list[int]], int]:
        """The kernels, one row each, as integers over a common denominator."""
        rows = self.kernels.fractions()
        scale = lcm(*(value.denominator for row in rows for value in row))
        return [[int(value * scale) for value in row] for row in rows], scale

    def _correlated(self, x: NDArray[Any], kernels: NDArray[Any], size: Sequence[int]) -> NDArray[Any]:
        """The cross-correlation, shape (out, windows), in the numbers of the arrays."""
        size = self.size_of(size)
        if len(x) != self.in_channels * prod(size):
            raise InputError(
                f"found an input of {len(x)} numbers, expected {self.in_channels * prod(size)}: "
                f"{self.in_channels} channel(s) of size {times(size)}"
            )
        grid = x.reshape(self.in_channels, *size)
        for k, (axis, n) in enumerate(zip(self.axes, size, strict=True)):
            places = [axis.source(place, n) for place in range(-axis.low, n + axis.high)]
            grid = np.take(grid, [place or 0 for place in places], axis=k + 1)
            outside = np.array([place is None for place in places], dtype=bool)
            np.moveaxis(grid, k + 1, 0)[outside] = 0
        counts = self.output_size(size)
        out = np.zeros((self.out_channels, *counts), dtype=grid.dtype)
        ins, outs = self.in_channels // self.groups, self.out_channels // self.groups
        for number, tap in enumerate(self.taps()):
            corner: list[Any] = [
                slice(axis.dilation * u, axis.dilation * u + axis.stride * (count - 1) + 1, axis.stride)
                for axis, u, count in zip(self.axes, tap, counts, strict=True)
            ]
            for g, i in product(range(self.groups), range(ins)):
                weights = kernels[g * outs : (g + 1) * outs, i * prod(self.kernel_size) + number]
                seen = grid[(g * ins + i, *corner)]
                out[g * outs : (g + 1) * outs] += weights.reshape(-1, *[1] * len(counts)) * seen
        return out.reshape(self.out_channels, -1)


def _integers(values: Sequence[Fraction]) -> tuple[list[int], int]:
    denominator = lcm(*(value.denominator for value in values))
    return [int(value * denominator) for value in values], denominator


def _short(values: tuple[Any, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))
