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

import numpy as np

from exactinj.certificates.collision import Collision
from exactinj.domains import Box, Domain
from exactinj.errors import InputError
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.convolution.certify import certify_convolution
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, doubled
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import ExactTensor, LeakyRelu, Network, OneToOne, Opaque, Operation
from exactinj.networks.affine_parts import Question, has_known_shapes, size_of
from exactinj.networks.answers import LayerRow, Pair
from exactinj.networks.folding import Folded, NotFolded, Unread, folded
from exactinj.networks.ranges import Range, domain_of
from exactinj.networks.storage import ScanFolder
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["About", "Means", "Scanner", "answered", "both_signs", "decided_row"]


@dataclass(frozen=True)
class Means:
    """What decides layers: an engine, the seed of random starts, the folder where certificates are."""

    engine: Engine
    seed: int = 0
    folder: ScanFolder | None = None


@dataclass(frozen=True)
class Scanner:
    """What all rows of a scan share: the network, the ranges of its values, what decides layers."""

    network: Network
    ranges: dict[str, Range]
    means: Means

    def domain(self, question: Question) -> Domain:
        """Of the only source."""
        return domain_of(self.ranges[question.sources[0]])


@dataclass(frozen=True)
class _Task:
    """One row in the making: its question, and its number among the rows."""

    scanner: Scanner
    question: Question
    number: int

    @property
    def network(self) -> Network:
        return self.scanner.network

    @property
    def domain(self) -> Domain:
        return self.scanner.domain(self.question)

    @property
    def activation(self) -> Operation | None:
        return None if self.question.activation is None else self.question.activation.operation


def decided_row(scanner: Scanner, question: Question, number: int, clock: Clock) -> LayerRow:
    """The row of a layer; never raises for a layer that is not understood."""
    started = time.monotonic()
    task = _Task(scanner, question, number)
    row = _empty_row(task)
    try:
        row = _decided(task, row, clock)
    except InputError as error:
        row = replace(row, reason=str(error))
    return replace(row, seconds=time.monotonic() - started)


def _empty_row(task: _Task) -> LayerRow:
    network, question = task.network, task.question
    where = " x ".join(dict.fromkeys(domain_of(task.scanner.ranges[name]).text for name in question.sources))
    return LayerRow(
        name=question.name,
        kind=question.kind,
        inputs=size_of(network, question.sources),
        outputs=size_of(network, [question.output]),
        activation=None if task.activation is None else task.activation.kind,
        domain=where,
        verdict=Verdict.UNKNOWN,
        reason="not decided",
        question=question,
    )


def _decided(task: _Task, row: LayerRow, clock: Clock) -> LayerRow:
    if isinstance(task.activation, Opaque):
        return replace(row, reason=f"{task.activation.kind}: {task.activation.why}")
    why = _no_layer(task)
    if why is not None:
        return replace(row, reason=f"{row.activation or row.kind}: {why}")
    layer = folded(task.network, task.question)
    if isinstance(layer, NotFolded):
        return replace(row, reason=layer.reason)
    if isinstance(layer, Unread):
        return _unread(task, row, layer)
    asked = _asked(layer.layer, task.activation, task.network.shapes[task.question.value] or ())
    if asked is None:
        return replace(row, reason=f"{row.activation}: no engine decides layers with this activation")
    return _answered(task, replace(layer, layer=asked), row, clock)


def _no_layer(task: _Task) -> str | None:
    """Why a question is not about one layer, in words."""
    sources = task.question.sources
    if not has_known_shapes(task.network, task.question):
        return "the shape of a value is not known; give the input shape"
    if len(sources) != 1:
        return f"it reads several values ({', '.join(sources)}), a skip, which is no layer of one input"
    if task.activation is not None and not isinstance(task.activation, LeakyRelu | OneToOne):
        return "no engine decides layers with this activation"
    return None


def _asked(
    layer: ReLULayer | ConvLayer, activation: Operation | None, shape: tuple[int, ...]
) -> ReLULayer | ConvLayer | None:
    """The ReLU layer that is injective exactly if the layer with its own activation is; None where there is none."""
    if activation is None or isinstance(activation, OneToOne):
        return both_signs(layer, None)
    if not isinstance(activation, LeakyRelu):
        return None
    slopes = activation.slope.numerators
    if not slopes.any():
        return layer
    if (slopes > 0).all():
        return both_signs(layer, None)
    if (slopes < 0).any() or isinstance(layer, ConvLayer):
        return None
    return both_signs(layer, np.flatnonzero(np.broadcast_to(slopes, shape)).tolist())


