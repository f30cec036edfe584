"""A whole network: every layer by itself, then the network, from what is known of its layers or by a collision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from exactinj.certificates.graph_certificate import GraphCertificate
from exactinj.certificates.network_certificate import NetworkCertificate
from exactinj.certificates.packing import FULL_SPARK
from exactinj.domains import Box, Domain, NonnegativeOrthant, RealSpace
from exactinj.errors import InputError, InternalError
from exactinj.files.checkpoints import Checkpoint
from exactinj.layers.network import Network, simplified
from exactinj.networks.affine_parts import questions
from exactinj.networks.answers import LayerRow, NetworkAnswer, ScanResult, flat_pair
from exactinj.networks.certify import certify_network
from exactinj.networks.checkpoint_rows import answer_of_rows, decided_checkpoint_row
from exactinj.networks.collisions import find_collision, opposite_inputs
from exactinj.networks.compositions import composition
from exactinj.networks.dense_chains import dense_of_graph
from exactinj.networks.descent.search import LayerPair
from exactinj.networks.determination import determined
from exactinj.networks.graph_compositions import graph_composition
from exactinj.networks.layerwise import Means, Scanner, decided_row, not_looked_at
from exactinj.networks.models import Model
from exactinj.networks.quest import whole_pair
from exactinj.networks.ranges import ranges
from exactinj.networks.replays import replayed
from exactinj.networks.storage import ScanFolder
from exactinj.networks.tighter_rows import Tighter
from exactinj.networks.unrolling import chain_of_graph
from exactinj.work.clock import Clock
from exactinj.work.log import LOGGER
from exactinj.work.verdict import Verdict

__all__ = ["ScanOptions", "scan_model"]

SECONDS_TO_COMPOSE = 30.0  # for the certificate of a network, of which every layer is proved
SECONDS_TO_SEARCH = 60.0  # for a collision of the whole network, where there is no deadline
SHARE_OF_RANGES = 0.2  # of the time
AFFINE_FORMS = "bounds by affine forms of the inputs have no place in one yet"
Keep = Callable[[LayerRow | NetworkAnswer], None]


@dataclass(frozen=True)
class ScanOptions:
    """How a model is scanned.

    Attributes
    ----------
    layer_timeout : seconds for each layer at most; None for its fair share of all
    end_to_end : whether small dense networks are decided as a whole, by their cells
    keep : is given each row when it is decided, and an answer for the whole that is found on the way
    """

    layer_timeout: float | None = None
    end_to_end: bool = False
    keep: Keep | None = None


def scan_model(model: Model, domain: Domain, means: Means, clock: Clock, options: ScanOptions) -> ScanResult:
    """Decide every layer and the whole, on a domain of the input: R^n, the orthant or a box."""
    content = model.content
    if isinstance(content, Network):
        result = _scan_network(content, domain, means, clock, options)
    else:
        result = _scan_checkpoint(content, domain, means, clock, options)
    pair = result.network.witness
    if pair is not None and result.graph is not None:
        pair = replace(pair, float_replay=replayed(model, result.graph, pair))
        result = replace(result, network=replace(result.network, witness=pair))
    result = replace(result, model=model.record, seconds=clock.elapsed)
    if means.folder is not None:
        means.folder.write("scan.json", _with_pairs_kept(means.folder, result))
    return result


def _with_pairs_kept(folder: ScanFolder, result: ScanResult) -> dict[str, Any]:
    """The result as JSON, in which long pairs are names of files.

    The pairs of rows without a certificate and of the network are files of their own, and so is every long one.
    """
    document: dict[str, Any] = result.to_json()
    for number, (row, shown) in enumerate(zip(result.layers, document["layers"], strict=True), 1):
        name = f"{folder.place(number, row.name).stem}-pair.json"
        if row.witness is not None:
            shown["witness"] = folder.pair(name, row.witness, always=row.certificate is None)
    if result.network.witness is not None:
        document["network"]["witness"] = folder.pair("000-network-pair.json", result.network.witness, always=True)
    return document


def _scan_network(whole: Network, domain: Domain, means: Means, clock: Clock, options: ScanOptions) -> ScanResult:
    network = simplified(whole)
    _require_domain(network, domain)
    clock.report("what values can be")
    asked = questions(network)
    values = ranges(network, domain, clock.part(SHARE_OF_RANGES))
    scanner = Scanner(network, values, means, {question.output: question for question in asked})
    early = _opposite_inputs(network, domain, options)
    tighter = Tighter(scanner, domain, clock.part(SHARE_OF_RANGES))

    def decide(k: int, part: Clock) -> LayerRow:
        row = not_looked_at(scanner, asked[k]) if clock.is_over else decided_row(scanner, asked[k], k + 1, part)
        if row.verdict in (Verdict.UNKNOWN, Verdict.NOT_INJECTIVE):
            row = tighter.row(row, k + 1, part)
        if not early:
            early.extend(_of_first_layer(network, domain, row))
            if early and options.keep is not None:
                options.keep(early[0])
        return row

    rows = _rows([question.name for question in asked], decide, clock, options)
    answer = early[0] if early else _whole(scanner, domain, rows, clock)
    notes: list[str] = []
    if answer.verdict is Verdict.INJECTIVE and answer.assumption is None and means.folder is not None:
        answer, why = _certified(scanner, domain, answer, rows, clock)
        notes += [f"no certificate of the whole: {AFFINE_FORMS if tighter.used else why}"] if why else []
    if options.end_to_end and answer.verdict in (Verdict.UNKNOWN, Verdict.TIMED_OUT):
        answer, note = _end_to_end(scanner, domain, rows, answer, clock)
        notes += [note] if note else []
    return ScanResult({}, domain.text, tuple(rows), answer, network, notes=tuple(notes))


def _scan_checkpoint(
    weights: Checkpoint, domain: Domain, means: Means, clock: Clock, options: ScanOptions
) -> ScanResult:
    def decide(k: int, part: Clock) -> LayerRow:
        return decided_checkpoint_row(weights.layers[k], k + 1, domain, means, part)

    rows = _rows([layer.name for layer in weights.layers], decide, clock, options)
    notes = [f"assumed: {text}" for text in weights.assumed]
    notes += [f"not looked at: {name}, {why}" for name, why in weights.left.items()]
    return ScanResult({}, domain.text, tuple(rows), answer_of_rows(rows, clock), None, notes=tuple(notes))


def _rows(
    names: Sequence[str], decide: Callable[[int, Clock], LayerRow], clock: Clock, options: ScanOptions
) -> list[LayerRow]:
    """Each layer's row, in its fair share of the time that is left; two more shares are for the whole."""
    rows = []
    for k, name in enumerate(names):
        clock.report(f"layer {k + 1} of {len(names)}, {name}")
        rows.append(decide(k, _share(clock, len(names) - k + 2, options.layer_timeout)))
        LOGGER.info("layer %s: %s", name, rows[-1].verdict)
        if options.keep is not None:
            options.keep(rows[-1])
    return rows


