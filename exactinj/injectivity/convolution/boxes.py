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

from exactinj.certificates.every_size import BoxesProof, BoxProof, Slot
from exactinj.layers.convolution import Axis, ConvLayer, Sizes
from exactinj.layers.convolution.geometry import taps_on_grid
from exactinj.layers.dense import ReLULayer

__all__ = ["Prover", "box_layer", "boxes_up_to", "dense_layer", "inner_starts", "row_count", "try_box"]

Starts = tuple[int, ...]
BoxSize = tuple[int, ...]
Prover = Callable[[int, BoxSize, tuple[Slot, ...]], BoxProof | None]
"""From the number of a group, a box and a slot for each axis to a proof that the box layer is injective, or None."""


def boxes_up_to(layer: ConvLayer, limit: int, largest: Sequence[int] | None = None) -> list[BoxSize]:
    """Boxes that hold a window and a stride, smallest first, with at most `limit` inputs of one group.

    The smallest box is among them even if it is larger than the limit; `largest` bounds each axis.
    """
    least = tuple(max(axis.extent, axis.stride) for axis in layer.axes)
    ceiling = least if largest is None else tuple(largest)
    if any(a > b for a, b in zip(least, ceiling, strict=True)):
        return []
    cells = limit // (layer.in_channels // layer.groups)
    boxes = list(_boxes(least, None if largest is None else ceiling, cells)) or [least]
    return sorted(boxes, key=lambda box: (prod(box), max(box) - min(box), box))


def _boxes(least: BoxSize, ceiling: BoxSize | None, cells: int) -> Iterator[BoxSize]:
    """All boxes between two with at most so many cells."""
    if not least:
        yield ()
        return
    most = cells // prod(least[1:])
    for size in range(least[0], (most if ceiling is None else min(most, ceiling[0])) + 1):
        rest = _boxes(least[1:], None if ceiling is None else ceiling[1:], cells // size)
        yield from ((size, *others) for others in rest)


def row_count(group: ConvLayer, box: BoxSize, slots: Sequence[Slot]) -> int:
    """The number of rows of `box_layer`, without making them."""
    windows = group.out_channels * prod(len(slot.starts) for slot in slots)
    seen = prod(size - slot.low - slot.high for slot, size in zip(slots, box, strict=True))
    return windows + 2 * group.in_channels * (prod(box) - seen)


def box_layer(group: ConvLayer, box: BoxSize, slots: Sequence[Slot]) -> ReLULayer:
    """Rows of the slots' windows, then two for each known column; columns (channel, place of the box)."""
    cells, columns = prod(box), group.in_channels * prod(box)
    reads = [
        [[t + axis.dilation * u for u in range(axis.taps)] for t in slot.starts]
        for slot, axis in zip(slots, group.axes, strict=True)
    ]
    inside = [
        [[place if 0 <= place < size else None for place in window] for window in windows]
        for windows, size in zip(reads, box, strict=True)
    ]
    windows = [taps_on_grid(window, box) for window in product(*inside)]
    rows = [
        (group.window_row(o, window, cells), group.bias[o]) for o in range(group.out_channels) for window in windows
    ]
    known = [
        any(slot.knows(j, size) for slot, j, size in zip(slots, place, box, strict=True)) for place in _places(box)
    ]
    rows += [
        ({j: sign}, Fraction(0)) for j in range(columns) if known[j % cells] for sign in (Fraction(1), Fraction(-1))
    ]
    return dense_layer(rows, columns)


def dense_layer(rows: Sequence[tuple[dict[int, Fraction], Fraction]], columns: int) -> ReLULayer:
    """The layer with these nonzero entries and biases; one zero row if there are none."""
    zero = Fraction(0)
    weights = [[entries.get(j, zero) for j in range(columns)] for entries, _ in rows]
    return ReLULayer(weights or [[zero] * columns], [beta for _, beta in rows] or [zero])


def _places(box: Sequence[int]) -> Iterator[BoxSize]:
    return product(*map(range, box))


def first_starts(axis: Axis, size: int) -> Starts:
    """Window starts in a sub-box at the beginning of the grid."""
    low = axis.low if axis.mode == "zeros" else 0
    first = max(-low, 1 - axis.extent)  # earlier windows see nothing of it
    return tuple(t for t in range(first, size - axis.extent + 1) if (t + axis.low) % axis.stride == 0)


def inner_starts(axis: Axis, size: int, phase: int) -> Starts:
    """Window starts in a sub-box whose first window starts at its place `phase`."""
    return tuple(range(phase, size - axis.extent + 1, axis.stride))


def last_starts(axis: Axis, size: int, residue: int) -> Starts:
    """Window starts in a sub-box at the end of a grid whose size has that residue modulo the stride."""
    high = axis.high if axis.mode == "zeros" else 0
    end = min(size - axis.extent + high + 1, size)  # later windows see nothing of it
    return tuple(t for t in range(end) if (t - size + residue + axis.low) % axis.stride == 0)


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
    proofs: dict[tuple[Slot, ...], list[BoxProof]] = field(default_factory=dict)

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
        if any(
            set(slot.starts) <= set(windows) and slot.low <= known[0] and slot.high <= known[1]
            for slot in self.slots[k]
        ):
            return True
        new = Slot(windows, *known)
        if not windows or not self._is_proved([*self.slots[:k], [new], *self.slots[k + 1 :]]):
            return False
        self.slots[k].append(new)
        return True

    def _is_proved(self, slots: Sequence[Sequence[Slot]]) -> bool:
        return all(self._proofs_of(choice) is not None for choice in product(*slots))

    def _proofs_of(self, choice: tuple[Slot, ...]) -> list[BoxProof] | None:
        """One proof for each group, or None."""
        if choice not in self.proofs:
            proofs = []
            for number in range(self.layer.groups):
                proof = self.prove(number, self.box, choice)
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
