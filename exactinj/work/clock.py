"""Deadlines that engines look at between steps."""

from __future__ import annotations

import time
from collections.abc import Callable

from exactinj.work.log import LOGGER

__all__ = ["Clock", "OutOfTimeError"]


class OutOfTimeError(Exception):
    """Raised inside an engine when its time is up; engines turn it into ``timed_out``."""


class Clock:
    """Seconds since the start, a deadline, and a callback to report progress to."""

    def __init__(self, timeout: float | None = None, report: Callable[[str], None] | None = None) -> None:
        self.started = time.monotonic()
        self.timeout = timeout
        self._report = report
        self._discounted = 0.0
        self._whole: Clock | None = None  # of which this one is a part

    @classmethod
    def until(cls, deadline: float | None, report: Callable[[str], None] | None = None) -> Clock:
        """A clock that runs out at a time of ``time.monotonic()``, which all processes of a machine share."""
        return cls(None if deadline is None else max(deadline - time.monotonic(), 1e-3), report)

    @property
    def deadline(self) -> float | None:
        """The time of ``time.monotonic()`` at which it runs out; None if it does not."""
        return None if self.timeout is None else self.started + self.timeout

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    @property
    def worked(self) -> float:
        """Seconds spent on the question itself, without loading or compiling code."""
        return self.elapsed - self._discounted

    def discount(self, seconds: float) -> None:
        """Do not count so many seconds as work; the deadline stays where it is."""
        self._discounted += seconds
        if self._whole is not None:
            self._whole.discount(seconds)

    @property
    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.is_over_by(0.0)

    def is_over_by(self, seconds: float) -> bool:
        """Whether the deadline passed so many seconds ago."""
        return self.timeout is not None and self.elapsed > self.timeout + seconds

    @property
    def left(self) -> float | None:
        """Seconds to the deadline, at least a millisecond; None without one."""
        return None if self.timeout is None else max(self.timeout - self.elapsed, 1e-3)

    def bounded(self, seconds: float) -> Clock:
        """A clock for a part of the work: so many seconds from now, or less if the deadline comes first."""
        left = self.left
        part = Clock(seconds if left is None else min(seconds, left), self._report)
        part._whole = self
        return part

    def part(self, share: float = 1.0) -> Clock:
        """A clock of its own for a share of the time that is left, with the same listener."""
        return Clock(None if self.left is None else share * self.left, self._report)

    def check(self) -> None:
        """Raise `OutOfTimeError` once the deadline has passed."""
        if self.is_over:
            raise OutOfTimeError

    def report(self, text: str) -> None:
        """Tell whoever watches (a terminal, the log) how far the work is."""
        LOGGER.debug("%s", text)
        if self._report is not None:
            self._report(text)
