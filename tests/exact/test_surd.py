"""Signed square roots of rationals: order, floats, rounding down, text."""

from __future__ import annotations

import math
import numbers
import operator
import random
from fractions import Fraction

import numpy as np
import pytest

from exactinj.errors import InputError
from exactinj.exact.surd import Surd

RANDOM = random.Random(5)
SQUARES = [Fraction(RANDOM.randint(1, 10**k), RANDOM.randint(1, 10 ** (41 - k))) for k in range(1, 41)]
VALUES = [Surd(sign, square) for square in SQUARES for sign in (1, -1)] + [Surd(0, Fraction(0)), Surd.infinity()]


@pytest.mark.parametrize("two", [2, 2.0, "2", np.int64(2), Fraction(2)])
def test_a_square_of_any_type_is_read_exactly(two):
    value = Surd(-1, two)
    assert isinstance(value.square, Fraction)
    assert value + value == Surd(-1, Fraction(8))
    assert value == Surd.parse("-sqrt(2)")


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


# ------------------------------------------------------------------ a surd is a number

RATIONALS = [Fraction(p, q) for p in (-7, -2, 0, 1, 3) for q in (1, 2, 9)]


def test_it_is_a_real_number():
    assert isinstance(Surd(1, Fraction(2)), numbers.Real)
    assert not isinstance(Surd(1, Fraction(2)), numbers.Rational)


@pytest.mark.parametrize("value", RATIONALS, ids=str)
def test_rational_surds_are_equal_to_their_rationals_and_hash_alike(value):
    surd = Surd.of_rational(value)
    assert surd == value == surd
    assert hash(surd) == hash(value)
    assert {value: "found"}[surd] == "found"
    assert bool(surd) is bool(value)
    for other in RATIONALS:
        assert [surd < other, surd <= other, surd > other, surd >= other, surd != other] == [
            value < other,
            value <= other,
            value > other,
            value >= other,
            value != other,
        ]
        assert surd * other == value * other == other * surd
        assert surd + other == value + other == other + surd
        assert surd - other == value - other
        assert other - surd == other - value
        if other:
            assert surd / other == value / other
            assert surd // other == value // other
            assert surd % other == value % other


def test_comparison_with_floats_is_exact():
    root = Surd(1, Fraction(2))
    below, above = math.sqrt(2), math.nextafter(math.sqrt(2), 2)
    if Fraction(below) ** 2 > 2:
        below, above = math.nextafter(below, 0), below
    assert below < root < above
    assert root != below
    assert root < math.inf == Surd.infinity()
    for compared in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq):
        assert not compared(root, math.nan)
    assert Surd.of_rational(0) == 0 == Surd.of_rational(0.0)
    assert Surd(-1, Fraction(1, 3)) < 0 < Surd(1, Fraction(1, 10**30))
    assert Surd(1, Fraction(2)) != "sqrt(2)"
    with pytest.raises(TypeError, match="not supported"):
        assert root < "2"


def test_products_quotients_and_powers():
    two, three = Surd(1, Fraction(2)), Surd(-1, Fraction(3))
    assert two * two == 2
    assert two * three == Surd(-1, Fraction(6))
    assert two / three == Surd(-1, Fraction(2, 3))
    assert 1 / three == Surd(-1, Fraction(1, 3))
    assert three**2 == 3
    assert three**3 == Surd(-1, Fraction(27))
    assert two**-2 == Fraction(1, 2)
    assert abs(three) == Surd(1, Fraction(3)) == -three == +abs(three)
    assert two * 0.5 == Surd(1, Fraction(1, 2))
    with pytest.raises(ZeroDivisionError):
        two / Surd.of_rational(0)
    with pytest.raises(TypeError, match="exponent"):
        two**0.5
    with pytest.raises(TypeError, match="exponent"):
        2**two


