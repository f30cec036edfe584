"""A whole network: every layer by itself, then the network, from what is known of its layers or by a collision."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from exactinj.domains import Box, Domain, NonnegativeOrthant, RealSpace
from exactinj.errors import InputError, InternalError
from exactinj.injectivity.engine import Engine
from exactinj.layers.network import Network, simplified
from exactinj.networks.affine_parts import questions
from exactinj.networks.answers import LayerRow, NetworkAnswer, Pair, ScanResult, flat_pair
from exactinj.networks.certify import certify_network
from exactinj.networks.collisions import find_collision, whole_pair
from exactinj.networks.dense_chains import dense_of_graph
from exactinj.networks.determination import determined
from exactinj.networks.layerwise import Scanner, decided_row
from exactinj.networks.ranges import ranges
from exactinj.networks.storage import ScanFolder
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["scan_network"]

SECONDS_TO_SEARCH = 60.0  # for a collision of the whole network, where there is no deadline
Keep = Callable[[LayerRow], None]


def scan_network(
    network: Network,
    domain: Domain,
    engine: Engine,
    clock: Clock,
    *,
    layer_timeout: float | None = None,
    seed: int = 0,
    end_to_end: bool = False,
    folder: ScanFolder | None = None,
    keep: Keep | None = None,
    model: dict[str, object] | None = None,
) -> ScanResult:
    """Decide every layer and the whole.

    Parameters
    ----------
    network : Network
    domain : R^n, the orthant or a box
        Of the input.
    engine : decides layers
    clock : of the whole; each layer gets its fair share, at most `layer_timeout`
    end_to_end : decide a small dense network as a whole, by its cells
    folder : where certificates are kept, and taken from
    keep : is given each row when it is decided
    model : what results say about where the network comes from
    """
    network = simplified(network)
    _require_domain(network, domain)
    scanner = Scanner(network, ranges(network, domain, clock), engine, seed, folder)
    asked = questions(network)
    rows: list[LayerRow] = []
    for k, question in enumerate(asked):
        clock.report(f"layer {k + 1} of {len(asked)}, {question.name}")
        rows.append(decided_row(scanner, question, k + 1, _share(clock, len(asked) - k + 1, layer_timeout)))
        if keep is not None:
            keep(rows[-1])
    answer = _whole(scanner, domain, rows, clock)
    notes: list[str] = []
    if end_to_end and answer.verdict in (Verdict.UNKNOWN, Verdict.TIMED_OUT):
        answer, note = _end_to_end(scanner, domain, rows, answer, clock)
        notes += [note] if note else []
    named = model or {"file": None, "sha256": network.digest}
    result = ScanResult(named, domain.text, tuple(rows), answer, network, clock.elapsed, tuple(notes))
    if folder is not None:
        folder.write("scan.json", result.to_json())
    return result


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
    pair = _of_first_layers(network, domain, rows)
    if pair is not None:
        return NetworkAnswer(Verdict.NOT_INJECTIVE, f"its layer {pair[0]} has two inputs with one output", pair[1])
    proved = [row.question for row in rows if row.verdict is Verdict.INJECTIVE and row.question is not None]
    known = determined(network, proved)
    if all(name in known for name in network.inputs):
        return NetworkAnswer(Verdict.INJECTIVE, "each of its layers is injective on what it gets, and they compose")
    search = clock if clock.left is not None else clock.bounded(SECONDS_TO_SEARCH)
    found = find_collision(network, _domains(network, domain), search, seed=scanner.seed)
    if found is not None:
        return NetworkAnswer(Verdict.NOT_INJECTIVE, found[1], found[0])
    left_open = [row for row in rows if row.verdict is not Verdict.INJECTIVE]
    names = ", ".join(row.name for row in left_open[:3]) + (", ..." if len(left_open) > 3 else "")  # noqa: PLR2004
    if clock.is_over:
        return NetworkAnswer(Verdict.TIMED_OUT, f"out of time; these layers are not proved injective: {names}")
    what = f"these layers are not proved injective: {names}" if left_open else "its layers do not compose to a chain"
    return NetworkAnswer(Verdict.UNKNOWN, f"{what}, and no collision of the whole network was found")


def _end_to_end(
    scanner: Scanner, domain: Domain, rows: list[LayerRow], so_far: NetworkAnswer, clock: Clock
) -> tuple[NetworkAnswer, str]:
    """The answer of the cells of a small dense network; as it was, with a note, where there is no such network."""
    asked = [row.question for row in rows if row.question is not None]
    dense = dense_of_graph(scanner.network, asked)
    if isinstance(dense, str):
        return so_far, f"not decided end to end: {dense}"
    result = certify_network(dense, domain.for_dimension(dense.n), clock)
    reason = f"end to end, {result.reason}"
    if result.witness is None:
        return NetworkAnswer(result.verdict, reason), ""
    name = scanner.network.input_name
    shape, found = scanner.network.inputs[name], result.witness
    domains = _domains(scanner.network, domain)
    pair = whole_pair(scanner.network, domains, flat_pair(found.x, found.y, shape, name))
    if pair is None:
        raise InternalError("a pair of the dense network does not collide in the graph; please report this")
    return NetworkAnswer(Verdict.NOT_INJECTIVE, reason, pair), ""


def _of_first_layers(network: Network, domain: Domain, rows: list[LayerRow]) -> tuple[str, Pair] | None:
    """A colliding pair of a layer that reads the input, if it collides in the whole network."""
    for row in rows:
        pair = row.witness
        if pair is not None and pair.input in network.inputs:
            found = whole_pair(network, _domains(network, domain), pair)
            if found is not None:
                return row.name, found
    return None
