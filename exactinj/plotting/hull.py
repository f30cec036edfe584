"""The convex hull of the unit rows in space, its facets coloured by their bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.hull.bias import HullBias
from exactinj.plotting.require import axes_or_current, require_dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_hull"]

Points = NDArray[np.float64]

SPACE = 3
MANY_ROWS = 30  # more vertices than that are not labelled


def plot_hull(hull: HullBias, ax: Axes | None = None, *, colorbar: bool = True) -> Axes:
    """Draw the facets of a convex-hull bias for n = 3, each coloured by the least bias of its rows on it.

    Parameters
    ----------
    hull : HullBias
        What `hull_bias` returned for a layer with n = 3; facets that its domain does not meet are left out.
    ax : 3-D matplotlib Axes, optional
        New ones in the current figure if left out.
    colorbar : bool
        Whether to add one to the figure.

    Raises
    ------
    InputError
        For another dimension, or axes without depth.
    MissingExtraError
        Without matplotlib.
    """
    require_dimension(hull.layer, SPACE)
    axes: Any = axes_or_current(ax, projection="3d")
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    rows = hull.layer.W.to_float()
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    values = [min(float(value) for value in hull.facet_alpha(k).values()) for k in range(len(hull.facets))]
    scale = ScalarMappable(Normalize(min(values), max(values)), colormaps["viridis"])
    faces = [_around(units[list(facet.rows)]) for facet in hull.facets]
    axes.add_collection3d(
        Poly3DCollection(faces, facecolors=scale.to_rgba(np.array(values)), edgecolor="black", alpha=0.9)
    )
    used = sorted({i for facet in hull.facets for i in facet.rows})
    axes.scatter(*units[used].T, color="black", s=12, depthshade=False)
    if len(used) <= MANY_ROWS:
        for i in used:
            axes.text(*(1.1 * units[i]), str(i), fontsize=8, ha="center", va="center")
    for setter in (axes.set_xlim, axes.set_ylim, axes.set_zlim):
        setter(-1, 1)
    axes.set_box_aspect((1, 1, 1))
    axes.set_axis_off()
    if colorbar:
        axes.figure.colorbar(scale, ax=axes, shrink=0.7, label=f"least bias of a row on the facet, {hull.domain.text}")
    drawn: Axes = axes
    return drawn


def _around(corners: Points) -> Points:
    """The corners of a facet in order around their middle; repeated directions once."""
    middle = corners.mean(axis=0)
    normal = middle / np.linalg.norm(middle)
    helper = np.eye(SPACE)[int(np.argmin(np.abs(normal)))]
    right = np.cross(helper, normal)
    up = np.cross(normal, right)
    offsets = corners - middle
    ordered: Points = corners[np.argsort(np.arctan2(offsets @ up, offsets @ right), kind="stable")]
    return ordered
