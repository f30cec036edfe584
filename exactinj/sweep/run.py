"""Run a sweep: spread its tasks over processes or a cluster, append what comes back, skip what is there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from exactinj.errors import InputError
from exactinj.sweep.cell import run_task
from exactinj.sweep.lines import KeyedTask, LinesFile, Result
from exactinj.sweep.plan import EXACT_UP_TO, SweepPlan, Task
from exactinj.sweep.results import ResultsFile
from exactinj.work.pools import require_joblib, spread
from exactinj.work.processes import processes_for

__all__ = ["SweepRun", "run_sweep", "run_tasks"]

HEAD_START = 3.0  # seconds in which short tasks are done in this process, before others are started

AnyTask = TypeVar("AnyTask", bound=KeyedTask)
AnyResult = TypeVar("AnyResult", bound=Result)


@dataclass(frozen=True)
class SweepRun:
    """What a run did: of `tasks` layers (in this shard), `found` were finished before and `computed` are new."""

    tasks: int
    found: int
    computed: int
    seconds: float


def run_sweep(
    plan: SweepPlan,
    results_path: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    shard: tuple[int, int] = (1, 1),
    report: Callable[[str], None] | None = None,
) -> SweepRun:
    """Compute the layers of a plan that the results file does not hold yet, and append them.

    It can be stopped at any time and run again. Results depend neither on the order nor on jobs, shards or
    interruptions (apart from exact decisions that run into their timeout).

    Parameters
    ----------
    plan : SweepPlan
    results_path : path
        A file of JSON lines; made if it is not there, otherwise only appended to.
    jobs : int, optional
        Processes on this machine, each with one thread for linear algebra, no more than processors and layers; they
        are started once short layers have taken a few seconds. Left out, the backend of
        ``joblib.parallel_config`` is used, for instance ``dask`` or ``ray``, or this process if there is none::

            with Client(address), joblib.parallel_config("dask"):  # distributed.Client
                run_sweep(plan, "results.jsonl")
    shard : (i, N), 1 <= i <= N
        Do only the i-th of N parts, into a file of its own; the files may be concatenated afterwards.
    report : callable, optional
        Is told after every layer, in a line of text, how far the work is.

    Returns
    -------
    SweepRun

    Raises
    ------
    InputError
        For shards and jobs out of range, files that hold something else or cannot be written.
    MissingExtraError
        Without joblib.
    """
    opened = partial(ResultsFile, results_path)
    return run_tasks(plan.tasks(), run_task, opened, jobs=jobs, shard=shard, report=report, is_short=_is_short)


def run_tasks(
    tasks: Iterable[AnyTask],
    work: Callable[[AnyTask], AnyResult],
    opened: Callable[[], LinesFile[AnyResult]],
    *,
    jobs: int | None = None,
    shard: tuple[int, int] = (1, 1),
    report: Callable[[str], None] | None = None,
    is_short: Callable[[AnyTask], bool] = lambda _: True,
) -> SweepRun:
    """Do those tasks of a shard that a file has no result of, and append what comes back.

    `work` has to be a function that processes can load by its name, `opened` opens the file; tasks for which `is_short`
    is true may be done in this process while others are started. The rest is as in `run_sweep`.
    """
    part, parts = shard
    _require_numbers(part, parts, jobs)
    require_joblib()
    started = time.monotonic()
    mine = [task for task in tasks if int(task.key, 16) % parts == part - 1]
    with opened() as file:
        finished = {result.task.key for result in file.results}
        open_tasks = [task for task in mine if task.key not in finished]
        found = len(mine) - len(open_tasks)
        with closing(_results(open_tasks, work, jobs, is_short)) as results:
            for done, result in enumerate(results, start=1):
                file.append(result)
                if report is not None:
                    rate = done / (time.monotonic() - started)
                    report(f"{found + done:,} of {len(mine):,} layers, {rate:.1f} a second")
    return SweepRun(len(mine), found, len(open_tasks), time.monotonic() - started)


def _require_numbers(part: int, parts: int, jobs: int | None) -> None:
    if not 1 <= part <= parts:
        raise InputError(f"found the shard {part}/{parts}, expected i/N with 1 <= i <= N; shards count from 1")
    if jobs is not None and jobs < 1:
        raise InputError(f"found jobs = {jobs}, expected a positive number of processes")


def _results(
    tasks: Sequence[AnyTask],
    work: Callable[[AnyTask], AnyResult],
    jobs: int | None,
    is_short: Callable[[AnyTask], bool],
) -> Generator[AnyResult, None, None]:
    """The results in whatever order they are finished.

    Processes take seconds to start: meanwhile, and perhaps instead, short tasks are done in this one.
    """
    if jobs is None:
        yield from _spread(work, tasks, None)
        return
    rest = list(reversed(tasks))
    end = time.monotonic() + HEAD_START
    while rest and (jobs == 1 or (time.monotonic() < end and is_short(rest[-1]))):
        yield work(rest.pop())
    if rest:
        yield from _spread(work, rest[::-1], min(processes_for(jobs), len(rest)))


def _spread(work: Callable[[AnyTask], AnyResult], tasks: Sequence[AnyTask], jobs: int | None) -> Iterator[AnyResult]:
    return spread(work, tasks, jobs)


def _is_short(task: Task) -> bool:
    return not task.exact or task.n <= EXACT_UP_TO
