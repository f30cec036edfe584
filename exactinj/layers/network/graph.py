"""`Network`: a computation graph with exact weights, evaluated exactly.

Values carry all axes that the framework has, the batch of one input included. A network may hold steps that are no
rational maps (sigmoids, operators that are not understood). Two inputs still provably have the same output if they
agree, exactly, on values that cut the output off from the inputs: whatever comes after sees the same numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.layers.network.node import Node
from exactinj.layers.network.operation import AffineOperation, NotRationalError, OneToOne, PiecewiseLinear
from exactinj.layers.network.records import record_of
from exactinj.layers.network.tensor import ExactTensor, Shape
from exactinj.work.card import Card, ShownAsCard

__all__ = ["Agreement", "Network", "Node", "Values"]

Values = dict[str, ExactTensor]
Point = Any  # numbers of the only input, or a mapping from the names of inputs to numbers


@dataclass(frozen=True)
class Agreement:
    """Whether two inputs provably have the same output.

    Attributes
    ----------
    equal : exactly proved
    cut : the names of the values at which the two came to agree, in order; later ones follow
    obstacle : where values could not be compared, in words; None if all were
    """

    equal: bool
    cut: tuple[str, ...]
    obstacle: str | None = None


class Network(ShownAsCard):
    """A graph of steps in topological order.

    Parameters
    ----------
    inputs : mapping from names to shapes
    nodes : sequence of Node
        Each reads inputs and values of earlier nodes.
    outputs : names of values

    Raises
    ------
    InputError
        For names that are missing or come twice, and for shapes that do not fit.

    Examples
    --------
    >>> from exactinj.layers.network import Dense, Relu
    >>> net = Network({"x": (1, 2)}, [Node("h", Dense([[1, -1]]), ("x",)), Node("y", Relu(), ("h",))], ["y"])
    >>> net.evaluate([[3, 1]]).fractions(), net.agreement([[0, 1]], [[0, 2]]).equal
    ([Fraction(2, 1)], True)
    """

    def __init__(self, inputs: Mapping[str, Shape], nodes: Sequence[Node], outputs: Sequence[str]) -> None:
        self.inputs = {name: tuple(shape) for name, shape in inputs.items()}
        self.nodes, self.outputs = tuple(nodes), tuple(outputs)
        shapes: dict[str, Shape | None] = dict(self.inputs)
        for node in self.nodes:
            if node.name in shapes:
                raise InputError(f"found two values of the name {node.name!r} in a network, expected one of each name")
            shapes[node.name] = _shape_of(node, shapes)
        missing = [name for name in self.outputs if name not in shapes]
        if missing or not self.outputs:
            raise InputError(f"found the outputs {self.outputs} of a network, expected names of its values")
        self.shapes = shapes

    @classmethod
    def from_torch(cls, module: Any, input_shape: Any) -> Network:
        """The network that a torch module computes in inference, its weights as the dyadic rationals that they are.

        Calls that are not understood stay in it as `Opaque` steps with their names. Numbers of the program (slopes,
        epsilons) are rounded to float32 as torch does, unless the module computes in float64. The module is left as it
        is.

        Parameters
        ----------
        module : torch.nn.Module
        input_shape : the shape of the input with its batch of one, such as ``(1, 3, 32, 32)``
            Several shapes for several inputs, in the order of ``forward`` or by name.

        Raises
        ------
        InputError
            For modules that cannot run on such an input or cannot be traced; `MissingExtraError` without torch.
        """
        from exactinj.layers.torch_graphs import graph_of_module

        return cls(*graph_of_module(module, input_shape))

    @cached_property
    def node(self) -> dict[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """The nodes that read a value, by its name."""
        readers: dict[str, list[Node]] = {name: [] for name in self.shapes}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                readers[name].append(node)
        return readers

    @property
    def input_name(self) -> str:
        """The name of the only input; `InputError` if there are several."""
        if len(self.inputs) != 1:
            found = ", ".join(self.inputs) or "none"
            raise InputError(f"found a network with the inputs {found}, expected one; give a mapping from their names")
        return next(iter(self.inputs))

    def __repr__(self) -> str:
        ends = ", ".join(f"{name} {shape}" for name, shape in self.inputs.items())
        return f"<Network: {len(self.nodes)} steps on {ends}, sha256={self.digest[:12]}>"

    def _card(self) -> Card:
        ends = ", ".join(f"{name} {shape}" for name, shape in self.inputs.items())
        return Card("Network, exact", (("steps", len(self.nodes)), ("inputs", ends), ("sha256", self.digest)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical text: steps, numbers and who reads whom; names do not count."""
        numbers = {name: k for k, name in enumerate(self.shapes)}
        document = {
            "inputs": [list(shape) for shape in self.inputs.values()],
            "nodes": [[record_of(node.operation), [numbers[name] for name in node.inputs]] for node in self.nodes],
            "outputs": [numbers[name] for name in self.outputs],
        }
        return hashlib.sha256(json.dumps(document, separators=(",", ":")).encode("ascii")).hexdigest()

    # ------------------------------------------------------------------ evaluation

    def point(self, x: Point) -> Values:
        """Exact inputs by name, of what a user gives; `InputError` if a shape does not fit."""
        given = x if isinstance(x, Mapping) else {self.input_name: x}
        unknown = set(given) ^ set(self.inputs)
        if unknown:
            raise InputError(f"found inputs {', '.join(map(str, given))}, expected {', '.join(self.inputs)}")
        return {name: _shaped(ExactTensor.of(given[name], name), self.inputs[name], name) for name in self.inputs}

    def steps(self, x: Point) -> Iterator[tuple[str, ExactTensor | NotRationalError]]:
        """Each value in order, exact; the reason instead where it is no rational."""
        values: dict[str, ExactTensor | NotRationalError] = dict(self.point(x))
        yield from values.items()
        for node in self.nodes:
            values[node.name] = _exact_value(node, values)
            yield node.name, values[node.name]

    def values(self, x: Point) -> Values:
        """All values that are rationals, by name."""
        return {name: value for name, value in self.steps(x) if isinstance(value, ExactTensor)}

    def evaluate(self, x: Point) -> ExactTensor:
        """The first output in exact rationals; `NotRationalError` if it is none."""
        found = dict(self.steps(x))[self.outputs[0]]
        if isinstance(found, NotRationalError):
            raise found
        return found

    def float_values(self, x: Point) -> dict[str, NDArray[Any]]:
        """All values in float64 as far as the steps are understood, by name."""
        given = x if isinstance(x, Mapping) else {self.input_name: x}
        values = {
            name: np.asarray(_floats(given[name]), dtype=np.float64).reshape(shape)
            for name, shape in self.inputs.items()
        }
        for node in self.nodes:
            if all(name in values for name in node.inputs):
                try:
                    values[node.name] = node.operation.floats(*(values[name] for name in node.inputs))
                except NotRationalError:
                    continue
        return values

    def agreement(self, x: Point, y: Point) -> Agreement:
        """Whether f(x) = f(y), proved exactly: on the output itself or on values that cut it off from the inputs.

        Values that follow from equal ones are not computed, unless others need them.
        """
        left, right = _Values(self, x), _Values(self, y)
        equal: dict[str, bool] = {}
        cut, obstacle = [], None
        for name in self.shapes:
            node = self.node.get(name)
            follows = node is not None and all(equal[read] for read in node.inputs)
            equal[name] = follows
            if not follows:
                a, b = left.value(name), right.value(name)
                if isinstance(a, ExactTensor) and isinstance(b, ExactTensor):
                    equal[name] = a.equals(b)
                else:
                    obstacle = obstacle or f"{name}: {a if isinstance(a, NotRationalError) else b}"
            if equal[name] and not follows:
                cut.append(name)
        return Agreement(all(equal[name] for name in self.outputs), tuple(cut), obstacle)

    def derivatives(self, x: Point, directions: Sequence[Point]) -> Iterator[tuple[str, list[ExactTensor] | None]]:
        """Per value in order the derivatives at x along some directions, exact; None where there is none.

        At a point where `interior` holds they are the columns of the Jacobian.
        """
        values = dict(self.steps(x))
        moved: dict[str, list[ExactTensor] | None] = {
            name: [self.point(direction)[name] for direction in directions] for name in self.inputs
        }
        yield from moved.items()
        for node in self.nodes:
            moved[node.name] = _derivatives(node, values, moved, len(directions))
            yield node.name, moved[node.name]

    def interior(self, x: Point) -> Iterator[tuple[str, bool]]:
        """Per piecewise linear step, whether x lies inside a cell of it."""
        values = self.values(x)
        for node in self.nodes:
            operation = node.operation
            if isinstance(operation, PiecewiseLinear) and all(name in values for name in node.inputs):
                yield node.name, operation.is_inside(*(values[name] for name in node.inputs))

    # ------------------------------------------------------------------ parts

    def upstream(self, name: str) -> set[str]:
        """The names of all values that a value depends on, itself included."""
        found, open_names = set(), [name]
        while open_names:
            current = open_names.pop()
            if current not in found:
                found.add(current)
                node = self.node.get(current)
                open_names += [] if node is None else node.inputs
        return found

    def until(self, *names: str) -> Network:
        """The network that computes these values: the steps that they need; unused inputs stay."""
        needed = set().union(*(self.upstream(name) for name in names))
        return Network(self.inputs, [node for node in self.nodes if node.name in needed], names)

    def mapped(self, change: Callable[[Node], Node]) -> Network:
        """The network with each node changed."""
        return Network(self.inputs, [change(node) for node in self.nodes], self.outputs)


