"""The frame of verbs that compute for long: a child process, a deadline, one line for every error."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exactinj.cli import exit_status
from exactinj.cli.output import print_error, refuse_bad_output, remove_leftovers
from exactinj.cli.progress import ProgressLine
from exactinj.cli.supervise import InterruptedChild, supervised
from exactinj.errors import ExactinjError

__all__ = ["Desk", "Killed", "run_supervised"]

PAUSE = 0.1  # seconds between two reports of progress


@dataclass
class Desk:
    """What a verb works at: the seconds left, and a line to the terminal and to the parent process."""

    left: float | None
    line: ProgressLine
    note: Callable[[str], None]
    facts: dict[str, Any] = field(default_factory=dict)
    last: float = float("-inf")

    def report(self, text: str) -> None:
        """Show progress, at most once in `PAUSE` seconds."""
        now = time.monotonic()
        if now - self.last >= PAUSE:
            self.last = now
            self.line.show(text)
            self.note(json.dumps({**self.facts, "progress": text}))

    def remember(self, **facts: Any) -> None:
        """Tell the parent what to print if this process has to be killed."""
        self.facts.update(facts)
        self.note(json.dumps(self.facts))


@dataclass(frozen=True)
class Killed:
    """What the parent knows about a child that it killed at the deadline, or the system for its memory."""

    reason: str
    facts: dict[str, Any]
    seconds: float


def run_supervised(
    options: argparse.Namespace,
    work: Callable[[Desk], Callable[[], int]],
    killed: Callable[[Killed], dict[str, object]],
) -> int:
    """Run ``work`` in a child; it returns what prints the outcome and gives the exit status.

    ``killed`` makes the JSON document of a child that had to be killed.
    """
    out = getattr(options, "out", None)
    refuse_bad_output(out)
    started = time.monotonic()
    try:
        outcome = supervised(lambda note: _in_child(options, started, note, work), options.timeout)
    except InterruptedChild as interrupt:
        remove_leftovers(out, interrupt.child)
        raise
    if outcome.status is not None:
        return outcome.status
    remove_leftovers(out, outcome.child)
    _print_killed(options, outcome.note, time.monotonic() - started, killed)
    return exit_status.OUT_OF_BUDGET


def _in_child(
    options: argparse.Namespace,
    started: float,
    note: Callable[[str], None],
    work: Callable[[Desk], Callable[[], int]],
) -> int:
    line = ProgressLine(enabled=not options.quiet)
    left = None if options.timeout is None else max(options.timeout - (time.monotonic() - started), 1e-3)
    try:
        finish = work(Desk(left, line, note))
    except ExactinjError as error:
        line.clear()
        print_error(str(error))
        return exit_status.BAD_INPUT
    except MemoryError:
        line.clear()
        print_error("out of memory; the layer is too large for exact arithmetic on this machine")
        return exit_status.OUT_OF_BUDGET
    except KeyboardInterrupt:
        line.clear()
        return exit_status.INTERRUPTED
    line.clear()
    return finish()


def _print_killed(
    options: argparse.Namespace, note: str, seconds: float, killed: Callable[[Killed], dict[str, object]]
) -> None:
    facts = json.loads(note) if note else {}
    in_time = options.timeout is None or seconds < options.timeout
    cause = "killed by the system, most likely out of memory" if in_time else "out of time inside one exact step"
    reason = f"{cause}; last seen: {facts.pop('progress', 'the layer was still being read')}"
    document = killed(Killed(reason, facts, seconds))
    if options.json:
        print(json.dumps(document, indent=1))
    elif not options.quiet:
        print(f"{options.layer}: undecided, {reason}")
