"""Maps for reports: wedges or cells in the plane, wedges on the sphere. Which there are is exact, drawn are floats.

What is not drawn is None: other dimensions, and maps with so many regions that a page would become large.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import islice

import numpy as np

from exactinj.cells.wedges import Wedge, wedges
from exactinj.certificates.collision import Collision
from exactinj.domains import Ball, Domain, NonnegativeBall, NonnegativeOrthant, RealSpace
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.spectra import spectra_of
from exactinj.plotting.corners import plane_corners, sphere_shapes
from exactinj.plotting.labels import place_apart, same_lines
from exactinj.plotting.plane_map import REACH, Limits, clipped_to, limits_around, line_in_window, near_ends, window_of
from exactinj.plotting.sphere_map import (
    GENERIC,
    RIM,
    frame_towards,
    holds_opposite,
    outline_of,
    places_on_circle,
    project,
    projected,
    unit,
)
from exactinj.plotting.sphere_map import REACH as SPHERE_REACH
from exactinj.plotting.stability_map import SLIVER, area_of, border_of, disc_of
from exactinj.plotting.wedge_map import mapped_domain
from exactinj.plotting.wedge_style import Points, float_points
from exactinj.report.drawings import Cell, CellMap

__all__ = ["stability_map", "wedge_map"]

PLANE = 2
MOST_ROWS = 60  # of a layer whose wedges are looked for
MOST_BITS = 480  # of a number; twice as many is what floats can hold
MOST_IN_PLANE, MOST_ON_SPHERE = 1500, 400  # regions that are drawn
LABELLED = 24  # rows, beyond which lines have no numbers
SIDES = 96  # of the polygon that stands for a disc
MARGIN = 0.04  # of a disc, around it
FLAT = 0.0012  # of the rim: points of a curve so close to a straight line are left out
ROWS_NAMED = 12  # of a region


def wedge_map(layer: ReLULayer, domain: Domain, pair: Collision | None) -> CellMap | None:
    """The wedges by the rank of their active rows, for n = 2, and for n = 3 without bias on cones and around 0."""
    region = mapped_domain(layer, domain)
    if region is None or layer.m > MOST_ROWS or not _is_within_floats(layer, region):
        return None
    shown = pair if pair is not None and _are_short((*pair.x, *pair.y)) else None
    return _in_plane(layer, region, shown) if layer.n == PLANE else _on_sphere(layer, region, shown)


def stability_map(layer: ReLULayer, domain: Domain) -> CellMap | None:
    """The cells shaded by the smallest singular value of their active rows, an *estimate* in floats; n = 2."""
    if layer.n != PLANE:
        return None
    region = domain.for_dimension(PLANE)
    if layer.m > MOST_ROWS or not _is_within_floats(layer, region):
        return None
    return _in_plane(layer, region, None, shaded=True)


def _is_within_floats(layer: ReLULayer, region: Domain) -> bool:
    """Whether floats hold rows, borders and where these cross, with room to spare."""
    ball = region.ball
    borders = [Fraction(value) for half in region.halfspaces(layer.n) for value in half]
    borders += [] if ball is None else [ball.radius, *(ball.center or ())]
    return _are_short(borders) and all(_are_short((*row, scale)) for row, scale in layer.integer_rows)


def _are_short(values: Iterable[int | Fraction]) -> bool:
    return all(max(value.numerator.bit_length(), value.denominator.bit_length()) <= MOST_BITS for value in values)


# ------------------------------------------------------------------ the plane


def _in_plane(layer: ReLULayer, region: Domain, pair: Collision | None, *, shaded: bool = False) -> CellMap | None:
    found = list(islice(wedges(layer, domain=_without_disc(region)), MOST_IN_PLANE + 1))
    if len(found) > MOST_IN_PLANE:
        return None
    marks = [] if pair is None else list(zip("xy", float_points([pair.x, pair.y]), strict=True))
    window = _window(layer, region, np.array([place for _, place in marks]).reshape(-1, PLANE))
    rows = np.column_stack([layer.W.to_float(), layer.b.to_float()[:, 0]])
    border = border_of(region, disc_of(region), SIDES)
    seen = [(wedge, corners) for wedge in found if len(corners := _part_in_view(wedge, rows, window, border))]
    levels: Sequence[tuple[float, float] | None] = [None] * len(seen)
    if shaded:
        levels = _levels(layer, [wedge for wedge, _ in seen])
    cells = [_cell(wedge, [corners], level) for (wedge, corners), level in zip(seen, levels, strict=True)]
    lines = [line_in_window(row, window_of(window), border) for row in rows]
    known = [found[0] for found in (seen if disc_of(region) is not None else [(wedge, None) for wedge in found])]
    return CellMap(
        words=_words(layer, region, known, shaded=shaded),
        window=window,
        cells=tuple(cells),
        lines=tuple(_points(line) for line in lines if len(line)) + _outline(window, border),
        labels=_line_labels(rows, lines, window),
        marks=tuple((name, _point(place)) for name, place in marks if _is_inside(place, window)),
        legend=_legend(known, shaded=shaded),
        shading=_shading(levels) if shaded else (),
    )


def _without_disc(region: Domain) -> Domain:
    """What floats cut out of it afterwards: all halfspaces stay exact."""
    if isinstance(region, Ball):
        return RealSpace()
    return NonnegativeOrthant() if isinstance(region, NonnegativeBall) else region


def _window(layer: ReLULayer, region: Domain, marked: Points) -> Limits:
    disc = disc_of(region)
    if disc is None:
        return limits_around(float_points(plane_corners(layer, region)), marked)
    (x, y), reach = disc[0].tolist(), (1 + MARGIN) * disc[1]
    left, bottom = (-MARGIN * disc[1],) * 2 if isinstance(region, NonnegativeBall) else (x - reach, y - reach)
    return left, x + reach, bottom, y + reach


def _part_in_view(wedge: Wedge, rows: Points, window: Limits, border: Points) -> Points:
    """The corners (k, 2) of what is drawn of a wedge; (0, 2) where that is nothing, or rounding."""
    turned = rows * np.where(np.array(wedge.signs)[:, None] >= 0, 1.0, -1.0)
    corners = clipped_to(window_of(window), np.concatenate([turned, border]))
    is_seen = len(corners) > PLANE and area_of(corners) > SLIVER * (window[1] - window[0]) ** 2
    return corners if is_seen else np.zeros((0, PLANE))


def _levels(layer: ReLULayer, found: Sequence[Wedge]) -> list[tuple[float, float]]:
    """Per wedge its smallest singular value as a part of the largest of all, and itself."""
    masks = np.array([np.isin(np.arange(layer.m), wedge.active) for wedge in found]).reshape(-1, layer.m)
    values = spectra_of(layer, masks).lowest.tolist() if len(found) else []
    top = max(values, default=0.0) or 1.0
    return [(value / top, value) for value in values]


def _outline(window: Limits, border: Points) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The domain's edge in the window."""
    if not len(border):
        return ()
    corners = clipped_to(window_of(window), border)
    return (_points(np.concatenate([corners, corners[:1]])),) if len(corners) else ()


