"""Figure 4.4 of [Eck24]: rectified test points before and after subtracting a covering radius.

    python docs/figures/fig_4_4.py [--out FOLDER] [--quick]

100 layers with unit rows, 100 samples and 100 test points each, all uniform on the unit sphere. Two radii are
subtracted: the asymptotic formula, as in the thesis, and the true radius of the very samples. The second makes the
bias a theorem (`exactinj.sampling.covering`), so its box is 100 % by proof; the test points are estimates all the same.
Below each box: how many of the layers `exactinj.certify` proves injective on the unit ball, with positive entries of
the bias lowered to 0.
"""

from __future__ import annotations

import numpy as np
from common import arguments, draw_boxes, save
from matplotlib import pyplot as plt

from exactinj import Ball, ReLULayer, Verdict, certify, sample_alpha
from exactinj.domains import Sphere
from exactinj.sampling.covering import asymptotic_covering_radius, corrected_bias, covering_radius
from exactinj.sampling.measures import invertible_share
from exactinj.sampling.samplers import UniformSphere

SHAPES = ((2, 10), (3, 15))
SAMPLES = TESTS = 100
NAMES = ("none", "asymptotic formula", "true radius")


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    layers = 5 if options.quick else 100
    figure, panels = plt.subplots(1, 2, figsize=(11, 5.4), sharey=True, layout="constrained")
    for axes, (n, m) in zip(panels, SHAPES, strict=True):
        trials = [_trial(n, m, seed) for seed in range(layers)]
        shares = np.array([shares for shares, _, _ in trials])
        proved = np.array([proved for _, proved, _ in trials]).sum(axis=0)
        radii = np.array([radius for _, _, radius in trials])
        formula = asymptotic_covering_radius(n, SAMPLES).value
        labels = [f"{name}:\n{count} of {layers}\nproved injective" for name, count in zip(NAMES, proved, strict=True)]
        draw_boxes(axes, list(shares.T), labels)
        title = f"n = {n}, m = {m}\nradius: formula {formula:.3f}, true {radii.min():.3f} to {radii.max():.3f}"
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("subtracted from the sampled bias")
        print(f"n = {n}, m = {m}: formula {formula:.4f}, true radius {radii.min():.4f} to {radii.max():.4f}")
        print(f"  the true radius is above the formula in {(radii > formula).sum()} of {layers} trials")
        for name, column, count in zip(NAMES, shares.T, proved, strict=True):
            print(
                f"  {name}: estimate {column.mean():.4f} of test points rectified, least {column.min():.2f}; "
                f"{count} of {layers} proved injective on the ball"
            )
    panels[0].set_ylabel(f"share of {TESTS} test points rectified (estimate)")
    figure.suptitle(f"MCBE bias of {SAMPLES} samples on the unit sphere, {layers} layers with unit rows")
    save(figure, options.out, "fig_4_4")


def _trial(n: int, m: int, seed: int) -> tuple[list[float], list[bool], float]:
    sphere = UniformSphere()
    layer = ReLULayer(sphere.points(m, n, seed=10_000 + seed))
    samples, tests = sphere.points(SAMPLES, n, seed=seed), sphere.points(TESTS, n, seed=20_000 + seed)
    estimate = sample_alpha(layer, domain=Sphere(1), samples=SAMPLES, seed=seed)  # of the same samples
    radius = covering_radius(samples)
    asymptotic = estimate.values - asymptotic_covering_radius(n, SAMPLES).value
    biases = (estimate.values, asymptotic, corrected_bias(layer, estimate.values, samples, radius.high))
    shares = [invertible_share(layer, bias, tests).value for bias in biases]
    return shares, [_is_injective(layer, bias) for bias in biases], float(radius.high)


def _is_injective(layer: ReLULayer, bias: object) -> bool:
    lowered = [min(value, 0) for value in bias]  # type: ignore[attr-defined]
    biased = ReLULayer(layer.W.fractions(), alpha=lowered)
    return certify(biased, domain=Ball(1)).verdict == Verdict.INJECTIVE


if __name__ == "__main__":
    main()
