"""The same network with fewer steps: what only moves numbers is joined, what does nothing is left out."""

from __future__ import annotations

import numpy as np

from exactinj.layers.network.graph import Network, Node
from exactinj.layers.network.shaping import Rearrangement

__all__ = ["simplified"]


def simplified(network: Network) -> Network:
    """Rearrangements after each other joined, those that do nothing and steps that nobody reads left out.

    Names of values that stay are kept; the function is the same, exactly.
    """
    replaced: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    for node in network.nodes:
        inputs = tuple(replaced.get(name, name) for name in node.inputs)
        current = Node(node.name, node.operation, inputs)
        if isinstance(node.operation, Rearrangement):
            current = _joined(current, nodes)
            operation = current.operation
            source = network.shapes[current.inputs[0]]
            does_nothing = isinstance(operation, Rearrangement) and operation.is_reshape
            if does_nothing and source == operation.places.shape and node.name not in network.outputs:  # type: ignore[attr-defined]
                replaced[node.name] = current.inputs[0]
                continue
        nodes[node.name] = current
    whole = Network(network.inputs, list(nodes.values()), network.outputs)
    return whole.until(*network.outputs)


def _joined(node: Node, nodes: dict[str, Node]) -> Node:
    """The rearrangement with the one before it, if there is one with the same constant."""
    before = nodes.get(node.inputs[0])
    after = node.operation
    if before is None or not isinstance(before.operation, Rearrangement) or not isinstance(after, Rearrangement):
        return node
    first = before.operation
    if (after.places < 0).any() and (first.places < 0).any() and after.fill != first.fill:
        return node
    flat = np.append(first.places.ravel(), -1)
    fill = after.fill if (after.places < 0).any() else first.fill
    return Node(node.name, Rearrangement(flat[after.places], after.name, fill), before.inputs)
