"""Signed square roots of rationals: order, floats, rounding down, text."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from exactinj.errors import InputError
from exactinj.exact.surd import Surd

RANDOM = random.Random(5)
SQUARES = [Fraction(RANDOM.randint(1, 10**k), RANDOM.randint(1, 10 ** (41 - k))) for k in range(1, 41)]
VALUES = [Surd(sign, square) for square in SQUARES for sign in (1, -1)] + [Surd(0, Fraction(0)), Surd.infinity()]


def test_order_is_that_of_decimals():
    from decimal import Decimal, getcontext

    getcontext().prec = 60

    def decimal(value):
        square = value.square
        return value.sign * (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()

    finite = [value for value in VALUES if value.is_finite]
    assert sorted(finite) == sorted(finite, key=decimal)
    assert max(VALUES) == Surd.infinity()
    for value in finite:
        assert abs(float(value) - float(decimal(value))) <= math.ulp(float(decimal(value)))


@pytest.mark.parametrize("value", [value for value in VALUES if value.is_finite], ids=str)
def test_floor_is_just_below(value):
    for bits in (10, 53, 200):
        low = value.floor(bits)
        gap = Surd.of_rational(low)
        assert gap <= value
        assert low == value.rational or Surd.of_rational(low + abs(low) / 2 ** (bits - 2)) > value


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_text_is_read_back(value):
    assert Surd.parse(str(value)) == value
    assert Surd.parse(str(-value)) == -value if value.is_finite else True


def test_arithmetic_with_rationals():
    root = Surd(1, Fraction(2))
    assert root * 3 == Surd(1, Fraction(18))
    assert root * Fraction(-1, 2) == Surd(-1, Fraction(1, 2))
    assert root * 0 == Surd(0, Fraction(0))
    assert Surd(1, Fraction(9, 4)).rational == Fraction(3, 2)
    assert root.rational is None
    assert Surd.infinity() * 2 == Surd.infinity()


def test_beyond_floats():
    assert float(Surd.parse("1e400")) == math.inf
    assert Surd.parse("1e400").to_json()["float"] is None
    assert Surd.infinity().to_json() == {"sign": 1, "square": None, "float": None}
    assert float(Surd.parse("-1e-400")) == 0


@pytest.mark.parametrize(("sign", "square"), [(0, Fraction(1)), (1, Fraction(0)), (2, Fraction(1)), (1, Fraction(-1))])
def test_what_is_no_surd_is_refused(sign, square):
    with pytest.raises(InputError, match="sign"):
        Surd(sign, square)