def _line_labels(rows: Points, lines: Sequence[Points], window: Limits) -> tuple[tuple[tuple[float, float], str], ...]:
    size = max(window[1] - window[0], window[3] - window[2])
    numbered = range(len(rows) if len(rows) <= LABELLED else 0)
    groups = [group for group in same_lines(rows / [1.0, 1.0, size], numbered) if len(lines[group[0]])]
    places = place_apart([(group, near_ends(lines[group[0]], size)) for group in groups], REACH * size)
    return tuple((_point(label.place), _named(label.rows)) for label in places)


def _is_inside(place: Points, window: Limits) -> bool:
    return bool(window[0] <= place[0] <= window[1] and window[2] <= place[1] <= window[3])


# ------------------------------------------------------------------ the sphere


def _on_sphere(layer: ReLULayer, region: Domain, pair: Collision | None) -> CellMap | None:
    """Lambert's equal-area map of all directions."""
    found = list(islice(wedges(layer, domain=region), MOST_ON_SPHERE + 1))
    if len(found) > MOST_ON_SPHERE:
        return None
    frame = frame_towards(GENERIC)
    angles = np.linspace(0, 2 * np.pi, 129)
    rim = RIM * np.column_stack([np.cos(angles), np.sin(angles)])
    cells = []
    for wedge, shape in zip(found, sphere_shapes(layer, region, found), strict=True):
        outline = projected(outline_of(shape), frame)
        around = [rim[:-1]] if not len(outline) or holds_opposite(wedge, frame) else []
        cells.append(_cell(wedge, [_thinned(curve) for curve in (*around, outline) if len(curve)], None))
    rows, outside = layer.W.to_float(), float_points(region.halfspaces(layer.n))
    groups = same_lines(rows, range(layer.m if layer.m <= LABELLED else 0))
    circles = [(group, places_on_circle(rows[group[0]], frame, outside)) for group in groups]
    labels = place_apart([(group, places) for group, places in circles if len(places)], SPHERE_REACH)
    marks = [] if pair is None else list(zip("xy", float_points([pair.x, pair.y]), strict=True))
    edge = 1.02 * RIM
    return CellMap(
        words=_words(layer, region, found, shaded=False),
        window=(-edge, edge, -edge, edge),
        cells=tuple(cells),
        lines=(_points(rim),),
        labels=tuple((_point(label.place), _named(label.rows)) for label in labels),
        marks=tuple((name, _point(project(unit(point)[None], frame)[0])) for name, point in marks if point.any()),
        legend=_legend(found, shaded=False),
        has_axes=False,
        has_edges=True,
    )


