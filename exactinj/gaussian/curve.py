"""The half-points of random layers: critical numbers of rows enclosed as far as their median needs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from exactinj.errors import InputError
from exactinj.gaussian.critical import HALF, Brackets, HalfPoint, half_point, median_rank
from exactinj.gaussian.probability import GAUSSIAN, decide_all
from exactinj.gaussian.trials import Ensemble
from exactinj.work.verdict import Verdict

__all__ = ["find_half_point"]

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
    >>> found = find_half_point(1, trials=200)
    >>> found.low < 2 < found.high
    True
    """
    if n < 1 or trials < 1 or (start is not None and start < n):
        raise InputError(f"found n = {n}, {trials} trials and the start {start}, expected 1 <= n <= start")
    limit = None if timeout is None else float(timeout)

    def decide(brackets: Brackets, m: int) -> Brackets:
        """Settle which sequences are injective at m rows."""
        numbers = np.flatnonzero(brackets.is_open(m)).tolist()
        tasks = [ensemble.trial(n, m, number, seed=seed, timeout=limit) for number in numbers]
        found = decide_all(tasks, results_path, jobs=jobs, report=report)
        by_verdict: dict[Verdict, list[int]] = {Verdict.INJECTIVE: [], Verdict.NOT_INJECTIVE: []}
        for decision in found:
            by_verdict.setdefault(decision.verdict, []).append(decision.task.trial)
        return brackets.decided(m, by_verdict[Verdict.INJECTIVE], by_verdict[Verdict.NOT_INJECTIVE])

    first = start if start is not None else _near_half(n, min(trials, PILOT), decide)
    search = _Search(Brackets.unknown(n, trials), decide)
    search.look_around(first)
    shifts = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(n,))).random(trials)
    return half_point(search.brackets, search.looked_at, shifts)


def _near_half(n: int, size: int, decide: Callable[[Brackets, int], Brackets]) -> int:
    """The m before half of the first sequences are injective: doubled until they are, then bisected."""
    brackets = Brackets.unknown(n, size)

    def is_half(m: int) -> bool:
        nonlocal brackets
        brackets = decide(brackets, m)
        return brackets.counts(m).injective >= HALF * size

    low, high = n - 1, 2 * n
    while not is_half(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_half(middle) else (middle, high)
    return max(low, n)


@dataclass
class _Search:
    """Decides sequences at more and more numbers of rows, outwards from the first one."""

    brackets: Brackets
    decide: Callable[[Brackets, int], Brackets]
    looked_at: list[int] = field(default_factory=list)

    def look_around(self, first: int) -> None:
        """Go down until too few layers are injective for the median to lie there, and up until enough are."""
        size, rank = len(self.brackets.lo), max(median_rank(len(self.brackets.lo)), 1)
        lowest = highest = first
        self._look(first)
        while size - self.brackets.counts(lowest).not_injective >= rank and self._may_go_to(lowest - 1, first):
            lowest -= 1
            self._look(lowest)
        while self.brackets.counts(highest).injective <= size - rank and self._may_go_to(highest + 1, first):
            highest += 1
            self._look(highest)

    def _may_go_to(self, m: int, first: int) -> bool:
        return m >= self.brackets.n and abs(m - first) <= MOST_POINTS

    def _look(self, m: int) -> None:
        self.brackets = self.decide(self.brackets, m)
        self.looked_at.append(m)
