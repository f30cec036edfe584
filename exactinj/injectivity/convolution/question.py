"""What all attempts on one convolution share: the question, answers that are known, work done so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.blocks import StagesProof
from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import BoxProof, InjectivityProof, Slot
from exactinj.domains import Domain, RealSpace
from exactinj.errors import InternalError
from exactinj.injectivity.blocks import BlocksEngine
from exactinj.injectivity.convolution.boxes import BoxSize, box_layer, row_count
from exactinj.injectivity.convolution.packed_boxes import (
    PackedWindows,
    WindowPacker,
    may_be_packed,
    unknown_columns,
)
from exactinj.injectivity.convolution.places import grid_domain, group_domain
from exactinj.injectivity.convolution.stages import Staging, may_be_staged
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.tree_state import opposite_pairs
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["EASY", "FAIR", "LARGEST_UNROLLED", "ConvQuestion", "outcome"]

EASY = 7  # inputs up to which the tree decides in hundredths of a second
FAIR = 14  # inputs up to which engines decide within minutes
LARGEST_UNROLLED = 4_000_000  # entries of an unrolled matrix
LARGEST_BOX_LAYER = 1_000_000


@dataclass
class ConvQuestion:
    """One convolution in question, on a domain of one place of the grid, for one size or for all; mutable.

    `inner` decides dense layers; those of up to `FAIR` inputs go to `small`, which starts no processes.
    """

    layer: ConvLayer
    domain: Domain
    inner: Engine
    clock: Clock
    size: tuple[int, ...] | None
    seed: int
    small: Engine
    assume_full_spark: bool = False
    steps: list[str] = field(default_factory=list)
    known: dict[tuple[str, str], Answer] = field(default_factory=dict)
    refuted: set[tuple[int, BoxSize, tuple[Slot, ...]]] = field(default_factory=set)
    nodes: int = 0
    refuters: int = 0
    packer: WindowPacker = field(default_factory=WindowPacker)
    packings: dict[tuple[int, BoxSize, tuple[Slot, ...]], PackedWindows] = field(default_factory=dict)

    @property
    def total(self) -> int | None:
        """The number of inputs at the size in question, if there is one."""
        return None if self.size is None else self.layer.in_channels * prod(self.size)

    @property
    def channels(self) -> int:
        """The number of input channels of one group."""
        return self.layer.in_channels // self.layer.groups

    def decided(self, rows: ReLULayer, domain: Domain) -> Answer:
        """The engine's answer about a dense layer, once for equal layers; `OutOfTimeError` past the deadline."""
        key = rows.digest, domain.text
        if key not in self.known:
            engine = self.small if rows.n <= FAIR else self.inner
            answer = BlocksEngine(engine).decide(HomogeneousProblem(rows, domain), self.clock)
            self.nodes += answer.stats.nodes
            self.refuters += answer.stats.refuters
            if answer.verdict is Verdict.TIMED_OUT and self.clock.is_over:
                raise OutOfTimeError
            self.known[key] = answer
        return self.known[key]

    def _staged(self, number: int, box: BoxSize, slots: tuple[Slot, ...]) -> StagesProof | None:
        """A proof in stages, for boxes of many inputs of which padding or a sweep leaves a few to each window."""
        group, domain = self.layer.group_layers[number], self.group_domain(number, prod(box))
        unknown = len(unknown_columns(group, box, slots))
        if group.in_channels * prod(box) <= FAIR or unknown <= EASY or not may_be_staged(group, box, slots):
            return None
        if unknown - len(opposite_pairs(HomogeneousProblem(box_layer(group, box, slots), domain))) <= EASY:
            return None  # quick as a whole
        return Staging(group, box, slots, domain, self.decided).proof()

    def proved(self, number: int, box: BoxSize, slots: tuple[Slot, ...]) -> BoxProof | None:
        """A proof that a group's layer on a box is injective; one that is not is noted as refuted."""
        self.clock.check()
        group = self.layer.group_layers[number]
        rows, columns = row_count(group, box, slots), group.in_channels * prod(box)
        if rows < columns or (rows < 2 * columns and isinstance(self.domain, RealSpace)):
            self.refuted.add((number, box, slots))  # fewer than 2 n rows are never injective
            return None
        if rows * columns > LARGEST_BOX_LAYER:
            self.steps.append(f"a box layer of {rows} x {columns} is too large to be decided")
            return None
        staged = self._staged(number, box, slots)
        if staged is not None:
            return staged
        proof = self.decided(box_layer(group, box, slots), self.group_domain(number, prod(box))).proof
        if isinstance(proof, Collision):
            self.refuted.add((number, box, slots))
        return proof if isinstance(proof, InjectivityProof) else None

    def packed(self, number: int, box: BoxSize, slots: tuple[Slot, ...]) -> BoxProof | None:
        """A proof for a group's layer on a box, by a tree where few inputs are unknown, else by disjoint refuters."""
        self.clock.check()
        group, cells = self.layer.group_layers[number], prod(box)
        unknown = group.in_channels * prod(size - slot.low - slot.high for slot, size in zip(slots, box, strict=True))
        domain = self.group_domain(number, cells)
        if unknown <= EASY:
            return self.proved(number, box, slots)
        if not may_be_packed(group, box, slots, domain):
            return None
        key = number, box, slots
        if key not in self.packings:
            self.packings[key] = self.packer.packed(group, box, slots, domain, self.clock)
        packing = self.packings[key].packing
        if packing is not None and any(self.layer.bias) and not any(group.bias):
            return replace(packing, epsilon=None)  # what was computed lets the bias stay 0
        return packing

    def lifted(self, values: Sequence[Fraction], number: int, cells: int) -> tuple[Fraction, ...]:
        """An input of a group on so many places, completed by the domain's filler in the other groups."""
        first = number * self.channels * cells
        filler = grid_domain(self.domain, cells).filler(self.layer.in_channels * cells)
        return (*filler[:first], *values, *filler[first + len(values) :])

    def group_domain(self, group: int, cells: int) -> Domain:
        """The domain for a group's channels on so many places."""
        channels = range(group * self.channels, (group + 1) * self.channels)
        return grid_domain(group_domain(self.domain, channels), cells)

    def covers(self, sizes: Sizes) -> bool:
        """Whether an answer for these sizes answers the question."""
        return self.size is None or sizes.contains(self.size)

    def verified(self, points: Sequence[Sequence[Fraction]], size: tuple[int, ...]) -> Collision:
        """The two inputs on a grid, after evaluating the convolution at both in rationals."""
        x, y = points
        domain = grid_domain(self.domain, prod(size))
        if list(x) == list(y) or not (domain.contains(x) and domain.contains(y)):
            raise InternalError("a proposed pair is not two different inputs of the domain; please report this")
        if self.layer.evaluate(x, size) != self.layer.evaluate(y, size):
            raise InternalError("a proposed pair does not collide in exact arithmetic; please report this")
        return Collision(tuple(x), tuple(y), (self.layer.in_channels, *size))

    def statistics(self, explored: float = 0.0) -> Statistics:
        """Work done so far."""
        return Statistics(self.nodes, self.refuters, explored=explored, seconds=self.clock.worked)


def outcome(answer: Answer) -> str:
    """What an attempt came to, in words."""
    return {
        Verdict.INJECTIVE: "no collision there",
        Verdict.NOT_INJECTIVE: "a collision",
        Verdict.TIMED_OUT: "out of its share of time",
    }.get(answer.verdict, "no collision found")
