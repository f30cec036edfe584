"""What verbs share: files to write and errors to print."""

from __future__ import annotations

import sys
from pathlib import Path

from exactinj.errors import InputError

__all__ = ["print_error", "refuse_bad_output", "remove_leftovers"]


def refuse_bad_output(out: str | None) -> None:
    """Find out before hours of work that the certificate has nowhere to go."""
    if out is None:
        return
    path = Path(out)
    if not path.name.endswith((".json", ".json.gz")):
        raise InputError(f"--out: found the name {path.name!r}, expected one that ends in .json or .json.gz")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--out: {path} cannot be written there; name a file in an existing folder")


def remove_leftovers(out: str | None, child: int) -> None:
    """A killed child may have left its temporary file."""
    from exactinj.files.atomic import TEMPORARY_PREFIX

    if out is not None:
        for leftover in Path(out).parent.glob(f"{TEMPORARY_PREFIX}{child}-*"):
            leftover.unlink(missing_ok=True)


def print_error(text: str) -> None:
    """One line on stderr."""
    print(f"exactinj: {text}", file=sys.stderr)
