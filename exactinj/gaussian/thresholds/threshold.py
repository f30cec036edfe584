"""One number about the ratio m / n from which on a random Gaussian layer is injective, and what is known about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

__all__ = ["Status", "Threshold"]


class Status(StrEnum):
    """How much weight a number bears. p(m, n) is the probability that the layer is injective, n goes to infinity."""

    THEOREM_LOWER = "theorem lower"  # p goes to 0 below it, proved
    THEOREM_UPPER = "theorem upper"  # p goes to 1 above it, proved
    CONJECTURE = "conjecture"  # rests on a method of physics that is not proved here
    REFUTED = "refuted"  # contradicts a theorem
    MISPRINT = "misprint"  # printed, but not what its proof proves


@dataclass(frozen=True)
class Threshold:
    """A ratio m / n, a float with all its printed digits right, with what is claimed of it and who says so.

    >>> from exactinj.gaussian.thresholds import cover
    >>> cover.threshold().value
    3.0
    """

    name: str
    value: float
    status: Status
    statement: str
    source: str

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        return asdict(self)
