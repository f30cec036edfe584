"""Work in a copy of this process, ended when its time is over, whatever it is doing then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from exactinj.work.clock import Clock
from exactinj.work.processes import CAN_FORK, Ended, Send, forked

__all__ = ["can_isolate", "isolated"]

LEAST_GRACE = 0.3
GRACE = 3.0  # at most, seconds beyond the clock, for an answer that is on its way
T = TypeVar("T")


def can_isolate() -> bool:
    """Whether this process may be copied: there is a fork, and no other thread."""
    return CAN_FORK and threading.active_count() == 1


def isolated(work: Callable[[Clock], T], clock: Clock) -> T | None:
    """What ``work(clock)`` gives, which must be picklable; None if it was ended, by the clock or by the system."""

    def job(send: Send) -> int:
        send(work(Clock.until(clock.deadline)))
        return 0

    child = forked(job)
    end = None if clock.deadline is None else clock.deadline + min(GRACE, LEAST_GRACE + (clock.left or 0.0) / 4)
    found: T | None = None
    try:
        while True:
            message = child.next_message(None if end is None else end - time.monotonic())
            if isinstance(message, Ended):
                return found
            if message is None:
                end = None
                child.kill()
            elif not isinstance(message, Exception):
                found = message  # type: ignore[assignment]  # the only one that it sends
    except BaseException:
        child.kill()
        raise