class _Values:
    """Values of a network at one point, computed when they are first asked for; mutable."""

    def __init__(self, network: Network, x: Point) -> None:
        self._network = network
        self._known: dict[str, ExactTensor | NotRationalError] = dict(network.point(x))

    def value(self, name: str) -> ExactTensor | NotRationalError:
        """The exact value, or why there is none."""
        waiting = [name]
        while waiting:
            current = waiting[-1]
            node = self._network.node.get(current)
            missing = [] if node is None else [read for read in node.inputs if read not in self._known]
            if current in self._known or not missing:
                waiting.pop()
                if current not in self._known and node is not None:
                    self._known[current] = _exact_value(node, self._known)
            waiting += missing if current not in self._known else []
        return self._known[name]


def _shape_of(node: Node, shapes: Mapping[str, Shape | None]) -> Shape | None:
    """The shape of a node's value; None if it is not known."""
    read = []
    for name in node.inputs:
        if name not in shapes:
            raise InputError(f"the step {node.name} reads {name!r}, expected the name of an input or an earlier step")
        read.append(shapes[name])
    try:
        known = [shape for shape in read if shape is not None]
        if len(known) < len(read) and not isinstance(node.operation, OneToOne | PiecewiseLinear | AffineOperation):
            return node.operation.shape(*known)
        return None if len(known) < len(read) else node.operation.shape(*known)
    except NotRationalError:
        return None
    except InputError as error:
        raise InputError(f"the step {node.name} ({node.operation.kind}): {error}") from None


