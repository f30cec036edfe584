"""The convex hull of the unit rows in space, its facets coloured by their bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.biases.hull.bias import HullBias
from exactinj.plotting.labels import SMALL, merged
from exactinj.plotting.require import axes_or_current, require_dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_hull"]

Points = NDArray[np.float64]

SPACE = 3
MANY_ROWS = 30  # more vertices than that are not labelled
FEW_FACETS = 24  # up to so many have their value written on them
REACH = 0.12  # labels closer than that are one
OPEN = 0.2  # of the length that the facets' middles would have if all pointed one way: a part of a hull
LONG = 24  # letters of a domain
ZOOM = 1.3
AROUND = 1.13  # of the vertices, where their labels are
BROAD, APART = (
    2.0,
    0.12,
)  # a label is so many times as broad as high; between the middles of two, in heights of the view


def plot_hull(hull: HullBias, ax: Axes | None = None, *, colorbar: bool = True) -> Axes:
    """Draw the facets of a convex-hull bias for n = 3, each coloured by the least bias of its rows on it.

    Where facets are few, those on the side of the viewer have that value written on them, if there is room. Vertices on
    this side are labelled with their rows.

    Parameters
    ----------
    hull : HullBias
        What `hull_bias` returned for a layer with n = 3; facets that its domain does not meet are left out.
    ax : 3-D matplotlib Axes, optional
        New ones in the current figure if left out.
    colorbar : bool
        Whether to add one to the figure; with one value for all facets a title says it instead.

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

    units = _unit_rows(hull.layer.W.to_float())
    values = [min(float(value) for value in hull.facet_alpha(k).values()) for k in range(len(hull.facets))]
    scale = ScalarMappable(Normalize(min(values), max(values)), colormaps["viridis"])
    faces = [_around(units[list(facet.rows)]) for facet in hull.facets]
    axes.add_collection3d(
        Poly3DCollection(faces, facecolors=scale.to_rgba(np.array(values)), edgecolor="black", alpha=0.9)
    )
    middles = np.array([_unit_rows(face.mean(axis=0)[None])[0] for face in faces])
    towards = _turned(axes, middles)
    taken = _label_vertices(axes, hull, units, towards)
    for setter in (axes.set_xlim, axes.set_ylim, axes.set_zlim):
        setter(-1, 1)
    axes.set_box_aspect((1, 1, 1), zoom=ZOOM)
    axes.set_axis_off()
    _explain(axes, hull, scale if colorbar else None, values)
    if len(faces) <= FEW_FACETS and min(values) < max(values):
        _write_values(axes, [face.mean(axis=0) * 1.02 for face in faces], (middles @ towards, values), taken)
    drawn: Axes = axes
    return drawn


def _unit_rows(rows: Points) -> Points:
    units: Points = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


def _turned(axes: Any, middles: Points) -> Points:
    """Turn the view to the facets where they are only a part of a hull; the direction towards the viewer."""
    mean = middles.mean(axis=0)
    if np.linalg.norm(mean) > OPEN:
        x, y, z = (mean / np.linalg.norm(mean)).tolist()
        axes.view_init(elev=np.degrees(np.arcsin(z)), azim=np.degrees(np.arctan2(y, x)) + 12)
    up, around = np.radians([axes.elev, axes.azim])
    return np.array([np.cos(up) * np.cos(around), np.cos(up) * np.sin(around), np.sin(up)])


def _label_vertices(axes: Any, hull: HullBias, units: Points, towards: Points) -> list[Points]:
    """Dots and the numbers of rows; directions that are close to each other as seen have one label. Their places."""
    used = sorted({i for facet in hull.facets for i in facet.rows})
    axes.scatter(*units[used].T, color="black", s=10)
    screen = _screen(axes)
    seen = [i for i in used if units[i] @ towards > -REACH]
    places = []
    for label in merged([((i,), screen @ units[i]) for i in seen], REACH) if len(used) <= MANY_ROWS else ():
        first = next(i for i in label.rows if np.array_equal(screen @ units[i], label.place))
        places.append(AROUND * units[first])
        _write(axes, places[-1], label.text, weight="bold", bbox={"fc": "white", "ec": "none", "pad": 0.5})
    return places


def _screen(axes: Any) -> Points:
    """Rows: the directions to the right and up, as seen."""
    up, around = np.radians([axes.elev, axes.azim])
    upwards = [-np.sin(up) * np.cos(around), -np.sin(up) * np.sin(around), np.cos(up)]
    return np.array([[-np.sin(around), np.cos(around), 0.0], upwards])


def _write_values(axes: Any, places: list[Points], seen: tuple[Points, list[float]], taken: list[Points]) -> None:
    """The values of facets on the side of the viewer, those that face it first; none on another label."""
    facing, values = seen
    screen = _screen(axes) / [[BROAD], [1.0]]
    labels = [screen @ place for place in taken]
    for k in np.argsort(-facing):
        place = screen @ places[k]
        if facing[k] > 0 and all(np.linalg.norm(place - label) > APART for label in labels):
            labels.append(place)
            _write(axes, places[k], f"{values[k]:.3g}", color="black", bbox={"fc": "white", "pad": 0.8})


def _write(axes: Any, place: Points, text: str, **style: Any) -> None:
    axes.text(*place, text, fontsize=SMALL, ha="center", va="center", zorder=10, **style)


def _explain(axes: Any, hull: HullBias, scale: Any, values: list[float]) -> None:
    domain = hull.domain.text if len(hull.domain.text) <= LONG else f"{hull.domain.text[: LONG - 3]}..."
    if min(values) == max(values):
        axes.set_title(f"least bias of a row on every facet: {values[0]:.4g}\n{domain}", fontsize=SMALL + 1)
    elif scale is not None:
        axes.figure.colorbar(scale, ax=axes, shrink=0.7, label=f"least bias of a row on the facet\n{domain}")


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
