"""The frame of verbs that compute for long: a child process, a deadline, one answer, one line for every error."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exactinj.cli import exit_status
from exactinj.cli.output import print_error, refuse_bad_output, show
from exactinj.cli.progress import PAUSE, ProgressLine
from exactinj.cli.supervise import Decided, Ending, Facts, Outcome, Progress, supervised
from exactinj.errors import ExactinjError
from exactinj.work.processes import Send

__all__ = ["Ending", "Reporter", "Unfinished", "run_supervised"]


@dataclass
class Reporter:
    """What the work in the child tells the parent process; `deadline` is one of ``time.monotonic()``."""

    send: Send
    deadline: float | None
    last: float = field(default=float("-inf"))

    @property
    def seconds_left(self) -> float | None:
        """To the deadline, at least a millisecond, from now; None without one."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 1e-3)

    def report(self, text: str) -> None:
        """Show progress, at most once in `PAUSE` seconds."""
        now = time.monotonic()
        if now - self.last >= PAUSE:
            self.last = now
            self.send(Progress(text))

    def remember(self, **facts: Any) -> None:
        """Tell the parent what to print if this process has to be killed."""
        self.send(Facts(facts))

    def decided(self, text: str = "writing the certificate") -> None:
        """The answer is found: from now on no deadline stops what is left to do."""
        self.send(Decided())
        self.send(Progress(text))


@dataclass(frozen=True)
class Unfinished:
    """What the parent knows about work that was killed at the deadline, or by the system for its memory."""

    reason: str
    facts: dict[str, Any]
    seconds: float


def run_supervised(
    options: argparse.Namespace,
    work: Callable[[Reporter], Ending],
    unfinished: Callable[[Unfinished], dict[str, object]],
) -> int:
    """Run ``work`` in a child, print what it sends as its ending and return its exit status.

    ``unfinished`` makes the JSON document for work that had to be killed.
    """
    refuse_bad_output(getattr(options, "out", None))
    deadline = None if options.timeout is None else options.started + options.timeout
    line = ProgressLine(enabled=not options.quiet)
    try:
        outcome = supervised(lambda send: _ending(work, Reporter(send, deadline)), deadline, line)
    finally:
        line.clear()
    ending = outcome.ending or _ending_of_unfinished(options, outcome, unfinished)
    for note in ending.notes:
        print_error(note)
    if ending.text:
        show(ending.text)
    return ending.status


def _ending(work: Callable[[Reporter], Ending], reporter: Reporter) -> Ending:
    try:
        return work(reporter)
    except ExactinjError as error:
        return Ending(exit_status.BAD_INPUT, notes=(str(error),))
    except MemoryError:
        note = "out of memory; the layer is too large for exact arithmetic on this machine"
        return Ending(exit_status.OUT_OF_BUDGET, notes=(note,))


def _ending_of_unfinished(
    options: argparse.Namespace, outcome: Outcome, unfinished: Callable[[Unfinished], dict[str, object]]
) -> Ending:
    killed = "killed by the system, most likely out of memory"
    cause = "out of time inside one exact step" if outcome.was_stopped else killed
    reason = f"{cause}; last seen: {outcome.progress or 'the layer was still being read'}"
    document = unfinished(Unfinished(reason, outcome.facts, time.monotonic() - options.started))
    text = "" if options.quiet else f"{options.layer}: undecided, {reason}"
    return Ending(exit_status.OUT_OF_BUDGET, json.dumps(document, indent=1) if options.json else text)
