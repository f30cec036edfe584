"""Figures 7.3, 7.4 and 7.5, tables 7.2 and 7.3 of [Eck24]: what the loss term costs, and what it buys.

    python docs/figures/fig_7_3.py [--out FOLDER] [--quick] [--mnist FOLDER] [--cifar FOLDER]

Data, networks and every choice are in ``training_runs.py``. One training each, with the term and without: accuracy
over the epochs (7.3), images reconstructed from the output of the layer (7.4), the sets of lambda_- and lambda_+ of the
active rows (7.5), p_I (table 7.2) and the mean error of least squares on the rows with positive outputs (table 7.3), on
at most 100 test points. `certify` is asked about each layer on R^n, with a minute of time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from common import folder_arguments, save
from matplotlib import pyplot as plt
from training_runs import Problem, Run, digits_problem, image_problem, iris_problem, train

from exactinj import certify, stability_on_data
from exactinj.lipschitz.on_data import DataStability

POINTS, SHOWN = 100, 4
WAYS = {"regularised": ("#0072b2", "-"), "plain": ("black", ":")}
THESIS_P_I = {"regularised": (None, 0.73, 1), "plain": (None, 0, 0)}
THESIS_ERROR = {"regularised": (0.84, 0.79, 0.006), "plain": (2.02, 1.63, 57.87)}

Floats = np.ndarray


@dataclass(frozen=True)
class Outcome:
    """A training, the spectra of its layer at the points, and the points reconstructed."""

    run: Run
    spectra: DataStability
    points: Floats
    found: Floats

    @property
    def p_I(self) -> float:  # noqa: N802 (the name of the thesis)
        """Share of the points whose active rows span."""
        return 1 - self.spectra.not_spanning / len(self.points)

    @property
    def error(self) -> float:
        """Mean distance of a point and what least squares finds."""
        return float(np.linalg.norm(self.points - self.found, axis=1).mean())


def main() -> None:
    """Compute, print, draw."""
    options = folder_arguments(__doc__)
    torch.set_num_threads(1)
    makers = (iris_problem, partial(digits_problem, options.mnist), partial(image_problem, options.cifar))
    problems = [make() for make in makers]
    if options.quick:
        problems = [replace(problem, choices=replace(problem.choices, epochs=2)) for problem in problems]
    outcomes = [
        {way: _outcome(problem, way, k, quick=options.quick) for way in WAYS} for k, problem in enumerate(problems)
    ]
    _draw_accuracies(problems, outcomes, options.out)
    _draw_images(problems[1], outcomes[1], options.out)
    _draw_spectra(problems, outcomes, options.out)


def _outcome(problem: Problem, way: str, number: int, *, quick: bool) -> Outcome:
    run = train(problem, way, 0)
    points = run.inputs[: 10 if quick else POINTS].double().numpy()
    outcome = Outcome(run, stability_on_data(run.exact, points), points, _reconstructed(run, points))
    verdict = certify(run.exact, timeout=1 if quick else 60).verdict
    print(
        f"{problem.name}, {way}: accuracy {run.accuracies[-1]:.3f}, estimate p_I {outcome.p_I:.3f} "
        f"(thesis {THESIS_P_I[way][number]}), reconstruction error {outcome.error:.3g} (thesis "
        f"{THESIS_ERROR[way][number]}), median lambda_- {np.median(outcome.spectra.lowest):.3g}, lambda_+ "
        f"{np.median(outcome.spectra.highest):.3g}; exactly, on R^n: {verdict}"
    )
    return outcome


def _reconstructed(run: Run, points: Floats) -> Floats:
    """Least squares on the rows with positive outputs, of least norm where they do not span (section 7.3)."""
    weight, bias = run.layer.weight.detach().double().numpy(), run.layer.bias.detach().double().numpy()
    found = []
    for point in points:
        output = weight @ point + bias
        active = output > 0
        found.append(np.linalg.lstsq(weight[active], output[active] - bias[active], rcond=None)[0])
    return np.array(found)


def _draw_accuracies(problems: list[Problem], outcomes: list[dict[str, Outcome]], folder: Path) -> None:
    figure, panels = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axes, problem, both in zip(panels, problems[1:], outcomes[1:], strict=True):
        for way, outcome in both.items():
            colour, line = WAYS[way]
            curve = outcome.run.accuracies
            label = f"{way}, p_I {outcome.p_I:.2f} (estimate)"
            axes.plot(range(1, len(curve) + 1), curve, line, c=colour, label=label)
        axes.set(title=problem.name, xlabel="epoch", ylabel="accuracy on test points", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
    save(figure, folder, "fig_7_3")


def _draw_images(problem: Problem, both: dict[str, Outcome], folder: Path) -> None:
    """Normalised grey values on one scale for each image; the images that the plain layer loses most of."""
    side = round(problem.train[0].shape[1] ** 0.5)
    figure, places = plt.subplots(SHOWN, 3, figsize=(5.2, 1.7 * SHOWN), layout="constrained")
    columns = [both["regularised"].points, both["regularised"].found, both["plain"].found]
    lost = np.argsort(-np.linalg.norm(both["plain"].points - both["plain"].found, axis=1))
    for row, k in zip(places, lost[:SHOWN], strict=True):
        images = [column[k].reshape(side, side) for column in columns]
        low, high = images[0].min(), images[0].max()
        for axes, image in zip(row, images, strict=True):
            axes.imshow(image, cmap="gray", vmin=low, vmax=high)
            axes.set(xticks=[], yticks=[])
        for axes, image in zip(row[1:], images[1:], strict=True):
            axes.set_xlabel(f"off by {np.linalg.norm(image - images[0]):.2g}", fontsize=8)
    for axes, title in zip(places[0], ("original", "regularised", "plain"), strict=True):
        axes.set_title(title, fontsize=10)
    figure.suptitle(f"{problem.name}: reconstructed,\nwhere the plain layer is off most", fontsize=10)
    save(figure, folder, "fig_7_4")


def _draw_spectra(problems: list[Problem], outcomes: list[dict[str, Outcome]], folder: Path) -> None:
    figure, places = plt.subplots(2, len(problems), figsize=(14, 6), layout="constrained")
    for column, problem, both in zip(places.T, problems, outcomes, strict=True):
        for axes, name, symbol in zip(column, ("lowest", "highest"), ("lambda_-", "lambda_+"), strict=True):
            sets = [getattr(outcome.spectra, name) for outcome in both.values()]
            edges = np.histogram_bin_edges(np.concatenate(sets), bins=40)
            for (way, outcome), values in zip(both.items(), sets, strict=True):
                lacking = f", 0 at {outcome.spectra.not_spanning} of {len(values)}" * (name == "lowest")
                axes.hist(values, edges, color=WAYS[way][0], alpha=0.55, label=f"{way}{lacking}")
            axes.set(xlabel=f"{symbol} of the active rows")
            axes.legend(fontsize=8)
        column[0].set_title(problem.name, fontsize=10)
    places[0, 0].set_ylabel("set A: test points")
    places[1, 0].set_ylabel("set B: test points")
    save(figure, folder, "fig_7_5")


if __name__ == "__main__":
    main()
