"""Reports: the option ``--report``, refused before the work if no page can be written, and pages about stopped work."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactinj.files.sources import STDIN
from exactinj.reporting.place import require_page_place

if TYPE_CHECKING:
    from exactinj.reporting.evidence import Subject

__all__ = ["add_report", "refuse_bad_report", "subject_of", "write_unfinished"]

CASE = "casebook:"


def add_report(verb: argparse.ArgumentParser) -> None:
    """The option ``--report``."""
    verb.add_argument("--report", metavar="FILE", help="write one self-contained page about the answer there (.html)")


def refuse_bad_report(report: str | None) -> None:
    """Find out before hours of work that the page cannot be written."""
    if report is not None:
        require_page_place(report, "--report")


def subject_of(options: argparse.Namespace, *, is_whole: bool = True) -> Subject:
    """The layer as the page names it; `is_whole` says whether the file alone holds it."""
    from exactinj.reporting.evidence import Subject as NewSubject

    file = options.layer
    name = file if file.startswith(CASE) else "a layer from standard input" if file == STDIN else Path(file).name
    given = getattr(options, "layer_format", None)
    return NewSubject(name, None if file == STDIN else file, given, is_whole)


def write_unfinished(options: argparse.Namespace, document: dict[str, Any]) -> None:
    """The page about work that was stopped, from its JSON document; raises InputError where it cannot be written."""
    from exactinj.reporting.page_files import write_page
    from exactinj.reporting.unfinished import unfinished_content

    write_page(unfinished_content(subject_of(options), options.verb, document), options.report)