def _share(clock: Clock, parts: int, most: float | None) -> Clock:
    left = None if clock.left is None else clock.left / parts
    seconds = [value for value in (left, most) if value is not None]
    return clock.bounded(min(seconds)) if seconds else clock


def _require_domain(network: Network, domain: Domain) -> None:
    if not isinstance(domain, Box | RealSpace | NonnegativeOrthant):
        raise InputError(f"found the domain {domain.text}, expected R^n, nonneg or a box for the input of a network")
    for name, shape in network.inputs.items():
        if domain.dimension not in (None, prod(shape)):
            raise InputError(
                f"found a domain in dimension {domain.dimension} and the input {name} of shape {shape}; "
                f"give one pair of bounds, or {prod(shape)}"
            )


def _domains(network: Network, domain: Domain) -> dict[str, Domain]:
    """The domain of each input."""
    return {name: domain.for_dimension(prod(shape)) for name, shape in network.inputs.items()}


def _whole(scanner: Scanner, domain: Domain, rows: list[LayerRow], clock: Clock) -> NetworkAnswer:
    network = scanner.network
    why = "each of its layers is injective on what it gets, and they compose"
    if _is_determined(network, [row for row in rows if row.is_proved]):
        return NetworkAnswer(Verdict.INJECTIVE, why)
    assumed = [row for row in rows if row.verdict is Verdict.INJECTIVE]
    if _is_determined(network, assumed):
        named = ", ".join(row.name for row in assumed if not row.is_proved)
        return NetworkAnswer(Verdict.INJECTIVE, f"{why}, if {named} is full spark", assumption=FULL_SPARK)
    search = clock if clock.left is not None else clock.bounded(SECONDS_TO_SEARCH)
    pairs = _layer_pairs(rows)
    found = find_collision(network, _domains(network, domain), search, seed=scanner.means.seed, layer_pairs=pairs)
    if found is not None:
        return NetworkAnswer(Verdict.NOT_INJECTIVE, found[1], found[0])
    left_open = [row for row in rows if row.verdict is not Verdict.INJECTIVE]
    names = ", ".join(row.name for row in left_open[:3]) + (", ..." if len(left_open) > 3 else "")  # noqa: PLR2004
    if clock.is_over:
        return NetworkAnswer(Verdict.TIMED_OUT, f"out of time; these layers are not proved injective: {names}")
    what = f"these layers are not proved injective: {names}" if left_open else "its layers do not compose to a chain"
    return NetworkAnswer(Verdict.UNKNOWN, f"{what}, and no collision of the whole network was found")


