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


def plot_gaps(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the largest and the median gap of the estimate over the rows against the number of samples, both axes log.

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
    axes.loglog(counts, [stage.largest_gap for stage in stages], "o-", color="#b03020", label="largest gap of a row")
    axes.loglog(counts, [stage.median_gap for stage in stages], "s--", color="#404040", label="median gap")
    axes.set_xlabel(f"samples, {comparison.estimate.sampler.text}")
    axes.set_ylabel("sampled estimate - exact alpha*")
    axes.legend(frameon=False, fontsize=8)
    return axes
