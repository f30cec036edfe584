"""Where on the sphere a Monte Carlo estimate of the bias is decided (after figure 4.2 of [Eck24])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.alpha import AlphaStar
from exactinj.exact.numbers import nearest_float
from exactinj.plotting.labels import label_rows, merged
from exactinj.plotting.require import axes_or_current, require_dimension
from exactinj.plotting.sphere_map import GENERIC, RIM, draw_rim, frame_towards, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_critical_points"]

Points = NDArray[np.float64]

SPACE = 3
GRID = 401
REACH = 0.09 * RIM  # labels closer than that are one


def plot_critical_points(
    alpha: AlphaStar, ax: Axes | None = None, *, centre: Sequence[float] = GENERIC, colorbar: bool = True
) -> Axes:
    """Colour the sphere by the n-th largest ``<x, w_i>`` for n = 3, and mark where exact alpha* is attained.

    A sample x can lower the estimate of a row only as far as ``<x, w_i>`` of its n most active rows; red marks low
    values, the places that decide. The white points, labelled with their rows, are the exact minimisers: a
    sampler that never comes close to them overestimates the bias.

    Parameters
    ----------
    alpha : AlphaStar
        What `alpha_star` returned for a layer with n = 3, on a sphere (or a ball: rows with the value 0 have no
        direction and are left out).
    ax : matplotlib Axes, optional
        The current axes if left out.
    centre : three floats
        The direction in the middle of the map (Lambert's azimuthal equal-area map of the whole sphere).
    colorbar : bool
        Whether to add one to the figure.

    Raises
    ------
    InputError
        For another dimension.
    MissingExtraError
        Without matplotlib.
    """
    require_dimension(alpha.layer, SPACE)
    axes: Axes = axes_or_current(ax)
    frame = frame_towards(centre)
    ticks = np.linspace(-RIM, RIM, GRID)
    across, up = np.meshgrid(ticks, ticks)
    values = alpha.layer.W.to_float() @ _on_sphere(across, up, frame).reshape(-1, SPACE).T
    level = np.sort(values, axis=0)[-SPACE].reshape(across.shape) if len(values) >= SPACE else values.min(axis=0)
    level = np.where(across**2 + up**2 <= RIM**2, level.reshape(across.shape), np.nan)
    mesh = axes.pcolormesh(across, up, level, cmap="RdYlBu", shading="nearest", rasterized=True)
    _mark(axes, alpha, frame)
    draw_rim(axes)
    axes.set_aspect("equal")
    axes.set_axis_off()
    if colorbar:
        axes.figure.colorbar(mesh, ax=axes, shrink=0.7, label="third largest <x, w_i> at x")
    return axes


def _on_sphere(across: Points, up: Points, frame: Points) -> Points:
    """The inverse of Lambert's map, for points up to its rim."""
    square = np.minimum(across**2 + up**2, RIM**2)
    root = np.sqrt(1.0 - square / 4.0)
    points: Points = np.stack([across * root, up * root, 1.0 - square / 2.0], axis=-1) @ frame
    return points


def _mark(axes: Axes, alpha: AlphaStar, frame: Points) -> None:
    """The minimisers, with the rows that share one, or have theirs close to each other, in one label."""
    places: list[tuple[tuple[int, ...], Points]] = []
    for entry in alpha.values:
        if entry is None or entry.point is None or not any(entry.point):
            continue
        largest = max(map(abs, entry.point))
        direction = np.array([nearest_float(value / largest) for value in entry.point])
        place = project((direction / np.linalg.norm(direction))[None], frame)[0]
        places.append(((entry.row,), place))
        axes.plot(*place, marker="o", markersize=5, markerfacecolor="white", markeredgecolor="black")
    style = {"xytext": (6, 6), "textcoords": "offset points", "ha": "left", "va": "bottom"}
    label_rows(axes, merged(places, REACH), **style)
