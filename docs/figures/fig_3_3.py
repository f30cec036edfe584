"""Figure 3.3 and example 3.2.1 of [Eck24]: the octahedron in the ball, and the vertices that are active at a point.

    python docs/figures/fig_3_3.py [--out FOLDER] [--quick]

The point is (2/7, 3/7, 6/7), of length 1. Active vertices, ranks, the verdict, alpha* and the spark are exact; only the
picture is in floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import alpha_star, certify, check, frame_bounds
from exactinj.casebook import find_case

OCTAHEDRON = find_case("octahedron").layer
POINT = (Fraction(2, 7), Fraction(3, 7), Fraction(6, 7))
PLACES = {
    "no coordinate 0": POINT,
    "one 0": (Fraction(3, 5), Fraction(4, 5), 0),
    "two 0": (1, 0, 0),
    "the origin": (0, 0, 0),
}
RED, GREY = "#c02020", "0.45"


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    result = certify(OCTAHEDRON)
    print(f"{result.verdict}: {result.reason} ({result.engine}); the checker: {check(result.certificate).valid}")
    for name, x in PLACES.items():
        print(f"{name}, x = {[str(value) for value in x]}: active vertices {active(x)}")
    for domain in ("ball:1", "sphere:1"):
        print(f"alpha* on {domain}: {[str(value) for value in alpha_star(OCTAHEDRON, domain=domain).alpha]}, exactly")
    print(f"full spark: {frame_bounds(OCTAHEDRON).is_full_spark}")
    figure = plt.figure(figsize=(6.4, 6.4), layout="constrained")
    draw(figure.add_subplot(projection="3d"))
    save(figure, options.out, "fig_3_3")


def active(x: Sequence[Any]) -> list[int]:
    """The rows with ``<x, w_i> >= 0``."""
    return [i for i, value in enumerate(OCTAHEDRON.preactivation(x)) if value >= 0]


def draw(axes: Any) -> None:
    """The ball, the octahedron, the point and its active vertices; what lies behind is paler."""
    rows = OCTAHEDRON.W.to_float()
    x, red = np.array([float(value) for value in POINT]), active(POINT)
    axes.view_init(elev=24, azim=36)
    draw_ball(axes)
    for i, j in combinations(range(len(rows)), 2):
        if rows[i] @ rows[j] == 0:
            both = i in red and j in red
            axes.plot(*rows[[i, j]].T, color=RED if both else GREY, lw=2 if both else 1.1)
    axes.add_collection3d(_face(rows[red]))
    for i, row in enumerate(rows):
        axes.scatter(
            *row, s=70, color=RED if i in red else "white", edgecolors=RED if i in red else GREY, depthshade=False
        )
        axes.text(*(1.2 * row), f"w{i}", color=RED if i in red else GREY, ha="center", va="center", fontsize=12)
    axes.plot(*np.stack([0 * x, x]).T, color="black", lw=1.5)
    axes.scatter(*x, s=40, color="black", depthshade=False)
    axes.text(*x, "x  ", fontsize=13, ha="right", va="center")
    axes.set_title("Red: the vertices with <x, w_i> >= 0")
    for setter in (axes.set_xlim, axes.set_ylim, axes.set_zlim):
        setter(-1, 1)
    axes.set_box_aspect((1, 1, 1), zoom=1.25)
    axes.set_axis_off()


def draw_ball(axes: Any) -> None:
    """The unit sphere as a veil, with three great circles."""
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    turn, height = np.meshgrid(np.linspace(0, 2 * np.pi, 61), np.linspace(0, np.pi, 31))
    sphere = np.sin(height) * np.cos(turn), np.sin(height) * np.sin(turn), np.cos(height)
    axes.plot_surface(*sphere, color="#7fa8d0", alpha=0.13, lw=0, antialiased=False)
    angles = np.linspace(0, 2 * np.pi, 121)
    circle = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    axes.add_collection3d(Line3DCollection([np.roll(circle, k, axis=1) for k in range(3)], colors="0.75", lw=0.8))


def _face(corners: np.ndarray) -> Any:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    return Poly3DCollection([corners], facecolor=RED, alpha=0.18)


if __name__ == "__main__":
    main()
