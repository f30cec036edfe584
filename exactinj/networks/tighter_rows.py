"""A second look at layers that are not injective on a box from intervals: on tighter bounds, where there are some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from exactinj.domains import Domain
from exactinj.layers.network import ExactTensor
from exactinj.networks.affine_parts import Question
from exactinj.networks.answers import LayerRow
from exactinj.networks.layerwise import Scanner, decided_row
from exactinj.networks.ranges import Range
from exactinj.networks.zonotopes import tighter_ranges
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["Tighter"]

BY_FORMS = "by bounds from affine forms of the inputs"


class Tighter:
    """Decides rows again, with bounds that are made when they are first needed; counts those it proved."""

    def __init__(self, scanner: Scanner, domain: Domain, clock: Clock) -> None:
        self._plain, self._domain, self._clock = scanner, domain, clock
        self.used = 0

    @cached_property
    def _scanner(self) -> Scanner | None:
        plain = self._plain
        found = tighter_ranges(plain.network, self._domain, plain.ranges, self._clock)
        return None if found is None else Scanner(plain.network, found, plain.means, plain.by_output)

    def row(self, row: LayerRow, number: int, clock: Clock) -> LayerRow:
        """The row on the tighter bounds if it is proved there; as it was otherwise."""
        question, scanner = row.question, self._scanner
        if question is None or scanner is None or not _differ(question, scanner.ranges, self._plain.ranges):
            return row
        again = decided_row(scanner, question, number, clock)
        if again.verdict is not Verdict.INJECTIVE:
            return row
        self.used += 1
        return replace(again, reason=f"{again.reason}; {BY_FORMS}", seconds=row.seconds + again.seconds)


def _differ(question: Question, left: Mapping[str, Range], right: Mapping[str, Range]) -> bool:
    """Whether what the layer gets, or the value before its activation, has other bounds."""
    names = (*question.sources, question.value)
    return any(
        not _same(a, b)
        for name in names
        for a, b in ((left[name].lower, right[name].lower), (left[name].upper, right[name].upper))
    )


def _same(left: ExactTensor | None, right: ExactTensor | None) -> bool:
    return left is right if left is None or right is None else left.equals(right)
