"""Run work in a child process, so that a deadline and Ctrl-C hold whatever the child is doing.

One exact computation on huge numbers can spend minutes inside a C library, where neither signals nor clocks of Python
are looked at. The child looks at its own clock and normally stops in time with all that it found out; only a child that
does not come back is killed, a little later. It never writes an answer: it sends it here, and whoever called prints it,
once. Where there is no fork (Windows) the work runs in this process.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NoReturn

from exactinj.cli import exit_status
from exactinj.cli.progress import ProgressLine
from exactinj.work.processes import CAN_FORK, Child, Ended, Send, forked

__all__ = ["Decided", "Ending", "Facts", "Outcome", "Progress", "Standing", "requests_to_stop", "supervised"]

GRACE = 1.5  # seconds between the deadline and the kill


@dataclass(frozen=True)
class Progress:
    """A message of the child: what it is doing."""

    text: str


@dataclass(frozen=True)
class Facts:
    """A message of the child: what is known by now, for the case that it has to be killed."""

    known: dict[str, Any]


@dataclass(frozen=True)
class Decided:
    """A message of the child: the answer is found and only has to be written down, which no deadline stops."""


@dataclass(frozen=True)
class Ending:
    """The last message of the child: text for stdout and what ends it, lines for stderr, the exit status."""

    status: int
    text: str = ""
    notes: tuple[str, ...] = ()
    end: str = "\n"


@dataclass(frozen=True)
class Standing:
    """A message of the child: this ending counts unless a better one comes within so many seconds."""

    ending: Ending
    seconds: float


@dataclass
class Outcome:
    """What is known of the work: its ending, or None and what it said last if it was killed or died."""

    ending: Ending | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    progress: str | None = None
    was_stopped: bool = False


def supervised(
    work: Callable[[Send], Ending], deadline: float | None, line: ProgressLine, *, reads_terminal: bool = False
) -> Outcome:
    """Run ``work(send)`` in a child until `deadline` (of ``time.monotonic()``) and a grace.

    Raises KeyboardInterrupt on Ctrl-C and on polite requests to stop, once no process of the work is left.
    """
    outcome = Outcome()
    if not CAN_FORK:
        outcome.ending = work(lambda message: _take(outcome, message, line))
        return outcome
    with requests_to_stop():
        child = forked(lambda send: _send_ending(work, send), reads_terminal=reads_terminal)
        with _stopped_together(child):
            try:
                _listen(child, outcome, deadline, line)
            except KeyboardInterrupt:
                _stop(child)
                raise
    return outcome


def _heed_interrupts() -> None:
    """While a kernel is compiled, an interrupt may come in a callback, which drops it: let it come again."""

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            again = threading.Timer(0.02, _thread.interrupt_main)
            again.daemon = True
            again.start()
        else:
            sys.__unraisablehook__(dropped)

    sys.unraisablehook = hook


def _send_ending(work: Callable[[Send], Ending], send: Send) -> int:
    _heed_interrupts()
    try:
        ending = work(send)
    except KeyboardInterrupt:
        return exit_status.INTERRUPTED
    send(ending)
    return 0


def _listen(child: Child, outcome: Outcome, deadline: float | None, line: ProgressLine) -> None:
    """Until the child has ended; a whole ending counts whenever it comes."""
    end = None if deadline is None else deadline + GRACE
    while True:
        message = child.next_message(None if end is None else end - time.monotonic())
        if isinstance(message, Ended):
            _judge(outcome, message.status)
            return
        if message is None:
            outcome.was_stopped = True
            child.kill()  # the loop goes on until it has read what was sent by then
            end = None
        elif isinstance(message, Decided):
            end = None
        elif isinstance(message, Ending):
            end = time.monotonic() + GRACE  # it has nothing left to do
        elif isinstance(message, Standing):
            end = time.monotonic() + message.seconds
        _take(outcome, message, line)


def _take(outcome: Outcome, message: object, line: ProgressLine) -> None:
    match message:
        case Progress(text):
            outcome.progress = text
            line.show(text)
        case Facts(known):
            outcome.facts.update(known)
        case Ending():
            outcome.ending = message
        case Standing(ending):
            outcome.ending = ending
        case Exception():
            raise message


def _judge(outcome: Outcome, status: int) -> None:
    """What the end of a child without an ending means."""
    if outcome.ending is not None or outcome.was_stopped or status == -signal.SIGKILL:
        return
    if status in (-signal.SIGINT, -signal.SIGTERM, exit_status.INTERRUPTED):
        raise KeyboardInterrupt
    how = f"died by signal {-status}; please report this" if status < 0 else "ended by an error; please report this"
    outcome.ending = Ending(exit_status.CRASH, notes=(f"the worker process {how}",))


def _stop(child: Child) -> None:
    """Interrupt the child, which stops its own helpers; kill all of them if that takes too long."""
    child.signal(signal.SIGINT)
    end = time.monotonic() + GRACE
    while (left := end - time.monotonic()) > 0:
        if isinstance(child.next_message(left), Ended):
            return
    child.kill()


@contextmanager
def requests_to_stop() -> Iterator[None]:
    """Polite requests to stop, also by a terminal that is closed, are treated like Ctrl-C: no child is left behind."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    known = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [number for number in known if signal.getsignal(number) != signal.SIG_IGN]
    previous = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _stopped_together(child: Child) -> Iterator[None]:
    """Ctrl-Z stops the child, which is a group of its own, and this process; ``fg`` and ``bg`` continue both."""

    def stop(number: int, _: FrameType | None) -> None:
        child.signal_all(signal.SIGSTOP)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # stands still here
        signal.signal(number, stop)
        child.signal_all(signal.SIGCONT)

    if signal.getsignal(signal.SIGTSTP) == signal.SIG_IGN:  # a shell without job control
        yield
        return
    previous = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, previous)
