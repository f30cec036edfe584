"""Injectivity for every size: a box of the grid whose windows alone recover what they see.

If the kernels shifted inside a box P make an injective layer on R^P, then every sub-box of a larger grid on which these
windows are windows of the layer is recovered from the output, and the layer is injective wherever such sub-boxes cover
the grid (rule ``boxes`` of ``docs/certificates-convolution.md``, with the proof). A bias, and any domain that is the
same at every place, change nothing in that. With a stride the windows inside a sub-box depend on where it lies: at the
beginning, inside or at the end, each of which is a *slot* that needs its own proof; zero padding helps at both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod

from exactinj.convolution import Axis, ConvLayer, Sizes
from exactinj.convolution.layer import flat_place
from exactinj.evidence.every_size import BoxesProof, InjectivityProof
from exactinj.layer import ReLULayer

__all__ = ["Prover", "box_layer", "boxes_up_to", "try_box"]

Slot = tuple[int, ...]
Prover = Callable[[ReLULayer, int], InjectivityProof | None]
"""From a box layer and the number of its group to a proof of injectivity, or None."""


def boxes_up_to(layer: ConvLayer, limit: int, largest: Sequence[int] | None = None) -> list[tuple[int, ...]]:
    """Boxes that hold a window and a stride, smallest first, with at most `limit` inputs of one group.

    The smallest box is among them even if it is larger than the limit; `largest` bounds each axis.
    """
    least = [max(axis.extent, axis.stride) for axis in layer.axes]
    if largest is not None and any(a > b for a, b in zip(least, largest, strict=True)):
        return []
    channels = layer.in_channels // layer.groups
    ceilings = [
        max(a, limit // (channels * prod(least[:k] + least[k + 1 :]))) if largest is None else largest[k]
        for k, a in enumerate(least)
    ]
    boxes = [
        box
        for box in product(*(range(a, b + 1) for a, b in zip(least, ceilings, strict=True)))
        if channels * prod(box) <= limit or list(box) == least
    ]
    return sorted(boxes, key=lambda box: (prod(box), max(box) - min(box), box))


def box_layer(group: ConvLayer, box: Sequence[int], slots: Sequence[Slot]) -> ReLULayer | None:
    """The rows of the windows that start at the slots' places: columns (channel, place of the box); None without."""
    taps, cells = group.taps(), prod(box)
    rows, bias = [], []
    for kernel, beta in zip(group.bank, group.bias, strict=True):
        for start in product(*slots):
            row = [Fraction(0)] * (group.in_channels * cells)
            for number, tap in enumerate(taps):
                places = [t + axis.dilation * u for t, axis, u in zip(start, group.axes, tap, strict=True)]
                if all(0 <= place < size for place, size in zip(places, box, strict=True)):
                    cell = flat_place(places, box) or 0
                    for i in range(group.in_channels):
                        row[i * cells + cell] += kernel[i][number]
            rows.append(row)
            bias.append(beta)
    return ReLULayer(rows, bias) if rows else None


def first_starts(axis: Axis, size: int) -> Slot:
    """Window starts in a sub-box at the beginning of the grid."""
    low = axis.low if axis.mode == "zeros" else 0
    return tuple(t for t in range(-low, size - axis.extent + 1) if (t + axis.low) % axis.stride == 0)


def inner_starts(axis: Axis, size: int, phase: int) -> Slot:
    """Window starts in a sub-box whose first window starts at its place `phase`."""
    return tuple(range(phase, size - axis.extent + 1, axis.stride))


def last_starts(axis: Axis, size: int, residue: int) -> Slot:
    """Window starts in a sub-box at the end of a grid whose size has that residue modulo the stride."""
    high = axis.high if axis.mode == "zeros" else 0
    return tuple(t for t in range(size - axis.extent + high + 1) if (t - size + residue + axis.low) % axis.stride == 0)


def try_box(layer: ConvLayer, box: tuple[int, ...], prove: Prover) -> tuple[BoxesProof, Sizes] | None:
    """A proof with boxes of that size and the sizes that it covers, or None."""
    phases = [
        [phase for phase in range(axis.stride) if inner_starts(axis, size, phase)] for axis, size in _axes(layer, box)
    ]
    for choice in product(*phases):
        cover = _Cover(layer, box, prove)
        if cover.build(choice):
            return cover.proof(), cover.sizes()
    return None


def _axes(layer: ConvLayer, box: Sequence[int]) -> list[tuple[Axis, int]]:
    return list(zip(layer.axes, box, strict=True))


@dataclass
class _Cover:
    """Slots for each axis with the proofs of all their combinations; mutable, used once."""

    layer: ConvLayer
    box: tuple[int, ...]
    prove: Prover
    slots: list[list[Slot]] = field(default_factory=list)
    residues: list[list[int]] = field(default_factory=list)
    proofs: dict[tuple[Slot, ...], list[InjectivityProof]] = field(default_factory=dict)

    def build(self, phases: Sequence[int]) -> bool:
        """Find slots for the inside, the beginning and as many kinds of ends as possible."""
        pairs = _axes(self.layer, self.box)
        self.slots = [[inner_starts(axis, size, phase)] for (axis, size), phase in zip(pairs, phases, strict=True)]
        self.residues = [[] for _ in pairs]
        if not self._is_proved(self.slots):
            return False
        for k, (axis, size) in enumerate(pairs):
            if not self._add(k, first_starts(axis, size)):
                return False
        for k in sorted(range(len(pairs)), key=lambda k: -pairs[k][0].stride):
            axis, size = pairs[k]
            self.residues[k] = [r for r in range(axis.stride) if self._add(k, last_starts(axis, size, r))]
            if not self.residues[k]:
                return False
        return True

    def _add(self, k: int, windows: Slot) -> bool:
        """Whether a slot of axis k serves where these windows exist: one there is, or a new one that is proved."""
        if any(set(slot) <= set(windows) for slot in self.slots[k]):
            return True
        if not windows or not self._is_proved([*self.slots[:k], [windows], *self.slots[k + 1 :]]):
            return False
        self.slots[k].append(windows)
        return True

    def _is_proved(self, slots: Sequence[Sequence[Slot]]) -> bool:
        return all(self._proofs_of(choice) is not None for choice in product(*slots))

    def _proofs_of(self, choice: tuple[Slot, ...]) -> list[InjectivityProof] | None:
        """One proof for each group, or None."""
        if choice not in self.proofs:
            proofs = []
            for number, group in enumerate(self.layer.group_layers()):
                rows = box_layer(group, self.box, choice)
                proof = None if rows is None else self.prove(rows, number)
                if proof is None:
                    return None
                proofs.append(proof)
            self.proofs[choice] = proofs
        return self.proofs[choice]

    def proof(self) -> BoxesProof:
        """The proofs in the order of certificates: by group, then by slots."""
        choices = list(product(*self.slots))
        ordered = [self.proofs[choice][g] for g in range(self.layer.groups) for choice in choices]
        return BoxesProof(self.box, tuple(map(tuple, self.slots)), tuple(ordered))

    def sizes(self) -> Sizes:
        """Everything that the sub-boxes cover."""
        minimum = tuple(max(size, axis.smallest_size) for axis, size in _axes(self.layer, self.box))
        return Sizes(minimum, tuple(map(tuple, self.residues)), self.layer.stride)
