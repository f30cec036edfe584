"""Pages as files, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

from exactinj.report.answer import AnswerContent
from exactinj.report.answer_page import answer_page
from exactinj.reporting.place import require_page_name
from exactinj.work.atomic import replacing

__all__ = ["write_page"]


def write_page(content: AnswerContent, path: str | os.PathLike[str]) -> None:
    """The page of plain data; raises `InputError` for another ending, and where it cannot be written."""
    require_page_name(path)
    page = answer_page(content)
    with replacing(Path(path)) as stream:
        stream.write(page.encode("utf-8"))
