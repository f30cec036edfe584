"""How a verdict looks: a sign, a word, a colour and a border, so that no one of them has to do alone."""

from __future__ import annotations

from dataclasses import dataclass

from exactinj.work.card import SIGNS
from exactinj.work.verdict import Verdict

__all__ = ["COLLAPSES", "COUNTED", "ENCLOSED", "EXACT", "MARKS", "NO_MARK", "OUT_OF_TIME", "STOPPED", "Mark", "mark_of"]


@dataclass(frozen=True)
class Mark:
    """Sign and word; `style` names the colours of the page's style sheet, `dashes` those of a border in SVG."""

    sign: str
    word: str
    style: str
    dashes: str


MARKS = {
    Verdict.INJECTIVE: Mark(SIGNS[Verdict.INJECTIVE], "injective", "proved", ""),
    Verdict.NOT_INJECTIVE: Mark(SIGNS[Verdict.NOT_INJECTIVE], "not injective", "collides", ""),
    Verdict.UNKNOWN: Mark(SIGNS[Verdict.UNKNOWN], "unknown", "open", "5 3"),
    Verdict.TIMED_OUT: Mark(SIGNS[Verdict.TIMED_OUT], "out of time", "late", "2 3"),
}
NO_MARK = Mark("", "", "plain", "")
EXACT = Mark("✓", "exact", "proved", "")  # of numbers that are known exactly
ENCLOSED = Mark("✓", "enclosed", "proved", "")  # of numbers between two proved ends
COLLAPSES = Mark("✗", "distances collapse", "collides", "")  # of layers that are not injective
COUNTED = Mark("#", "counted", "plain", "")  # of many answers
STOPPED = Mark("…", "stopped", "late", "2 3")  # of work that was killed, at its deadline or for its memory
OUT_OF_TIME = MARKS[Verdict.TIMED_OUT]


def mark_of(verdict: Verdict | None) -> Mark:
    """The mark of a verdict, or the plain one for a step that nothing was asked about."""
    return NO_MARK if verdict is None else MARKS[verdict]
