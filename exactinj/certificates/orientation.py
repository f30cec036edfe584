"""Proofs that a residual block keeps its orientation on every cell and takes one value exactly once.

The rule ``orientation`` of ``docs/certificates-network.md``: data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["OrientationProof"]


@dataclass(frozen=True)
class OrientationProof:
    """A tree that splits by the signs of the hidden units.

    Attributes
    ----------
    point : x at which no unit is 0; its value is taken nowhere else
    circuits : dependencies as pairs (unit, multiplier), multipliers not 0: these signs are impossible
    tokens : below 0 a split at the unit ``-t - 1``, 0 a cell, above 0 the circuit ``t - 1``
    """

    point: tuple[Fraction, ...]
    circuits: tuple[tuple[tuple[int, int], ...], ...]
    tokens: tuple[int, ...]
