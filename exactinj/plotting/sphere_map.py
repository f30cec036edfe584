"""The sphere on a disc: Lambert's azimuthal equal-area map, and the wedges of n = 3 without bias on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from exactinj.cells.wedges import Polyhedron, Wedge
from exactinj.plotting.labels import label_rows, place_apart, same_lines
from exactinj.plotting.wedge_style import Points, closed_path, fill, float_points, line_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

__all__ = [
    "GENERIC",
    "REACH",
    "RIM",
    "draw_rim",
    "draw_sphere",
    "frame_towards",
    "holds_opposite",
    "outline_of",
    "places_on_circle",
    "project",
    "projected",
    "unit",
]

STEPS = 96  # points on a quarter of the rim
DENSE = 30.0  # points on an arc of the sphere, for each radian, before more are put where the map stretches it
RIM = 2.0  # radius of the equal-area map of the sphere
STEP, ROUNDS = 0.03 * RIM, 40  # of the rim, between points on the map; how often gaps are halved for that
GENERIC = (0.5257, 0.3719, 0.7651)
LABEL_STEPS = 48  # places on a circle that a label may have
INSIDE = 0.93  # of the rim, where labels are
REACH = 0.06 * RIM  # labels closer than that are one


def draw_sphere(
    axes: Axes, pieces: list[tuple[Wedge, Polyhedron]], centre: Sequence[float], labelled: Sequence[int]
) -> None:
    """Fill the wedges, draw the rim, and number the circles of these rows."""
    frame = frame_towards(centre)
    for wedge, shape in pieces:
        outline = projected(outline_of(shape), frame)
        path = _around_rim(outline) if not len(outline) or holds_opposite(wedge, frame) else closed_path(outline)
        fill(axes, path, wedge.layer.n - wedge.rank, edge="black", width=line_width(wedge.layer.m))
    draw_rim(axes)
    axes.set_xlim(-1.02 * RIM, 1.02 * RIM)
    axes.set_ylim(-1.02 * RIM, 1.02 * RIM)
    axes.set_axis_off()
    if pieces:
        wedge = pieces[0][0]
        rows = wedge.layer.W.to_float()
        outside = float_points(wedge.domain.halfspaces(wedge.layer.n))
        circles = [(group, places_on_circle(rows[group[0]], frame, outside)) for group in same_lines(rows, labelled)]
        label_rows(axes, place_apart([(group, places) for group, places in circles if len(places)], REACH))


def holds_opposite(wedge: Wedge, frame: Points) -> bool:
    """Whether the direction opposite to the centre, which is the rim of the map, lies in the wedge."""
    rows = wedge.layer.W.to_float() @ -frame[2]
    return bool(np.all((rows >= 0) == (np.array(wedge.signs) >= 0)))


def draw_rim(axes: Axes) -> None:
    """The circle that is the direction opposite to the centre."""
    angles = np.linspace(0, 2 * np.pi, 4 * STEPS)
    axes.plot(RIM * np.cos(angles), RIM * np.sin(angles), color="black", linewidth=0.8)


def places_on_circle(normal: Points, frame: Points, outside: Points) -> Points:
    """Points of the map on the great circle orthogonal to a row, away from the rim and in the domain."""
    across = frame_towards(unit(normal).tolist())[:2]
    angles = np.linspace(0, 2 * np.pi, LABEL_STEPS, endpoint=False)
    points = np.column_stack([np.cos(angles), np.sin(angles)]) @ across
    if len(outside):
        points = points[(points @ outside[:, :3].T <= 0).all(axis=1)]
    places = project(points, frame)
    inside: Points = places[np.linalg.norm(places, axis=1) < INSIDE * RIM]
    return inside


def unit(vector: Sequence[float] | Points) -> Points:
    """The vector of length one in the same direction; its entries may be so large that their squares are no floats."""
    nearer = np.asarray(vector, dtype=np.float64) / np.abs(vector).max()
    scaled: Points = nearer / np.linalg.norm(nearer)
    return scaled


def frame_towards(centre: Sequence[float]) -> Points:
    """Orthonormal rows: right, up, towards the centre of the map."""
    towards = unit(centre)
    helper = np.eye(3)[int(np.argmin(np.abs(towards)))]
    right = np.cross(helper, towards)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(towards, right), towards])


def project(points: Points, frame: Points) -> Points:
    """Lambert's azimuthal equal-area map."""
    across, up, height = frame @ points.T
    scale = np.sqrt(2.0 / np.maximum(1.0 + height, 1e-12))
    return np.column_stack([across * scale, up * scale])


def projected(outline: Points, frame: Points) -> Points:
    """A closed curve of great circles on the map, with more points where it runs around the rim in no time."""
    for _ in range(ROUNDS if len(outline) else 0):
        places = project(outline, frame)
        after = np.roll(outline, -1, axis=0)
        wide = np.linalg.norm(np.roll(places, -1, axis=0) - places, axis=1) > STEP
        if not wide.any():
            break
        middles = outline[wide] + after[wide]
        lengths = np.linalg.norm(middles, axis=1)
        behind, apart = np.flatnonzero(wide) + 1, lengths > 0  # between opposite points there is no middle
        outline = np.insert(outline, behind[apart], middles[apart] / lengths[apart, None], axis=0)
    return project(outline, frame)


def outline_of(shape: Polyhedron) -> Points:
    """Unit vectors along the border of a wedge's part of the sphere, once around; empty for the whole sphere."""
    rays = [unit([float(value) for value in ray]) for ray in shape.rays]
    lines = [unit([float(value) for value in line]) for line in shape.lines]
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
    angle = float(np.arccos(np.clip(a @ b, -1.0, 1.0)))
    share = np.linspace(0.0, 1.0, 2 + int(DENSE * angle), endpoint=False)[:, None]
    points = np.sin((1 - share) * angle) * a + np.sin(share * angle) * b if angle > 0 else a[None]
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    scaled: Points = (points / np.where(lengths, lengths, 1))[lengths[:, 0] > 0]  # half way to an opposite it may be 0
    return scaled


def _around_rim(outline: Points) -> Path:
    """What lies between the outline and the rim of the map."""
    from matplotlib.path import Path

    angles = np.linspace(0, 2 * np.pi, 4 * STEPS)
    rim = closed_path(RIM * np.column_stack([np.cos(angles), np.sin(angles)]))
    if not len(outline):
        return rim
    x, y = outline.T
    turns_left = float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) > 0
    return Path.make_compound_path(rim, closed_path(outline[::-1] if turns_left else outline))
