"""The results of sweeps on disk: one JSON object a line, only ever appended.

A line is a function of its task, so it holds neither times nor hosts, and files of several shards are merged by
concatenation. A run that is killed leaves at most one line without its end; readers ignore it, the next run removes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from exactinj.errors import InputError
from exactinj.sweep.plan import Task
from exactinj.work.verdict import Verdict

__all__ = ["CellResult", "ResultsFile", "read_results"]

FORMAT = "exactinj sweep 1"
START = f'{{"format":"{FORMAT}"'.encode()  # of every line


@dataclass(frozen=True)
class CellResult:
    """What was found out about one layer.

    Attributes
    ----------
    task : what was asked
    layer : digest of the layer
    rows : the number of rows with ``alpha_i <= alpha*(X)_i``, for the sampled *estimate* alpha*(X)
    unselected : how many of them no sample selected, so that their estimate is infinite
    verdict : of the exact decision (a `Verdict` as text), None if it was not asked for
    """

    task: Task
    layer: str
    rows: int
    unselected: int
    verdict: str | None

    @property
    def hamming(self) -> float:
        """The Hamming proportion p_H, an estimate: never below the one with the exact alpha*."""
        return self.rows / self.task.m

    def to_line(self) -> bytes:
        """One line of a results file."""
        document = {
            "format": FORMAT,
            "key": self.task.key,
            "task": self.task.content,
            "layer": self.layer,
            "estimate": {"rows": self.rows, "unselected": self.unselected},
            "exact": self.verdict,
        }
        return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> CellResult:
        """Read a line; ValueError with what is wrong otherwise."""
        document = _object(line)
        task = _task(document)
        if document.get("key") != task.key:
            raise ValueError("the key is not that of the task")
        estimate, verdict, layer = document["estimate"], document["exact"], document["layer"]
        rows, unselected = estimate["rows"], estimate["unselected"]
        if type(rows) is not int or type(unselected) is not int or not 0 <= unselected <= rows <= task.m:
            raise ValueError("numbers of rows that cannot be")
        if not isinstance(layer, str) or (verdict is not None) != task.exact:
            raise ValueError("a verdict that was not asked for, or none")
        return cls(task, layer, rows, unselected, None if verdict is None else str(Verdict(verdict)))


def _object(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError):
        raise ValueError("no JSON object") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"no object of the format {FORMAT!r}")
    return document


def _task(document: dict[str, Any]) -> Task:
    content = document["task"]
    kinds: dict[str, tuple[type, ...]] = {
        **dict.fromkeys(("n", "m", "trial", "seed", "samples", "revision"), (int,)),
        **dict.fromkeys(("bias", "domain", "version"), (str,)),
        "exact": (bool,),
        "timeout": (float, type(None)),
    }
    if set(content) != {field.name for field in fields(Task)}:
        raise ValueError("a task with other fields")
    if not all(type(content[name]) in types for name, types in kinds.items()):
        raise ValueError("a task with values of the wrong type")
    return Task(**content)


def read_results(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[CellResult]:
    """Read results files; of several results with one key the first counts.

    Raises
    ------
    InputError
        For files that cannot be read, and lines that are no results, with their numbers. A last line without its end,
        left by a killed run, is ignored.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else paths
    found: dict[str, CellResult] = {}
    for path in map(Path, several):
        try:
            _require_regular(path)
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from None
        for result in _parsed(data, path):
            found.setdefault(result.task.key, result)
    return list(found.values())


def _require_regular(path: Path) -> None:
    """Refuse devices and pipes, which may have no end."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a regular file, expected one with results of exactinj sweep, or none yet")


def _is_start_of_result(line: bytes) -> bool:
    """Whether an unfinished line begins as results do, as far as it goes."""
    return line[: len(START)] == START[: len(line)]


def _parsed(data: bytes, path: Path) -> list[CellResult]:
    results = []
    lines = data.split(b"\n")
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                results.append(CellResult.from_line(line))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines) and _is_start_of_result(line):
                break  # a killed run leaves it
            what = f"without {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(
                f"{path}, line {number}: found {what}, expected a result of exactinj sweep; remove the line"
            ) from None
    return results


class ResultsFile:
    """The one writer of a results file; `results` are those it held when it was opened."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        try:
            _require_regular(self._path)
            self._stream: IO[bytes] = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; choose another place") from None
        try:
            self._lock()
            self._stream.seek(0)
            data = self._stream.read()
            self.results = _parsed(data, self._path)
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

    def append(self, result: CellResult) -> None:
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
            CellResult.from_line(data[end:])
        except (ValueError, KeyError, TypeError):
            self._stream.truncate(end)
            return
        try:
            self._write(b"\n")
        except OSError as error:
            raise self._unwritable(error) from None
