"""Pictures of wedges: the plane for n = 2, a map of the sphere for n = 3 without bias.

Wedges are coloured by the rank of their active rows; those whose active rows do not span are hatched
as well, so that the picture can be read without colour. The wedges, their ranks and their corners are
exact; only the drawing is in floats. Needs the extra ``plot`` (matplotlib).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.cells.wedges import Polyhedron, Wedge, extreme_rays, wedges
from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.files.arguments import dense_given
from exactinj.layers.dense import ReLULayer
from exactinj.plotting.require import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

__all__ = ["GENERIC", "RIM", "frame_towards", "plot_wedges", "project"]

Points = NDArray[np.float64]

COLOURS = ("#cfe6f0", "#fdd97f", "#f7a55c", "#e3735a")  # by n - rank: what spans is pale blue
HATCH = "////"
DARK = "#404040"
STEPS = 96  # points on an arc of the sphere
MARGIN = 0.25  # of the extent of the corners, around them
SINGLE_CORNER_EXTENT = 4.0
RIM = 2.0  # radius of the equal-area map of the sphere
GENERIC = (0.5257, 0.3719, 0.7651)
CURVED_DIMENSION = 3
MANY_ROWS = 24  # more lines than that are not labelled


def plot_wedges(
    layer: ReLULayer | Any,
    ax: Axes | None = None,
    *,
    domain: Domain | str | None = None,
    limits: tuple[float, float, float, float] | None = None,
    centre: Sequence[float] | None = None,
) -> Axes:
    """Draw every wedge of a layer, coloured by the rank of its active rows.

    Parameters
    ----------
    layer : ReLULayer
        With n = 2, or with n = 3 and no bias.
    ax : matplotlib Axes, optional
        Where to draw; the current axes if left out.
    domain : Domain, optional
        All of R^n if left out.
    limits : (left, right, bottom, top), optional
        The part of the plane to draw (n = 2); around all corners if left out.
    centre : three floats, optional
        The direction in the middle of the map (n = 3). The map is Lambert's azimuthal equal-area
        one: the whole sphere on a disc whose rim is the direction opposite to the centre.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        For other dimensions.
    MissingExtraError
        Without matplotlib.
    """
    target = axes_or_current(ax)
    layer = dense_given(layer)
    is_plane = layer.n == CURVED_DIMENSION - 1
    if not (is_plane or (layer.n == CURVED_DIMENSION and layer.b.is_zero())):
        bias = "no bias" if layer.b.is_zero() else "a bias"
        raise InputError(
            f"found n = {layer.n} and {bias}, expected n = 2, or n = 3 without bias; no picture for others"
        )
    axes: Axes = target
    pieces = [(wedge, extreme_rays(wedge)) for wedge in wedges(layer, domain=domain)]
    axes.set_aspect("equal")
    if is_plane:
        _draw_plane(axes, layer, pieces, limits)
    else:
        _draw_sphere(axes, pieces, GENERIC if centre is None else centre)
    _add_legend(axes, layer.n, sorted({wedge.rank for wedge, _ in pieces}, reverse=True))
    return axes


# ---------------------------------------------------------------- the plane


def _draw_plane(
    axes: Axes,
    layer: ReLULayer,
    pieces: list[tuple[Wedge, Polyhedron]],
    limits: tuple[float, float, float, float] | None,
) -> None:
    left, right, bottom, top = limits or _limits_around([v for _, shape in pieces for v in shape.vertices])
    window = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
    rows = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]])
    for wedge, _ in pieces:
        halves = [row * (1.0 if sign >= 0 else -1.0) for row, sign in zip(rows, wedge.signs, strict=True)]
        halves += [-np.array([float(v) for v in row]) for row in wedge.domain.halfspaces(layer.n)]
        corners = window
        for half in halves:
            corners = _clipped(corners, half)
        if len(corners) > 2:  # noqa: PLR2004 (a triangle at least)
            _fill(axes, _closed_path(corners), wedge)
    for i, row in enumerate(rows):
        ends = _line_in_window(row, window)
        if len(ends) > 1:
            axes.plot(*ends[[0, -1]].T, color="black", linewidth=0.8)
            if len(rows) <= MANY_ROWS:
                axes.annotate(str(i), ends[-1], fontsize=8, ha="center", va="center", bbox={"fc": "white", "pad": 1})
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def _limits_around(corners: Sequence[Sequence[Fraction]]) -> tuple[float, float, float, float]:
    points = np.array([[float(value) for value in corner] for corner in corners])
    low, high = points.min(axis=0), points.max(axis=0)
    reach = MARGIN * (float(np.max(high - low)) or SINGLE_CORNER_EXTENT)
    (left, bottom), (right, top) = (low - reach).tolist(), (high + reach).tolist()
    return left, right, bottom, top


def _clipped(corners: Points, half: Points) -> Points:
    """The part of a convex polygon with ``half[0] x + half[1] y + half[2] >= 0`` (Sutherland and Hodgman)."""
    kept = []
    values = corners @ half[:2] + half[2] if len(corners) else np.zeros(0)
    for k in range(len(corners)):
        a, b = values[k - 1], values[k]
        if (a < 0) != (b < 0):
            kept.append(corners[k - 1] + (corners[k] - corners[k - 1]) * (a / (a - b)))
        if b >= 0:
            kept.append(corners[k])
    return np.array(kept).reshape(-1, 2)


def _line_in_window(row: Points, window: Points) -> Points:
    """Where the line of a row meets the border of the window."""
    values = window @ row[:2] + row[2]
    ends = []
    for k in range(len(window)):
        a, b = values[k - 1], values[k]
        if (a < 0) != (b < 0):
            ends.append(window[k - 1] + (window[k] - window[k - 1]) * (a / (a - b)))
    return np.array(ends).reshape(-1, 2)


# ---------------------------------------------------------------- the sphere


def _draw_sphere(axes: Axes, pieces: list[tuple[Wedge, Polyhedron]], centre: Sequence[float]) -> None:
    frame = frame_towards(centre)
    for wedge, shape in pieces:
        outline = project(_outline(shape), frame)
        opposite = -frame[2]
        rows = wedge.layer.W.to_float() @ opposite
        signs = np.array(wedge.signs)
        holds_opposite = bool(np.all((rows >= 0) == (signs >= 0)) or not len(outline))
        _fill(axes, _around_rim(outline) if holds_opposite else _closed_path(outline), wedge, edge="black")
    angles = np.linspace(0, 2 * np.pi, 4 * STEPS)
    axes.plot(RIM * np.cos(angles), RIM * np.sin(angles), color="black", linewidth=0.8)
    axes.set_xlim(-1.02 * RIM, 1.02 * RIM)
    axes.set_ylim(-1.02 * RIM, 1.02 * RIM)
    axes.set_axis_off()


def _unit(vector: Sequence[float]) -> Points:
    scaled: Points = np.array(vector) / np.linalg.norm(vector)
    return scaled


def frame_towards(centre: Sequence[float]) -> Points:
    """Orthonormal rows: right, up, towards the centre of the map."""
    towards = _unit(centre)
    helper = np.eye(3)[int(np.argmin(np.abs(towards)))]
    right = np.cross(helper, towards)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(towards, right), towards])


def _outline(shape: Polyhedron) -> Points:
    """Unit vectors along the border of a wedge's part of the sphere, once around; empty for the whole sphere."""
    rays = [_unit([float(value) for value in ray]) for ray in shape.rays]
    lines = [_unit([float(value) for value in line]) for line in shape.lines]
    if not lines:
        frame = frame_towards(np.sum(rays, axis=0).tolist())
        corners = sorted(rays, key=lambda ray: float(np.arctan2(frame[1] @ ray, frame[0] @ ray)))
    elif len(lines) == 1:
        corners = [lines[0], rays[0], -lines[0], rays[1]]
    elif rays:
        corners = [lines[0], lines[1], -lines[0], -lines[1]]
    else:
        return np.zeros((0, 3))
    return np.concatenate([_arc(a, b) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)])


