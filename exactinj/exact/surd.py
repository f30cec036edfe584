"""Signed square roots of rationals: the numbers that extreme values on balls and spheres are.

The minimum of a linear function over the part of a rational cone inside the unit ball is 0 or minus the length of a
rational vector, and on the sphere it may be ``p / sqrt(q)``: always ``sign * sqrt(square)`` with a rational square.
Such numbers are compared, multiplied and divided without rounding, with each other and with rationals.

They are not closed under addition: ``(sqrt(p) + sqrt(q))^2 = p + q + 2 sqrt(pq)`` is rational exactly if pq is the
square of a rational, and only then is the sum one of them. Other sums raise `TypeError` rather than round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from exactinj.errors import InputError
from exactinj.exact.latex import root_latex
from exactinj.exact.numbers import fraction_from, nearest_float, rational_text

__all__ = ["Surd", "root_above", "root_below"]

BITS = 64  # of the integer square root behind a float
LONGEST_REPR = 60
FLOAT_FORMATS = "eEfFgGn%"


@dataclass(frozen=True, eq=False, repr=False)
class Surd(Real):
    """The number ``sign * sqrt(square)``, exact; `square` is None for an infinity.

    A `numbers.Real`: it compares exactly with ints, Fractions and floats (a float is the dyadic rational that it is)
    and hashes as the rational that it equals; products, quotients and integer powers are exact. Sums are exact where
    they are surds again, and raise `TypeError` elsewhere; `float` rounds.

    >>> a, b = Surd(-1, Fraction(1, 3)), Surd.of_rational("-1/2")
    >>> a < b < 0, float(a), str(a * 3), str(b)
    (True, -0.5773502691896257, '-sqrt(3)', '-1/2')
    >>> a * a == Fraction(1, 3), str(abs(a) + a * 2), round(a, 3)
    (True, '-sqrt(1/3)', Fraction(-577, 1000))
    """

    sign: int
    square: Fraction | None

    def __post_init__(self) -> None:
        if not isinstance(self.square, Fraction | None):
            object.__setattr__(self, "square", fraction_from(self.square))
        if self.square is None:
            consistent = self.sign in (-1, 1)
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
        """The inverse of `str`: a rational, ``sqrt(1/5)``, ``-sqrt(3)``, ``infinity`` or ``-infinity``."""
        root = text.removeprefix("-")
        if root == "infinity":
            return cls(1 if root == text else -1, None)
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
        root = None if self.square is None else _root(self.square)
        return None if root is None else self.sign * root

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

    # ------------------------------------------------------------------ order

    def __eq__(self, other: object) -> bool:
        value = _surd_of(other)
        if value is None:
            return NotImplemented
        return (self.sign, self.square) == (value.sign, value.square)

    def __hash__(self) -> int:  # type: ignore[override]  # numbers.Complex sets it to None
        exact = self.rational
        if exact is not None:
            return hash(exact)
        return hash((self.sign, self.square)) if self.is_finite else hash(float(self))

    def _key(self) -> tuple[int, Fraction]:
        """Orders all surds: infinities first and last, squares with their sign between."""
        return (self.sign, Fraction(0)) if self.square is None else (0, self.sign * self.square)

    def __lt__(self, other: Any) -> bool:
        value = _surd_of(other)
        return _against_nothing(other) if value is None else self._key() < value._key()

    def __le__(self, other: Any) -> bool:
        value = _surd_of(other)
        return _against_nothing(other) if value is None else self._key() <= value._key()

    def __gt__(self, other: Any) -> bool:
        value = _surd_of(other)
        return _against_nothing(other) if value is None else self._key() > value._key()

    def __ge__(self, other: Any) -> bool:
        value = _surd_of(other)
        return _against_nothing(other) if value is None else self._key() >= value._key()

    def __bool__(self) -> bool:
        return self.sign != 0

    # ------------------------------------------------------------------ arithmetic

    def __neg__(self) -> Surd:
        return Surd(-self.sign, self.square)

    def __pos__(self) -> Surd:
        return self

    def __abs__(self) -> Surd:
        return Surd(abs(self.sign), self.square)

    def __mul__(self, other: Any) -> Surd:
        """The product with a surd, or a rational number; `InputError` for an infinity times 0, which has no value."""
        factor = _surd_of(other)
        if factor is None:
            return NotImplemented
        sign = self.sign * factor.sign
        if self.square is not None and factor.square is not None:
            return Surd(sign, self.square * factor.square)
        if not sign:
            raise InputError("found an infinity times 0, which has no value; expected finite factors")
        return Surd(sign, None)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Surd:
        divisor = _surd_of(other)
        return NotImplemented if divisor is None else self * divisor._inverse()

    def __rtruediv__(self, other: Any) -> Surd:
        dividend = _surd_of(other)
        return NotImplemented if dividend is None else dividend * self._inverse()

    def _inverse(self) -> Surd:
        if self.square is None:
            return Surd(0, Fraction(0))
        if not self.sign:
            raise ZeroDivisionError("division of a surd by zero")
        return Surd(self.sign, 1 / self.square)

    def __pow__(self, exponent: Any) -> Surd:
        """An integer power."""
        power = _surd_of(exponent)
        whole = None if power is None else power.rational
        if whole is None or whole.denominator != 1:
            raise TypeError(f"found the exponent {exponent!r} of a surd, expected an integer, where the power is exact")
        base, count = (self, int(whole)) if whole >= 0 else (self._inverse(), -int(whole))
        if base.square is not None:
            return Surd(base.sign**count, base.square**count)
        return Surd(base.sign**count, None) if count else Surd(1, Fraction(1))

    def __rpow__(self, base: Any) -> Any:
        exact = self.rational
        if exact is None:
            raise TypeError(f"found the exponent {self}, expected a rational number; use float(...)")
        return base**exact

    def __add__(self, other: Any) -> Surd:
        """The sum where it is a surd: of multiples of the same root, or with zero; `TypeError` elsewhere."""
        term = _surd_of(other)
        return NotImplemented if term is None else _sum(self, term)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Surd:
        term = _surd_of(other)
        return NotImplemented if term is None else _sum(self, -term)

    def __rsub__(self, other: Any) -> Surd:
        term = _surd_of(other)
        return NotImplemented if term is None else _sum(-self, term)

    # ------------------------------------------------------------------ whole numbers below and above

    def __floor__(self) -> int:
        if self.square is None:
            raise OverflowError("found infinity, expected a finite number")
        root = math.isqrt(self.square.numerator // self.square.denominator)  # floor(sqrt(q)) = isqrt(floor(q))
        return root if self.sign >= 0 else -root - (root * root != self.square)

    def __ceil__(self) -> int:
        return -math.floor(-self)

    def __trunc__(self) -> int:
        return math.floor(self) if self.sign >= 0 else math.ceil(self)

    def __round__(self, ndigits: int | None = None) -> Any:
        """The nearest whole number, or multiple of ``10**-ndigits`` (a Fraction), as Fractions round."""
        exact = self.rational
        if exact is not None:
            return round(exact, ndigits)
        if ndigits is None:
            return math.floor(self * 2) - math.floor(self)  # an irrational number is never half way
        scale = Fraction(10) ** ndigits
        return round(self * scale) / scale

    def __floordiv__(self, other: Any) -> int:
        return NotImplemented if _surd_of(other) is None else math.floor(self / other)

    def __rfloordiv__(self, other: Any) -> int:
        return NotImplemented if _surd_of(other) is None else math.floor(other / self)

    def __mod__(self, other: Any) -> Surd:
        divisor = _surd_of(other)
        return NotImplemented if divisor is None else _sum(self, -divisor * math.floor(self / divisor))

    def __rmod__(self, other: Any) -> Surd:
        dividend = _surd_of(other)
        return NotImplemented if dividend is None else dividend % self

    # ------------------------------------------------------------------ floats and text

    def __float__(self) -> float:
        if self.square is None:
            return self.sign * math.inf
        p, q = self.square.numerator, self.square.denominator
        shift = max(0, BITS - (p.bit_length() - q.bit_length()) // 2 + 1)
        return self.sign * nearest_float(Fraction(math.isqrt((p << 2 * shift) // q), 1 << shift))

    def __repr__(self) -> str:
        text = f"Surd(sign={self.sign}, square={self.square!r})"
        return (
            text if len(text) <= LONGEST_REPR else f"<Surd of about {float(self):.12g}, exact in str() and to_json()>"
        )

    def __str__(self) -> str:
        minus = "-" if self.sign < 0 else ""
        if self.square is None:
            return f"{minus}infinity"
        exact = self.rational
        if exact is not None:
            return rational_text(exact)
        return f"{minus}sqrt({rational_text(self.square)})"

    def __format__(self, spec: str) -> str:
        """Formats for numbers show the nearest float, others the exact text."""
        return format(float(self) if spec and spec[-1] in FLOAT_FORMATS else str(self), spec)

    def to_latex(self) -> str:
        r"""LaTeX for a formula: ``-\frac{2}{\sqrt{5}}``."""
        return root_latex(self.sign, self.square)

    def to_sympy(self) -> Any:
        """The same number as a sympy expression. Needs the extra ``symbolic``."""
        from exactinj.exact.symbolic import sympy_root

        return sympy_root(self.sign, self.square)

    def to_json(self) -> dict[str, object]:
        """The object that ``exactinj alpha --json`` prints: sign, square, and the nearest float or null beyond them."""
        if self.square is None:
            return {"sign": self.sign, "square": None, "float": None}
        nearest = float(self)
        return {
            "sign": self.sign,
            "square": rational_text(self.square),
            "float": nearest if math.isfinite(nearest) else None,  # JSON has no infinity
        }


def _surd_of(value: object) -> Surd | None:
    """A real number that is known exactly as a surd; None for anything else, NaN among it."""
    if isinstance(value, Surd):
        return value
    if isinstance(value, Integral | Rational):
        return Surd.of_rational(Fraction(int(value.numerator), int(value.denominator)))
    if not (isinstance(value, Real) and hasattr(value, "as_integer_ratio")) or math.isnan(value):
        return None
    return Surd.of_rational(value) if math.isfinite(value) else Surd(1 if float(value) > 0 else -1, None)


def _against_nothing(other: object) -> bool:
    """A comparison with what is no exact number: False for NaN, as for floats, and left to the other side else."""
    return False if isinstance(other, Real) and math.isnan(other) else NotImplemented


def _root(square: Fraction) -> Fraction | None:
    """The rational square root, if there is one."""
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    return root if root * root == square else None


def _sum(left: Surd, right: Surd) -> Surd:
    if left.square is None or right.square is None:
        if left.square is None and right.square is None and left.sign != right.sign:
            raise InputError("found infinity minus infinity, which has no value; expected finite numbers")
        return left if left.square is None else right
    if not left or not right:
        return left or right
    ratio = _root(right.square / left.square)
    if ratio is None:
        raise TypeError(
            f"found the sum of {_shown(left)} and {_shown(right)}, which is no signed root of a rational; "
            "use float(...)"
        )
    return left * (1 + ratio * left.sign * right.sign)


def _shown(value: Surd) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_REPR else f"about {float(value):.12g}"


def root_above(square: Fraction) -> float:
    """The square root of a rational that is not negative, rounded up to a float; an infinity beyond their range.

    >>> root_below(Fraction(2)) ** 2 < 2 < root_above(Fraction(2)) ** 2, root_above(Fraction(9, 4))
    (True, 1.5)
    """
    root = float(Surd(int(square > 0), square))
    while not math.isinf(root) and Fraction(root) ** 2 < square:
        root = math.nextafter(root, math.inf)
    return root


def root_below(square: Fraction) -> float:
    """The same, rounded down."""
    root = float(Surd(int(square > 0), square))
    while math.isinf(root) or Fraction(root) ** 2 > square:
        root = math.nextafter(root, 0.0)
    return root
