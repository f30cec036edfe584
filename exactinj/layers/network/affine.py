"""Affine steps with weights of their own: dense maps, convolutions, scalings, sums and means."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.layers.convolution.geometry import Axis
from exactinj.layers.network.operation import AffineOperation
from exactinj.layers.network.tensor import ExactTensor, Shape, finite_floats, integer_product

__all__ = ["Convolution", "Dense", "Mean", "ScaleShift", "Sum"]


class Dense(AffineOperation):
    """``W v + b`` for the last axis v of the input: W (m, n), b (m,), exact.

    An array of floats becomes exact when that is first asked for.
    """

    def __init__(self, W: Any, b: Any = None) -> None:
        self._given = finite_floats(W, "W")
        if self._given is None or self._given.ndim != 2 or not self._given.size:  # noqa: PLR2004 (a matrix)
            self._given, self.W = None, RationalMatrix(W, name="W")
        self.matrix_shape: tuple[int, int] = self.W.shape if self._given is None else self._given.shape
        m = self.matrix_shape[0]
        self.b = RationalMatrix.column([0] * m if b is None else b, name="b")
        if self.b.shape[0] != m:
            raise InputError(f"b has {self.b.shape[0]} entries and W has {m} rows; give one entry per row")

    @property
    def kind(self) -> str:
        return "linear"

    @cached_property
    def W(self) -> RationalMatrix:
        return RationalMatrix(self._given, name="W")

    def shape(self, *shapes: Shape) -> Shape:
        m, n = self.matrix_shape
        if not shapes[0] or shapes[0][-1] != n:
            raise InputError(f"found a value of shape {shapes[0]} for a matrix of {n} columns, expected {n} at its end")
        return (*shapes[0][:-1], m)

    def with_more_bias(self, more: ExactTensor) -> Dense:
        """The same matrix with more, (m,), added to b."""
        other = copy(self)
        total = ExactTensor.of_matrix(self.b).reshaped((-1,)).plus(more)
        other.b = RationalMatrix.column(total.fractions(), name="b")
        return other

    @cached_property
    def _weights(self) -> ExactTensor:
        return ExactTensor.of_matrix(self.W)

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        (v,) = directions
        rows = v.numerators.reshape(-1, self.W.shape[1])
        out = integer_product(rows, self._weights.numerators.T)
        shape = (*v.shape[:-1], self.W.shape[0])
        return ExactTensor(out.reshape(shape), v.denominator * self._weights.denominator).reduced()

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values).plus(ExactTensor.of_matrix(self.b).reshaped((-1,)))

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = values[0] @ self._floats.T + self.b.to_float()[:, 0]
        return out

    @property
    def _floats(self) -> NDArray[np.float64]:
        return self.W.to_float() if self._given is None else self._given.astype(np.float64, copy=False)


class Convolution(AffineOperation):
    """A cross-correlation of an input (1, channels, *size) with zero padding, as ``torch.nn.Conv1d`` to ``Conv3d``.

    Parameters
    ----------
    kernels : (out, in / groups, *kernel size), exact; an array of floats becomes so when that is first asked for
    b : (out,), optional
    stride, dilation : one per axis
    padding : a pair (low, high) per axis
    groups : int
    """

    def __init__(
        self,
        kernels: Any,
        b: Any = None,
        *,
        stride: Sequence[int],
        padding: Sequence[tuple[int, int]],
        dilation: Sequence[int],
        groups: int = 1,
    ) -> None:
        self._given = finite_floats(kernels, "kernels")
        if self._given is None:
            self.kernels = ExactTensor.of(kernels, "kernels")
        self.kernel_shape: Shape = self.kernels.shape if self._given is None else self._given.shape
        if len(self.kernel_shape) < 3 or not prod(self.kernel_shape):  # noqa: PLR2004 (channels, channels, places)
            raise InputError(f"found kernels of shape {self.kernel_shape}, expected (out, in / groups, *kernel size)")
        out, ins, *size = self.kernel_shape
        if len(size) != len(stride) or len(size) != len(padding) or len(size) != len(dilation) or out % groups:
            raise InputError(f"found kernels of shape {self.kernel_shape} with a geometry for other axes or groups")
        self.groups = groups
        self.b = ExactTensor.of([0] * out if b is None else b, "b")
        if self.b.shape != (out,):
            raise InputError(
                f"b has shape {self.b.shape} and there are {out} output channels; give one number for each"
            )
        parts = zip(size, stride, dilation, padding, strict=True)
        self.axes = tuple(Axis(taps, step, gap, low, high) for taps, step, gap, (low, high) in parts)
        self.in_channels, self.out_channels = ins * groups, out

    @property
    def kind(self) -> str:
        return f"conv{len(self.axes)}d"

    def shape(self, *shapes: Shape) -> Shape:
        one, *rest = shapes[0] or (0,)
        if one != 1 or len(rest) != len(self.axes) + 1 or rest[0] != self.in_channels:
            places = ", ".join(["size"] * len(self.axes))
            raise InputError(f"found a value of shape {shapes[0]}, expected (1, {self.in_channels}, {places})")
        counts = [axis.windows(n) for axis, n in zip(self.axes, rest[1:], strict=True)]
        if min(counts) < 1:
            raise InputError(f"found a value of shape {shapes[0]}, too small for a kernel of {self._kernel_size}")
        return (1, self.out_channels, *counts)

    @cached_property
    def kernels(self) -> ExactTensor:
        """The kernels in exact numbers."""
        return ExactTensor.of(self._given, "kernels")

    def with_more_bias(self, more: ExactTensor) -> Convolution:
        """The same kernels with more, (out,), added to b."""
        other = copy(self)
        other.b = self.b.plus(more)
        return other

    @property
    def _kernel_size(self) -> Shape:
        return self.kernel_shape[2:]

    def _columns(self, grid: NDArray[Any]) -> NDArray[Any]:
        """What each window reads, (channels, taps, windows), of a grid (channels, *size) of numbers of any type."""
        counts = [axis.windows(n) for axis, n in zip(self.axes, grid.shape[1:], strict=True)]
        sizes = [n + axis.low + axis.high for axis, n in zip(self.axes, grid.shape[1:], strict=True)]
        padded = np.zeros((grid.shape[0], *sizes), dtype=grid.dtype)
        padded[(slice(None), *(slice(a.low, a.low + n) for a, n in zip(self.axes, grid.shape[1:], strict=True)))] = grid
        seen = []
        for tap in product(*(range(axis.taps) for axis in self.axes)):
            parts = zip(self.axes, tap, counts, strict=True)
            corner = [slice(a.dilation * u, a.dilation * u + a.stride * (c - 1) + 1, a.stride) for a, u, c in parts]
            seen.append(padded[(slice(None), *corner)].reshape(grid.shape[0], -1))
        return np.stack(seen, axis=1)

    def _applied(self, value: NDArray[Any], weights: NDArray[Any], multiply: Any) -> NDArray[Any]:
        columns, outs = self._columns(value[0]), self.out_channels // self.groups
        ins = self.in_channels // self.groups
        parts = [
            multiply(
                weights[g * outs : (g + 1) * outs].reshape(outs, -1),
                columns[g * ins : (g + 1) * ins].reshape(-1, columns.shape[2]),
            )
            for g in range(self.groups)
        ]
        return np.concatenate(parts).reshape(self.shape(value.shape))

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        (v,) = directions
        out = self._applied(v.numerators, self.kernels.numerators, integer_product)
        return ExactTensor(out, v.denominator * self.kernels.denominator).reduced()

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values).plus(self.b.reshaped((1, -1, *[1] * len(self.axes))))

    @cached_property
    def _float_kernels(self) -> NDArray[np.float64]:
        return self.kernels.floats() if self._given is None else self._given.astype(np.float64)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out = self._applied(values[0], self._float_kernels, np.matmul)
        return out + self.b.floats().reshape(1, -1, *[1] * len(self.axes))


class ScaleShift(AffineOperation):
    """``scale * v + shift`` entry by entry, both broadcast to the value: normalisation in inference, constants."""

    def __init__(self, scale: Any, shift: Any, name: str = "scale") -> None:
        self.scale, self.offset, self.name = ExactTensor.of(scale, "scale"), ExactTensor.of(shift, "shift"), name

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        try:
            out = np.broadcast_shapes(shapes[0], self.scale.shape, self.offset.shape)
        except ValueError:
            out = ()
        if out != shapes[0]:
            raise InputError(f"found a value of shape {shapes[0]} to scale by numbers of shape {self.scale.shape}")
        return out

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        return directions[0].times(self.scale)

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values).plus(self.offset)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        return values[0] * self.scale.floats() + self.offset.floats()


class Sum(AffineOperation):
    """``sum_k signs[k] v_k`` of values of one shape: skips and differences."""

    def __init__(self, signs: Sequence[int]) -> None:
        self.signs = tuple(signs)

    @property
    def kind(self) -> str:
        return "add"

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes) != len(self.signs) or len(set(shapes)) != 1:
            raise InputError(f"found values of shapes {', '.join(map(str, shapes))} to add, expected one shape")
        return shapes[0]

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        total = ExactTensor(directions[0].numerators * self.signs[0], directions[0].denominator)
        for sign, value in zip(self.signs[1:], directions[1:], strict=True):
            total = total.plus(ExactTensor(value.numerators * sign, value.denominator))
        return total.reduced()

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        total = self.signs[0] * values[0]
        for sign, value in zip(self.signs[1:], values[1:], strict=True):
            total = total + sign * value
        return total


class Mean(AffineOperation):
    """Means over windows: average pooling, means over axes.

    Parameters
    ----------
    places : (*shape of the value, k) integers
        What each mean reads: places of the flattened input; -1 reads a zero.
    counts : integers of the shape of the value
        What each sum is divided by.
    """

    def __init__(self, places: NDArray[np.int64], counts: NDArray[np.int64], name: str = "average pool") -> None:
        self.places, self.counts, self.name = places, counts, name
        self._common = int(np.lcm.reduce(counts.ravel())) if counts.size else 1

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        if prod(shapes[0]) <= self.places.max(initial=-1):
            raise InputError(f"found a value of shape {shapes[0]}, too small for {self.name}")
        return self.places.shape[:-1]

    def linear(self, *directions: ExactTensor) -> ExactTensor:
        flat = np.append(directions[0].numerators.ravel(), 0)  # the place -1
        sums = flat[self.places].sum(axis=-1) if self.places.size else np.zeros(self.counts.shape, dtype=object)
        weights = (self._common // self.counts).astype(object)
        out = np.asarray(sums * weights, dtype=object).reshape(self.counts.shape)
        return ExactTensor(out, directions[0].denominator * self._common).reduced()

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return self.linear(*values)

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = np.append(values[0].ravel(), 0.0)[self.places].sum(axis=-1) / self.counts
        return out
