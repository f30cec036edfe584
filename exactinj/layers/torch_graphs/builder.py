"""The graph while it is built: values with what they are at a sample input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network.node import Node
from exactinj.layers.network.operation import NotRationalError, Operation
from exactinj.layers.network.shaping import Constant, Rearrangement
from exactinj.layers.network.tensor import ExactTensor, Shape

__all__ = ["Builder", "NotUnderstoodError", "Value"]


class NotUnderstoodError(Exception):
    """A call of torch that is no step of an exact graph; the message says why."""


@dataclass(frozen=True, eq=False)
class Value:
    """A value that depends on the input.

    Attributes
    ----------
    name : in the graph
    sample : what it is at the sample input, in float64
    is_double : whether torch computes it in float64, so that Python's numbers are not rounded to float32 on their way
    """

    name: str
    sample: NDArray[np.float64]
    is_double: bool = True

    @property
    def shape(self) -> Shape:
        return self.sample.shape

    @property
    def axes(self) -> int:
        """How many axes it has."""
        return self.sample.ndim

    def number(self, value: Any) -> Any:
        """A number of the program as torch uses it beside this value: float32 unless the value is float64."""
        if isinstance(value, ExactTensor | Fraction):
            return value
        numbers = np.asarray(value.detach().cpu().double() if hasattr(value, "detach") else value)
        if self.is_double or hasattr(value, "detach") or numbers.dtype.kind in "iub":
            return numbers.astype(np.int64) if numbers.dtype.kind == "b" else numbers
        return numbers.astype(np.float32)


class Builder:
    """Collects the nodes of a graph."""

    def __init__(self, inputs: Sequence[str]) -> None:
        self.nodes: list[Node] = []
        self._names = set(inputs)
        self.current = "step"

    def fresh(self) -> str:
        """A new name, made of what is being translated."""
        name, number = self.current, 0
        while name in self._names:
            number += 1
            name = f"{self.current}_{number}"
        self._names.add(name)
        return name

    def add(self, operation: Operation, *values: Value) -> Value:
        """A step on these values."""
        try:
            sample = np.asarray(operation.floats(*(value.sample for value in values)), dtype=np.float64)
        except NotRationalError:
            sample = np.empty(operation.shape(*(value.shape for value in values)))
        name = self.fresh()
        self.nodes.append(Node(name, operation, tuple(value.name for value in values)))
        return Value(name, sample, all(value.is_double for value in values))

    def opaque(self, operation: Operation, read: Sequence[str], sample: NDArray[Any]) -> Value:
        """A step that is not understood, with the value that torch gives it at the sample."""
        name = self.fresh()
        self.nodes.append(Node(name, operation, tuple(read)))
        return Value(name, sample)

    def mark(self) -> int:
        """A state to go `back_to`."""
        return len(self.nodes)

    def back_to(self, mark: int) -> None:
        """Forget the steps since then."""
        self._names -= {node.name for node in self.nodes[mark:]}
        del self.nodes[mark:]

    def rearranged(self, value: Value, places: NDArray[np.int64], name: str, fill: Any = 0) -> Value:
        """The entries of a value at new places; the value itself if nothing changes."""
        if places.shape == value.shape and np.array_equal(places.ravel(), np.arange(value.sample.size)):
            return value
        return self.add(Rearrangement(places, name, fill), value)

    def reshaped(self, value: Value, shape: Sequence[int]) -> Value:
        return self.rearranged(value, np.arange(value.sample.size).reshape(shape), "reshape")

    def broadcast(self, value: Value, shape: Shape) -> Value:
        """The value repeated along axes so that it has that shape, as numpy and torch do."""
        places = np.arange(value.sample.size).reshape(value.shape)
        return self.rearranged(value, np.broadcast_to(places, shape).copy(), "expand")

    def constant(self, number: Any, is_double: bool = True) -> Value:
        """A value that depends on no input."""
        value = self.add(Constant(number))
        return Value(value.name, value.sample, is_double)
