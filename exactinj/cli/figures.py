"""Which picture an answer gets; where it has none, one line says so. Needs the extra ``plot``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Arc

from exactinj.biases.alpha import AlphaStar
from exactinj.biases.hull.bias import HullBias
from exactinj.certificates.every_size import BoxesProof
from exactinj.domains import Ball, Domain, NonnegativeBall, NonnegativeOrthant
from exactinj.errors import InputError
from exactinj.exact.numbers import nearest_float
from exactinj.exact.short import shortened
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.plotting import (
    plot_biases,
    plot_boxes,
    plot_collision,
    plot_critical_points,
    plot_hull,
    plot_pair,
    plot_rectifying_region,
    plot_wedges,
)
from exactinj.plotting.convolution import collision_inches
from exactinj.plotting.wedge_map import mapped_domain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exactinj.injectivity.result import Result

__all__ = ["figure_of_biases", "figure_of_result"]

PLANE, SPACE = 2, 3
TITLE = 10  # points
LONGEST_NAME = 40
SQUARE, LOW, WIDE = (7.0, 7.6), (8.0, 4.5), (12.0, 5.5)  # inches
CELL, EDGE = 0.45, 1.0  # inches of a place of a grid, and around the picture
LARGEST = (18.0, 20.0)
MOST_ROWS = 500  # of a layer whose wedges are drawn
INSIDE, ROOM = 0.05, 1.1  # of the radius, around a quarter of a disc


def figure_of_result(result: Result, name: str) -> Figure:
    """Wedges with the colliding pair where there is a map of them, else the pair as bars, signals or images.

    Raises InputError where there is nothing to draw; the message says what can be drawn.
    """
    if isinstance(result.layer, ConvLayer):
        return _of_convolution(result, result.layer, name)
    if isinstance(result.layer, DenseNetwork):
        if result.witness is not None:
            return _bars(result, name)
        raise InputError(f"nothing to draw: of networks, colliding pairs are drawn; this one is {_verdict(result)}")
    if isinstance(result.layer, ResidualBlock):
        if result.witness is None:
            raise InputError(
                f"nothing to draw: of a residual block colliding pairs are drawn; it is {_verdict(result)}"
            )
        return _bars(result, name)
    layer, region = result.layer, mapped_domain(result.layer, result.domain)
    if region is not None and layer.m <= MOST_ROWS:
        return _wedge_map(result, layer, region, name)
    if result.witness is not None:
        return _bars(result, name)
    if region is not None:
        raise InputError(f"nothing to draw: found m = {layer.m:,} rows, wedges are drawn up to {MOST_ROWS:,}")
    raise InputError(
        "nothing to draw: wedges are drawn for n = 2, and without bias around 0 for n = 3, colliding pairs for any n; "
        f"this layer is {_verdict(result)}, n = {layer.n}"
    )


def _wedge_map(result: Result, layer: ReLULayer, domain: Domain, name: str) -> Figure:
    figure = Figure(figsize=SQUARE, layout="constrained")
    axes = figure.add_subplot()
    try:
        if isinstance(domain, Ball):
            plot_rectifying_region(layer, axes, domain=domain, pair=result.witness)
        elif isinstance(domain, NonnegativeBall):
            _draw_quarter(axes, result, layer, nearest_float(domain.radius))
        else:
            plot_wedges(layer, axes, domain=domain, pair=result.witness)
    except InputError as error:
        if result.witness is None:
            raise InputError(f"nothing to draw: {error}") from None
        return _bars(result, name)
    axes.set_title(_title(result, name), fontsize=TITLE)
    return figure


def _draw_quarter(axes: Axes, result: Result, layer: ReLULayer, radius: float) -> None:
    """The wedges of the orthant with the border of the ball."""
    low, high = -INSIDE * radius, ROOM * radius
    plot_wedges(layer, axes, domain=NonnegativeOrthant(), limits=(low, high, low, high), pair=result.witness)
    axes.add_patch(Arc((0, 0), 2 * radius, 2 * radius, theta1=0, theta2=90, linewidth=1.6))


def _bars(result: Result, name: str) -> Figure:
    figure = Figure(figsize=(8.0, 6.5), layout="constrained")
    plot_pair(result, figure)
    figure.suptitle(_title(result, name), fontsize=TITLE)
    return figure


def _of_convolution(result: Result, layer: ConvLayer, name: str) -> Figure:
    proof = getattr(result.certificate, "proof", None)
    if result.witness is not None:
        return _of_colliding_inputs(result, name)
    if isinstance(proof, BoxesProof):
        return _of_boxes(result, layer.dimensions, name)
    raise InputError(
        "nothing to draw: colliding inputs are drawn, and proofs by boxes for every size; this layer is "
        f"{_verdict(result)}, proved otherwise"
        if result.certificate is not None
        else f"nothing to draw: the verdict is {_verdict(result)}"
    )


def _of_colliding_inputs(result: Result, name: str) -> Figure:
    shape = result.witness.shape if result.witness is not None else None
    if shape is None or len(shape) > SPACE:  # volumes
        return _bars(result, name)
    figure = Figure(figsize=collision_inches(shape), layout="constrained")
    plot_collision(result, figure)
    figure.suptitle(_title(result, name), fontsize=TITLE)
    return figure


def _of_boxes(result: Result, dimensions: int, name: str) -> Figure:
    """Each axis of the grid with its sub-boxes, on one scale."""
    figure = Figure(layout="constrained")
    panels = figure.subplots(dimensions, 1, squeeze=False)[:, 0]
    width, height = 0.0, 0.0
    for axis, axes in enumerate(panels):
        plot_boxes(result, axes, axis=axis)
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        width, height = max(width, right - left), height + high - low
        if dimensions > 1:
            axes.set_title(f"axis {axis}", fontsize=TITLE, loc="left")
    most_wide, most_high = LARGEST
    inches = max(width * CELL, 5.0) + EDGE, height * CELL + EDGE * (len(panels) + 0.5)
    figure.set_size_inches(min(inches[0], most_wide), min(inches[1], most_high))
    figure.suptitle(_title(result, name), fontsize=TITLE)
    return figure


def figure_of_biases(bias: AlphaStar | HullBias, name: str) -> Figure:
    """The value of every row; beside it the disc (n = 2 on a ball), the sphere or the hull (n = 3)."""
    if all(value is None for value in bias.alpha):
        raise InputError("nothing to draw: found no row with a value; give more time")
    figure = Figure(figsize=WIDE, layout="constrained")
    layer, region = bias.layer, bias.domain
    both = bias.complete and layer.n in (PLANE, SPACE)
    if isinstance(bias, HullBias) and both and layer.n == SPACE and bias.facets:
        plot_hull(bias, figure.add_subplot(1, 2, 2, projection="3d"))
    elif isinstance(bias, AlphaStar) and both and layer.n == SPACE:
        plot_critical_points(bias, figure.add_subplot(1, 2, 2))
    elif both and layer.n == PLANE and isinstance(region, Ball) and layer.m <= MOST_ROWS:
        axes = figure.add_subplot(1, 2, 2)
        plot_rectifying_region(bias.layer_with_bias(), axes, domain=region)
        axes.set_title("ReLU(Wx - alpha) with this bias", fontsize=TITLE)
    else:
        figure.set_size_inches(*LOW)
    plot_biases(bias, figure.add_subplot(1, 2, 1) if figure.axes else figure.add_subplot())
    figure.suptitle(_short_name(name), fontsize=TITLE)
    return figure


def _title(result: Result, name: str) -> str:
    return f"{_short_name(name)}: {_verdict(result)} on {shortened(result.domain.text)}"


def _verdict(result: Result) -> str:
    return str(result.verdict).replace("_", " ")


def _short_name(name: str) -> str:
    """The file without its folder; of standard input no name."""
    return "layer" if name == "-" else shortened(Path(name).name, LONGEST_NAME)
