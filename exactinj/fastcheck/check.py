"""Certificates checked by compiled code; short ones, and rules that it does not know, by the independent checker."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from exactinj.checker.command import check_file as check_file_with
from exactinj.checker.document import CheckResult, Given, Numbers, check_document, judge_layer
from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason
from exactinj.checker.files.layers import FilePath
from exactinj.checker.rows import Row
from exactinj.checker.rules.flat_tree import support_of_refuter
from exactinj.checker.rules.sign_split import signs_of
from exactinj.checker.stream import Reader
from exactinj.checker.supports import Entry, Functions
from exactinj.checker.trees import require_enough_rows
from exactinj.fastcheck.reading import BulkReader
from exactinj.fastcheck.supports import read_table
from exactinj.fastcheck.trees import MOST_ENTRIES, OutOfPrimesError, check_tree
from exactinj.kernels.evidence import walk_flats, walk_signs

__all__ = ["check_file", "check_stream"]

SHORT = 60_000  # bytes; loading compiled code takes longer than to check so many by the other checker


def check_file(
    path: FilePath, layer_path: FilePath | None = None, *, watch: Callable[[BinaryIO], BinaryIO] = lambda file: file
) -> CheckResult:
    """As `exactinj.checker.check_file`. A pipe, which cannot be read twice, is left to the independent checker."""

    def check(file: BinaryIO, given: Given) -> CheckResult:
        return _check(file, given, SHORT, watch)

    return check_file_with(path, layer_path, check=check)


def check_stream(binary_file: BinaryIO, layer: Numbers | None = None, *, short: int = SHORT) -> CheckResult:
    """As `exactinj.checker.check_stream`; documents of fewer bytes than `short` are left to that one."""
    return _check(binary_file, lambda _: layer, short, lambda file: file)


def _check(file: BinaryIO, given: Given, short: int, watch: Callable[[BinaryIO], BinaryIO]) -> CheckResult:
    if not file.seekable() or _size(file) < short:
        return check_document(watch(file), given)
    start = file.tell()
    try:
        return check_document(watch(file), given, BulkReader, _judge)
    except OutOfPrimesError:
        file.seek(start)
        return check_document(watch(file), given)


def _size(file: BinaryIO) -> int:
    at = file.tell()
    size = file.seek(0, os.SEEK_END) - at
    file.seek(at)
    return size


def _judge(reader: Reader, rule: str, domain: Domain, rows: list[Row], n: int) -> str:
    """Trees by compiled code, other rules as ever."""
    if rule not in ("flat-tree", "sign-split") or not isinstance(reader, BulkReader) or n**3 > MOST_ENTRIES:
        return judge_layer(reader, rule, domain, rows, n)
    is_signed = rule == "sign-split"
    name, walker = ("circuit", walk_signs) if is_signed else ("refuter", walk_flats)
    functions = Functions(rows, domain, n)
    table = read_table(reader, name, functions, signs_of if is_signed else _support, signed=is_signed)
    require_enough_rows(rows, n)
    tokens = check_tree(walker, reader, table, rows, name)
    return f"{table.count} {name}s and the tree of {tokens} tokens are correct"


def _support(entry: Entry, number: int, functions: Functions) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rule flat-tree's judgement of a refuter, in the form of the other rule's."""
    refuter = functions.explicit(entry, Reason.REFUTER, f"refuter {number}")
    return support_of_refuter(refuter, number, functions), ()
