r"""The mixed-integer program that both MILP peers solve, in decision form.

A Gaussian layer without bias has full spark (probability 1), so it is injective iff every x != 0 has
at least n active rows. With rows u_i scaled to length 1 and x in the box max_j |x_j| <= 1:

    minimise sum_i z_i  subject to  <u_i, x> <= -eps + M_i z_i,  z_i in {0, 1},

and the answer is "not injective" iff a solution with sum z <= n - 1 exists. The solver gets n - 1/2
as its cutoff, so that it may stop at a bound above n - 1 and never has to find the minimum; that was
faster for both solvers than the constraint ``sum z <= n - 1`` with objective 0. On the box
``<u_i, x> <= ||u_i||_1``, so ``M_i = ||u_i||_1 + eps`` is the smallest constant that makes z_i = 1 free.

It is **not a proof**. A collision whose rows all stay above -eps on the box is missed: a false
"injective". An eps near the solver's tolerances lets a fractional z_i pass for an integer: a false
"not injective". The second kind is caught here by counting the active rows of the returned point in
rationals; nothing catches the first kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from outcome import Answer, Outcome
from timing import Elapsed

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class BigM:
    """Rows of length 1, what the right-hand side gains at z_i = 1, the margin, and the cutoff."""

    rows: Weights
    constants: Weights
    epsilon: float

    @property
    def cutoff(self) -> float:
        """Between n - 1 (a collision) and n."""
        return int(self.rows.shape[1]) - 0.5


def big_m(weights: Weights, epsilon: float) -> BigM:
    """The program's numbers for a layer without zero rows."""
    rows = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    return BigM(rows, np.abs(rows).sum(axis=1) + epsilon, epsilon)


def active_rows(weights: Weights, point: Sequence[float]) -> int:
    """How many rows have <w_i, x> >= 0, in rational arithmetic."""
    x = [Fraction(value) for value in point]
    return sum(sum(Fraction(w) * t for w, t in zip(row, x, strict=True)) >= 0 for row in weights.tolist())


def from_point(weights: Weights, point: Sequence[float], time: Elapsed, nodes: int) -> Outcome:
    """The outcome for a solution below the cutoff: believed if its point has few active rows."""
    active = active_rows(weights, point)
    if active < weights.shape[1]:
        return Outcome(Answer.NOT_INJECTIVE, time, {"nodes": nodes}, f"{active} active rows, counted exactly")
    return Outcome(Answer.FAILED, time, {"nodes": nodes}, f"the solver's point has {active} active rows")
