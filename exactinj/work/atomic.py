"""Writing files so that nothing on disk is ever lost or half written, and nothing else is left there.

Where the system has files without a name (Linux, on most file systems) the content gets its name only once it is
complete, so that a process may be killed at any moment. Elsewhere it has a hidden name meanwhile, and whoever writes
into the same folder next removes what a killed process left: a living one holds a lock on its file.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from exactinj.errors import InputError

__all__ = ["TEMPORARY_PREFIX", "remove_leftovers", "replacing"]

TEMPORARY_PREFIX = ".exactinj-"
TEMPORARY_NAME = re.compile(re.escape(TEMPORARY_PREFIX) + r"\d+-[0-9a-f]{8}")
MODE = 0o666  # less what the user's mask forbids


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose content replaces `path` at the end, or is dropped on any error.

    Raises
    ------
    InputError
        If it cannot be written, also for a full disk.
    """
    temporary = path.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        remove_leftovers(path.parent)
        nameless = _nameless(path.parent)
        with temporary.open("xb") if nameless is None else os.fdopen(nameless, "wb") as stream:
            _locked(stream.fileno())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if nameless is not None:
                _name(nameless, temporary)
            temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; choose another place") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that were killed; those of living ones are locked and stay."""
    with suppress(OSError):
        for leftover in folder.glob(f"{TEMPORARY_PREFIX}*"):
            if TEMPORARY_NAME.fullmatch(leftover.name) and leftover.is_file() and not leftover.is_symlink():
                with suppress(OSError), leftover.open("r+b") as stream:
                    if _locked(stream.fileno()):
                        leftover.unlink(missing_ok=True)


def _nameless(folder: Path) -> int | None:
    """The descriptor of a new file without a name in a folder; None where there is no such thing."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_WRONLY, MODE)
    except OSError:  # a file system that cannot do it; what else is wrong will show again
        return None


def _name(descriptor: int, path: Path) -> None:
    """Give a nameless file its name."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{descriptor}", path.name, src_dir_fd=folder, dst_dir_fd=folder)  # follows the link
    finally:
        os.close(folder)


def _locked(descriptor: int) -> bool:
    """Whether the lock on an open file is ours now; where there are none, open files cannot be removed anyway."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
