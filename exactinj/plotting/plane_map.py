"""The wedges of n = 2 in a window of the plane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from exactinj.cells.wedges import Wedge
from exactinj.layers.dense import ReLULayer
from exactinj.plotting.labels import label_rows, place_apart, same_lines
from exactinj.plotting.wedge_style import Points, closed_path, fill, float_points, line_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "REACH",
    "Limits",
    "clipped_to",
    "draw_lines",
    "draw_plane",
    "limits_around",
    "line_in_window",
    "near_ends",
    "window_of",
]

Limits = tuple[float, float, float, float]

TICKS = 7
MARGIN = 0.25  # of the extent of the corners, around them
SINGLE_CORNER_EXTENT = 4.0
FAR = 5.0  # corners that are so many times as far from the middle as half of them are left out
INSET, REACH = 0.04, 0.055  # of the window: labels lie so far inside, and those closer are one


def draw_plane(
    axes: Axes, layer: ReLULayer, found: Sequence[Wedge], limits: Limits, labelled: Sequence[int]
) -> dict[int, int]:
    """Fill the wedges, draw the lines and number these; per rank how many wedges lie outside the window."""
    window = window_of(limits)
    rows = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]])
    hidden: Counter[int] = Counter()
    inside = [-half for half in float_points(found[0].domain.halfspaces(layer.n) if found else [])]
    for wedge in found:
        turned = rows * np.where(np.array(wedge.signs)[:, None] >= 0, 1.0, -1.0)
        corners = clipped_to(window, np.concatenate([turned, np.array(inside).reshape(-1, 3)]))
        if len(corners) > 2:  # noqa: PLR2004 (a triangle at least)
            fill(axes, closed_path(corners), layer.n - wedge.rank, width=line_width(layer.m))
        else:
            hidden[wedge.rank] += 1
    draw_lines(axes, rows, limits, inside, labelled)
    return dict(hidden)


def window_of(limits: Limits) -> Points:
    """The four corners of a window."""
    left, right, bottom, top = limits
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]])


def draw_lines(
    axes: Axes, rows: Points, limits: Limits, inside: Sequence[Points] | Points, labelled: Sequence[int]
) -> None:
    """The lines of rows (m, 3) in the window and in halfspaces, with the numbers of some, and the axes of that."""
    left, right, bottom, top = limits
    lines = [line_in_window(row, window_of(limits), inside) for row in rows]
    for line in lines:
        axes.plot(*line.T, color="black", linewidth=line_width(len(rows)))
    size = max(right - left, top - bottom)
    shown = [group for group in same_lines(rows / [1.0, 1.0, size], labelled) if len(lines[group[0]])]
    label_rows(axes, place_apart([(group, near_ends(lines[group[0]], size)) for group in shown], REACH * size))
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.locator_params(nbins=TICKS)
    axes.set_xlabel("x[0]")
    axes.set_ylabel("x[1]")


def limits_around(corners: Points, marked: Points) -> Limits:
    """A square window around the corners (k, 2), less those far from most of them, and around marked points nearby."""
    middle = np.median(corners, axis=0)
    distances = np.abs(corners - middle).max(axis=1)
    near = distances <= FAR * float(np.median(distances[distances > 0], axis=0)) if distances.any() else distances == 0
    shown = corners[near]
    extent = float(np.ptp(shown, axis=0).max()) or float(np.abs(marked - middle).max(initial=0.0))
    close = np.abs(marked - middle).max(axis=1) <= FAR * extent if len(marked) else np.zeros(0, dtype=bool)
    shown = np.concatenate([shown, marked[close]])
    low, high = shown.min(axis=0), shown.max(axis=0)
    half = (0.5 + MARGIN) * (float(np.max(high - low)) or SINGLE_CORNER_EXTENT / 3)
    x, y = ((low + high) / 2).tolist()
    return x - half, x + half, y - half, y + half


def clipped_to(window: Points, halves: Points) -> Points:
    """The part of a convex polygon in all of the halfspaces, clipped by those only that cut something off."""
    corners, open_halves = window, np.ones(len(halves), dtype=bool)
    while len(corners):
        depths = np.where(open_halves, (corners @ halves[:, :2].T + halves[:, 2]).min(axis=0), 0.0)
        if depths.min() >= 0:
            break
        deepest = int(np.argmin(depths))
        open_halves[deepest] = False
        corners = _clipped(corners, halves[deepest])
    return corners


def _clipped(corners: Points, half: Points) -> Points:
    """The part of a convex polygon with ``half[0] x + half[1] y + half[2] >= 0`` (Sutherland and Hodgman)."""
    kept = []
    values = corners @ half[:2] + half[2]
    for k in range(len(corners)):
        a, b = values[k - 1], values[k]
        if (a < 0) != (b < 0):
            kept.append(corners[k - 1] + (corners[k] - corners[k - 1]) * (a / (a - b)))
        if b >= 0:
            kept.append(corners[k])
    return np.array(kept).reshape(-1, 2)


def near_ends(line: Points, size: float) -> Points:
    """A place near either end of a line, on it."""
    length = float(np.linalg.norm(line[1] - line[0]))
    share = min(0.5, INSET * size / length) if length else 0.0
    return np.array([line[1] + share * (line[0] - line[1]), line[0] + share * (line[1] - line[0])])


def line_in_window(row: Points, window: Points, inside: Sequence[Points] | Points) -> Points:
    """The ends (2, 2) of the part of a row's line in the window and the domain; (0, 2) if there is none."""
    values = window @ row[:2] + row[2]
    ends = []
    for k in range(len(window)):
        a, b = values[k - 1], values[k]
        if (a < 0) != (b < 0):
            ends.append(window[k - 1] + (window[k] - window[k - 1]) * (a / (a - b)))
    if len(ends) < 2:  # noqa: PLR2004 (a line in the plane has two)
        return np.zeros((0, 2))
    start, end = np.array([ends[0], ends[-1]])
    low, high = 0.0, 1.0  # the part from start to end that lies in the halfspaces
    for half in inside:
        a, b = start @ half[:2] + half[2], end @ half[:2] + half[2]
        if a < 0 <= b:
            low = max(low, a / (a - b))
        elif b < 0 <= a:
            high = min(high, a / (a - b))
        elif a < 0:
            return np.zeros((0, 2))
    return np.array([start + low * (end - start), start + high * (end - start)]) if low < high else np.zeros((0, 2))
