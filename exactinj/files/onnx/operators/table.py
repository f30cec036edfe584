"""The table from operators to the functions that add their steps."""

from __future__ import annotations

from collections.abc import Callable

from exactinj.files.onnx.builder import Builder
from exactinj.files.onnx.call import Call

__all__ = ["MOVES", "TABLE", "Reader", "understood"]

Reader = Callable[[Call, Builder], "str | list[str]"]
"""Adds the steps of a node and returns the names of its values; raises `NotUnderstoodError` if it cannot."""

TABLE: dict[str, Reader] = {}
MOVES: set[str] = set()  # operators that only move entries, which may be integers as well


def understood(*kinds: str, moves: bool = False) -> Callable[[Reader], Reader]:
    """Enter a function into the table under the names of operators."""

    def enter(reader: Reader) -> Reader:
        TABLE.update(dict.fromkeys(kinds, reader))
        MOVES.update(kinds if moves else ())
        return reader

    return enter
