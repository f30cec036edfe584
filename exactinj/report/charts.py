"""Values as bars, intervals on a scale, counts over bins: small charts with numbers from 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from exactinj.report.drawings import Bar, BarChart, Histogram, Interval, Scale
from exactinj.report.markup import Markup, element, joined, text
from exactinj.report.ticks import round_numbers, short_number

__all__ = ["bar_chart", "histogram", "legend", "scale_chart"]

WIDTH, LEFT, EDGE, BELOW = 420.0, 50.0, 8.0, 34.0
TALL, STEP = 220.0, 38.0
MOST_NAMES = 16  # below bars
ROOM = 1.06  # above the largest value
NARROWEST = 2.0


def _svg(parts: Iterable[Markup], height: float, words: str) -> Markup:
    return element(
        "svg",
        joined(list(parts)),
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        aria_label=words,
        class_="chart",
    )


# ------------------------------------------------------------------ bars


def bar_chart(chart: BarChart) -> Markup:
    """Bars side by side; a ring beside each is its estimate, a sign at 0 stands for a value that is none."""
    seen = _finite(value for bar in chart.bars for value in (bar.value, bar.estimate))
    low, high = min([0.0, *seen]) * ROOM, max([0.0, *seen]) * ROOM
    low, high = (low, high) if low < high else (-1.0, 1.0)
    inner = TALL - EDGE - BELOW

    def level(value: float) -> float:
        return EDGE + inner * (high - value) / (high - low)

    step = (WIDTH - LEFT - EDGE) / max(len(chart.bars), 1)
    every = math.ceil(len(chart.bars) / MOST_NAMES)
    grid = [_grid(level(value), short_number(value)) for value in round_numbers(low, high)]
    bars = [_bar(bar, LEFT + (k + 0.5) * step, step, level) for k, bar in enumerate(chart.bars)]
    names = [
        text(LEFT + (k + 0.5) * step, TALL - BELOW + 14, bar.name, class_="tick middle")
        for k, bar in enumerate(chart.bars)
        if k % every == 0
    ]
    zero = element("line", x1=LEFT, x2=WIDTH - EDGE, y1=f"{level(0):.1f}", y2=f"{level(0):.1f}", class_="zero")
    title = text((LEFT + WIDTH) / 2, TALL - 5, "row", class_="tick middle")
    return joined((_svg([*grid, *bars, zero, *names, title], TALL, chart.words), _bar_legend(chart)))


def _finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _grid(y: float, name: str) -> Markup:
    line = element("line", x1=LEFT, x2=WIDTH - EDGE, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid")
    return joined((line, text(LEFT - 5, y + 3, name, class_="tick end")))


def _bar(bar: Bar, x: float, step: float, level: Callable[[float], float]) -> Markup:
    value, estimate = bar.value, bar.estimate
    shown = [] if bar.note == "" else [f"{bar.name}: {bar.note}"]
    parts = []
    if value is not None and math.isfinite(value):
        top, size, wide = level(max(value, 0.0)), abs(level(value) - level(0.0)), max(step * 0.7, 0.6)
        parts.append(
            element(
                "rect",
                x=f"{x - wide / 2:.2f}",
                y=f"{top - (1 if size < NARROWEST else 0):.2f}",
                width=f"{wide:.2f}",
                height=f"{max(size, NARROWEST):.2f}",
                class_="bar",
            )
        )
        shown.append(f"{bar.name}: {short_number(value)}")
    else:
        sign = "∞" if value is not None else "✕"
        parts.append(text(x, level(0.0) - 5, sign, class_="label"))
    if estimate is not None and math.isfinite(estimate):
        radius = max(min(step / 3, 4.0), 1.0)
        parts.append(element("circle", cx=f"{x:.2f}", cy=f"{level(estimate):.2f}", r=f"{radius:.2f}", class_="ring"))
        shown.append(f"estimate {short_number(estimate)}")
    return element("g", element("title", ", ".join(shown)), joined(parts))


def _bar_legend(chart: BarChart) -> Markup:
    bar, ring = (
        element("rect", x=1, y=1, width=22, height=14, class_="bar"),
        element("circle", cx=12, cy=8, r=5, class_="ring"),
    )
    entries = [(bar, chart.value_name)] + ([(ring, chart.estimate_name)] if chart.estimate_name else [])
    if any(entry.value is None for entry in chart.bars):
        entries.append((text(12, 13, "✕", class_="label"), "no value that can be drawn"))
    if any(entry.value is not None and math.isinf(entry.value) for entry in chart.bars):
        entries.append((text(12, 13, "∞", class_="label"), "infinity: the row is never needed"))
    return legend(entries)


def legend(entries: Sequence[tuple[Markup, str]]) -> Markup:
    """Signs with their words."""
    swatches = [
        (element("svg", sign, viewBox="0 0 24 16", class_="swatch", aria_hidden="true"), words)
        for sign, words in entries
    ]
    return element("ul", *(element("li", sign, " ", words) for sign, words in swatches), class_="legend")


# ------------------------------------------------------------------ intervals


def scale_chart(scale: Scale) -> Markup:
    """Intervals below each other on one axis from 0, each with its name above it."""
    ends = _finite(end for each in scale.intervals for end in (each.low, each.high))
    top = max([*ends, 0.0]) * ROOM or 1.0
    height = STEP * len(scale.intervals) + BELOW

    def place(value: float) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * value / top

    grid = [
        joined(
            (
                element(
                    "line", x1=f"{place(v):.1f}", x2=f"{place(v):.1f}", y1=0, y2=f"{height - 18:.1f}", class_="grid"
                ),
                text(place(v), height - 5, short_number(v), class_="tick middle" if v else "tick"),
            )
        )
        for v in round_numbers(0.0, top)
    ]
    rows = [_interval(each, STEP * k, place) for k, each in enumerate(scale.intervals)]
    return _svg([*grid, *rows], height, scale.words)


def _interval(each: Interval, y: float, place: Callable[[float], float]) -> Markup:
    """A bar from end to end; where one end is unknown, a mark at the other and a dashed line on the open side."""
    name = text(EDGE, y + 14, each.name, class_="left main" if each.is_main else "left")
    low = None if each.low is None or not math.isfinite(each.low) else place(each.low)
    high = None if each.high is None or not math.isfinite(each.high) else place(each.high)
    middle = y + 25
    if low is not None and high is not None:
        wide = max(high - low, NARROWEST)
        start = (low + high - wide) / 2
        bar = element("rect", x=f"{start:.2f}", y=f"{middle - 6:.1f}", width=f"{wide:.2f}", height=12, class_="bar")
        return joined((name, bar))
    known = low if low is not None else high
    if known is None:
        return name
    end = WIDTH - EDGE if low is not None else EDGE
    line = element("line", x1=f"{known:.2f}", x2=f"{end:.2f}", y1=middle, y2=middle, class_="open-side")
    tick = element("rect", x=f"{known - 1:.2f}", y=f"{middle - 6:.1f}", width=2, height=12, class_="bound")
    return joined((name, line, tick))


# ------------------------------------------------------------------ counts


def histogram(chart: Histogram) -> Markup:
    """Counts as bars over bins, with marks on the axis."""
    low = min([chart.edges[0], *(value for _, value in chart.marks)])
    high = max([chart.edges[-1], *(value for _, value in chart.marks)])
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    most = max([*chart.counts, 1]) * ROOM
    inner = TALL - EDGE - BELOW

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - EDGE) * (value - low) / (high - low)

    def level(count: float) -> float:
        return EDGE + inner * (1 - count / most)

    grid = [_grid(level(value), short_number(value)) for value in round_numbers(0.0, most, 5) if value == int(value)]
    bars = [
        element(
            "rect",
            element("title", f"{count} between {short_number(start)} and {short_number(end)}"),
            x=f"{across(start):.2f}",
            y=f"{level(count):.2f}",
            width=f"{max(across(end) - across(start) - 0.5, 0.5):.2f}",
            height=f"{max(level(0) - level(count), 0):.2f}",
            class_="bar",
        )
        for (start, end), count in zip(pairwise(chart.edges), chart.counts, strict=True)
    ]
    ticks = [
        text(across(v), TALL - BELOW + 14, short_number(v), class_="tick middle") for v in round_numbers(low, high)
    ]
    marks = [
        joined(
            (
                element("line", x1=f"{across(v):.1f}", x2=f"{across(v):.1f}", y1=EDGE, y2=TALL - BELOW, class_="limit"),
                text(across(v), EDGE + 12 + 14 * k, name, class_="label"),
            )
        )
        for k, (name, v) in enumerate(chart.marks)
    ]
    title = text((LEFT + WIDTH) / 2, TALL - 5, chart.axis, class_="tick middle")
    return _svg([*grid, *bars, *marks, *ticks, title], TALL, chart.words)