def both_signs(layer: ReLULayer | ConvLayer, some: Sequence[int] | None) -> ReLULayer | ConvLayer:
    """The rows and their opposites, or the opposites of some."""
    if isinstance(layer, ConvLayer):
        return doubled(layer)
    rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    chosen = range(len(rows)) if some is None else some
    opposite = [[-value for value in rows[k]] for k in chosen]
    return ReLULayer([*rows, *opposite], [*bias, *(-bias[k] for k in chosen)])


def _answered(task: _Task, layer: Folded, row: LayerRow, clock: Clock) -> LayerRow:
    """What the engines say about the layer, and their pair as inputs of the layer in the network."""
    about = About(layer.layer, layer_domain(layer, task.domain), layer.size)
    row, pair = answered(task.scanner.means, row, task.number, about, clock)
    return replace(row, witness=_witness(task, layer, pair))


@dataclass(frozen=True)
class About:
    """A ReLU layer on a domain, of its inputs or of a place of its grid; for a convolution at a size, or at every."""

    layer: ReLULayer | ConvLayer
    domain: Domain
    size: tuple[int, ...] | None = None


def answered(means: Means, row: LayerRow, number: int, about: About, clock: Clock) -> tuple[LayerRow, Collision | None]:
    """The row with what the engines say, or a certificate of an earlier scan; and the colliding pair."""
    row = replace(row, domain=about.domain.text, layer_digest=about.layer.digest)
    folder = means.folder
    proof = None if folder is None else folder.known(number, row.name, about.layer, about.domain.text, about.size)
    if proof is not None and folder is not None:
        verdict = Verdict.INJECTIVE if proof.claim.startswith("injective") else Verdict.NOT_INJECTIVE
        reason, place = "by its certificate of an earlier scan, checked again", str(folder.place(number, row.name))
        return replace(row, verdict=verdict, reason=reason, proof=proof, certificate=place), proof.collision
    result = _asked_of_engines(means, about, clock)
    row = replace(
        row, verdict=result.verdict, reason=result.reason, assumption=result.assumption, proof=result.certificate
    )
    if folder is not None and result.certificate is not None:
        row = replace(row, certificate=folder.keep(number, row.name, result.certificate))
    return row, result.witness


def _asked_of_engines(means: Means, about: About, clock: Clock) -> Result:
    layer, domain = about.layer, about.domain
    if isinstance(layer, ConvLayer):
        return certify_convolution(layer, domain, means.engine, clock, input_shape=about.size, seed=means.seed)
    return certify_dense(layer, domain, BlocksEngine(means.engine), clock)


def layer_domain(layer: Folded, domain: Domain) -> Domain:
    """A domain of the flat source as one of the layer's inputs; for a convolution, of a place of its grid."""
    if isinstance(layer.layer, ConvLayer):
        return of_channels(domain, layer)
    where = domain if not isinstance(domain, Box) else domain.restricted(layer.order.tolist())
    return where.for_dimension(layer.layer.n)


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


def _witness(task: _Task, layer: Folded, pair: Collision | None) -> Pair | None:
    """The engines' pair as inputs of the layer in the network, seen to collide there; None if it is of another size."""
    if pair is None or len(pair.x) != len(layer.order):
        return None
    filler = [Fraction(0)] * len(layer.order)
    points = [layer.source_point(values, filler) for values in (pair.x, pair.y)]
    return verified(task.network, task.question, *points)


def verified(network: Network, question: Question, x: Sequence[Fraction], y: Sequence[Fraction]) -> Pair | None:
    """The pair of flat sources if it collides, evaluated exactly on the steps of the layer."""
    source = question.sources[0]
    shape = network.shapes[source] or ()
    points = [ExactTensor.of_fractions(list(values), shape) for values in (x, y)]
    if points[0].equals(points[1]):
        return None
    seen = question.network(network).agreement(*points)
    return Pair(points[0], points[1], source) if seen.equal else None


def _unread(task: _Task, row: LayerRow, layer: Unread) -> LayerRow:
    """A source with entries that nothing reads."""
    n, j, count = row.inputs or 0, layer.entries[0], len(layer.entries)
    domain = task.domain.for_dimension(n)
    inside = list(domain.interior_point(n))
    pair = verified(task.network, task.question, inside, moved_inside(domain, inside, j))
    if pair is None:
        return replace(row, reason=f"{count} entries of {task.question.sources[0]} seem to be read by nothing")
    what = f"entry {j} is" if count == 1 else f"{count} entries are"
    return replace(row, verdict=Verdict.NOT_INJECTIVE, reason=f"{what} read by nothing", witness=pair)


def moved_inside(domain: Domain, point: Sequence[Fraction], j: int) -> list[Fraction]:
    """An interior point with entry j changed, still in the domain."""
    step, moved = Fraction(1), list(point)
    moved[j] = point[j] + step
    while not domain.contains(moved):
        step /= 2
        moved[j] = point[j] + step
    return moved
