"""What searches for collisions of a whole network share: one of its inputs, the others held, and exact verification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from exactinj.domains import Domain, NonnegativeOrthant, RealSpace
from exactinj.layers.network import ExactTensor, Network, Shape
from exactinj.networks.answers import Pair
from exactinj.networks.descent.floats import FloatNetwork, float_network
from exactinj.networks.descent.placing import Room
from exactinj.networks.descent.ranks import dependent_coordinates
from exactinj.networks.local import Start, lost_direction, pair_along
from exactinj.networks.sparse import agreement_at_places
from exactinj.work.clock import Clock

__all__ = ["Quest", "whole_pair"]

LARGEST_JACOBIAN = 10_000_000  # entries of a network's values times coordinates, for which floats look first


def whole_pair(network: Network, domains: Mapping[str, Domain], pair: Pair) -> Pair | None:
    """The pair if both inputs lie in their domain and have the same output, exactly; other inputs as they are in it."""
    others = {name: pair.others.get(name, _somewhere(network, domains, name)) for name in network.inputs}
    others.pop(pair.input, None)
    where = domains[pair.input].for_dimension(pair.x.size)
    if pair.x.equals(pair.y) or not (_is_inside(where, pair.x) and _is_inside(where, pair.y)):
        return None
    seen = agreement_at_places(network, {pair.input: pair.x, **others}, {pair.input: pair.y, **others})
    cut = tuple(name for name in seen.cut if name not in network.inputs)
    return Pair(pair.x, pair.y, pair.input, others, cut) if seen.equal else None


def _is_inside(domain: Domain, x: ExactTensor) -> bool:
    """Whether a point lies in a domain, exactly; at once for all entries where the domain is simple."""
    if isinstance(domain, RealSpace):
        return True
    if isinstance(domain, NonnegativeOrthant):
        return bool((x.numerators >= 0).all())
    return domain.contains(x.fractions())


def _somewhere(network: Network, domains: Mapping[str, Domain], name: str) -> ExactTensor:
    shape = network.inputs[name]
    n = prod(shape)
    return ExactTensor.of_fractions(list(domains[name].for_dimension(n).interior_point(n)), shape)


@dataclass(frozen=True)
class Quest:
    """A search for a colliding pair that differs in one input of a network.

    Attributes
    ----------
    others : the other inputs, held at a point of their domains
    net, room : the network and the domain in floats, None where they are too large or too narrow for that
    """

    network: Network
    domains: Mapping[str, Domain]
    input: str
    seed: int
    others: dict[str, ExactTensor] = field(default_factory=dict)
    net: FloatNetwork | None = None
    room: Room | None = None

    @classmethod
    def of(cls, network: Network, domains: Mapping[str, Domain], name: str, seed: int, clock: Clock) -> Quest:
        """`OutOfTimeError` where the clock runs out first."""
        others = {other: _somewhere(network, domains, other) for other in network.inputs if other != name}
        shape = network.inputs[name]
        room = Room.of(domains[name].for_dimension(prod(shape)), shape)
        net = None if room is None else float_network(network, name, others, clock)
        return cls(network, domains, name, seed, others, net, room)

    @property
    def shape(self) -> Shape:
        return self.network.inputs[self.input]

    @property
    def domain(self) -> Domain:
        """Of the input."""
        return self.domains[self.input].for_dimension(prod(self.shape))

    def whole(self, x: ExactTensor, y: ExactTensor) -> Pair | None:
        """The pair of two points of the input, if it collides exactly."""
        return whole_pair(self.network, self.domains, Pair(x, y, self.input, self.others))

    def at(self, x: ExactTensor, coordinates: Sequence[int], clock: Clock) -> Pair | None:
        """A pair of x and a point of its cell, which differ in some coordinates, if a combination of these is lost."""
        start = self._start(x, coordinates)
        if start is None:
            return None
        for v, room in lost_direction(self.network, {self.input: x, **self.others}, start, clock):
            y = pair_along(x, self.domain, start.coordinates, v, room)
            pair = None if y is None else self.whole(x, y)
            if pair is not None:
                return pair
        return None

    def _start(self, x: ExactTensor, coordinates: Sequence[int]) -> Start | None:
        """The coordinates that floats see a dependency of and where, or all of them if they cannot look."""
        if self.net is None or self.net.entries * len(coordinates) > LARGEST_JACOBIAN:
            return Start(self.input, coordinates)
        found = dependent_coordinates(self.net, x.floats().ravel(), coordinates)
        return None if found is None else Start(self.input, *found)
