"""One refuter among many rows, proposed in floats: the active-set method for nonnegative least squares.

A refuter is ``lambda >= 0`` with ``sum lambda_i h_i = 0`` and ``sum lambda_i = 1`` over the rows of the layer. With the
rows ``a_i = (h_i, 1)`` (for rows of the domain ``(h_i, 0)``) these are the zeros of ``|A^T lambda - e|^2``, e the last
unit vector, which Lawson and Hanson minimise over ``lambda >= 0``: the row with the largest product with the residual
enters, rows whose multiplier would become negative leave. The entered rows stay independent, so that at most d + 1 of
them are left, d the length of h. A residual other than 0 is a separating direction: every row has product at most 0
with it, that is, its h-part is a point where all rows are negative.

Reference: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23. Cost: about d steps, each one product
of all rows with a vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Proposal", "Separation", "propose"]

Floats = NDArray[np.float64]

VANISHED = 1e-13  # length of a residual that counts as zero: only a proposal, proved later
CLOSE = 1e-6  # the same for d + 1 independent rows, which leave nothing but rounding
NO_GAIN = 1e-10
SMALLEST = 1e-18  # of a multiplier that stays
STEPS_PER_COLUMN = 20


@dataclass(frozen=True)
class Proposal:
    """Places of rows that should be a refuter."""

    support: NDArray[np.int64]


@dataclass(frozen=True)
class Separation:
    """A direction (d + 1,) that has no positive product with any row offered, up to rounding."""

    direction: Floats


def propose(
    A: Floats,
    offered: NDArray[np.int64],
    weights: Floats,
    target: Floats | None = None,
) -> Proposal | Separation | None:
    """A refuter among the offered rows, or a direction that separates them from 0; None if floats do not settle it.

    Parameters
    ----------
    A : (rows, d + 1) floats, the rows ``(h_i, 1)`` and ``(h_i, 0)``
    offered : places of rows that may be used
    weights : (rows,) positive
        Of equally good rows the one with the larger weight enters: how a packing keeps precious rows for later.
    target : (d + 1,), what the sum should be; e if left out
    """
    rows, preference = A[offered], weights[offered]
    if target is None:
        target = np.zeros(A.shape[1])
        target[-1] = 1.0
    chosen: list[int] = []
    is_chosen = np.zeros(len(offered), dtype=bool)
    values = np.zeros(0)
    residual = target
    for _ in range(STEPS_PER_COLUMN * A.shape[1]):
        length = float(np.linalg.norm(residual))
        if length < (CLOSE if len(chosen) == A.shape[1] else VANISHED):
            return Proposal(offered[chosen])
        gains = rows @ residual
        gains[is_chosen] = 0.0
        if not len(gains) or gains.max() <= NO_GAIN * length:
            return Separation(residual)
        entering = int((gains * preference).argmax())
        chosen.append(entering)
        is_chosen[entering] = True
        solved = _solved(rows, chosen, np.append(values, 0.0), target)
        if solved is None:
            return None
        chosen, values = solved
        is_chosen[:] = False
        is_chosen[chosen] = True
        residual = target - rows[chosen].T @ values
    return None


def _solved(rows: Floats, chosen: list[int], values: Floats, target: Floats) -> tuple[list[int], Floats] | None:
    """The chosen rows that keep positive multipliers in the least-squares solution, and these."""
    while True:
        part = rows[chosen]
        try:
            best = np.asarray(np.linalg.solve(part @ part.T, part @ target), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(best).all():
            return None
        if (best > 0).all():
            return chosen, best
        falling = best <= 0
        share = float(np.min(values[falling] / np.maximum(values[falling] - best[falling], np.finfo(float).tiny)))
        values = np.asarray(values + share * (best - values), dtype=np.float64)
        stays = values > SMALLEST
        if stays.all():
            stays[int(np.argmin(values))] = False
        chosen, values = [k for k, kept in zip(chosen, stays, strict=True) if kept], values[stays]
        if not chosen:
            return None
