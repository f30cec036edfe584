"""Figure 7.2 and table 7.1 of [Eck24]: Iris with injectivity regularised, enforced, left alone; and decided.

    python docs/figures/fig_7_2.py [--out FOLDER] [--quick]

Data, networks and every choice are in ``training_runs.py``; 25 repetitions, each with its own split and start.
alpha*(X) is computed anew for every batch, from 100 new points of smoothing. A fourth way, which the thesis could not
go: the loss term with the *exact* alpha* on the ball that holds the training points, once an epoch, and ``alpha :=
min(alpha, alpha*)`` at the end. Each layer is decided exactly, on that ball, on the least box that holds
all data, and on R^n; certificates go through the checker.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import torch
from common import arguments, save
from matplotlib import pyplot as plt
from training_runs import METHODS, Problem, iris_problem, train

from exactinj import Ball, Box, Domain, RealSpace, ReLULayer, alpha_on, certify, check
from exactinj.sampling.measures import hamming_share, invertible_share

WAYS = (*METHODS, "exact")
THESIS = {"regularised": (0.98, 0.7), "enforced": (0.9, 1.0), "plain": (0.67, 0.16)}
STYLES = {
    "regularised": ("#0072b2", "-"),
    "enforced": ("#d55e00", "--"),
    "plain": ("black", ":"),
    "exact": ("#009e73", "-."),
}


@dataclass(frozen=True)
class Outcome:
    """One trained layer: p_I and p_H on the test points (estimates of what new points would give), and verdicts."""

    accuracies: list[float]
    p_I: float  # noqa: N815 (the names of the thesis)
    p_H: float  # noqa: N815
    verdicts: dict[str, str]


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    torch.set_num_threads(1)
    figure, panels = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained", sharey=True)
    for axes, n in zip(panels, (4, 3), strict=True):
        print(f"Iris with n = {n}, m = {2 * n}; the thesis's table 7.1 beside it, which says n = 3")
        for way in WAYS:
            outcomes = [_outcome(way, seed, n, quick=options.quick) for seed in range(2 if options.quick else 25)]
            _say(way, outcomes)
            curve = np.mean([outcome.accuracies for outcome in outcomes], axis=0)
            colour, line = STYLES[way]
            axes.plot(range(1, len(curve) + 1), curve, line, c=colour, label=way)
        axes.set(
            title=f"Iris, n = {n}, m = {2 * n}: mean of {len(outcomes)} repetitions", xlabel="epoch", ylim=(0.5, 1)
        )
        axes.grid(alpha=0.3)
        axes.legend()
    panels[0].set_ylabel("accuracy on test points")
    save(figure, options.out, "fig_7_2")


def _outcome(way: str, seed: int, n: int, *, quick: bool) -> Outcome:
    problem = iris_problem(seed, n=n)
    choices = replace(problem.choices, epochs=3) if quick else problem.choices
    run = train(problem, way, seed, choices=choices)
    layer, points = run.exact, run.inputs.double().numpy()
    p_H = hamming_share(run.alpha, alpha_on(layer, points)).value
    domains = {"R^n": RealSpace(), "ball": Ball(problem.radius), "box": _box(problem)}
    verdicts = {name: _decided(layer, domain) for name, domain in domains.items()}
    return Outcome(run.accuracies, invertible_share(layer, run.alpha, points).value, p_H, verdicts)


def _decided(layer: ReLULayer, domain: Domain) -> str:
    """The verdict, whose evidence the checker has accepted."""
    result = certify(layer, domain=domain)
    checked = check(result.certificate, layer)
    if not checked.valid:
        raise RuntimeError(f"the checker refuses a certificate: {checked.reason}")
    return str(result.verdict)


def _box(problem: Problem) -> Box:
    points = torch.cat([problem.train[0], problem.test[0]]).double()
    return Box(points.amin(dim=0).tolist(), points.amax(dim=0).tolist())


def _say(way: str, outcomes: list[Outcome]) -> None:
    p_I, p_H = (float(np.mean([getattr(o, name) for o in outcomes])) for name in ("p_I", "p_H"))
    beside = "thesis p_I {} p_H {}".format(*THESIS[way]) if way in THESIS else "not in the thesis"
    accuracy = np.mean([o.accuracies[-1] for o in outcomes])
    print(f"  {way}: estimates p_I {p_I:.3f}, p_H {p_H:.3f} ({beside}), accuracy {accuracy:.3f}")
    for domain in outcomes[0].verdicts:
        counts = Counter(o.verdicts[domain] for o in outcomes)
        print(f"    exactly, on {domain}: {dict(counts)}")
    blind = sum(o.p_I == 1 and o.verdicts["ball"] == "not_injective" for o in outcomes)
    print(f"    p_I = 1 and proved not injective on the ball: {blind} of {len(outcomes)}")


if __name__ == "__main__":
    main()
