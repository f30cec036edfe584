"""Wall and CPU time of a block, and a time limit that holds."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

GRACE = 5.0  # seconds beyond the limit that the solver was given, to let it stop by itself


@dataclass(frozen=True)
class Elapsed:
    """Seconds on both clocks. On a busy machine `wall` also counts waiting for the processor."""

    wall: float
    cpu: float

    def on(self, clock: str) -> float:
        """The seconds on the clock "wall" or "cpu"."""
        return self.cpu if clock == "cpu" else self.wall


class Stopwatch:
    """Times a ``with`` block; CPU time includes child processes that ended in the block."""

    def __enter__(self) -> Self:
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.elapsed = Elapsed(time.perf_counter() - self._wall, _cpu_seconds() - self._cpu)


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@contextmanager
def killed_after(limit: float) -> Iterator[None]:
    """End this process by SIGALRM when the block runs longer than `limit` seconds and some grace.

    The signal keeps its default action, which needs no help from the interpreter: compiled code that
    never returns is ended, too. The parent reads this end as a time-out.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit + GRACE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
