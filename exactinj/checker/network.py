"""certificates-network.md, section "Dense networks": the map, and its affine pieces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.rationals import Vector, over_one_denominator

__all__ = ["DenseLayer", "DenseNetwork", "Piece", "coprime"]


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """W, b and the slopes below 0."""

    W: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]
    slopes: Sequence[Fraction]


def coprime(values: Sequence[int]) -> Vector:
    """The positive multiple with coprime entries, or zero."""
    content = math.gcd(*values)
    return list(values) if content < 2 else [value // content for value in values]


@dataclass(frozen=True, slots=True)
class DenseNetwork:
    """The layers, each with as many columns as the one before it has rows."""

    layers: Sequence[DenseLayer]

    @property
    def n(self) -> int:
        """The dimension of the input."""
        return len(self.layers[0].W[0])

    @property
    def m(self) -> int:
        """The dimension of the output."""
        return len(self.layers[-1].W)

    def neurons(self) -> list[tuple[int, int]]:
        """Layer and row of each neuron, in order."""
        return [(k, i) for k, layer in enumerate(self.layers) for i, slope in enumerate(layer.slopes) if slope != 1]

    def outputs(self, x: Sequence[Fraction]) -> list[Fraction]:
        """f(x)."""
        point = list(x)
        for layer in self.layers:
            sums = [sum(map(mul, row, point), bias) for row, bias in zip(layer.W, layer.b, strict=True)]
            point = [z if z >= 0 else slope * z for z, slope in zip(sums, layer.slopes, strict=True)]
        return point


class Piece:
    """The pre-activations (w, beta) of a layer as the pattern of the layers before makes them; one denominator."""

    __slots__ = ("_network", "denominator", "layer", "sums")

    def __init__(self, network: DenseNetwork, layer: int, sums: list[Vector], denominator: int) -> None:
        self._network, self.layer, self.sums, self.denominator = network, layer, sums, denominator

    @classmethod
    def first(cls, network: DenseNetwork) -> Piece:
        """The pre-activations of the first layer."""
        inputs: list[Vector] = [[int(i == j) for j in range(network.n + 1)] for i in range(network.n)]
        return cls._of(network, 0, inputs, 1)

    @classmethod
    def _of(cls, network: DenseNetwork, layer: int, inputs: list[Vector], denominator: int) -> Piece:
        """W times the inputs, plus b."""
        weights = network.layers[layer]
        width = len(weights.W[0]) + 1
        flat = [value for row, bias in zip(weights.W, weights.b, strict=True) for value in (*row, bias)]
        entries, factor = over_one_denominator(flat)
        one = [0] * network.n + [denominator]
        columns = list(zip(*inputs, one, strict=True))
        sums: list[Vector] = [
            [sum(map(mul, entries[k : k + width], column)) for column in columns] for k in range(0, len(flat), width)
        ]
        return cls._reduced(network, layer, sums, denominator * factor)

    @classmethod
    def _reduced(cls, network: DenseNetwork, layer: int, rows: list[Vector], denominator: int) -> Piece:
        content = math.gcd(denominator, *(value for row in rows for value in row))
        return cls(network, layer, [[value // content for value in row] for row in rows], denominator // content)

    def outputs(self, signs: Sequence[int]) -> tuple[list[Vector], int]:
        """The layer's outputs over one denominator; one sign for each of its neurons."""
        slopes = self._network.layers[self.layer].slopes
        left = iter(signs)
        factors, common = over_one_denominator(
            [slope if slope != 1 and next(left) < 0 else Fraction(1) for slope in slopes]
        )
        rows: list[Vector] = [[factor * value for value in row] for factor, row in zip(factors, self.sums, strict=True)]
        return rows, self.denominator * common

    def next(self, signs: Sequence[int]) -> Piece:
        """The pre-activations of the layer behind it."""
        return self._of(self._network, self.layer + 1, *self.outputs(signs))
