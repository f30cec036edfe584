"""Collisions of two inputs in one cell: a point, a few coordinates, and a direction that is lost on the way (N2).

At a point x the derivatives along the unit vectors of some coordinates are carried through the network, place by place.
Behind each activation what is left of them is looked at: a combination v that vanishes everywhere gives x and
``x + eps v``, with eps small enough that no activation on the way changes its side. Entries on a boundary, and those
before a step that is not piecewise linear, must not move at all. Everything is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from exactinj.domains import Domain
from exactinj.exact.matrix import IntegerRow, integer_nullspace, orthogonal_vector
from exactinj.exact.numbers import power_of_two_below
from exactinj.layers.network import ExactTensor, Network
from exactinj.networks.walk import walk_from
from exactinj.work.clock import Clock

__all__ = ["Start", "lost_direction", "pair_along", "with_entries"]

FEW_COLUMNS, FEW_ROWS = 12, 400  # for which all of the kernel is computed, to take a short vector
HALVINGS = 64  # of a step that leads out of the domain


@dataclass(frozen=True)
class Start:
    """What may change: coordinates of an input; `behind` is the first step after which something is looked for."""

    input: str
    coordinates: Sequence[int]
    behind: str | None = None


def lost_direction(
    network: Network, point: Mapping[str, ExactTensor], start: Start, clock: Clock
) -> Iterator[tuple[IntegerRow, Fraction | None]]:
    """Combinations of some coordinates of an input that nothing after some activation sees, with the room for them.

    One for each activation behind which there is one; deeper ones lose no less, and cost more.
    """
    coordinates = start.coordinates
    walk = walk_from(network, point, start.input, coordinates)
    done: set[str] = set()
    is_behind = start.behind is None
    for node in network.nodes:
        clock.check()
        may_lose = walk.step(node)
        done.add(node.name)
        is_behind = is_behind or node.name == start.behind
        if is_behind and (may_lose or node.name in (start.behind, *network.outputs)):
            rows = walk.left(done)
            v = None if rows is None else _kernel(rows, len(coordinates))
            if v is not None:
                steps = [step for step in (side.room(v) for side in walk.sides) if step is not None]
                yield v, min(steps, default=None)


def _kernel(rows: list[IntegerRow], columns: int) -> IntegerRow | None:
    """An integer vector orthogonal to all rows, a short one where that is cheap; None if there is none."""
    if columns <= FEW_COLUMNS and len(rows) <= FEW_ROWS:
        basis = integer_nullspace(rows, columns)
        return basis[0] if basis else None
    return orthogonal_vector(sorted(rows), columns)


def pair_along(
    x: ExactTensor, domain: Domain, coordinates: Sequence[int], v: IntegerRow, room: Fraction | None
) -> ExactTensor | None:
    """``x + eps v`` in the domain with eps below the room, as large as a power of two can be; None if there is none.

    Of x, an inner point of the domain, only some coordinates change: sorted ones, one for each entry of v.
    """
    at = sorted(coordinates)
    flat = x.numerators.ravel()
    start = [Fraction(flat[j], x.denominator) for j in at]
    part = domain.restricted(at) or domain
    largest = max(map(abs, v))
    eps = Fraction(1) if room is None else min(power_of_two_below(room) / 2, Fraction(1))
    eps = min(eps, power_of_two_below((1 + max(map(abs, start))) / largest))
    for _ in range(HALVINGS):
        moved = [value + eps * d for value, d in zip(start, v, strict=True)]
        if part.contains(moved):
            return with_entries(x, at, moved)
        eps /= 2
    return None


def with_entries(x: ExactTensor, places: Sequence[int], values: Sequence[Fraction]) -> ExactTensor:
    """The tensor with some flat entries changed."""
    common = lcm(x.denominator, *(value.denominator for value in values))
    flat = x.over(common).ravel().copy()
    flat[list(places)] = [value.numerator * (common // value.denominator) for value in values]
    return ExactTensor(flat.reshape(x.shape), common)
