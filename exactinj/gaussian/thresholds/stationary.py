"""Stationary overlaps of the Parisi formula, by fixed-point iteration.

The conditions of `parisi_formula` for a stationary value say ``1 / lambda(q_i) = 1 / lambda(q_0) + c sum_{j<=i}
x_(j-1) (M_j - M_(j-1))`` and ``q_0 = c M_0 lambda(q_0)^2``. Given M they give new overlaps and a new susceptibility,
by one root for lambda(q_0); given those, two sweeps give M again [MBBDN23]. Anderson's acceleration [And65] combines
the last iterations, in ``log(1 - q_i)`` and ``log chi``; where it goes far away, a plain iteration is made instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
from scipy.optimize import brentq

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.arrays import Floats
from exactinj.gaussian.thresholds.parisi_formula import Grid, Observables, observables
from exactinj.gaussian.thresholds.parisi_state import ParisiState

__all__ = ["RatioRule", "iterations", "updated"]

RatioRule = Callable[[ParisiState, Observables], float]
REMEMBERED = 6
FARTHEST = 1.0  # in logarithms, from a plain iteration
LARGEST = 100.0  # of logarithms
TINY = 1e-12


def iterations(state: ParisiState, rule: RatioRule, grid: Grid) -> Iterator[tuple[ParisiState, Observables, float]]:
    """States with their observables, and by how much a plain iteration changes an overlap; without end.

    ``rule`` says which ratio m / n a state is meant for.
    """
    memory = _Memory()
    while True:
        seen = observables(state, grid)
        plain = updated(state.steps, seen.fluctuations, rule(state, seen))
        yield state, seen, float(np.max(np.abs(plain.overlaps - state.overlaps)))
        state = memory.accelerated(state, plain)


def updated(steps: Floats, fluctuations: Floats, ratio: float) -> ParisiState:
    """The overlaps and the susceptibility for which these fluctuations would be stationary."""
    if not np.all(np.isfinite(fluctuations)):
        raise InputError(
            "found overlaps out of the range of floats, expected a ratio m / n further above 2 or smaller steps"
        )
    growth = np.append(0.0, np.cumsum(steps * np.diff(ratio * fluctuations)))
    first = ratio * fluctuations[0]

    def lambdas(largest: float) -> Floats:
        return np.asarray(1 / (1 / largest + growth))

    def excess(largest: float) -> float:
        return float(first * largest**2 - np.sum(np.diff(lambdas(largest)) / steps)) - 1

    most = 1.0
    while excess(most) < 0:
        most *= 2
    chosen = lambdas(float(brentq(excess, TINY, most, xtol=TINY, rtol=1e-14)))
    overlaps = 1 - np.append(np.cumsum((-np.diff(chosen) / steps)[::-1])[::-1], 0.0)
    return ParisiState(steps, overlaps, float(chosen[-1]))


class _Memory:
    """The last iterations, as vectors before and after a plain one."""

    def __init__(self) -> None:
        self.before: deque[Floats] = deque(maxlen=REMEMBERED)
        self.after: deque[Floats] = deque(maxlen=REMEMBERED)

    def accelerated(self, state: ParisiState, plain: ParisiState) -> ParisiState:
        """The combination of iterations that changes least, by least squares; the plain one where that goes far."""
        self.before.append(_packed(state))
        self.after.append(_packed(plain))
        after = np.array(self.after)
        changes = after - np.array(self.before)
        shares, *_ = np.linalg.lstsq(np.diff(changes, axis=0).T, changes[-1], rcond=1e-10)
        move = shares @ np.diff(after, axis=0)
        mixed = _unpacked(state.steps, after[-1] - move)
        if np.max(np.abs(move)) < FARTHEST and mixed.overlaps[0] > 0 and mixed.widths[-1] > 0:
            return mixed
        self.before.clear()
        self.after.clear()
        return plain


def _packed(state: ParisiState) -> Floats:
    return np.append(np.log1p(-state.overlaps[:-1]), np.log(state.chi))


def _unpacked(steps: Floats, vector: Floats) -> ParisiState:
    """Overlaps that would decrease are set to those before."""
    gaps = np.minimum.accumulate(vector[:-1].clip(max=0))
    return ParisiState(steps, np.append(-np.expm1(gaps), 1.0), float(np.exp(vector[-1].clip(max=LARGEST))))
