"""Figure 5.3 of [Eck24]: Gaussian kernel density estimates, on a line with the single kernels, and in the plane.

    python docs/figures/fig_5_3.py [--out FOLDER] [--quick]

Ten petal lengths of Iris, and all petal lengths and widths, standardised; the thesis does not say what its data are.
The bandwidths are those that `KernelDensity` samples with, Scott's rule; the densities are floats. A grey histogram of
its samples (an estimate) shows that they follow the red line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt
from scipy.stats import gaussian_kde, norm

from exactinj.files.data_sets import iris, scaled
from exactinj.sampling.data_samplers import KernelDensity

RED, GREY = "#c02020", "0.45"
PLANE = (2, 3)  # petal length and width
FLOOR = -0.2  # of the box, where the data are

Floats = np.ndarray


def main() -> None:
    """Draw, print."""
    options = arguments(__doc__)
    data = scaled(iris()).points[:, PLANE]
    figure = plt.figure(figsize=(13, 5.4), layout="constrained")
    line = KernelDensity(data[::15, :1])
    draw_line(figure.add_subplot(1, 2, 1), line, 1000 if options.quick else 100_000)
    draw_plane(figure.add_subplot(1, 2, 2, projection="3d"), KernelDensity(data), 31 if options.quick else 121)
    save(figure, options.out, "fig_5_3")


def kernels(sampler: KernelDensity, places: Floats) -> Floats:
    """The densities (M, k) of the single kernels at places (k, n), each over M."""
    steps = places[None] - sampler.data[:, None]
    each: Floats = norm.pdf(steps, scale=sampler.root).prod(axis=-1) / len(sampler.data)
    return each


def draw_line(axes: plt.Axes, sampler: KernelDensity, count: int) -> None:
    """Single kernels dashed, their sum red, samples as a histogram."""
    places = np.linspace(-4, 4, 401)
    each = kernels(sampler, places[:, None])
    samples = sampler.points(count, 1, seed=53)[:, 0]
    axes.hist(samples, bins=80, range=(-4, 4), density=True, color="0.88", label=f"{count:,} samples")
    axes.plot(places, each.T, color=GREY, ls="--", lw=1)
    axes.plot([], [], color=GREY, ls="--", lw=1, label=f"single kernels, each over M = {len(each)}")
    axes.plot(places, each.sum(axis=0), color=RED, lw=2.2, label="kernel density estimate, their sum")
    axes.plot(sampler.data[:, 0], 0 * sampler.data[:, 0], "|", color="black", markersize=16, label="data")
    axes.set(xlabel="petal length, standardised", ylabel="density", xlim=(-4, 4), ylim=(0, 0.33))
    axes.legend(fontsize=9, loc="upper right")
    axes.set_title("One dimension: ten points")
    spread = sampler.data.std(ddof=1)
    gap = np.abs(gaussian_kde(sampler.data[:, 0])(places) - each.sum(axis=0)).max()
    far = np.abs(
        np.mean(samples[:, None] <= places, axis=0) - norm.cdf(places[None], sampler.data, sampler.root).mean(0)
    )
    print(f"line: bandwidth {sampler.root[0]:.4f} = M^(-1/5) sigma = {len(each) ** -0.2:.4f} * {spread:.4f}")
    print(f"  read as the matrix H of definition 5.2.1, so as a variance, it would be {np.sqrt(sampler.root[0]):.4f}")
    print(f"  scipy's gaussian_kde differs by at most {gap:.1e}")
    print(f"  the distribution of {count} samples differs by at most {far.max():.4f} (estimate)")


def draw_plane(axes: Any, sampler: KernelDensity, steps: int) -> None:
    """The sum of all kernels as a surface, the data on the floor."""
    ticks = np.linspace(-2.8, 2.8, steps)
    across, up = np.meshgrid(ticks, ticks)
    places = np.stack([across, up], axis=-1).reshape(-1, 2)
    density = kernels(sampler, places).sum(axis=0).reshape(across.shape)
    axes.plot_surface(across, up, density, cmap="viridis", rcount=60, ccount=60, lw=0, antialiased=True)
    axes.scatter(*sampler.data.T, FLOOR, s=7, color=RED, depthshade=False)
    axes.set(xlabel="petal length", ylabel="petal width", zlabel="density")
    axes.set_zlim(FLOOR, 1.02 * density.max())
    axes.set_zticks([0, 0.1, 0.2])
    axes.view_init(elev=22, azim=-70)
    axes.set_title(f"Two dimensions: {len(sampler.data)} points (red, on the floor)")
    whole = density.sum() * (ticks[1] - ticks[0]) ** 2
    print(f"plane: bandwidths {sampler.root.round(4)}, {len(sampler.data)} points; mass on the square {whole:.4f}")


if __name__ == "__main__":
    main()
