"""Figure 5.2 of [Eck24]: randomised smoothing of Iris with sigma 0.1, 0.5 and 2, and what it does to p_I.

    python docs/figures/fig_5_2.py [--out FOLDER] [--quick]

The data are those of figure 5.1. For the numbers a third of the points is held back; alpha*(X) comes from samples near
the others, and p_I is the share of the points held back with n active rows: estimates, means over standard normal
layers with n = 3, m = 9.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from fig_5_1 import draw_cloud, iris_points
from matplotlib import pyplot as plt

from exactinj import ReLULayer, sample_alpha
from exactinj.sampling.data_samplers import Smoothing
from exactinj.sampling.measures import invertible_share
from exactinj.sampling.samplers import Sampler, UniformBall

SIGMAS = (0.1, 0.5, 2.0)
SHOWN = 600
COUNTS = (100, 1000, 10_000)
ROWS = 9
REACH = 5.0

Floats = np.ndarray


def main() -> None:
    """Draw, measure, print."""
    options = arguments(__doc__)
    data = iris_points()
    figure, panels = plt.subplots(1, 3, figsize=(14, 5.2), layout="constrained", subplot_kw={"projection": "3d"})
    for axes, sigma in zip(panels, SIGMAS, strict=True):
        draw_cloud(axes, Smoothing(data, sigma).points(SHOWN, 3, seed=52), data, REACH)
        axes.set_title(f"sigma = {sigma:g}")
    figure.suptitle(f"Randomised smoothing of Iris (red), {SHOWN} samples (grey)\n")
    order = np.random.default_rng(0).permutation(len(data))
    train, test = data[order[:100]], data[order[100:]]
    radius = float(np.linalg.norm(train, axis=1).max())
    samplers = {f"sigma = {sigma:g}": Smoothing(train, sigma) for sigma in SIGMAS}
    samplers[f"uniform, radius {radius:.1f}"] = UniformBall(radius)
    for name, sampler in samplers.items():
        shares = [mean_share(sampler, test, count, 2 if options.quick else 200) for count in COUNTS]
        text = ", ".join(f"{share:.4f} after {count}" for share, count in zip(shares, COUNTS, strict=True))
        print(f"{name}: estimate of p_I {text} samples")
    save(figure, options.out, "fig_5_2")


def mean_share(sampler: Sampler, test: Floats, samples: int, layers: int) -> float:
    """The mean of p_I over random layers."""
    shares = []
    for seed in range(layers):
        layer = ReLULayer(np.random.default_rng(seed).standard_normal((ROWS, 3)))
        alpha = sample_alpha(layer, sampler=sampler, samples=samples, seed=seed).values
        shares.append(invertible_share(layer, alpha, test).value)
    return float(np.mean(shares))


if __name__ == "__main__":
    main()
