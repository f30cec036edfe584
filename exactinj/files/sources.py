"""Where bytes come from: a file, a pipe, stdin; and in which format they are.

A file's ending names its format. A pipe (a FIFO, ``<(...)``, ``-`` for stdin) has none, so that its first bytes tell;
an explicit format goes before both.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeVar

from exactinj.errors import InputError
from exactinj.files.case_files import case_layer_file, case_name

__all__ = ["STDIN", "FilePath", "Source", "as_file", "cause_of", "opened", "read_with"]

STDIN = "-"
FilePath = str | os.PathLike[str]
Content = TypeVar("Content")
Tell = Callable[[bytes], str]

NPY_START, ZIP_START = b"\x93NUMPY", b"PK\x03\x04"
STARTS = {".npy": NPY_START, ".npz": ZIP_START}
JSON_STARTS = (b"{", b"[")
BOM = b"\xef\xbb\xbf"
MOST_PIPED = 1 << 32  # bytes that are taken from a pipe, which may have no end
PIECE = 1 << 20


@dataclass(frozen=True)
class Source:
    """Bytes that can be read.

    Attributes
    ----------
    name : as messages call it
    ending : what the format is: ``.npz``, ``.npy``, ``.json`` or ``.csv``
    stream : seekable, at its start
    size : bytes in all
    """

    name: str
    ending: str
    stream: BinaryIO
    size: int

    def content(self) -> bytes:
        """All bytes."""
        self.stream.seek(0)
        return self.stream.read()


def read_with(
    readers: dict[str, Callable[[Source], Content]],
    path: FilePath,
    file_format: str | None = None,
    *,
    tell: Tell | None = None,
) -> Content:
    """What the reader for the format makes of a file, with every error as one line that names the file.

    Parameters
    ----------
    readers : by ending
    path : a file, a FIFO, or ``-`` for stdin
    file_format : such as ``"npz"``, where the name does not tell or misleads
    tell : the ending of a format, from the first bytes of a pipe; of layers if left out

    Raises
    ------
    InputError
        For files that cannot be opened or whose format is not among the readers', and whatever the reader raises.
    """
    name = os.fspath(path)
    try:
        with opened(name, readers, file_format, tell=tell) as source:
            return readers[source.ending](source)
    except InputError as error:
        raise InputError(f"{_called(name)}: {error}") from None
    except FileNotFoundError:
        raise InputError(f"{name}: no such file; check the path") from None
    except MemoryError:
        raise InputError(f"{_called(name)}: does not fit into memory; give a smaller file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or cause_of(error)
        raise InputError(f"{_called(name)}: cannot be read ({reason}); check the file") from None


@contextmanager
def opened(
    name: str, endings: Iterable[str], file_format: str | None = None, *, tell: Tell | None = None
) -> Iterator[Source]:
    """The source that a name stands for; `InputError` if its format is not among the endings."""
    known = tuple(endings)
    chosen = None if file_format is None else f".{file_format.lower().removeprefix('.')}"
    if chosen is not None and chosen not in known:
        raise InputError(f"found the format {file_format!r}, expected one of {_words(known)}")
    if name == STDIN:
        yield _piped(name, _standard_input(), chosen, known, tell or _ending_of)
        return
    ending = chosen or Path(name).suffix.lower()
    with Path(name).open("rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            yield _piped(name, stream, chosen, known, tell or _ending_of)
            return
        if ending not in known:
            found = f"the ending {ending!r}" if ending else "no ending"
            raise InputError(f"found {found}, expected one of {', '.join(known)}; rename it, or say --format")
        yield Source(name, ending, stream, os.fstat(stream.fileno()).st_size)


@contextmanager
def as_file(name: str, endings: Iterable[str], file_format: str | None = None) -> Iterator[str]:
    """The path of a file with the same content whose ending tells its format: the file itself, or a copy for a while.

    For readers that take paths only. Raises `InputError` as `read_with` does.
    """
    path, case = Path(name), case_name(name)
    if case is None and name != STDIN and file_format is None and (path.is_file() or not path.exists()):
        yield name
        return
    with TemporaryDirectory(prefix="exactinj-") as folder:
        if case is not None:
            yield str(case_layer_file(case, Path(folder)))
            return
        copy = dict.fromkeys(endings, lambda source: _copied(source, Path(folder)))
        yield read_with(copy, name, file_format)


def _copied(source: Source, folder: Path) -> str:
    path = folder / f"layer{source.ending}"
    path.write_bytes(source.content())
    return str(path)


def cause_of(error: BaseException) -> str:
    """The first line of an error, or its type."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _called(name: str) -> str:
    return "stdin" if name == STDIN else name


def _words(endings: Iterable[str]) -> str:
    return ", ".join(ending.removeprefix(".") for ending in endings)


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("is closed, expected a file piped into it; give a file's name instead of -")
    if sys.stdin.isatty():
        raise InputError("is the keyboard, expected a file piped into it; give a file's name instead of -")
    return sys.stdin.buffer


def _piped(name: str, stream: BinaryIO, chosen: str | None, known: tuple[str, ...], tell: Tell) -> Source:
    """All that a pipe holds, in memory; a format that nobody reads is found out from its first bytes."""
    held = bytearray(stream.read(PIECE))
    if not held:
        raise InputError("found nothing in it, expected the content of a file")
    ending = chosen or tell(bytes(held))
    if ending not in known:
        raise InputError(f"found the format {ending[1:]} by its first bytes, expected one of {_words(known)}")
    if ending in (".json", ".csv") and b"\0" in held:
        raise InputError(f"found a byte 0 in it, expected a text in the format {ending[1:]}")
    if not held.startswith(STARTS.get(ending, b"")):
        raise InputError(f"found no start of a .{ending[1:]} file, expected one; give another --format")
    while piece := stream.read(PIECE):
        held += piece
        if len(held) > MOST_PIPED:
            raise InputError(f"found more than {MOST_PIPED >> 30} GiB in a pipe; write a file and give its name")
    return Source(name, ending, io.BytesIO(held), len(held))


def _ending_of(start: bytes) -> str:
    if start.startswith(NPY_START):
        return ".npy"
    if start.startswith(ZIP_START):
        return ".npz"
    return ".json" if start.removeprefix(BOM).lstrip().startswith(JSON_STARTS) else ".csv"
