"""One row for each layer of a network: decided by the engines on the domain that the layer really gets.

A ReLU asks the engines directly. Behind an activation that is one-to-one, or none, the layer is injective exactly if
its affine map is; that is the question about the ReLU layer with every row and its opposite (``doubled``), since both
``z`` and ``-z`` behind a ReLU say what z is. What the engines do not speak of is looked through for collisions of
points in a cell; where none is found the row is ``unknown`` and says why.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from exactinj.domains import Box, Domain
from exactinj.errors import InputError
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.convolution.certify import certify_convolution
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, doubled
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import ExactTensor, LeakyRelu, Network, OneToOne, Opaque
from exactinj.networks.affine_parts import Question, has_known_shapes, size_of
from exactinj.networks.answers import LayerRow, Pair
from exactinj.networks.folding import Folded, NotFolded, folded
from exactinj.networks.ranges import Range, domain_of
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["Scanner", "decided_row"]


@dataclass(frozen=True)
class Scanner:
    """What all rows of a scan share: the network, the ranges of its values, the engine."""

    network: Network
    ranges: dict[str, Range]
    engine: Engine
    seed: int = 0

    def domain(self, question: Question) -> Domain:
        """Of the only source."""
        return domain_of(self.ranges[question.sources[0]])


def decided_row(scanner: Scanner, question: Question, clock: Clock) -> LayerRow:
    """The row of a layer; never raises for a layer that is not understood."""
    started = time.monotonic()
    row = _empty_row(scanner, question)
    try:
        row = _decided(scanner, question, row, clock)
    except InputError as error:
        row = replace(row, reason=str(error))
    return replace(row, seconds=time.monotonic() - started)


def _empty_row(scanner: Scanner, question: Question) -> LayerRow:
    activation = None if question.activation is None else question.activation.operation.kind
    network = scanner.network
    where = " x ".join(dict.fromkeys(domain_of(scanner.ranges[name]).text for name in question.sources))
    return LayerRow(
        name=question.name,
        kind=question.kind,
        inputs=size_of(network, question.sources),
        outputs=size_of(network, [question.output]),
        activation=activation,
        domain=where,
        verdict=Verdict.UNKNOWN,
        reason="not decided",
        question=question,
    )


def _decided(scanner: Scanner, question: Question, row: LayerRow, clock: Clock) -> LayerRow:
    activation = None if question.activation is None else question.activation.operation
    if isinstance(activation, Opaque):
        return replace(row, reason=f"{activation.kind}: {activation.why}")
    why = _no_layer(scanner, question)
    if why is not None:
        return replace(row, reason=f"{row.activation or row.kind}: {why}")
    layer = folded(scanner.network, question)
    if isinstance(layer, NotFolded):
        return replace(row, reason=layer.reason)
    if layer.unread:
        return _unread(scanner, question, row, layer)
    asked = _asked(layer.layer, activation)
    if asked is None:
        return replace(row, reason=f"{row.activation}: no engine decides layers with this activation")
    return _answered(scanner, question, replace(layer, layer=asked), row, clock)


def _no_layer(scanner: Scanner, question: Question) -> str | None:
    """Why a question is not about one layer, in words."""
    if not has_known_shapes(scanner.network, question):
        return "the shape of a value is not known; give the input shape"
    if len(question.sources) != 1:
        return f"it reads several values ({', '.join(question.sources)}), a skip, which is no layer of one input"
    return None


def _asked(layer: ReLULayer | ConvLayer, activation: object) -> ReLULayer | ConvLayer | None:
    """The ReLU layer that is injective exactly if the layer with its own activation is; None where there is none."""
    if isinstance(activation, LeakyRelu):
        slopes = activation.slope.numerators
        if not slopes.any():
            return layer
        return both_signs(layer) if (slopes > 0).all() else None
    if activation is None or isinstance(activation, OneToOne):
        return both_signs(layer)
    return None


def both_signs(layer: ReLULayer | ConvLayer) -> ReLULayer | ConvLayer:
    """Each row and its opposite."""
    if isinstance(layer, ConvLayer):
        return doubled(layer)
    rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    opposite = [[-value for value in row] for row in rows]
    return ReLULayer([*rows, *opposite], [*bias, *(-value for value in bias)])


def _answered(scanner: Scanner, question: Question, layer: Folded, row: LayerRow, clock: Clock) -> LayerRow:
    domain = scanner.domain(question)
    result = ask(layer, domain, scanner.engine, clock, scanner.seed)
    row = replace(
        row,
        verdict=result.verdict,
        reason=result.reason,
        assumption=result.assumption,
        proof=result.certificate,
        layer_digest=result.layer.digest,
        domain=row.domain if result.domain == domain else result.domain.text,
    )
    return replace(row, witness=_witness(scanner, question, layer, result))


def ask(layer: Folded, domain: Domain, engine: Engine, clock: Clock, seed: int) -> Result:
    """The engines' answer about a layer, on a domain of its source."""
    if isinstance(layer.layer, ConvLayer):
        where = of_channels(domain, layer)
        return certify_convolution(layer.layer, where, engine, clock, input_shape=layer.size, seed=seed)
    where = domain if not isinstance(domain, Box) else domain.restricted(layer.order.tolist())
    return certify_dense(layer.layer, where.for_dimension(layer.layer.n), BlocksEngine(engine), clock)


