"""Constants that are known beforehand, beside what `stability` finds: exact numbers, or intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpz_poly

from exactinj.domains import Region
from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from, rational_text
from exactinj.lipschitz.algebraic import AlgebraicNumber
from exactinj.lipschitz.answer import Stability

__all__ = ["KnownStability", "KnownValue"]

WANTED = 'a rational, {"polynomial": [...], "interval": [low, high]} or {"at_least": ..., "at_most": ...}'


@dataclass(frozen=True)
class KnownValue:
    """A number: the only root of a polynomial in an interval, or something in the interval if there is no polynomial.

    polynomial : integer coefficients, the constant one first, or None
    interval : two rationals, the same one twice for a rational number
    """

    polynomial: tuple[int, ...] | None
    interval: tuple[Fraction, Fraction]

    @classmethod
    def parse(cls, record: Any) -> KnownValue:
        """From a case file; `InputError` for other forms, and where no root is seen in the interval.

        >>> root = KnownValue.parse({"polynomial": ["-2", "0", "1"], "interval": ["1", "2"]})
        >>> root.is_within(Fraction(1), Fraction(7, 5)), root.is_within(Fraction(7, 5), Fraction(2))
        (False, True)
        """
        if isinstance(record, str):
            value = fraction_from(record)
            return cls((-value.numerator, value.denominator), (value, value))
        names = set(record) if isinstance(record, Mapping) else set()
        if names == {"at_least", "at_most"}:
            return cls(None, _interval(record["at_least"], record["at_most"]))
        if names != {"polynomial", "interval"}:
            raise InputError(f"found {str(record)[:60]!r}, expected {WANTED}")
        known = cls(_coefficients(record["polynomial"]), _interval(*record["interval"]))
        if not known.is_within(*known.interval):
            raise InputError(f"found a polynomial without a change of sign in {record['interval']}, expected one root")
        return known

    @property
    def text(self) -> str:
        """The number, or what is known of it."""
        low, high = self.interval
        if low == high:
            return rational_text(low)
        if self.polynomial is None:
            return f"between {rational_text(low)} and {rational_text(high)}"
        coefficients = f"coefficients {', '.join(map(str, self.polynomial))} (of 1, x, ...)"
        return (
            f"the root of the polynomial with the {coefficients} between {rational_text(low)} and {rational_text(high)}"
        )

    def to_json(self) -> object:
        """As in the case file."""
        low, high = map(rational_text, self.interval)
        if low == high:
            return low
        if self.polynomial is None:
            return {"at_least": low, "at_most": high}
        return {"polynomial": [str(value) for value in self.polynomial], "interval": [low, high]}

    def is_within(self, low: Fraction, high: Fraction) -> bool:
        """Whether the number, or something in the interval, is in [low, high]."""
        low, high = max(low, self.interval[0]), min(high, self.interval[1])
        return low <= high and (self.polynomial is None or _has_root(fmpz_poly(list(self.polynomial)), low, high))

    def is_number(self, value: AlgebraicNumber) -> bool:
        """Whether it is this number, or holds it."""
        if self.polynomial is None:
            return KnownValue(value.polynomial, value.interval).is_within(*self.interval)
        low, high = max(self.interval[0], value.interval[0]), min(self.interval[1], value.interval[1])
        common = fmpz_poly(list(self.polynomial)).gcd(fmpz_poly(list(value.polynomial)))
        return low <= high and _has_root(common, low, high)


@dataclass(frozen=True)
class KnownStability:
    """What is known of a layer on a domain; None where nothing is.

    A : the smallest eigenvalue of ``W_I^T W_I`` over all cells
    kappa_squared : the square of the lower Lipschitz constant
    lipschitz_squared : the square of the upper one
    """

    domain: Region
    A: KnownValue
    kappa_squared: KnownValue | None
    lipschitz_squared: KnownValue | None

    @classmethod
    def parse(cls, record: Mapping[str, Any], domain: Region) -> KnownStability:
        """From a case file, the domain read already; `InputError` for other keys."""
        unknown = set(record) - {"domain", "A", "kappa_squared", "lipschitz_squared"}
        if unknown or "A" not in record:
            found = ", ".join(map(str, record))
            raise InputError(
                f"found the keys {found}, expected domain, A, and perhaps kappa_squared, lipschitz_squared"
            )
        given = (record.get(key) for key in ("A", "kappa_squared", "lipschitz_squared"))
        value, kappa, top = (None if part is None else KnownValue.parse(part) for part in given)
        if value is None:
            raise InputError(f"found A = null, expected {WANTED}")
        return cls(domain, value, kappa, top)

    @property
    def values(self) -> dict[str, KnownValue]:
        """Those that are known, by name."""
        named = {"A": self.A, "kappa_squared": self.kappa_squared, "lipschitz_squared": self.lipschitz_squared}
        return {name: value for name, value in named.items() if value is not None}

    def agrees_with(self, found: Stability) -> bool:
        """Whether every enclosure holds the known number, and the best cells have it exactly."""
        smallest, top = found.sigma_min_squared, found.upper_lipschitz_squared
        right = self.A.is_within(smallest.at_least, smallest.at_most)
        right &= self.A.is_number(found.value_at(found.smallest))
        if self.kappa_squared is not None:
            low, high = (end.square for end in found.lower_lipschitz)
            right &= low is not None and high is not None and self.kappa_squared.is_within(low, high)
        if self.lipschitz_squared is not None:
            right &= self.lipschitz_squared.is_within(top.at_least, top.at_most)
            right &= self.lipschitz_squared.is_number(found.value_at(found.largest))
        return found.complete and right


def _coefficients(texts: Any) -> tuple[int, ...]:
    values = [fraction_from(text) for text in texts]
    if any(value.denominator != 1 for value in values):
        raise InputError(f"found the polynomial {texts}, expected integer coefficients")
    return tuple(int(value) for value in values)


def _interval(low: Any, high: Any) -> tuple[Fraction, Fraction]:
    ends = fraction_from(low), fraction_from(high)
    if ends[0] > ends[1]:
        raise InputError(f"found the interval from {low} to {high}, expected low <= high")
    return ends


def _has_root(polynomial: fmpz_poly, low: Fraction, high: Fraction) -> bool:
    """Whether a polynomial with at most one root, multiple or not, in [low, high] has one there."""
    if polynomial.degree() < 1:
        return False
    single = polynomial // polynomial.gcd(polynomial.derivative())
    ends = [_value(single, end) for end in (low, high)]
    return ends[0] * ends[1] <= 0


def _value(polynomial: fmpz_poly, x: Fraction) -> Fraction:
    value = Fraction(0)
    for coefficient in reversed(polynomial.coeffs()):
        value = value * x + int(coefficient)
    return value