def _exact_value(node: Node, values: Mapping[str, ExactTensor | NotRationalError]) -> ExactTensor | NotRationalError:
    read = [values[name] for name in node.inputs]
    for value in read:
        if isinstance(value, NotRationalError):
            return value
    try:
        return node.operation.exact(*read)  # type: ignore[arg-type]  # tensors, as seen above
    except NotRationalError as error:
        return NotRationalError(f"{node.name}: {error}")


def _derivatives(
    node: Node,
    values: Mapping[str, ExactTensor | NotRationalError],
    moved: Mapping[str, list[ExactTensor] | None],
    count: int,
) -> list[ExactTensor] | None:
    operation, read = node.operation, [moved[name] for name in node.inputs]
    columns = [part for part in read if part is not None]
    if len(columns) < len(read):
        return None
    if isinstance(operation, AffineOperation):
        return [operation.linear(*(part[k] for part in columns)) for k in range(count)]
    at = [values[name] for name in node.inputs]
    tensors = tuple(value for value in at if isinstance(value, ExactTensor))
    if not isinstance(operation, PiecewiseLinear) or len(tensors) < len(at):
        return None
    return [operation.along(tensors, tuple(part[k] for part in columns)) for k in range(count)]


def _shaped(value: ExactTensor, shape: Shape, name: str) -> ExactTensor:
    if value.size != int(np.prod(shape, dtype=object)):
        raise InputError(f"found {value.size} numbers for the input {name}, expected the shape {shape}")
    return value.reshaped(shape)


def _floats(value: Any) -> Any:
    return value.floats() if isinstance(value, ExactTensor) else value
