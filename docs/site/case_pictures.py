"""One picture of a case of the casebook, with words for those who do not see it; all exact but for the drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

import exactinj as xi
from exactinj.casebook import Case
from exactinj.certificates.every_size import BoxesProof
from exactinj.plotting import plot_boxes, plot_collision, plot_pair, plot_rectifying_region, plot_wedges
from exactinj.plotting.convolution import collision_inches

mpl.use("Agg")

SLOW = ("conv-digits-zero-padded", "gaussian-n8-m56-injective")  # not decided for a picture
MOST_WEDGES = 2000
STEPS = 241
DOTS = 110  # of a picture, per inch
WIDE, SQUARE = (6.4, 3.6), (5.4, 5.0)
Picture = tuple[Any, str]  # the figure and its words


def picture_of(case: Case) -> Picture:
    """The figure of a case, and its words."""
    result = None if case.name in SLOW else _decided(case)
    if isinstance(case.layer, xi.ConvLayer):
        return _convolution(case, result)
    if isinstance(case.layer, xi.ReLULayer):
        return _dense(case, result)
    return _map(case, result)


def _decided(case: Case) -> xi.Result:
    return xi.certify(case.layer, domain=case.domain, input_shape=case.input_shape)


def _dense(case: Case, result: xi.Result | None) -> Picture:
    layer = case.layer
    if layer.n == 1:
        return _map(case, result)
    ball = isinstance(case.domain, xi.Ball)
    if layer.n == 2 and ball:
        figure, axes = plt.subplots(figsize=SQUARE, layout="constrained")
        plot_rectifying_region(layer, axes, domain=case.domain, pair=result.witness)
        return (
            figure,
            f"The disc {case.domain.text}, cut by {layer.m} lines; hatched where the active rows do not span.",
        )
    if layer.n == 2 or (layer.n == 3 and layer.b.is_zero()):
        figure, axes = plt.subplots(figsize=SQUARE, layout="constrained")
        plot_wedges(layer, axes, domain=case.domain, pair=result.witness)
        what = "plane" if layer.n == 2 else "sphere of directions"
        ending = "; two points with the same output are marked" if _pair(result) else ""
        return (
            figure,
            f"The {what}, cut into wedges by {layer.m} rows, coloured by the rank of the active ones{ending}.",
        )
    return _matrix(layer.W.fractions()) if _pair(result) is None else _bars(result)


def _bars(result: xi.Result) -> Picture:
    words = "Two inputs as bars, entry by entry, their difference, and the output that both have."
    return plot_pair(result, plt.figure(figsize=(6.4, 5.4), layout="constrained")), words


def _pair(result: xi.Result | None) -> xi.Collision | None:
    return None if result is None else result.witness


def _matrix(rows: Sequence[Sequence[Fraction]]) -> Picture:
    """Rows, each divided by its largest entry."""
    entries = np.array([[float(value / max(map(abs, row))) if any(row) else 0.0 for value in row] for row in rows])
    figure, axes = plt.subplots(figsize=WIDE, layout="constrained")
    image = axes.imshow(entries.T, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axes.set(xlabel="row", ylabel="input", title="W, each row divided by its largest entry")
    axes.yaxis.get_major_locator().set_params(integer=True)
    figure.colorbar(image, ax=axes)
    size = f"The {len(entries)} rows with {len(entries[0])} entries each"
    return figure, f"{size} as colours, blue below zero and red above."


def _convolution(case: Case, result: xi.Result | None) -> Picture:
    if _pair(result):
        figure = plt.figure(figsize=collision_inches(result.witness.shape), layout="constrained")
        kind = "signals" if len(result.witness.shape) == 2 else "images"
        return plot_collision(result, figure), f"Two {kind}, their difference, and the output that both have."
    if result is not None and isinstance(getattr(result.certificate, "proof", None), BoxesProof):
        figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
        plot_boxes(result, axes)
        return figure, "The boxes that cover a grid, one after the other, with the windows that each of them uses."
    return _kernels(case.layer)


def _kernels(layer: xi.ConvLayer) -> Picture:
    """The first input channel of up to sixteen kernels."""
    taps = layer.kernel_size
    kernels = np.array([[float(value) for value in row] for row in layer.kernels.fractions()[:16]])
    kernels = kernels[:, : prod(taps)].reshape(len(kernels), -1, taps[-1])
    columns = min(8, len(kernels))
    lines = -(-len(kernels) // columns)
    figure, panels = plt.subplots(lines, columns, figsize=(6.4, 1.0 + 0.9 * lines), squeeze=False, layout="constrained")
    most = float(abs(kernels).max())
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, kernel in zip(panels.flat, kernels, strict=False):
        axes.imshow(kernel, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
    figure.suptitle("kernels", fontsize=10)
    return figure, f"{len(kernels)} kernels as small images, blue below zero and red above."


def _map(case: Case, result: xi.Result | None) -> Picture:
    """Of a map of one or two inputs what it does to a line or a grid; otherwise the colliding pair."""
    n = case.layer.n
    outputs = len(case.layer.evaluate([0] * n))
    if n == 1 and outputs == 2:
        return _curve(case, result)
    if n == 1:
        return _graph(case, result)
    if n == 2 and outputs == 2:
        return _grid(case, result)
    if _pair(result) is None:
        return _matrix(
            case.layer.A.fractions() if isinstance(case.layer, xi.ResidualBlock) else case.layer.layers[0].W.fractions()
        )
    return _bars(result)


def _span(case: Case, result: xi.Result | None) -> tuple[float, float]:
    """What to draw of a line: the domain if it is bounded, else around the pair and the origin."""
    if isinstance(case.domain, xi.Box):
        return float(case.domain.lower), float(case.domain.upper)
    if isinstance(case.domain, xi.Ball):
        return -float(case.domain.radius), float(case.domain.radius)
    ends = [-2.0, 2.0] + ([float(v[0]) for v in (result.witness.x, result.witness.y)] if _pair(result) else [])
    room = 0.15 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room


def _values(case: Case, points: np.ndarray) -> np.ndarray:
    evaluate: Callable[[Any], Any] = case.layer.evaluate
    return np.array([[float(v) for v in evaluate([Fraction(float(c)) for c in point])] for point in points])


def _graph(case: Case, result: xi.Result | None) -> Picture:
    line = np.linspace(*_span(case, result), STEPS)
    values = _values(case, line[:, None])
    figure, axes = plt.subplots(figsize=WIDE, layout="constrained")
    for k, column in enumerate(values.T):
        axes.plot(line, column, label=f"output {k}", linestyle=("-", "--", "-.", ":")[k % 4])
    for name, marker in (("x", "o"), ("y", "s")) if _pair(result) else ():
        place = float(getattr(result.witness, name)[0])
        axes.plot([place] * values.shape[1], _values(case, np.array([[place]]))[0], marker, color="black", label=name)
    axes.set(xlabel="input", ylabel="output")
    axes.legend(fontsize=8)
    ending = "; two inputs with the same outputs are marked" if _pair(result) else ""
    return figure, f"The {values.shape[1]} outputs over the one input{ending}."


def _curve(case: Case, result: xi.Result | None) -> Picture:
    line = np.linspace(*_span(case, result), STEPS)
    figure, axes = plt.subplots(figsize=SQUARE, layout="constrained")
    values = _values(case, line[:, None])
    axes.plot(*values.T, color="#1f5fa8")
    for end in (0, -1):
        axes.annotate(f"{line[end]:g}", values[end], textcoords="offset points", xytext=(5, 5), fontsize=8)
    if _pair(result):
        axes.plot(*_values(case, np.array([[float(result.witness.x[0])]])).T, "o", color="#b03020", label="f(x) = f(y)")
        axes.legend()
    axes.set(xlabel="output 0", ylabel="output 1", title="where the line goes")
    ending = "; it crosses itself" if _pair(result) else "; it does not cross itself"
    return figure, f"The curve that the line of inputs becomes in the plane of outputs{ending}."


def _grid(case: Case, result: xi.Result | None) -> Picture:
    bounded = isinstance(case.domain, xi.Box)
    reach = (0.0, 1.0) if bounded else (-2.0, 2.0)
    if not bounded and _pair(result):
        most = max(abs(float(v)) for v in (*result.witness.x, *result.witness.y))
        reach = (-max(2.0, 1.2 * most), max(2.0, 1.2 * most))
    steady, along = np.linspace(*reach, 13), np.linspace(*reach, 61)
    figure, panels = plt.subplots(1, 2, figsize=(6.8, 3.6), layout="constrained")
    for k, colour in enumerate(("#1f5fa8", "#d98324")):
        for value in steady:
            points = np.column_stack([along, np.full(61, value)])[:, :: 1 if k else -1]
            panels[0].plot(*points.T, color=colour, linewidth=0.8)
            panels[1].plot(*_values(case, points).T, color=colour, linewidth=0.8)
    for name, marker in (("x", "o"), ("y", "s")) if _pair(result) else ():
        point = np.array([[float(v) for v in getattr(result.witness, name)]])
        panels[0].plot(*point.T, marker, color="black", label=name)
        panels[1].plot(*_values(case, point).T, marker, color="black")
    if _pair(result):
        panels[0].legend(fontsize=8)
    panels[0].set_title("inputs", fontsize=10)
    panels[1].set_title("where they go", fontsize=10)
    ending = "; two marked points land on one" if _pair(result) else ""
    return figure, f"A grid of inputs in the plane, and where the map takes it{ending}."
