"""Two inputs and their difference: images, signals or bars, drawn on one scale."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.numbers import nearest_float
from exactinj.report.content import Pair
from exactinj.report.markup import Markup, element, empty_element, joined, png_source, text

__all__ = ["pair_picture"]

WIDTH, HEIGHT, EDGE = 270, 130, 8
BARS = 64  # numbers, up to which each has a bar
SMALLEST_IMAGE = 3  # places along both axes of an image
CHANNELS, PIXELS = 4, 110_000  # of an image that are shown, at most
SCREEN, TALLEST, NARROWEST = 240, 640, 40  # pixels that small images are drawn in

Numbers = NDArray[np.float64]


def pair_picture(pair: Pair) -> Markup:
    """x, y and y - x side by side; x and y share a scale, the difference has its own."""
    difference = [b - a for a, b in zip(pair.x, pair.y, strict=True)]
    x, y, d = (np.array([nearest_float(value) for value in part]) for part in (pair.x, pair.y, difference))
    both = np.concatenate([x, y])
    where = np.array([bool(value) for value in difference])
    draw = partial(_image, shown=_channels_shown(pair.shape, where)) if _is_image(pair.shape) else _curve
    panels = [
        _panel("x", draw("x", x, pair.shape, _span(both), None)),
        _panel("y", draw("y", y, pair.shape, _span(both), where)),
        _panel("y - x", draw("y - x", d, pair.shape, _span(np.append(d, 0.0)), where)),
    ]
    return element("div", joined(panels), class_="panels")


def _panel(title: str, drawn: Markup) -> Markup:
    return element("figure", drawn, element("figcaption", title))


def _is_image(shape: tuple[int, ...]) -> bool:
    """Whether the last two of at least three axes are those of an image."""
    return len(shape) >= 3 and min(shape[-2:]) >= SMALLEST_IMAGE and prod(shape[:-3]) == 1  # noqa: PLR2004


def _channels_shown(shape: tuple[int, ...], where: NDArray[np.bool_]) -> list[int]:
    """Those that differ before others, as many as a page should hold, in their order."""
    differ = where.reshape(shape[-3], -1).any(axis=1)
    most = max(min(CHANNELS, PIXELS // prod(shape[-2:])), 1)
    return sorted(np.argsort(~differ, kind="stable")[:most].tolist())


def _span(values: Numbers) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return (low, high) if low < high else (low - 1, high + 1)


def _label(value: float) -> str:
    return f"{value:.4g}"


# ------------------------------------------------------------------ bars and signals


def _curve(
    name: str, values: Numbers, _: tuple[int, ...], span: tuple[float, float], where: NDArray[np.bool_] | None
) -> Markup:
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    inner = HEIGHT - 2 * EDGE
    heights = EDGE + inner * (high - np.clip(np.nan_to_num(values), low, high)) / (high - low)
    zero = EDGE + inner * high / (high - low)
    drawn = _bars(heights, zero, where) if len(values) <= BARS else _line(heights, where)
    axis = element("line", x1=0, x2=WIDTH, y1=f"{zero:.1f}", y2=f"{zero:.1f}", class_="axis")
    ends = [text(2, EDGE + 3, _label(high), class_="tick"), text(2, HEIGHT - 2, _label(low), class_="tick")]
    differ = "" if where is None else f", the {int(where.sum())} that differ marked"
    return element(
        "svg",
        axis,
        drawn,
        joined(ends),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{name}: {len(values)} numbers on a scale from {_label(low)} to {_label(high)}{differ}",
        class_="curve",
    )


def _bars(heights: Numbers, zero: float, where: NDArray[np.bool_] | None) -> Markup:
    step = (WIDTH - 2 * EDGE) / max(len(heights), 1)
    bars = []
    for k, height in enumerate(heights):
        top, size = min(height, zero), max(abs(height - zero), 0.8)
        moved = where is not None and where[k]
        bars.append(
            element(
                "rect",
                x=f"{EDGE + k * step:.2f}",
                y=f"{top:.2f}",
                width=f"{max(step * 0.8, 0.5):.2f}",
                height=f"{size:.2f}",
                class_="bar moved" if moved else "bar",
            )
        )
    return joined(bars)


def _line(heights: Numbers, where: NDArray[np.bool_] | None) -> Markup:
    """The curve, thinned to its extremes in each column of pixels; where the two inputs differ, ticks below."""
    columns = np.linspace(0, len(heights), WIDTH - 2 * EDGE + 1).astype(int)
    points, ticks = [], []
    for k, (start, end) in enumerate(pairwise(columns.tolist())):
        part = heights[start : max(end, start + 1)]
        points += [f"{EDGE + k},{part.max():.1f}", f"{EDGE + k},{part.min():.1f}"]
        if where is not None and where[start : max(end, start + 1)].any():
            ticks.append(element("rect", x=EDGE + k, y=HEIGHT - 4, width=1, height=4, class_="bar moved"))
    return joined([element("polyline", points=" ".join(points), class_="signal"), *ticks])


# ------------------------------------------------------------------ images


def _image(
    name: str,
    values: Numbers,
    shape: tuple[int, ...],
    span: tuple[float, float],
    where: NDArray[np.bool_] | None,
    *,
    shown: list[int],
) -> Markup:
    """Channels side by side, dark low and light high; places that differ are tinted with the signal colour."""
    grid = values.reshape(-1, *shape[-2:])[shown]
    low, high = span
    levels = (255 * (np.clip(np.nan_to_num(grid), low, high) - low) / (high - low)).astype(np.uint8)
    pixels = np.repeat(levels[..., None], 3, axis=-1)
    if where is not None:
        moved = where.reshape(-1, *shape[-2:])[shown]
        pixels[moved] = pixels[moved] // 2 + np.array([120, 40, 0], dtype=np.uint8)
    about = f"from {_label(low)} (dark) to {_label(high)} (light)"
    images = [
        _channel(f"{name}, channel {k}, {about}", each, len(shown)) for k, each in zip(shown, pixels, strict=True)
    ]
    names = ", ".join(map(str, shown))
    more = f", channel{'s' * (len(shown) > 1)} {names} of {shape[-3]}" if len(shown) < shape[-3] else ""
    return element(
        "div",
        element("div", joined(images), class_="channels"),
        element("small", f"{_label(low)} to {_label(high)}{more}"),
    )


def _channel(alt: str, pixels: NDArray[np.uint8], count: int) -> Markup:
    """One channel as large as its neighbours leave room for, long ones cut to what a page can show."""
    rows, columns, _ = pixels.shape
    wanted = max(SCREEN // min(count, 2), min(columns, SCREEN))
    width = max(min(wanted, TALLEST * columns // rows), NARROWEST)
    height = min(width * rows // columns or 1, TALLEST)
    return empty_element("img", src=png_source(pixels), width=width, height=height, alt=alt)
