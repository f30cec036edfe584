"""certificates-convolution.md, section "The layer": windows, unrolled rows, rows of boxes, equal outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, product
from operator import mul

from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import digits_of, index_of, over_one_denominator, show, times
from exactinj.checker.rows import Form, MadeRows

__all__ = [
    "MODES",
    "Axis",
    "Convolution",
    "Kernels",
    "Reads",
    "Sizes",
    "Slot",
    "TwoInputs",
    "Windows",
    "require_group",
]

MODES = ("zeros", "circular", "reflect", "replicate")


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution layer; `kernels[o]` lists K[o, i, u] in lexicographic order of (i, u)."""

    in_channels: int
    out_channels: int
    groups: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    padding_mode: str
    kernels: Sequence[Sequence[Fraction]]
    b: Sequence[Fraction]


Reads = tuple[int | None, ...]  # for each tap the place that it reads, None where it reads 0


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the grid: kernel size, stride, dilation, padding on both sides and its mode."""

    taps: int
    stride: int
    dilation: int
    low: int
    high: int
    mode: str

    @property
    def extent(self) -> int:
        return self.dilation * (self.taps - 1) + 1

    @property
    def least(self) -> int:
        """The layer is defined for this size and all larger ones."""
        needed = {"reflect": max(self.low, self.high) + 1, "circular": max(self.low, self.high)}
        return max(1, self.extent - self.low - self.high, needed.get(self.mode, 1))

    @property
    def zeros(self) -> tuple[int, int]:
        """How many zeros stand before and after the grid."""
        return (self.low, self.high) if self.mode == "zeros" else (0, 0)

    def windows(self, size: int) -> int:
        return (size + self.low + self.high - self.extent) // self.stride + 1

    def inside(self, start: int, size: int) -> Reads:
        """The taps of the window that starts there, as far as they lie in [0, size)."""
        places = (start + self.dilation * u for u in range(self.taps))
        return tuple(j if 0 <= j < size else None for j in places)

    def reads(self, window: int, size: int) -> Reads:
        """The places that a window of the layer reads."""
        start = self.stride * window - self.low
        if self.mode == "zeros":
            return self.inside(start, size)
        return tuple(self._padded(start + self.dilation * u, size) for u in range(self.taps))

    def _padded(self, j: int, size: int) -> int:
        if self.mode == "circular":
            return j % size
        if self.mode == "replicate":
            return min(max(j, 0), size - 1)
        return 2 * (size - 1) - j if j >= size else abs(j)


@dataclass(frozen=True, slots=True)
class Slot:
    """How many places of the box are known at its two ends along an axis, and where its windows start."""

    known: tuple[int, ...]
    starts: list[int]


def _known_count(box: Sequence[int], known: Sequence[Sequence[int]]) -> int:
    """The number of places of the box that are known along some axis."""
    return math.prod(box) - math.prod(length - sum(ends) for length, ends in zip(box, known, strict=True))


def _known_place(number: int, box: Sequence[int], known: Sequence[Sequence[int]]) -> list[int]:
    """The known place with this number, in lexicographic order of the known places."""
    low, high = known[0]
    every, some = math.prod(box[1:]), _known_count(box[1:], known[1:])  # for a first index that is known, or not
    if number < low * every:
        return digits_of(number, box)
    number -= low * every
    if number < (box[0] - low - high) * some:
        index, number = divmod(number, some)
        return [low + index, *_known_place(number, box[1:], known[1:])]
    return digits_of((box[0] - high) * every + number - (box[0] - low - high) * some, box)


@dataclass(frozen=True, slots=True)
class Windows:
    """The window rows of a box layer, which come first, and its columns that are not known."""

    count: int
    unknown: list[int]
    start: Callable[[int], tuple[int, ...]]
    reads: Callable[[int], frozenset[int]]  # the columns that the taps of a row's window lie in


class Kernels:
    """A convolution with its kernels as integers over one positive denominator for each output channel."""

    def __init__(self, layer: Convolution) -> None:
        self.layer = layer
        parts = zip(layer.kernel_size, layer.stride, layer.dilation, layer.padding, strict=True)
        self.axes = [Axis(size, s, D, low, high, layer.padding_mode) for size, s, D, (low, high) in parts]
        self.inputs, self.outputs = layer.in_channels // layer.groups, layer.out_channels // layer.groups  # of a group
        self.scaled = [
            over_one_denominator([*kernel, bias]) for kernel, bias in zip(layer.kernels, layer.b, strict=True)
        ]
        self.taps = list(product(range(self.inputs), *map(range, layer.kernel_size)))

    def form(self, o: int, reads: Sequence[Reads], size: Sequence[int], first: int) -> Form:
        """The row of output channel o for one window; `first` is the column block of its group's first channel."""
        entries, denominator = self.scaled[o]
        sums: dict[int, int] = {}
        for j in compress(range(len(self.taps)), entries):
            i, *u = self.taps[j]
            places = [read[k] for read, k in zip(reads, u, strict=True)]
            inner = [place for place in places if place is not None]
            if len(inner) == len(places):
                column = index_of([first + i, *inner], [0, *size])
                sums[column] = sums.get(column, 0) + entries[j]
        return Form({column: value for column, value in sums.items() if value}, entries[-1], denominator)

    def unrolled(self, size: Sequence[int]) -> MadeRows:
        """The unrolled layer for a size."""
        counts = [axis.windows(length) for axis, length in zip(self.axes, size, strict=True)]

        def form(number: int) -> Form:
            o, *window = digits_of(number, [self.layer.out_channels, *counts])
            reads = [axis.reads(J, length) for axis, J, length in zip(self.axes, window, size, strict=True)]
            return self.form(o, reads, size, o // self.outputs * self.inputs)

        return MadeRows(self.layer.out_channels * math.prod(counts), self.layer.in_channels * math.prod(size), form)

    def box(self, group: int, slots: Sequence[Slot], box: Sequence[int]) -> MadeRows:
        """The box layer of a group and one slot for each axis: its windows, then two rows for each known column."""
        counts = [self.outputs, *(len(slot.starts) for slot in slots)]
        windows, places = math.prod(counts), [slot.known for slot in slots]
        known = _known_count(box, places)

        def form(number: int) -> Form:
            if number >= windows:
                column, negative = divmod(number - windows, 2)
                i, column = divmod(column, known)
                return Form({index_of([i, *_known_place(column, box, places)], [0, *box]): -1 if negative else 1}, 0, 1)
            o, *choice = digits_of(number, counts)
            starts = [slot.starts[k] for slot, k in zip(slots, choice, strict=True)]
            reads = [axis.inside(tau, length) for axis, tau, length in zip(self.axes, starts, box, strict=True)]
            return self.form(group * self.outputs + o, reads, box, 0)

        return MadeRows(windows + 2 * self.inputs * known, self.inputs * math.prod(box), form)

    def windows(self, slots: Sequence[Slot], box: Sequence[int]) -> Windows:
        """Where the window rows of `box` start, and what they read."""
        counts = [self.outputs, *(len(slot.starts) for slot in slots)]
        read: dict[tuple[int, ...], frozenset[int]] = {}

        def start(number: int) -> tuple[int, ...]:
            _, *choice = digits_of(number, counts)
            return tuple(slot.starts[k] for slot, k in zip(slots, choice, strict=True))

        def reads(number: int) -> frozenset[int]:
            first = start(number)
            if first not in read:
                inside = [axis.inside(tau, length) for axis, tau, length in zip(self.axes, first, box, strict=True)]
                places = product(range(self.inputs), *([j for j in axis if j is not None] for axis in inside))
                read[first] = frozenset(index_of(place, [0, *box]) for place in places)
            return read[first]

        free = [range(slot.known[0], length - slot.known[1]) for slot, length in zip(slots, box, strict=True)]
        unknown = [index_of(place, [0, *box]) for place in product(range(self.inputs), *free)]
        return Windows(math.prod(counts), unknown, start, reads)

    def about(self) -> str:
        """The geometry in words."""
        layer = self.layer
        mode = f" {layer.padding_mode}" if any(map(any, layer.padding)) else ""
        pairs = " x ".join(f"({show(low)}, {show(high)})" for low, high in layer.padding)
        return (
            f"kernel {times(layer.kernel_size)}, stride {times(layer.stride)}, dilation {times(layer.dilation)}, "
            f"padding {pairs}{mode}, channels {layer.in_channels} to {layer.out_channels}, groups {layer.groups}"
        )


class TwoInputs:
    """Two inputs of one size, as integers over one positive denominator, for which outputs are compared."""

    def __init__(self, kernels: Kernels, size: Sequence[int], points: list[list[Fraction]]) -> None:
        self.kernels, self.size, self.count = kernels, size, math.prod(size)
        scaled, self.denominator = over_one_denominator([*points[0], *points[1]])
        self.x, self.y = (
            [*scaled[: len(points[0])], 0],
            [*scaled[len(points[0]) :], 0],
        )  # the last is what padding reads

    def differing(self) -> list[int]:
        """The places at which the inputs differ in some channel."""
        pairs = enumerate(zip(self.x, self.y, strict=True))
        return sorted({j % self.count for j, (x, y) in pairs if x != y})

    def different_output(self, reads: Sequence[Reads]) -> int | None:
        """An output channel in which the outputs of a window differ."""
        places = [-1 if None in read else index_of(read, self.size) for read in product(*reads)]  # type: ignore[arg-type]
        width, height = self.kernels.inputs, self.kernels.outputs
        for group in range(self.kernels.layer.groups):
            bases = range(group * width * self.count, (group + 1) * width * self.count, self.count)
            columns = [-1 if place < 0 else base + place for base in bases for place in places]
            x, y = [self.x[j] for j in columns], [self.y[j] for j in columns]
            if x == y:
                continue
            for o in range(group * height, (group + 1) * height):
                entries, _ = self.kernels.scaled[o]
                constant = entries[-1] * self.denominator
                if max(sum(map(mul, entries, x)) + constant, 0) != max(sum(map(mul, entries, y)) + constant, 0):
                    return o
        return None

    def require_equal_outputs(self, windows: Sequence[Iterator[tuple[str, Reads]]], rule: str) -> int:
        """For what windows may read along each axis, with a name. Returns the number of different ones."""
        axes = []
        for named in windows:
            names: dict[Reads, str] = {}
            for name, reads in named:
                names.setdefault(reads, name)
            axes.append(names)
        for window in product(*axes):
            o = self.different_output(window)
            if o is not None:
                place = ", ".join(names[reads] for names, reads in zip(axes, window, strict=True))
                raise Rejected(Reason.POINTS, f"{rule}: output {o} of the window ({place}) differs at x and at y")
        return math.prod(map(len, axes))


@dataclass(frozen=True, slots=True)
class Sizes:
    """All N with N_k >= minimum[k] and N_k mod s_k in residues[k]."""

    minimum: tuple[int, ...]
    residues: tuple[list[int], ...]

    def about(self, axes: Sequence[Axis]) -> str:
        parts = []
        for k, (least, residues, axis) in enumerate(zip(self.minimum, self.residues, axes, strict=True), 1):
            some = ", ".join(map(show, residues[:8])) + (", ..." if len(residues) > 8 else "")
            full = "any residue" if len(residues) == axis.stride else f"N_{k} mod {show(axis.stride)} in {{{some}}}"
            parts.append(f"N_{k} >= {show(least)} ({full})")
        return " and ".join(parts)


def require_group(group: int, kernels: Kernels, rule: str) -> None:
    """Raises Rejected unless the layer has this group."""
    if not 0 <= group < kernels.layer.groups:
        raise Rejected(Reason.COUNT, f"{rule}: there is no group {show(group)}")
