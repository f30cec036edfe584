"""Full replica symmetry breaking: the ground-state energy and the injectivity threshold, a conjecture [MBBDN23].

Stationary overlaps are first sought on every second step, and so on. Where the threshold is asked for, the ratio is
``c = (1 + S / 2) / E`` in every iteration, which is where the energy f is 1: no search over ratios is needed.

f is stationary, so that an error d of the overlaps is one of order d^2 in f and c. As f is largest at the solution, c
is least: every step function gives a ratio above the one of full replica symmetry breaking, and more steps a lower
one.
"""

from __future__ import annotations

import numpy.typing as npt

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.parisi_formula import Grid
from exactinj.gaussian.thresholds.parisi_solution import (
    ParisiSolution,
    converged,
    fixed_ratio,
    ratio_at_unit_energy,
)
from exactinj.gaussian.thresholds.parisi_state import first_state, geometric_steps, refined, steps_of
from exactinj.gaussian.thresholds.stationary import RatioRule
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["MOST_ITERATIONS", "TOLERANCE", "solve_energy", "solve_threshold", "threshold"]

TOLERANCE = 1e-5
MOST_ITERATIONS = 500
FEWEST_STEPS = 10  # with which the threshold has three digits after the point
FEWEST_SPLIT = 12  # steps that are not halved any more
ROUGH = 1e-3  # tolerance on coarser steps


def solve_threshold(
    steps: npt.ArrayLike, *, grid: Grid | None = None, tolerance: float = TOLERANCE, most: int = MOST_ITERATIONS
) -> ParisiSolution:
    """The ratio m / n at which the energy over step functions with these steps x, shape (k,), is 1.

    Parameters
    ----------
    tolerance : of the overlaps; the ratio has an error of about the square of it
    most : iterations

    Raises
    ------
    InputError
        If the steps are not increasing numbers in (0, 25], or if the iterations or the grid do not suffice.
    """
    return _solve(steps, ratio_at_unit_energy, grid or Grid(), tolerance, most)


def solve_energy(
    ratio: float,
    steps: npt.ArrayLike,
    *,
    grid: Grid | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST_ITERATIONS,
) -> ParisiSolution:
    """The energy at a ratio m / n above 2; up to 2 it is 0, a theorem. Arguments and errors as of `solve_threshold`."""
    return _solve(steps, fixed_ratio(ratio), grid or Grid(), tolerance, most)


def threshold(k: int = 200) -> Threshold:
    """6.698, from k geometric steps.

    Raises
    ------
    InputError
        If there are fewer than 10.
    """
    if k < FEWEST_STEPS:
        raise InputError(f"found k = {k}, expected at least {FEWEST_STEPS} steps for full replica symmetry breaking")
    statement = (
        f"where the energy of full replica symmetry breaking is 1, with {k} steps; conjectured to be the threshold"
    )
    value = solve_threshold(geometric_steps(k)).ratio
    return Threshold("full replica symmetry breaking", value, Status.CONJECTURE, statement, "MBBDN23")


def _solve(steps: npt.ArrayLike, rule: RatioRule, grid: Grid, tolerance: float, most: int) -> ParisiSolution:
    levels = [steps_of(steps)]
    while len(levels[-1]) > FEWEST_SPLIT:
        levels.append(levels[-1][::-2][::-1])  # the largest step stays
    state = first_state(levels.pop())
    while levels:
        rough = converged(state, rule, grid, max(tolerance, ROUGH), most)
        state = refined(rough.state, levels.pop())
    return converged(state, rule, grid, tolerance, most)
