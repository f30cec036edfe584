"""Endings with files: the certificate where ``--out`` says, the page of ``--report``, the picture of ``--plot``.

The answer stands before any of them is written, and is printed whatever becomes of them.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from exactinj.cli import exit_status
from exactinj.cli.figure_files import save_figure
from exactinj.cli.output import STDOUT, size_notes
from exactinj.cli.supervise import Ending, Progress, Standing
from exactinj.cli.supervised_verb import PAGE, Reporter
from exactinj.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from exactinj.certificates.document import Document
    from exactinj.report.answer import AnswerContent
    from exactinj.reporting.evidence import Kept, Setting

__all__ = ["Files", "Page", "ending_with_certificate", "ending_with_files", "files_field", "files_lines"]

DRAWING = 30.0  # seconds that a picture, or the pictures of a page, may take, whatever the deadline was

Page: TypeAlias = "Callable[[Setting], AnswerContent]"  # what a page shows


@dataclass(frozen=True)
class Files:
    """What was written beside the answer: names, or None for what was not asked for or is not there."""

    certificate: str | None = None
    picture: str | None = None
    report: str | None = None


def files_field(options: argparse.Namespace, files: Files) -> dict[str, object]:
    """What a JSON document says of a picture and a page where they were asked for: the file, or None."""
    asked = (("plot", files.picture), ("report", files.report))
    return {name: file for name, file in asked if getattr(options, name, None) is not None}


def files_lines(files: Files) -> list[str]:
    """What a description says of them."""
    lines = (("picture", files.picture), ("report", files.report))
    return [f"{what}: {file}" for what, file in lines if file is not None]


def ending_with_certificate(
    options: argparse.Namespace,
    status: int,
    certificate: Document | None,
    describe: Callable[[Files], str],
    *,
    reporter: Reporter,
    draw: Callable[[], Figure] | None = None,
    page: Page | None = None,
) -> Ending:
    """The certificate written where ``--out`` says, then what `ending_with_files` writes, and what is said about them.

    With ``--out -`` standard output holds the certificate alone, and the description goes to stderr. The certificate is
    written whatever the deadline.
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

    def ending(files: Files) -> Ending:
        text = describe(replace(files, certificate=written))
        if options.out == STDOUT:
            return Ending(status, document or "", (text,) if text else (), ends)
        return Ending(status, text, sizes)

    def kept() -> Kept | None:
        return _kept(written, document)

    return ending_with_files(options, ending, reporter, draw=draw, page=page, kept=kept)


def _kept(written: str | None, document: str | None) -> Kept | None:
    from exactinj.reporting.evidence import STDOUT as PRINTED
    from exactinj.reporting.evidence import Kept as NewKept
    from exactinj.reporting.evidence import kept_file

    if document is not None:
        data = document.encode("ascii")
        return NewKept(PRINTED, hashlib.sha256(data).hexdigest(), len(data))
    return None if written is None else kept_file(written)


def ending_with_files(
    options: argparse.Namespace,
    ending: Callable[[Files], Ending],
    reporter: Reporter,
    *,
    draw: Callable[[], Figure] | None = None,
    page: Page | None = None,
    kept: Callable[[], Kept | None] = lambda: None,
) -> Ending:
    """The ending, which takes the names of what was written, once the page and the picture are there.

    Where there is nothing to draw, or no time, the status stays; a file that cannot be written is status 3. The answer
    is printed in either case.
    """
    reporter.decided()
    beside = _Beside(options, ending, reporter)
    if page is not None and getattr(options, "report", None) is not None:
        beside.write_page(page, kept)
    if draw is not None and options.plot is not None:
        beside.draw_picture(draw)
    return beside.ending_now()


@dataclass
class _Beside:
    """The files of an answer while they are written: which are there, and lines about those that are not."""

    options: argparse.Namespace
    ending: Callable[[Files], Ending]
    reporter: Reporter
    files: Files = field(default_factory=Files)
    notes: tuple[str, ...] = ()
    is_lost: bool = False  # whether one could not be written

    def ending_now(self, *notes: str) -> Ending:
        """The ending with what is known by now."""
        found = self.ending(self.files)
        status = exit_status.BAD_INPUT if self.is_lost else found.status
        return replace(found, status=status, notes=(*found.notes, *self.notes, *notes))

    def write_page(self, page: Page, kept: Callable[[], Kept | None]) -> None:
        """First without the pictures that may take long, then with them."""
        from exactinj.reporting.evidence import Setting
        from exactinj.reporting.page_files import write_page

        report = self.options.report
        self._stand("--report: no page, as making it did", "writing the report")
        try:
            setting = Setting(report, kept(), has_pictures=False)
            write_page(page(setting), report)
            self.files = replace(self.files, report=report)
            self.reporter.remember(**{PAGE: True})
            self._stand("--report: a page without pictures, as drawing them did", "drawing the report's pictures")
            write_page(page(replace(setting, has_pictures=True)), report)
        except InputError as error:
            self._lose(f"--report: {error}")
            self.files = replace(self.files, report=None)
        except MemoryError:
            self.notes += ("--report: a page without pictures, as there is not enough memory to draw them",)

    def draw_picture(self, draw: Callable[[], Figure]) -> None:
        """The picture, or a line why there is none."""
        self._stand("--plot: no picture, as drawing it did", "drawing the picture")
        try:
            figure = draw()
        except InputError as error:
            self.notes += (f"--plot: {error}",)
            return
        except MemoryError:
            self.notes += ("--plot: no picture, as there is not enough memory to draw it",)
            return
        try:
            save_figure(figure, self.options.plot)
        except InputError as error:
            self._lose(str(error))
            return
        self.files = replace(self.files, picture=self.options.plot)

    def _stand(self, late: str, doing: str) -> None:
        """What counts if what is done next does not end in time."""
        self.reporter.send(Standing(self.ending_now(f"{late} not end within {DRAWING:.0f} s"), DRAWING))
        self.reporter.send(Progress(doing))

    def _lose(self, note: str) -> None:
        self.notes, self.is_lost = (*self.notes, note), True
