"""One row for each layer of a network: decided by the engines on the domain that the layer really gets.

A ReLU asks the engines directly. Behind an activation that is one-to-one, or none, the layer is injective exactly if
its affine map is; that is the question about the ReLU layer with every row and its opposite (``doubled``), since both
``z`` and ``-z`` behind a ReLU say what z is. What the engines do not speak of is looked through for collisions of
points in a cell; where none is found the row is ``unknown`` and says why.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

import numpy as np

from exactinj.certificates.collision import Collision
from exactinj.certificates.packing import FULL_SPARK
from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.errors import InputError
from exactinj.exact.matrix import orthogonal_vector
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.convolution.certify import certify_convolution
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.residual.certify import certify_residual
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import ExactTensor, LeakyRelu, Network, Opaque, Operation
from exactinj.networks.affine_parts import Question, has_known_shapes, size_of
from exactinj.networks.answers import LayerRow, Pair, domain_words, flat_pair
from exactinj.networks.collisions import find_collision
from exactinj.networks.determination import determined
from exactinj.networks.fixed_inputs import free_inputs, some_are_fixed
from exactinj.networks.folding import Folded, NotFolded, Unread, folded
from exactinj.networks.isolation import can_isolate, isolated
from exactinj.networks.local import pair_along
from exactinj.networks.ranges import Range, domain_of
from exactinj.networks.residual_rows import FoundBlock, residual_block
from exactinj.networks.storage import ScanFolder
from exactinj.networks.ways import both_signs, way_of
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Verdict

__all__ = ["About", "Means", "Scanner", "answered", "decided_row", "not_looked_at"]


LARGE = 100_000  # inputs times outputs, beyond which one exact step may take long
EASY = 7  # inputs up to which the engines give a certificate at once
LARGEST_MATRIX = 4_000_000
MOST_PRODUCTS = 4_000_000_000
ATTEMPTS = 100
ROUNDS = 2  # of descents
SECONDS_WHERE_SURE = 20.0  # where there must be a collision
SECONDS_TO_SEARCH = 5.0  # for a collision of a layer that no engine decided


@dataclass(frozen=True)
class Means:
    """What decides layers: an engine, the seed of random starts, the folder where certificates are."""

    engine: Engine
    seed: int = 0
    folder: ScanFolder | None = None
    assume_full_spark: bool = False  # which rows then say
    isolate: bool = False  # large layers are decided in a process of their own, which ends with its time


@dataclass(frozen=True)
class Scanner:
    """What all rows of a scan share: the network, the ranges of its values, what decides layers."""

    network: Network
    ranges: dict[str, Range]
    means: Means
    by_output: Mapping[str, Question] = field(default_factory=dict)
    _domains: dict[str, Domain] = field(default_factory=dict, repr=False)  # large ones take a while to make

    def domain_of(self, name: str) -> Domain:
        """Of a value."""
        if name not in self._domains:
            self._domains[name] = domain_of(self.ranges[name])
        return self._domains[name]

    def domain(self, question: Question) -> Domain:
        """Of the only source."""
        return self.domain_of(question.sources[0])


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
    size = (row.inputs or 0) * (row.outputs or 0)
    if scanner.means.isolate and size > LARGE and can_isolate():
        found = isolated(lambda part: replace(_row(task, row, part), question=None), clock)
        row = replace(_ended(row) if found is None else found, question=question)
    else:
        row = _row(task, row, clock)
    return replace(row, seconds=time.monotonic() - started)


def not_looked_at(scanner: Scanner, question: Question) -> LayerRow:
    """The row of a layer for which no time was left."""
    row = _empty_row(_Task(scanner, question, 0))
    return replace(row, verdict=Verdict.TIMED_OUT, reason="out of time before it was looked at")


def _row(task: _Task, row: LayerRow, clock: Clock) -> LayerRow:
    try:
        return _decided(task, row, clock)
    except InputError as error:
        return replace(row, reason=str(error))
    except OutOfTimeError:
        return replace(row, verdict=Verdict.TIMED_OUT, reason="out of time")
    except MemoryError:
        return replace(row, verdict=Verdict.TIMED_OUT, reason="out of memory")


def _ended(row: LayerRow) -> LayerRow:
    reason = f"out of time or memory inside one exact step of a layer of {row.inputs} inputs and {row.outputs} outputs"
    return replace(row, verdict=Verdict.TIMED_OUT, reason=reason)


def _empty_row(task: _Task) -> LayerRow:
    network, question = task.network, task.question
    where = " x ".join(dict.fromkeys(domain_words(task.scanner.domain_of(name)) for name in question.sources))
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
    """By the engines where they speak of such a layer, then by a search for collisions."""
    if isinstance(task.activation, Opaque):
        return replace(row, reason=f"{task.activation.kind}: {task.activation.why}")
    if not has_known_shapes(task.network, task.question):
        return replace(row, reason=f"{row.activation or row.kind}: the shape of a value is not known")
    inputs, outputs = row.inputs or 0, row.outputs or 0
    if outputs < 2 * inputs and inputs * outputs > LARGE:  # likely to collide, and large for the engines
        row = _by_search(task, row, clock)
        return row if row.verdict is Verdict.NOT_INJECTIVE else _by_engines(task, row, clock)
    row = _by_engines(task, row, clock)
    return row if row.verdict in (Verdict.INJECTIVE, Verdict.NOT_INJECTIVE) else _by_search(task, row, clock)


def _by_engines(task: _Task, row: LayerRow, clock: Clock) -> LayerRow:
    sources, name = task.question.sources, row.activation or row.kind
    value = task.question.value
    way = way_of(task.activation, task.scanner.ranges[value], task.network.shapes[value] or ())
    known = _without_engines(task, row, clock) if way is both_signs else None
    if known is not None:
        return known
    if len(sources) != 1 or way is None:
        several = f"it reads several values ({', '.join(sources)}), which is no single layer"
        why = several if len(sources) != 1 else "no engine decides layers with this activation"
        return replace(row, reason=f"{name}: {why}")
    layer = folded(task.network, task.question)
    if isinstance(layer, NotFolded):
        return replace(row, reason=f"{name}: {layer.reason}")
    if isinstance(layer, Unread):
        return _unread(task, row, layer)
    kept = None if way is both_signs else _kept_rows(task)
    source = task.scanner.ranges[sources[0]]
    ranked = None if kept == [] or some_are_fixed(source) else _by_rank(task, row, layer, kept)
    asked = way(layer.layer) if ranked is None else None
    if asked is not None:
        return _answered(task, replace(layer, layer=asked), row, clock)
    return ranked if ranked is not None else replace(row, reason=f"{name}: no engine decides layers with these slopes")


def _without_engines(task: _Task, row: LayerRow, clock: Clock) -> LayerRow | None:
    """A layer whose activation loses nothing: entries that only move, or a residual block."""
    if keeps_everything(task.network, task.question):
        return replace(row, verdict=Verdict.INJECTIVE, reason="no entry is lost by what it consists of")
    block = residual_block(task.network, task.scanner.by_output, task.question)
    return None if block is None else _of_block(task, row, block, clock)


def _of_block(task: _Task, row: LayerRow, found: FoundBlock, clock: Clock) -> LayerRow:
    """The row of a residual block, on the domain of its input."""
    means, block = task.scanner.means, found.block
    domain = task.scanner.domain_of(found.source).for_dimension(block.n)
    result = certify_residual(block, domain, clock, means.seed)
    row = replace(
        row,
        kind="residual",
        inputs=block.n,
        domain=domain_words(domain),
        verdict=result.verdict,
        reason=result.reason,
        proof=result.certificate,
        layer_digest=block.digest,
    )
    if means.folder is not None and result.certificate is not None:
        row = replace(row, certificate=means.folder.keep(task.number, row.name, result.certificate))
    if result.witness is None:
        return row
    pair = flat_pair(result.witness.x, result.witness.y, task.network.shapes[found.source] or (), found.source)
    return replace(row, witness=pair if found.network.agreement(pair.x, pair.y).equal else None)


def _kept_rows(task: _Task) -> list[int]:
    """The rows whose value the activation tells, as their slope is positive."""
    if not isinstance(task.activation, LeakyRelu):
        return []
    slopes = np.broadcast_to(task.activation.slope.numerators, task.network.shapes[task.question.value] or ())
    return np.flatnonzero(slopes > 0).tolist()


def _by_rank(task: _Task, row: LayerRow, layer: Folded, kept: list[int] | None) -> LayerRow | None:
    """The column rank of the rows that are kept as they are; it decides where these are all, or it is full.

    None for what it leaves open, and for small layers, for which the engines give a certificate.
    """
    n, m = len(layer.order), prod(task.network.shapes[task.question.value] or ())
    if n <= EASY or n * m > LARGEST_MATRIX or n * n * m > MOST_PRODUCTS:
        return None
    dense = layer.layer if isinstance(layer.layer, ReLULayer) else layer.layer.unrolled(layer.size or ())
    rows = dense.W.integer_rows()
    lost = orthogonal_vector(rows if kept is None else [rows[k] for k in kept], n)
    row = replace(row, layer_digest=dense.digest, domain=domain_words(task.domain))
    if lost is None:
        which = "its affine map has" if kept is None else f"its {len(kept)} rows of positive slope have"
        return replace(row, verdict=Verdict.INJECTIVE, reason=f"{which} full column rank {n}")
    if kept is not None:
        return None
    domain = task.domain.for_dimension(n)
    shape = task.network.shapes[task.question.sources[0]] or ()
    x = ExactTensor.of_fractions(list(domain.interior_point(n)), shape)
    by_entry = sorted(zip(layer.order.tolist(), lost, strict=True))
    y = pair_along(x, domain, [j for j, _ in by_entry], tuple(value for _, value in by_entry), None)
    pair = None if y is None else verified(task.network, task.question, x.fractions(), y.fractions())
    if pair is None:
        return None
    reason = f"its affine map of {n} inputs has no full column rank"
    return replace(row, verdict=Verdict.NOT_INJECTIVE, reason=reason, witness=pair)


def keeps_everything(network: Network, question: Question) -> bool:
    """Whether the affine steps of a layer only move, scale and shift entries, so that its value tells its sources."""
    if not question.affine:
        return len(question.sources) == 1
    shapes = {name: network.shapes[name] or () for name in question.sources}
    known = determined(Network(shapes, question.affine, [question.value]), [])
    return all(name in known for name in question.sources)


def _by_search(task: _Task, row: LayerRow, clock: Clock) -> LayerRow:
    """A collision of the layer alone, of whatever steps it consists."""
    layer = task.question.network(task.network)
    domains = {layer.input_name: inside_of(task.scanner, task.question.sources)}
    is_sure = (row.outputs or 0) < (row.inputs or 0)  # fewer outputs than inputs
    part, seed = clock.bounded(SECONDS_WHERE_SURE if is_sure else SECONDS_TO_SEARCH), task.scanner.means.seed
    found = find_collision(layer, domains, part, seed=seed, attempts=ATTEMPTS, rounds=ROUNDS)
    if found is None:
        return replace(row, reason=f"{row.reason}; no collision of it was found either")
    return replace(row, verdict=Verdict.NOT_INJECTIVE, reason=found[1], witness=found[0])


def inside_of(scanner: Scanner, names: Sequence[str]) -> Domain:
    """A domain of some values together within the product of theirs: their own, for one, or if all are alike."""
    domains = [scanner.domain_of(name) for name in names]
    sizes = [prod(scanner.network.shapes[name] or ()) for name in names]
    if len({type(domain) for domain in domains}) == 1 and not isinstance(domains[0], Box):
        return domains[0]
    if not any(isinstance(domain, Box) for domain in domains):
        return NonnegativeOrthant()
    lower: list[Fraction] = []
    upper: list[Fraction] = []
    for domain, size in zip(domains, sizes, strict=True):
        box = domain if isinstance(domain, Box) else Box(0 if isinstance(domain, NonnegativeOrthant) else -1, 1)
        sides = box.for_dimension(size)
        lower += sides.lower  # type: ignore[arg-type]  # tuples
        upper += sides.upper  # type: ignore[arg-type]
    return Box(lower, upper)


def _answered(task: _Task, layer: Folded, row: LayerRow, clock: Clock) -> LayerRow:
    """What the engines say about the layer, and their pair as inputs of the layer in the network."""
    free = free_inputs(layer, task.scanner.ranges[task.question.sources[0]])
    if free is None:
        about = About(layer.layer, layer_domain(layer, task.domain), layer.size)
    else:
        about = About(free.layer.layer, free.domain)
    row, pair = answered(task.scanner.means, row, task.number, about, clock)
    if free is not None:
        row = replace(row, reason=f"{row.reason}; {free.fixed} of its {len(free.values)} inputs are fixed there")
    witness = _witness(task, layer if free is None else free.layer, pair, None if free is None else free.values)
    if row.verdict is Verdict.NOT_INJECTIVE and witness is None and _has_negative_slopes(task.activation):
        reason = "without its rows of negative slope it is not injective, which leaves open what they tell"
        return replace(row, verdict=Verdict.UNKNOWN, reason=reason, certificate=None, proof=None)
    return replace(row, witness=witness)


def _has_negative_slopes(activation: Operation | None) -> bool:
    return isinstance(activation, LeakyRelu) and bool((activation.slope.numerators < 0).any())


@dataclass(frozen=True)
class About:
    """A ReLU layer on a domain, of its inputs or of a place of its grid; for a convolution at a size, or at every."""

    layer: ReLULayer | ConvLayer
    domain: Domain
    size: tuple[int, ...] | None = None


def answered(means: Means, row: LayerRow, number: int, about: About, clock: Clock) -> tuple[LayerRow, Collision | None]:
    """The row with what the engines say, or a certificate of an earlier scan; and the colliding pair."""
    row = replace(row, domain=domain_words(about.domain), layer_digest=about.layer.digest)
    folder = means.folder
    proof = None if folder is None else folder.known(number, row.name, about.layer, about.domain.text, about.size)
    assumption = FULL_SPARK if proof is not None and proof.claim.endswith("_if_full_spark") else None
    if proof is not None and folder is not None and (assumption is None or means.assume_full_spark):
        verdict = Verdict.INJECTIVE if proof.claim.startswith("injective") else Verdict.NOT_INJECTIVE
        reason, place = "by its certificate of an earlier scan, checked again", str(folder.place(number, row.name))
        row = replace(row, verdict=verdict, reason=reason, assumption=assumption, proof=proof, certificate=place)
        return row, proof.collision
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
        return certify_convolution(
            layer,
            domain,
            means.engine,
            clock,
            input_shape=about.size,
            seed=means.seed,
            assume_full_spark=means.assume_full_spark,
        )
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


def _witness(
    task: _Task, layer: Folded, pair: Collision | None, values: Sequence[Fraction] | None = None
) -> Pair | None:
    """The engines' pair as inputs of the layer in the network, seen to collide there; None if it is of another size."""
    if pair is None or len(pair.x) != len(layer.order):
        return None
    filler = [Fraction(0)] * len(layer.order) if values is None else values
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
