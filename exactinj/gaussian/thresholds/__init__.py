"""From which ratio m / n on is a random Gaussian layer injective? Theorems, conjectures, refutations for large n.

One file a theory, with its formula; `thresholds` lists what each says, `energies` and `solve_energy` give
ground-state energies of the spherical perceptron, `solve_threshold` the conjectured threshold, `convergence` how well
it is computed. All numbers are floats.
"""

from exactinj.gaussian.thresholds.convergence import ConvergenceRow, convergence
from exactinj.gaussian.thresholds.full_rsb import solve_energy, solve_threshold
from exactinj.gaussian.thresholds.parisi_formula import Grid
from exactinj.gaussian.thresholds.parisi_solution import ParisiSolution
from exactinj.gaussian.thresholds.parisi_state import ParisiState, geometric_steps, uniform_steps
from exactinj.gaussian.thresholds.table import LimitEnergies, energies, thresholds
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = [
    "ConvergenceRow",
    "Grid",
    "LimitEnergies",
    "ParisiSolution",
    "ParisiState",
    "Status",
    "Threshold",
    "convergence",
    "energies",
    "geometric_steps",
    "solve_energy",
    "solve_threshold",
    "thresholds",
    "uniform_steps",
]
