"""Mixed-integer programs as data, for whichever solver."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Constraint", "MixedProgram"]


@dataclass(frozen=True)
class Constraint:
    """``lower <= sum coefficient * variable <= upper``, the terms as pairs (variable, coefficient)."""

    terms: tuple[tuple[int, float], ...]
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True)
class MixedProgram:
    """Find any point: `bounds` per variable, the variables in `binary` are 0 or 1. No objective."""

    bounds: tuple[tuple[float, float], ...]
    binary: frozenset[int]
    constraints: tuple[Constraint, ...]
