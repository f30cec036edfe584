"""Disjoint refuters among the windows of a box: proofs for boxes that no tree can search, under full spark.

At every input each refuter has an active window row. If every refuter of u disjoint ones is given an unknown input of
its own that all its windows read, then any choice of one row from each is a choice of u rows that can be matched to the
u unknown inputs; for almost all kernels such rows are independent, as long as the windows start at different places
along one axis only (`docs/mathematics.md`, "Windows in general position"; along two axes that is false). Refuters are
looked for window by window: all windows that read the same taps pose the same question.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.every_size import Slot
from exactinj.certificates.packing import Packing
from exactinj.domains import Domain, RealSpace
from exactinj.exact.matrix import integer_rank, primitive_vector
from exactinj.injectivity.convolution.boxes import BoxSize, box_layer
from exactinj.injectivity.packing.dependencies import dependent_rows
from exactinj.injectivity.packing.engine import change_of
from exactinj.injectivity.packing.search import pack
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.convolution.geometry import flat_place, taps_on_grid
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = [
    "PackedWindows",
    "Window",
    "WindowPacker",
    "matched",
    "may_be_packed",
    "starts_differ_along_one_axis",
    "unknown_columns",
]

SECONDS_PER_WINDOW = 120.0
KERNELS_NAMED = 8
TRANSVERSALS = 20  # of the refuters, whose ranks are looked at
Start = tuple[int, ...]
Support = tuple[int, ...]


@dataclass(frozen=True)
class PackedWindows:
    """A packing for a box layer, or why there is none; `found` of `needed` refuters have an input of their own."""

    found: int
    needed: int
    packing: Packing | None
    refusal: str = ""


@dataclass
class WindowPacker:
    """The packings of the windows of a layer, each looked for once."""

    seed: int = 0
    known: dict[tuple[str, str], tuple[int, tuple[Support, ...]]] = field(default_factory=dict)

    def packed(
        self, group: ConvLayer, box: BoxSize, slots: Sequence[Slot], domain: Domain, clock: Clock
    ) -> PackedWindows:
        """A packing for the box layer of a group; `domain` is that of the whole box."""
        unknown = unknown_columns(group, box, slots)
        windows = [
            Window(group, box, start, number) for number, start in enumerate(product(*(slot.starts for slot in slots)))
        ]
        offers: list[tuple[Window, Support]] = []
        for window in windows:
            own = unknown.intersection(window.columns)
            if own:
                offers += [(window, support) for support in self._refuters(window, len(own), domain, clock)]
        owners = matched([unknown.intersection(window.columns) for window, _ in offers])
        if len(owners) < len(unknown):
            return PackedWindows(len(owners), len(unknown), None)
        problem = HomogeneousProblem(box_layer(group, box, slots), domain)
        taken = [offers[k] for k in owners.values()]
        supports = [_in_box(support, window, len(windows), problem) for window, support in taken]
        refusal = self._refusal(group, taken, sorted(unknown))
        if refusal:
            return PackedWindows(len(owners), len(unknown), None, refusal)
        epsilon = _epsilon(taken, clock) if isinstance(domain, RealSpace) else None
        return PackedWindows(len(owners), len(unknown), Packing(tuple(supports), problem.proof_rows, epsilon))

    def _refuters(self, window: Window, wanted: int, domain: Domain, clock: Clock) -> tuple[Support, ...]:
        """Disjoint refuters among the rows of one window, at most so many."""
        problem = window.problem(domain)
        if isinstance(domain, RealSpace):
            wanted = min(wanted, max(1, problem.m // (problem.dimension + 1)))
        key = problem.layer.digest, problem.domain.text
        asked, found = self.known.get(key, (0, ()))
        if asked < wanted:
            with suppress(OutOfTimeError):
                for packed in pack(problem, wanted, clock.bounded(SECONDS_PER_WINDOW)):
                    found = max(found, packed.supports, key=len)
            clock.check()
            self.known[key] = wanted, found
        return found[:wanted]

    def _refusal(
        self,
        group: ConvLayer,
        taken: Sequence[tuple[Window, Support]],
        unknown: Sequence[int],
    ) -> str:
        """What shows in a short look that the windows are not full spark; "" if nothing does."""
        looked: set[tuple[tuple[int, ...], ...]] = set()
        for window in {window.number: window for window, _ in taken}.values():
            own = sorted(set(window.columns).intersection(unknown))
            rows = tuple(_row(window, o, own) for o in range(group.out_channels))
            dependent = None if rows in looked else dependent_rows(rows, self.seed)
            looked.add(rows)
            if dependent is not None:
                return (
                    f"the kernels {', '.join(map(str, dependent[:8]))} are dependent on the unknown inputs of a window"
                )
        random = np.random.default_rng(self.seed)
        members = [[i for i in support if i < group.out_channels] for _, support in taken]
        for _ in range(TRANSVERSALS):
            chosen = [int(random.choice(kernels)) for kernels in members]
            across = [_row(window, o, unknown) for (window, _), o in zip(taken, chosen, strict=True)]
            if integer_rank(across) < len(across):
                return "one row from each refuter, chosen at random, makes dependent rows"
        return ""


@dataclass(frozen=True)
class Window:
    """One window of a box: where it starts, its number among the windows, and the columns that it reads."""

    group: ConvLayer
    box: BoxSize
    start: Start
    number: int

    @property
    def reads(self) -> list[list[int | None]]:
        """Per axis the places of the taps, None outside the box."""
        return [
            [place if 0 <= place < size else None for place in range(t, t + axis.extent, axis.dilation)]
            for axis, t, size in zip(self.group.axes, self.start, self.box, strict=True)
        ]

    @property
    def columns(self) -> list[int]:
        """Of the box layer, in order."""
        inside = [[place for place in axis if place is not None] for axis in self.reads]
        places = [flat_place(place, self.box) for place in product(*inside)]
        return [i * prod(self.box) + place for i in range(self.group.in_channels) for place in places]

    def row(self, o: int) -> dict[int, Fraction]:
        """The row of a kernel in the box layer."""
        return self.group.window_row(o, list(taps_on_grid(self.reads, self.box)), prod(self.box))

    def problem(self, domain: Domain) -> HomogeneousProblem:
        """The rows of all kernels at this window, on the columns that it reads."""
        columns = self.columns
        place = {j: k for k, j in enumerate(columns)}
        zero = Fraction(0)
        weights = []
        for o in range(self.group.out_channels):
            entries = self.row(o)
            row = [zero] * len(columns)
            for j, value in entries.items():
                row[place[j]] = value
            weights.append(row)
        where = domain.restricted(columns) or domain
        return HomogeneousProblem(ReLULayer(weights, list(self.group.bias)), where)


def _row(window: Window, o: int, unknown: Sequence[int]) -> tuple[int, ...]:
    """The row of a kernel on the unknown columns, as integers."""
    entries = window.row(o)
    return primitive_vector([entries.get(j, Fraction(0)) for j in unknown])


def unknown_columns(group: ConvLayer, box: BoxSize, slots: Sequence[Slot]) -> frozenset[int]:
    """The columns of a box layer whose place no slot knows."""
    cells = prod(box)
    places = [
        number
        for number, place in enumerate(product(*map(range, box)))
        if not any(slot.knows(j, size) for slot, j, size in zip(slots, place, box, strict=True))
    ]
    return frozenset(i * cells + place for i in range(group.in_channels) for place in places)


def _in_box(support: Support, window: Window, windows: int, problem: HomogeneousProblem) -> Support:
    """The refuter of a window with the rows of the box layer."""
    inner = window.problem(problem.domain)
    columns, boundary = window.columns, {row: k for k, (row, _) in enumerate(problem.boundary)}
    named = []
    for i in support:
        if i < inner.m:
            named.append(i * windows + window.number)
        elif i == inner.slack:
            named.append(problem.slack)
        else:
            row, _ = inner.boundary[i - inner.m]
            whole = [0] * problem.dimension
            for j, value in zip(columns, row, strict=False):
                whole[j] = value
            named.append(problem.m + boundary[(*whole, *row[len(columns) :])])
    return tuple(sorted(named))


def _epsilon(taken: Sequence[tuple[Window, Support]], clock: Clock) -> Fraction | None:
    """By how much the kernels may change; None if one of the refuters bears no change."""
    changes: dict[tuple[str, Support], Fraction | None] = {}
    for window, support in taken:
        clock.check()
        problem = window.problem(RealSpace())
        key = problem.layer.digest, support
        if key not in changes:
            changes[key] = change_of(problem, support)
    found = [change for change in changes.values() if change is not None]
    return min(found) if found and len(found) == len(changes) else None


def matched(choices: Sequence[frozenset[int]]) -> dict[int, int]:
    """As many members as can be, each owned by one set: from members to the numbers of the sets."""
    owner: dict[int, int] = {}
    holds: dict[int, int] = {}
    for first in range(len(choices)):
        came_from: dict[int, int] = {}
        queue, free = [first], None
        for current in queue:
            for member in choices[current]:
                if member not in came_from:
                    came_from[member] = current
                    if member not in owner:
                        free = member
                        break
                    queue.append(owner[member])
            if free is not None:
                break
        while free is not None:
            current = came_from[free]
            before = holds.get(current)
            owner[free], holds[current] = current, free
            free = before
    return owner


def starts_differ_along_one_axis(slots: Sequence[Slot]) -> bool:
    """Whether the windows of a choice of slots start at different places along at most one axis."""
    return sum(len(slot.starts) > 1 for slot in slots) <= 1


def may_be_packed(group: ConvLayer, box: BoxSize, slots: Sequence[Slot], domain: Domain) -> bool:
    """Whether the windows have rows enough: on R^n a refuter in general position has more rows than a window inputs."""
    if not starts_differ_along_one_axis(slots):
        return False
    unknown = unknown_columns(group, box, slots)
    least = 1 if not isinstance(domain, RealSpace) else 2
    most = 0
    for start in product(*(slot.starts for slot in slots)):
        window = Window(group, box, start, 0)
        own = len(unknown.intersection(window.columns))
        rows = len(window.columns) + 1 if isinstance(domain, RealSpace) else least
        most += min(own, group.out_channels // rows)
    return most >= len(unknown)
