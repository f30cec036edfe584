"""Injectivity for every size: a box of the grid whose windows alone recover what they see.

If the kernels shifted inside a box P make an injective layer on R^P, then every sub-box of a larger grid on which these
windows are windows of the layer is recovered from the output, and the layer is injective wherever such sub-boxes cover
the grid (rule ``boxes`` of ``docs/certificates-convolution.md``, with the proof). A bias, and any domain that is the
same at every place, change nothing in that. With a stride the windows inside a sub-box depend on where it lies: at the
beginning, inside or at the end, each of which is a *slot* that needs its own proof. Zero padding helps at both ends:
windows are cut off there and see few places. So the grid may be swept from an end: sub-boxes further on *know* the
places that earlier ones have recovered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod

from exactinj.convolution import Axis, ConvLayer, Sizes
from exactinj.convolution.layer import flat_place
from exactinj.evidence.every_size import BoxesProof, InjectivityProof, Slot
from exactinj.layer import ReLULayer

__all__ = ["Prover", "box_layer", "boxes_up_to", "try_box"]

Starts = tuple[int, ...]
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
    ceilings = [max(a, limit // (channels * prod(least[:k] + least[k + 1 :]))) for k, a in enumerate(least)]
    if largest is not None:
        ceilings = [min(pair) for pair in zip(ceilings, largest, strict=True)]
    boxes = [
        box
        for box in product(*(range(a, b + 1) for a, b in zip(least, ceilings, strict=True)))
        if channels * prod(box) <= limit or list(box) == least
    ]
    return sorted(boxes, key=lambda box: (prod(box), max(box) - min(box), box))


def box_layer(group: ConvLayer, box: Sequence[int], slots: Sequence[Slot]) -> ReLULayer | None:
    """Rows of the slots' windows, then two for each known column; columns (channel, place). None without windows."""
    taps, cells = group.taps(), prod(box)
    columns = group.in_channels * cells
    rows, bias = [], []
    for kernel, beta in zip(group.bank, group.bias, strict=True):
        for start in product(*(slot.starts for slot in slots)):
            row = [Fraction(0)] * columns
            for number, tap in enumerate(taps):
                places = [t + axis.dilation * u for t, axis, u in zip(start, group.axes, tap, strict=True)]
                if all(0 <= place < size for place, size in zip(places, box, strict=True)):
                    cell = flat_place(places, box) or 0
                    for i in range(group.in_channels):
                        row[i * cells + cell] += kernel[i][number]
            rows.append(row)
            bias.append(beta)
    if not rows:
        return None
    known = [
        any(slot.knows(j, size) for slot, j, size in zip(slots, place, box, strict=True)) for place in _places(box)
    ]
    for j in range(columns):
        if known[j % cells]:
            rows += [[Fraction(sign * (k == j)) for k in range(columns)] for sign in (1, -1)]
            bias += [Fraction(0)] * 2
    return ReLULayer(rows, bias)


def _places(box: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return product(*map(range, box))


def first_starts(axis: Axis, size: int) -> Starts:
    """Window starts in a sub-box at the beginning of the grid."""
    low = axis.low if axis.mode == "zeros" else 0
    return tuple(t for t in range(-low, size - axis.extent + 1) if (t + axis.low) % axis.stride == 0)


def inner_starts(axis: Axis, size: int, phase: int) -> Starts:
    """Window starts in a sub-box whose first window starts at its place `phase`."""
    return tuple(range(phase, size - axis.extent + 1, axis.stride))


def last_starts(axis: Axis, size: int, residue: int) -> Starts:
    """Window starts in a sub-box at the end of a grid whose size has that residue modulo the stride."""
    high = axis.high if axis.mode == "zeros" else 0
    return tuple(t for t in range(size - axis.extent + high + 1) if (t - size + residue + axis.low) % axis.stride == 0)


def try_box(layer: ConvLayer, box: tuple[int, ...], prove: Prover) -> tuple[BoxesProof, Sizes] | None:
    """A proof with boxes of that size and the sizes that it covers, or None.

    The first proof that covers all sizes from its minimum on, else the one that covers most residues of the stride.
    """
    pairs = _axes(layer, box)
    phases = [[phase for phase in range(axis.stride) if inner_starts(axis, size, phase)] for axis, size in pairs]
    best: tuple[BoxesProof, Sizes] | None = None
    for sweep in _sweeps(layer):
        for choice in product(*phases):
            cover = _Cover(layer, box, prove, sweep)
            if cover.build(choice):
                sizes = cover.sizes()
                if best is None or sizes.share > best[1].share:
                    best = cover.proof(), sizes
                if sizes.is_all:
                    return best
    return best


def _sweeps(layer: ConvLayer) -> list[tuple[str, ...]]:
    """No sweep; then one along every axis from an end where zero padding cuts windows off."""
    ends = [
        ["up"] * (axis.low > 0 and axis.mode == "zeros") + ["down"] * (axis.high > 0 and axis.mode == "zeros")
        for axis in layer.axes
    ]
    plain = ("",) * layer.dimensions
    return [plain, *(sweep for sweep in product(*(choices or [""] for choices in ends)) if sweep != plain)]


def _axes(layer: ConvLayer, box: Sequence[int]) -> list[tuple[Axis, int]]:
    return list(zip(layer.axes, box, strict=True))


@dataclass
class _Cover:
    """Slots for each axis with the proofs of all their combinations; mutable, used once."""

    layer: ConvLayer
    box: tuple[int, ...]
    prove: Prover
    sweep: tuple[str, ...]
    slots: list[list[Slot]] = field(default_factory=list)
    residues: list[list[int]] = field(default_factory=list)
    proofs: dict[tuple[Slot, ...], list[InjectivityProof]] = field(default_factory=dict)

    def build(self, phases: Sequence[int]) -> bool:
        """Find slots for the inside, the beginning and as many kinds of ends as possible."""
        pairs = _axes(self.layer, self.box)
        self.slots = [
            [Slot(inner_starts(axis, size, phase), *self._known(k))]
            for k, ((axis, size), phase) in enumerate(zip(pairs, phases, strict=True))
        ]
        self.residues = [[] for _ in pairs]
        if not self._is_proved(self.slots):
            return False
        for k, (axis, size) in enumerate(pairs):
            if not self._add(k, first_starts(axis, size), "up"):
                return False
        for k in sorted(range(len(pairs)), key=lambda k: -pairs[k][0].stride):
            axis, size = pairs[k]
            self.residues[k] = [r for r in range(axis.stride) if self._add(k, last_starts(axis, size, r), "down")]
            if not self.residues[k]:
                return False
        return True

    def _known(self, k: int) -> tuple[int, int]:
        """As many places as the sweep allows."""
        most = self.box[k] - self.layer.axes[k].stride
        return {"": (0, 0), "up": (most, 0), "down": (0, most)}[self.sweep[k]]

    def _add(self, k: int, windows: Starts, begins: str) -> bool:
        """Whether a slot of axis k serves where these windows exist: one there is, or a new one that is proved.

        Where a sweep begins, nothing is known.
        """
        known = (0, 0) if self.sweep[k] == begins else self._known(k)
        if any(set(slot.starts) <= set(windows) and slot.known <= known for slot in self.slots[k]):
            return True
        new = Slot(windows, *known)
        if not windows or not self._is_proved([*self.slots[:k], [new], *self.slots[k + 1 :]]):
            return False
        self.slots[k].append(new)
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
