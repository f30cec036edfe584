"""What operators add their steps to: names, shapes, element types and constants of the network that is being read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.files.onnx.call import NotUnderstoodError
from exactinj.files.onnx.evaluation import MOST_ENTRIES, Kind
from exactinj.files.onnx.package import onnx_package
from exactinj.layers.network import Concatenation, Constant, Node, Opaque, Operation, Rearrangement, Shape

__all__ = ["FLOAT_TYPES", "MOST_WEIGHTS", "Builder", "exact_numbers", "real_numbers"]

MOST_PLACES = 1 << 27  # entries of all values together
MOST_FOLDED = 1 << 30  # bytes of constants that were computed
MOST_EXACT = 1 << 23  # entries of one constant that becomes exact rationals
MOST_WEIGHTS = 1 << 27  # of a matrix or kernels, which become exact when that is asked for
MOST_STEPS = 1 << 17

# Element types of ONNX: real numbers, in whatever width.
FLOAT_TYPES = frozenset({1, 10, 11, 16})


class Builder:
    """Steps in order; each value has a name, a shape (None if unknown) and an element type."""

    def __init__(self) -> None:
        self.inputs: dict[str, Shape] = {}
        self.nodes: list[Node] = []
        self.kinds: dict[str, Kind] = {}
        self._arrays: dict[str, NDArray[Any] | Callable[[], NDArray[Any]]] = {}
        self._materialised: dict[str, str] = {}
        self._entries = self._folded = 0

    # ------------------------------------------------------------------ names

    def fresh(self, wanted: str) -> str:
        """A name that no value has yet, as wanted or with a number behind it."""
        name, k = wanted, 2
        while self._is_taken(name):
            name, k = f"{wanted}#{k}", k + 1
        return name

    def _is_taken(self, name: str) -> bool:
        return name in self.kinds or name in self._arrays

    def add_input(self, name: str, shape: Shape, element_type: int) -> None:
        self.spend(prod(shape))
        self.inputs[name], self.kinds[name] = shape, (element_type, shape)

    def add_constant(self, wanted: str, array: NDArray[Any] | Callable[[], NDArray[Any]]) -> str:
        """The name of a new constant; a function gives its array when it is first needed."""
        name = self.fresh(wanted)
        self._arrays[name] = array
        return name

    def add_folded(self, wanted: str, array: NDArray[Any]) -> str:
        """The name of a constant that was computed."""
        self._folded += array.nbytes
        if self._folded > MOST_FOLDED:
            raise InputError(f"found computed constants of more than {MOST_FOLDED} bytes; give a smaller model")
        return self.add_constant(wanted, array)

    # ------------------------------------------------------------------ what is known

    def is_constant(self, name: str) -> bool:
        return name in self._arrays

    def constant(self, name: str | None) -> NDArray[Any] | None:
        """The array of a constant; None for other values, and for an input that is left out."""
        if name is None or name not in self._arrays:
            return None
        array = self._arrays[name]
        if callable(array):
            array = self._arrays[name] = array()
        return array

    def known(self, name: str) -> NDArray[Any]:
        """The array of what must be a constant."""
        array = self.constant(name)
        if array is None:
            raise NotUnderstoodError(f"reads {name}, which depends on the input, expected a constant there")
        return array

    def shape(self, name: str) -> Shape:
        """The shape of a value or constant, which must be known."""
        array = self.constant(name)
        shape = self.kinds[name][1] if array is None else array.shape
        if shape is None:
            raise NotUnderstoodError("reads a value of unknown shape")
        return shape

    def kind(self, name: str) -> Kind:
        """Element type and shape of a value or constant."""
        array = self.constant(name)
        if array is None:
            return self.kinds[name]
        return onnx_package().helper.np_dtype_to_tensor_dtype(array.dtype), array.shape

    def is_real(self, name: str) -> bool:
        """Whether the entries of a value are floats, that is, stand for real numbers."""
        return self.kinds[name][0] in FLOAT_TYPES

    # ------------------------------------------------------------------ steps

    def add(self, operation: Operation, inputs: Sequence[str], wanted: str) -> str:
        """The name of the value of a new step, whose element type is that of its first input."""
        if len(self.nodes) >= MOST_STEPS:
            raise InputError(f"found more than {MOST_STEPS} steps in the model; give a smaller one")
        names = tuple(self.materialised(name) for name in inputs)
        shape = operation.shape(*(self.shape(name) for name in names))
        self.spend(prod(shape))
        name = self.fresh(wanted)
        self.nodes.append(Node(name, operation, names))
        self.kinds[name] = (self.kinds[names[0]][0] if names else 1, shape)
        return name

    def add_unknown(self, operation: Operation, inputs: Sequence[str], wanted: str, kind: Kind) -> str:
        """The name of the value of a step that is not understood, of that element type and shape."""
        name = self.fresh(wanted)
        self.nodes.append(Node(name, operation, tuple(dict.fromkeys(inputs))))
        self.kinds[name] = kind
        return name

    def output(self, name: str, wanted: str) -> str:
        """A value or constant as an output of the network, under the model's name for it where that is free."""
        try:
            return self.named(self.materialised(name), wanted)
        except NotUnderstoodError as error:
            operation = Opaque("Constant", self.shape(name), f"the output {wanted} {error}")
            return self.add_unknown(operation, [], wanted, self.kind(name))

    def named(self, name: str, wanted: str) -> str:
        """A value under the name that the model has for it; as it is called if that name is taken."""
        shape = self.kinds[name][1]
        if name == wanted or shape is None or wanted in self.kinds:
            return name
        self.nodes.append(Node(wanted, Rearrangement(np.arange(prod(shape)).reshape(shape), "identity"), (name,)))
        self.kinds[wanted] = self.kinds[name]
        return wanted

    def settle(self, since: int, made: Sequence[str], wanted: Sequence[str]) -> list[str]:
        """Give the values of the steps that were added since the names that the model has for them."""
        recent = {node.name for node in self.nodes[since:]}
        changes: dict[str, str] = {}
        for old, new in zip(made, wanted, strict=True):
            if old in recent and old != new and new and new not in changes.values() and old not in changes:
                changes[old] = new
        for name in set(changes.values()) & recent - set(changes):  # a part of the step has the name
            changes[name] = self.fresh(f"{name}/part")
        changes = {old: new for old, new in changes.items() if new in recent or not self._is_taken(new)}
        self.nodes[since:] = [
            Node(changes.get(node.name, node.name), node.operation, tuple(changes.get(n, n) for n in node.inputs))
            for node in self.nodes[since:]
        ]
        moved = {changes[name]: self.kinds.pop(name) for name in changes}
        self.kinds.update(moved)
        return [changes.get(name, name) for name in made]

    def moved(self, name: str, places: NDArray[np.int64], what: str, fill: Any = 0) -> str:
        """A value's entries at new places; nothing is added where they stay."""
        old = self.shape(name)
        if places.shape == old and np.array_equal(places.ravel(), np.arange(places.size)):
            return name
        return self.add(Rearrangement(places, what, fill), [name], f"{name}/{what}")

    def broadcast(self, name: str, shape: Shape) -> str:
        """A value repeated to a larger shape, as numpy does."""
        old = self.shape(name)
        try:
            places = np.broadcast_to(np.arange(prod(old)).reshape(old), shape)
        except ValueError:
            raise InputError(f"found a value of shape {old} where the shape {shape} is expected") from None
        return self.moved(name, places.copy(), "expand")

    def side_by_side(self, names: Sequence[str], axis: int) -> str:
        """Values joined along an axis; a single one as it is."""
        if len(names) == 1:
            return names[0]
        return self.add(Concatenation(axis), names, f"{names[0]}/concat")

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """Steps that were added are taken back when the rest is not understood."""
        count, kinds = len(self.nodes), set(self.kinds)
        materialised = dict(self._materialised)
        try:
            yield
        except Exception:
            del self.nodes[count:]
            for name in set(self.kinds) - kinds:
                del self.kinds[name]
            self._materialised = materialised
            raise

    def materialised(self, name: str) -> str:
        """The value that holds a constant as a step of the network."""
        if not self.is_constant(name):
            return name
        if name not in self._materialised:
            array = self.known(name)
            operation = Constant(exact_numbers(array, name))
            made = f"{name}/constant"
            while made in self.kinds:
                made += "'"
            self.nodes.append(Node(made, operation, ()))
            self.kinds[made] = (1, operation.value.shape)
            self._materialised[name] = made
        return self._materialised[name]

    def spend(self, count: int) -> None:
        """Count entries of values or places; `InputError` if they become too many."""
        self._entries += count
        if count > MOST_ENTRIES or self._entries > MOST_PLACES:
            raise InputError(
                f"found a value of {count} entries and {self._entries} in all values, expected at most {MOST_ENTRIES} "
                f"and {MOST_PLACES}; give a smaller --input-shape"
            )


def exact_numbers(array: NDArray[Any], name: str, most: int = MOST_EXACT) -> NDArray[Any]:
    """A constant as finite numbers that may become exact, `most` of them.

    NaN is damage and raises `InputError`; infinities, as masks have them, are not understood.
    """
    array = real_numbers(array, name)
    if array.size > most:
        raise NotUnderstoodError(f"reads a constant of {array.size} numbers, expected at most {most}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        if np.isnan(array).any():
            raise InputError(f"the constant {name} has entries that are NaN, expected numbers")
        raise NotUnderstoodError(f"reads the constant {name}, which has infinite entries")
    return array


def real_numbers(array: NDArray[Any], name: str) -> NDArray[Any]:
    """A constant as floats or integers of numpy's types: those that numpy lacks become float32, which holds them."""
    if array.dtype.kind in "OUSc":
        raise NotUnderstoodError(f"reads the constant {name}, which holds no real numbers")
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    return array if array.dtype.kind in "fiu" else array.astype(np.float32)
