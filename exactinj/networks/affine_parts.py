"""The questions that a network consists of: each step that is not affine, with the affine steps before it.

A step such as a ReLU reads a value that comes by affine steps from *sources*: inputs of the network, or values of
earlier steps that are not affine. What lies between is one affine map, however many operators a file has for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from exactinj.layers.network import AffineOperation, Convolution, Dense, Network, Node, Opaque, Rearrangement

JOINED = "all sources"

__all__ = ["JOINED", "Question", "questions"]


@dataclass(frozen=True)
class Question:
    """One layer of a network: an affine map of its sources and what follows it.

    Attributes
    ----------
    name : of the step with weights, where there is one of them, else of the activation
    sources : names of the values that the affine steps start from
    affine : the affine steps, in order
    value : the name of the value of the affine map
    activation : the step that follows, or None at an output of the network
    """

    name: str
    sources: tuple[str, ...]
    affine: tuple[Node, ...]
    value: str
    activation: Node | None

    @property
    def output(self) -> str:
        """The name of the value of the whole layer."""
        return self.value if self.activation is None else self.activation.name

    @property
    def weights(self) -> tuple[Node, ...]:
        """The dense maps and convolutions among the affine steps."""
        return tuple(node for node in self.affine if isinstance(node.operation, Dense | Convolution))

    @property
    def kind(self) -> str:
        """What tables say: ``conv2d``, ``linear``, ``affine`` for several in one, or the name of the step alone."""
        kinds = [node.operation.kind for node in self.weights]
        if len(kinds) == 1 and len(self.sources) == 1:
            return kinds[0]
        if kinds or self.activation is None or len(self.sources) > 1:
            return "affine"
        return self.activation.operation.kind

    def network(self, whole: Network) -> Network:
        """The layer alone, as a network of its sources; of several in one, `joined`, one behind the other."""
        shapes = {name: _known_shape(whole, name) for name in self.sources}
        nodes = self.affine if self.activation is None else (*self.affine, self.activation)
        if len(shapes) == 1:
            return Network(shapes, nodes, [self.output])
        parts, start = [], 0
        for name, shape in shapes.items():
            places = np.arange(start, start + prod(shape)).reshape(shape)
            parts.append(Node(name, Rearrangement(places, "part"), (JOINED,)))
            start += prod(shape)
        return Network({JOINED: (start,)}, [*parts, *nodes], [self.output])


def questions(network: Network) -> list[Question]:
    """All of them in the order of the steps: one for each step that is not affine, one for each output behind them."""
    found, names = [], set()
    for node in network.nodes:
        if not isinstance(node.operation, AffineOperation):
            for question in _of_step(network, node):
                name = question.name if question.name not in names else node.name
                names.add(name)
                found.append(Question(name, question.sources, question.affine, question.value, node))
    ends = [_behind(network, name, None) for name in dict.fromkeys(network.outputs)]
    return found + [end for end in ends if end.sources and not _moves_all(network, end)]


def has_known_shapes(network: Network, question: Question) -> bool:
    """Whether the shapes of sources, value and output are known."""
    names = (*question.sources, question.value, question.output)
    return all(network.shapes[name] is not None for name in names)


def _of_step(network: Network, node: Node) -> list[Question]:
    if len(node.inputs) == 1:
        return [_behind(network, node.inputs[0], node)]
    return [Question(node.name, tuple(dict.fromkeys(node.inputs)), (), node.name, node)]


def _behind(network: Network, value: str, activation: Node | None) -> Question:
    """The affine steps that a value comes from."""
    sources: dict[str, None] = {}
    steps: dict[str, Node] = {}
    waiting = [value]
    while waiting:
        name = waiting.pop()
        node = network.node.get(name)
        if node is None or not isinstance(node.operation, AffineOperation):
            sources[name] = None
        elif name not in steps:
            steps[name] = node
            waiting += node.inputs
    affine = tuple(node for node in network.nodes if node.name in steps)
    order = {name: k for k, name in enumerate(network.shapes)}
    weights = [node for node in affine if isinstance(node.operation, Dense | Convolution)]
    last = value if activation is None else activation.name
    name = weights[-1].name if len(weights) == 1 else last
    return Question(name, tuple(sorted(sources, key=order.__getitem__)), affine, value, activation)


def _moves_all(network: Network, question: Question) -> bool:
    """Whether nothing happens but that numbers move, and none is lost: no layer at all."""
    current = network.shapes[question.sources[0]]
    for node in question.affine:
        operation = node.operation
        if current is None or not isinstance(operation, Rearrangement) or not operation.reads_all(current):
            return False
        current = operation.places.shape
    return True


def _known_shape(network: Network, name: str) -> tuple[int, ...]:
    shape = network.shapes[name]
    return () if shape is None else shape


def size_of(network: Network, names: Sequence[str]) -> int | None:
    """The number of entries of some values together; None where a shape is not known."""
    shapes = [network.shapes[name] for name in names]
    return None if None in shapes else sum(prod(shape) for shape in shapes if shape is not None)


def is_opaque(question: Question) -> bool:
    """Whether the step is an operator that is not understood."""
    return question.activation is not None and isinstance(question.activation.operation, Opaque)
