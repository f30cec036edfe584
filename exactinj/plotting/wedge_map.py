"""Pictures of wedges: the plane for n = 2, a map of the sphere for n = 3 without bias.

Wedges are coloured by the rank of their active rows; those whose active rows do not span are hatched
as well, so that the picture can be read without colour. The wedges, their ranks and their corners are
exact; only the drawing is in floats. Needs the extra ``plot`` (matplotlib).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from exactinj.cells.wedges import wedges
from exactinj.certificates.collision import Collision
from exactinj.domains import Domain, NonnegativeBall, NonnegativeOrthant, RealSpace
from exactinj.errors import InputError
from exactinj.exact.short import shortened
from exactinj.files.arguments import convex_given, dense_given
from exactinj.layers.dense import ReLULayer
from exactinj.plotting.corners import plane_corners, sphere_shapes
from exactinj.plotting.plane_map import Limits, draw_plane, limits_around
from exactinj.plotting.require import axes_or_current
from exactinj.plotting.sphere_map import GENERIC, draw_sphere, frame_towards, project, unit
from exactinj.plotting.wedge_style import Points, add_legend, float_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PAIR", "mapped_domain", "plot_wedges"]

CURVED_DIMENSION = 3
MANY_ROWS = 24  # more lines than that are not labelled
MANY_WEDGES = 5000  # more are not drawn
PAIR = "pair"  # the group of the marks of a collision
MARKERS = (("x", "o", "white"), ("y", "s", "black"))  # of the two points of a collision


def plot_wedges(
    layer: ReLULayer | Any,
    ax: Axes | None = None,
    *,
    domain: Domain | str | None = None,
    limits: Limits | None = None,
    centre: Sequence[float] | None = None,
    pair: Collision | None = None,
) -> Axes:
    """Draw every wedge of a layer, coloured and hatched by the rank of its active rows.

    Parameters
    ----------
    layer : ReLULayer
        With n = 2, or with n = 3 and no bias.
    ax : matplotlib Axes, optional
        Where to draw; the current axes if left out.
    domain : Domain, optional
        All of R^n if left out.
    limits : (left, right, bottom, top), optional
        The part of the plane to draw (n = 2). If left out, around the corners, but for a few that are far from most;
        the legend counts wedges that are not in view.
    centre : three floats, optional
        The direction in the middle of the map (n = 3). The map is Lambert's azimuthal equal-area
        one: the whole sphere on a disc whose rim is the direction opposite to the centre.
    pair : Collision, optional
        Two points with the same output, as in ``result.witness``, to mark: by their directions for n = 3.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        For other dimensions, for more than 5,000 wedges, and where `wedges` does not list them on the domain.
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
    region = _region(domain, layer.n)
    found = list(islice(wedges(layer, domain=region), MANY_WEDGES + 1))
    if len(found) > MANY_WEDGES:
        raise InputError(f"found m = {layer.m} rows with more than {MANY_WEDGES:,} wedges, expected fewer to draw")
    labelled = range(layer.m if layer.m <= MANY_ROWS else 0)
    marked = _marked(pair)
    axes.set_aspect("equal")
    hidden: dict[int, int] = {}
    if is_plane:
        window = limits or limits_around(float_points(plane_corners(layer, region)), _places(marked))
        hidden = draw_plane(axes, layer, found, window, labelled)
    else:
        towards = GENERIC if centre is None else centre
        pieces = list(zip(found, sphere_shapes(layer, region, found), strict=True))
        draw_sphere(axes, pieces, towards, labelled)
        frame = frame_towards(towards)
        marked = {name: project(unit(point)[None], frame)[0] for name, point in marked.items() if point.any()}
    _mark(axes, marked)
    ranks = sorted({wedge.rank for wedge in found}, reverse=True)
    add_legend(axes, layer.n, ranks, {} if limits else hidden, ticks=is_plane)
    return axes


def mapped_domain(layer: ReLULayer, domain: Domain) -> Domain | None:
    """The domain on which the wedges are drawn; None where there is no map of them.

    For n = 3 the map shows directions: a domain around 0 has all of them.
    """
    if layer.n == CURVED_DIMENSION - 1:
        return domain.for_dimension(layer.n)
    ball = domain.ball
    if layer.n != CURVED_DIMENSION or not layer.b.is_zero() or (ball is not None and any(ball.center or ())):
        return None
    if isinstance(domain, NonnegativeBall):
        return NonnegativeOrthant()
    borders = [half[-1] for half in domain.halfspaces(CURVED_DIMENSION)]
    if all(value < 0 for value in borders):
        return RealSpace()
    return None if any(borders) else domain


def _region(domain: Domain | str | None, n: int) -> Domain:
    """The domain; for n = 3 a cone, as the map shows directions only."""
    region = convex_given(domain).for_dimension(n)
    if n == CURVED_DIMENSION and any(half[-1] for half in region.halfspaces(n)):
        raise InputError(f"found the domain {shortened(region.text)}, expected a cone for n = 3, such as R^n or nonneg")
    return region


def _marked(pair: Collision | None) -> dict[str, Points]:
    return {} if pair is None else dict(zip("xy", float_points([pair.x, pair.y]), strict=True))


def _places(marked: dict[str, Points]) -> Points:
    return np.array(list(marked.values())).reshape(-1, 2)


def _mark(axes: Axes, marked: dict[str, Points]) -> None:
    """The two points with a line between them; one outside the picture is named in the legend."""
    if not marked:
        return
    places = _places(marked)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    axes.plot(*places.T, color="black", linewidth=1.2, linestyle=":", gid=PAIR, zorder=3, scalex=False, scaley=False)
    for name, marker, colour in MARKERS:
        if name in marked:
            x, y = marked[name].tolist()
            label = f"{name} of the pair" + ("" if left <= x <= right and bottom <= y <= top else ", not in view")
            axes.plot(
                x,
                y,
                marker=marker,
                color=colour,
                markeredgecolor="black",
                markersize=7,
                linestyle="none",
                label=label,
                gid=PAIR,
                zorder=3,
                scalex=False,
                scaley=False,
            )
