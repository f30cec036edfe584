"""Thresholds of Gaussian layers: every bound on one axis, ground-state energies, convergence in k, overlaps.

    python docs/figures/gaussian_bounds.py [--out FOLDER] [--quick]

Pictures: ``gaussian-bounds``, ``gaussian-energies``, ``gaussian-convergence``, ``gaussian-overlaps``. Nothing is
sampled; all numbers are floats of closed formulas or of the Parisi formula with k steps.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np
from common import arguments, save
from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from exactinj.gaussian.thresholds import (
    Status,
    Threshold,
    convergence,
    few_steps,
    geometric_steps,
    replica_symmetric,
    solve_energy,
    thresholds,
)

COLOURS = {
    Status.THEOREM_LOWER: "#d95f02",
    Status.THEOREM_UPPER: "#1f4e9c",
    Status.CONJECTURE: "#7570b3",
    Status.REFUTED: "#888888",
    Status.MISPRINT: "#bbbbbb",
}
MARKERS = {
    Status.THEOREM_LOWER: ">",
    Status.THEOREM_UPPER: "<",
    Status.CONJECTURE: "o",
    Status.REFUTED: "x",
    Status.MISPRINT: "x",
}
RATIOS = (3.0, 5.0, 7.0, 9.0)
BRACKET = (6.6979, 6.6982)  # [MBBDN23], for k = 200


def main() -> None:
    """Draw all four."""
    options = arguments(__doc__)
    draw_bounds(options)
    draw_energies(options)
    draw_convergence(options)
    draw_overlaps(options)


def draw_bounds(options: Namespace) -> None:
    """A line for each number, theorems shaded."""
    listed = thresholds(10 if options.quick else 100)
    figure, axes = plt.subplots(figsize=(9, 5.2), layout="constrained")
    for status in Status:
        entries = [(entry.value, row) for row, entry in enumerate(reversed(listed)) if entry.status is status]
        axes.scatter(
            *zip(*entries, strict=True), marker=MARKERS[status], s=60, color=COLOURS[status], label=status, zorder=3
        )
    low = max(entry.value for entry in listed if entry.status is Status.THEOREM_LOWER)
    high = min(entry.value for entry in listed if entry.status is Status.THEOREM_UPPER)
    axes.axvspan(2.5, low, color=COLOURS[Status.THEOREM_LOWER], alpha=0.12, linewidth=0)
    axes.axvspan(high, 27, color=COLOURS[Status.THEOREM_UPPER], alpha=0.12, linewidth=0)
    for place, words in ((2.91, "not\ninjective,\nproved"), (13.6, "injective,\nproved")):
        axes.annotate(words, (place, -0.2), fontsize=9, ha="center")
    axes.set_yticks(range(len(listed)), [name_of(entry) for entry in reversed(listed)])
    axes.set_xscale("log")
    axes.set_xlim(2.5, 27)
    axes.xaxis.set_major_locator(FixedLocator((3, 4, 5, 6, 7, 8, 10, 15, 20, 25)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel("rows by inputs, m / n, for n to infinity")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="upper right", fontsize=9)
    for entry in listed:
        print(f"{entry.value:10.5f}  {entry.status:14} {entry.name}")
    save(figure, options.out, "gaussian-bounds")


def name_of(entry: Threshold) -> str:
    """The name and four digits."""
    return f"{entry.name}  {entry.value:.4f}".replace("replica symmetry breaking", "RSB")


def draw_energies(options: Namespace) -> None:
    """The three energies over the ratio, and how far the others stay below the full one."""
    ratios = np.linspace(2.1, 10, 5 if options.quick else 32)
    steps = geometric_steps(10 if options.quick else 30)
    full = np.array([solve_energy(ratio, steps).energy for ratio in ratios])
    one = np.array([few_steps.solve_energy(ratio, 1).energy for ratio in ratios])
    symmetric = np.array([replica_symmetric.energy(ratio) for ratio in ratios])
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    curves = (
        (symmetric, "replica symmetric, a lower bound", "--"),
        (one, "1 step of RSB", "-."),
        (full, "full RSB", "-"),
    )
    for values, name, style in curves:
        left.plot(ratios, values, style, label=name)
    left.axhline(1, color="black", linewidth=0.8, linestyle=":")
    left.annotate("above: injective", (2.2, 1.03), fontsize=9)
    left.set_ylabel("fewest active rows of any input, divided by n")
    left.legend(loc="lower right", fontsize=9)
    right.semilogy(ratios, (full - symmetric) / full, "--", label="replica symmetric")
    right.semilogy(ratios, (full - one) / full, "-.", color="C1", label="1 step of RSB")
    right.set_ylabel("share that is missing to full RSB")
    right.legend(loc="center right", fontsize=9)
    for axes in (left, right):
        axes.set_xlabel("rows by inputs, m / n")
        axes.grid(alpha=0.3)
    save(figure, options.out, "gaussian-energies")


def draw_convergence(options: Namespace) -> None:
    """Thresholds over k: best positions for few steps, geometric and equidistant ones for many."""
    few = [few_steps.solve_threshold(k).ratio for k in (1, 2, 3, 4)]
    ks = (10, 20) if options.quick else (10, 15, 20, 30, 50, 100, 200)
    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    families = {
        "best positions x": list(zip((1, 2, 3, 4), few, strict=True)),
        "geometric, x from 1 to 20": [(row.k, row.ratio) for row in convergence(ks)],
        "equidistant, x from 0.01 to 10": [
            (row.k, row.ratio) for row in convergence(ks, intervals=((0.01, 10.0),), geometric=False)
        ],
        "equidistant, x from 0.01 to 15": [
            (row.k, row.ratio) for row in convergence(ks, intervals=((0.01, 15.0),), geometric=False)
        ],
    }
    for marker, (name, rows) in zip("osD^", families.items(), strict=True):
        axes.plot(*zip(*rows, strict=True), marker=marker, markersize=5, label=name)
        print(name, *(f"{k}:{ratio:.6f}" for k, ratio in rows))
    axes.axhspan(*BRACKET, color="#888888", alpha=0.2, linewidth=0, label="published for k = 200")
    axes.set_xscale("log")
    axes.set_ylim(6.6977, 6.7007)
    axes.xaxis.set_major_locator(FixedLocator((2, 3, 4, 10, 20, 50, 100, 200)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_xlabel(f"steps k (one step at its best position: {few[0]:.4f}, above the picture)")
    axes.set_ylabel("ratio m / n at which the energy is 1")
    axes.legend(fontsize=9)
    axes.grid(alpha=0.3)
    save(figure, options.out, "gaussian-convergence")


def draw_overlaps(options: Namespace) -> None:
    """The curves q(x) at four ratios: replica symmetric (1 everywhere), one step, full."""
    figure, panels = plt.subplots(2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained")
    for axes, ratio in zip(panels.flat, RATIOS, strict=True):
        one, full = few_steps.solve_energy(ratio, 1), solve_energy(ratio, geometric_steps(10 if options.quick else 80))
        axes.axhline(1, color="C0", linestyle=":", label="replica symmetric: 1")
        draw_steps(axes, one.state.steps, one.state.overlaps, color="C1", linestyle="--", label="1 step")
        draw_steps(axes, full.state.steps, full.state.overlaps, color="C2", label="full")
        axes.set_title(f"m / n = {ratio:g}", fontsize=10)
        axes.set_xlim(0, 10)
        axes.set_ylim(0.69, 1.01)
        axes.grid(alpha=0.3)
    for axes in panels[1]:
        axes.set_xlabel("x, the position times the inverse temperature")
    for axes in panels[:, 0]:
        axes.set_ylabel("overlap q(x)")
    panels[0, 0].legend(loc="lower right", fontsize=9)
    save(figure, options.out, "gaussian-overlaps")


def draw_steps(axes: Any, steps: Any, overlaps: Any, **looks: Any) -> None:
    """q_0 up to x_0, q_1 up to x_1, and so on."""
    axes.stairs(overlaps, [0, *steps, 10 + steps[-1]], baseline=None, **looks)


if __name__ == "__main__":
    main()
