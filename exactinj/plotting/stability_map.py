"""The cells of a layer in the plane, coloured by the smallest singular value of their active rows.

Cells, and whether their active rows span, are exact; the singular values are floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from exactinj.cells.wedges import wedges
from exactinj.domains import Domain, RealSpace
from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.files.arguments import convex_given, dense_given
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.spectra import spectra_of
from exactinj.plotting.corners import plane_corners
from exactinj.plotting.disc import draw_chords, frame_disc
from exactinj.plotting.labels import SMALL
from exactinj.plotting.plane_map import Limits, clipped_to, draw_lines, limits_around, window_of
from exactinj.plotting.require import axes_or_current, require_dimension
from exactinj.plotting.wedge_style import BELOW_TICKS, DARK, HATCHES, Points, closed_path, float_points, line_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize

__all__ = ["SLIVER", "area_of", "border_of", "disc_of", "plot_stability"]

PLANE = 2
MANY_ROWS, MANY_CELLS = 24, 5000
SIDES = 360  # of the polygon that stands for a disc
SLIVER = 1e-12  # of the square of the picture's size: smaller parts of cells are rounding
SAME = 1e-9  # relative
BORDER = 1.2  # points, of the line around the domain
COLOURS = "viridis"
GREY = "#d9d9d9"


@dataclass(frozen=True, eq=False)
class _Cell:
    """The part in view, (k, 2), with k = 0 if there is none; `value` is 0 where the rows do not span."""

    corners: Points
    value: float
    spans: bool


def plot_stability(
    layer: ReLULayer | Any, ax: Axes | None = None, *, domain: Domain | str | None = None, limits: Limits | None = None
) -> Axes:
    """Colour every cell by the smallest singular value of its active rows, for n = 2; hatched where these do not span.

    A star marks the cell with the smallest one, or several that are equal. Its square is A of `stability`; where a
    cell is hatched, A is 0.

    Parameters
    ----------
    layer : ReLULayer
        With n = 2.
    ax : matplotlib Axes, optional
        The current axes if left out; the figure gets a colour bar beside it.
    domain : Domain, optional
        Convex; all of R^2 if left out, of which a window is drawn.
    limits : (left, right, bottom, top), optional
        That window; around the corners if left out. A ball is drawn as a whole.

    Raises
    ------
    InputError
        For another dimension, or more than 5,000 cells.
    MissingExtraError
        Without matplotlib.
    """
    target = axes_or_current(ax)
    layer = dense_given(layer)
    require_dimension(layer, PLANE)
    axes: Axes = target
    region = convex_given(domain).for_dimension(PLANE)
    disc = disc_of(region)
    window = _limits(layer, region, disc, limits)
    found = _cells(layer, region, window, disc)
    colours, scale = _scale(found)
    for cell in found:
        if len(cell.corners):
            _fill(axes, cell, colours, scale, line_width(layer.m))
    rows, border = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]]), border_of(region, disc)
    if len(border):
        outline = closed_path(clipped_to(window_of(window), border)).vertices
        axes.plot(*np.asarray(outline).T, color="black", linewidth=BORDER)
    axes.set_aspect("equal")
    if disc is None:
        labelled = range(layer.m if layer.m <= MANY_ROWS else 0)
        draw_lines(axes, rows, window, border, labelled)
    else:
        frame_disc(axes, *disc)
        draw_chords(axes, rows, disc, heavy=None)
    _mark_least(axes, found)
    _explain(axes, found, colours, scale)
    return axes


def disc_of(region: Domain) -> tuple[Points, float] | None:
    """Centre and radius of the domain's ball in the plane, in floats; None for domains without one."""
    ball = region.ball
    if ball is None:
        return None
    middle = np.array([nearest_float(value) for value in ball.interior_point(PLANE)])
    return middle, nearest_float(ball.radius)


def _limits(layer: ReLULayer, region: Domain, disc: tuple[Points, float] | None, limits: Limits | None) -> Limits:
    if disc is None:
        return limits or limits_around(float_points(plane_corners(layer, region)), np.zeros((0, PLANE)))
    (x, y), radius = disc[0].tolist(), disc[1]
    return x - radius, x + radius, y - radius, y + radius


