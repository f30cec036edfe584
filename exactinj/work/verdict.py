"""What a decision comes to, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Statistics", "Verdict"]


class Verdict(StrEnum):
    """What `certify` found out."""

    INJECTIVE = "injective"
    NOT_INJECTIVE = "not_injective"
    UNKNOWN = "unknown"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Statistics:
    """Work done. `explored` is the part of the search tree that is closed, in [0, 1], a float; 1 once there is a proof.

    `proven_in_rationals` counts the steps that the floating filter left undecided.
    """

    nodes: int = 0
    refuters: int = 0
    proven_in_rationals: int = 0
    pivots: int = 0
    explored: float = 0.0
    seconds: float = 0.0
