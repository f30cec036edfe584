"""A function of many arguments, on processes of this machine or on the cluster that the user set up in joblib."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from itertools import takewhile
from typing import Any, TypeVar

from exactinj.errors import MissingExtraError
from exactinj.work.processes import watch_parent

__all__ = ["has_joblib", "require_joblib", "spread"]

CHUNK = 32  # calls a process at a time, for backends that hand results back only when all are done

Argument = TypeVar("Argument")
Value = TypeVar("Value")


def require_joblib() -> Any:
    """The module; `MissingExtraError` where it is not installed."""
    try:
        import joblib  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtraError("joblib is not installed: pip install 'exactinj[sweep]'") from None
    return joblib


def has_joblib() -> bool:
    """Whether `spread` can be used."""
    try:
        require_joblib()
    except MissingExtraError:
        return False
    return True


def spread(
    function: Callable[[Argument], Value],
    arguments: Sequence[Argument],
    jobs: int | None,
    is_over: Callable[[], bool] = lambda: False,
) -> Generator[Value, None, None]:
    """The values of a function that can be pickled, in whatever order they are finished.

    Parameters
    ----------
    jobs : int or None
        Processes on this machine, each with one thread for linear algebra, which end with this one; for None the
        backend of ``joblib.parallel_config`` is used, or this process if there is none.
    is_over : callable
        Once it is true no further call begins.
    """
    joblib = require_joblib()
    run = function if jobs is None else partial(_run_in_process, os.getpid(), function)
    with warnings.catch_warnings(), nullcontext() if jobs is None else _own_processes(joblib, jobs):
        # an interrupt cancels tasks, which joblib says at length where it collects its pool
        warnings.filterwarnings(
            "ignore", message=".*tasks (which were still being|have been successfully)", category=UserWarning
        )
        parallel, streams = _parallel(joblib)
        size = len(arguments) if streams else CHUNK * max(1, parallel.n_jobs)
        try:
            for start in range(0, len(arguments), max(1, size)):
                chunk = takewhile(lambda _: not is_over(), arguments[start : start + size])
                yield from parallel(joblib.delayed(run)(argument) for argument in chunk)
        finally:
            if jobs is not None:
                _end_processes()


def _run_in_process(parent: int, function: Callable[[Argument], Value], argument: Argument) -> Value:
    """In a process of this machine, which must not go on without the one that started it."""
    if os.getpid() != parent:
        _watch_once(parent)
    return function(argument)


def _begin(parent: int) -> None:
    """What a process does before its first call: it may have to end before there is one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _watch_once(parent)


@cache
def _watch_once(parent: int) -> None:
    watch_parent(parent)


def _own_processes(joblib: Any, jobs: int) -> AbstractContextManager[Any]:
    """Processes with one thread for linear algebra; Ctrl-C, which reaches all of them, is left to this one."""
    options = {"backend": "loky", "n_jobs": jobs, "inner_max_num_threads": 1}
    quiet = {"initializer": _begin, "initargs": (os.getpid(),)}
    try:
        return joblib.parallel_config(**options, **quiet)  # type: ignore[no-any-return]
    except TypeError:  # joblib before 1.5: the processes say on stderr that they were interrupted
        return joblib.parallel_config(**options)  # type: ignore[no-any-return]


def _end_processes() -> None:
    """End what joblib keeps for a next call: a forked process ends without the handlers that would do it."""
    from joblib.externals.loky import reusable_executor  # type: ignore[import-untyped]

    executor: Any = getattr(reusable_executor, "_executor", None)
    if hasattr(executor, "terminate"):
        executor.terminate(kill_workers=True)  # all calls are over; only then its folder goes, too


def _parallel(joblib: Any) -> tuple[Any, bool]:
    """A pool that hands results back one by one, if the backend and joblib's version (1.4 for any order) can do so."""
    for return_as in ("generator_unordered", "generator"):
        try:
            return joblib.Parallel(return_as=return_as), True
        except ValueError:
            continue
    return joblib.Parallel(), False
