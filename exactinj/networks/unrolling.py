"""Small piecewise linear graphs as chains of dense layers: skips, sums, poolings and clips, exactly.

The chain carries along, in rows without a kink (slope 1), whatever a later step still reads. Every step becomes affine
expressions in the numbers that are carried, or one layer more:

* affine steps only change expressions;
* a (leaky) ReLU is a layer of its slopes;
* ``min(max(v, a), c) = a + ReLU(v - a) - ReLU(v - c)``;
* ``max(v, w) = w + ReLU(v - w)``, and larger windows in rounds of pairs.

The chain is the same function, so that its cells decide the graph end to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.dense_network import DenseNetwork, Leaky
from exactinj.layers.network import (
    AffineOperation,
    Clip,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Network,
    Node,
    OneToOne,
    Shape,
)

__all__ = ["chain_of_graph"]

MOST_INPUTS = 8
MOST_KINKS = 64
MOST_ENTRIES = 512  # of one value
ZERO = Fraction(0)
Numbers = NDArray[Any]  # of fractions


@dataclass(frozen=True)
class _Expression:
    """``matrix z + offset`` for the carried numbers z: matrix (size, p), offset (size,), of a value of some shape."""

    matrix: Numbers
    offset: Numbers
    shape: Shape

    def rows(self, places: Any) -> _Expression:
        """Some entries of the flat value."""
        return _Expression(self.matrix[list(places)], self.offset[list(places)], (len(places),))

    def minus(self, other: _Expression) -> _Expression:
        return _Expression(self.matrix - other.matrix, self.offset - other.offset, self.shape)

    def plus(self, other: _Expression) -> _Expression:
        return _Expression(self.matrix + other.matrix, self.offset + other.offset, self.shape)


@dataclass
class _Chain:
    """The layers so far, and the values that are still read, in terms of what the last layer gives."""

    known: dict[str, _Expression]
    width: int
    layers: list[tuple[Any, Any, Leaky]] = field(default_factory=list)
    kinks: int = 0

    def bent(
        self, inner: _Expression, slopes: Sequence[Fraction], kept: Sequence[_Expression] = ()
    ) -> tuple[_Expression, list[_Expression]]:
        """One layer more, whose rows are an expression under leaky ReLUs.

        Gives its outputs, and other expressions that are still needed in the new numbers.
        """
        needed = [*self.known.values(), *kept]
        used = [j for j in range(self.width) if any(part.matrix[:, j].any() for part in needed)]
        weights = np.concatenate([inner.matrix, _unit_rows(used, self.width)])
        offsets = [*inner.offset, *[ZERO] * len(used)]
        self.layers.append((weights.tolist(), offsets, Leaky([*slopes, *[1] * len(used)])))
        count, self.width = len(slopes), len(slopes) + len(used)
        self.kinks += sum(slope != 1 for slope in slopes)
        self.known = {name: self._renamed(part, used, count) for name, part in self.known.items()}
        outputs = _Expression(_unit_rows(range(count), self.width), np.full(count, ZERO, dtype=object), inner.shape)
        return outputs, [self._renamed(part, used, count) for part in kept]

    def _renamed(self, part: _Expression, used: Sequence[int], count: int) -> _Expression:
        matrix = np.full((len(part.offset), self.width), ZERO, dtype=object)
        matrix[:, count:] = part.matrix[:, list(used)]
        return _Expression(matrix, part.offset, part.shape)


def chain_of_graph(network: Network) -> DenseNetwork | str:
    """The chain of dense layers that computes a small piecewise linear graph, or why there is none, in words.

    The input is flat. A last step that is one-to-one is left out: what is injective with it is so without it.
    """
    refused = _refused(network)
    if refused is not None:
        return refused
    name, output = network.input_name, network.outputs[0]
    count = prod(network.inputs[name])
    start = _Expression(_unit_rows(range(count), count), np.full(count, ZERO, dtype=object), network.inputs[name])
    chain = _Chain({name: start}, count)
    for position, node in enumerate(network.nodes):
        if node.name == output and isinstance(node.operation, OneToOne):
            output = node.inputs[0]
            break
        later = {read for after in network.nodes[position + 1 :] for read in after.inputs} | {output}
        read = [chain.known[part] for part in node.inputs]
        chain.known = {part: value for part, value in chain.known.items() if part in later}
        value = _value(node, read, chain)
        if isinstance(value, str):
            return f"{node.name}: {value}"
        chain.known[node.name] = value
        if chain.kinks > MOST_KINKS:
            return f"it has more than {MOST_KINKS} kinks"
    return _ended(chain, chain.known[output])


def _refused(network: Network) -> str | None:
    """Why a graph is none of those that are unrolled."""
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        return "it has several inputs or outputs"
    inputs = prod(network.inputs[network.input_name])
    if inputs > MOST_INPUTS:
        return f"it has {inputs} inputs, more than {MOST_INPUTS}"
    for name, shape in network.shapes.items():
        if shape is None or prod(shape) > MOST_ENTRIES:
            return f"the value {name} is {'of unknown size' if shape is None else 'large'}"
    return None


def _ended(chain: _Chain, value: _Expression) -> DenseNetwork:
    """The chain with a last affine layer, where its last layer is not the value itself."""
    size, width = value.matrix.shape
    is_last = bool(chain.layers) and size == width and not value.offset.any()
    if not is_last or (value.matrix != np.eye(size, dtype=int)).any():
        chain.layers.append((value.matrix.tolist(), value.offset.tolist(), Leaky(1)))
    return DenseNetwork(chain.layers)


def _value(node: Node, read: Sequence[_Expression], chain: _Chain) -> _Expression | str:
    """What a step gives; layers that it needs are added to the chain. In words why it cannot be done."""
    operation = node.operation
    if isinstance(operation, AffineOperation):
        return _affine(operation, read, chain.width)
    if isinstance(operation, LeakyRelu):
        slopes = np.broadcast_to(operation.slope.numerators, read[0].shape).ravel()
        bent, _ = chain.bent(read[0], [Fraction(int(value), operation.slope.denominator) for value in slopes])
        return _Expression(bent.matrix, bent.offset, read[0].shape)
    if isinstance(operation, Clip):
        return _clipped(operation, read[0], chain)
    if isinstance(operation, Maximum):
        return _largest(operation, read[0], chain)
    return f"the step {operation.kind} is not piecewise linear, or not understood"


def _affine(operation: AffineOperation, read: Sequence[_Expression], width: int) -> _Expression:
    offset = operation.exact(*(ExactTensor.of_fractions(list(part.offset), part.shape) for part in read))
    columns = [
        operation.linear(*(ExactTensor.of_fractions(list(part.matrix[:, k]), part.shape) for part in read)).fractions()
        for k in range(width)
    ]
    matrix = np.full((offset.size, width), ZERO, dtype=object)
    for k, column in enumerate(columns):
        matrix[:, k] = column
    return _Expression(matrix, np.array(offset.fractions(), dtype=object), offset.shape)


def _clipped(operation: Clip, value: _Expression, chain: _Chain) -> _Expression:
    """What lies above the lower end, added to it, less what lies above the upper end."""
    ends = [end for end in (operation.low, operation.high) if end is not None]
    if not ends:
        return value
    above = [_Expression(value.matrix, value.offset - end, value.shape) for end in ends]
    kept = [value] if operation.low is None else []
    bent, carried = chain.bent(_stacked(above), [ZERO] * (len(ends) * len(value.offset)), kept)
    parts = [bent.rows(range(k * len(value.offset), (k + 1) * len(value.offset))) for k in range(len(ends))]
    if operation.low is None:
        out = carried[0].minus(parts[0])
    else:
        start = _Expression(parts[0].matrix, parts[0].offset + operation.low, value.shape)
        out = start if operation.high is None else start.minus(parts[1])
    return _Expression(out.matrix, out.offset, value.shape)


def _largest(operation: Maximum, value: _Expression, chain: _Chain) -> _Expression:
    """Maxima over windows, in rounds: ``max(v, w) = w + ReLU(v - w)`` for pairs of each window."""
    shape = operation.places.shape[:-1]
    windows = [sorted(set(window) - {-1}) for window in operation.places.reshape(prod(shape), -1).tolist()]
    while max(map(len, windows)) > 1:
        first: list[int] = []
        second: list[int] = []
        rest: list[int] = []
        groups: list[list[int]] = []  # per window its places in the stack of pairs, then of what is left over
        for window in windows:
            half = len(window) // 2
            groups.append(list(range(len(first), len(first) + half)))
            first += window[:half]
            second += window[half : 2 * half]
        pairs = len(first)
        for group, window in zip(groups, windows, strict=True):
            if len(window) % 2:
                group.append(pairs + len(rest))
                rest.append(window[-1])
        difference = value.rows(first).minus(value.rows(second))
        bent, (carried,) = chain.bent(difference, [ZERO] * pairs, [value])
        value = _stacked([carried.rows(second).plus(bent), carried.rows(rest)])
        windows = groups
    value = value.rows([window[0] for window in windows])
    return _Expression(value.matrix, value.offset, shape)


def _stacked(parts: Sequence[_Expression]) -> _Expression:
    offset = np.concatenate([part.offset for part in parts])
    return _Expression(np.concatenate([part.matrix for part in parts]), offset, (len(offset),))


def _unit_rows(columns: Sequence[int], width: int) -> Numbers:
    rows = np.full((len(columns), width), ZERO, dtype=object)
    for k, j in enumerate(columns):
        rows[k, j] = Fraction(1)
    return rows
