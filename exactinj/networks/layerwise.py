"""One row for each layer of a network: decided by the engines on the domain that the layer really gets.

A ReLU asks the engines directly. Behind an activation that is one-to-one, or none, the layer is injective exactly if
its affine map is; that is the question about the ReLU layer with every row and its opposite (``doubled``), since both
``z`` and ``-z`` behind a ReLU say what z is. What the engines do not speak of is looked through for collisions of
points in a cell; where none is found the row is ``unknown`` and says why.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from exactinj.certificates.collision import Collision
from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.errors import InputError
from exactinj.exact.matrix import orthogonal_vector
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.certify import certify_dense
from exactinj.injectivity.convolution.certify import certify_convolution
from exactinj.injectivity.engine import Engine
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer, doubled
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import Clip, ExactTensor, LeakyRelu, Network, OneToOne, Opaque, Operation, Square
from exactinj.networks.affine_parts import Question, has_known_shapes, size_of
from exactinj.networks.answers import LayerRow, Pair, domain_words
from exactinj.networks.collisions import find_collision
from exactinj.networks.determination import determined
from exactinj.networks.folding import Folded, NotFolded, Unread, folded
from exactinj.networks.isolation import can_isolate, isolated
from exactinj.networks.local import pair_along
from exactinj.networks.ranges import Range, domain_of
from exactinj.networks.storage import ScanFolder
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Verdict

__all__ = ["About", "Means", "Scanner", "answered", "both_signs", "decided_row"]


LARGE = 100_000  # inputs times outputs, beyond which one exact step may take long
EASY = 7  # inputs up to which the engines give a certificate at once
LARGEST_MATRIX = 4_000_000
MOST_PRODUCTS = 4_000_000_000
ATTEMPTS = 100
SECONDS_WHERE_SURE = 20.0  # where there must be a collision
SECONDS_TO_SEARCH = 5.0  # for a collision of a layer that no engine decided


@dataclass(frozen=True)
class Means:
    """What decides layers: an engine, the seed of random starts, the folder where certificates are."""

    engine: Engine
    seed: int = 0
    folder: ScanFolder | None = None
    isolate: bool = False  # large layers are decided in a process of their own, which ends with its time


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
    size = (row.inputs or 0) * (row.outputs or 0)
    if scanner.means.isolate and size > LARGE and can_isolate():
        found = isolated(lambda part: replace(_row(task, row, part), question=None), clock)
        row = replace(_ended(row) if found is None else found, question=question)
    else:
        row = _row(task, row, clock)
    return replace(row, seconds=time.monotonic() - started)


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
    where = " x ".join(dict.fromkeys(domain_words(domain_of(task.scanner.ranges[name])) for name in question.sources))
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
    way = _way(task)
    if way is both_signs and keeps_everything(task.network, task.question):
        return replace(row, verdict=Verdict.INJECTIVE, reason="no entry is lost by what it consists of")
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
    ranked = None if kept == [] else _by_rank(task, row, layer, kept)
    asked = way(layer.layer) if ranked is None else None
    if asked is not None:
        return _answered(task, replace(layer, layer=asked), row, clock)
    return ranked if ranked is not None else replace(row, reason=f"{name}: no engine decides layers with these slopes")


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
    found = find_collision(layer, domains, part, seed=seed, attempts=ATTEMPTS)
    if found is None:
        return replace(row, reason=f"{row.reason}; no collision of it was found either")
    return replace(row, verdict=Verdict.NOT_INJECTIVE, reason=found[1], witness=found[0])


def inside_of(scanner: Scanner, names: Sequence[str]) -> Domain:
    """A domain of some values together within the product of theirs: their own, for one, or if all are alike."""
    domains = [domain_of(scanner.ranges[name]) for name in names]
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


Way = Callable[[ReLULayer | ConvLayer], ReLULayer | ConvLayer | None]


def _way(task: _Task) -> Way | None:
    """From the layer to the ReLU layer that is injective exactly if it is with its own activation; None if none is."""
    activation = task.activation
    where = task.scanner.ranges[task.question.value]
    shape = task.network.shapes[task.question.value] or ()
    if activation is None or isinstance(activation, OneToOne):
        return both_signs
    if isinstance(activation, LeakyRelu):
        return _way_of_slopes(activation.slope.numerators, where, shape)
    if isinstance(activation, Square):
        return both_signs if where.is_one_sided() else None
    return _way_of_clip(activation, where) if isinstance(activation, Clip) else None


def _way_of_slopes(slopes: Any, where: Range, shape: tuple[int, ...]) -> Way | None:
    if (slopes > 0).all() or where.is_nonnegative or where.is_one_sided(np.broadcast_to(slopes, shape) != 0):
        return both_signs
    if not slopes.any():
        return _same
    whole = np.broadcast_to(slopes, shape)
    return lambda layer: _of_mixed_slopes(layer, whole)


def _of_mixed_slopes(layer: ReLULayer | ConvLayer, slopes: Any) -> ReLULayer | ConvLayer | None:
    """Rows with a positive slope and their opposites, rows with slope 0; those with a negative one tell less: left out.

    If that layer is injective so is the one in question; where slopes are negative a collision is yet to be seen.
    """
    if isinstance(layer, ReLULayer):
        flat = slopes.ravel()
        if not (flat >= 0).any():
            return None
        rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        kept = [(k, sign) for k in range(len(rows)) for sign in (1, -1) if flat[k] > 0 or (flat[k] == 0 and sign > 0)]
        return ReLULayer([[sign * v for v in rows[k]] for k, sign in kept], [sign * bias[k] for k, sign in kept])
    channels = slopes.reshape(layer.out_channels, -1) if slopes.size % layer.out_channels == 0 else None
    if channels is None or (channels != channels[:, :1]).any() or layer.groups > 1:
        return None
    signs = [value for (value,) in np.sign(channels[:, :1].astype(float)).tolist()]
    kept = [(k, sign) for k in range(len(signs)) for sign in (1, -1) if signs[k] > 0 or (signs[k] == 0 and sign > 0)]
    if not kept:
        return None
    rows, bias = layer.kernels.fractions(), layer.bias
    kernels = shaped([[sign * v for v in rows[k]] for k, sign in kept], _ins(layer), layer.kernel_size)
    return _with_kernels(layer, kernels, [sign * bias[k] for k, sign in kept])


def _with_kernels(layer: ConvLayer, kernels: Any, bias: list[Fraction]) -> ConvLayer:
    return ConvLayer(
        kernels,
        bias,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        padding_mode=layer.padding_mode,
    )


def _way_of_clip(clip: Clip, where: Range) -> Way | None:
    """A clip that acts on one side only is a ReLU behind a shift, and perhaps a change of sign."""
    low_acts = clip.low is not None and not where.is_at_least(clip.low)
    high_acts = clip.high is not None and not where.is_at_most(clip.high)
    if low_acts and high_acts:
        return None
    if low_acts:
        return lambda layer: _shifted(layer, 1, -(clip.low or Fraction(0)))
    return (lambda layer: _shifted(layer, -1, clip.high or Fraction(0))) if high_acts else both_signs


def _same(layer: ReLULayer | ConvLayer) -> ReLULayer | ConvLayer:
    return layer


def _shifted(layer: ReLULayer | ConvLayer, sign: int, shift: Fraction) -> ReLULayer | ConvLayer:
    """The layer ``ReLU(sign (W x + b) + shift)``."""
    if isinstance(layer, ReLULayer):
        rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        return ReLULayer([[sign * value for value in row] for row in rows], [sign * value + shift for value in bias])
    kernels = shaped([[sign * v for v in row] for row in layer.kernels.fractions()], _ins(layer), layer.kernel_size)
    return _with_kernels(layer, kernels, [sign * value + shift for value in layer.bias])


def _ins(layer: ConvLayer) -> int:
    return layer.in_channels // layer.groups


def both_signs(layer: ReLULayer | ConvLayer, some: Sequence[int] | None = None) -> ReLULayer | ConvLayer:
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
    witness = _witness(task, layer, pair)
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
