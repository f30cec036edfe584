"""Figure 6.1 of [Eck24]: phase diagrams for bias 0 and 0.25, with exact verdicts up to n = 8 laid over.

    python docs/figures/fig_6_1.py [--out FOLDER] [--quick]

The bias 0.25 is shown twice, as the thesis does not say where its samples are: on the unit ball, where no such layer is
injective (no row is active at 0), and on the unit sphere, where exact verdicts do not exist. Results are kept in
``fig_6_1_*.jsonl`` beside the picture; run again to go on.
"""

from __future__ import annotations

from common import arguments, save
from matplotlib import pyplot as plt
from sweeps import draw_panel, near_transition, results_of, whole_grid

from exactinj.domains import Sphere
from exactinj.sweep import Bias, SweepPlan


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    quick, samples = options.quick, 500 if options.quick else 10_000
    cells, dense = whole_grid(quick=quick), near_transition(2, 10, quick=quick)
    trials = 1 if quick else 2
    zero, constant = Bias.parse("zero"), Bias.parse("constant:0.25")
    panels = {
        "zero": (
            "bias 0",
            [
                SweepPlan(cells, bias=zero, samples=samples, trials=trials),
                SweepPlan(dense, bias=zero, samples=samples, trials=2 if quick else 20),
            ],
        ),
        "ball": (
            "bias 0.25, samples in the unit ball",
            [SweepPlan(cells, bias=constant, samples=samples, trials=trials)],
        ),
        "sphere": (
            "bias 0.25, samples on the unit sphere",
            [SweepPlan(cells, bias=constant, samples=samples, trials=trials, domain=Sphere(1))],
        ),
    }
    figure, places = plt.subplots(1, 3, figsize=(19, 6), layout="constrained")
    for axes, (name, (title, plans)) in zip(places, panels.items(), strict=True):
        results = results_of(plans, options.out / f"fig_6_1_{name}{'_quick' * quick}.jsonl")
        draw_panel(axes, results, f"{title}\ntiles: estimate from {samples:,} samples")
    save(figure, options.out, "fig_6_1")


if __name__ == "__main__":
    main()
