"""Piecewise linear functions of single entries: ReLU, leaky ReLU, clipping, absolute values; and squares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.layers.network.operation import Operation, PiecewiseLinear
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["Clip", "LeakyRelu", "Relu", "Square"]


class LeakyRelu(PiecewiseLinear):
    """``max(v, 0) + slope min(v, 0)`` with slopes broadcast to the value; slope -1 is the absolute value.

    One-to-one where all slopes are positive.
    """

    def __init__(self, slope: Any, name: str = "leaky relu") -> None:
        self.slope, self.name = ExactTensor.of(slope, "slope"), name

    @property
    def kind(self) -> str:
        return self.name

    @property
    def is_one_to_one(self) -> bool:
        """Whether equal values come from equal inputs."""
        return bool((self.slope.numerators > 0).all())

    def shape(self, *shapes: Shape) -> Shape:
        try:
            out = np.broadcast_shapes(shapes[0], self.slope.shape)
        except ValueError:
            out = ()
        if out != shapes[0]:
            raise InputError(f"found slopes of shape {self.slope.shape} for a value of shape {shapes[0]}")
        return out

    def exact(self, *values: ExactTensor) -> ExactTensor:
        v, slope = values[0], self.slope
        if not slope.numerators.any():
            return ExactTensor(np.maximum(v.numerators, 0), v.denominator)
        low = np.minimum(v.numerators, 0) * slope.numerators
        out = np.asarray(np.maximum(v.numerators, 0) * slope.denominator + low, dtype=object)
        return ExactTensor(out, v.denominator * slope.denominator).reduced()

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = np.maximum(values[0], 0) + self.slope.floats() * np.minimum(values[0], 0)
        return out

    def along(self, values: tuple[ExactTensor, ...], directions: tuple[ExactTensor, ...]) -> ExactTensor:
        v, d = values[0].numerators, directions[0]
        rising = (v > 0) | ((v == 0) & (d.numerators > 0))
        slope = np.where(rising, self.slope.denominator, np.broadcast_to(self.slope.numerators, v.shape))
        out = np.asarray(d.numerators * slope, dtype=object)
        return ExactTensor(out, d.denominator * self.slope.denominator).reduced()

    def is_inside(self, *values: ExactTensor) -> bool:
        return bool((values[0].numerators != 0).all())


class Relu(LeakyRelu):
    """``max(v, 0)``."""

    def __init__(self) -> None:
        super().__init__(0, "relu")


class Clip(PiecewiseLinear):
    """``min(max(v, low), high)``, as ReLU6 and hard tanh; None leaves a side open."""

    def __init__(self, low: Any, high: Any, name: str = "clip") -> None:
        self.low = None if low is None else fraction_from(low)
        self.high = None if high is None else fraction_from(high)
        self.name = name

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def _ends(self, value: ExactTensor) -> tuple[ExactTensor, int | None, int | None]:
        """The value and the ends as numerators over one denominator."""
        ends = [end for end in (self.low, self.high) if end is not None]
        common = int(np.lcm.reduce([value.denominator, *(end.denominator for end in ends)], dtype=object))
        low, high = (None if end is None else int(end * common) for end in (self.low, self.high))
        return ExactTensor(value.over(common), common), low, high

    def exact(self, *values: ExactTensor) -> ExactTensor:
        v, low, high = self._ends(values[0])
        out = v.numerators if low is None else np.maximum(v.numerators, low)
        return ExactTensor(out if high is None else np.minimum(out, high), v.denominator).reduced()

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        low = -np.inf if self.low is None else float(self.low)
        high = np.inf if self.high is None else float(self.high)
        out: NDArray[Any] = np.clip(values[0], low, high)
        return out

    def along(self, values: tuple[ExactTensor, ...], directions: tuple[ExactTensor, ...]) -> ExactTensor:
        v, low, high = self._ends(values[0])
        d = directions[0]
        moves = np.full(v.shape, fill_value=True)
        if low is not None:
            moves &= (v.numerators > low) | ((v.numerators == low) & (d.numerators > 0))
        if high is not None:
            moves &= (v.numerators < high) | ((v.numerators == high) & (d.numerators < 0))
        return ExactTensor(np.where(moves, d.numerators, 0), d.denominator)

    def is_inside(self, *values: ExactTensor) -> bool:
        v, low, high = self._ends(values[0])
        return not any(end is not None and (v.numerators == end).any() for end in (low, high))


class Square(Operation):
    """``v^2``: exact, but not piecewise linear; v and -v have the same value."""

    @property
    def kind(self) -> str:
        return "square"

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def exact(self, *values: ExactTensor) -> ExactTensor:
        return values[0].times(values[0])

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = values[0] * values[0]
        return out
