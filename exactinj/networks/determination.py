"""How layers compose: which values of a network determine which others.

If the output determines the input, the network is injective (N1 of ``docs/mathematics.md``, for any graph). A value is
*determined* by the output if

* it is an output, or is computed from determined values alone;
* or it is the source of a layer that was proved injective on all that the source can be, and the layer's value is
  determined;
* or a determined value keeps it: a rearrangement that reads all of it, values side by side, a sum whose other terms
  are determined, a step that is one-to-one.
"""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.layers.network import (
    Concatenation,
    Constant,
    LeakyRelu,
    Network,
    Node,
    OneToOne,
    Rearrangement,
    ScaleShift,
    Sum,
)
from exactinj.networks.affine_parts import Question

__all__ = ["determined"]


def determined(network: Network, proved: Sequence[Question]) -> set[str]:
    """The names of values that the outputs determine, given layers that were proved injective."""
    found = {*network.outputs, *(node.name for node in network.nodes if isinstance(node.operation, Constant))}
    while True:
        before = len(found)
        for node in network.nodes:
            if node.name not in found and node.inputs and all(name in found for name in node.inputs):
                found.add(node.name)
            if node.name in found:
                found.update(_kept(network, node, found))
        for question in proved:
            if question.output in found:
                found.update(question.sources)
        if len(found) == before:
            return found


def _kept(network: Network, node: Node, found: set[str]) -> list[str]:
    """The inputs of a step that its value determines."""
    operation = node.operation
    if isinstance(operation, Rearrangement):
        shape = network.shapes[node.inputs[0]]
        return list(node.inputs) if shape is not None and operation.reads_all(shape) else []
    if isinstance(operation, Concatenation | OneToOne):
        return list(node.inputs)
    if isinstance(operation, LeakyRelu):
        return list(node.inputs) if operation.is_one_to_one else []
    if isinstance(operation, ScaleShift):
        return list(node.inputs) if operation.scale.numerators.all() else []
    if isinstance(operation, Sum):
        rest = [name for name in node.inputs if name not in found]
        signs = [sign for name, sign in zip(node.inputs, operation.signs, strict=True) if name in rest]
        return rest if len(set(rest)) == 1 and sum(signs) != 0 else []
    return []
