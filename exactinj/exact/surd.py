"""Signed square roots of rationals: the numbers that extreme values on balls and spheres are.

The minimum of a linear function over the part of a rational cone inside the unit ball is 0 or minus the length of a
rational vector, and on the sphere it may be ``p / sqrt(q)``: always ``sign * sqrt(square)`` with a rational square.
Such numbers are compared, negated and multiplied without rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from typing import Any

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, nearest_float, rational_text

__all__ = ["Surd"]

BITS = 64  # of the integer square root behind a float


@total_ordering
@dataclass(frozen=True, eq=False)
class Surd:
    """The number ``sign * sqrt(square)``, exact; `square` is None for infinity (sign 1).

    >>> a, b = Surd(-1, Fraction(1, 3)), Surd.of_rational("-1/2")
    >>> a < b, float(a), str(a * 3), str(b)
    (True, -0.5773502691896257, '-sqrt(3)', '-1/2')
    """

    sign: int
    square: Fraction | None

    def __post_init__(self) -> None:
        if self.square is None:
            consistent = self.sign == 1
        else:
            consistent = self.square >= 0 and self.sign in (-1, 0, 1) and (self.sign == 0) == (self.square == 0)
        if not consistent:
            raise InputError(f"found the sign {self.sign} with the square {self.square}, expected sign * sqrt(square)")

    @classmethod
    def of_rational(cls, value: Any) -> Surd:
        """A rational number: an int, float, Fraction or string, read exactly."""
        number = fraction_from(value)
        return cls((number > 0) - (number < 0), number * number)

    @classmethod
    def parse(cls, text: str) -> Surd:
        """The inverse of `str`: a rational, ``sqrt(1/5)``, ``-sqrt(3)`` or ``infinity``."""
        if text == "infinity":
            return cls.infinity()
        root = text.removeprefix("-")
        if not (root.startswith("sqrt(") and root.endswith(")")):
            return cls.of_rational(text)
        square = fraction_from(root[len("sqrt(") : -1])
        return cls((1 if root == text else -1) * (square > 0), square)

    @classmethod
    def infinity(cls) -> Surd:
        """The minimum over the empty set."""
        return cls(1, None)

    @property
    def is_finite(self) -> bool:
        return self.square is not None

    @property
    def signed_square(self) -> Fraction:
        """``sign * square``, which orders finite surds as they are; `InputError` for infinity."""
        if self.square is None:
            raise InputError("found infinity, expected a finite number")
        return self.sign * self.square

    @property
    def rational(self) -> Fraction | None:
        """The value if it is a rational number, else None."""
        if self.square is None:
            return None
        p, q = math.isqrt(self.square.numerator), math.isqrt(self.square.denominator)
        root = Fraction(p, q)
        return self.sign * root if root * root == self.square else None

    def floor(self, bits: int = 53) -> Fraction:
        """A rational number at most the value, closer than ``2**-bits`` times its size; exact if that is easy.

        For the value 0 and squares of rationals it is the value itself.
        """
        exact = self.rational
        if exact is not None:
            return exact
        square = abs(self.signed_square)
        shift = max(0, bits - (square.numerator.bit_length() - square.denominator.bit_length()) // 2 + 1)
        root = math.isqrt((square.numerator << 2 * shift) // square.denominator)
        return Fraction(root if self.sign > 0 else -root - 1, 1 << shift)

    def __float__(self) -> float:
        if self.square is None:
            return math.inf
        p, q = self.square.numerator, self.square.denominator
        shift = max(0, BITS - (p.bit_length() - q.bit_length()) // 2 + 1)
        return self.sign * nearest_float(Fraction(math.isqrt((p << 2 * shift) // q), 1 << shift))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surd) and (self.sign, self.square) == (other.sign, other.square)

    def __hash__(self) -> int:
        return hash((self.sign, self.square))

    def __lt__(self, other: Surd) -> bool:
        if self.square is None or other.square is None:
            return self.square is not None
        return self.signed_square < other.signed_square

    def __neg__(self) -> Surd:
        return Surd(-self.sign, self.square)

    def __mul__(self, factor: Fraction | int) -> Surd:
        """The product with a rational number; infinity times a positive number is infinity."""
        if self.square is None:
            return Surd.infinity() if factor > 0 else Surd(0, Fraction(0)) if factor == 0 else -self
        sign = self.sign * ((factor > 0) - (factor < 0))
        return Surd(sign, self.square * factor * factor)

    def __str__(self) -> str:
        if self.square is None:
            return "infinity"
        exact = self.rational
        if exact is not None:
            return rational_text(exact)
        return f"{'-' if self.sign < 0 else ''}sqrt({rational_text(self.square)})"

    def to_json(self) -> dict[str, object]:
        """The object that ``exactinj alpha --json`` prints: sign, square, and the nearest float or null beyond them."""
        if self.square is None:
            return {"sign": 1, "square": None, "float": None}
        nearest = float(self)
        return {
            "sign": self.sign,
            "square": rational_text(self.square),
            "float": nearest if math.isfinite(nearest) else None,  # JSON has no infinity
        }
