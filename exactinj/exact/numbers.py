"""Reading single numbers exactly.

A float is the dyadic rational that it is; a string is the decimal or fraction that it spells. No
rounding happens here, and nothing that is not a finite rational gets past.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from flint import fmpq, fmpz

from exactinj.errors import InputError
from exactinj.exact.symbolic import is_symbolic, rational_of_expression

__all__ = [
    "MOST_DIGITS",
    "NUMBER_TEXT",
    "exact_vector",
    "fraction_from",
    "fraction_of",
    "integer_text",
    "nearest_float",
    "nearest_ratio",
    "power_of_two_below",
    "rational_from",
    "rational_text",
    "rationals_from_texts",
]

NUMBER_TEXT = re.compile(r"\s*[+-]?(\d+/\d+|(\d+(\.\d*)?|\.\d+)([eE](?P<exponent>[+-]?\d{1,9}))?)\s*", re.ASCII)
PLAIN_TEXTS = re.compile(r"[0-9.eE+-]*", re.ASCII)
PLAIN_LENGTH = 40
TENS = tuple(10**k for k in range(1000))
LARGEST_EXPONENT = 99_999
MOST_DIGITS = 1_000_000  # of one integer in a text
LONGEST_QUOTE = 40


def rational_from(value: Any) -> fmpq:
    """The exact rational that a number or a string denotes.

    Accepts Python and numpy integers and floats, `Fraction`, python-flint numbers, and strings such
    as ``"-3"``, ``"1/2"``, ``"0.1"`` (one tenth), ``"1e-3"``; also rational surds, rational expressions of sympy, and
    arrays and tensors of one number. Raises `InputError` for anything else, among it NaN, infinities, booleans,
    complex numbers and ``"1/0"``.
    """
    if isinstance(value, float):
        return _from_float(value)
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, fmpq):
        return value
    if isinstance(value, bool):
        raise InputError(f"found the truth value {value!r}, expected a number; write 0 or 1")
    if isinstance(value, Integral | fmpz):
        return fmpq(int(value))
    if isinstance(value, Rational):
        return fmpq(int(value.numerator), int(value.denominator))
    return _from_other(value)


def rationals_from_texts(texts: Sequence[str]) -> list[fmpq] | None:
    """What `rational_from` reads from short decimals, several times faster; None if one of them needs a closer look.

    >>> rationals_from_texts(["-.5", "1e-2"]), rationals_from_texts(["1/2"])
    ([-1/2, 1/100], None)
    """
    if not PLAIN_TEXTS.fullmatch("".join(texts)) or max(map(len, texts)) > PLAIN_LENGTH:
        return None
    try:
        return [_plain_decimal(text) for text in texts]
    except (ValueError, IndexError):
        return None


def _plain_decimal(text: str) -> fmpq:
    """The decimal that a text of digits, signs, points and letters e spells; ValueError if it spells none."""
    mantissa, mark, power = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    if decimals and not decimals.isdigit():  # a sign, as in ".-5"
        raise ValueError(text)
    digits = int(whole + decimals)
    shift = len(decimals) - (int(power) if mark else 0)
    return fmpq(digits, TENS[shift]) if shift >= 0 else fmpq(digits * TENS[-shift])


def fraction_from(value: Any) -> Fraction:
    """The same as a `fractions.Fraction`."""
    return fraction_of(rational_from(value))


def exact_vector(values: Iterable[float]) -> list[Fraction]:
    """A float point as the exact point that it is: floats are dyadic rationals. The one way from a guess to a proof.

    >>> exact_vector([0.5, 3.0])
    [Fraction(1, 2), Fraction(3, 1)]
    """
    return [Fraction(float(value)) for value in values]


def fraction_of(value: fmpq) -> Fraction:
    """A `Fraction` equal to a python-flint rational."""
    return Fraction(int(value.p), int(value.q))


def nearest_float(value: Fraction) -> float:
    """The nearest float64; an infinity beyond its range."""
    return nearest_ratio(value.numerator, value.denominator)


def nearest_ratio(numerator: int, denominator: int) -> float:
    """The same for a ratio of integers with a positive denominator."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def power_of_two_below(value: Fraction) -> Fraction:
    """The power of two p with ``p <= value < 4 p``, for a positive value."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - 1
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)


def integer_text(value: int) -> str:
    """Decimal digits of an integer of any length."""
    return str(fmpz(value))


def rational_text(value: Fraction) -> str:
    """The canonical text: ``"-3"``, or ``"1/2"`` in lowest terms."""
    head = integer_text(value.numerator)
    return head if value.denominator == 1 else f"{head}/{integer_text(value.denominator)}"


def _from_float(value: Any) -> fmpq:
    if not math.isfinite(value):
        raise InputError(f"found {value}, expected a finite number; replace or remove it")
    return fmpq(*value.as_integer_ratio())


def _from_other(value: Any) -> fmpq:
    """What other libraries, and this one, have as numbers."""
    if hasattr(value, "as_integer_ratio"):  # numpy floats of every width
        return _from_float(value)
    if is_symbolic(value):
        value = rational_of_expression(value)
        return fmpq(value.numerator, value.denominator)
    if isinstance(value, Real) and hasattr(value, "rational"):
        return _from_surd(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # arrays and tensors of one number
        return rational_from(value.item())
    raise InputError(
        f"found {_shown(value)} of type {type(value).__name__}, expected an integer, a float, "
        "a Fraction or a string such as '1/2'; convert it first"
    )


def _from_surd(value: Any) -> fmpq:
    """A signed root (`exactinj.Surd`) that is a rational number."""
    if value.rational is None:
        raise InputError(f"found {_shown(value)}, which is not rational, expected a rational number; use .floor(bits)")
    return fmpq(value.rational.numerator, value.rational.denominator)


def _from_text(text: str) -> fmpq:
    match = NUMBER_TEXT.fullmatch(text)
    if match is None:
        raise InputError(f"found the text {_shown(text)}, expected a number such as '-3', '1/2', '0.1' or '1e-3'")
    exponent = match["exponent"]
    if exponent is not None and abs(int(exponent)) > LARGEST_EXPONENT:
        raise InputError(f"found the text {_shown(text)}, expected an exponent of at most {LARGEST_EXPONENT}")
    if len(text) > MOST_DIGITS:
        _require_short(text)
    if "/" in text:
        numerator, denominator = text.split("/")
        if not denominator.strip(" 0"):
            raise InputError(f"found the text {_shown(text)}, a division by zero, expected a rational number")
        return fmpq(_integer(numerator), _integer(denominator))
    mantissa, _, power = text.strip().lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    value = fmpq(_integer(whole + decimals))
    shift = int(power or 0) - len(decimals)
    return value * fmpz(10) ** shift if shift >= 0 else value / fmpz(10) ** -shift


def _require_short(text: str) -> None:
    longest = max(map(len, re.findall(r"\d+", text.replace(".", ""))))
    if longest > MOST_DIGITS:
        raise InputError(f"found a number of {longest} digits, expected at most {MOST_DIGITS}; shorten it")


def _integer(digits: str) -> fmpz:
    """An integer of any length; Python's own `int` refuses more than 4300 digits."""
    return fmpz(digits.strip().removeprefix("+"))


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) or not hasattr(value, "rational") else str(value)
    return text if len(text) <= LONGEST_QUOTE else text[:36] + "..." + text[-1]
