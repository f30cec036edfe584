"""Where compiled code is kept between runs.

A folder named by the hash of everything that machine code depends on: the text of all files of this folder, the
versions of Python, numpy, numba and llvmlite, the processor; and of what numba goes by, the place and the times of
these files. So there is no stale code: an edit anywhere, or another version, is another folder, and the least recently
used ones are removed.

The first of these places that is there, can be written and is nobody else's: ``NUMBA_CACHE_DIR`` if it is set, the
user's folder for caches, a folder of this user below that for temporary files. Without any the code is compiled in
every run. Files that are not what was written are compiled anew.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from exactinj.work.log import LOGGER

__all__ = ["Entry", "cache_folder", "cache_place", "say"]

KEPT = 8  # folders of other versions
PATIENCE = 120.0  # seconds to wait for another process that compiles the same
PAUSE = 0.05


@cache
def say(text: str) -> None:
    """One warning in the log, once in a process."""
    LOGGER.warning("%s", text)


@cache
def cache_folder(*versions: str) -> Path | None:
    """The folder for this version of the code, empty or filled; None if there is no place to keep anything."""
    failed = []
    for parent, name in _places():
        folder = parent / name / _digest(versions)
        try:
            _make_private(folder)
        except OSError as error:
            failed.append(f"{parent} ({error.strerror or error})")
            continue
        if failed and not any(folder.iterdir()):
            say(f"compiled code is kept in {folder.parent}, as this failed: {', '.join(failed)}")
        _remove_old(folder)
        return folder
    say(f"compiled code cannot be kept: {', '.join(failed)}; set NUMBA_CACHE_DIR, or every run compiles it again")
    return None


def cache_place() -> Path | None:
    """Where compiled code is kept, unless that cannot be written and another place is taken; makes nothing."""
    return next((parent / name for parent, name in _places()), None)


def _places() -> Iterator[tuple[Path, str]]:
    """Folders and the names of ours in them; those that others write to as well get one for each user."""
    user = f"exactinj-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    if os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(os.environ["NUMBA_CACHE_DIR"]), user
    with suppress(RuntimeError):  # a user without a home
        yield _user_caches(), "exactinj"
    with suppress(FileNotFoundError):  # no folder for temporary files that can be written to
        yield Path(tempfile.gettempdir()), user


def _user_caches() -> Path:
    """The platform's folder for caches; an absolute path."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return chosen if chosen.is_absolute() else Path.home() / ".cache"


def _digest(versions: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(repr((str(path), path.stat().st_mtime_ns)).encode() + b"\0" + path.read_bytes() + b"\0")
    found.update(repr((sys.version, platform.machine(), np.__version__, *versions)).encode())
    return found.hexdigest()[:16]


def _make_private(folder: Path) -> None:
    """Make a folder if it is not there, and raise `OSError` unless this user, and no other, can write to it."""
    ours, parent = folder.parent, folder.parent.parent
    parent.mkdir(exist_ok=True)  # not a home that is not there
    for path in (ours, folder):
        path.mkdir(mode=0o700, exist_ok=True)
        status = path.lstat()
        if hasattr(os, "getuid") and (path.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022):
            raise OSError(f"{path.name} in it can be written to by others")
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"0" * 4096)


def _remove_old(folder: Path) -> None:
    """Mark the folder as used, and remove those that nobody used for longest."""
    with suppress(OSError):
        os.utime(folder)
        others = sorted(
            (path for path in folder.parent.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
        )
        for path in others[: -1 - KEPT]:
            shutil.rmtree(path, ignore_errors=True)


class Entry:
    """The files of one compiled function, sealed by their hash once they are complete."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self._seal = folder / f"{name}.sha256"

    def is_sound(self) -> bool:
        """Whether there are files, and they are what was written; removes them otherwise."""
        try:
            sealed = self._seal.read_text(encoding="ascii") if self._seal.exists() else None
            sound = bool(self._files()) and sealed == self._hash()
        except (OSError, ValueError):
            sound, sealed = False, ""
        if not sound:
            if sealed is not None:
                say(f"the compiled code in {self.folder} is damaged and is compiled again")
            self.remove()
        return sound

    def seal(self) -> None:
        """Note that the files are complete."""
        with suppress(OSError):
            found = self._hash()
            if not self._seal.exists() or self._seal.read_bytes() != found.encode():
                part = self._seal.with_suffix(f".{os.getpid()}")
                part.write_text(found, encoding="ascii")
                part.replace(self._seal)

    def remove(self) -> None:
        """Remove the files, as far as that is possible."""
        for path in (self._seal, *self._files()):
            with suppress(OSError):
                path.unlink()

    def _files(self) -> list[Path]:
        return sorted(path for kind in ("nbi", "nbc") for path in self.folder.rglob(f"{self.name}-*.{kind}"))

    def _hash(self) -> str:
        found = hashlib.sha256()
        for path in self._files():
            found.update(path.read_bytes())
        return found.hexdigest()

    @contextmanager
    def lock(self, report: Callable[[str], None] | None) -> Iterator[None]:
        """Let one process at a time compile; a second one waits, for a while, and finds it done."""
        try:
            file = (self.folder / f"{self.name}.lock").open("w")
        except OSError:
            yield
            return
        with file:
            _wait_for(file, report)
            yield


def _wait_for(file: IO[str], report: Callable[[str], None] | None) -> None:
    """Lock the file until it is closed, where the system can do that; give up after `PATIENCE` seconds."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if report is not None:
                report("waiting for another process that compiles the search")
            time.sleep(PAUSE)
        except OSError:
            return
        else:
            return
