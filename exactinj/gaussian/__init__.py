"""Random layers ``x -> ReLU(W x - alpha)``: how likely they are injective, at finite n and in the limit.

Layers are drawn and decided exactly, one by one; probabilities that rest on such counts come with intervals, and
closed formulas are rationals.
"""

from exactinj.gaussian.approach import CONJECTURED, FORMS, Approach, extrapolate
from exactinj.gaussian.counts import Counts, count_decisions
from exactinj.gaussian.critical import Brackets, HalfPoint, half_point
from exactinj.gaussian.curve import estimate_curve, find_half_point
from exactinj.gaussian.depth import DepthCounts, estimate_depth
from exactinj.gaussian.energy import Energies, estimate_energy, fewest_active_rows
from exactinj.gaussian.formulas import (
    exact_half_point,
    exact_probability,
    expected_euler_characteristic,
    orthant_probability,
    probability_bounds,
    wendel_probability,
)
from exactinj.gaussian.probability import estimate_probability
from exactinj.gaussian.trials import Ensemble, Entries, Trial, decide_trial

__all__ = [
    "CONJECTURED",
    "FORMS",
    "Approach",
    "Brackets",
    "Counts",
    "DepthCounts",
    "Energies",
    "Ensemble",
    "Entries",
    "HalfPoint",
    "Trial",
    "count_decisions",
    "decide_trial",
    "estimate_curve",
    "estimate_depth",
    "estimate_energy",
    "estimate_probability",
    "exact_half_point",
    "exact_probability",
    "expected_euler_characteristic",
    "extrapolate",
    "fewest_active_rows",
    "find_half_point",
    "half_point",
    "orthant_probability",
    "probability_bounds",
    "wendel_probability",
]
