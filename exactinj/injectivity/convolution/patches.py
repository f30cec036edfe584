"""Collisions for every size between inputs that differ in a few places only.

Only the windows that meet these places matter, and they see a *patch* of the grid. Such a collision is one of the
layer of these windows with ``v`` zero elsewhere, which the rows ``x_j`` and ``-x_j`` enforce: one of the two is active
at every point. A patch at the beginning or the end of an axis is met by fewer windows than one inside (rule ``patch``
of ``docs/certificates-convolution.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from exactinj.certificates.every_size import PatchPair
from exactinj.injectivity.convolution.boxes import dense_layer
from exactinj.layers.convolution import Axis, ConvLayer, Sizes
from exactinj.layers.convolution.geometry import flat_place, taps_on_grid
from exactinj.layers.dense import ReLULayer

__all__ = ["Patch", "embedded", "patches_of"]


@dataclass(frozen=True)
class _Side:
    """One axis of a patch: the windows that meet the places ``[begin, begin + width)``."""

    anchor: str
    phase: int
    size: int
    begin: int
    width: int
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Patch:
    """A patch of the grid and the places inside where two inputs may differ."""

    group: ConvLayer
    sides: tuple[_Side, ...]

    @property
    def size(self) -> tuple[int, ...]:
        return tuple(side.size for side in self.sides)

    @property
    def free_places(self) -> int:
        """The number of places where the inputs may differ."""
        return prod(side.width for side in self.sides)

    @property
    def free_columns(self) -> int:
        """The number of inputs that may differ."""
        return self.group.in_channels * self.free_places

    @property
    def window_rows(self) -> int:
        """The number of rows of windows that meet the free places."""
        return self.group.out_channels * prod(len(side.starts) for side in self.sides)

    @property
    def row_count(self) -> int:
        """The number of `rows`."""
        return self.window_rows + 2 * (self.columns - self.free_columns)

    @property
    def columns(self) -> int:
        """The number of inputs of the patch."""
        return self.group.in_channels * prod(self.size)

    def rows(self) -> ReLULayer:
        """The windows that meet the free places, then ``x_j`` and ``-x_j`` for every other column j."""
        group, cells = self.group, prod(self.size)
        inside = [
            [
                [place if 0 <= place < side.size else None for place in range(t, t + axis.extent, axis.dilation)]
                for t in side.starts
            ]
            for axis, side in zip(group.axes, self.sides, strict=True)
        ]
        windows = [taps_on_grid(window, self.size) for window in product(*inside)]
        rows = [
            (group.window_row(o, window, cells), group.bias[o]) for o in range(group.out_channels) for window in windows
        ]
        ranges = [range(side.begin, side.begin + side.width) for side in self.sides]
        free = {flat_place(place, self.size) for place in product(*ranges)}
        fixed = [j for j in range(self.columns) if j % cells not in free]
        rows += [({j: sign}, Fraction(0)) for j in fixed for sign in (Fraction(1), Fraction(-1))]
        return dense_layer(rows, self.columns)

    @property
    def anchor(self) -> tuple[str, ...]:
        return tuple(side.anchor for side in self.sides)

    @property
    def phase(self) -> tuple[int, ...]:
        return tuple(side.phase for side in self.sides)

    def sizes(self) -> Sizes:
        """The sizes that a collision of `rows` speaks of."""
        residues, minimum = [], []
        for axis, side in zip(self.group.axes, self.sides, strict=True):
            last = side.anchor == "last"
            residues.append(((side.size - axis.low - side.phase) % axis.stride,) if last else tuple(range(axis.stride)))
            room = _corner(axis, side.anchor, side.phase) + _margin(axis, side.anchor)
            minimum.append(max(axis.smallest_size, side.size + room))
        return Sizes(tuple(minimum), tuple(residues), self.group.stride)


def patches_of(group: ConvLayer, width: int) -> list[Patch]:
    """The patches of a layer without groups with `width` free places along each axis: corners first, then inside."""
    corner = [_sides(axis, width, ("first", "last")) for axis in group.axes]
    inside = [_sides(axis, width, ("inner",)) for axis in group.axes]
    mixed = [(*corner[k][:1], *inside[k][:1]) for k in range(len(corner))] if len(corner) > 1 else []
    found: dict[tuple[_Side, ...], None] = {}
    for choices in (corner, mixed, inside):
        for sides in product(*choices) if choices else ():
            found.setdefault(tuple(sides), None)
    return [Patch(group, sides) for sides in found]


def embedded(
    proof: PatchPair, layer: ConvLayer, size: Sequence[int], filler: Sequence[Fraction]
) -> list[list[Fraction]]:
    """Both inputs on a grid, flat: the patch where its anchor says, the filler of each channel elsewhere."""
    axes = zip(layer.axes, proof.anchor, proof.phase, proof.patch, size, strict=True)
    corner = [
        n - length if anchor == "last" else _corner(axis, anchor, phase) for axis, anchor, phase, length, n in axes
    ]
    cells = prod(proof.patch)
    inputs = []
    for values in (proof.x, proof.y):
        points = []
        for i in range(layer.in_channels):
            for place in product(*map(range, size)):
                inside = [j - p for j, p in zip(place, corner, strict=True)]
                held = all(0 <= j < q for j, q in zip(inside, proof.patch, strict=True))
                points.append(values[i * cells + flat_place(inside, proof.patch)] if held else filler[i])
        inputs.append(points)
    return inputs


def _margin(axis: Axis, anchor: str) -> int:
    """Places at the ends of the grid that padding copies."""
    copied = anchor == "inner" and axis.is_padded and axis.mode != "zeros"
    return max(axis.low, axis.high) + 1 if copied else 0


def _corner(axis: Axis, anchor: str, phase: int) -> int:
    """Where a patch begins that does not lie at the end of the grid."""
    if anchor != "inner":
        return 0
    margin = _margin(axis, anchor)
    return margin + (-axis.low - phase - margin) % axis.stride


def _sides(axis: Axis, width: int, anchors: Sequence[str]) -> list[_Side]:
    sides = []
    for anchor in anchors:
        if anchor != "inner" and axis.is_padded and axis.mode != "zeros":
            sides += _sides(axis, width, ("inner",))
            continue
        residues = [-axis.low % axis.stride] if anchor == "first" else list(range(axis.stride))
        sides += [_side(axis, width, anchor, residue) for residue in residues]
    return sides


def _side(axis: Axis, width: int, anchor: str, residue: int) -> _Side:
    """The patch that the windows need that meet ``[0, width)`` and start at a residue modulo the stride, moved to 0."""
    starts = [
        t
        for t in range(1 - axis.extent, width)
        if t % axis.stride == residue and any(0 <= t + axis.dilation * u < width for u in range(axis.taps))
    ]
    if anchor == "first":
        starts = [t for t in starts if t >= -axis.low]
    if anchor == "last":
        starts = [t for t in starts if t + axis.extent <= width + axis.high]
    begin = 0 if anchor == "first" else max([0, *(-t for t in starts)])
    end = width if anchor == "last" else max([width, *(t + axis.extent for t in starts)])
    phase = (residue + begin) % axis.stride
    return _Side(anchor, phase, begin + end, begin, width, tuple(t + begin for t in starts))
