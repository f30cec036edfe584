"""The disc with the halfspaces of a biased layer in the plane (after figures 3.1 and 3.2 of [Eck24])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.collision import Collision
from exactinj.domains import Ball
from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.files.arguments import dense_given, region_given
from exactinj.layers.dense import ReLULayer
from exactinj.plotting.labels import label_rows, place_apart
from exactinj.plotting.require import axes_or_current, require_dimension
from exactinj.plotting.wedge_map import PAIR, plot_wedges
from exactinj.plotting.wedge_style import HATCHES, add_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_chords", "frame_disc", "plot_active_region", "plot_rectifying_region"]

Points = NDArray[np.float64]

ACTIVE = "#f4a698"
DARK = "#404040"
HEAVY = "#b03020"
STEPS = 400
TOUCHING = 1e-9  # of the radius: a wedge that comes no farther into the disc is left out
PLANE = 2
ROOM = 1.25  # of the radius, around the disc
MANY_ROWS = 24  # more lines than that have no numbers and arrows
LABELS, REACH = 1.1, 0.12  # of the radius: where labels are, and how close those are that become one
ALONG, ARROW = 0.12, 0.14  # of the chord, where its arrow stands; of the radius, how long that is


def plot_active_region(
    layer: ReLULayer | Any, row: int, ax: Axes | None = None, *, domain: Ball | str | None = None
) -> Axes:
    """Shade where one row is active in the disc: ``{x : <w_row, x> + b_row >= 0}``, for n = 2.

    Parameters
    ----------
    layer : ReLULayer
        With n = 2. All rows are drawn as lines with their normals, the shaded one heavier.
    row : int
        The row whose halfspace is shaded.
    ax : matplotlib Axes, optional
        The current axes if left out.
    domain : Ball, optional
        The disc; the unit disc if left out.

    Raises
    ------
    InputError
        For another dimension, or a row that does not exist.
    MissingExtraError
        Without matplotlib.
    """
    layer = dense_given(layer)
    require_dimension(layer, PLANE)
    if not 0 <= row < layer.m:
        raise InputError(f"found the row {row}, expected one of 0 to {layer.m - 1}")
    axes: Axes = axes_or_current(ax)
    centre, radius = _disc(domain)
    rim = _rim(centre, radius)
    values = _rows(layer)[row]
    inside = rim @ values[:2] + values[2] >= 0
    if inside.all():
        axes.fill(*rim.T, color=ACTIVE)
    elif inside.any():
        axes.fill(*_segment(rim, inside).T, color=ACTIVE)
    frame_disc(axes, centre, radius)
    draw_chords(axes, _rows(layer), (centre, radius), heavy=row)
    return axes


def plot_rectifying_region(
    layer: ReLULayer | Any,
    ax: Axes | None = None,
    *,
    domain: Ball | str | None = None,
    pair: Collision | None = None,
) -> Axes:
    """Colour the disc by the rank of the active rows, for n = 2: where it is 2, the layer is rectifying.

    The layer is injective on the disc exactly if nothing of its interior is hatched. Parameters as in
    `plot_active_region`, and a `pair` to mark as in `plot_wedges`.
    """
    layer = dense_given(layer)
    require_dimension(layer, PLANE)
    axes: Axes = axes_or_current(ax)
    from matplotlib.patches import Circle

    centre, radius = _disc(domain)
    before = len(axes.patches)
    x, y = centre
    plot_wedges(layer, axes, limits=(x - radius, x + radius, y - radius, y + radius), pair=pair)
    for line in [line for line in axes.lines if line.get_gid() != PAIR]:
        line.remove()
    for text in list(axes.texts):
        text.remove()
    for patch in axes.patches[before:]:
        if _distance(np.asarray(patch.get_path().vertices, dtype=float), centre) < radius * (1 - TOUCHING):
            patch.set_clip_path(Circle((x, y), radius, transform=axes.transData))
        else:
            patch.remove()
    lacking = sorted({HATCHES.index(patch.get_hatch()) for patch in axes.patches[before:]})
    frame_disc(axes, centre, radius)
    draw_chords(axes, _rows(layer), (centre, radius), heavy=None)
    add_legend(axes, layer.n, [layer.n - lack for lack in lacking], {}, ticks=True)
    return axes


def _distance(corners: Points, point: Points) -> float:
    """From a point to a closed convex polygon, the first corner of which is also the last; 0 inside."""
    from matplotlib.path import Path

    if Path(corners).contains_point(point.tolist()):
        return 0.0
    start, steps = corners[:-1], np.diff(corners, axis=0)
    lengths = np.maximum((steps**2).sum(axis=1), np.finfo(float).tiny)
    shares = np.clip(((point - start) * steps).sum(axis=1) / lengths, 0.0, 1.0)
    return float(np.linalg.norm(start + shares[:, None] * steps - point, axis=1).min())


def _disc(domain: Ball | str | None) -> tuple[Points, float]:
    ball = region_given(domain, Ball(1)).for_dimension(PLANE)
    if not isinstance(ball, Ball):
        raise InputError(f"found the domain {ball.text}, expected a ball such as Ball(1)")
    return np.array([nearest_float(value) for value in ball.interior_point(PLANE)]), nearest_float(ball.radius)


def _rows(layer: ReLULayer) -> Points:
    rows: Points = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]])
    return rows


def _rim(centre: Points, radius: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, STEPS, endpoint=False)
    rim: Points = centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return rim


def _segment(rim: Points, inside: NDArray[np.bool_]) -> Points:
    """The points of the rim that are inside, in one run: their chord is the border of the halfspace."""
    start = int(np.flatnonzero(inside & ~np.roll(inside, 1))[0])
    order = np.roll(np.arange(len(rim)), -start)
    segment: Points = rim[order[: int(inside.sum())]]
    return segment


def frame_disc(axes: Axes, centre: Points, radius: float) -> None:
    """The rim of the disc, with room for labels around it."""
    axes.set_aspect("equal")
    rim = _rim(centre, radius)
    axes.plot(*np.vstack([rim, rim[:1]]).T, color="black", linewidth=1.2)
    axes.set_xlim(centre[0] - ROOM * radius, centre[0] + ROOM * radius)
    axes.set_ylim(centre[1] - ROOM * radius, centre[1] + ROOM * radius)


def draw_chords(axes: Axes, rows: Points, disc: tuple[Points, float], heavy: int | None) -> None:
    """The chords of ``<w, x> + b = 0``, each with an arrow to the active side at its numbered end."""
    centre, radius = disc
    chords = {k: chord for k, row in enumerate(rows) if (chord := _chord(row, centre, radius)) is not None}
    for k, ends in chords.items():
        axes.plot(*ends.T, color=HEAVY if k == heavy else DARK, linewidth=2.0 if k == heavy else 0.9)
    many = len(chords) > MANY_ROWS
    places = [((k,), centre + LABELS * (ends - centre)) for k, ends in chords.items() if not many or k == heavy]
    labels = place_apart(places, REACH * radius)
    label_rows(axes, labels, bbox=None)
    for k in (k for label in labels for k in label.rows):
        label = next(label for label in labels if k in label.rows)
        start, end = sorted(chords[k], key=lambda end: float(np.linalg.norm(end - label.place)))
        foot = start + ALONG * (end - start)
        axes.annotate(
            "", foot + ARROW * radius * _normal(rows[k]), foot, arrowprops={"arrowstyle": "->", "color": DARK}
        )


def _normal(row: Points) -> Points:
    normal: Points = row[:2] / np.linalg.norm(row[:2])
    return normal


def _chord(row: Points, centre: Points, radius: float) -> Points | None:
    """The ends (2, 2) of a row's line in the disc; None if it misses it."""
    length = float(np.linalg.norm(row[:2]))
    if length == 0:
        return None
    normal = row[:2] / length
    distance = (row[:2] @ centre + row[2]) / length
    if abs(distance) >= radius:
        return None
    foot = centre - distance * normal
    half = float(np.sqrt(radius**2 - distance**2)) * np.array([-normal[1], normal[0]])
    return np.array([foot - half, foot + half])
