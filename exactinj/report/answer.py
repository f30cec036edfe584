"""The page about one answer, as plain data: what was found, a claim in words, facts, and sections of parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from exactinj.report.content import Pair
from exactinj.report.drawings import BarChart, CellMap, Histogram, Scale, TileMap
from exactinj.report.marks import Mark

__all__ = [
    "AnswerContent",
    "Commands",
    "Drawing",
    "Facts",
    "Figure",
    "Folded",
    "Link",
    "Listing",
    "Paragraph",
    "Part",
    "Section",
    "Table",
]

Drawing: TypeAlias = CellMap | BarChart | Scale | TileMap | Histogram


@dataclass(frozen=True)
class Link:
    """Words that lead to a file, by its address from the page."""

    text: str
    address: str


@dataclass(frozen=True)
class Paragraph:
    """A sentence or several; quiet ones are remarks."""

    text: str
    is_quiet: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known, as (what, value); hashes and the like in letters of one width."""

    rows: tuple[tuple[str, str | Link], ...]


@dataclass(frozen=True)
class Table:
    """Rows of texts under columns; `numbers` are the columns that stand to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Commands:
    """Command lines, each with what it does."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listing:
    """Sentences in order."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A picture with the words below it; what is drawn knows its own text for those who do not see it."""

    drawing: Drawing
    caption: str


@dataclass(frozen=True)
class Folded:
    """Parts behind a line that opens them; on paper they are open."""

    summary: str
    parts: tuple[Part, ...]


Part: TypeAlias = Paragraph | Facts | Table | Commands | Listing | Figure | Folded | Pair


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class AnswerContent:
    """Everything on the page about one answer.

    Attributes
    ----------
    title : what it is about, usually a file
    question : what was asked, in words
    mark : how the answer looks
    reason : the sentence beside the mark
    claim : what follows for the reader, in sentences without formulas where that is possible
    facts : about what was asked and how it was found
    sections : the rest, in order
    """

    title: str
    question: str
    mark: Mark
    reason: str
    claim: tuple[str, ...]
    facts: Facts
    sections: tuple[Section, ...] = field(default=())
