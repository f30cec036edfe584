"""Figure 3.1 of [Eck24]: where one row is active in the unit disc, for alpha = 0.25, 0 and -0.25.

    python docs/figures/fig_3_1.py [--out FOLDER] [--quick]

The row is (3/5, 4/5), of length 1; the thesis does not give its own. Whether the row is active at the origin is exact,
the share of the disc is an estimate.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import ReLULayer
from exactinj.plotting import plot_active_region
from exactinj.sampling.samplers import UniformBall

ROW = ["3/5", "4/5"]
ALPHAS = ("1/4", "0", "-1/4")
SAMPLES = 100_000


def main() -> None:
    """Decide, draw, print."""
    options = arguments(__doc__)
    points = UniformBall().points(1000 if options.quick else SAMPLES, 2, seed=1)
    figure, panels = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
    for axes, alpha in zip(panels, ALPHAS, strict=True):
        layer = ReLULayer([ROW], alpha=[alpha])
        plot_active_region(layer, 0, axes)
        draw_row(axes, layer.W.to_float()[0])
        axes.set_title(f"alpha = {float(-layer.b[0, 0]):g}")
        origin = "active" if layer.preactivation([0, 0])[0] >= 0 else "not active"
        share = np.mean(points @ layer.W.to_float()[0] + layer.b.to_float()[0, 0] >= 0)
        print(f"alpha = {alpha}: {origin} at the origin; estimate {share:.3f} of the disc, {len(points)} samples")
    figure.suptitle("Red: where the row w = (3/5, 4/5) is active, <x, w> >= alpha\n")
    save(figure, options.out, "fig_3_1")


def draw_row(axes: plt.Axes, row: np.ndarray) -> None:
    """The row as an arrow from the origin, in place of its number at the line."""
    for text in [text for text in axes.texts if text.get_text()]:
        text.remove()
    axes.annotate("", row, (0, 0), arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.6, "shrinkA": 0})
    axes.plot(0, 0, "o", color="black", markersize=4)
    axes.annotate("w", 1.1 * row, ha="center", va="center", fontsize=12)
    axes.set_axis_off()


if __name__ == "__main__":
    main()
