"""The values of a bias, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exactinj.biases.alpha import AlphaStar
from exactinj.biases.hull.bias import HullBias
from exactinj.errors import InputError
from exactinj.plotting.require import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_biases"]

TICKS = 24
MANY_BARS = 200  # more are drawn as one outline
DOT, SMALL_DOT = 4.0, 1.5  # points
COLOUR = "#1f5fa8"


def plot_biases(bias: AlphaStar | HullBias, ax: Axes | None = None) -> Axes:
    """Draw alpha of every row as a bar, for any n; crosses mark rows without a value, triangles the value infinity.

    Parameters
    ----------
    bias : AlphaStar or HullBias
        What `alpha_star` or `hull_bias` returned.
    ax : matplotlib Axes, optional
        The current axes if left out.

    Raises
    ------
    InputError
        If no row has a value.
    MissingExtraError
        Without matplotlib.
    """
    known = {j: float(value) for j, value in enumerate(bias.alpha) if value is not None and value.is_finite}
    missing = [j for j, value in enumerate(bias.alpha) if value is None]
    infinite = [j for j, value in enumerate(bias.alpha) if value is not None and not value.is_finite]
    if len(missing) == len(bias.alpha):
        raise InputError("found no row with a value, expected some to draw; give more time")
    axes: Axes = axes_or_current(ax)
    if len(bias.alpha) <= MANY_BARS:
        axes.bar(list(known), list(known.values()), color=COLOUR, width=0.8)
    else:
        edges = np.arange(len(bias.alpha) + 1) - 0.5
        axes.stairs([known.get(j, 0.0) for j in range(len(bias.alpha))], edges, fill=True, color=COLOUR)
    size = DOT if len(bias.alpha) <= MANY_BARS else SMALL_DOT
    axes.plot(list(known), list(known.values()), "o", color=COLOUR, markersize=size)  # the value 0 has no bar
    axes.axhline(0, color="grey", linewidth=0.8)
    for rows, marker, label in ((missing, "x", "out of time"), (infinite, "^", "infinity: never needed")):
        if rows:
            axes.plot(rows, [0.0] * len(rows), marker, color="black", label=label)
    axes.set_xlabel("row")
    name = "exact alpha*" if isinstance(bias, AlphaStar) else "convex-hull bias alpha"
    axes.set_ylabel(f"{name} on {bias.domain.text}")
    if len(bias.alpha) <= TICKS:
        axes.set_xticks(range(len(bias.alpha)))
    if missing or infinite:
        axes.legend(frameon=False, fontsize=8)
    return axes
