"""Integers of any length, rationals in canonical form, and how values look in a message."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from operator import mul
from typing import Any, TypeVar

from exactinj.checker.faults import Unreadable
from exactinj.checker.limits import LONGEST_NUMBER

__all__ = [
    "Vector",
    "decimal_text",
    "digits_of",
    "increasing",
    "index_of",
    "integer_of",
    "integers",
    "negative_part",
    "over_one_denominator",
    "rational",
    "rational_text",
    "rationals",
    "show",
    "show_list",
    "square_of",
    "times",
    "unit_vectors",
]

DIGITS = 600  # int() takes this many decimal digits under every setting of Python's conversion limit


Vector = Sequence[int]


def integer_of(text: str, place: str = "") -> int:
    """`int(text)` for decimal digits, perhaps after a minus. Raises Unreadable if there are more than a million."""
    if len(text) <= DIGITS:
        return int(text)
    digits = text.removeprefix("-")
    if len(digits) > LONGEST_NUMBER:
        where = f"{place}: " if place else ""
        raise Unreadable(f"{where}found a number of {len(digits)} digits, expected at most {LONGEST_NUMBER}")
    value = _joined(digits)
    return -value if text[0] == "-" else value


def _joined(digits: str) -> int:
    """From pieces of so many digits, joined two by two."""
    ends = range(len(digits), 0, -DIGITS)
    pieces, power = [int(digits[max(end - DIGITS, 0) : end]) for end in ends], 10**DIGITS  # the last digits first
    while len(pieces) > 1:
        high = [*pieces[1::2], 0] if len(pieces) % 2 else pieces[1::2]
        pieces = [low + power * above for low, above in zip(pieces[::2], high, strict=True)]
        power *= power if len(pieces) > 1 else 1
    return pieces[0]


def decimal_text(number: int) -> str:
    """`str(number)` of any length, for a number that is not negative."""
    half = number.bit_length() * 3 // 20  # about half of its digits
    if half < DIGITS // 2:
        return str(number)
    high, low = divmod(number, 10**half)
    return decimal_text(high) + decimal_text(low).zfill(half)


def show(value: object) -> str:
    """A JSON value in a message: short, on one line, ASCII."""
    if isinstance(value, str):
        return ascii(value) if len(value) <= 40 else ascii(value[:40]) + "..."
    if isinstance(value, int) and value.bit_length() > 128:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else json.dumps(value)


_RATIONAL = re.compile("(0|-?[1-9][0-9]*)(?:/([1-9][0-9]*))?")


def rational(text: object, place: str) -> Fraction:
    """A rational in canonical form."""
    match = _RATIONAL.fullmatch(text) if isinstance(text, str) else None
    if match:
        numerator, denominator = integer_of(match[1], place), integer_of(match[2] or "1", place)
        if match[2] is None or (denominator > 1 and math.gcd(numerator, denominator) == 1):
            return Fraction(numerator, denominator)
    raise Unreadable(f"{place}: expected a string with a rational in canonical form, found {show(text)}")


def rationals(value: object, count: int | None, place: str) -> list[Fraction]:
    """A list of `count` rationals, or of some if the dimension is not known yet."""
    if not isinstance(value, list) or len(value) != (count or max(len(value), 1)):
        expected = "n" if count is None else show(count)
        raise Unreadable(f"{place}: expected a list of {expected} rationals, found {show(value)}")
    return [rational(entry, place) for entry in value]


def over_one_denominator(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Integers over one positive denominator."""
    denominator = math.lcm(*(value.denominator for value in values))
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


Number = TypeVar("Number", int, Fraction)


def square_of(x: Sequence[Number]) -> Number:
    """<x, x>."""
    square: Number = sum(map(mul, x, x))
    return square


def negative_part(x: Vector) -> Vector:
    """x^- = min(x, 0) entry by entry."""
    return [min(value, 0) for value in x]


def unit_vectors(n: int) -> list[Vector]:
    """A basis of Z^n."""
    return [[int(j == k) for j in range(n)] for k in range(n)]


def increasing(value: object, place: str) -> list[int]:
    """A non-empty, strictly increasing list of integers."""
    if isinstance(value, list) and value and all(type(entry) is int for entry in value):
        if all(low < high for low, high in pairwise(value)):
            return value
        raise Unreadable(f"{place}: expected the integers in increasing order, each once")
    raise Unreadable(f"{place}: expected a list of integers, not empty, found {show(value)}")


def integers(value: Any, count: int | None, least: int | None, place: str) -> tuple[int, ...]:
    """A list of `count` integers that are not below `least`; of one for each of 1 to 3 axes."""
    right_length = isinstance(value, list) and (len(value) == count if count else 1 <= len(value) <= 3)
    if right_length and all(type(entry) is int and (least is None or entry >= least) for entry in value):
        return tuple(value)
    wanted = f"{count or '1 to 3'} integers" + ("" if least is None else f" >= {least}")
    raise Unreadable(f"{place}: expected {wanted}, found {show_list(value)}")


def show_list(value: object) -> str:
    """A JSON value in a message, with the numbers of a short list."""
    shown = isinstance(value, list) and len(value) <= 3
    return f"[{', '.join(map(show, value))}]" if isinstance(value, list) and shown else show(value)


def times(numbers: Sequence[int]) -> str:
    """A size or a shape in a message: 3 x 4."""
    return " x ".join(map(show, numbers))


def index_of(digits: Sequence[int], counts: Sequence[int]) -> int:
    """The number of a tuple in lexicographic order, where the k-th entry has counts[k] values."""
    number = 0
    for digit, count in zip(digits, counts, strict=True):
        number = number * count + digit
    return number


def digits_of(number: int, counts: Sequence[int]) -> list[int]:
    """The tuple with this number."""
    digits = []
    for count in reversed(counts):
        number, digit = divmod(number, count)
        digits.append(digit)
    return digits[::-1]


def rational_text(value: Fraction) -> str:
    """The canonical form of a number that is not below 0."""
    tail = "" if value.denominator == 1 else f"/{decimal_text(value.denominator)}"
    return f"{decimal_text(value.numerator)}{tail}"
