r"""Where half of the layers are injective: an interval that rests on no model of how the probability grows with m.

Let ``p(m)`` be the probability for layers of m rows. A further row never makes an injective layer lose injectivity, so
p does not fall, and the *half-point* is where the broken line through the points ``(m, p(m))`` first reaches 1/2.

Let exact counts at consecutive m be given, with an upper end ``U(m)`` of an interval at each. If all ``p(m) <= U(m)``
hold, then the broken line through the U lies above that through the p and reaches 1/2 earlier; so where it does is a
lower end for the half-point. By monotony U may be replaced by the smallest U at this or a larger m. The upper end is
found likewise from lower ends.

The numbers m may be chosen one after the other, looking at the counts so far: the k-th of them may fail with
probability `TAIL` times ``SHARES[k]`` at each end, these sum to at most 1, and counts at different m are independent.
So the interval holds with probability 95 % whatever led to the choice, provided the number of trials at each m did not
depend on their outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exactinj.errors import InputError
from exactinj.gaussian.counts import Counts
from exactinj.sweep.summary import TAIL

__all__ = ["HalfPoint", "half_point", "tail_at"]

HALF = 0.5
EVEN = 3  # the first so many points share three quarters of the error probability evenly


@dataclass(frozen=True)
class HalfPoint:
    """The half-point of p(m) for one n: an estimate, and an interval that holds with probability 95 %.

    Attributes
    ----------
    estimate : where the broken line through the shares reaches 1/2; None if it does not
    low, high : of the interval; None where the counts leave that end open
    points : the counts in the order in which they were looked at
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


def tail_at(k: int) -> float:
    """The error probability at each end of the interval of the k-th m, counted from 0; all together at most `TAIL`."""
    return TAIL / 4 if k < EVEN else TAIL / 2 ** (k - EVEN + 3)


def half_point(points: Sequence[Counts]) -> HalfPoint:
    """The half-point from counts at different m, given in the order in which these m were chosen.

    Raises
    ------
    InputError
        For no counts, counts for different n, or an m that comes twice.

    Examples
    --------
    >>> found = half_point([Counts(2, 7, 900, 1100), Counts(2, 8, 1240, 760), Counts(2, 6, 500, 1500)])
    >>> round(found.estimate, 2), round(found.low, 2), round(found.high, 2)
    (7.29, 7.13, 7.46)
    """
    if len({counts.n for counts in points}) != 1 or len({counts.m for counts in points}) != len(points):
        raise InputError("found no counts, or such for several n or twice for one m, expected one for each m")
    bands = {counts.m: counts.interval(tail=tail_at(k)) for k, counts in enumerate(points)}
    rows = sorted(bands)
    uppers, lowers = [bands[m][1] for m in rows], [bands[m][0] for m in rows]
    for k in range(len(rows) - 1):
        uppers[-k - 2] = min(uppers[-k - 2], uppers[-k - 1])
        lowers[k + 1] = max(lowers[k + 1], lowers[k])
    low, high = _crossing(rows, uppers, last_below=True), _crossing(rows, lowers, last_below=False)
    return HalfPoint(points[0].n, _estimated(points), low, high, tuple(points))


def _estimated(points: Sequence[Counts]) -> float | None:
    """From the shares among decided layers, made monotone; where none was decided there is no share."""
    decided = sorted((counts.m, counts.share, counts.trials - counts.unknown) for counts in points)
    decided = [entry for entry in decided if entry[2]]
    pooled = _pooled([(share, number) for _, share, number in decided])
    return _crossing([m for m, _, _ in decided], pooled, last_below=None)


def _crossing(rows: Sequence[int], values: Sequence[float], *, last_below: bool | None) -> float | None:
    """Where the broken line through rising values reaches 1/2.

    Between rows that are not neighbours the line of p is not known: there the end on the safe side is taken, the last m
    below 1/2 or the first above it, as asked. The same where the values stop on one side; None where they begin there.
    """
    above = [m for m, value in zip(rows, values, strict=True) if value >= HALF]
    below = [m for m, value in zip(rows, values, strict=True) if value < HALF]
    if not above or not below:
        found = below[-1:] if last_below else above[:1] if last_below is False else []
        return float(found[0]) if found else None
    a, b = below[-1], above[0]
    if b - a > 1 and last_below is not None:
        return float(a if last_below else b)
    at_a, at_b = values[rows.index(a)], values[rows.index(b)]
    return a + (b - a) * (HALF - at_a) / (at_b - at_a)


def _pooled(shares: Sequence[tuple[float, int]]) -> list[float]:
    """The rising values nearest to the shares, weighted by trials (pool adjacent violators)."""
    pools: list[list[float]] = []  # mean, weight, length
    for share, weight in shares:
        pools.append([share, float(weight), 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, weights, length = pools.pop()
            other = pools[-1]
            other[0] = (other[0] * other[1] + mean * weights) / (other[1] + weights)
            other[1], other[2] = other[1] + weights, other[2] + length
    return [mean for mean, _, length in pools for _ in range(int(length))]
