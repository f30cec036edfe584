"""A colliding pair of any layer as numbers: x and y, their difference, and their common output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.plotting.require import figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_pair"]

Floats = NDArray[np.float64]

INCHES = (7.0, 6.0)
MANY_BARS = 64  # more entries are drawn as steps
X_COLOUR, Y_COLOUR, DARK = "#1f5fa8", "#e09a90", "#404040"
HATCH = "////"
TICKS = 12
FEW = 4  # so many bars fill the width


def plot_pair(result: Result, figure: Figure | None = None) -> Figure:
    """Draw x and y of a colliding pair entry by entry, y - x below, and the output that both have.

    Parameters
    ----------
    result : Result
        Of `certify`, with the verdict ``not_injective``; inputs on a grid are flattened.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on; a new one if left out.

    Raises
    ------
    InputError
        For results without a collision.
    MissingExtraError
        Without matplotlib.
    """
    pair, layer = result.witness, result.layer
    if pair is None:
        raise InputError(f"found the verdict {result.verdict}, expected not_injective; there is no collision to draw")
    if isinstance(layer, ConvLayer):
        common = layer.evaluate(pair.x, () if pair.shape is None else pair.shape[1:])
    else:
        common = layer.evaluate(pair.x)
    x, y = _floats(pair.x), _floats(pair.y)
    difference = _floats([b - a for a, b in zip(pair.x, pair.y, strict=True)])  # exact before it is rounded
    page: Figure = figure_or_new(figure, INCHES)
    inputs, differences, outputs = page.subplots(3, 1)
    _draw(inputs, {"x": x, "y": y}, "x and y", "input")
    _draw(differences, {"y - x": difference}, "y - x", "input")
    _draw(outputs, {"output": _floats(common)}, _output_title(common), "output")
    return page


def _floats(values: Sequence[Any]) -> Floats:
    return np.array([nearest_float(value) for value in values])


def _output_title(common: Sequence[Any]) -> str:
    positive = sum(value > 0 for value in common)
    return f"output of x and of y, equal in exact arithmetic: {positive:,} of {len(common):,} positive"


def _draw(axes: Axes, series: dict[str, Floats], title: str, what: str) -> None:
    count = len(next(iter(series.values())))
    looks: list[dict[str, Any]] = [{"color": X_COLOUR}, {"color": Y_COLOUR, "hatch": HATCH, "edgecolor": DARK}]
    if len(series) == 1:
        looks = [{"color": DARK}]
    for k, (name, values) in enumerate(series.items()):
        if count <= MANY_BARS:
            width = 0.8 / len(series)
            offset = (k - (len(series) - 1) / 2) * width
            axes.bar(np.arange(count) + offset, values, width, label=name, linewidth=0.5, **looks[k])
        else:
            style = ("-", "--")[k]
            axes.plot(values, style, drawstyle="steps-mid", linewidth=1, color=(looks[k]["color"], DARK)[k], label=name)
    axes.axhline(0, color="grey", linewidth=0.6)
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(f"number of the {what}", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.02)
    if count < FEW:
        axes.set_xlim(-0.5 - (FEW - count) / 2, count - 0.5 + (FEW - count) / 2)
    if not any(values.any() for values in series.values()):
        axes.set_ylim(-1, 1)
    if count <= TICKS:
        axes.set_xticks(range(count))
    if len(series) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8, frameon=False)
