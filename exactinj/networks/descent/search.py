"""Proposals for collisions of a whole network: points at which few neurons of a layer move, and pairs that meet.

Round after round, for each layer that can shut entries out: random starts descend to points at which at most k - 1
entries of it are open, k the number of input entries that may change (the Jacobian has rank below k), and to points
with at most 2k - 2 open ones. From two of the latter with the same open entries Newton's method leads to a meeting.
The same from points whose values are near those of a colliding pair of a later layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network import ExactTensor
from exactinj.networks.descent.exact_meetings import Floating, corrected
from exactinj.networks.descent.floats import Bend, FloatNetwork, Floats, Front
from exactinj.networks.descent.meetings import meetings
from exactinj.networks.descent.placing import Ground, Room
from exactinj.networks.descent.preimages import nearest_inputs
from exactinj.networks.descent.quiet import Layer, quiet_points
from exactinj.work.clock import Clock

__all__ = ["Descent", "LayerPair", "Proposal"]

STARTS = 32
BEST = 3  # points of a descent that are looked at
PARTNERS = 16
RANDOM_PAIRS = 8
INF = 1 << 60


@dataclass(frozen=True)
class Proposal:
    """A point (y is None), or two that agree exactly at a front as far as no cell is left; only coordinates differ."""

    x: ExactTensor
    y: ExactTensor | None
    coordinates: tuple[int, ...]
    front: str = ""


@dataclass(frozen=True)
class LayerPair:
    """Two values (entries,) of a source with one output of a layer, by names of the source and of the output."""

    source: str
    output: str
    left: Floats
    right: Floats


@dataclass
class Descent:
    """A search in one input of a network, the others held; mutable for its random numbers."""

    net: FloatNetwork
    room: Room
    others: Mapping[str, ExactTensor]
    clock: Clock
    rng: np.random.Generator

    def proposals(self, patches: Sequence[Sequence[int]], rounds: int) -> Iterator[Proposal]:
        """For patches of coordinates that may change, round after round."""
        for _ in range(rounds):
            for patch in patches:
                ground = Ground(self.net, self.room, self.clock, np.array(sorted(patch), dtype=np.int64))
                yield from self._random_pairs(ground)
                for layer in _layers(ground):
                    yield from self._of_layer(ground, layer)

    def pulled_back(self, pairs: Sequence[LayerPair], coordinates: Sequence[int]) -> Iterator[Proposal]:
        """From colliding pairs of later layers: points whose values are near theirs, and near the middle of both."""
        ground = Ground(self.net, self.room, self.clock, np.array(sorted(coordinates), dtype=np.int64))
        numbers = {step.name: k for k, step in enumerate(self.net.steps)}
        for pair in pairs:
            front = next((front for front in self.net.fronts if front.last >= numbers.get(pair.output, INF)), None)
            if pair.source not in numbers or front is None:
                continue
            source, starts = Front(numbers[pair.source], (pair.source,)), self.room.starts(self.rng, PARTNERS)
            ends = [nearest_inputs(ground, source, side, starts) for side in (pair.left, pair.right)]
            yield from self._meetings(ground, front, *ends)
            step = self.net.steps[numbers[pair.output]]
            if isinstance(step, Bend) and step.can_close.any():
                layer = Layer(numbers[pair.output], step, np.arange(len(step.low_slope)))
                yield from self._near_middle(ground, layer, source, pair)

    def _near_middle(self, ground: Ground, layer: Layer, source: Front, pair: LayerPair) -> Iterator[Proposal]:
        """Points near a preimage of the middle, at which only those entries are open that are so on both sides."""
        starts = self.room.starts(self.rng, PARTNERS)
        middle = nearest_inputs(ground, source, (pair.left + pair.right) / 2, starts)
        values = self.net.values(middle[:, :1])
        opened = []
        for side in (pair.left, pair.right):
            after = {**values, pair.source: side[:, None]}
            for step in self.net.steps[source.last + 1 : layer.number]:
                after[step.name] = step.value([after[read] for read in step.reads])
            opened.append(layer.opening(after[layer.bend.reads[0]])[0] > 0)
        quiet = quiet_points(ground, layer, middle, opened[0] & opened[1])
        more = (quiet.open & ~(opened[0] & opened[1])).sum(axis=0)
        for c in np.argsort(more, kind="stable")[:BEST]:
            yield Proposal(self.room.exact(quiet.x[:, c]), None, tuple(ground.coordinates.tolist()))

    def _of_layer(self, ground: Ground, layer: Layer) -> Iterator[Proposal]:
        starts, k = self.room.starts(self.rng, STARTS), len(ground.coordinates)
        front = next((front for front in self.net.fronts if front.last >= layer.number), None)
        if front is None:
            return
        if front.names == (layer.bend.name,):  # everything goes through this layer
            quiet = quiet_points(ground, layer, starts, k - 1)
            counts = quiet.open.sum(axis=0)
            for c in np.argsort(counts, kind="stable")[:BEST]:
                if counts[c] < k:
                    yield Proposal(self.room.exact(quiet.x[:, c]), None, tuple(ground.coordinates.tolist()))
        quiet = quiet_points(ground, layer, starts, max(2 * k - 2, 1))
        best = np.argsort(quiet.open.sum(axis=0), kind="stable")[:BEST]
        partners = [self._partners(ground, layer, quiet.x[:, c], quiet.open[:, c]) for c in best]
        x = np.repeat(quiet.x[:, best], [part.shape[1] for part in partners], axis=1)
        yield from self._meetings(ground, front, x, np.concatenate(partners, axis=1))

    def _partners(self, ground: Ground, layer: Layer, x: Floats, is_open: NDArray[np.bool_]) -> Floats:
        """Points (entries, points) that differ from one at the coordinates, at which few other entries are open."""
        starts = np.repeat(x[:, None], PARTNERS, axis=1)
        starts[ground.coordinates] = self.room.starts(self.rng, PARTNERS)[ground.coordinates]
        quiet = quiet_points(ground, layer, starts, is_open, ground.coordinates)
        more = (quiet.open & ~is_open[:, None]).sum(axis=0)
        return quiet.x[:, np.argsort(more, kind="stable")[:BEST]]

    def _random_pairs(self, ground: Ground) -> Iterator[Proposal]:
        """Of random points, at the last front."""
        for front in self.net.fronts[-1:]:
            x, y = self.room.starts(self.rng, RANDOM_PAIRS), self.room.starts(self.rng, RANDOM_PAIRS)
            same = ~np.isin(np.arange(self.net.size), ground.coordinates)
            y[same] = x[same]
            yield from self._meetings(ground, front, x, y)

    def _meetings(self, ground: Ground, front: Front, x: Floats, y: Floats) -> Iterator[Proposal]:
        """The exact pairs of points that meet at a front, from pairs of columns."""
        name, coordinates = self.net.input, tuple(ground.coordinates.tolist())
        for found in meetings(ground, front, x, y):
            left, right = ({**self.others, name: self.room.exact(side)} for side in (found.x, found.y))
            pair = corrected(self.net.network, Floating(left, right, name, coordinates, front.names), self.clock)
            if pair is not None:
                yield Proposal(pair[0], pair[1], coordinates, ", ".join(front.names))


def _layers(ground: Ground) -> Iterator[Layer]:
    """The activations that can shut out entries which the coordinates reach."""
    for number, bend in ground.net.bends:
        places = ground.net.reached(number, ground.coordinates)
        if places.size:
            yield Layer(number, bend, places)
