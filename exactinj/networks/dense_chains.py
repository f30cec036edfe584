"""Chains of dense layers as graphs, and small graphs as chains of dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork, Leaky
from exactinj.layers.network import Dense, ExactTensor, LeakyRelu, Network, Node, OneToOne
from exactinj.networks.affine_parts import Question, has_known_shapes
from exactinj.networks.folding import Folded, folded

__all__ = ["dense_of_graph", "graph_of_dense"]

MOST_INPUTS = 8
MOST_NEURONS = 64


def graph_of_dense(dense: DenseNetwork) -> Network:
    """A chain of dense layers as a graph."""
    nodes: list[Node] = []
    last = "x"
    for k, layer in enumerate(dense.layers, 1):
        offsets = [value for (value,) in layer.b.fractions()]
        nodes.append(Node(f"layer{k}", Dense(layer.W.fractions(), offsets), (last,)))
        last = f"layer{k}"
        if layer.neurons:
            kind = "leaky relu" if any(layer.slopes) else "relu"
            nodes.append(Node(f"{kind.replace(' ', '_')}{k}", LeakyRelu([list(layer.slopes)], kind), (last,)))
            last = nodes[-1].name
    return Network({"x": (1, dense.n)}, nodes, [last])


def dense_of_graph(network: Network, asked: Sequence[Question]) -> DenseNetwork | str:
    """The chain of dense layers that a small graph is, or why it is none, in words.

    A last step that is one-to-one is left out: what is injective with it is so without it.
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        return "it has several inputs or outputs"
    previous, inputs = network.input_name, prod(network.inputs[network.input_name])
    if inputs > MOST_INPUTS:
        return f"it has {inputs} inputs, more than {MOST_INPUTS}"
    layers = []
    for k, question in enumerate(asked):
        layer = _layer(network, question, previous, is_last=k == len(asked) - 1)
        if isinstance(layer, str):
            return layer
        layers.append((layer[0].W.fractions(), [value for (value,) in layer[0].b.fractions()], layer[1]))
        previous = question.output
    if not layers or previous not in network.upstream(network.outputs[0]):
        return "its output is not the last layer's"
    neurons = sum(len(rows) for rows, _, _ in layers)
    return DenseNetwork(layers) if neurons <= MOST_NEURONS else f"it has more than {MOST_NEURONS} neurons"


def _layer(network: Network, question: Question, previous: str, *, is_last: bool) -> tuple[ReLULayer, Leaky] | str:
    if question.sources != (previous,) or not has_known_shapes(network, question):
        return f"{question.name} does not continue a chain"
    found = folded(network, question)
    if not isinstance(found, Folded) or prod(network.shapes[question.value] or ()) > MOST_NEURONS:
        return f"{question.name} is no small dense layer"
    shape = network.shapes[question.sources[0]] or ()
    dense = _in_order(found, prod(shape))
    activation = None if question.activation is None else question.activation.operation
    if activation is None or (isinstance(activation, OneToOne) and is_last):
        return dense, Leaky(1)
    if not isinstance(activation, LeakyRelu):
        return f"the activation {activation.kind} of {question.name} is no leaky ReLU"
    value = network.shapes[question.value] or ()
    slopes = np.broadcast_to(activation.slope.numerators, value)
    return dense, Leaky(ExactTensor(slopes, activation.slope.denominator).fractions())


def _in_order(found: Folded, n: int) -> ReLULayer:
    """The matrix for the flat source in its own order, with columns of zeros for what is not read."""
    layer = found.layer.unrolled(found.size or ()) if isinstance(found.layer, ConvLayer) else found.layer
    columns = np.full((layer.m, n), 0, dtype=object)
    columns[:, found.order] = np.array(layer.W.fractions(), dtype=object)
    return ReLULayer(columns, [value for (value,) in layer.b.fractions()])
