"""The frame of verbs that compute for long: a child process, a deadline, one answer, one line for every error."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactinj.cli import exit_status
from exactinj.cli.output import STDOUT, print_error, show, size_notes
from exactinj.cli.progress import PAUSE, ProgressLine
from exactinj.cli.supervise import Decided, Ending, Facts, Outcome, Progress, supervised
from exactinj.errors import ExactinjError
from exactinj.files.sources import STDIN
from exactinj.work.processes import Send

if TYPE_CHECKING:
    from exactinj.certificates.document import Document

__all__ = ["Ending", "Reporter", "Unfinished", "ending_with_certificate", "run_supervised"]


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

    def decided(self) -> None:
        """The answer is found: from now on no deadline stops what is left to do."""
        self.send(Decided())


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
    *,
    subject: str | None = None,
) -> int:
    """Run ``work`` in a child, print what it sends as its ending and return its exit status.

    ``unfinished`` makes the JSON document for work that had to be killed; `subject` is the file that the work is about,
    the layer if it is left out.
    """
    deadline = None if options.timeout is None else options.started + options.timeout
    line = ProgressLine(enabled=not options.quiet)
    try:
        typed = _reads_terminal(options)
        outcome = supervised(lambda send: _ending(work, Reporter(send, deadline)), deadline, line, reads_terminal=typed)
    finally:
        line.clear()
        _remove_leftovers(getattr(options, "out", None))
    about = options.layer if subject is None else subject
    ending = outcome.ending or _ending_of_unfinished(options, about, outcome, unfinished)
    for note in ending.notes:
        print_error(note)
    if ending.text:
        show(ending.text, ending.end)
    return ending.status


def _reads_terminal(options: argparse.Namespace) -> bool:
    """Whether somebody types the input: a process in the background would be stopped when it reads."""
    named = (options.layer, getattr(options, "certificate", None))
    return STDIN in named and sys.stdin is not None and sys.stdin.isatty()


def _remove_leftovers(out: str | None) -> None:
    """A killed child may have left a temporary file, where there are none without a name."""
    from exactinj.work.atomic import remove_leftovers

    if out is not None and out != STDOUT:
        remove_leftovers(Path(out).parent)


def ending_with_certificate(
    options: argparse.Namespace,
    status: int,
    certificate: Document | None,
    describe: Callable[[str | None], str],
    reporter: Reporter,
) -> Ending:
    """The certificate written where ``--out`` says, whatever the deadline, and what is said about it.

    ``describe`` takes the name of the certificate's file, or None. With ``--out -`` standard output holds the
    certificate alone, and the description goes to stderr.
    """
    reporter.decided()
    if options.out is None or certificate is None:
        text = describe(None)
        return Ending(status, notes=(text,)) if options.out == STDOUT and text else Ending(status, text)
    if options.out == STDOUT:
        text = describe(None)
        return Ending(status, certificate.to_bytes().decode("ascii"), notes=(text,) if text else (), end="")
    reporter.send(Progress("writing the certificate"))
    certificate.write(options.out)
    return Ending(status, describe(options.out), () if options.quiet else size_notes(options.out))


def _ending(work: Callable[[Reporter], Ending], reporter: Reporter) -> Ending:
    try:
        return work(reporter)
    except ExactinjError as error:
        return Ending(exit_status.BAD_INPUT, notes=(str(error),))
    except MemoryError:
        note = "out of memory; the layer is too large for exact arithmetic on this machine"
        return Ending(exit_status.OUT_OF_BUDGET, notes=(note,))


def _ending_of_unfinished(
    options: argparse.Namespace, about: str, outcome: Outcome, unfinished: Callable[[Unfinished], dict[str, object]]
) -> Ending:
    killed = "killed by the system, most likely out of memory"
    if outcome.progress is None:
        reason = f"{'out of time' if outcome.was_stopped else killed} while the program was loaded or the input read"
    else:
        cause = "out of time inside one exact step" if outcome.was_stopped else killed
        reason = f"{cause}; last seen: {outcome.progress}"
    document = unfinished(Unfinished(reason, outcome.facts, time.monotonic() - options.started))
    text = "" if options.quiet else str(outcome.facts.get("text", "")) + f"{about}: undecided, {reason}"
    return Ending(exit_status.OUT_OF_BUDGET, json.dumps(document, indent=1) if options.json else text)
