"""Derivatives of a network along some coordinates of an input, carried through it place by place, exactly.

Entries on the boundary of a cell, and those before a step that is not piecewise linear, must not move at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

import numpy as np

from exactinj.exact.matrix import IntegerRow
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

__all__ = ["Moved", "Walk", "walk_from"]

MOST_ROWS = 20_000


@dataclass(frozen=True)
class Moved:
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
class Sides:
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
class Walk:
    """Derivatives on their way through a network; mutable."""

    network: Network
    values: PlaceValues
    moved: dict[str, Moved]
    sides: list[Sides] = field(default_factory=list)
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
        if not places.size:
            return
        scale = lcm(*(self.moved[node.inputs[k]].scale for k in there))
        total = np.zeros((len(places), self.columns), dtype=object)
        for terms in terms_of(operation, shapes, places):
            part = self.moved.get(node.inputs[terms.source])
            if part is not None:
                total = total + terms.applied(part.rows(terms.needed)) * (scale // part.scale)
        self._keep(node.name, places, np.asarray(total, dtype=object), scale * scale_of(operation))

    @property
    def columns(self) -> int:
        return int(next(iter(self.moved.values())).matrix.shape[1])

    def _keep(self, name: str, places: Places, matrix: Integers, scale: int) -> None:
        some = np.asarray((matrix != 0).any(axis=1), dtype=bool)
        if some.any():
            self.moved[name] = Moved(places[some], matrix[some], scale)

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
        self.sides.append(Sides(z[~zero], scale, rows[~zero], row_scale))

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
        rows = np.zeros((len(places), self.columns), dtype=object)
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


def walk_from(network: Network, point: Mapping[str, ExactTensor], name: str, coordinates: Sequence[int]) -> Walk:
    """The start of a walk at a point, with the unit vectors of some coordinates of an input."""
    places = np.array(sorted(coordinates), dtype=np.int64)
    start = Moved(places, np.eye(len(places), dtype=object), 1)
    return Walk(network, PlaceValues(network, point), {name: start})
