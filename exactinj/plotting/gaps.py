"""How far a sampled estimate stays above exact alpha* while samples are added."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from exactinj.comparison import Comparison
from exactinj.errors import InputError
from exactinj.plotting.require import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_gaps"]

ROOM = 0.15  # of the width, from one number to the next


def plot_gaps(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the largest and the median gap of the estimate over the rows against the number of samples.

    Both axes are logarithmic, unless a gap is 0.

    Parameters
    ----------
    comparison : Comparison
        What `compare` returned with ``samples``.
    ax : matplotlib Axes, optional
        The current axes if left out.

    Raises
    ------
    InputError
        If nothing was sampled.
    MissingExtraError
        Without matplotlib.
    """
    stages = [stage for stage in comparison.stages if math.isfinite(stage.largest_gap)]
    if comparison.estimate is None or not stages:
        raise InputError("found no sampled estimate with a value in every row, expected one: compare(layer, samples=N)")
    axes: Axes = axes_or_current(ax)
    counts = [stage.samples for stage in stages]
    axes.plot(counts, [stage.largest_gap for stage in stages], "o-", color="#b03020", label="largest gap of a row")
    axes.plot(counts, [stage.median_gap for stage in stages], "s--", color="#404040", label="median gap")
    axes.set_xscale("log")
    if min(stage.median_gap for stage in stages) > 0:
        axes.set_yscale("log")
    _ticks_at(axes, counts)
    axes.set_xlabel(f"samples, {comparison.estimate.sampler.text}")
    axes.set_ylabel("sampled estimate - exact alpha*")
    axes.legend(frameon=False, fontsize=8)
    return axes


def _ticks_at(axes: Axes, counts: list[int]) -> None:
    """Ticks at the stages, from the last one down, as far as their numbers have room."""
    shown: list[int] = []
    width = math.log(counts[-1] / counts[0]) or 1.0
    for count in reversed(counts):
        if not shown or math.log(shown[-1] / count) > ROOM * width:
            shown.append(count)
    axes.set_xticks(shown, [f"{count:,}" for count in shown])
    axes.set_xticks([], minor=True)
