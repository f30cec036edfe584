"""What inversion asks of a layer: its rows in floats, what it does to a point exactly, and its rows over Q."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer

__all__ = ["ConvMap", "DenseMap", "LayerMap", "map_of"]

Floats = NDArray[np.float64]
MOST_ENTRIES = 1 << 23  # of a convolution that is unrolled


class LayerMap(ABC):
    """``x -> ReLU(W x + b)`` on R^n with flat inputs and outputs."""

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of inputs."""

    @property
    @abstractmethod
    def m(self) -> int:
        """The number of outputs."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of one output."""

    @property
    @abstractmethod
    def summary(self) -> dict[str, object]:
        """What results say about the layer."""

    @property
    @abstractmethod
    def weights(self) -> Any:
        """W (m, n) in floats, each entry the nearest one: an array, or a sparse matrix in rows."""

    @property
    @abstractmethod
    def bias(self) -> Floats:
        """B (m,) likewise."""

    @property
    @abstractmethod
    def dense(self) -> ReLULayer | None:
        """The same as a dense layer; None where that would be too large."""

    @abstractmethod
    def evaluate(self, x: Sequence[Fraction]) -> list[Fraction]:
        """``ReLU(W x + b)``, exactly."""


class DenseMap(LayerMap):
    """A dense layer."""

    def __init__(self, layer: ReLULayer) -> None:
        self.layer = layer

    @property
    def n(self) -> int:
        return self.layer.n

    @property
    def m(self) -> int:
        return self.layer.m

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.m,)

    @property
    def summary(self) -> dict[str, object]:
        return {"m": self.m, "n": self.n}

    @cached_property
    def weights(self) -> Floats:
        return self.layer.W.to_float()

    @cached_property
    def bias(self) -> Floats:
        column: Floats = self.layer.b.to_float()[:, 0]
        return column

    @property
    def dense(self) -> ReLULayer:
        return self.layer

    def evaluate(self, x: Sequence[Fraction]) -> list[Fraction]:
        return self.layer.evaluate(x)


class ConvMap(LayerMap):
    """A convolution on grids of one size; inputs and outputs are flat, channels first."""

    def __init__(self, layer: ConvLayer, shape: Sequence[int]) -> None:
        self.layer = layer
        self.size = layer.size_of(shape)

    @property
    def n(self) -> int:
        return self.layer.in_channels * prod(self.size)

    @property
    def m(self) -> int:
        return prod(self.shape)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (self.layer.out_channels, *self.layer.output_size(self.size))

    @property
    def summary(self) -> dict[str, object]:
        return {"m": self.m, "n": self.n, "input_shape": [self.layer.in_channels, *self.size]}

    @cached_property
    def weights(self) -> Any:
        from scipy.sparse import csr_array

        entries: list[float] = []
        columns: list[int] = []
        ends = [0]
        for _, row in self.layer.rows(self.size):
            columns += row.keys()
            entries += map(nearest_float, row.values())
            ends.append(len(columns))
        return csr_array((np.array(entries), np.array(columns), np.array(ends)), shape=(self.m, self.n))

    @cached_property
    def bias(self) -> Floats:
        return np.repeat([nearest_float(value) for value in self.layer.bias], prod(self.shape[1:]))

    @cached_property
    def dense(self) -> ReLULayer | None:
        return self.layer.unrolled(self.size) if self.m * self.n <= MOST_ENTRIES else None

    def evaluate(self, x: Sequence[Fraction]) -> list[Fraction]:
        return self.layer.evaluate(x, self.size)


def map_of(layer: ReLULayer | ConvLayer, input_shape: Sequence[int] | None) -> LayerMap:
    """The map of a dense layer, or of a convolution on inputs of a shape; `InputError` if the shape is left out."""
    if isinstance(layer, ConvLayer):
        if input_shape is None:
            raise InputError(
                "found a convolution without an input shape, expected one size; say input_shape=(channels, *size)"
            )
        return ConvMap(layer, input_shape)
    if input_shape is not None:
        raise InputError("found an input shape for a dense layer, expected it for a convolution only; remove it")
    return DenseMap(layer)
