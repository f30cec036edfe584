"""Figure 4.1 of [Eck24]: the first three iterations of Monte Carlo Bias Estimation on the unit disc.

    python docs/figures/fig_4_1.py [--out FOLDER] [--quick]

Five unit rows and a seed of our own, as the thesis gives neither. ``alpha*(X)`` of the samples so far is selected
exactly; as a bias for the whole disc it is an estimate, from above. Grey arrows go from the line of a row before an
iteration to the one after it; a row without a line yet (alpha is infinite) comes from outside the disc.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import ReLULayer, alpha_on, alpha_star
from exactinj.plotting.disc import frame_disc
from exactinj.sampling.measures import convergence_curve
from exactinj.sampling.samplers import UniformBall

ANGLES = np.radians([75, 140, 215, 290, 350])
ROWS = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
SEED = 5
ITERATIONS = (1, 2, 3)
RED, GREY, DARK = "#c02020", "0.55", "0.15"
OUTSIDE = 1.1  # where lines of rows without a bias come from

Floats = np.ndarray


def main() -> None:
    """Estimate, draw, print."""
    options = arguments(__doc__)
    points = UniformBall().points(len(ITERATIONS), 2, seed=SEED)
    figure, panels = plt.subplots(1, 3, figsize=(13, 5), layout="constrained")
    before = np.full(len(ROWS), np.inf)
    for axes, k in zip(panels, ITERATIONS, strict=True):
        after = alpha_on(ROWS, points[:k]).values
        draw(axes, points[:k], before, after)
        axes.set_title(f"iteration {k}")
        print(f"iteration {k}, x = {points[k - 1].round(4)}: estimate alpha = {after.round(4)}")
        print(f"  lowered: rows {np.flatnonzero(after < before).tolist()}")
        before = after
    print(f"exact alpha* of the disc: {[f'{float(value):.4f}' for value in alpha_star(ROWS).alpha]}")
    count_needless(1000 if options.quick else 100_000)
    figure.suptitle("Monte Carlo Bias Estimation: samples red, the latest one large; grey arrows: lines that moved\n")
    save(figure, options.out, "fig_4_1")


def draw(axes: plt.Axes, points: Floats, before: Floats, after: Floats) -> None:
    """Lines where ``<x, w_i> = alpha_i``: dashed before an iteration, solid after it."""
    for i, row in enumerate(ROWS):
        moved = after[i] < before[i]
        if np.isfinite(before[i]) and moved:
            axes.plot(*chord(row, before[i]), color=GREY, ls="--", lw=1.1)
        if np.isfinite(after[i]):
            axes.plot(*chord(row, after[i]), color=DARK, lw=1.8 if moved else 1.1)
        if moved:
            draw_move(axes, row, min(before[i], OUTSIDE), after[i])
        axes.annotate(f"w{i}", 1.17 * row, ha="center", va="center", fontsize=11, color=DARK)
    axes.scatter(*points.T, s=[26] * (len(points) - 1) + [75], color=RED, zorder=5)
    frame_disc(axes, np.zeros(2), 1.0)
    axes.set_axis_off()


def draw_move(axes: plt.Axes, row: Floats, start: float, end: float) -> None:
    """Two arrows along the normal, on both sides of the middle of the line."""
    for side in (-0.3, 0.3):
        across = side * np.array([-row[1], row[0]])
        style = {"arrowstyle": "-|>", "color": GREY, "lw": 1.6, "shrinkA": 0, "shrinkB": 1}
        axes.annotate("", end * row + across, start * row + across, arrowprops=style)


def chord(row: Floats, alpha: float) -> tuple[Floats, Floats]:
    """The ends of the line of a unit row in the disc: both x, both y."""
    half = np.sqrt(max(0.0, 1 - alpha**2)) * np.array([-row[1], row[0]])
    x, y = np.stack([alpha * row - half, alpha * row + half]).T
    return x, y


def count_needless(count: int) -> None:
    """How often a next sample has two active rows already and would lower a bias all the same."""
    test = UniformBall().points(count, 2, seed=SEED + 1)
    curve = convergence_curve(ReLULayer(ROWS), UniformBall(), test, ITERATIONS, seed=SEED)
    for k, active, unchanged in zip(ITERATIONS, curve.invertible, curve.unchanged, strict=True):
        both = f"two active rows at an estimate of {active:.3f} of the disc, nothing to lower at {unchanged:.3f}"
        print(f"after {k}: {both} ({count} test points)")


if __name__ == "__main__":
    main()
