"""Figure 4.3 of [Eck24]: at how many unseen points MCBE would lower nothing, against the samples it has seen.

    python docs/figures/fig_4_3.py [--out FOLDER] [--quick]

As in the thesis, rows, samples and test points are uniform on the unit ball; every trial draws all three anew.
"""

from __future__ import annotations

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt

from exactinj import ReLULayer
from exactinj.sampling.measures import convergence_curve
from exactinj.sampling.samplers import UniformBall

REDUNDANCIES = (2.0, 3.3, 9.0)
LAST = {3: 10_000, 30: 100_000}  # samples
STEPS = 40


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    trials, tests = (3, 200) if options.quick else (20, 1000)
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True, layout="constrained")
    for axes, (n, last) in zip(panels, LAST.items(), strict=True):
        counts = np.unique(np.geomspace(1, last // 100 if options.quick else last, STEPS).astype(int))
        for colour, redundancy in zip(("tab:blue", "tab:orange", "tab:green"), REDUNDANCIES, strict=True):
            m = round(redundancy * n)
            curves = [_trial(n, m, tests, counts, trial) for trial in range(trials)]
            unchanged = np.array([curve.unchanged for curve in curves])
            invertible = np.array([curve.invertible for curve in curves])
            mean, spread = unchanged.mean(axis=0), unchanged.std(axis=0, ddof=1)
            axes.plot(counts, mean, color=colour, label=f"m/n = {redundancy:g} (m = {m}): no update")
            axes.fill_between(counts, mean - spread, np.minimum(mean + spread, 1), color=colour, alpha=0.2, lw=0)
            axes.plot(counts, invertible.mean(axis=0), color=colour, ls="--", lw=1)
            _tell(f"n = {n}, m = {m}", counts, mean, spread, invertible.mean(axis=0))
        axes.plot([], [], color="grey", ls="--", lw=1, label="dashed: n active rows")
        axes.set(xscale="log", xlabel="samples seen by MCBE", title=f"n = {n}", ylim=(-0.02, 1.02))
        axes.legend(loc="lower right", fontsize=8)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel(f"share of {tests} unseen points (estimate)")
    figure.suptitle(f"Convergence of MCBE, an estimate: mean and standard deviation of {trials} trials")
    save(figure, options.out, "fig_4_3")


def _trial(n: int, m: int, tests: int, counts: np.ndarray, trial: int):  # noqa: ANN202 - a ConvergenceCurve
    ball = UniformBall()
    layer = ReLULayer(ball.points(m, n, seed=10_000 + trial))
    unseen = ball.points(tests, n, seed=20_000 + trial)
    return convergence_curve(layer, ball, unseen, counts, seed=30_000 + trial)


def _tell(name: str, counts: np.ndarray, mean: np.ndarray, spread: np.ndarray, active: np.ndarray) -> None:
    reached = counts[np.argmax(mean >= 0.95)] if mean.max() >= 0.95 else None
    print(
        f"{name}: estimate {mean[-1]:.4f} +- {spread[-1]:.4f} without update after {counts[-1]:,} samples, "
        f"{active[-1]:.4f} with n active rows; 0.95 without update first at {reached} samples"
    )


if __name__ == "__main__":
    main()
