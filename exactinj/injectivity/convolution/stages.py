"""The places of a box recovered one window after the other: small questions where the box as a whole is a large one.

Where padding cuts windows off, the window in the corner of the grid sees few places. Once these are recovered, the next
window sees few others, and so on (rule ``stages`` of ``docs/certificates-convolution.md``). 64 kernels of 3x3x3 with
padding 1 in a box of 3x3 are a layer of 27 inputs; in stages they are layers of 12, 6, 6 and 3 unknown ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from exactinj.certificates.blocks import Block, StagesProof
from exactinj.certificates.every_size import Slot
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree
from exactinj.domains import Domain
from exactinj.injectivity.convolution.boxes import BoxSize, dense_layer
from exactinj.injectivity.convolution.packed_boxes import Window, unknown_columns
from exactinj.injectivity.engine import Answer
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer

__all__ = ["Staging", "may_be_staged"]

EASY = 7  # unknown inputs of a stage of many
FAIR = 14  # inputs of a stage, however many are unknown
Decide = Callable[[ReLULayer, Domain], Answer]
Tree = FlatTree | SignSplitTree | StatedTree


@dataclass(frozen=True)
class Staging:
    """The box layer of a group, its domain, and what decides the layers of stages."""

    group: ConvLayer
    box: BoxSize
    slots: tuple[Slot, ...]
    domain: Domain
    decide: Decide

    def proof(self) -> StagesProof | None:
        """Stage after stage, each time the window that sees the fewest unknown inputs; None where none is recovered."""
        starts = list(product(*(slot.starts for slot in self.slots)))
        windows = [Window(self.group, self.box, start, number) for number, start in enumerate(starts)]
        reads = [frozenset(window.columns) for window in windows]
        every = frozenset(range(self.group.in_channels * prod(self.box)))
        given = sorted(every - unknown_columns(self.group, self.box, self.slots))
        known, stages = set[int](), list[Block]()
        rest = set(range(len(windows)))
        while known | set(given) < every:
            order = sorted(rest, key=lambda k: (len(reads[k] - known - set(given)), len(reads[k]), k))
            tried = (self._stage(windows, reads, k, known, given) for k in order)
            new = next((block for block in tried if block is not None), None)
            if new is None:
                return None
            stages.append(new)
            known.update(new.columns)
            rest = {k for k in rest if not reads[k] <= known}
        alone = [self._given(j, given, len(windows)) for j in given if j not in known]
        stages += [block for block in alone if block is not None]
        if len(known) + len(alone) < len(every) or None in alone:
            return None
        return StagesProof(tuple(stages))

    def _stage(
        self,
        windows: Sequence[Window],
        reads: Sequence[frozenset[int]],
        chosen: int,
        known: set[int],
        given: Sequence[int],
    ) -> Block | None:
        """The inputs of a window, by all windows that see no others."""
        columns = sorted(reads[chosen])
        unknown = reads[chosen] - known - set(given)
        if not unknown or (len(unknown) > EASY and len(columns) > FAIR):
            return None
        inside = [window for window, seen in zip(windows, reads, strict=True) if seen <= reads[chosen]]
        rows = [o * len(windows) + window.number for o in range(self.group.out_channels) for window in inside]
        forms = [(window.row(o), self.group.bias[o]) for o in range(self.group.out_channels) for window in inside]
        for j in sorted((reads[chosen] & set(given)) - known):
            first = self._row_of_given(j, given, len(windows))
            rows += [first, first + 1]
            forms += [({j: sign}, Fraction(0)) for sign in (Fraction(1), Fraction(-1))]
        forms += [({j: sign}, Fraction(0)) for j in columns if j in known for sign in (Fraction(1), Fraction(-1))]
        place = {j: k for k, j in enumerate(columns)}
        layer = dense_layer([({place[j]: v for j, v in row.items()}, b) for row, b in forms], len(columns))
        proof = self.decide(layer, self.domain.restricted(columns) or self.domain).proof
        return Block(tuple(columns), tuple(rows), proof) if isinstance(proof, Tree) else None

    def _row_of_given(self, j: int, given: Sequence[int], windows: int) -> int:
        return self.group.out_channels * windows + 2 * given.index(j)

    def _given(self, j: int, given: Sequence[int], windows: int) -> Block | None:
        """An input that is known, and that no stage has."""
        layer = ReLULayer([[1], [-1]])
        proof = self.decide(layer, self.domain.restricted([j]) or self.domain).proof
        first = self._row_of_given(j, given, windows)
        return Block((j,), (first, first + 1), proof) if isinstance(proof, Tree) else None


def may_be_staged(group: ConvLayer, box: BoxSize, slots: Sequence[Slot]) -> bool:
    """Whether some window sees few unknown inputs, by known places or where padding cuts it off."""
    unknown = unknown_columns(group, box, slots)
    windows = (Window(group, box, start, 0) for start in product(*(slot.starts for slot in slots)))
    whole = group.in_channels * prod(axis.taps for axis in group.axes)
    seen = (set(window.columns) for window in windows)
    return any(
        0 < len(columns & unknown) < whole and (len(columns) <= FAIR or len(columns & unknown) <= EASY)
        for columns in seen
    )
