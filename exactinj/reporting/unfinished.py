"""The report about work that had to be stopped: what was asked, what is known, and that nothing is claimed."""

from __future__ import annotations

from typing import Any

from exactinj.exact.short import shortened
from exactinj.report.answer import AnswerContent, Facts, Paragraph, Section, Table
from exactinj.report.marks import STOPPED
from exactinj.reporting.common import small_print
from exactinj.reporting.evidence import Subject

__all__ = ["unfinished_content"]

NOTHING = (
    "The work was stopped before it came to an end. Nothing was proved about the whole, and this page says nothing "
    "about the answer."
)
DECIDE = "Do different inputs always get different outputs?"
QUESTIONS = {
    "certify": DECIDE,
    "conv": DECIDE,
    "scan": DECIDE,
    "alpha": "Which biases leave enough rows active?",
    "stability": "How much does the layer shrink and stretch distances?",
}
NO_CERTIFICATE = "There is no certificate: nothing was proved, so there is nothing to check."
FACTS = ("domain", "engine", "method", "sha256")
LONGEST = 200
LAYERS = ("layer", "verdict", "what was found")


def unfinished_content(subject: Subject, verb: str, document: dict[str, Any]) -> AnswerContent:
    """What the page shows of the JSON document that a stopped command prints, by its verb."""
    network = document.get("network") or {}
    return AnswerContent(
        title=subject.name,
        question=f"{QUESTIONS[verb]} Not answered in the time and memory that were given.",
        mark=STOPPED,
        reason=str(document.get("reason") or network.get("reason") or "stopped"),
        claim=(NOTHING,),
        facts=Facts(_known(document)),
        sections=(
            *_layers(document),
            Section("Evidence", (Paragraph(NO_CERTIFICATE),)),
            *small_print((("the answer", "none"), ("what is known", "as far as the work had come"))),
        ),
    )


def _known(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Facts that do not depend on the answer."""
    layer = document.get("layer") or {}
    known = {**document, **layer} if isinstance(layer, dict) else document
    rows = [(key, f"{known[key]:,}") for key in ("m", "n") if isinstance(known.get(key), int)]
    rows += [(key, shortened(str(known[key]), LONGEST)) for key in FACTS if known.get(key) is not None]
    spent = (document.get("stats") or {}).get("seconds", document.get("seconds"))
    return (*rows, *(() if spent is None else (("seconds", f"{float(spent):.2f}"),)))


def _layers(document: dict[str, Any]) -> tuple[Section, ...]:
    """The layers of a model that were decided before the end: these answers stand."""
    rows = tuple((str(row["name"]), str(row["verdict"]), str(row["reason"])) for row in document.get("layers") or ())
    return (Section("Layers decided before", (Table(LAYERS, rows),)),) if rows else ()
