"""Figure 4.5 of [Eck24]: the asymptotic covering radius against the number of samples, beside true radii.

    python docs/figures/fig_4_5.py [--out FOLDER] [--quick]

Lines: the formula of Reznikov and Saff on the unit sphere of R^n, whose surface has dimension n - 1. Dotted: the same
with n in the place of n - 1, which is how the thesis prints it for points of R^n. Dots: true covering radii of samples,
with proven bounds that agree to 60 bits.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj.sampling.covering import asymptotic_covering_radius, covering_radius
from exactinj.sampling.samplers import UniformSphere

DIMENSIONS = (2, 3, 5, 10, 30, 100)
TRUE = (2, 3)  # the hull of many points takes long in higher dimension
COUNTS = (20, 50, 100, 300, 1000, 3000)


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    trials, true_counts = (2, COUNTS[:3]) if options.quick else (10, COUNTS)
    figure, axes = plt.subplots(figsize=(8.5, 6), layout="constrained")
    counts = np.geomspace(20, 1e7, 80).astype(int)
    for k, n in enumerate(DIMENSIONS):
        formula = [asymptotic_covering_radius(n, int(count)).value for count in counts]
        axes.plot(counts, formula, color=f"C{k}", label=f"n = {n}, asymptotic formula")
        print(f"n = {n}: formula {formula[0]:.3g} at {counts[0]} samples, {formula[-1]:.3g} at {counts[-1]:,}")
        if n in TRUE:
            printed = [asymptotic_covering_radius(n + 1, int(count)).value for count in counts]
            label = f"n = {n}, as printed in the thesis"
            axes.plot(counts, printed, color=f"C{k}", ls=":", lw=2.5, zorder=4, label=label)
            _draw_true(axes, n, f"C{k}", true_counts, trials)
    axes.axhline(np.sqrt(2), color="grey", lw=0.8)
    note = "sqrt(2), or more if an open half of the sphere has no samples"
    axes.text(25, 1.47, note, fontsize=8, color="grey", va="bottom")
    axes.set(xscale="log", yscale="log", xlabel="samples N", xlim=(counts[0] * 0.85, counts[-1]), ylim=(2e-6, 2.6))
    axes.set_ylabel("covering radius on the unit sphere of R^n (lines: a formula, no bound)")
    axes.set_title("Asymptotic covering radii, by a formula, and true ones of uniform samples")
    axes.legend(loc="lower left", fontsize=8)
    axes.grid(alpha=0.3)
    save(figure, options.out, "fig_4_5")


def _draw_true(axes: plt.Axes, n: int, colour: str, counts: tuple[int, ...], trials: int) -> None:
    places, radii = [], []
    for count, trial in product(counts, range(trials)):
        radius = covering_radius(UniformSphere().points(count, n, seed=10_000_000 * n + 1000 * count + trial))
        places.append(count)
        radii.append(float(radius.high))
    axes.scatter(places, radii, s=16, color=colour, edgecolors="black", lw=0.3, zorder=3, label=f"n = {n}, true radii")
    for count in counts:
        found = [radius for place, radius in zip(places, radii, strict=True) if place == count]
        formula = asymptotic_covering_radius(n, count).value
        thesis = asymptotic_covering_radius(n + 1, count).value
        above = sum(radius > formula for radius in found)
        print(
            f"  {count} samples: true {min(found):.4f} to {max(found):.4f}, mean {np.mean(found) / formula:.2f} of the "
            f"formula, {above} of {trials} above it; {np.mean(found) / thesis:.2f} of the thesis's"
        )


if __name__ == "__main__":
    main()
