"""Figure 5.1 of [Eck24]: Iris (red) and samples (grey): uniform, randomised smoothing, kernel density.

    python docs/figures/fig_5_1.py [--out FOLDER] [--quick]

The first three of the four measurements, as the thesis says n = 3; each with mean 0 and standard deviation 1. Uniform
samples are in the ball that just holds the data, smoothing has sigma 0.5; the thesis says neither. Distances are
estimates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt
from scipy.spatial import cKDTree

from exactinj.files.data_sets import iris, scaled
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.samplers import UniformBall

SAMPLES = 600
SIGMA = 0.5
RED, GREY = "#c02020", "0.6"
NAMES = ("sepal length", "sepal width", "petal length")

Floats = np.ndarray


def main() -> None:
    """Draw, print."""
    options = arguments(__doc__)
    data = iris_points()
    radius = float(np.linalg.norm(data, axis=1).max())
    samplers = {
        f"uniform in the ball of radius {radius:.1f}": UniformBall(radius),
        f"smoothing, sigma = {SIGMA:g}": Smoothing(data, SIGMA),
        "kernel density, Scott's rule": KernelDensity(data),
    }
    figure, panels = plt.subplots(1, 3, figsize=(14, 5.2), layout="constrained", subplot_kw={"projection": "3d"})
    for axes, (name, sampler) in zip(panels, samplers.items(), strict=True):
        points = sampler.points(1000 if options.quick else 100_000, 3, seed=51)
        draw_cloud(axes, points[:SAMPLES], data, 1.02 * radius)
        axes.set_title(name)
        print(f"{name}: {nearness(points, data)}")
    bandwidth = samplers["kernel density, Scott's rule"].root
    print(f"kernel density adds noise of standard deviation {bandwidth.round(4)}, smoothing {SIGMA:g}")
    figure.suptitle(f"Iris, first three coordinates, standardised (red), and {SAMPLES} samples (grey)\n")
    save(figure, options.out, "fig_5_1")


def iris_points() -> Floats:
    """The first three coordinates (150, 3), standardised."""
    return scaled(iris()).points[:, :3]


def nearness(points: Floats, data: Floats) -> str:
    """How far samples are from the nearest data point."""
    distances = cKDTree(data).query(points)[0]
    low, middle, high = np.quantile(distances, [0.1, 0.5, 0.9])
    return f"estimated distance to the nearest data point {middle:.2f} (median; 10 % {low:.2f}, 90 % {high:.2f})"


def draw_cloud(axes: Any, points: Floats, data: Floats, reach: float) -> None:
    """Samples and data in one cube; what lies outside of it is left out."""
    seen = points[(np.abs(points) <= reach).all(axis=1)]
    axes.scatter(*seen.T, s=7, color=GREY, alpha=0.55, lw=0, depthshade=False)
    axes.scatter(*data.T, s=11, color=RED, lw=0, depthshade=False)
    for name, setter, limit in zip(NAMES, "xyz", (axes.set_xlim, axes.set_ylim, axes.set_zlim), strict=True):
        limit(-reach, reach)
        getattr(axes, f"set_{setter}label")(name)
        getattr(axes, f"set_{setter}ticks")([-4, -2, 0, 2, 4] if reach > 4 else [-3, 0, 3])
    axes.set_box_aspect((1, 1, 1), zoom=0.92)
    axes.view_init(elev=18, azim=-55)


if __name__ == "__main__":
    main()
