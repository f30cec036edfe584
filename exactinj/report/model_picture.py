"""The model as a picture: its steps from top to bottom, those that were decided marked by sign, colour and border."""

from __future__ import annotations

from collections.abc import Sequence

from exactinj.exact.short import shortened
from exactinj.report.content import Step
from exactinj.report.marks import mark_of
from exactinj.report.markup import Markup, element, joined, text

__all__ = ["model_picture"]

WIDTH, HEIGHT = 190, 40  # of a box
ACROSS, DOWN = 214, 62  # from box to box
LONGEST = 26  # letters in a box
MARGIN = 8
ROUNDS = 4  # of sorting boxes by where their neighbours are

Places = dict[str, tuple[float, int]]


def model_picture(steps: Sequence[Step]) -> Markup:
    """An SVG of all steps, inputs first; each has a title with its full name and shape."""
    places = _places(steps)
    columns = 1 + max((column for column, _ in places.values()), default=0)
    depth = 1 + max((row for _, row in places.values()), default=0)
    width, height = 2 * MARGIN + columns * ACROSS, 2 * MARGIN + depth * DOWN
    arrows = [_arrow(places[name], places[step.name]) for step in steps for name in step.inputs if name in places]
    boxes = [_box(step, places[step.name]) for step in steps]
    return element(
        "svg",
        joined([*arrows, *boxes]),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        aria_label=f"the model: {len(steps)} steps",
    )


def _places(steps: Sequence[Step]) -> Places:
    """Column and row of each step: rows by the longest way from an input, columns near those that are read."""
    rows: dict[str, int] = {}
    for step in steps:
        rows[step.name] = 1 + max((rows[name] for name in step.inputs if name in rows), default=-1)
    by_row: dict[int, list[Step]] = {}
    for step in steps:
        by_row.setdefault(rows[step.name], []).append(step)
    widest = max((len(row) for row in by_row.values()), default=1)
    columns = {step.name: float(k) for row in by_row.values() for k, step in enumerate(row)}
    for _ in range(ROUNDS):
        for row in by_row.values():
            centers = {step.name: _center(step, columns) for step in row}
            ordered = sorted(row, key=lambda step: centers[step.name])
            start = min(max(0.0, sum(centers.values()) / len(row) - (len(row) - 1) / 2), widest - len(row))
            columns |= {step.name: start + k for k, step in enumerate(ordered)}
    return {name: (columns[name], rows[name]) for name in rows}


def _center(step: Step, columns: dict[str, float]) -> float:
    read = [columns[name] for name in step.inputs if name in columns]
    return sum(read) / len(read) if read else columns[step.name]


def _corner(place: tuple[float, int]) -> tuple[float, float]:
    return MARGIN + place[0] * ACROSS, MARGIN + place[1] * DOWN


def _arrow(start: tuple[float, int], end: tuple[float, int]) -> Markup:
    (x0, y0), (x1, y1) = _corner(start), _corner(end)
    x0, y0, x1 = x0 + WIDTH / 2, y0 + HEIGHT, x1 + WIDTH / 2
    bend = min(60.0, (y1 - y0) / 2)
    path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
    return element("path", d=path, class_="arrow")


def _box(step: Step, place: tuple[float, int]) -> Markup:
    (x, y), mark = _corner(place), mark_of(step.verdict)
    shape = "" if step.shape is None else "x".join(map(str, step.shape))
    name = f"{mark.sign} {shortened(step.name, LONGEST)}".strip()
    about = ", ".join(part for part in (step.kind, shape) if part and part != step.name)
    title = f"{step.name}: {step.kind} {shape}{f', {mark.word}' if mark.word else ''}"
    edge = mark.dashes or None
    return element(
        "g",
        element("title", title),
        element("rect", x=f"{x:.1f}", y=f"{y:.1f}", width=WIDTH, height=HEIGHT, rx=6, stroke_dasharray=edge),
        text(x + WIDTH / 2, y + 17, name, class_="name"),
        text(x + WIDTH / 2, y + 32, shortened(f"{about}{f' · {mark.word}' if mark.word else ''}", LONGEST + 6)),
        class_=f"box {mark.style}",
    )
