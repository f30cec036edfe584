"""Run work in a child process, so that a deadline and Ctrl-C hold whatever the child is doing.

One exact computation on huge numbers can spend minutes inside a C library, where neither signals
nor clocks of Python are looked at. The child looks at its own clock and normally stops in time; the
parent kills it a little later if it does not. Where there is no fork (Windows) the work runs in this process.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from exactinj.cli import exit_status

__all__ = ["InterruptedChild", "Outcome", "supervised"]


class InterruptedChild(KeyboardInterrupt):
    """The work was interrupted and its process has ended."""

    def __init__(self, child: int) -> None:
        super().__init__()
        self.child = child


GRACE = 1.5  # seconds between the deadline and the kill
POLL = 0.005


@dataclass(frozen=True)
class Outcome:
    """`status` is the child's exit status, or None if it was killed at the deadline or for memory.

    `notes` holds the last line that the child sent with its `note` function.
    """

    status: int | None
    child: int
    note: str


def supervised(work: Callable[[Callable[[str], None]], int], timeout: float | None) -> Outcome:
    """Run ``work(note)`` in a child and return how it ended; raises KeyboardInterrupt on Ctrl-C.

    `InterruptedChild` carries the child's process number, for cleaning up after it.
    """
    if not hasattr(os, "fork"):
        return Outcome(work(lambda _: None), os.getpid(), "")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a closed one
            stream.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        _run_child(work, writing)
    with suppress(OSError):  # whoever of the two comes first makes the group
        os.setpgid(child, child)
    os.close(writing)
    os.set_blocking(reading, False)
    deadline = None if timeout is None else time.monotonic() + timeout + GRACE
    watcher = _Watcher(child, reading)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return watcher.wait(deadline)
    except KeyboardInterrupt:
        watcher.stop_after_interrupt()
        raise InterruptedChild(child) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
        os.close(reading)


def _interrupt(*_: object) -> NoReturn:
    """A polite request to stop is treated like Ctrl-C, so that no child is left behind."""
    raise KeyboardInterrupt


def _run_child(work: Callable[[Callable[[str], None]], int], writing: int) -> NoReturn:
    status = exit_status.CRASH
    try:
        status = work(lambda text: _send(writing, text))
    except KeyboardInterrupt:
        status = exit_status.INTERRUPTED
    except BrokenPipeError:  # whoever read our output has gone
        status = exit_status.OK
    except BaseException:  # noqa: BLE001 - the child must end here, with the traceback of a bug on stderr
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _send(writing: int, text: str) -> None:
    with suppress(OSError):  # if the parent has gone, the child will be stopped or finish by itself
        os.write(writing, (text.replace("\n", " ") + "\n").encode())


class _Watcher:
    def __init__(self, child: int, reading: int) -> None:
        self.child = child
        self.reading = reading
        self.received = b""
        self.ended = False

    def wait(self, deadline: float | None) -> Outcome:
        while True:
            ended, status = os.waitpid(self.child, os.WNOHANG)
            self._drain()
            if ended:
                self.ended = True
                return self._outcome(status)
            if deadline is not None and time.monotonic() > deadline:
                self._kill()
                os.waitpid(self.child, 0)
                self._drain()
                return Outcome(None, self.child, self._last_note())
            time.sleep(POLL)

    def stop_after_interrupt(self) -> None:
        """Interrupt the child, which stops its own helpers; kill all of them if that takes too long."""
        if self.ended:
            return
        with suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGINT)
        until = time.monotonic() + GRACE
        while time.monotonic() < until:
            if os.waitpid(self.child, os.WNOHANG)[0]:
                return
            time.sleep(POLL)
        self._kill()
        os.waitpid(self.child, 0)

    def _kill(self) -> None:
        """Kill the child and the processes that it started: they are a group of their own."""
        with suppress(ProcessLookupError):
            os.killpg(self.child, signal.SIGKILL)

    def _outcome(self, status: int) -> Outcome:
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL:
            return Outcome(None, self.child, self._last_note())
        if code in (-signal.SIGINT, -signal.SIGTERM, exit_status.INTERRUPTED):
            raise KeyboardInterrupt
        if code < 0:
            print(f"exactinj: the worker process died by signal {-code}; please report this", file=sys.stderr)
            code = exit_status.CRASH
        return Outcome(code, self.child, self._last_note())

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while piece := os.read(self.reading, 65536):
                self.received = (self.received + piece)[-65536:]

    def _last_note(self) -> str:
        lines = self.received.decode(errors="replace").splitlines()
        return lines[-1] if lines else ""
