"""The probability that a random layer is injective, from exact decisions about many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from exactinj.errors import InputError
from exactinj.gaussian.counts import Counts, count_decisions
from exactinj.gaussian.trials import KIND, Decision, Ensemble, Trial, decide_trial
from exactinj.sweep.lines import LinesFile, read_lines
from exactinj.sweep.run import run_tasks

__all__ = ["decide_all", "estimate_probability", "require_shape"]

GAUSSIAN = Ensemble()
SHORT = 8  # a layer with n = 8 takes about a tenth of a second


def estimate_probability(
    n: int,
    m: int,
    *,
    trials: int = 1000,
    ensemble: Ensemble = GAUSSIAN,
    seed: int = 0,
    timeout: float | None = 60.0,
    results_path: str | os.PathLike[str] | None = None,
    jobs: int | None = 1,
    shard: tuple[int, int] = (1, 1),
    report: Callable[[str], None] | None = None,
) -> Counts:
    """Draw layers of shape (m, n), decide each exactly, and count; `Counts.interval` is the answer.

    Parameters
    ----------
    n, m : int
        Inputs and rows, ``1 <= n <= m``.
    trials : int
        Layers; with `shard` only the i-th of N parts of them.
    ensemble : Ensemble
    seed : int
        A layer depends on (seed, n, m, its number) only.
    timeout : float, optional
        Seconds for each decision; what takes longer counts as unknown.
    results_path : path, optional
        A file of JSON lines that keeps the verdicts: layers in it are not decided again, files of shards may be
        concatenated.
    jobs : int, optional
        Processes on this machine; None takes the backend of ``joblib.parallel_config``.
    report : callable, optional
        Is told after every layer how far the work is.

    Examples
    --------
    >>> estimate_probability(1, 3, trials=40).trials
    40
    """
    require_shape(n, m, trials)
    limit = None if timeout is None else float(timeout)
    tasks = [ensemble.trial(n, m, number, seed=seed, timeout=limit) for number in range(trials)]
    decisions = decide_all(tasks, results_path, jobs=jobs, shard=shard, report=report)
    return next(iter(count_decisions(decisions)), Counts(n, m, 0, 0, 0))


def require_shape(n: int, m: int, trials: int) -> None:
    """`InputError` for shapes without sense, and for no trials."""
    if not 1 <= n <= m or trials < 1:
        raise InputError(f"found n = {n}, m = {m} and {trials} trials, expected 1 <= n <= m and at least one trial")


def decide_all(
    tasks: Iterable[Trial],
    results_path: str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = 1,
    shard: tuple[int, int] = (1, 1),
    report: Callable[[str], None] | None = None,
) -> list[Decision]:
    """The decisions of these tasks that the file holds in the end, in the order of the tasks."""
    if results_path is None:
        with TemporaryDirectory() as folder:
            return decide_all(tasks, Path(folder) / "results.jsonl", jobs=jobs, shard=shard, report=report)
    asked = list(tasks)
    opened = partial(LinesFile, results_path, KIND)
    run_tasks(asked, decide_trial, opened, jobs=jobs, shard=shard, report=report, is_short=_is_short)
    known = {decision.task.key: decision for decision in read_lines(results_path, KIND)}
    return [known[task.key] for task in asked if task.key in known]


def _is_short(task: Trial) -> bool:
    return task.n <= SHORT
