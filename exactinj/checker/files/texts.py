"""JSON and csv files: texts in UTF-8, with the numbers that they spell.

A string and a csv field is the rational that it spells; a bare JSON integer is exact; a bare JSON decimal is the
float64 that JSON means by it, and refused where that float is 0 or infinite and the decimal is not.
"""

from __future__ import annotations

import csv
import json
import math
import re
from fractions import Fraction
from typing import Any, NoReturn

from exactinj.checker.faults import Unreadable
from exactinj.checker.rationals import integer_of, show

__all__ = ["csv_rows", "entry_of", "json_object", "unique"]

_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)/([0-9]+)|([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,9}))?)")
_SPACE = " \t\n\r\f\v"
_LARGEST_EXPONENT = 99_999


def _exact(text: str) -> Fraction | None:
    """The rational that "1/2", "-3", "0.1" or "1e-3" denotes; None for any other text."""
    match = _NUMBER.fullmatch(text.strip(_SPACE))
    if match is None:
        return None
    sign, top, bottom, whole, decimals, exponent = match.groups("")
    if not whole + decimals and not bottom.strip("0"):
        return None
    if abs(int(exponent or "0")) > _LARGEST_EXPONENT:
        raise Unreadable(f"found the number {show(text)}: expected an exponent of at most {_LARGEST_EXPONENT}")
    size = Fraction(integer_of(top or whole + decimals), integer_of(bottom or "1"))
    return (-1 if sign == "-" else 1) * size * Fraction(10) ** (int(exponent or "0") - len(decimals))


def entry_of(value: object, place: str) -> Fraction:
    """An entry of W, b or alpha; a float is the dyadic rational that it is."""
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        return Fraction(value)
    exact = _exact(value) if isinstance(value, str) else None
    if exact is None:
        wanted = 'a finite number or a string like "1/2" or "0.1"'
        raise Unreadable(f"{place}: expected {wanted}, found {show(value)}")
    return exact


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dictionary of these items. Raises Unreadable if a key is repeated."""
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("a key is repeated")
    return dict(pairs)


def _float(text: str) -> float:
    """The float64 that a bare decimal means, unless it loses the number wholly."""
    value = float(text)
    mantissa = re.split("[eE]", text)[0]
    if math.isinf(value) or (value == 0 and mantissa.strip("-0.")):
        raise Unreadable(f"found the number {text[:40]}, which float64 turns into {value}: put it in quotes")
    return value


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"found {name}: expected finite numbers")


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig")


def json_object(data: bytes) -> dict[str, Any]:
    """The object in a JSON file."""
    found = json.loads(
        _text(data), parse_int=integer_of, parse_float=_float, parse_constant=_no_constant, object_pairs_hook=unique
    )
    if not isinstance(found, dict):
        raise Unreadable(f"expected an object with the arrays of the layer, found {show(found)}")
    return found


def csv_rows(data: bytes) -> list[list[str]]:
    """The fields of each line; blank lines, and those that start with #, are left out."""
    lines = re.split("\r\n|\n|\r", _text(data))
    numbers = (f"{line}\n" for line in lines if line.lstrip(" \t")[:1] != "#")
    return [row for row in csv.reader(numbers, strict=True) if row]
