"""Figure 3.2 of [Eck24]: where three rows in the plane are alpha-rectifying, for alpha = 0.25, 0 and -0.25.

    python docs/figures/fig_3_2.py [--out FOLDER] [--quick]

The rows are unit vectors at 90, 210 and 330 degrees, up to rounding; the thesis does not give its own. They are full
spark, so that a point is in the set if two of them are active there. Colours are exact ranks; the red outline is where
the second largest of ``<x, w_i> - alpha`` is 0, from floats on a grid. Verdicts and alpha* are exact, shares estimates.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import Ball, ReLULayer, alpha_star, certify, frame_bounds
from exactinj.plotting import plot_rectifying_region
from exactinj.sampling.measures import invertible_share
from exactinj.sampling.samplers import UniformBall

ANGLES = np.radians([90, 210, 330])
ROWS = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]).round(12)
ALPHAS = (0.25, 0.0, -0.25)
SAMPLES = 100_000
RED = "#d01010"


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    points = UniformBall().points(1000 if options.quick else SAMPLES, 2, seed=32)
    figure, panels = plt.subplots(1, 3, figsize=(12.5, 5), layout="constrained")
    print(f"full spark: {frame_bounds(ReLULayer(ROWS)).is_full_spark}")
    for axes, alpha in zip(panels, ALPHAS, strict=True):
        layer = ReLULayer(ROWS, alpha=[alpha] * 3)
        result = certify(layer, domain=Ball(1))
        plot_rectifying_region(layer, axes, domain=Ball(1))
        draw_outline(axes, layer, 201 if options.quick else 801)
        axes.set_title(f"alpha = {alpha:g} in every row")
        print(f"alpha = {alpha:g}: on the disc {result.verdict}, {result.reason}")
        print(f"  rectifying at a share of the disc: {invertible_share(layer, [alpha] * 3, points)}")
    print(f"on the whole disc for alpha <= alpha* = {[f'{float(v):.6f}' for v in alpha_star(ReLULayer(ROWS)).alpha]}")
    figure.suptitle("Red outline: the largest set in the disc on which the three rows are alpha-rectifying")
    save(figure, options.out, "fig_3_2")


def draw_outline(axes: plt.Axes, layer: ReLULayer, steps: int) -> None:
    """The border of the set where two rows are active and ``|x| <= 1``."""
    ticks = np.linspace(-1.02, 1.02, steps)
    across, up = np.meshgrid(ticks, ticks)
    values = np.stack([across, up], axis=-1) @ layer.W.to_float().T + layer.b.to_float()[:, 0]
    second = np.sort(values, axis=-1)[..., -2]
    axes.contour(across, up, np.minimum(second, 1 - np.hypot(across, up)), levels=[0], colors=RED, linewidths=2.6)


if __name__ == "__main__":
    main()
