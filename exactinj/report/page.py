"""The page: what was found, the model as a picture, a table of its layers, each collision as two inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from exactinj.report.content import Pair, ReportContent, ReportRow
from exactinj.report.frame import framed
from exactinj.report.marks import MARKS, mark_of
from exactinj.report.markup import Markup, element, joined
from exactinj.report.model_picture import model_picture
from exactinj.report.pair_section import pair_section

__all__ = ["report_page"]

COLUMNS = ("verdict", "layer", "kind", "inputs", "outputs", "domain", "what was found", "evidence", "seconds")


def report_page(content: ReportContent) -> str:
    """One HTML document that needs nothing else: no script, no file beside it, no network."""
    body = [
        _header(content),
        element("h2", "Layers"),
        element("div", _table(content.rows), class_="scroll", tabindex="0"),
        *_pairs(content.pairs),
        *_picture(content),
        element(
            "p", "Verdicts are proved in exact arithmetic; exactinj check accepts the certificates.", class_="faint"
        ),
    ]
    return framed(f"{content.model}: injectivity", joined(body))


def _header(content: ReportContent) -> Markup:
    mark = mark_of(content.verdict)
    sentence = element("strong", f"{mark.sign} {mark.word}")
    verdict = element("div", sentence, f" — {content.reason}", class_=f"verdict {mark.style}", id="verdict")
    facts = [joined((element("dt", what), element("dd", value))) for what, value in content.facts]
    counted = Counter(row.verdict for row in content.rows)
    summary = ", ".join(f"{MARKS[v].sign} {counted[v]} {MARKS[v].word}" for v in MARKS if counted[v]) or "no layers"
    assumed = [element("p", "Assumed: ", sentence) for sentence in content.assumptions]
    return joined(
        (
            element("h1", content.model),
            verdict,
            element("p", f"Layer by layer: {summary}."),
            *assumed,
            element("dl", joined(facts)),
        )
    )


def _table(rows: Sequence[ReportRow]) -> Markup:
    head = element("thead", element("tr", joined([element("th", name, scope="col") for name in COLUMNS])))
    return element("table", head, element("tbody", joined([_row(row) for row in rows])), class_="wide")


def _row(row: ReportRow) -> Markup:
    mark = mark_of(row.verdict)
    word = f"{mark.sign} {mark.word}" + (f", if {row.assumption}" if row.assumption else "")
    evidence = "" if row.certificate is None else element("a", "certificate", href=row.certificate)
    kind = row.kind if row.activation in ("", "none", row.kind) else f"{row.kind}, {row.activation}"
    return element(
        "tr",
        element("td", word, class_=f"mark {mark.style}"),
        element("td", row.name, class_="name"),
        element("td", kind, class_="kind"),
        element("td", _count(row.inputs), class_="number"),
        element("td", _count(row.outputs), class_="number"),
        element("td", row.domain),
        element("td", row.reason),
        element("td", evidence),
        element("td", f"{row.seconds:.2f}", class_="number"),
    )


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _pairs(pairs: Sequence[Pair]) -> list[Markup]:
    if not pairs:
        return []
    intro = "Two different inputs each, with exactly the same output. Places where they differ are marked."
    return [element("h2", "Collisions"), element("p", intro, class_="faint"), *(pair_section(pair) for pair in pairs)]


def _picture(content: ReportContent) -> list[Markup]:
    if not content.steps:
        return []
    legend = ", ".join(f"{mark.sign} {mark.word}" for mark in MARKS.values())
    return [
        element("h2", "Model"),
        element("p", f"Its steps from top to bottom. Marked are those that were decided: {legend}.", class_="faint"),
        element("div", model_picture(content.steps), class_="scroll", id="model", tabindex="0"),
    ]
