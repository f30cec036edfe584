"""What a picture shows, as plain data: floats that are drawn, words that are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Bar", "BarChart", "Cell", "CellMap", "Histogram", "Interval", "Scale", "Tile", "TileMap"]

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """A region of a map: closed curves (what lies within an odd number of them), a kind, and words about it.

    `lacking` says how many directions its active rows lack to span all; `level`, from 0 to 1, shades it instead.
    """

    curves: tuple[tuple[Point, ...], ...]
    title: str
    lacking: int = 0
    level: float | None = None


@dataclass(frozen=True)
class CellMap:
    """Regions of the plane, or of a map of the sphere.

    Attributes
    ----------
    words : what is seen, for those who do not see it
    window : left, right, bottom, top
    lines : curves over the regions
    labels : places and words
    marks : named points, the first an open circle, the second a full square, further ones stars
    legend : per number of lacking directions the words, in order
    has_edges : whether the regions have edges of their own, where no lines are drawn over them
    has_axes : whether numbers stand at the window's edges
    shading : what `level` 0 and 1 stand for; () where there are no levels
    """

    words: str
    window: tuple[float, float, float, float]
    cells: tuple[Cell, ...]
    lines: tuple[tuple[Point, ...], ...] = ()
    labels: tuple[tuple[Point, str], ...] = ()
    marks: tuple[tuple[str, Point], ...] = ()
    legend: tuple[tuple[int, str], ...] = ()
    has_edges: bool = False
    has_axes: bool = True
    shading: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A value with its name; None where there is none, and then `note` says why. An estimate may stand beside it."""

    name: str
    value: float | None
    estimate: float | None = None
    note: str = ""


@dataclass(frozen=True)
class BarChart:
    """Values as bars from 0, estimates as rings beside them."""

    words: str
    bars: tuple[Bar, ...]
    value_name: str
    estimate_name: str = ""


@dataclass(frozen=True)
class Interval:
    """Numbers between which something lies, ends included; equal ends are one number, None is no bound."""

    name: str
    low: float | None
    high: float | None
    is_main: bool = False


@dataclass(frozen=True)
class Scale:
    """Intervals below each other on one axis from 0."""

    words: str
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Histogram:
    """Counts over bins with these edges, and named places on the axis."""

    words: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    axis: str
    marks: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Tile:
    """A cell of a grid: a level from 0 to 1 that shades it, an exact share from 0 to 1 or None, and words or "".

    `is_open` marks tiles in which something was asked exactly and nothing was decided.
    """

    column: int
    row: int
    level: float
    share: float | None
    title: str
    is_open: bool = False


@dataclass(frozen=True)
class TileMap:
    """A grid whose columns and rows are named by numbers, with lines ``column = ratio * row``."""

    words: str
    tiles: tuple[Tile, ...]
    column_name: str
    row_name: str
    level_name: str
    share_name: str
    ratios: tuple[tuple[str, float], ...] = ()
