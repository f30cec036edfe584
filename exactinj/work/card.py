"""How a value shows itself in a notebook: a heading and a small table, in whatever colours the notebook has."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from html import escape

from exactinj.work.verdict import Verdict

__all__ = ["SIGNS", "Card", "ShownAsCard", "verdict_heading"]

SIGNS = {Verdict.INJECTIVE: "✓", Verdict.NOT_INJECTIVE: "✗", Verdict.UNKNOWN: "?", Verdict.TIMED_OUT: "…"}
LEFT = "text-align: left; vertical-align: top"
LONGEST = 400  # characters of a fact


@dataclass(frozen=True)
class Card:
    """A heading, and facts as pairs (what, value); a value that is None or empty is left out."""

    heading: str
    facts: tuple[tuple[str, object], ...]

    @property
    def html(self) -> str:
        """A table with everything escaped; no script, no style sheet."""
        shown = ((escape(what), escape(_brief(value))) for what, value in self.facts if value not in (None, ""))
        rows = "".join(
            f'<tr><th scope="row" style="{LEFT}">{what}</th><td style="{LEFT}">{value}</td></tr>'
            for what, value in shown
        )
        caption = f'<caption style="{LEFT}; caption-side: top"><b>{escape(self.heading)}</b></caption>'
        return f'<table class="exactinj">{caption}<tbody>{rows}</tbody></table>'


class ShownAsCard:
    """What notebooks show as the `Card` that it makes of itself."""

    @abstractmethod
    def _card(self) -> Card:
        """Heading and facts."""

    def _repr_html_(self) -> str:
        return self._card().html


def verdict_heading(verdict: Verdict, where: str = "") -> str:
    """Sign and words: a verdict has to be told without colours.

    >>> verdict_heading(Verdict.NOT_INJECTIVE, "R^n")
    '✗ not injective on R^n'
    """
    words = str(verdict).replace("_", " ")
    return f"{SIGNS[verdict]} {words}{f' on {where}' if where else ''}"


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
