"""Replica symmetry broken k times: the Parisi formula with few steps, at the best positions x. A conjecture [MBBDN23].

One step gives 6.7157, two 6.7004, three 6.6987. The overlaps are stationary at every x (`stationary`), so that the
derivative of the energy f by ``x_i`` is the one at fixed overlaps. With ``L_i = lambda(q_i)``, ``w_i = q_(i+1) -
q_i`` and the mean potentials p_i,

    df/dx_i = -c (p_(i+1) - p_i) / x_i - dS/dx_i / 2,
    dS/dx_i = -log(L_i / L_(i+1)) / x_i^2 + w_i sum_{j<=i} dS/dL_j,
    dS/dL_j = (1 / x_j - 1 / x_(j-1)) / L_j,    with q_0 / L_0 instead of 1 / x_(-1).

Quasi-Newton steps in ``log x_0`` and ``log(x_i - x_(i-1))`` follow it, from positions around the best one of a single
step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.arrays import Floats
from exactinj.gaussian.thresholds.parisi_formula import Grid
from exactinj.gaussian.thresholds.parisi_solution import (
    ParisiSolution,
    converged,
    fixed_ratio,
    ratio_at_unit_energy,
)
from exactinj.gaussian.thresholds.parisi_state import ParisiState, first_state
from exactinj.gaussian.thresholds.stationary import RatioRule
from exactinj.gaussian.thresholds.threshold import Status, Threshold

__all__ = ["MOST_STEPS", "slopes", "solve_energy", "solve_threshold", "threshold"]

MOST_STEPS = 4
ONE_STEP = 3.3  # where the descent starts with one step
SPREAD, QUOTIENT = 0.8, 1.6  # with more: around the best position of one
TOLERANCE = 1e-8  # of the overlaps
SLOPE = 1e-8
MOST_ITERATIONS = 2000
SMALLEST_RATIO, SMALLEST_RATIO_FOR_MORE = 2.05, 2.5

Aim = Callable[[ParisiSolution], tuple[float, float]]


def solve_threshold(k: int, *, grid: Grid | None = None) -> ParisiSolution:
    """The ratio m / n at which the energy with k steps is 1, 1 <= k <= 4: the least over all positions of the steps.

    Raises
    ------
    InputError
        If k is not 1, 2, 3 or 4.
    """
    return _best(
        k, ratio_at_unit_energy, lambda found: (found.ratio, 1 / found.observables.interaction), grid or Grid()
    )


def solve_energy(ratio: float, k: int, *, grid: Grid | None = None) -> ParisiSolution:
    """The energy with k steps at a ratio m / n, for 1 <= k <= 4: the largest over all positions of the steps.

    Raises
    ------
    InputError
        If k is not 1, 2, 3 or 4, or the ratio below 2.05 (k = 1) or 2.5, as steps grow without bound towards 2.
    """
    smallest = SMALLEST_RATIO if k == 1 else SMALLEST_RATIO_FOR_MORE
    if not ratio >= smallest:
        raise InputError(f"found the ratio m / n = {ratio} with k = {k}, expected at least {smallest}")
    return _best(k, fixed_ratio(ratio), lambda found: (-found.energy, 1.0), grid or Grid())


def threshold(k: int) -> Threshold:
    """6.7157 for k = 1, 6.7004 for k = 2."""
    statement = f"where the energy is 1 with replica symmetry broken {k} time{'s' * (k > 1)}; above the full one"
    value = solve_threshold(k).ratio
    return Threshold(f"{k}-step replica symmetry breaking", value, Status.CONJECTURE, statement, "MBBDN23")


def slopes(found: ParisiSolution) -> Floats:
    """``df/dx_i`` at the overlaps of the solution, shape (k,)."""
    x, lambdas, state = found.state.steps, found.state.lambdas, found.state
    before = np.append(state.overlaps[0] / lambdas[0], 1 / x[:-1])
    by_lambda = (1 / x - before) / lambdas[:-1]
    entropic = -np.log(lambdas[:-1] / lambdas[1:]) / x**2 + state.widths * np.cumsum(by_lambda)
    return np.asarray(-found.ratio * np.diff(found.observables.potentials) / x - entropic / 2)


def _best(k: int, rule: RatioRule, value_and_factor: Aim, grid: Grid) -> ParisiSolution:
    """The least value over all positions; its derivative is ``-factor df/dx``."""
    if not 1 <= k <= MOST_STEPS:
        raise InputError(f"found k = {k}, expected 1 to {MOST_STEPS} steps; for more, choose their positions yourself")
    best = _descent(np.array([ONE_STEP]), rule, value_and_factor, grid)
    if k == 1:
        return best
    return _descent(best.state.steps * SPREAD * QUOTIENT ** np.arange(k), rule, value_and_factor, grid)


def _descent(steps: Floats, rule: RatioRule, value_and_factor: Aim, grid: Grid) -> ParisiSolution:
    """From these positions."""
    state = first_state(steps)

    def solved(logs: Floats) -> ParisiSolution:
        nonlocal state
        start = ParisiState(np.cumsum(np.exp(logs)), state.overlaps, state.chi)
        found = converged(start, rule, grid, TOLERANCE, MOST_ITERATIONS)
        state = found.state
        return found

    def objective(logs: Floats) -> tuple[float, Floats]:
        found = solved(logs)
        value, factor = value_and_factor(found)
        by_step = -factor * slopes(found)
        return value, np.cumsum(by_step[::-1])[::-1] * np.exp(logs)

    first = np.log(np.diff(steps, prepend=0.0))
    return solved(minimize(objective, first, jac=True, method="BFGS", options={"gtol": SLOPE}).x)
