"""Histograms of the smallest and largest singular values of the active rows over data (as figure 7.5 of [Eck24])."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.surd import root_above, root_below
from exactinj.lipschitz.answer import Stability
from exactinj.lipschitz.on_data import DataStability
from exactinj.plotting.labels import SMALL
from exactinj.plotting.require import axes_or_current
from exactinj.plotting.wedge_style import BELOW_TICKS, DARK, Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_singular_values"]

LOW, HIGH = ("#7fb3d5", "////"), ("#f7a55c", None)  # colours and hatchings
KAPPA, LIPSCHITZ = ("#1f4e79", "--"), ("#8c2d04", "-.")
BINS, NARROWEST = 30, 1 / 60  # bars of a histogram at most; of a bar, relative to the width of the picture


def plot_singular_values(found: DataStability, ax: Axes | None = None, *, enclosed: Stability | None = None) -> Axes:
    """Draw histograms of `lowest` and `highest`, each over its own range.

    Parameters
    ----------
    found : DataStability
        What `stability_on_data` returned.
    ax : matplotlib Axes, optional
        The current axes if left out.
    enclosed : Stability, optional
        What `stability` returned for the same layer and domain: the proved ends of both Lipschitz constants become
        vertical lines. No ``lambda_-`` in a cell of the domain lies left of the lower end of kappa, and none of
        ``lambda_+`` right of the upper end of the Lipschitz constant.

    Raises
    ------
    InputError
        If no singular value is a finite float.
    MissingExtraError
        Without matplotlib.
    """
    axes: Axes = axes_or_current(ax)
    lacking = f" (0 at {found.not_spanning:,} that do not span)" if found.not_spanning else ""
    sets = [(found.lowest, LOW, f"smallest, lambda_-{lacking}"), (found.highest, HIGH, "largest, lambda_+")]
    finite = np.concatenate([values[np.isfinite(values)] for values, _, _ in sets])
    if not len(finite):
        raise InputError("found no singular value that is a finite float, expected one to draw")
    width = float(np.ptp(finite)) or float(np.abs(finite).max()) or 1.0
    for values, (colour, hatch), label in sets:
        edges = _edges(values[np.isfinite(values)], NARROWEST * width)
        axes.hist(
            values, edges.tolist(), color=colour, hatch=hatch, edgecolor=DARK, linewidth=0.5, alpha=0.8, label=label
        )
    if enclosed is not None:
        low, high = enclosed.lower_lipschitz
        _lines(
            axes,
            root_below(low.square or Fraction(0)),
            root_above(high.square or Fraction(0)),
            KAPPA,
            "lower Lipschitz constant",
        )
        top = enclosed.upper_lipschitz_squared
        _lines(axes, root_below(top.at_least), root_above(top.at_most), LIPSCHITZ, "upper Lipschitz constant")
    axes.set_xlabel("singular value of the active rows (estimate)")
    axes.set_ylabel(f"points, of {len(found.lowest):,}")
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=BELOW_TICKS, ncols=2, fontsize=SMALL, frameon=False
    )
    return axes


def _edges(values: Points, narrowest: float) -> Points:
    """Of the bars: at least so wide that they are seen."""
    if not len(values):
        return np.array([0.0, narrowest])
    low, high = float(values.min()), float(values.max())
    if high - low < narrowest:
        low, high = (low + high - narrowest) / 2, (low + high + narrowest) / 2
    return np.linspace(low, high, min(BINS, round((high - low) / narrowest)) + 1)


def _lines(axes: Axes, low: float, high: float, style: tuple[str, str], what: str) -> None:
    """Both ends of an enclosure, one line where they are the same."""
    colour, dashes = style
    shown = sorted({f"{low:.4g}", f"{high:.4g}"}, key=float)
    label = f"{what}: {' to '.join(shown)}, proved"
    for k, end in enumerate(sorted({low, high})):
        if np.isfinite(end):
            axes.axvline(end, color=colour, linestyle=dashes, linewidth=1.4, label="_" * (k > 0) + label)
