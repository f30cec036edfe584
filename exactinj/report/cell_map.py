"""Regions of the plane or of a map of the sphere: coloured, and hatched where their active rows do not span."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from exactinj.report.drawings import Cell, CellMap
from exactinj.report.markup import Markup, element, joined, text
from exactinj.report.ticks import round_numbers, short_number

__all__ = ["cell_map", "hatchings"]

WIDTH, LEFT, BELOW, EDGE = 420.0, 46.0, 26.0, 6.0
MOST_LACKING = 3  # directions that a hatching tells apart
LINE, THINNEST, FEW = 0.9, 0.25, 24  # widths of lines; thinner from so many on
FAINTEST = 0.06  # opacity of level 0

Point: TypeAlias = tuple[float, float]
Place: TypeAlias = Callable[[Point], Point]


def hatchings() -> Markup:
    """The patterns that maps refer to, once a page; nothing of it is seen."""
    patterns = [
        element(
            "pattern",
            element("rect", width=8, height=8, class_=f"cell lacks{k}"),
            *(
                element("line", x1=at, x2=at, y1=0, y2=8, class_="hatch")
                for at in (4, 2, 6)[: 1 if k < MOST_LACKING else 3]
            ),
            *(element("line", x1=0, x2=8, y1=4, y2=4, class_="hatch") for _ in range(int(k == 2))),  # noqa: PLR2004
            id=f"hatch-{k}",
            width=8,
            height=8,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        )
        for k in range(1, MOST_LACKING + 1)
    ]
    return element("svg", element("defs", joined(patterns)), width=0, height=0, class_="hidden", aria_hidden="true")


def cell_map(drawing: CellMap) -> Markup:
    """The map and, below it, what its colours mean."""
    left, right, bottom, top = drawing.window
    start = LEFT if drawing.has_axes else EDGE
    scale = (WIDTH - start - EDGE) / (right - left)
    height = EDGE + scale * (top - bottom) + (BELOW if drawing.has_axes else EDGE)

    def place(point: Point) -> Point:
        return start + scale * (point[0] - left), EDGE + scale * (top - point[1])

    width = max(LINE * min(1.0, FEW / max(len(drawing.lines), 1)), THINNEST)
    parts = [
        *(_cell(cell, place, drawing) for cell in drawing.cells),
        *(element("path", d=_curve(line, place), class_="row", stroke_width=f"{width:.2f}") for line in drawing.lines),
        *([_axes(drawing, place)] if drawing.has_axes else []),
        *(text(*place(where), words, class_="label", dy="0.35em") for where, words in drawing.labels),
        *_marks(drawing, place),
    ]
    return joined(
        (
            element(
                "svg",
                joined(parts),
                viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
                role="img",
                aria_label=drawing.words,
                class_="chart",
            ),
            _legend(drawing),
        )
    )


def _curve(points: Sequence[Point], place: Place) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(place, points))


def _cell(cell: Cell, place: Place, drawing: CellMap) -> Markup:
    path = "".join(f"{_curve(curve, place)}Z" for curve in cell.curves)
    looks = _looks(cell.lacking, cell.level)
    if drawing.has_edges:
        looks["class_"] = f"{looks['class_']} edged"
    return element("path", element("title", cell.title), d=path, fill_rule="evenodd", **looks)


def _looks(lacking: int, level: float | None) -> dict[str, object]:
    if lacking:
        return {"class_": "cell", "fill": f"url(#hatch-{min(lacking, MOST_LACKING)})"}
    if level is not None:
        return {"class_": "level", "fill_opacity": f"{FAINTEST + (1 - FAINTEST) * level:.3f}"}
    return {"class_": "cell lacks0"}


def _axes(drawing: CellMap, place: Place) -> Markup:
    left, right, bottom, top = drawing.window
    (x0, y0), (x1, y1) = place((left, top)), place((right, bottom))
    frame = element(
        "rect", x=f"{x0:.1f}", y=f"{y0:.1f}", width=f"{x1 - x0:.1f}", height=f"{y1 - y0:.1f}", class_="frame"
    )
    across = [
        text(place((value, 0))[0], y1 + 14, short_number(value), class_="tick middle")
        for value in round_numbers(left, right)
    ]
    up = [
        text(x0 - 5, place((0, value))[1] + 3, short_number(value), class_="tick end")
        for value in round_numbers(bottom, top)
    ]
    return joined([frame, *across, *up])


def _marks(drawing: CellMap, place: Place) -> list[Markup]:
    """The two points of a pair with a dotted line between them; a single kind of points as stars."""
    if not drawing.marks:
        return []
    places = [place(point) for _, point in drawing.marks]
    between = element("path", d=_curve([point for _, point in drawing.marks], place), class_="between")
    shapes = [_shape(name, x, y) for (name, _), (x, y) in zip(drawing.marks, places, strict=True)]
    return [between, *shapes] if {name for name, _ in drawing.marks} >= {"x", "y"} else shapes


def _shape(name: str, x: float, y: float) -> Markup:
    title = element("title", name)
    if name == "x":
        return element("circle", title, cx=f"{x:.1f}", cy=f"{y:.1f}", r=5, class_="mark-x")
    if name == "y":
        return element("rect", title, x=f"{x - 4.5:.1f}", y=f"{y - 4.5:.1f}", width=9, height=9, class_="mark-y")
    corners = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in ((0, -7), (5, 0), (0, 7), (-5, 0)))
    return element("polygon", title, points=corners, class_="mark-x")


def _legend(drawing: CellMap) -> Markup:
    kinds = [
        (_swatch(**_looks(lacking, None if lacking or not drawing.shading else 0.5)), words)
        for lacking, words in drawing.legend
    ]
    shades = [(_swatch(**_looks(0, level)), words) for level, words in zip((0.0, 1.0), drawing.shading, strict=False)]
    named = {name for name, _ in drawing.marks}
    signs = [(_sign(name), name if name not in ("x", "y") else f"{name} of the pair") for name in sorted(named)]
    return element(
        "ul", *(element("li", sign, " ", words) for sign, words in [*kinds, *shades, *signs]), class_="legend"
    )


def _swatch(**looks: object) -> Markup:
    rect = element("rect", x=1, y=1, width=22, height=14, **looks)
    return element("svg", rect, viewBox="0 0 24 16", class_="swatch", aria_hidden="true")


def _sign(name: str) -> Markup:
    return element("svg", _shape(name, 12, 8), viewBox="0 0 24 16", class_="swatch", aria_hidden="true")
