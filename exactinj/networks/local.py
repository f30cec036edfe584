"""Collisions of two inputs in one cell: a point, a few coordinates, and a direction that is lost on the way (N2).

At a point x the derivatives along the unit vectors of some coordinates are carried through the network, place by place.
Behind each activation what is left of them is looked at: a combination v that vanishes everywhere gives x and
``x + eps v``, with eps small enough that no activation on the way changes its side. Entries on a boundary, and those
before a step that is not piecewise linear, must not move at all. Everything is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import numpy as np

from exactinj.domains import Domain
from exactinj.exact.matrix import IntegerRow, integer_nullspace, orthogonal_vector
from exactinj.exact.numbers import power_of_two_below
from exactinj.layers.network import (
    AffineOperation,
    Clip,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Network,
    Node,
    NotRationalError,
)
from exactinj.networks.sparse import (
    Integers,
    Places,
    PlaceValues,
    reached,
    scale_of,
    slopes_at,
    terms_of,
    windows_of,
)
from exactinj.work.clock import Clock

__all__ = ["lost_direction", "pair_along"]

FEW_COLUMNS, FEW_ROWS = 12, 400  # for which all of the kernel is computed, to take a short vector
MOST_ROWS = 20_000
HALVINGS = 64  # of a step that leads out of the domain


@dataclass(frozen=True)
class _Moved:
    """Derivatives of some entries: a row of ``matrix / scale`` for each place."""

    places: Places
    matrix: Integers
    scale: int

    def rows(self, places: Places) -> Integers:
        """The rows of some places, zero for those that do not move."""
        out = np.zeros((len(places), self.matrix.shape[1]), dtype=object)
        if self.places.size:
            index = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
            there = self.places[index] == places
            out[there] = self.matrix[index[there]]
        return out


@dataclass(frozen=True)
class _Sides:
    """Distances that must keep their sign: ``z / scale`` each, which moves by ``rows / row_scale`` times v."""

    z: Integers
    scale: int
    rows: Integers
    row_scale: int

    def room(self, v: IntegerRow) -> Fraction | None:
        """The step along v at which the first of them would reach 0; None if none does."""
        moves = self.rows @ np.array(v, dtype=object)
        shrinking = [(abs(z), abs(d)) for z, d in zip(self.z.tolist(), moves.tolist(), strict=True) if z * d < 0]
        steps = [Fraction(z * self.row_scale, d * self.scale) for z, d in shrinking]
        return min(steps, default=None)


@dataclass
class _Walk:
    """Derivatives on their way through a network; mutable."""

    network: Network
    values: PlaceValues
    moved: dict[str, _Moved]
    sides: list[_Sides] = field(default_factory=list)
    fixed: list[Integers] = field(default_factory=list)

    # ---------------------------------------------------------------- steps

    def step(self, node: Node) -> bool:
        """Carry derivatives over a step; whether some may have been lost there."""
        if not any(read in self.moved for read in node.inputs):
            return False
        if isinstance(node.operation, AffineOperation):
            self._affine(node, node.operation)
            return False
        try:
            self._activation(node)
        except NotRationalError:
            self._hold(node)
        return True

    def _affine(self, node: Node, operation: AffineOperation) -> None:
        if None in [self.network.shapes[name] for name in (*node.inputs, node.name)]:
            self._hold(node)
            return
        shapes = [self.network.shapes[read] or () for read in node.inputs]
        there = [k for k, read in enumerate(node.inputs) if read in self.moved]
        found = [reached(operation, shapes, k, self.moved[node.inputs[k]].places) for k in there]
        places = np.unique(np.concatenate(found))
        scale = lcm(*(self.moved[node.inputs[k]].scale for k in there))
        total = np.zeros((len(places), self._columns), dtype=object)
        for terms in terms_of(operation, shapes, places):
            part = self.moved.get(node.inputs[terms.source])
            if part is not None:
                total = total + terms.applied(part.rows(terms.needed)) * (scale // part.scale)
        self._keep(node.name, places, np.asarray(total, dtype=object), scale * scale_of(operation))

    @property
    def _columns(self) -> int:
        return int(next(iter(self.moved.values())).matrix.shape[1])

    def _keep(self, name: str, places: Places, matrix: Integers, scale: int) -> None:
        some = np.asarray((matrix != 0).any(axis=1), dtype=bool)
        if some.any():
            self.moved[name] = _Moved(places[some], matrix[some], scale)

    def _hold(self, node: Node) -> None:
        """What a step reads must not move at all."""
        self.fixed += [self.moved[read].matrix for read in node.inputs if read in self.moved]

    def _activation(self, node: Node) -> None:
        operation = node.operation
        if isinstance(operation, LeakyRelu):
            self._leaky(node, operation)
        elif isinstance(operation, Clip):
            self._clip(node, operation)
        elif isinstance(operation, Maximum):
            self._maximum(node, operation)
        else:
            self._hold(node)

    def _leaky(self, node: Node, operation: LeakyRelu) -> None:
        (read,) = node.inputs
        part = self.moved[read]
        z = self.values.at(read, part.places)
        slopes = slopes_at(operation, self.network.shapes[read] or (), part.places)
        self._side(z, self.values.denominator(read), part.matrix, part.scale)
        factors = np.where(np.asarray(z > 0, dtype=bool), operation.slope.denominator, slopes)
        self._keep(node.name, part.places, part.matrix * factors[:, None], part.scale * operation.slope.denominator)

    def _side(self, z: Integers, scale: int, rows: Integers, row_scale: int) -> None:
        """Distances that keep their sign; those that are 0 must stay so."""
        zero = np.asarray(z == 0, dtype=bool)
        if zero.any():
            self.fixed.append(rows[zero])
        self.sides.append(_Sides(z[~zero], scale, rows[~zero], row_scale))

    def _clip(self, node: Node, operation: Clip) -> None:
        (read,) = node.inputs
        part = self.moved[read]
        z, scale = self.values.at(read, part.places), self.values.denominator(read)
        inside = np.full(len(z), fill_value=True)
        for end, sign in ((operation.low, 1), (operation.high, -1)):
            if end is not None:
                common = lcm(scale, end.denominator)
                distance = np.asarray(z * (common // scale) - int(end * common), dtype=object)
                self._side(distance, common, part.matrix, part.scale)
                inside &= np.asarray(sign * distance > 0, dtype=bool)
        self._keep(node.name, part.places[inside], part.matrix[inside], part.scale)

    def _maximum(self, node: Node, operation: Maximum) -> None:
        (read,) = node.inputs
        part, shape = self.moved[read], self.network.shapes[read] or ()
        places = reached(operation, [shape], 0, part.places)
        windows = windows_of(operation, places)
        z = self.values.at(read, windows.ravel()).reshape(windows.shape)
        scale = self.values.denominator(read)
        rows = np.zeros((len(places), self._columns), dtype=object)
        for i, (window, values) in enumerate(zip(windows, z, strict=True)):
            best = max(range(len(window)), key=values.__getitem__)
            moves = part.rows(window)
            rows[i] = moves[best]
            behind = moves[best] - moves
            matters = np.asarray((behind != 0).any(axis=1) & (window != window[best]), dtype=bool)
            self._side((values[best] - values)[matters], scale, behind[matters], part.scale)
        self._keep(node.name, places, rows, part.scale)

    # ---------------------------------------------------------------- what is left

    def left(self, done: set[str]) -> list[IntegerRow] | None:
        """The different rows that a lost direction must be orthogonal to; None if they are too many to look at."""
        blocks = list(self.fixed)
        for name, part in self.moved.items():
            is_read = any(reader.name not in done for reader in self.network.readers[name])
            if is_read or name in self.network.outputs:
                blocks.append(part.matrix)
        if sum(len(block) for block in blocks) > MOST_ROWS:
            return None
        rows = {tuple(row) for block in blocks for row in block.tolist()}
        return [row for row in rows if any(row)]


def lost_direction(
    network: Network, point: Mapping[str, ExactTensor], name: str, coordinates: Sequence[int], clock: Clock
) -> Iterator[tuple[IntegerRow, Fraction | None]]:
    """Combinations of some coordinates of an input that nothing after some activation sees, with the room for them.

    One for each activation behind which there is one; deeper ones lose no less, and cost more.
    """
    places = np.array(sorted(coordinates), dtype=np.int64)
    start = _Moved(places, np.eye(len(places), dtype=object), 1)
    walk = _Walk(network, PlaceValues(network, point), {name: start})
    done: set[str] = set()
    for node in network.nodes:
        clock.check()
        may_lose = walk.step(node)
        done.add(node.name)
        if may_lose or node.name in network.outputs:
            rows = walk.left(done)
            v = None if rows is None else _kernel(rows, len(places))
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
            return _with_entries(x, at, moved)
        eps /= 2
    return None


def _with_entries(x: ExactTensor, places: Sequence[int], values: Sequence[Fraction]) -> ExactTensor:
    common = lcm(x.denominator, *(value.denominator for value in values))
    flat = x.over(common).ravel().copy()
    flat[list(places)] = [value.numerator * (common // value.denominator) for value in values]
    return ExactTensor(flat.reshape(x.shape), common)
