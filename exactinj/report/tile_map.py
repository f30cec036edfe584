"""A grid of tiles shaded by an estimate, with exact shares as discs on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from exactinj.report.charts import legend
from exactinj.report.drawings import Tile, TileMap
from exactinj.report.markup import Markup, element, joined, text
from exactinj.report.ticks import round_numbers, short_number

__all__ = ["tile_map"]

WIDTH, HEIGHT, LEFT, EDGE, BELOW = 420.0, 280.0, 42.0, 8.0, 36.0
SINGLE = 0.5  # half the width of an only tile
LARGEST, SMALLEST = 5.0, 1.6  # radii of discs


def tile_map(drawing: TileMap) -> Markup:
    """Columns to the right, rows upwards, both on a linear scale; tiles reach half-way to their neighbours."""
    columns = _borders(sorted({tile.column for tile in drawing.tiles}))
    rows = _borders(sorted({tile.row for tile in drawing.tiles}))
    left, right = columns[min(columns)][0], columns[max(columns)][1]
    bottom, top = rows[min(rows)][0], rows[max(rows)][1]

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - EDGE) * (value - left) / (right - left)

    def up(value: float) -> float:
        return EDGE + (HEIGHT - EDGE - BELOW) * (top - value) / (top - bottom)

    narrowest = min(
        *(across(end) - across(start) for start, end in columns.values()),
        *(up(start) - up(end) for start, end in rows.values()),
    )
    radius = max(min(LARGEST, 0.36 * narrowest), SMALLEST)
    tiles = [_tile(tile, columns[tile.column], rows[tile.row], (across, up), radius) for tile in drawing.tiles]
    lines = [_ratio(name, ratio, (left, right, bottom, top), (across, up)) for name, ratio in drawing.ratios]
    ticks = [
        *(text(across(v), HEIGHT - BELOW + 14, short_number(v), class_="tick middle") for v in _whole(left, right)),
        *(text(LEFT - 5, up(v) + 3, short_number(v), class_="tick end") for v in _whole(bottom, top)),
        text((LEFT + WIDTH) / 2, HEIGHT - 6, drawing.column_name, class_="tick middle"),
        text(2, EDGE + 8, drawing.row_name, class_="tick"),
    ]
    picture = element(
        "svg",
        joined([*tiles, *lines, *ticks]),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
        aria_label=drawing.words,
        class_="chart",
    )
    return joined((picture, _legend(drawing)))


def _borders(numbers: Sequence[int]) -> dict[int, tuple[float, float]]:
    """Around each number, half-way to its neighbours."""
    middles = [(a + b) / 2 for a, b in pairwise(numbers)]
    first = middles[0] - numbers[0] if middles else SINGLE
    last = numbers[-1] - middles[-1] if middles else SINGLE
    ends = [numbers[0] - first, *middles, numbers[-1] + last]
    return dict(zip(numbers, pairwise(ends), strict=True))


def _whole(low: float, high: float) -> list[float]:
    return [value for value in round_numbers(low, high) if value == int(value)]


Places = tuple[Callable[[float], float], Callable[[float], float]]


def _tile(tile: Tile, column: tuple[float, float], row: tuple[float, float], places: Places, radius: float) -> Markup:
    across, up = places
    x0, x1, y0, y1 = across(column[0]), across(column[1]), up(row[1]), up(row[0])
    x, y = across(tile.column), up(tile.row)
    shape = {"x": f"{x0:.1f}", "y": f"{y0:.1f}", "width": f"{x1 - x0:.1f}", "height": f"{y1 - y0:.1f}"}
    parts = [element("rect", class_="level tile", fill_opacity=f"{tile.level:.3f}", **shape)]
    if tile.share is not None:
        disc = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{radius:.1f}"}
        parts += [
            element("circle", class_="disc", **disc),
            element("circle", class_="share", fill_opacity=f"{tile.share:.3f}", **disc),
        ]
    elif tile.is_open:
        parts.append(text(x, y, "✕", class_="label", dy="0.35em"))
    return element("g", element("title", tile.title), joined(parts)) if tile.title else joined(parts)


def _ratio(name: str, ratio: float, window: tuple[float, float, float, float], places: Places) -> Markup:
    """The line ``column = ratio * row`` in the window, named where it leaves it."""
    left, right, bottom, top = window
    across, up = places
    low, high = max(bottom, left / ratio), min(top, right / ratio)
    if low >= high:
        return Markup("")
    ends = [(across(ratio * value), up(value)) for value in (low, high)]
    (x0, y0), (x1, y1) = ends
    line = element("line", x1=f"{x0:.1f}", y1=f"{y0:.1f}", x2=f"{x1:.1f}", y2=f"{y1:.1f}", class_="ratio")
    return joined((line, text(x1 - 4, y1 + 12, name, class_="label end")))


def _legend(drawing: TileMap) -> Markup:
    def swatch(level: float) -> Markup:
        return element("rect", x=1, y=1, width=22, height=14, class_="level tile", fill_opacity=f"{level}")

    def disc(share: float) -> Markup:
        place = {"cx": 12, "cy": 8, "r": 6}
        return joined(
            (element("circle", class_="disc", **place), element("circle", class_="share", fill_opacity=share, **place))
        )

    entries = [(swatch(0.0), f"{drawing.level_name} 0"), (swatch(1.0), f"{drawing.level_name} 1")]
    if any(tile.share is not None for tile in drawing.tiles):
        entries += [(disc(0.0), f"{drawing.share_name} 0"), (disc(1.0), f"{drawing.share_name} 1")]
    if any(tile.is_open for tile in drawing.tiles):
        entries.append((text(12, 13, "✕", class_="label"), "asked exactly, nothing decided in time"))
    if drawing.ratios:
        line = element("line", x1=1, x2=23, y1=8, y2=8, class_="ratio")
        entries.append((line, f"{drawing.column_name} a multiple of {drawing.row_name}, by the number at its end"))
    return legend(entries)
