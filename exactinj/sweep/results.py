"""The results of sweeps, as lines of a file (`exactinj.sweep.lines`)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from exactinj.sweep.lines import LineKind, LinesFile, as_object, read_lines
from exactinj.sweep.plan import Task
from exactinj.work.verdict import Verdict

__all__ = ["CellResult", "ResultsFile", "read_results"]

FORMAT = "exactinj sweep 1"


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
        document = as_object(line, FORMAT)
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


KIND = LineKind("exactinj sweep", FORMAT, CellResult.from_line)


def read_results(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[CellResult]:
    """Read results files; of several results with one key the first counts.

    Raises
    ------
    InputError
        For files that cannot be read, and lines that are no results, with their numbers. A last line without its end,
        left by a killed run, is ignored.
    """
    return read_lines(paths, KIND)


class ResultsFile(LinesFile[CellResult]):
    """The one writer of a sweep's results file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path, KIND)