def of_channels(domain: Domain, layer: Folded) -> Domain:
    """A domain of the flat source as one of a place of the grid: of each channel the widest bounds."""
    if not isinstance(domain, Box) or not isinstance(layer.layer, ConvLayer):
        return domain
    ordered = domain.restricted(layer.order.tolist())
    if not isinstance(ordered, Box) or not isinstance(ordered.lower, tuple) or not isinstance(ordered.upper, tuple):
        return domain
    cells = prod(layer.size or ())
    starts = range(0, len(ordered.lower), cells)
    lower = [min(ordered.lower[k : k + cells]) for k in starts]
    upper = [max(ordered.upper[k : k + cells]) for k in starts]
    return Box(lower, upper)


def _witness(scanner: Scanner, question: Question, layer: Folded, result: Result) -> Pair | None:
    """The engines' pair as inputs of the layer in the network, seen to collide there; None if it is of another size."""
    pair = result.witness
    if pair is None or len(pair.x) != len(layer.order):
        return None
    filler = [Fraction(0)] * len(layer.order)
    points = [layer.source_point(values, filler) for values in (pair.x, pair.y)]
    return verified(scanner.network, question, *points)


def verified(network: Network, question: Question, x: Sequence[Fraction], y: Sequence[Fraction]) -> Pair | None:
    """The pair of flat sources if it collides, evaluated exactly on the steps of the layer."""
    source = question.sources[0]
    shape = network.shapes[source] or ()
    points = [ExactTensor.of_fractions(list(values), shape) for values in (x, y)]
    if points[0].equals(points[1]):
        return None
    seen = question.network(network).agreement(*points)
    return Pair(points[0], points[1], source) if seen.equal else None


def _unread(scanner: Scanner, question: Question, row: LayerRow, layer: Folded) -> LayerRow:
    """A source with entries that nothing reads."""
    n = row.inputs or 0
    domain = scanner.domain(question).for_dimension(n)
    inside = list(domain.interior_point(n))
    moved = list(inside)
    j = layer.unread[0]
    step = Fraction(1)
    moved[j] = inside[j] + step
    while not domain.contains(moved):
        step /= 2
        moved[j] = inside[j] + step
    pair = verified(scanner.network, question, inside, moved)
    if pair is None:
        return replace(row, reason=f"{len(layer.unread)} entries of {question.sources[0]} seem to be read by nothing")
    count = len(layer.unread)
    what = f"entry {j} is" if count == 1 else f"{count} entries are"
    return replace(row, verdict=Verdict.NOT_INJECTIVE, reason=f"{what} read by nothing", witness=pair)
