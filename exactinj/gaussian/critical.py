r"""The number of rows at which a random layer becomes injective, and its median: the half-point.

Rows are drawn one after the other. A further row never makes an injective layer lose injectivity, so each sequence of
rows has a *critical number* M: its first m rows are an injective layer exactly when ``m >= M``. Hence
``p(m) = P(M <= m)``, and exact decisions at a few m enclose the M of a sequence in ``lo < M <= hi``.

The *half-point* of p is where the broken line through the points ``(m, p(m))`` reaches 1/2. It is the median of
``Y = M - U`` with U uniform on (0, 1) and independent of M: for ``s = a + t``, a an integer and ``0 <= t < 1``,

    P(Y <= s) = P(M <= a) + t P(M = a + 1) = (1 - t) p(a) + t p(a + 1).

Y has a continuous distribution, so the usual interval between two order statistics of N independent values holds with
at least the stated probability, whatever the distribution: ``Y_(k)`` lies above the median with probability
``P(Bin(N, 1/2) < k)``. No model of p is needed, and nothing is paid for looking at many m, or at any that the counts so
far suggest: which of them are decided changes nothing about M. Where a bracket (lo, hi] is wider than one row, since
decisions were not asked for or did not end in time, the lower end of the interval takes the smallest Y that it allows,
the upper end the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.gaussian.counts import Counts
from exactinj.sweep.summary import TAIL

__all__ = ["Brackets", "HalfPoint", "half_point", "median_rank"]

HALF = 0.5
NEVER = np.iinfo(np.int64).max  # no m is known at which the layer is injective


@dataclass(frozen=True, eq=False)
class Brackets:
    """What is known about the critical numbers of N sequences with n inputs: ``lo < M <= hi``.

    lo, hi : (N,) int64; hi is `NEVER` where no injective number of rows is known
    """

    n: int
    lo: NDArray[np.int64]
    hi: NDArray[np.int64]

    @classmethod
    def unknown(cls, n: int, size: int) -> Brackets:
        """Nothing is known but that fewer than n rows are never enough."""
        return cls(n, np.full(size, n - 1, dtype=np.int64), np.full(size, NEVER, dtype=np.int64))

    def is_open(self, m: int) -> NDArray[np.bool_]:
        """(N,) bool: which sequences are not decided at m rows."""
        return (self.lo < m) & (m < self.hi)

    def decided(self, m: int, injective: Sequence[int], not_injective: Sequence[int]) -> Brackets:
        """The same with the verdicts at m rows of sequences with these numbers."""
        lo, hi = self.lo.copy(), self.hi.copy()
        hi[list(injective)] = np.minimum(hi[list(injective)], m)
        lo[list(not_injective)] = np.maximum(lo[list(not_injective)], m)
        return Brackets(self.n, lo, hi)

    def counts(self, m: int) -> Counts:
        """How many of the layers with m rows are injective: all of them, by monotony, not only those asked about."""
        injective, other = int(np.count_nonzero(self.hi <= m)), int(np.count_nonzero(self.lo >= m))
        return Counts(self.n, m, injective, other, len(self.lo) - injective - other)


@dataclass(frozen=True)
class HalfPoint:
    """The half-point of p(m) for one n: an estimate, and an interval that holds with probability 95 %.

    Attributes
    ----------
    estimate : where the broken line through the shares reaches 1/2; None where they do not tell
    low, high : of the interval; None where the decisions leave that end open
    points : the counts at those m that were looked at, in ascending order; they are about the same sequences
    """

    n: int
    estimate: float | None
    low: float | None
    high: float | None
    points: tuple[Counts, ...]

    @property
    def width(self) -> float:
        """Of the interval, infinite while an end is open."""
        return float("inf") if self.low is None or self.high is None else self.high - self.low

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        interval = [self.low, self.high]
        points = [counts.to_json() for counts in self.points]
        return {"n": self.n, "estimate": self.estimate, "interval": interval, "points": points}


def median_rank(size: int, *, tail: float = TAIL) -> int:
    """The largest k with ``P(Bin(size, 1/2) < k) <= tail``: the k-th smallest value is a lower end; 0 if there is none.

    >>> median_rank(5), median_rank(6), median_rank(1000)
    (0, 1, 469)
    """
    from scipy.special import bdtr

    below = bdtr(np.arange(size + 1), size, HALF)
    return int(np.count_nonzero(below <= tail))


def half_point(brackets: Brackets, looked_at: Sequence[int], shifts: NDArray[np.float64]) -> HalfPoint:
    """The half-point from what is known about many sequences.

    Parameters
    ----------
    looked_at : numbers of rows whose counts are shown
    shifts : (N,) float64, independent and uniform on (0, 1), drawn without looking at the brackets

    Raises
    ------
    InputError
        If there are not as many shifts as sequences, or none.

    Examples
    --------
    >>> lo = np.repeat([5, 6, 7, 8], [25, 20, 20, 35])
    >>> found = half_point(Brackets(2, lo, lo + 1), [6, 7, 8], np.random.default_rng(0).random(100))
    >>> round(found.estimate, 2), 6.5 < found.low < 7.25 < found.high < 8.0
    (7.25, True)
    """
    size = len(brackets.lo)
    if not size or len(shifts) != size:
        raise InputError(f"found {len(shifts)} shifts for {size} sequences, expected as many, and at least one")
    rank = median_rank(size)
    low, high = np.sort(brackets.lo + 1 - shifts), np.sort(brackets.hi - shifts)
    return HalfPoint(
        brackets.n,
        _estimated([brackets.counts(m) for m in sorted(set(looked_at))]),
        float(low[rank - 1]) if rank else None,
        float(high[size - rank]) if rank and high[size - rank] < NEVER / 2 else None,
        tuple(brackets.counts(m) for m in sorted(set(looked_at))),
    )


def _estimated(points: Sequence[Counts]) -> float | None:
    """Where the line through the shares among decided layers crosses 1/2, between neighbouring m."""
    for before, after in pairwise(points):
        if before.share < HALF <= after.share and after.m == before.m + 1:
            return before.m + (HALF - before.share) / (after.share - before.share)
    return None
