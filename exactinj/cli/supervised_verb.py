"""The frame of verbs that compute for long: a child process, a deadline, one answer, one line for every error."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactinj.cli import exit_status
from exactinj.cli.figure_files import save_figure
from exactinj.cli.output import STDOUT, print_error, show, size_notes
from exactinj.cli.progress import PAUSE, ProgressLine
from exactinj.cli.supervise import Decided, Ending, Facts, Outcome, Progress, Standing, supervised
from exactinj.errors import ExactinjError, InputError
from exactinj.files.sources import STDIN
from exactinj.work.processes import Send

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.certificates.document import Document

__all__ = ["Ending", "Reporter", "Unfinished", "ending_with_certificate", "ending_with_picture", "run_supervised"]

DRAWING = 30.0  # seconds that a picture may take, whatever the deadline was


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
    describe: Callable[[str | None, str | None], str],
    *,
    draw: Callable[[], Figure],
    reporter: Reporter,
) -> Ending:
    """The certificate written where ``--out`` says and the picture where ``--plot`` says, and what is said about them.

    ``describe`` takes the names of the certificate's file and the picture's, or None. With ``--out -`` standard output
    holds the certificate alone, and the description goes to stderr. The certificate is written whatever the deadline.
    """
    reporter.decided()
    ends, written, document = "\n", None, None
    form = getattr(options, "certificate_form", None)
    sizes: tuple[str, ...] = ()
    if options.out == STDOUT and certificate is not None:
        document, ends = certificate.to_bytes(form=form).decode("ascii"), ""
    elif options.out is not None and certificate is not None:
        reporter.send(Progress("writing the certificate"))
        certificate.write(options.out, form=form)
        written, sizes = options.out, () if options.quiet else size_notes(options.out)

    def ending(drawn: str | None) -> Ending:
        text = describe(written, drawn)
        if options.out == STDOUT:
            return Ending(status, document or "", (text,) if text else (), ends)
        return Ending(status, text, sizes)

    return ending_with_picture(options, ending, draw, reporter)


def ending_with_picture(
    options: argparse.Namespace,
    ending: Callable[[str | None], Ending],
    draw: Callable[[], Figure],
    reporter: Reporter,
) -> Ending:
    """The ending, which takes the name of the picture's file or None, once that is drawn, within `DRAWING` seconds.

    Where there is nothing to draw, or no time, the status stays; a picture that cannot be written is status 3. The
    answer is printed in either case.
    """
    reporter.decided()
    if options.plot is None:
        return ending(None)
    plain = ending(None)
    late = f"--plot: no picture, as drawing it did not end within {DRAWING:.0f} s"
    reporter.send(Standing(_noted(plain, late), DRAWING))
    reporter.send(Progress("drawing the picture"))
    try:
        figure = draw()
    except InputError as error:
        return _noted(plain, f"--plot: {error}")
    except MemoryError:
        return _noted(plain, "--plot: no picture, as there is not enough memory to draw it")
    try:
        save_figure(figure, options.plot)
    except InputError as error:
        return replace(_noted(plain, str(error)), status=exit_status.BAD_INPUT)
    return ending(options.plot)


def _noted(ending: Ending, note: str) -> Ending:
    return replace(ending, notes=(*ending.notes, note))


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
