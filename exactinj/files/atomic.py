"""Writing files so that nothing on disk is ever lost or half written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from exactinj.errors import InputError

__all__ = ["TEMPORARY_PREFIX", "replacing"]

TEMPORARY_PREFIX = ".exactinj-"


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary stream whose content replaces `path` at the end, or is dropped on any error."""
    temporary = path.parent / f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another place") from None
    finally:
        temporary.unlink(missing_ok=True)
