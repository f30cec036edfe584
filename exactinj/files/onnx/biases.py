"""Constants that are added right after a matrix or a convolution, as its bias: exporters write them as steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from exactinj.layers.network import Convolution, Dense, ExactTensor, Node, ScaleShift, Shape

__all__ = ["with_biases"]


def with_biases(nodes: Sequence[Node], kept: Collection[str]) -> list[Node]:
    """The steps with such constants as biases; values in `kept`, or that others read as well, stay."""
    read = Counter(name for node in nodes for name in node.inputs)
    found: dict[str, Node] = {}
    for node in nodes:
        before = found.get(node.inputs[0]) if node.inputs else None
        joined = None
        if before is not None and read[before.name] == 1 and before.name not in kept:
            joined = _joined(before, node)
        if joined is not None and before is not None:
            del found[before.name]
        found[node.name] = joined or node
    return list(found.values())


def _joined(before: Node, node: Node) -> Node | None:
    """Both steps as one, under the name of the second."""
    operation, shift = before.operation, node.operation
    if not isinstance(operation, Dense | Convolution) or not isinstance(shift, ScaleShift):
        return None
    if isinstance(operation, Dense):
        bias = _per_output(shift.offset, operation.matrix_shape[0], 0)
    else:
        bias = _per_output(shift.offset, operation.out_channels, len(operation.axes))
    if bias is None or not shift.scale.equals(ExactTensor.of(1)):
        return None
    return Node(node.name, operation.with_more_bias(bias), before.inputs)


def _per_output(offset: ExactTensor, count: int, behind: int) -> ExactTensor | None:
    """A number for each output, of a constant whose axes but one have size 1; None if it is none.

    The axis of the outputs has `behind` axes behind it.
    """
    wanted: Shape = (count, *[1] * behind)
    shape = offset.shape
    if shape[-len(wanted) :] != wanted or offset.size != count:
        return None
    return offset.reshaped((count,))
