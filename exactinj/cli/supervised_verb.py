"""The frame of verbs that compute for long: a child process, a deadline, one answer, one line for every error."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from exactinj.cli import exit_status
from exactinj.cli.output import STDOUT, print_error, show
from exactinj.cli.progress import PAUSE, ProgressLine
from exactinj.cli.supervise import Decided, Ending, Facts, Outcome, Progress, supervised
from exactinj.errors import ExactinjError, InputError
from exactinj.files.sources import STDIN
from exactinj.work.processes import Send

__all__ = ["PAGE", "Ending", "Reporter", "Unfinished", "run_supervised"]

PAGE = "page"  # the fact that a report was written


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
        _remove_leftovers(getattr(options, "plot", None))
        _remove_leftovers(getattr(options, "report", None))
    about = options.layer if subject is None else subject
    ending = _ending_of(options, about, outcome, unfinished)
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


def _ending(work: Callable[[Reporter], Ending], reporter: Reporter) -> Ending:
    try:
        return work(reporter)
    except ExactinjError as error:
        return Ending(exit_status.BAD_INPUT, notes=(str(error),))
    except MemoryError:
        note = "out of memory; the layer is too large for exact arithmetic on this machine"
        return Ending(exit_status.OUT_OF_BUDGET, notes=(note,))


def _ending_of(
    options: argparse.Namespace, about: str, outcome: Outcome, unfinished: Callable[[Unfinished], dict[str, object]]
) -> Ending:
    """The child's ending, or one in its place; a report that the child was asked for and did not write is written."""
    ending, report = outcome.ending, getattr(options, "report", None)
    lacks_page = report is not None and PAGE not in outcome.facts
    if ending is not None and not (lacks_page and ending.status == exit_status.OUT_OF_BUDGET):
        return ending
    reason = _reason(outcome) if ending is None else "; ".join(ending.notes)
    document = unfinished(Unfinished(reason, outcome.facts, time.monotonic() - options.started))
    notes = _page_notes(options, document) if lacks_page else ()
    status = exit_status.BAD_INPUT if notes else exit_status.OUT_OF_BUDGET
    if ending is not None:
        return replace(ending, status=status, notes=(*ending.notes, *notes))
    if options.json:
        written = {} if report is None else {"report": None if notes else report}
        return Ending(status, json.dumps({**document, **written}, indent=1), notes)
    lines = [f"{outcome.facts.get('text', '')}{about}: undecided, {reason}"]
    lines += [f"report: {report}"] if report is not None and not notes else []
    return Ending(status, "" if options.quiet else "\n".join(lines), notes)


def _reason(outcome: Outcome) -> str:
    """Why the child has no ending."""
    killed = "killed by the system, most likely out of memory"
    if outcome.progress is None:
        return f"{'out of time' if outcome.was_stopped else killed} while the program was loaded or the input read"
    cause = "out of time inside one exact step" if outcome.was_stopped else killed
    return f"{cause}; last seen: {outcome.progress}"


def _page_notes(options: argparse.Namespace, document: dict[str, object]) -> tuple[str, ...]:
    """Write the page about unfinished work; a line where that is not possible."""
    from exactinj.cli.report_files import write_unfinished

    try:
        write_unfinished(options, document)
    except InputError as error:
        return (f"--report: {error}",)
    return ()
