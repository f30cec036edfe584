"""Results on disk: one JSON object a line, only ever appended, whatever the results are about.

A line is a function of its task, so it holds neither times nor hosts, and files of several shards are merged by
concatenation. A run that is killed leaves at most one line without its end; readers ignore it, the next run removes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Generic, Protocol, Self, TypeVar

from exactinj.errors import InputError

__all__ = ["KeyedTask", "LineKind", "LinesFile", "Result", "as_object", "read_lines"]

BROKEN = (ValueError, KeyError, TypeError)  # what a parser raises for a line that is no result


class KeyedTask(Protocol):
    """What is asked; its key names it by its content."""

    @property
    def key(self) -> str:
        """SHA-256 of the content."""
        ...


class Result(Protocol):
    """What was found out about one task."""

    @property
    def task(self) -> KeyedTask:
        """What was asked."""
        ...

    def to_line(self) -> bytes:
        """One line of a results file, with its newline."""
        ...


AnyResult = TypeVar("AnyResult", bound=Result)


@dataclass(frozen=True)
class LineKind(Generic[AnyResult]):
    """What the lines of a file are.

    Attributes
    ----------
    writer : the command that writes them, for messages
    format : the text of the first field, ``format``, of every line
    parse : a line as a result; ValueError, KeyError or TypeError for others
    """

    writer: str
    format: str
    parse: Callable[[bytes], AnyResult]

    def is_start(self, line: bytes) -> bool:
        """Whether an unfinished line begins as results do, as far as it goes."""
        start = f'{{"format":"{self.format}"'.encode()
        return line[: len(start)] == start[: len(line)]

    def parsed(self, data: bytes, path: Path) -> list[AnyResult]:
        """All results in a file's bytes; `InputError` for lines that are none, but for an unfinished last one."""
        results = []
        lines = data.split(b"\n")
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    results.append(self.parse(line))
            except BROKEN as error:
                if number == len(lines) and self.is_start(line):
                    break  # a killed run leaves it
                what = f"without {error}" if isinstance(error, KeyError) else str(error)
                raise InputError(
                    f"{path}, line {number}: found {what}, expected a result of {self.writer}; remove the line"
                ) from None
        return results

    def require_regular(self, path: Path) -> None:
        """Refuse devices and pipes, which may have no end."""
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a regular file, expected one with results of {self.writer}, or none yet")


def as_object(line: bytes, text: str) -> dict[str, Any]:
    """The JSON object of a line with this text as its format; ValueError for others."""
    try:
        document = json.loads(line)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError):
        raise ValueError("no JSON object") from None
    if not isinstance(document, dict) or document.get("format") != text:
        raise ValueError(f"no object of the format {text!r}")
    return document


def read_lines(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], kind: LineKind[AnyResult]
) -> list[AnyResult]:
    """Read results files; of several results with one key the first counts.

    Raises
    ------
    InputError
        For files that cannot be read, and lines that are no results, with their numbers. A last line without its end,
        left by a killed run, is ignored.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    found: dict[str, AnyResult] = {}
    for path in map(Path, several):
        try:
            kind.require_regular(path)
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from None
        for result in kind.parsed(data, path):
            found.setdefault(result.task.key, result)
    return list(found.values())


class LinesFile(Generic[AnyResult]):
    """The one writer of a results file; `results` are those it held when it was opened."""

    def __init__(self, path: str | os.PathLike[str], kind: LineKind[AnyResult]) -> None:
        self._path, self._kind = Path(path), kind
        try:
            kind.require_regular(self._path)
            self._stream: IO[bytes] = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another place") from None
        try:
            self._lock()
            self._stream.seek(0)
            data = self._stream.read()
            self.results = kind.parsed(data, self._path)
            self._mend(data)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # every line was waited for
            self._stream.close()

    def append(self, result: AnyResult) -> None:
        """Write a whole line and wait until it is on disk."""
        try:
            self._write(result.to_line())
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise self._unwritable(error) from None

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._stream.write(rest) :]

    def _unwritable(self, error: OSError) -> InputError:
        """A full disk leaves at most a line without its end, which the next run removes."""
        return InputError(f"cannot write {self._path}: {error.strerror}; make room and run again to go on from here")

    def _lock(self) -> None:
        """Two writers would mix their lines; the system drops the lock when this process ends in any way."""
        with suppress(ImportError):  # not on Windows
            import fcntl

            try:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another sweep is writing to {self._path}; give each shard its own file") from None

    def _mend(self, data: bytes) -> None:
        """End a last line that only lacks its newline, and cut one off that lacks more."""
        end = data.rfind(b"\n") + 1
        if end == len(data):
            return
        try:
            self._kind.parse(data[end:])
        except BROKEN:
            self._stream.truncate(end)
            return
        try:
            self._write(b"\n")
        except OSError as error:
            raise self._unwritable(error) from None
