"""Two inputs of a network with one output: looked for at points of cells, and between opposite inputs.

What is found is evaluated again, exactly, place by place, before it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from math import prod

import numpy as np

from exactinj.domains import Domain
from exactinj.layers.network import AffineOperation, ExactTensor, LeakyRelu, Maximum, Network, Node, Opaque, Square
from exactinj.networks.answers import Pair
from exactinj.networks.descent.search import Descent, LayerPair
from exactinj.networks.points import MOST_COLUMNS, patches, points
from exactinj.networks.quest import Quest, whole_pair
from exactinj.networks.sparse import Places, terms_of, windows_of
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["find_collision", "opposite_inputs"]

POINTS_PER_PATCH = 7
CONSTANTS, GENERIC = 7, 6  # points that are skipped and taken where all entries may change
SMALLEST = 4  # patches that are looked at first
MOST_TOGETHER = 64
MOST_BEHIND = 2048
MOST_STEPS = 16
MOST_ATTEMPTS = 400
MOST_ROUNDS = 12
ROUNDS_PER_ENTRY = 3  # of the input
MOST_COORDINATES = 64  # that change between two points that a descent leads to
PATCHES = 12


def find_collision(
    network: Network,
    domains: Mapping[str, Domain],
    clock: Clock,
    *,
    seed: int = 0,
    attempts: int = MOST_ATTEMPTS,
    rounds: int = MOST_ROUNDS,
    layer_pairs: Sequence[LayerPair] = (),
) -> tuple[Pair, str] | None:
    """A colliding pair, and where it comes from in words; None if none was found before the clock ran out.

    Parameters
    ----------
    network : all its shapes known as far as it is understood
    domains : of each input
    attempts : points with coordinates that are looked at, at most
    rounds : of descents from random starts, at most
    layer_pairs : colliding pairs of later layers, to be pulled back
    """
    try:
        for name in network.inputs:
            yielded = opposite_inputs(network, domains, name)
            if yielded is not None:
                return yielded
        quests = [Quest.of(network, domains, name, seed, clock) for name in network.inputs]
        for quest in quests:
            found = _in_a_cell(quest, _half(clock), attempts)
            if found is not None:
                return found
        for quest in quests:
            found = _by_descent(quest, clock, rounds, layer_pairs)
            if found is not None:
                return found
    except OutOfTimeError:
        return None
    return None


def _half(clock: Clock) -> Clock:
    """A clock for half of the time that is left."""
    return clock if clock.left is None else clock.bounded(clock.left / 2)


# ------------------------------------------------------------------ opposite inputs


def opposite_inputs(network: Network, domains: Mapping[str, Domain], name: str) -> tuple[Pair, str] | None:
    """X and -x, for networks that take squares or absolute values."""
    if not any(_is_even(node.operation) for node in network.nodes):
        return None
    shape = network.inputs[name]
    for x in _plain_inputs(shape):
        pair = whole_pair(network, domains, Pair(x, ExactTensor(-x.numerators, x.denominator), name))
        if pair is not None:
            return pair, "an input and its opposite have the same output"
    return None


def _is_even(operation: object) -> bool:
    if isinstance(operation, LeakyRelu):
        return bool((operation.slope.numerators == -operation.slope.denominator).all())
    return isinstance(operation, Square)


def _plain_inputs(shape: Sequence[int]) -> Iterator[ExactTensor]:
    """A single 1 in the middle, ones."""
    n = prod(shape)
    for change in (slice(n // 2, n // 2 + 1), slice(None)):
        x = ExactTensor.of([0] * n)
        x.numerators[change] = 1
        yield x.reshaped(shape)


# ------------------------------------------------------------------ points in cells


def _in_a_cell(quest: Quest, clock: Clock, attempts: int) -> tuple[Pair, str] | None:
    """A point and a lost direction of some coordinates; None also when the clock ran out."""
    tried, n = 0, prod(quest.shape)
    stream = points(quest.domain, quest.shape, quest.seed)
    first: list[ExactTensor] = []
    rest = patches(quest.shape, _enough(quest.network), quest.seed)
    try:
        together = _read_together(quest.network, quest.input)
        everything = [list(range(n))] if quest.net is not None and n <= MOST_COLUMNS else []
        for coordinates in chain(islice(rest, SMALLEST), everything, together, rest):
            generic = _generic_points(quest) if coordinates in everything else None
            for x in generic or _points_for_patch(first, stream):
                clock.check()
                clock.report(f"collisions that differ in {len(coordinates)} of {n} entries")
                tried += 1
                if tried > attempts:
                    return None
                pair = quest.at(x, coordinates, clock)
                if pair is not None:
                    return pair, f"{_few(pair)}, at a point inside a cell"
    except OutOfTimeError:
        return None
    return None


def _generic_points(quest: Quest) -> Iterator[ExactTensor]:
    """Random points, as constants lie on boundaries of cells behind poolings."""
    return islice(points(quest.domain, quest.shape, quest.seed), CONSTANTS, CONSTANTS + GENERIC)


def _points_for_patch(first: list[ExactTensor], stream: Iterator[ExactTensor]) -> Iterator[ExactTensor]:
    """The first points of a stream, the same for each patch and kept in `first`, then two new ones."""
    for k in range(POINTS_PER_PATCH):
        if k == len(first):
            first.append(next(stream))
        yield first[k]
    yield next(stream)
    yield next(stream)


def _read_together(network: Network, name: str) -> Iterator[list[int]]:
    """What the entry in the middle of each of the first steps comes from, or some of it where that is much."""
    seen: set[tuple[int, ...]] = set()
    for node in network.nodes[:MOST_STEPS]:
        size = prod(network.shapes[node.name] or ())
        found = _behind(network, node.name, np.array([size // 2]), name) if size else None
        entries = () if found is None else tuple(_some(found).tolist())
        if len(entries) > 1 and entries not in seen:
            seen.add(entries)
            yield list(entries)


def _some(places: Places) -> Places:
    if len(places) <= MOST_TOGETHER:
        return places
    return places[np.linspace(0, len(places) - 1, MOST_TOGETHER).astype(np.int64)]


def _behind(network: Network, value: str, places: Places, name: str) -> Places | None:
    """The entries of an input that some entries of a value come from; None where they are many, or not known."""
    node = network.node.get(value)
    if node is None:
        return places if value == name else np.zeros(0, dtype=np.int64)
    shapes = [network.shapes[read] for read in node.inputs]
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes) or len(places) > MOST_BEHIND:
        return None
    found = []
    for read, behind in zip(node.inputs, _read_by(node, known, places), strict=True):
        part = None if behind is None else _behind(network, read, behind, name)
        if part is None:
            return None
        found.append(part)
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def _read_by(node: Node, shapes: Sequence[tuple[int, ...]], places: Places) -> list[Places | None]:
    """Per input of a step, the entries that some entries of its value read."""
    if isinstance(node.operation, Maximum):
        return [np.unique(windows_of(node.operation, places))]
    if isinstance(node.operation, AffineOperation):
        parts = {terms.source: terms.needed for terms in terms_of(node.operation, shapes, places)}
        return [parts.get(k, np.zeros(0, dtype=np.int64)) for k in range(len(node.inputs))]
    return [None] * len(node.inputs) if isinstance(node.operation, Opaque) else [places]


def _enough(network: Network) -> int | None:
    """Coordinates that surely suffice: one more than there are outputs; None if their number is not known."""
    total = 0
    for name in network.outputs:
        shape = network.shapes[name]
        if shape is None:
            return None
        total += prod(shape)
    return total + 1


# ------------------------------------------------------------------ descents


def _by_descent(quest: Quest, clock: Clock, rounds: int, layer_pairs: Sequence[LayerPair]) -> tuple[Pair, str] | None:
    """What descents lead to: points at which few neurons are active, and pairs that meet.

    From colliding pairs of layers, where all entries may change, then from random starts.
    """
    if quest.net is None or quest.room is None:
        return None
    descent = Descent(quest.net, quest.room, quest.others, clock, np.random.default_rng(quest.seed))
    clock.report("descents to points at which few neurons are active")
    changing = _changing(quest.shape, quest.seed)
    is_small = len(changing[0]) == prod(quest.shape) if changing else False
    first = descent.pulled_back(layer_pairs, changing[0]) if is_small else iter(())
    for proposal in chain(first, descent.proposals(changing, min(rounds, ROUNDS_PER_ENTRY * prod(quest.shape)))):
        if proposal.y is not None:
            pair = quest.whole(proposal.x, proposal.y)
            how = f"two points of different cells have the same values at {proposal.front}"
        else:
            pair = quest.at(proposal.x, proposal.coordinates, clock)
            how = "" if pair is None else f"{_few(pair)}, at a point inside a cell with few active neurons"
        if pair is not None:
            return pair, how
    return None


def _few(pair: Pair) -> str:
    return f"{pair.changed} of its entries move without any effect"


def _changing(shape: Sequence[int], seed: int) -> list[list[int]]:
    """All entries of a small input; of a large one some patches of several sizes."""
    n = prod(shape)
    if n <= MOST_COORDINATES:
        return [list(range(n))]
    found = [patch for patch in patches(shape, None, seed) if 1 < len(patch) <= MOST_COORDINATES]
    by_size = sorted(found, key=len)
    return by_size[:: max(1, len(by_size) // PATCHES)]