def _cells(layer: ReLULayer, region: Domain, limits: Limits, disc: tuple[Points, float] | None) -> list[_Cell]:
    """Those that meet the domain; on a disc as floats tell, on polyhedra exactly, also out of view."""
    found = list(islice(wedges(layer, domain=region if disc is None else RealSpace()), MANY_CELLS + 1))
    if len(found) > MANY_CELLS:
        raise InputError(f"found m = {layer.m} rows with more than {MANY_CELLS:,} cells, expected fewer to draw")
    rows = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]])
    border = border_of(region, disc)
    smallest = SLIVER * (limits[1] - limits[0]) ** 2
    masks = np.array([np.isin(np.arange(layer.m), wedge.active) for wedge in found])
    lowest, cells = spectra_of(layer, masks).lowest, []
    for wedge, value in zip(found, lowest.tolist(), strict=True):
        turned = rows * np.where(np.array(wedge.signs)[:, None] >= 0, 1.0, -1.0)
        corners = clipped_to(window_of(limits), np.concatenate([turned, border]))
        is_seen = len(corners) > PLANE and area_of(corners) > smallest
        if is_seen or disc is None:
            cells.append(_Cell(corners if is_seen else np.zeros((0, PLANE)), value, wedge.spans))
    return cells


def border_of(region: Domain, disc: tuple[Points, float] | None, sides: int = SIDES) -> Points:
    """Halfspaces (k, 3), positive inside, whose part in common is the domain, or close to it."""
    border = -float_points(region.halfspaces(PLANE)).reshape(-1, PLANE + 1)
    return border if disc is None else np.concatenate([border, _sides(*disc, sides)])


def _sides(centre: Points, radius: float, sides: int) -> Points:
    """Halfspaces (sides, 3), positive inside, around a disc."""
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.column_stack([-normals, radius + normals @ centre])


def area_of(corners: Points) -> float:
    """The area of a polygon."""
    x, y = (corners - corners[0]).T
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


def _scale(cells: Sequence[_Cell]) -> tuple[Colormap, Normalize]:
    """Colours from 0 to the largest value."""
    import matplotlib as mpl
    from matplotlib.colors import Normalize as NewNormalize

    return mpl.colormaps[COLOURS], NewNormalize(0.0, max((cell.value for cell in cells), default=0.0) or 1.0)


def _fill(axes: Axes, cell: _Cell, colours: Colormap, scale: Normalize, width: float) -> None:
    from matplotlib.patches import PathPatch

    face: Any = colours(scale(cell.value)) if cell.spans else GREY
    hatch = None if cell.spans else HATCHES[1]
    edge = face if cell.spans else DARK
    axes.add_artist(PathPatch(closed_path(cell.corners), facecolor=face, hatch=hatch, edgecolor=edge, linewidth=width))


def _mark_least(axes: Axes, cells: Sequence[_Cell]) -> None:
    """Stars in the cells of the smallest value; hatching says enough where that is 0."""
    if not all(cell.spans for cell in cells):
        return
    least = min(cell.value for cell in cells)
    shown = [cell for cell in cells if cell.value <= least * (1 + SAME) and len(cell.corners)]
    label = f"smallest: {least:.4g}" + ("" if shown else ", not in view")
    places = np.array([cell.corners.mean(axis=0) for cell in shown]).reshape(-1, PLANE)
    style: dict[str, Any] = {"color": "white", "markeredgecolor": "black", "markersize": 12, "linestyle": "none"}
    axes.plot(*places.T, marker="*", label=label, zorder=3, scalex=False, scaley=False, **style)


def _explain(axes: Axes, cells: Sequence[_Cell], colours: Colormap, scale: Normalize) -> None:
    """The colour bar, and a legend below the axes."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.patches import Patch

    handles: list[Any] = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    lacking = [cell for cell in cells if not cell.spans]
    if lacking:
        seen = sum(len(cell.corners) > 0 for cell in lacking)
        label = "active rows do not span: 0" + ("" if seen == len(lacking) else f", {len(lacking) - seen} not in view")
        handles.append(Patch(label=label, facecolor=GREY, hatch=HATCHES[1], edgecolor=DARK))
    if len(lacking) < len(cells) and axes.figure is not None:
        bar = axes.figure.colorbar(ScalarMappable(scale, colours), ax=axes, shrink=0.8)
        bar.set_label("smallest singular value of the active rows")
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=BELOW_TICKS,
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        handleheight=1.2,
    )
