"""Attempts to prove injectivity with boxes, smallest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.every_size import Slot
from exactinj.injectivity.convolution.answer import ConvAnswer
from exactinj.injectivity.convolution.boxes import Box, box_layer, boxes_up_to, inner_starts, row_count, try_box
from exactinj.injectivity.convolution.workbench import EASY, LARGEST_UNROLLED, Workbench
from exactinj.injectivity.finder import FinderEngine
from exactinj.layers.convolution.geometry import times
from exactinj.work.verdict import Verdict

__all__ = ["BoxSearch"]

STARTS = 2  # of the finder on a large box


@dataclass
class BoxSearch:
    """The boxes of one search and what became of them; mutable.

    With stride 1 and no windows cut off, a box that does not recover what it sees speaks for all boxes inside it, and
    a finder may notice that in a large box before all the smaller ones have been searched.
    """

    bench: Workbench
    limit: int
    tried: list[Box] = field(default_factory=list)
    ruled_out: list[Box] = field(default_factory=list)

    @cached_property
    def boxes(self) -> list[Box]:
        """All boxes up to the limit, inside the grid if its size is given; none for an engine that proves nothing."""
        if not self.bench.inner.proves_injectivity:
            return []
        return boxes_up_to(self.bench.layer, self.limit, self.bench.size)

    @cached_property
    def easy(self) -> list[Box]:
        """Those that are decided in no time."""
        return [box for box in self.boxes if self.inputs(box) <= EASY]

    def inputs(self, box: Box) -> int:
        """The number of inputs in a box, of one group."""
        return self.bench.channels * prod(box)

    def attempt(self, box: Box) -> ConvAnswer | None:
        """A proof with this box; if it serves for some residues of the size only, perhaps with another easy one."""
        answer = self._attempt(box)
        if answer is None or answer.share == 1 or self.bench.size is not None:
            return answer
        others = (self._attempt(other) for other in self.easy)
        return next((better for better in others if better is not None and better.share > answer.share), answer)

    def _attempt(self, box: Box) -> ConvAnswer | None:
        if box in self.tried:
            return None
        self.tried.append(box)
        if any(_lies_in(box, other) for other in self.ruled_out):
            return None
        bench = self.bench
        bench.clock.report(f"box {times(box)}")
        found = try_box(bench.layer, box, bench.proved)
        if found is None or not bench.covers(found[1]):
            bench.steps.append(f"box {times(box)}: not shown to recover what it sees")
            return None
        proof, sizes = found
        reason = f"the windows inside every box of size {times(box)} recover what they see"
        if any(slot.low or slot.high for slots in proof.slots for slot in slots):
            end = "swept from an end where padding cuts windows off"
            reason = f"the windows inside boxes of size {times(box)}, {end}, recover what they see"
        steps = (*bench.steps, f"box {times(box)}: injective")
        return ConvAnswer(Verdict.INJECTIVE, reason, "boxes", proof, sizes, None, bench.statistics(1.0), steps)

    def rule_out(self) -> None:
        """Ask a finder about the boxes that lie in no other one."""
        layer = self.bench.layer
        if set(layer.stride) != {1} or (layer.padding_mode == "zeros" and layer.is_padded):
            return
        boxes = self.boxes
        for box in boxes:
            if not any(_lies_in(box, other) for other in boxes if other != box) and self._is_refuted(box):
                self.bench.steps.append(f"box {times(box)}: a finder sees that it does not recover what it sees")
                self.ruled_out.append(box)

    def _is_refuted(self, box: Box) -> bool:
        """Whether a finder knows two contents of the box that its windows do not tell apart."""
        bench, slots = self.bench, self._plain(box)
        bench.clock.report(f"a finder looks at the box {times(box)}")
        for number, group in enumerate(bench.layer.group_layers):
            bench.clock.check()
            if row_count(group, box, slots) * group.in_channels * prod(box) > LARGEST_UNROLLED:
                return False
            rows, domain = box_layer(group, box, slots), bench.group_domain(number, prod(box))
            if FinderEngine(bench.seed, STARTS).decide(HomogeneousProblem(rows, domain), bench.clock).proof is not None:
                bench.refuted.add((number, box, slots))
                return True
        return False

    def _plain(self, box: Box) -> tuple[Slot, ...]:
        """The windows inside the box, for stride 1."""
        return tuple(Slot(inner_starts(axis, size, 0)) for axis, size in zip(self.bench.layer.axes, box, strict=True))

    def in_words(self) -> str:
        """What was tried, and what follows where a box is the layer itself at that size."""
        if not self.bench.inner.proves_injectivity:
            return f"the engine {self.bench.inner.name} only finds collisions, so no box was tried"
        if not self.tried:
            return "no box was tried"
        count, largest = len(self.tried), times(max(self.tried, key=prod))
        text = f"1 box tried, {largest}" if count == 1 else f"{count} boxes tried, the largest {largest}"
        text += "" if self.bench.channels == 1 else f" with {self.bench.channels} channels"
        lost = self._refuted_sizes()
        return (
            text if not lost else f"{text}; not injective at the size {' or '.join(map(times, lost))}, or smaller ones"
        )

    def _refuted_sizes(self) -> list[Box]:
        """The largest boxes that are known not to be recovered, if the layer is neither padded nor strided."""
        if self.bench.layer.is_padded or set(self.bench.layer.stride) != {1}:
            return []
        lost = {box for _, box, slots in self.bench.refuted if slots == self._plain(box)}
        return sorted(box for box in lost if not any(_lies_in(box, other) for other in lost - {box}))


def _lies_in(box: Sequence[int], other: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip(box, other, strict=True))
