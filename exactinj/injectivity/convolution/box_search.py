"""Attempts to prove injectivity with boxes, smallest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, prod

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.every_size import Slot
from exactinj.certificates.packing import FULL_SPARK
from exactinj.injectivity.convolution.answer import ConvAnswer
from exactinj.injectivity.convolution.boxes import BoxSize, box_layer, boxes_up_to, inner_starts, row_count, try_box
from exactinj.injectivity.convolution.packed_boxes import may_be_packed
from exactinj.injectivity.convolution.question import EASY, FAIR, LARGEST_UNROLLED, ConvQuestion
from exactinj.injectivity.finder import FinderEngine
from exactinj.layers.convolution.geometry import times
from exactinj.work.verdict import Verdict

__all__ = ["BoxSearch"]

STARTS = 4  # of the finder on a large box
LONGEST_BOX = 400  # places along an axis of boxes in which refuters are packed
LARGEST_PACKED = 400  # inputs of such a box
LONGER = (1.0, 1.15, 1.5, 2.0)  # than the first box whose windows have rows enough


@dataclass
class BoxSearch:
    """The boxes of one search and what became of them; mutable.

    With stride 1 and no windows cut off, a box that does not recover what it sees speaks for all boxes inside it, and
    a finder may notice that in a large box before all the smaller ones have been searched.
    """

    question: ConvQuestion
    limit: int
    tried: list[BoxSize] = field(default_factory=list)
    ruled_out: list[BoxSize] = field(default_factory=list)
    would_be_packed: str = ""

    @cached_property
    def boxes(self) -> list[BoxSize]:
        """All boxes up to the limit, inside the grid if its size is given; none for an engine that proves nothing."""
        if not self.question.inner.proves_injectivity:
            return []
        return boxes_up_to(self.question.layer, self.limit, self.question.size)

    @cached_property
    def easy(self) -> list[BoxSize]:
        """Those that are decided in no time."""
        return [box for box in self.boxes if self.inputs(box) <= EASY]

    def inputs(self, box: BoxSize) -> int:
        """The number of inputs in a box, of one group."""
        return self.question.channels * prod(box)

    def attempt(self, box: BoxSize) -> ConvAnswer | None:
        """A proof with this box; if it serves for some residues of the size only, perhaps with another easy one."""
        answer = self._attempt(box)
        if answer is None or answer.share == 1 or self.question.size is not None:
            return answer
        others = (self._attempt(other) for other in self.easy)
        return next((better for better in others if better is not None and better.share > answer.share), answer)

    def _attempt(self, box: BoxSize) -> ConvAnswer | None:
        if box in self.tried:
            return None
        self.tried.append(box)
        if any(_lies_in(box, other) for other in self.ruled_out):
            return None
        question = self.question
        question.clock.report(f"box {times(box)}")
        found = try_box(question.layer, box, question.proved)
        if found is None or not question.covers(found[1]):
            question.steps.append(f"box {times(box)}: not shown to recover what it sees")
            return None
        proof, sizes = found
        reason = f"the windows inside every box of size {times(box)} recover what they see"
        if any(slot.low or slot.high for slots in proof.slots for slot in slots):
            end = "swept from an end where padding cuts windows off"
            reason = f"the windows inside boxes of size {times(box)}, {end}, recover what they see"
        steps = (*question.steps, f"box {times(box)}: injective")
        return ConvAnswer(Verdict.INJECTIVE, reason, "boxes", proof, sizes, None, question.statistics(1.0), steps)

    @cached_property
    def wide(self) -> list[BoxSize]:
        """Boxes longer along one axis whose windows may hold a packing of refuters, a few of them."""
        layer, found = self.question.layer, list[BoxSize]()
        least = boxes_up_to(layer, 0)[:1]
        for axis in range(layer.dimensions if least else 0):
            boxes = [(*least[0][:axis], length, *least[0][axis + 1 :]) for length in range(1, LONGEST_BOX + 1)]
            within = [box for box in boxes if _lies_in(least[0], box) and FAIR < self.inputs(box) <= LARGEST_PACKED]
            first = next((box for box in within if self._has_rows_to_pack(box)), None)
            lengths = [] if first is None else [ceil(factor * first[axis]) for factor in LONGER]
            found += [box for box in within if box[axis] in lengths and self._has_rows_to_pack(box)]
        size = self.question.size
        inside = [box for box in found if size is None or _lies_in(box, size)]
        return sorted(set(inside), key=lambda box: (prod(box), box))

    def _has_rows_to_pack(self, box: BoxSize) -> bool:
        group, domain = self.question.layer.group_layers[0], self.question.group_domain(0, prod(box))
        return may_be_packed(group, box, self._plain(box), domain)

    def attempt_packed(self, box: BoxSize) -> ConvAnswer | None:
        """A proof with this box under the assumption that its windows are full spark; what it would be without."""
        question = self.question
        question.clock.report(f"disjoint refuters in the box {times(box)}")
        found = try_box(question.layer, box, question.packed)
        looked = [packed for (_, tried, _), packed in question.packings.items() if tried == box]
        least = min(looked, key=lambda packed: packed.found - packed.needed, default=None)
        count = "no refuters" if least is None else f"disjoint refuters for {least.found} of {least.needed} inputs"
        if found is None or not question.covers(found[1]):
            refusal = next((f": {packed.refusal}" for packed in looked if packed.refusal), "")
            question.steps.append(f"box {times(box)}: {count} among its windows{refusal}")
            return None
        proof, sizes = found
        if not proof.rests_on_full_spark:
            reason = f"the windows inside boxes of size {times(box)} recover what they see"
            return ConvAnswer(Verdict.INJECTIVE, reason, "boxes", proof, sizes, None, question.statistics(1.0))
        reason = f"the windows inside boxes of size {times(box)} hold disjoint refuters, one for each input"
        if not question.assume_full_spark:
            self.would_be_packed = f"{reason}: --assume full-spark says injective at {sizes.text}"
            question.steps.append(self.would_be_packed)
            return None
        reason += ", and any such windows that can be independent are assumed to be"
        steps = (*question.steps, f"box {times(box)}: injective if full spark")
        stats = question.statistics(1.0)
        return ConvAnswer(Verdict.INJECTIVE, reason, "boxes", proof, sizes, None, stats, steps, assumption=FULL_SPARK)

    def rule_out(self) -> None:
        """Ask a finder about the boxes that lie in no other one."""
        layer = self.question.layer
        if set(layer.stride) != {1} or (layer.padding_mode == "zeros" and layer.is_padded):
            return
        boxes = self.boxes
        for box in boxes:
            if not any(_lies_in(box, other) for other in boxes if other != box) and self._is_refuted(box):
                self.question.steps.append(f"box {times(box)}: a finder sees that it does not recover what it sees")
                self.ruled_out.append(box)

    def _is_refuted(self, box: BoxSize) -> bool:
        """Whether a finder knows two contents of the box that its windows do not tell apart."""
        question, slots = self.question, self._plain(box)
        question.clock.report(f"a finder looks at the box {times(box)}")
        for number, group in enumerate(question.layer.group_layers):
            question.clock.check()
            if row_count(group, box, slots) * group.in_channels * prod(box) > LARGEST_UNROLLED:
                return False
            rows, domain = box_layer(group, box, slots), question.group_domain(number, prod(box))
            answer = FinderEngine(question.seed, STARTS).decide(HomogeneousProblem(rows, domain), question.clock)
            if answer.proof is not None:
                question.refuted.add((number, box, slots))
                return True
        return False

    def _plain(self, box: BoxSize) -> tuple[Slot, ...]:
        """The windows inside the box that start at its corner or a stride further."""
        return tuple(
            Slot(inner_starts(axis, size, 0)) for axis, size in zip(self.question.layer.axes, box, strict=True)
        )

    def in_words(self) -> str:
        """What was tried, and what follows where a box is the layer itself at that size."""
        if not self.question.inner.proves_injectivity:
            return f"the engine {self.question.inner.name} only finds collisions, so no box was tried"
        if not self.tried:
            return "no box was tried"
        count, largest = len(self.tried), times(max(self.tried, key=prod))
        text = f"1 box tried, {largest}" if count == 1 else f"{count} boxes tried, the largest {largest}"
        text += "" if self.question.channels == 1 else f" with {self.question.channels} channels"
        text += f"; {self.would_be_packed}" if self.would_be_packed else ""
        lost = self._refuted_sizes()
        return (
            text if not lost else f"{text}; not injective at the size {' or '.join(map(times, lost))}, or smaller ones"
        )

    def _refuted_sizes(self) -> list[BoxSize]:
        """The largest boxes that are known not to be recovered, if the layer is neither padded nor strided."""
        if self.question.layer.is_padded or set(self.question.layer.stride) != {1}:
            return []
        lost = {box for _, box, slots in self.question.refuted if slots == self._plain(box)}
        return sorted(box for box in lost if not any(_lies_in(box, other) for other in lost - {box}))


def _lies_in(box: Sequence[int], other: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip(box, other, strict=True))
