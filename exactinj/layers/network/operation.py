"""What a step of a network can be: one small abstract class and the few kinds that methods tell apart.

Every operation says the shape of its value, evaluates exactly and in floats, and, where it is piecewise linear, tells
the derivative along directions. Shapes hold all axes, the batch of one input included, as in frameworks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Never

from numpy.typing import NDArray

from exactinj.errors import ExactinjError
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["AffineOperation", "NotRationalError", "OneToOne", "Opaque", "Operation", "PiecewiseLinear"]


class NotRationalError(ExactinjError, ValueError):
    """A value that exact evaluation needs is no rational number, or comes from an operator that is not understood."""


class Operation(ABC):
    """A step of a network: one value of the values of earlier steps. Immutable."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The name in tables, such as ``conv2d`` or ``relu``."""

    @abstractmethod
    def shape(self, *shapes: Shape) -> Shape:
        """The shape of the value for these shapes of its inputs; `InputError` if they do not fit."""

    @abstractmethod
    def exact(self, *values: ExactTensor) -> ExactTensor:
        """The value in exact rationals; `NotRationalError` where there is none."""

    @abstractmethod
    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        """The value in float64, with rounding."""

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class AffineOperation(Operation):
    """An affine map of its inputs."""

    @abstractmethod
    def linear(self, *directions: ExactTensor) -> ExactTensor:
        """The linear part alone, exact: what the value changes by when the inputs change by `directions`."""


class PiecewiseLinear(Operation):
    """A continuous map that is linear on each cell of a finite number."""

    @abstractmethod
    def along(self, values: tuple[ExactTensor, ...], directions: tuple[ExactTensor, ...]) -> ExactTensor:
        """The one-sided derivative at `values` along `directions`, exact."""

    @abstractmethod
    def is_inside(self, *values: ExactTensor) -> bool:
        """Whether `values` lie in the interior of a cell, so that the derivative is linear in the directions."""


class OneToOne(Operation):
    """A strictly monotone function of each entry that is no rational map, such as a sigmoid: named, never evaluated.

    Equal values come from equal inputs, so that it plays no part in injectivity. Names hold all numbers that the
    function has, or `parameters` is a digest of these.
    """

    def __init__(self, name: str, function: Any, parameters: str | None = None) -> None:
        self.name, self._function, self.parameters = name, function, parameters

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def exact(self, *values: ExactTensor) -> Never:
        raise NotRationalError(f"the values of {self.name} are no rational numbers")

    def floats(self, *values: NDArray[Any]) -> NDArray[Any]:
        out: NDArray[Any] = self._function(values[0])
        return out


class Opaque(Operation):
    """An operator that is not understood: it has a name, a shape if that is known, and no values.

    `parameters` is a digest of what it depends on beside the values that it reads: weights, attributes.
    """

    def __init__(self, name: str, shape: Shape | None, why: str = "", parameters: str | None = None) -> None:
        self.name, self._shape, self.parameters = name, shape, parameters
        self.why = why or f"the operator {name} is not supported"

    @property
    def kind(self) -> str:
        return self.name

    def shape(self, *shapes: Shape) -> Shape:
        if self._shape is None:
            raise NotRationalError(f"{self.why}, and the shape of its value is not known")
        return self._shape

    def exact(self, *values: ExactTensor) -> Never:
        raise NotRationalError(self.why)

    def floats(self, *values: NDArray[Any]) -> Never:
        raise NotRationalError(self.why)
