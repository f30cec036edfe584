"""A step function of overlaps at temperature 0: what the Parisi formula is evaluated on.

``q(x) = q_0`` for x below ``x_0``, ``q_i`` between ``x_(i-1)`` and ``x_i``, and 1 above ``x_(k-1)``: k steps, k + 1
overlaps. x is the usual position times the inverse temperature, and chi, the susceptibility, is (1 - q(1)) times the
same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from exactinj.errors import InputError
from exactinj.gaussian.thresholds.arrays import Floats

__all__ = ["LARGEST_STEP", "ParisiState", "first_state", "geometric_steps", "refined", "steps_of", "uniform_steps"]

LARGEST_STEP = 25.0  # exp(-x) has to stand out from the rounding errors of sums of numbers up to 1


@dataclass(frozen=True)
class ParisiState:
    """Steps x, increasing and positive, shape (k,); overlaps q, not decreasing, up to 1, shape (k + 1,); chi > 0."""

    steps: Floats
    overlaps: Floats
    chi: float

    @cached_property
    def widths(self) -> Floats:
        """``q_i - q_(i-1)`` for i = 1, ..., k."""
        return np.diff(self.overlaps)

    @cached_property
    def lambdas(self) -> Floats:
        """``lambda(q_i) = chi + sum_{j>i} x_(j-1) (q_j - q_(j-1))``, shape (k + 1,)."""
        parts = np.append(self.steps * self.widths, self.chi)
        return np.asarray(np.cumsum(parts[::-1])[::-1])

    @cached_property
    def entropy(self) -> float:
        """``q_0 / lambda(q_0) + integral of dq / lambda(q)`` over q from q_0 to 1."""
        lambdas = self.lambdas
        return float(self.overlaps[0] / lambdas[0] + np.sum(np.log(lambdas[:-1] / lambdas[1:]) / self.steps))


def uniform_steps(k: int, *, start: float = 0.01, stop: float = 10.0) -> Floats:
    """Equidistant steps, as in [MBBDN23]."""
    return steps_of(np.linspace(start, stop, _count(k)))


def geometric_steps(k: int, *, start: float = 1.0, stop: float = 20.0) -> Floats:
    """Steps with a constant quotient: few where q(x) is close to 1."""
    if not start > 0:
        raise InputError(f"found steps that start at {start}, expected a positive number")
    return steps_of(np.geomspace(start, stop, _count(k)))


def _count(k: int) -> int:
    if k < 1:
        raise InputError(f"found k = {k}, expected at least 1 step")
    return k


def steps_of(values: npt.ArrayLike) -> Floats:
    """Steps, seen to be increasing, positive and at most 25."""
    steps = np.array(values, dtype=np.float64)
    if steps.ndim != 1 or not steps.size or not np.all(np.diff(steps, prepend=0.0) > 0) or steps[-1] > LARGEST_STEP:
        raise InputError(f"found the steps {steps}, expected increasing numbers above 0 and up to {LARGEST_STEP:g}")
    return steps


def first_state(steps: Floats) -> ParisiState:
    """A place to start from: overlaps between those of one step and 1."""
    return ParisiState(steps, np.linspace(0.7, 1.0, len(steps) + 1), 0.05)


def refined(state: ParisiState, steps: Floats) -> ParisiState:
    """The same curve on other steps: ``log(1 - q)`` interpolated over ``log x``, at the middles of the intervals."""
    gaps = np.interp(_middles(steps), _middles(state.steps), np.log1p(-state.overlaps[:-1]))
    overlaps = np.append(-np.expm1(np.minimum.accumulate(gaps)), 1.0)
    return ParisiState(steps, overlaps, state.chi)


def _middles(steps: Floats) -> Floats:
    """``log x`` in the middle of the intervals on which q is q_0, ..., q_(k-1)."""
    logs = np.log(steps)
    return np.append(logs[0], (logs[1:] + logs[:-1]) / 2)
