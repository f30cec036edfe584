"""Representations that fit on a line or two: the text of a dataclass where it is short, a few words where it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any

__all__ = ["LONGEST_REPR", "few", "rounded_out", "short_repr", "shortened"]

LONGEST_REPR = 160
MANY = 24  # entries of a sequence, beyond which its full text is not even made


def shortened(text: str, longest: int = 60) -> str:
    """A text, or its beginning."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def short_repr(value: Any, brief: str) -> str:
    """The usual text of a dataclass if it is short, else ``<Type: brief>``."""
    name = type(value).__name__
    parts = {field.name: getattr(value, field.name) for field in fields(value) if field.repr}
    if not any(isinstance(part, Sequence) and len(part) > MANY for part in parts.values()):
        text = f"{name}({', '.join(f'{key}={part!r}' for key, part in parts.items())})"
        if len(text) <= LONGEST_REPR:
            return text
    return f"<{name}: {brief}>"


def few(values: Sequence[Any], most: int = 4) -> str:
    """The first numbers of a vector, in floats of four digits."""
    shown = ", ".join("none" if value is None else f"{_float(value):.4g}" for value in values[:most])
    return f"({shown}{', ...' if len(values) > most else ''})"


def rounded_out(value: Fraction | float, digits: int = 6, *, up: bool = False) -> str:
    """A decimal with few digits that is not above the value, or not below it: a bound stays a bound.

    >>> rounded_out(Fraction(2, 3)), rounded_out(2 / 3, up=True), rounded_out(0.5), rounded_out(math.inf)
    ('0.666666', '0.666667', '0.5', 'inf')
    >>> rounded_out(Fraction(10) ** 400)
    '1e+400'
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    exact = Fraction(value)
    return f"{context.divide(Decimal(exact.numerator), Decimal(exact.denominator)).normalize(context):g}"


def _float(value: Any) -> float:
    from exactinj.exact.numbers import nearest_float

    return nearest_float(value) if isinstance(value, Fraction) else float(value)
