"""All thresholds side by side, from the smallest to the largest, and the energies at one ratio."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from exactinj.gaussian.thresholds import (
    almeida_thouless,
    cover,
    euler,
    few_steps,
    full_rsb,
    gordon,
    mean_row,
    orthants,
    replica_symmetric,
    vertices,
)
from exactinj.gaussian.thresholds.parisi_state import geometric_steps
from exactinj.gaussian.thresholds.replica_symmetric import CAPACITY
from exactinj.gaussian.thresholds.threshold import Threshold

__all__ = ["LimitEnergies", "energies", "thresholds"]


def thresholds(k: int = 200) -> list[Threshold]:
    """Every threshold, in increasing order; k is the number of steps for full replica symmetry breaking."""
    found = [
        cover.threshold(),
        mean_row.threshold(),
        almeida_thouless.threshold(),
        vertices.printed_threshold(),
        full_rsb.threshold(k),
        *(few_steps.threshold(number) for number in (3, 2, 1)),
        gordon.threshold(),
        euler.threshold(),
        orthants.threshold(),
        vertices.threshold(),
        gordon.loose_threshold(),
    ]
    return sorted(found, key=lambda threshold: threshold.value)


@dataclass(frozen=True)
class LimitEnergies:
    """The least number of active rows divided by n at a ratio m / n, floats; below 1 a layer is not injective.

    The replica symmetric one is a lower bound, a theorem; one step and full replica symmetry breaking are conjectures.
    """

    ratio: float
    k: int
    replica_symmetric: float
    one_step: float
    full: float

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        return asdict(self)


def energies(ratio: float, k: int = 50) -> LimitEnergies:
    """At a ratio m / n up to 2, where all are 0 [Cov65], or from 2.05 on.

    Raises
    ------
    InputError
        If the ratio is not positive or between, or so large that the grid does not suffice.
    """
    if 0 < ratio <= CAPACITY:
        return LimitEnergies(ratio, k, 0.0, 0.0, 0.0)
    one = few_steps.solve_energy(ratio, 1).energy
    full = full_rsb.solve_energy(ratio, geometric_steps(k)).energy
    return LimitEnergies(ratio, k, replica_symmetric.energy(ratio), one, full)
