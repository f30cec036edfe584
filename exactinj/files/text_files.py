"""``.json`` and ``.csv`` files: texts in UTF-8, numbers exactly as they are written.

A bare JSON integer is exact; a bare JSON decimal is the float64 that JSON means by it, and refused where that float is
0 or infinite and the decimal is not; a text is the rational that it spells.
"""

from __future__ import annotations

import csv
import json
import math
import re
from typing import Any

from flint import fmpz

from exactinj.errors import InputError
from exactinj.exact.numbers import MOST_DIGITS, NUMBER_TEXT
from exactinj.files.numpy_files import Arrays
from exactinj.files.sources import Source, cause_of

__all__ = ["csv_rows", "json_document", "json_value"]

SHORT_INTEGER = 4000  # digits, which Python's own `int` takes under every setting
LONGEST_QUOTE = 40
DIGIT_NOT_ZERO = re.compile("[1-9]")
UTF16_STARTS = (b"\xff\xfe", b"\xfe\xff")


def json_document(source: Source, wanted: str) -> Arrays:
    """The object in a ``.json`` file; `InputError` if it is none, or repeats a key."""
    document = json_value(source, f"an object with the keys {wanted}")
    if not isinstance(document, dict):
        raise InputError(f"found a JSON {type(document).__name__}, expected an object with the keys {wanted}")
    return document


def json_value(source: Source, wanted: str) -> Any:
    """What a ``.json`` file spells, with the numbers read by the rules above."""
    text = _text(source, "JSON")
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except InputError:
        raise
    except (json.JSONDecodeError, RecursionError) as error:
        cause = "too deep" if isinstance(error, RecursionError) else cause_of(error)
        raise InputError(f"not readable as JSON ({cause}); expected {wanted}") from None


def csv_rows(source: Source) -> list[list[str]]:
    """The fields of a ``.csv`` file, one list a line; blank lines and lines that start with ``#`` are left out."""
    lines = _text(source, "CSV").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        fields = csv.reader((f"{line}\n" for line in lines if not _is_comment(line)), strict=True)
        rows = [row for row in fields if row]
    except csv.Error as error:
        raise InputError(f"not readable as CSV ({cause_of(error)}); expected rows of numbers") from None
    if not rows:
        raise InputError("found no rows, expected rows of numbers with commas between them")
    _require_numbers_first(rows)
    return rows


def _is_comment(line: str) -> bool:
    return line.lstrip(" \t").startswith("#")


def _require_numbers_first(rows: list[list[str]]) -> None:
    """A first row without any number is a header, or the numbers are separated in another way; say which."""
    first = rows[0]
    if any(NUMBER_TEXT.fullmatch(field) for field in first):
        return
    other = next(
        (name for mark, name in ((";", "';'"), ("\t", "tabs"), (" ", "blanks")) if mark in first[0].strip()), ""
    )
    if other and re.search("[0-9]", first[0]):
        raise InputError(f"found {other} between numbers, expected commas, and points in decimals; replace them")
    if len(rows) > 1 and any(NUMBER_TEXT.fullmatch(field) for field in rows[1]):
        raise InputError(f"row 0 holds {_quoted(first[0])}, not a number; remove the header line, or start it with #")


def _text(source: Source, kind: str) -> str:
    data = source.content()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        found = "UTF-16" if data.startswith(UTF16_STARTS) else "bytes that are no UTF-8"
        raise InputError(f"not readable as {kind}: found {found}, expected a text in UTF-8; save it as UTF-8") from None


def _float(text: str) -> float:
    """The float64 that a bare decimal means, unless it loses the number wholly."""
    value = float(text)
    if math.isinf(value) or (value == 0 and DIGIT_NOT_ZERO.search(text.lower().partition("e")[0])):
        raise InputError(
            f"found {_shortened(text)}, which float64 turns into {'infinity' if value else '0'}; expected a number in "
            "its range; put it in quotes to have it read exactly"
        )
    return value


def _integer(text: str) -> int:
    if len(text) <= SHORT_INTEGER:
        return int(text)
    digits = len(text.removeprefix("-"))
    if digits > MOST_DIGITS:
        raise InputError(f"found a number of {digits} digits, expected at most {MOST_DIGITS}")
    return int(fmpz(text))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise InputError(f"found the key {_quoted(twice)} twice, expected it once; remove one")
    return document


def _refuse_constant(name: str) -> float:
    raise InputError(f"found {name}, expected a finite number; replace or remove it")


def _quoted(text: str) -> str:
    return repr(_shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[:36] + "..."
