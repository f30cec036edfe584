"""Pictures of answers about convolutions: two inputs that collide, and the boxes that cover a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import BoxesProof, Slot
from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import Axis, ConvLayer, Sizes
from exactinj.plotting.require import axes_or_current, figure_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["collision_inches", "plot_boxes", "plot_collision"]

Floats = NDArray[np.float64]

COLUMNS = 3
MOST_CHANNELS = 6  # of the input
PLANE = 2
X_COLOUR, Y_COLOUR, OUTPUT_COLOUR = "#1f5fa8", "#b03020", "#404040"
ROLE_COLOURS = {"first": "#1f5fa8", "inner": "#d98324", "last": "#3d8b4f"}
KNOWN = "known already"
FEW_TICKS = 8
ROOM = 0.08  # of the range of values, above and below


def plot_collision(result: Result, figure: Figure | None = None, *, outputs: int = COLUMNS) -> Figure:
    """Draw the two inputs of a convolution that have the same output, their difference, and that output.

    A row for each input channel, at most six, with x, y and y - x; x and y are drawn on one scale. The last row has
    output channels, which are the same for x and y in exact arithmetic; those with the largest values come first.

    Parameters
    ----------
    result : Result
        Of `certify` for a `ConvLayer` on signals or images, with the verdict ``not_injective``.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on; a new one if left out.
    outputs : int
        How many output channels are shown, 0 to 3.

    Raises
    ------
    InputError
        For results without a collision, of dense layers and of volumes.
    MissingExtraError
        Without matplotlib.
    """
    layer, pair, shape = _collision(result)
    if not 0 <= outputs <= COLUMNS:
        raise InputError(f"found {outputs} outputs, expected 0 to {COLUMNS}")
    x, y = (_array(values, shape) for values in (pair.x, pair.y))
    common = _array(layer.evaluate(pair.x, shape[1:]), (layer.out_channels, *layer.output_size(shape[1:])))
    shown = sorted(range(len(common)), key=lambda k: -common[k].max())[:outputs]
    differ = sorted(range(len(x)), key=lambda k: bool((x[k] == y[k]).all()))
    channels = sorted(differ[:MOST_CHANNELS])
    rows = len(channels) + bool(outputs)
    page: Figure = figure_or_new(figure, collision_inches(shape))
    panels = page.subplots(rows, COLUMNS, squeeze=False)
    for axes in panels.flat[len(channels) * COLUMNS + len(shown) :]:
        axes.set_axis_off()
    draw = _Signals(x, y) if len(shape) == PLANE else _Images(x, y)
    for channel, panel in zip(channels, panels, strict=False):
        left, right = x[channel], y[channel]
        suffix = f", channel {channel}" if len(x) > 1 else ""
        draw.input(panel[0], left, f"x{suffix}", X_COLOUR)
        draw.input(panel[1], right, f"y{suffix}", Y_COLOUR)
        draw.difference(panel[2], right - left, f"y - x{suffix}")
    if len(channels) < len(x):
        page.supxlabel(
            f"{len(x) - len(channels)} more input channels are not shown; those that differ come first", fontsize=9
        )
    for axes, channel in zip(panels[-1], shown, strict=False):
        what = "of x and of y" if common[channel].any() else "0 everywhere"
        draw.output(axes, common[channel], f"output {channel}, {what}", float(common.max()))
    return page


def collision_inches(shape: Sequence[int]) -> tuple[float, float]:
    """The size of a figure for `plot_collision` of inputs of shape (channels, *size)."""
    return 3.0 * COLUMNS, (1.9 if len(shape) == PLANE else 2.9) * (min(shape[0], MOST_CHANNELS) + 1)


def _collision(result: Result) -> tuple[ConvLayer, Collision, tuple[int, ...]]:
    pair = result.witness
    if pair is None:
        raise InputError(f"found the verdict {result.verdict}, expected not_injective; there is no collision to draw")
    if not isinstance(result.layer, ConvLayer) or pair.shape is None:
        raise InputError("found a dense layer, expected a convolution; there is no such picture for others")
    if len(pair.shape) > PLANE + 1:
        raise InputError(f"found inputs on a grid of {len(pair.shape) - 1} axes, expected signals or images")
    return result.layer, pair, pair.shape


def _array(values: Sequence[Any], shape: Sequence[int]) -> Floats:
    return np.array([nearest_float(value) for value in values]).reshape(shape)


@dataclass(frozen=True)
class _Signals:
    """Panels for inputs on a line."""

    x: Floats
    y: Floats

    def input(self, axes: Axes, values: Floats, title: str, colour: str) -> None:
        both = np.concatenate([self.x.ravel(), self.y.ravel(), [0.0]])
        self._stems(axes, values, title, colour)
        _limit(axes, both)

    def difference(self, axes: Axes, values: Floats, title: str) -> None:
        self._stems(axes, values, title, "#404040")
        _limit(axes, np.append((self.y - self.x).ravel(), 0.0))

    def output(self, axes: Axes, values: Floats, title: str, largest: float) -> None:
        axes.bar(range(len(values)), values, width=0.6, color=OUTPUT_COLOUR)
        axes.set_title(title, fontsize=9)
        axes.margins(x=0.08)
        axes.set_ylim(0, (1 + ROOM) * largest if largest else 1)
        _whole_ticks(axes, len(values))

    @staticmethod
    def _stems(axes: Axes, values: Floats, title: str, colour: str) -> None:
        places = range(len(values))
        axes.axhline(0, color="grey", linewidth=0.6)
        axes.vlines(places, 0, values, color=colour, linewidth=1.5)
        axes.plot(places, values, "o", color=colour, markersize=4)
        axes.set_title(title, fontsize=9)
        axes.margins(x=0.08)
        _whole_ticks(axes, len(values))


@dataclass(frozen=True)
class _Images:
    """Panels for inputs on a plane."""

    x: Floats
    y: Floats

    def input(self, axes: Axes, values: Floats, title: str, colour: str) -> None:
        low = float(min(self.x.min(), self.y.min()))
        high = float(max(self.x.max(), self.y.max()))
        self._image(axes, values, title, "gray", (low, high if high > low else low + 1))

    def difference(self, axes: Axes, values: Floats, title: str) -> None:
        most = float(abs(self.y - self.x).max())
        self._image(axes, values, title, "RdBu_r", (-most, most))

    def output(self, axes: Axes, values: Floats, title: str, largest: float) -> None:
        self._image(axes, values, title, "gray", (0.0, largest or 1.0))

    @staticmethod
    def _image(axes: Axes, values: Floats, title: str, colours: str, limits: tuple[float, float]) -> None:
        image = axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
        axes.figure.colorbar(image, ax=axes, shrink=0.8)
        axes.set_title(title, fontsize=9)
        axes.set_xticks([])
        axes.set_yticks([])


def _limit(axes: Axes, values: Floats) -> None:
    low, high = float(values.min()), float(values.max())
    room = ROOM * (high - low) or 1.0
    axes.set_ylim(low - room, high + room)


def _whole_ticks(axes: Axes, count: int) -> None:
    from matplotlib.ticker import MaxNLocator

    if count <= FEW_TICKS:
        axes.set_xticks(range(count))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=FEW_TICKS))


def plot_boxes(result: Result, ax: Axes | None = None, *, size: int | None = None, axis: int = 0) -> Axes:
    """Draw how the boxes of a certificate cover one axis of a grid, with the windows that each of them uses.

    At the top is the grid, with zero padding where the layer has it. Below are the sub-boxes in the order in which they
    are recovered: the one at the beginning, those inside, the one at the end. Coloured cells are what a sub-box
    recovers, pale ones what it knows already. The bars are its windows, with a dot at each tap.

    Parameters
    ----------
    result : Result
        Of `certify` for a `ConvLayer`, injective for a set of sizes.
    ax : matplotlib Axes, optional
        The current axes if left out.
    size : int, optional
        The number of places, one of the sizes that the result is about; a small one if left out.
    axis : int
        Which axis of the grid.

    Raises
    ------
    InputError
        For other results, and for an axis or a size that the result is not about.
    MissingExtraError
        Without matplotlib.
    """
    proof = getattr(result.certificate, "proof", None)
    layer, sizes = result.layer, result.sizes
    if not (isinstance(proof, BoxesProof) and isinstance(layer, ConvLayer) and isinstance(sizes, Sizes)):
        raise InputError(f"found the verdict {result.verdict}, expected injective for a set of sizes, proved by boxes")
    if not 0 <= axis < layer.dimensions:
        raise InputError(f"found the axis {axis}, expected one of 0 to {layer.dimensions - 1}")
    line = Sizes((sizes.minimum[axis],), (sizes.residues[axis],), (sizes.strides[axis],))
    count = _small_size(line, proof.box[axis]) if size is None else size
    if not line.contains((count,)):
        raise InputError(f"found the size {count}, expected {line.text}")
    axes: Axes = axes_or_current(ax)
    geometry, length = layer.axes[axis], proof.box[axis]
    _draw_grid(axes, geometry, count)
    depth = 1.0
    cover = _cover(geometry, length, proof.slots[axis], count)
    for role, corner, slot in cover:
        depth += _draw_box(axes, geometry, length, (role, corner, slot), depth)
    knows = any(slot.knows(place, length) for _, _, slot in cover for place in range(length))
    _frame(axes, geometry, count, depth, {**dict.fromkeys((role for role, _, _ in cover), True), KNOWN: knows})
    return axes


def _small_size(line: Sizes, length: int) -> int:
    """The least size that is about twice the box."""
    return next(n for n in range(2 * length, 2 * length + line.minimum[0] + line.strides[0]) if line.contains((n,)))


def _cover(axis: Axis, length: int, slots: Sequence[Slot], size: int) -> list[tuple[str, int, Slot]]:
    """Sub-boxes as (role, corner, slot), in the order in which they are recovered."""
    low, high = (axis.low, axis.high) if axis.mode == "zeros" else (0, 0)
    step, last = axis.stride, length - axis.extent
    first = [
        slot
        for slot in slots
        if slot.low == 0 and all((t + axis.low) % step == 0 and -low <= t <= last for t in slot.starts)
    ]
    inner = [slot for slot in slots if all(0 <= t <= last and (t - slot.starts[0]) % step == 0 for t in slot.starts)]
    end = [
        slot
        for slot in slots
        if slot.high == 0
        and all((t - length + size + axis.low) % step == 0 and 0 <= t <= last + high for t in slot.starts)
    ]
    corners = [corner for corner in range(1, size - length) if (corner + inner[0].starts[0] + axis.low) % step == 0]
    if inner[0].known == (0, 0):
        corners = _needed(corners, length, size)
    cover = [("first", 0, first[0]), *(("inner", corner, inner[0]) for corner in corners)]
    if size > length:
        cover.append(("last", size - length, end[0]))
    return cover[::-1] if any(slot.high for slot in slots) else cover


def _needed(corners: Sequence[int], length: int, size: int) -> list[int]:
    """As few of the corners as fill the gap between the sub-boxes at the two ends."""
    needed: list[int] = []
    covered = length
    while covered < size - length:
        needed.append(max(corner for corner in corners if corner <= covered))
        covered = needed[-1] + length
    return needed


def _draw_grid(axes: Axes, axis: Axis, size: int) -> None:
    from matplotlib.patches import Rectangle

    low, high = (axis.low, axis.high) if axis.mode == "zeros" else (0, 0)
    for place in range(-low, size + high):
        inside = 0 <= place < size
        cell = Rectangle((place - 0.5, -0.4), 1, 0.8, edgecolor="black", linewidth=0.8)
        cell.set_facecolor("white" if inside else "#e4e4e4")
        cell.set_linestyle("-" if inside else ":")
        axes.add_patch(cell)
        axes.annotate(str(place) if inside else "zero", (place, 0), ha="center", va="center", fontsize=8)


def _draw_box(axes: Axes, axis: Axis, length: int, box: tuple[str, int, Slot], depth: float) -> float:
    """Draw one sub-box from a depth on; the height that it took."""
    from matplotlib.patches import Rectangle

    role, corner, slot = box
    colour, bar = ROLE_COLOURS[role], 0.28
    new = [place for place in range(length) if not slot.knows(place, length)]
    if new:
        middle = corner + (new[0] + new[-1]) / 2
        axes.annotate(role, (middle, -depth), ha="center", va="center", fontsize=8)
    for place in range(length):
        axes.add_patch(
            Rectangle(
                (corner + place - 0.5, -depth - 0.25),
                1,
                0.5,
                facecolor=colour,
                edgecolor="white",
                alpha=0.2 if slot.knows(place, length) else 0.75,
            )
        )
    for number, start in enumerate(slot.starts, start=1):
        taps = corner + start + axis.dilation * np.arange(axis.taps)
        level = -depth - 0.2 - bar * number
        axes.plot(taps[[0, -1]], [level] * 2, color="black", linewidth=0.9)
        axes.plot(taps, [level] * len(taps), "o", color="black", markersize=2.6)
    return 1.0 + bar * len(slot.starts)


def _frame(axes: Axes, axis: Axis, size: int, depth: float, shown: dict[str, bool]) -> None:
    from matplotlib.patches import Patch

    axes.set_xlim(-axis.low - 1, size + axis.high)
    axes.set_ylim(-depth, 0.7)
    axes.set_axis_off()
    looks = {**{role: (colour, 0.75) for role, colour in ROLE_COLOURS.items()}, KNOWN: ("grey", 0.3)}
    handles = [Patch(color=looks[name][0], alpha=looks[name][1], label=name) for name, there in shown.items() if there]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4, frameon=False, fontsize=8)
