"""A stationary point of the Parisi formula at given steps, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.parisi_formula import Grid, Observables
from exactinj.gaussian.thresholds.parisi_state import ParisiState
from exactinj.gaussian.thresholds.replica_symmetric import CAPACITY
from exactinj.gaussian.thresholds.stationary import RatioRule, iterations

__all__ = ["ParisiSolution", "converged", "fixed_ratio", "ratio_at_unit_energy"]


@dataclass(frozen=True)
class ParisiSolution:
    """Stationary overlaps at a ratio m / n, floats.

    ratio : m / n; where a threshold was asked for, the one at which the energy is 1
    energy : the conjectured least number of active rows divided by n
    active_energy : a second estimate, m / n times the mass of active rows; it differs by how far x is from stationary
    state : x, q and chi
    observables : what the two sweeps saw of them
    iterations, change : how many at the end, and by how much a further one would change an overlap
    """

    ratio: float
    energy: float
    active_energy: float
    state: ParisiState
    observables: Observables
    iterations: int
    change: float

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        overlaps = {"x": self.state.steps.tolist(), "q": self.state.overlaps.tolist(), "chi": self.state.chi}
        return {"ratio": self.ratio, "energy": self.energy, "active_energy": self.active_energy, **overlaps}


def ratio_at_unit_energy(state: ParisiState, seen: Observables) -> float:
    """The ratio at which the formula gives 1 for this state: f = c E - S / 2 is linear in c."""
    return (1 + state.entropy / 2) / seen.interaction


def fixed_ratio(ratio: float) -> RatioRule:
    """The same ratio for every state.

    Raises
    ------
    InputError
        If it is not above 2: up to 2 the energy is 0, a theorem.
    """
    if not CAPACITY < ratio < float("inf"):
        raise InputError(f"found the ratio m / n = {ratio}, expected one above 2, where the energy is positive")
    return lambda _state, _seen: ratio


def converged(start: ParisiState, rule: RatioRule, grid: Grid, tolerance: float, most: int) -> ParisiSolution:
    """Iterate until a plain iteration changes no overlap by more than the tolerance.

    Raises
    ------
    InputError
        If so many iterations do not suffice, or if the grid does not.
    """
    change = float("inf")
    for count, (state, seen, change) in enumerate(islice(iterations(start, rule, grid), most), start=1):
        if change < tolerance:
            return _solution(state, seen, rule(state, seen), count, change)
    raise InputError(
        f"found overlaps that still change by {change:.1e} after {most} iterations, expected a change below "
        f"{tolerance:.1e}; allow more iterations, a larger tolerance, or a smaller last step"
    )


def _solution(state: ParisiState, seen: Observables, ratio: float, count: int, change: float) -> ParisiSolution:
    energy = ratio * seen.interaction - state.entropy / 2
    return ParisiSolution(ratio, energy, ratio * seen.active, state, seen, count, change)