def _is_determined(network: Network, rows: list[LayerRow]) -> bool:
    """Whether the output determines the input, if these layers are injective."""
    known = determined(network, [row.question for row in rows if row.question is not None])
    return all(name in known for name in network.inputs)


def _layer_pairs(rows: Sequence[LayerRow]) -> list[LayerPair]:
    """The colliding pairs of layers of one source."""
    return [
        LayerPair(
            row.witness.input, row.question.output, row.witness.x.floats().ravel(), row.witness.y.floats().ravel()
        )
        for row in rows
        if row.witness is not None and row.question is not None and row.witness.input in row.question.sources
    ]


def _certified(
    scanner: Scanner, domain: Domain, answer: NetworkAnswer, rows: Sequence[LayerRow], clock: Clock
) -> tuple[NetworkAnswer, str]:
    """With one certificate for the whole, in the folder; or as it was, and why there is none."""
    if scanner.means.folder is None:
        return answer, ""
    dense = dense_of_graph(scanner.network, [row.question for row in rows if row.question is not None])
    found: NetworkCertificate | GraphCertificate | str | None = None
    if not isinstance(dense, str):
        found = composition(dense, domain, scanner.means.engine, clock.bounded(SECONDS_TO_COMPOSE))
    if found is None:
        found = graph_composition(scanner.network, domain, rows, scanner.ranges)
    if isinstance(found, str):
        return answer, found
    return replace(answer, certificate=scanner.means.folder.keep(0, "network", found)), ""


def _end_to_end(
    scanner: Scanner, domain: Domain, rows: list[LayerRow], so_far: NetworkAnswer, clock: Clock
) -> tuple[NetworkAnswer, str]:
    """The answer of the cells of a small dense network; as it was, with a note, where there is no such network."""
    asked = [row.question for row in rows if row.question is not None]
    dense = dense_of_graph(scanner.network, asked)
    if isinstance(dense, str):  # skips, poolings and clips
        dense = chain_of_graph(scanner.network)
    if isinstance(dense, str):
        return so_far, f"not decided end to end: {dense}"
    result = certify_network(dense, domain.for_dimension(dense.n), clock)
    reason, folder = f"end to end, {result.reason}", scanner.means.folder
    kept = None
    if folder is not None and result.certificate is not None:
        kept = folder.keep(0, "network", result.certificate)
    if result.witness is None:
        return NetworkAnswer(result.verdict, reason, None, kept), ""
    name = scanner.network.input_name
    shape, found = scanner.network.inputs[name], result.witness
    domains = _domains(scanner.network, domain)
    pair = whole_pair(scanner.network, domains, flat_pair(found.x, found.y, shape, name))
    if pair is None:
        raise InternalError("a pair of the dense network does not collide in the graph; please report this")
    return NetworkAnswer(Verdict.NOT_INJECTIVE, reason, pair, kept), ""


def _opposite_inputs(network: Network, domain: Domain, options: ScanOptions) -> list[NetworkAnswer]:
    """The pair of an input and its opposite behind squares, which is there at once if it is there."""
    for name in network.inputs:
        found = opposite_inputs(network, _domains(network, domain), name)
        if found is not None:
            answer = NetworkAnswer(Verdict.NOT_INJECTIVE, found[1], found[0])
            if options.keep is not None:
                options.keep(answer)
            return [answer]
    return []


def _of_first_layer(network: Network, domain: Domain, row: LayerRow) -> list[NetworkAnswer]:
    """The colliding pair of a layer that reads the input, if it collides in the whole network."""
    pair = row.witness
    if pair is None or pair.input not in network.inputs:
        return []
    found = whole_pair(network, _domains(network, domain), pair)
    if found is None:
        return []
    return [NetworkAnswer(Verdict.NOT_INJECTIVE, f"its layer {row.name} has two inputs with one output", found)]
