"""Where a report may be written; loads nothing, so that bad places are refused before any work."""

from __future__ import annotations

import os
from pathlib import Path

from exactinj.errors import InputError

__all__ = ["REPORT_ENDINGS", "require_page_name", "require_page_place"]

REPORT_ENDINGS = (".html", ".htm")


def require_page_name(path: str | os.PathLike[str]) -> None:
    """`InputError` for another ending."""
    if Path(path).suffix.lower() not in REPORT_ENDINGS:
        raise InputError(f"{path}: found the ending {Path(path).suffix!r}, expected .html")


def require_page_place(path: str, option: str) -> None:
    """`InputError`, in one line that names the option, for a place where no page can be written."""
    place = Path(path)
    if place.suffix.lower() not in REPORT_ENDINGS or place.is_dir() or not place.parent.is_dir():
        raise InputError(f"{option}: found {path!r}, expected a .html file in an existing folder")
    if not os.access(place.parent, os.W_OK):
        raise InputError(f"{option}: {path} cannot be written there; name a file in a folder of yours")
