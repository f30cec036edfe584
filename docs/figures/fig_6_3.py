"""Figures 6.3 and 6.4 of [Eck24]: p_I and p_H of a layer, epoch after epoch, on three data sets and for some m/n.

    python docs/figures/fig_6_3.py [--out FOLDER] [--quick] [--mnist FOLDER] [--cifar FOLDER]

Data, networks and every choice are in ``training_runs.py``. Both measures are taken on test points, 40 to 100 of
them, by `exactinj.torch.InjectivityMonitor`; means over some trainings that differ in their seed. On Iris the layer is
also decided exactly on R^n after each epoch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from common import folder_arguments, save
from matplotlib import pyplot as plt
from training_runs import Problem, Run, digits_problem, image_problem, iris_problem, train

from exactinj.torch import EpochRecord, InjectivityMonitor

POINTS = {4: 100, 64: 100}  # at most, by n; fewer where each costs more
FEWEST = 40
STYLES = {2: ("o", "#0072b2"), 3: ("s", "#d55e00"), 5: ("^", "#009e73")}


def main() -> None:
    """Compute, print, draw."""
    options = folder_arguments(__doc__)
    quick = options.quick
    torch.set_num_threads(1)
    panels = [
        (iris_problem, (2, 3) if quick else (2, 3, 5), 1 if quick else 5),
        (partial(digits_problem, options.mnist), (2,) if quick else (2, 3), 1 if quick else 3),
        (partial(image_problem, options.cifar), (2,) if quick else (2, 3), 1),
    ]
    figure, places = plt.subplots(2, 3, figsize=(14, 7), layout="constrained", sharey=True)
    for column, (make, redundancies, count) in zip(places.T, panels, strict=True):
        for redundancy in redundancies:
            problem = make(redundancy=redundancy)
            problem = replace(problem, choices=replace(problem.choices, epochs=2)) if quick else problem
            histories = [_history(problem, seed) for seed in range(count)]
            shares = {name: _means(histories, name) for name in ("p_I", "p_H")}
            _say(problem.name, redundancy, shares, histories)
            mark, colour = STYLES[redundancy]
            for axes, name in zip(column, ("p_I", "p_H"), strict=True):
                epochs = range(1, len(shares[name]) + 1)
                axes.plot(epochs, shares[name], f"{mark}-", ms=3, c=colour, label=f"m/n = {redundancy}")
        column[0].set_title(f"{problem.name}, {count} training{'s' * (count > 1)} each", fontsize=10)
        column[0].legend(fontsize=8)
        column[1].set_xlabel("epoch")
        for axes in column:
            axes.set_ylim(-0.03, 1.03)
            axes.grid(alpha=0.3)
    places[0, 0].set_ylabel("p_I on test points (6.3), estimate")
    places[1, 0].set_ylabel("p_H on test points (6.4), estimate")
    save(figure, options.out, "fig_6_3")


def _history(problem: Problem, seed: int) -> list[EpochRecord]:
    """Records of the layer after each epoch of a plain training."""
    monitors: list[InjectivityMonitor] = []

    def look(run: Run) -> None:
        if not monitors:
            monitors.append(InjectivityMonitor(run.layer, run.inputs, exact_up_to=4))
        monitors[0].inputs = run.inputs[: POINTS.get(run.layer.in_features, FEWEST)]
        monitors[0].measure()

    train(problem, "plain", seed, after_epoch=look)
    return monitors[0].records


def _means(histories: list[list[EpochRecord]], name: str) -> np.ndarray:
    return np.mean([[getattr(record, name) for record in records] for records in histories], axis=0)


def _say(name: str, redundancy: int, shares: dict[str, np.ndarray], histories: list[list[EpochRecord]]) -> None:
    ends = ", ".join(f"{key} {values[0]:.3f} to {values[-1]:.3f}" for key, values in shares.items())
    spans = ", ".join(f"{key} {values.min():.3f}-{values.max():.3f}" for key, values in shares.items())
    print(f"{name}, m/n = {redundancy}: estimates after the first and the last epoch {ends}; least and most {spans}")
    verdicts = Counter(record.verdict for records in histories for record in records if record.verdict is not None)
    if verdicts:
        looked = [record for records in histories for record in records]
        perfect = sum(record.p_I == 1 and record.verdict == "not_injective" for record in looked)
        print(f"  exactly, on R^n, of {len(looked)} epochs: {dict(verdicts)}; {perfect} not injective with p_I = 1")


if __name__ == "__main__":
    main()