def _thinned(curve: Points) -> Points:
    """A closed curve without points that lie on the straight line between those before and after, nearly."""
    kept = [0]
    for k in range(1, len(curve) - 1):
        start, step = curve[kept[-1]], curve[k + 1] - curve[kept[-1]]
        skipped = curve[kept[-1] + 1 : k + 1] - start
        length = float(np.linalg.norm(step))
        across = np.abs(skipped[:, 0] * step[1] - skipped[:, 1] * step[0]) / length if length else np.array([np.inf])
        if float(across.max()) > FLAT * RIM:
            kept.append(k)
    return curve[[*kept, len(curve) - 1]] if len(curve) > PLANE else curve


# ------------------------------------------------------------------ words


def _cell(wedge: Wedge, curves: Sequence[Points], level: tuple[float, float] | None) -> Cell:
    title = f"active rows {_named(wedge.active) or 'none'}: rank {wedge.rank}"
    title += "" if level is None else f", smallest singular value about {level[1]:.4g}"
    shade = None if level is None else level[0]
    return Cell(tuple(_points(curve) for curve in curves), title, wedge.layer.n - wedge.rank, shade)


def _named(rows: Sequence[int]) -> str:
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    return " ".join(map(str, rows[:ROWS_NAMED])) + more


def _words(layer: ReLULayer, region: Domain, found: Sequence[Wedge], *, shaded: bool) -> str:
    """What is seen: how many regions there are, and how many of them do not span."""
    lacking = sum(not wedge.spans for wedge in found)
    where = "the plane" if layer.n == PLANE else "the sphere of directions"
    ends = "in all of them the active rows span" if not lacking else f"in {lacking} of them the active rows do not span"
    shades = ", the others shaded by the smallest singular value of their active rows" if shaded else ""
    return (
        f"Map of {where} on {region.text}: {layer.m} rows cut it into {len(found)} regions; {ends}"
        f"{' (hatched)' if lacking else ''}{shades}."
    )


def _legend(found: Sequence[Wedge], *, shaded: bool) -> tuple[tuple[int, str], ...]:
    if not found:
        return ()
    n = found[0].layer.n
    counts = {lacking: sum(n - wedge.rank == lacking for wedge in found) for lacking in range(n + 1)}
    return tuple(
        (lacking, f"rank {n - lacking}: {'does not span' if lacking else 'spans'} ({count})")
        for lacking, count in counts.items()
        if count and (lacking or not shaded)
    )


def _shading(levels: Sequence[tuple[float, float] | None]) -> tuple[str, str]:
    top = max((level[1] for level in levels if level is not None), default=0.0)
    return "smallest singular value near 0", f"near {top:.4g}"


def _point(place: Points) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def _points(places: Points) -> tuple[tuple[float, float], ...]:
    return tuple(_point(place) for place in places)