def test_sums_are_exact_or_refused():
    two = Surd(1, Fraction(2))
    assert two + two * 3 == Surd(1, Fraction(32))
    assert two - Surd(1, Fraction(8)) == -two
    assert (two - two, two + 0, 0 + two) == (0, two, two)
    assert sum([two, two, two]) == two * 3
    with pytest.raises(TypeError, match=r"no signed root of a rational; use float"):
        two + 1
    with pytest.raises(TypeError, match=r"sqrt\(3\)"):
        two + Surd(1, Fraction(3))
    with pytest.raises(TypeError):
        two + "1"


def test_infinities():
    infinity = Surd.infinity()
    assert -infinity < -(10**400) < infinity
    assert -infinity == -math.inf
    assert hash(-infinity) == hash(-math.inf)
    assert infinity + 1 == infinity == infinity * Surd(1, Fraction(2))
    assert 1 / infinity == 0
    assert float(-infinity) == -math.inf
    assert Surd.parse(str(-infinity)) == -infinity
    for undefined in (lambda: infinity - infinity, lambda: infinity * 0, lambda: infinity / infinity):
        with pytest.raises(InputError, match="no value"):
            undefined()
    with pytest.raises(OverflowError):
        math.floor(infinity)


@pytest.mark.parametrize("value", [value for value in VALUES if value.is_finite], ids=str)
def test_whole_numbers_around(value):
    below = math.floor(value)
    assert Surd.of_rational(below) <= value < Surd.of_rational(below + 1)
    assert Surd.of_rational(math.ceil(value) - 1) < value <= Surd.of_rational(math.ceil(value))
    assert abs(value) >= abs(math.trunc(value))
    nearest = round(value, 2)
    assert Surd.of_rational(nearest - Fraction(1, 200)) <= value <= Surd.of_rational(nearest + Fraction(1, 200))


def test_arrays_of_surds():
    values = np.array([Surd(-1, Fraction(1, 3)), Surd.of_rational(2), Surd(1, Fraction(2))])
    assert (values < 0).tolist() == [True, False, False]
    assert (values * values).tolist() == [Fraction(1, 3), 4, 2]
    assert np.abs(values).max() == 2
    assert np.sort(values).tolist() == [values[0], values[2], values[1]]
    assert values.astype(float) == pytest.approx([-(3**-0.5), 2, 2**0.5])
    assert (values == np.array([0.0, 2.0, 0.0])).tolist() == [False, True, False]
    assert np.float64(1.5) > Surd(1, Fraction(2)) > np.int64(1)
    assert np.float32(2) * Surd(1, Fraction(2)) == Surd(1, Fraction(8))


def test_formats_and_text():
    root = Surd(-1, Fraction(1, 3))
    assert f"{root:.3f} {root} {root:>12}" == "-0.577 -sqrt(1/3)   -sqrt(1/3)"
    assert eval(repr(root), {"Surd": Surd, "Fraction": Fraction}) == root  # noqa: S307
    long = Surd(1, Fraction(3**400, 7**300))
    assert len(repr(long)) < 100
    assert Surd.parse(str(long)) == long


def test_latex():
    texts = ["0", "-3/2", "sqrt(4/5)", "-sqrt(3/4)", "sqrt(2/3)", "sqrt(7)", "-infinity"]
    assert [Surd.parse(text).to_latex() for text in texts] == [
        "0",
        r"-\frac{3}{2}",
        r"\frac{2}{\sqrt{5}}",
        r"-\frac{\sqrt{3}}{2}",
        r"\sqrt{\frac{2}{3}}",
        r"\sqrt{7}",
        r"-\infty",
    ]


def test_sympy_has_the_same_number():
    sympy = pytest.importorskip("sympy")
    for value in VALUES[::7]:
        twin = value.to_sympy()
        if value.is_finite:
            assert sympy.Rational(str(value.square)) == twin**2
            assert sympy.sign(twin) == value.sign
    assert Surd.infinity().to_sympy() == sympy.oo
