"""How a wedge looks: a colour and a hatching for the rank of its active rows, and the legend that says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.numbers import nearest_float
from exactinj.plotting.labels import SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

__all__ = [
    "BELOW_TICKS",
    "DARK",
    "HATCHES",
    "Points",
    "add_legend",
    "closed_path",
    "fill",
    "float_points",
    "line_width",
]

Points = NDArray[np.float64]

COLOURS = ("#cfe6f0", "#fdd97f", "#f7a55c", "#e3735a")  # by n - rank: what spans is pale blue
HATCHES = (None, "////", "xxxx", "....")
DARK = "#404040"
LINE, THINNEST, FEW_LINES = 0.8, 0.08, 24  # points, of lines; thinner from so many on
BELOW_TICKS, BELOW = 4.0, 0.8  # heights of a letter between the axes and the legend


def line_width(rows: int) -> float:
    """Of the lines of so many rows: thinner where they are many, so that something is left to see between them."""
    return max(LINE * min(1.0, FEW_LINES / max(rows, 1)), THINNEST)


def fill(axes: Axes, path: Path, lacking: int, edge: str = "none", width: float = 0.6) -> None:
    """Add a region whose active rows lack so many to the rank n."""
    from matplotlib.patches import PathPatch

    colour, hatch = COLOURS[lacking], HATCHES[lacking]
    # not add_patch, which measures every curve for limits that are set anyway
    axes.add_artist(PathPatch(path, facecolor=colour, hatch=hatch, edgecolor=DARK if hatch else edge, linewidth=width))


def add_legend(axes: Axes, n: int, ranks: Sequence[int], hidden: dict[int, int], *, ticks: bool) -> None:
    """Below the axes; `hidden` counts per rank the wedges that lie outside the picture."""
    from matplotlib.patches import Patch

    handles: list[object] = []
    for rank in ranks:
        colour, hatch = COLOURS[n - rank], HATCHES[n - rank]
        words = "spans" if rank == n else "does not span"
        more = f", {hidden[rank]} more not in view" if hidden.get(rank) else ""
        handles.append(Patch(label=f"rank {rank}: {words}{more}", facecolor=colour, hatch=hatch, edgecolor=DARK))
    handles += [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    axes.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=BELOW_TICKS if ticks else BELOW,
        ncols=2,
        fontsize=SMALL,
        frameon=False,
        handleheight=1.2,
    )


def float_points(points: Iterable[Iterable[Any]]) -> Points:
    """Vectors of rationals in the nearest floats."""
    return np.array([[nearest_float(Fraction(value)) for value in point] for point in points])


def closed_path(corners: Points) -> Path:
    """The path along the corners and back to the first."""
    from matplotlib.path import Path

    return Path(np.concatenate([corners, corners[:1]]), closed=True)
