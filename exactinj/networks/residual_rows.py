"""Residual blocks in a graph: a value ``M x + B ReLU(A x + b) + c`` of one source x, with M invertible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from flint import fmpq_mat

from exactinj.exact.matrix import RationalMatrix
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import LeakyRelu, Network, Node
from exactinj.layers.residual import ResidualBlock
from exactinj.networks.affine_parts import JOINED, Question, has_known_shapes
from exactinj.networks.folding import Folded, folded

__all__ = ["FoundBlock", "residual_block"]

LARGEST = 128  # inputs, and hidden units


@dataclass(frozen=True)
class FoundBlock:
    """A block, exactly as ``x + M^-1 B ReLU(A x + b)``; one-to-one exactly if the value in the graph is.

    Attributes
    ----------
    block : the block
    source : the name of x
    network : from x to the value, for evaluation
    """

    block: ResidualBlock
    source: str
    network: Network


def residual_block(network: Network, by_output: Mapping[str, Question], question: Question) -> FoundBlock | None:
    """The block that a value of two sources is, if one of them is a ReLU layer of the other; small ones only."""
    inner = [by_output[name] for name in question.sources if name in by_output]
    hidden = next((layer for layer in inner if _is_hidden(layer, question)), None)
    if hidden is None or not all(has_known_shapes(network, layer) for layer in (hidden, question)):
        return None
    source, n, k = hidden.sources[0], *(prod(network.shapes[name] or ()) for name in (hidden.sources[0], hidden.output))
    if max(n, k) > LARGEST or prod(network.shapes[question.value] or ()) != n:
        return None
    first, whole = _dense(network, hidden), _joined(network, question)
    if first is None or whole is None:
        return None
    start = question.sources.index(source)
    split = n if start == 0 else k
    rows = whole.W.raw_rows()
    parts = ([row[:split] for row in rows], [row[split:] for row in rows])
    M, B = (
        fmpq_mat(len(rows), len(part[0]), [v for row in part for v in row]) for part in (parts[start], parts[1 - start])
    )
    if not M.det():
        return None
    turned = M.solve(B).entries()
    matrix = RationalMatrix([turned[i * k : (i + 1) * k] for i in range(n)])
    block = ResidualBlock(first.W.fractions(), matrix.fractions(), [value for (value,) in first.b.fractions()])
    nodes = _in_order(network, [*hidden.affine, *_step(hidden), *question.affine])
    shape = network.shapes[source] or ()
    return FoundBlock(block, source, Network({source: shape}, nodes, [question.value]))


def _is_hidden(layer: Question, question: Question) -> bool:
    """Whether it is a ReLU layer of the other source alone."""
    activation = None if layer.activation is None else layer.activation.operation
    is_relu = isinstance(activation, LeakyRelu) and not activation.slope.numerators.any()
    return is_relu and len(question.sources) == 2 and len(layer.sources) == 1 and layer.sources[0] in question.sources  # noqa: PLR2004 (x and the hidden units)


def _dense(network: Network, layer: Question) -> ReLULayer | None:
    found = folded(network, layer)
    if not isinstance(found, Folded):
        return None
    matrix = found.layer if isinstance(found.layer, ReLULayer) else found.layer.unrolled(found.size or ())
    rows, order = matrix.W.fractions(), found.order.tolist()
    columns = {j: i for i, j in enumerate(order)}
    ordered = [[row[columns[j]] for j in range(len(order))] for row in rows]
    return ReLULayer(ordered, [value for (value,) in matrix.b.fractions()])


def _joined(network: Network, question: Question) -> ReLULayer | None:
    """The affine map of all sources, one behind the other."""
    alone = Question(question.name, question.sources, question.affine, question.value, None).network(network)
    return _dense(alone, Question(question.name, (JOINED,), alone.nodes, question.value, None))


def _step(layer: Question) -> list[Node]:
    return [] if layer.activation is None else [layer.activation]


def _in_order(network: Network, nodes: list[Node]) -> list[Node]:
    names = {node.name for node in nodes}
    return [node for node in network.nodes if node.name in names]
