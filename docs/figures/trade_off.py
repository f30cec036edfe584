"""Accuracy and injectivity over the factor lambda of the loss term: a curve that [Eck24], section 7.2, asks for.

    python docs/figures/trade_off.py [--out FOLDER] [--quick] [--mnist FOLDER]

Data, networks and every choice but lambda are in ``training_runs.py``. On Iris (n = 4, m = 8) the term is computed with
alpha*(X) from samples and with the exact alpha* on the ball that holds the training points, without lowering the bias
in the end; the layers are decided exactly on that ball. On digits with samples only, where p_I is an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from common import folder_arguments, save
from matplotlib import pyplot as plt
from training_runs import Problem, digits_problem, iris_problem, train

from exactinj import Ball, certify
from exactinj.sampling.measures import invertible_share
from exactinj.work.verdict import Verdict

FACTORS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
POINTS = 100
EXACTLY = 5  # trainings with the exact alpha*, which takes a tenth of a second, each epoch
ACCURACY, SHARE, PROVED = "black", "#0072b2", "#009e73"


@dataclass(frozen=True)
class Spot:
    """Means over some trainings with one lambda; `injective` is the share proved injective on the ball, if asked."""

    factor: float
    accuracy: float
    p_I: float  # noqa: N815 (the name of the thesis)
    injective: float | None


def main() -> None:
    """Compute, print, draw."""
    options = folder_arguments(__doc__)
    torch.set_num_threads(1)
    quick = options.quick
    factors = (0.0, 1.0) if quick else FACTORS
    few, many = (1, 1) if quick else (3, 10)
    irises = [iris_problem(seed) for seed in range(many)]
    digit_sets = [digits_problem(options.mnist, seed) for seed in range(few)]
    if quick:
        irises, digit_sets = ([_short(problem) for problem in some] for some in (irises, digit_sets))
    figure, panels = plt.subplots(1, 3, figsize=(15, 4.5), layout="constrained", sharey=True)
    for axes, (problems, method, name) in zip(
        panels,
        (
            (irises, "regularised", "Iris, alpha*(X) from samples"),
            (irises[:EXACTLY], "exact", "Iris, exact alpha* on the ball"),
            (digit_sets, "regularised", f"{digit_sets[0].name}, alpha*(X) from samples"),
        ),
        strict=True,
    ):
        spots = [_spot(problems, method, factor, is_decided=problems is not digit_sets) for factor in factors]
        _say(name, spots)
        _draw(axes, spots)
        axes.set_title(f"{name}\nmeans of {len(problems)} trainings", fontsize=10)
    save(figure, options.out, "trade_off")


def _short(problem: Problem) -> Problem:
    return replace(problem, choices=replace(problem.choices, epochs=2))


def _spot(problems: Sequence[Problem], method: str, factor: float, *, is_decided: bool) -> Spot:
    accuracies, shares, proved = [], [], []
    for seed, problem in enumerate(problems):
        run = train(problem, method, seed, choices=replace(problem.choices, factor=factor), is_lowered=False)
        accuracies.append(run.accuracies[-1])
        shares.append(invertible_share(run.exact, run.alpha, run.inputs[:POINTS].double().numpy()).value)
        if is_decided:
            proved.append(certify(run.exact, domain=Ball(problem.radius)).verdict is Verdict.INJECTIVE)
    injective = float(np.mean(proved)) if proved else None
    return Spot(factor, float(np.mean(accuracies)), float(np.mean(shares)), injective)


def _say(name: str, spots: Sequence[Spot]) -> None:
    print(name)
    for spot in spots:
        exact = "" if spot.injective is None else f", proved injective on the ball: {spot.injective:.2f}"
        print(f"  lambda {spot.factor:g}: accuracy {spot.accuracy:.3f}, estimate p_I {spot.p_I:.3f}{exact}")


def _draw(axes: Any, spots: Sequence[Spot]) -> None:
    places = range(len(spots))
    axes.plot(places, [spot.accuracy for spot in spots], "o:", c=ACCURACY, label="accuracy on test points")
    axes.plot(places, [spot.p_I for spot in spots], "s-", c=SHARE, label="p_I on test points (estimate)")
    if spots[0].injective is not None:
        shares = [spot.injective for spot in spots]
        axes.plot(places, shares, "^--", c=PROVED, label="share proved injective on the ball")
    axes.set_xticks(places, [f"{spot.factor:g}" for spot in spots])
    axes.set(xlabel="lambda", ylim=(-0.03, 1.03))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.08), fontsize=8)


if __name__ == "__main__":
    main()
