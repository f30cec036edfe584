"""At how many rows half of the Gaussian layers are injective, against n, and how the probability grows there.

    python docs/figures/gaussian_curve.py [--out FOLDER] [--quick]

Draws the exact counts of docs/gaussian/data (made by docs/gaussian/counts.py) and closed formulas, and prints the
half-points and their extrapolations, which are estimates. With --quick it computes a few counts of its own instead.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from common import HERE, arguments, save
from matplotlib import pyplot as plt

from exactinj.gaussian import (
    CONJECTURED,
    FORMS,
    Approach,
    Counts,
    HalfPoint,
    estimate_curve,
    exact_half_point,
    exact_probability,
    extrapolate,
    find_half_point,
)

DATA = HERE.parent / "gaussian" / "data"
FITTED_FROM = 4  # smaller n are left out of the extrapolations
COVER = 3.0  # below it p goes to 0, as some halfspace has too few rows (Cover)
EULER, UNION = 8.34, 9.09  # where the expected Euler characteristic, and a union bound over wedges, turn
ENSEMBLES = {  # name of the data: label, marker, colour
    "gaussian": ("Gaussian, on R^n", "o", "#1f4e9c"),
    "signs": ("entries +1 and -1", "^", "#d95f02"),
    "sparse": ("half of the entries 0", "v", "#7570b3"),
    "bias01": ("bias of variance 0.1, unit ball", "s", "#66a61e"),
    "bias1": ("bias of variance 1, unit ball", "D", "#a6761d"),
    "nonneg": ("Gaussian, on the nonnegative orthant", "P", "#e7298a"),
}


def main() -> None:
    """Print and draw."""
    options = arguments(__doc__)
    points, curves = quick() if options.quick else stored()
    fits = [fit for form in FORMS if (fit := fitted(points["gaussian"], form)) is not None]
    for name, found in points.items():
        for point in found:
            print(
                f"{name:9} n = {point.n:2}: half-point {point.estimate:.2f} (95 %: {point.low:.2f} to {point.high:.2f})"
            )
    for fit in fits:
        limit = f"{fit.limit:.2f} +- {fit.standard_error:.2f}, chi^2 {fit.chi_square:.1f} for {fit.freedom}"
        print(f"extrapolated from n >= {FITTED_FROM} in {fit.form}: an estimate, {limit}")
    figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 5.6), layout="constrained")
    draw_half_points(left, points, fits)
    draw_curves(right, curves)
    save(figure, options.out, "gaussian_curve")


def stored() -> tuple[dict[str, list[HalfPoint]], list[Counts]]:
    """What docs/gaussian/data holds."""
    documents = {name: json.loads(path.read_text()) for name in ENSEMBLES if (path := DATA / f"{name}.json").exists()}
    points = {name: [half_point_from(entry) for entry in found["half_points"]] for name, found in documents.items()}
    return points, [Counts.from_json(entry) for entry in documents["gaussian"]["curves"]]


def half_point_from(entry: dict[str, Any]) -> HalfPoint:
    """One half-point of a file."""
    return HalfPoint(entry["n"], entry["estimate"], *entry["interval"], tuple(map(Counts.from_json, entry["points"])))


def quick() -> tuple[dict[str, list[HalfPoint]], list[Counts]]:
    """A few layers in one and two dimensions."""
    points = {"gaussian": [find_half_point(n, trials=40, seed=3) for n in (1, 2)]}
    return points, estimate_curve(2, (6, 8, 10), trials=20)


def fitted(points: list[HalfPoint], form: str) -> Approach | None:
    """An extrapolation, if there are points enough."""
    used = [point for point in points if point.n >= FITTED_FROM]
    return extrapolate(used, form) if len(used) > len(FORMS[form](np.ones(1))) + 1 else None


def draw_half_points(axes: Any, points: dict[str, list[HalfPoint]], fits: list[Approach]) -> None:
    """Ratios m_50(n) / n over 1/n, with intervals, thresholds as lines, extrapolations dotted."""
    for level, text, style in (
        (CONJECTURED, f"{CONJECTURED}, conjectured threshold", "-"),
        (EULER, f"{EULER}, expected Euler characteristic", ":"),
        (UNION, f"{UNION}, union bound: p goes to 1 above", "-."),
        (COVER, f"{COVER:.0f}, p goes to 0 below", "--"),
    ):
        axes.axhline(level, color="black", linewidth=0.8, linestyle=style)
        axes.text(0.5, level + 0.06, text, fontsize=8, ha="right")
    inverse = np.linspace(0.0, 1 / FITTED_FROM, 200)[1:]
    for fit, shade in zip(sorted(fits, key=lambda fit: fit.limit), ("0.75", "0.6", "0.4", "0.0"), strict=False):
        label = f"extrapolated in {fit.form}: {fit.limit:.2f}"
        axes.plot(inverse, fit.at(1 / inverse), color=shade, linewidth=1, linestyle=":", label=label)
    for k, (name, found) in enumerate(points.items()):
        label, marker, colour = ENSEMBLES[name]
        closed = [point for point in found if point.estimate is not None and point.width < float("inf")]
        x = np.array([1 / point.n + 0.0015 * (k - 2) for point in closed])
        y = np.array([point.estimate / point.n for point in closed])
        ends = np.array([[point.low / point.n, point.high / point.n] for point in closed]).T
        axes.errorbar(x, y, np.abs(ends - y), fmt=marker, color=colour, markersize=5, linewidth=1, label=label)
    axes.plot([1 / 2], [float(exact_half_point(2) / 2)], "_", color="black", markersize=16, label="exact, n = 2")
    axes.set_xlim(0, 0.53)
    axes.set_ylim(0.2, 9.6)
    ticks = [2, 3, 4, 5, 6, 8, 10, 20]
    axes.set_xticks([1 / n for n in ticks], [str(n) for n in ticks])
    axes.set_xlabel("n (scale 1/n)")
    axes.set_ylabel("m / n where half of the layers are injective")
    axes.set_title("half-points from exact decisions, 95 % intervals; dotted: extrapolations", fontsize=10)
    axes.legend(fontsize=8, loc="lower left", ncols=2)


def draw_curves(axes: Any, curves: list[Counts]) -> None:
    """Shares of injective layers over m / n, with the exact probability for n = 2."""
    for n in sorted({counts.n for counts in curves}):
        found = [counts for counts in curves if counts.n == n]
        ratios, shares = [counts.m / n for counts in found], [counts.share for counts in found]
        ends = np.array([counts.interval() for counts in found]).T
        colour = plt.get_cmap("viridis")((n - 2) / 7)
        axes.errorbar(
            ratios, shares, np.abs(ends - shares), fmt="o-", markersize=3, linewidth=0.9, color=colour, label=f"n = {n}"
        )
    rows = range(4, 17)
    axes.plot(
        [m / 2 for m in rows], [float(exact_probability(2, m)) for m in rows], "k--", linewidth=1, label="n = 2, exact"
    )
    axes.axvline(CONJECTURED, color="black", linewidth=0.8)
    axes.axhline(0.5, color="gray", linewidth=0.5)
    axes.set_xlabel("m / n")
    axes.set_ylabel("share of injective layers, each decided exactly")
    axes.set_title(f"Gaussian layers on R^n; the line is at {CONJECTURED}", fontsize=10)
    axes.legend(fontsize=8)


if __name__ == "__main__":
    main()
