"""An input, what was reconstructed from its output, and the error, as images, signals or bars."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, nearest_float
from exactinj.inversion.result import Inversion
from exactinj.plotting.require import figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_reconstruction"]

Floats = NDArray[np.float64]
PLANE, COLOURS = 2, 3
PANEL = 3.2  # inches
INPUT_COLOUR, ERROR_COLOUR = "#1f5fa8", "#404040"
MANY_BARS = 64  # more entries are drawn as steps


def plot_reconstruction(
    result: Inversion,
    truth: Sequence[Any] | Any = None,
    shape: Sequence[int] | None = None,
    figure: Figure | None = None,
) -> Figure:
    """Draw the input x of a result, beside the true one and their difference, or beside the second of several.

    Parameters
    ----------
    result : Inversion
        Of `invert`, with an input.
    truth : (n,) numbers or an array of them, optional
        The input that the output came from.
    shape : sequence of int, optional
        (height, width), or (channels, height, width) with 1 or 3 channels, for images; bars if left out.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on; a new one if left out.

    Raises
    ------
    InputError
        For results without an input, and for shapes and true inputs that do not fit it.
    MissingExtraError
        Without matplotlib.
    """
    if result.x is None:
        raise InputError(f"found the status {result.status}, expected one with an input; there is nothing to draw")
    x = [fraction_from(value) for value in result.x]
    size = _image_shape(shape, len(x))
    panels = {"reconstruction": _array(x, size)}
    other = result.second if truth is None else [fraction_from(v) for v in np.asarray(truth, dtype=object).ravel()]
    if other is not None:
        if len(other) != len(x):
            raise InputError(f"found a true input of {len(other)} numbers, expected n = {len(x)}")
        difference = _array([a - c for a, c in zip(x, other, strict=True)], size)  # exact before it is rounded
        first = "another input" if truth is None else "input"
        last = "difference" if truth is None else "error"
        panels = {first: _array(other, size), **panels, f"{last}, at most {np.abs(difference).max():.2g}": difference}
    page: Figure = figure_or_new(figure, (PANEL * len(panels) + 1, PANEL))
    axes = page.subplots(1, len(panels), squeeze=False)[0]
    kept = [values for name, values in panels.items() if "at most" not in name]
    limits = min(map(np.min, kept)), max(map(np.max, kept))
    for panel, (name, values) in zip(axes, panels.items(), strict=True):
        _draw(panel, values, name, None if "at most" in name else limits)
    page.suptitle(_words(result), fontsize=9)
    return page


def _words(result: Inversion) -> str:
    if result.residual:
        return f"{result.status}: residual {result.residual:.3g}"
    return f"{result.status}: the layer gives the output exactly"


def _image_shape(shape: Sequence[int] | None, n: int) -> tuple[int, ...]:
    """The shape as (height, width) or (height, width, 3) after `_array`; (n,) for bars."""
    if shape is None:
        return (n,)
    sizes = tuple(shape)
    plain = sizes[1:] if len(sizes) == PLANE + 1 and sizes[0] == 1 else sizes
    fits = len(plain) in {1, PLANE} or (len(plain) == PLANE + 1 and plain[0] == COLOURS)
    if prod(sizes) != n or not fits:
        found = "x".join(map(str, sizes))
        raise InputError(f"found the shape {found} for n = {n}, expected (height, width) or (1 or 3, height, width)")
    return plain


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Floats:
    array = np.array([nearest_float(value) for value in values]).reshape(shape)
    return np.moveaxis(array, 0, -1) if len(shape) > PLANE else array


def _draw(axes: Axes, values: Floats, title: str, limits: tuple[float, float] | None) -> None:
    axes.set_title(title, fontsize=9)
    if values.ndim == 1:
        colour = ERROR_COLOUR if limits is None else INPUT_COLOUR
        if len(values) <= MANY_BARS:
            axes.bar(range(len(values)), values, color=colour)
        else:
            axes.stairs(values, np.arange(len(values) + 1) - 0.5, fill=True, color=colour)
        axes.axhline(0, color="grey", linewidth=0.6)
        return
    axes.set_axis_off()
    if values.ndim > PLANE:
        low, high = (values.min(), values.max()) if limits is None else limits
        axes.imshow((values - low) / ((high - low) or 1.0))
        return
    largest = float(np.abs(values).max()) or 1.0
    colours: dict[str, Any] = {"cmap": "RdBu", "vmin": -largest, "vmax": largest}
    if limits is not None:
        colours = {"cmap": "gray", "vmin": limits[0], "vmax": limits[1] if limits[1] > limits[0] else limits[0] + 1}
    image = axes.imshow(values, interpolation="nearest", **colours)
    if limits is None:
        axes.figure.colorbar(image, ax=axes, shrink=0.7)
