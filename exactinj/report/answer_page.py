"""The page about one answer: the verdict, the claim in words, facts, pictures, evidence and how to check it."""

from __future__ import annotations

from exactinj.report.answer import (
    AnswerContent,
    Commands,
    Drawing,
    Facts,
    Figure,
    Folded,
    Link,
    Listing,
    Paragraph,
    Part,
    Section,
    Table,
)
from exactinj.report.cell_map import cell_map, hatchings
from exactinj.report.charts import bar_chart, histogram, scale_chart
from exactinj.report.content import Pair
from exactinj.report.drawings import BarChart, CellMap, Histogram, Scale
from exactinj.report.frame import framed
from exactinj.report.markup import Markup, element, joined
from exactinj.report.pair_section import pair_section
from exactinj.report.tile_map import tile_map

__all__ = ["answer_page"]

NARROW = 3  # columns of a table that fits a telephone


def answer_page(content: AnswerContent) -> str:
    """One HTML document that needs nothing else: no script, no file beside it, no network."""
    mark = content.mark
    sentence = element("strong", f"{mark.sign} {mark.word}".strip())
    parts = [
        element("h1", content.title),
        element("p", content.question, class_="question"),
        element("div", sentence, f" — {content.reason}", class_=f"verdict {mark.style}", id="verdict"),
        *(element("p", claim, class_="claim") for claim in content.claim),
        _part(content.facts),
        *(_section(section) for section in content.sections),
    ]
    is_hatched = any(isinstance(drawing, CellMap) for drawing in _drawings(content))
    return framed(f"{content.title}: {mark.word}", joined([*([hatchings()] if is_hatched else []), *parts]))


def _drawings(content: AnswerContent) -> list[Drawing]:
    return [part.drawing for section in content.sections for part in section.parts if isinstance(part, Figure)]


def _section(section: Section) -> Markup:
    return element("section", element("h2", section.title), *map(_part, section.parts))


def _part(part: Part) -> Markup:  # noqa: PLR0911 (one case a kind)
    match part:
        case Paragraph(text, is_quiet):
            return element("p", text, class_="faint" if is_quiet else None)
        case Facts(rows):
            return element(
                "dl", joined([joined((element("dt", what), element("dd", _value(said)))) for what, said in rows])
            )
        case Table():
            return _table(part)
        case Commands(rows):
            return joined(
                [
                    element("p", words, element("code", command, class_="command"), class_="how")
                    for words, command in rows
                ]
            )
        case Listing(items):
            return element("ol", *(element("li", item) for item in items))
        case Figure(drawing, caption):
            return element("figure", _drawn(drawing), element("figcaption", caption), class_="picture")
        case Folded(summary, parts):
            return element("details", element("summary", summary), *map(_part, parts))
        case Pair():
            return pair_section(part)


def _value(value: str | Link) -> str | Markup:
    return element("a", value.text, href=value.address) if isinstance(value, Link) else value


def _table(table: Table) -> Markup:
    def cells(kind: str, texts: tuple[str, ...], scope: str | None = None) -> Markup:
        return element(
            "tr",
            *(
                element(kind, text, class_="number" if k in table.numbers else None, scope=scope)
                for k, text in enumerate(texts)
            ),
        )

    head = element("thead", cells("th", table.columns, "col"))
    body = element("tbody", joined([cells("td", row) for row in table.rows]))
    kind = "wide" if len(table.columns) > NARROW else None
    return element("div", element("table", head, body, class_=kind), class_="scroll", tabindex="0")


def _drawn(drawing: Drawing) -> Markup:
    match drawing:
        case CellMap():
            return cell_map(drawing)
        case BarChart():
            return bar_chart(drawing)
        case Scale():
            return scale_chart(drawing)
        case Histogram():
            return histogram(drawing)
        case _:
            return tile_map(drawing)