def _arc(a: Points, b: Points) -> Points:
    """Points on the shorter great circle from a to b, without b."""
    share = np.linspace(0.0, 1.0, STEPS, endpoint=False)[:, None]
    angle = np.arccos(np.clip(a @ b, -1.0, 1.0))
    points = np.sin((1 - share) * angle) * a + np.sin(share * angle) * b if angle > 0 else np.repeat(a[None], STEPS, 0)
    scaled: Points = points / np.linalg.norm(points, axis=1, keepdims=True)
    return scaled


def project(points: Points, frame: Points) -> Points:
    """Lambert's azimuthal equal-area map."""
    across, up, height = frame @ points.T
    scale = np.sqrt(2.0 / np.maximum(1.0 + height, 1e-12))
    return np.column_stack([across * scale, up * scale])


def _around_rim(outline: Points) -> Path:
    """What lies between the outline and the rim of the map."""
    from matplotlib.path import Path

    angles = np.linspace(0, 2 * np.pi, 4 * STEPS)
    rim = _closed_path(RIM * np.column_stack([np.cos(angles), np.sin(angles)]))
    if not len(outline):
        return rim
    x, y = outline.T
    turns_left = float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) > 0
    return Path.make_compound_path(rim, _closed_path(outline[::-1] if turns_left else outline))


# ---------------------------------------------------------------- drawing


def _closed_path(corners: Points) -> Path:
    from matplotlib.path import Path

    return Path(np.concatenate([corners, corners[:1]]), closed=True)


def _style(n: int, rank: int) -> tuple[str, str | None]:
    """Colour and hatching."""
    return COLOURS[n - rank], None if rank == n else HATCH


def _fill(axes: Axes, path: Path, wedge: Wedge, edge: str = "none") -> None:
    from matplotlib.patches import PathPatch

    colour, hatch = _style(wedge.layer.n, wedge.rank)
    axes.add_patch(PathPatch(path, facecolor=colour, hatch=hatch, edgecolor=DARK if hatch else edge, linewidth=0.6))


def _add_legend(axes: Axes, n: int, ranks: list[int]) -> None:
    from matplotlib.patches import Patch

    handles = []
    for rank in ranks:
        colour, hatch = _style(n, rank)
        words = "spans" if rank == n else "does not span"
        handles.append(Patch(label=f"rank {rank}: {words}", facecolor=colour, hatch=hatch, edgecolor=DARK))
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2, fontsize=8, frameon=False)
