"""Half-points of random layers, and p(m) around them, from critical numbers of rows that are enclosed as needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from exactinj.errors import InputError
from exactinj.gaussian.counts import Counts
from exactinj.gaussian.critical import HALF, Brackets, HalfPoint, half_point, median_rank
from exactinj.gaussian.probability import GAUSSIAN, decide_all, require_shape
from exactinj.gaussian.trials import Ensemble
from exactinj.work.verdict import Verdict

__all__ = ["estimate_curve", "find_half_point"]

PILOT = 60  # sequences that say where to begin
MOST_POINTS = 40  # numbers of rows on each side of the first one


def find_half_point(
    n: int,
    *,
    trials: int = 1000,
    ensemble: Ensemble = GAUSSIAN,
    seed: int = 0,
    start: int | None = None,
    timeout: float | None = 60.0,
    results_path: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    report: Callable[[str], None] | None = None,
) -> HalfPoint:
    """Find where half of the layers are injective, with an interval that holds with probability 95 %.

    `trials` sequences of rows are decided at one m just below the half-point, then at its neighbours as far as monotony
    leaves them open, until both ends of the interval (`exactinj.gaussian.critical`) are known. From below, since a
    collision is found sooner than a proof, and upwards each sequence needs one proof only.

    Parameters
    ----------
    n : int
    trials : int
        Sequences of rows; the width of the interval falls with the square root of their number.
    start : int, optional
        The m to look at first; left out, the first sequences are bisected for one.
    timeout, results_path, jobs, report
        See `exactinj.gaussian.estimate_probability`.

    Raises
    ------
    InputError
        For numbers out of range.

    Examples
    --------
    >>> found = find_half_point(1, trials=100, seed=3)
    >>> found.low < 2 < found.high
    True
    """
    if n < 1 or trials < 1 or (start is not None and start < n):
        raise InputError(f"found n = {n}, {trials} trials and the start {start}, expected 1 <= n <= start")
    search = _Search(n, ensemble, seed, timeout, results_path, jobs, report)
    if start is None:
        start = search.near_half(min(trials, PILOT))
    brackets = search.around(start, Brackets.unknown(n, trials))
    shifts = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n,))).random(trials)
    return half_point(brackets, search.looked_at, shifts)


def estimate_curve(
    n: int,
    rows: Iterable[int],
    *,
    trials: int = 1000,
    ensemble: Ensemble = GAUSSIAN,
    seed: int = 0,
    timeout: float | None = 60.0,
    results_path: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    report: Callable[[str], None] | None = None,
) -> list[Counts]:
    """The counts at several numbers of rows, about the same sequences of rows; see `find_half_point`.

    They are those of `exactinj.gaussian.estimate_probability`, but that a layer is not decided where one of fewer or
    more rows of its sequence says what it is.

    Examples
    --------
    >>> shares = [counts.share for counts in estimate_curve(2, range(4, 8), trials=20)]
    >>> shares == sorted(shares)
    True
    """
    ordered = sorted(set(rows))
    require_shape(n, min(ordered, default=0), trials)
    search, brackets = _Search(n, ensemble, seed, timeout, results_path, jobs, report), Brackets.unknown(n, trials)
    for m in ordered:
        brackets = search.decided(m, brackets)
    return [brackets.counts(m) for m in ordered]


@dataclass
class _Search:
    """Decides sequences of rows at one number of rows after another, and remembers at which ones."""

    n: int
    ensemble: Ensemble
    seed: int
    timeout: float | None
    results_path: str | os.PathLike[str] | None
    jobs: int | None
    report: Callable[[str], None] | None
    looked_at: list[int] = field(default_factory=list)

    def decided(self, m: int, brackets: Brackets) -> Brackets:
        """The brackets once all sequences that they leave open are decided at m rows."""
        limit = None if self.timeout is None else float(self.timeout)
        numbers = np.flatnonzero(brackets.is_open(m)).tolist()
        tasks = [self.ensemble.trial(self.n, m, number, seed=self.seed, timeout=limit) for number in numbers]
        by_verdict: dict[Verdict, list[int]] = {Verdict.INJECTIVE: [], Verdict.NOT_INJECTIVE: []}
        for decision in decide_all(tasks, self.results_path, jobs=self.jobs, report=self.report):
            by_verdict.setdefault(decision.verdict, []).append(decision.task.trial)
        self.looked_at.append(m)
        return brackets.decided(m, by_verdict[Verdict.INJECTIVE], by_verdict[Verdict.NOT_INJECTIVE])

    def near_half(self, size: int) -> int:
        """The m before half of the first sequences are injective: doubled until they are, then bisected."""
        brackets = Brackets.unknown(self.n, size)
        low, high = self.n - 1, 2 * self.n
        while (brackets := self.decided(high, brackets)).counts(high).injective < HALF * size:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            brackets = self.decided(middle, brackets)
            is_half = brackets.counts(middle).injective >= HALF * size
            low, high = (low, middle) if is_half else (middle, high)
        self.looked_at.clear()
        return max(low, self.n)

    def around(self, first: int, brackets: Brackets) -> Brackets:
        """Go down until too few layers are injective for the median to lie there, and up until enough are."""
        size, rank = len(brackets.lo), max(median_rank(len(brackets.lo)), 1)
        lowest = highest = first
        brackets = self.decided(first, brackets)
        while size - brackets.counts(lowest).not_injective >= rank and first - MOST_POINTS < lowest > self.n:
            lowest -= 1
            brackets = self.decided(lowest, brackets)
        while brackets.counts(highest).injective <= size - rank and highest < first + MOST_POINTS:
            highest += 1
            brackets = self.decided(highest, brackets)
        return brackets
