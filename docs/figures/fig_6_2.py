"""Figure 6.2 of [Eck24]: phase diagrams for Gaussian biases of variance 0.1 and 1, with exact verdicts up to n = 8.

    python docs/figures/fig_6_2.py [--out FOLDER] [--quick]

Samples and verdicts are about the unit ball. Results are kept in ``fig_6_2_*.jsonl`` beside the picture; run again to
go on.
"""

from __future__ import annotations

from common import arguments, save
from matplotlib import pyplot as plt
from sweeps import draw_panel, near_transition, results_of, whole_grid

from exactinj.sweep import Bias, SweepPlan


def main() -> None:
    """Compute, print, draw."""
    options = arguments(__doc__)
    quick, samples = options.quick, 500 if options.quick else 10_000
    cells, dense = whole_grid(quick=quick), near_transition(1, 8, quick=quick)
    figure, places = plt.subplots(1, 2, figsize=(13, 6), layout="constrained")
    for axes, variance in zip(places, ("0.1", "1"), strict=True):
        bias = Bias.parse(f"gaussian:{variance}")
        plans = [
            SweepPlan(cells, bias=bias, samples=samples),
            SweepPlan(dense, bias=bias, samples=samples, trials=2 if quick else 6),
        ]
        results = results_of(plans, options.out / f"fig_6_2_{variance}{'_quick' * quick}.jsonl")
        draw_panel(axes, results, f"bias N(0, {variance}), unit ball\ntiles: estimate from {samples:,} samples")
    save(figure, options.out, "fig_6_2")


if __name__ == "__main__":
    main()
