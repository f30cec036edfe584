"""The redundancy phase diagram: where random layers are injective (after figures 6.1 and 6.2 of [Eck24])."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.plotting.require import axes_or_current
from exactinj.sweep.results import CellResult
from exactinj.sweep.summary import CellSummary, summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_sweep"]

Floats = NDArray[np.float64]

# Redundancies m/n: 3.3 and 9 are the bounds of [PKL+22], 6.7 is the threshold of [MBB+23].
REDUNDANCIES = (2.0, 3.3, 6.7, 9.0)
THRESHOLD = 6.7
HALF = 0.5


def plot_sweep(
    results: Iterable[CellResult],
    ax: Axes | None = None,
    *,
    redundancies: Sequence[float] = REDUNDANCIES,
    colorbar: bool = True,
) -> Axes:
    """Colour the cells (m, n) by the mean estimate of p_H, and lay the exact shares of injective layers over them.

    Tiles: black is p_H = 0, copper is p_H = 1, an *estimate*. Dots: the share of injective layers among those decided
    exactly, white for none and blue for all; a cross is a cell in which nothing was decided in time. The blue line
    joins, for each n, the m at which the exact share first reaches one half. Lines through the origin are redundancies
    m/n, the threshold 6.7 is red.

    Parameters
    ----------
    results : iterable of CellResult
        What `exactinj.sweep.read_results` returns, of one experiment.
    ax : matplotlib Axes, optional
        The current axes if left out.
    redundancies : sequence of float
        The ratios m/n to draw lines for.
    colorbar : bool
        Whether to add one to the figure.

    Raises
    ------
    InputError
        Without results, or with results of several experiments.
    MissingExtraError
        Without matplotlib.
    """
    cells = summary(results)
    if not cells:
        raise InputError("found no results, expected some to draw; run exactinj sweep first")
    axes: Axes = axes_or_current(ax)
    mesh = _tiles(axes, cells)
    _redundancy_lines(axes, redundancies)
    _exact_dots(axes, cells)
    _exact_half(axes, cells)
    axes.set_xlabel("rows m")
    axes.set_ylabel("dimension n")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", fontsize=8)
    if colorbar:
        axes.figure.colorbar(mesh, ax=axes, label="mean p_H (estimate)")
    return axes


def _tiles(axes: Axes, cells: Sequence[CellSummary]) -> Any:
    across, up = sorted({cell.m for cell in cells}), sorted({cell.n for cell in cells})
    values = np.full((len(up), len(across)), np.nan)
    for cell in cells:
        values[up.index(cell.n), across.index(cell.m)] = cell.hamming
    mesh = axes.pcolormesh(_edges(across), _edges(up), np.ma.masked_invalid(values), cmap="copper", vmin=0, vmax=1)
    mesh.set_rasterized(True)
    return mesh


def _edges(centres: Sequence[int]) -> Floats:
    """The borders of tiles around these numbers, half-way between them."""
    middles = [(left + right) / 2 for left, right in pairwise(centres)]
    first = middles[0] - centres[0] if middles else HALF
    last = centres[-1] - middles[-1] if middles else HALF
    return np.array([centres[0] - first, *middles, centres[-1] + last])


def _redundancy_lines(axes: Axes, redundancies: Sequence[float]) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for ratio in redundancies:
        colour = "red" if ratio == THRESHOLD else "white"
        axes.plot([ratio * low, ratio * high], [low, high], color=colour, linewidth=1, linestyle="--")
        end = min(high, right / ratio)
        axes.annotate(f"{ratio:g}", (ratio * end, end), color=colour, fontsize=8, ha="right", va="top")
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)


def _exact_dots(axes: Axes, cells: Sequence[CellSummary]) -> None:
    shares = [(cell.m, cell.n, cell.share_injective) for cell in cells if cell.share_injective is not None]
    if shares:
        m, n, share = zip(*shares, strict=True)
        axes.scatter(
            m,
            n,
            c=share,
            s=14,
            cmap="Blues",
            vmin=0,
            vmax=1,
            edgecolors="black",
            linewidths=0.4,
            zorder=3,
            label="exact: share injective (white 0, blue 1)",
        )
    open_cells = [(cell.m, cell.n) for cell in cells if cell.unknown and not cell.decided]
    if open_cells:
        m, n = zip(*open_cells, strict=True)
        axes.scatter(m, n, marker="x", s=14, color="white", zorder=3, label="exact: unknown, out of time")


def _exact_half(axes: Axes, cells: Sequence[CellSummary]) -> None:
    """Where the exact share crosses one half, by interpolation between neighbouring m of one n."""
    known: dict[int, list[tuple[int, float]]] = {}
    for cell in cells:
        if cell.share_injective is not None:
            known.setdefault(cell.n, []).append((cell.m, cell.share_injective))
    points = [(m, n) for n, row in sorted(known.items()) if (m := _crossing(row)) is not None]
    if points:
        axes.plot(*zip(*points, strict=True), color="deepskyblue", linewidth=1.5, label="exact: half of them injective")


def _crossing(row: Sequence[tuple[int, float]]) -> float | None:
    for (left, below), (right, above) in pairwise(row):
        if below < HALF <= above:
            return left + (right - left) * (HALF - below) / (above - below)
    return None
