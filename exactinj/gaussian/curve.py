"""The half-points of random layers, found by looking at few numbers of rows with many layers each."""

from __future__ import annotations

import os
from collections.abc import Callable

from exactinj.errors import InputError
from exactinj.gaussian.counts import Counts, count_decisions
from exactinj.gaussian.half_point import HALF, HalfPoint, half_point, tail_at
from exactinj.gaussian.probability import GAUSSIAN, decide_all
from exactinj.gaussian.trials import Ensemble

__all__ = ["find_half_point"]

PILOT_SEEDS = 1_000_000_000  # added to the seed for the layers that only say where to look
PILOT = 60  # layers at each m of the pilot
MOST_POINTS = 8


def find_half_point(
    n: int,
    *,
    trials: int = 2000,
    ensemble: Ensemble = GAUSSIAN,
    seed: int = 0,
    start: int | None = None,
    timeout: float | None = 60.0,
    results_path: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    report: Callable[[str], None] | None = None,
) -> HalfPoint:
    """Find where half of the layers are injective, with an interval that holds with probability 95 %.

    A pilot, with layers of its own, bisects for an m near the half-point. From there neighbours are looked at, `trials`
    layers each, until some interval lies below 1/2 and some above, or `MOST_POINTS` numbers of rows were looked at. How
    many layers one m gets is fixed beforehand, and every m is paid for (`exactinj.gaussian.half_point`).

    Parameters
    ----------
    n : int
    trials : int
        Layers at each m; the width of the interval falls with its square root.
    start : int, optional
        The m to look at first, instead of a pilot. It must not come from the same layers.
    timeout, results_path, jobs, report
        See `exactinj.gaussian.estimate_probability`.

    Raises
    ------
    InputError
        For numbers out of range.
    """
    if n < 1 or trials < 1 or (start is not None and start < n):
        raise InputError(f"found n = {n}, {trials} trials and the start {start}, expected 1 <= n <= start")
    limit = None if timeout is None else float(timeout)

    def counted(m: int, layers: int, first_seed: int) -> Counts:
        tasks = [ensemble.trial(n, m, k, seed=first_seed, timeout=limit) for k in range(layers)]
        return count_decisions(decide_all(tasks, results_path, jobs=jobs, report=report))[0]

    m: int | None = _pilot(n, lambda m: counted(m, PILOT, seed + PILOT_SEEDS)) if start is None else start
    points: list[Counts] = []
    while m is not None and len(points) < MOST_POINTS:
        points.append(counted(m, trials, seed))
        m = _next_rows(points)
    return half_point(points)


def _pilot(n: int, counted: Callable[[int], Counts]) -> int:
    """An m near the half-point: doubled until half of the layers are injective, then bisected."""
    low, high = n, 2 * n
    while counted(high).share < HALF:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if counted(middle).share < HALF else (low, middle)
    return high


def _next_rows(points: list[Counts]) -> int | None:
    """The next m to look at, on the side that is open and, of two, the nearer to one half; None if both are closed."""
    bands = [counts.interval(tail=tail_at(k)) for k, counts in enumerate(points)]
    least, most = min(points, key=lambda counts: counts.m), max(points, key=lambda counts: counts.m)
    below = all(high >= HALF for _, high in bands) and least.m > least.n
    above = all(low <= HALF for low, _ in bands)
    if below and (not above or points[0].share >= HALF):
        return least.m - 1
    return most.m + 1 if above else None
