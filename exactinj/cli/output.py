"""What a command writes: its answer on stdout, which is there completely or an error, and lines on stderr.

Writing to stdout can fail (a full disk, a closed descriptor, a reader that has gone). An answer that was lost must not
read as one that was given: `show` raises `LostAnswerError` then, and the command ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from exactinj.errors import InputError
from exactinj.work.processes import processes_for

__all__ = [
    "STDOUT",
    "LostAnswerError",
    "note_processes",
    "open_closed_streams",
    "print_error",
    "refuse_bad_output",
    "show",
    "show_json",
    "silence",
    "size_notes",
    "write_error",
]


STDOUT = "-"
MEGABYTE = 10**6
LARGE = 10 * MEGABYTE  # a file that deserves a word


class LostAnswerError(Exception):
    """Standard output did not take the answer; the text says why, and is empty if its reader has gone."""


def show(text: str, end: str = "\n") -> None:
    """Write text and its end on stdout, all of it, now.

    Raises
    ------
    LostAnswerError
        If it could not be written.
    """
    stream = sys.stdout
    if stream is None:
        raise LostAnswerError("it is closed")
    try:
        _write(stream, text + end)
    except BrokenPipeError:
        raise LostAnswerError from None
    except (OSError, ValueError) as error:
        raise LostAnswerError(getattr(error, "strerror", None) or str(error)) from None


def show_json(document: object) -> None:
    """Write one JSON document on stdout; raises as `show`."""
    show(json.dumps(document, indent=1))


def _write(stream: TextIO, text: str) -> None:
    """All of it: without a buffer (``python -u``) Python's own streams drop what a full disk does not take at once."""
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(text)
    else:
        stream.flush()
        rest = memoryview(text.replace("\n", os.linesep).encode(stream.encoding or "utf-8", "backslashreplace"))
        while rest:
            rest = rest[binary.write(rest) or 0 :]
    stream.flush()


def silence(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, so that the interpreter does not fail on it at its end."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # type: ignore[union-attr]
        os.close(null)


def open_closed_streams() -> None:
    """Give the numbers 0, 1 and 2 to the null device if they are free: no other file must come to stand there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def print_error(text: str) -> None:
    """One line on stderr; where there is none, or it is full, nothing can be said."""
    write_error(f"exactinj: {text}\n")


def write_error(text: str) -> None:
    """Write on stderr, if that is possible."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        silence(sys.stderr)


def note_processes(options: argparse.Namespace, fewest: int = 1) -> None:
    """Say so if fewer processes are used than ``--jobs`` asks for."""
    most = processes_for(options.jobs, fewest)
    if options.jobs > most and not options.quiet:
        print_error(f"--jobs {options.jobs}: at most {most} processes are used, by the processors of this machine")


def size_notes(path: str | None) -> tuple[str, ...]:
    """A line about a file that is large, for whoever has to keep or send it."""
    size = 0 if path is None else Path(path).stat().st_size
    if path is None or size < LARGE:
        return ()
    packed = "" if path.endswith(".gz") else "; a name that ends in .json.gz makes it several times smaller"
    return (f"the certificate {path} has {size / MEGABYTE:,.0f} MB{packed}",)


def refuse_bad_output(options: argparse.Namespace) -> None:
    """Find out before hours of work that the certificate has nowhere to go."""
    out = options.out
    if out == STDOUT and options.json:
        raise InputError("found --out - with --json, expected one of them on standard output; write one to a file")
    if out is None or out == STDOUT:
        return
    path = Path(out)
    if not path.name.endswith((".json", ".json.gz")):
        raise InputError(f"--out: found the name {path.name!r}, expected one that ends in .json or .json.gz, or -")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--out: {path} cannot be written there; name a file in an existing folder")
