"""The sign of sums of square roots."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactinj.exact.square_roots import sign_of_root_sum

rationals = st.fractions(min_value=-20, max_value=20, max_denominator=12)
radicands = st.fractions(min_value=0, max_value=60, max_denominator=12)


def decimal_sign(terms, digits=600):
    """By plain decimals; right where the sum is not within 10^-500 of zero without being zero."""
    with localcontext() as context:
        context.prec = digits
        total = sum(
            (
                Decimal(c.numerator) / c.denominator * (Decimal(q.numerator) / q.denominator).sqrt()
                for c, q in ((Fraction(c), Fraction(q)) for c, q in terms)
            ),
            Decimal(0),
        )
        return 0 if abs(total) < Decimal(10) ** -500 else (total > 0) - (total < 0)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], 0),
        ([(0, 5)], 0),
        ([(3, 0)], 0),
        ([(-1, 7)], -1),
        ([(1, 8), (-2, 2)], 0),
        ([(1, Fraction(1, 2)), (Fraction(-1, 2), 2)], 0),
        ([(1, 2), (1, 3), (-1, 10)], -1),  # 5 + 2 sqrt 6 < 10
        ([(1, 2), (1, 3), (-1, Fraction(989, 100))], 1),  # 5 + 2 sqrt 6 = 9.898979...
        ([(1, 4), (1, 9), (-1, 25)], 0),
        ([(1, 2), (1, 3), (1, 8), (1, 27), (-3, 2), (-4, 3)], 0),
        ([(1, 2), (1, 3), (1, 8), (1, 27), (-3, 2), (-4, 3), (1, 5)], 1),
        ([("1/3", "2/9"), ("-1/9", 2)], 0),
    ],
)
def test_known_signs(terms, expected):
    assert sign_of_root_sum(terms) == expected
    assert sign_of_root_sum([(-Fraction(c), q) for c, q in terms]) == -expected


def test_convergents_of_a_root_alternate():
    p, q = 1, 1
    for k in range(400):  # p/q is within 10^-300 of sqrt 2 at the end
        assert sign_of_root_sum([(p, 1), (-q, 2)]) == (-1 if k % 2 == 0 else 1)
        p, q = p + 2 * q, p + q


@pytest.mark.parametrize("power", [-500, -30, 30, 500])
def test_magnitudes(power):
    """sqrt(10^2k + 1) is just above 10^k, and both sides may be of any size."""
    size = Fraction(10) ** power
    tiny = Fraction(10) ** -abs(power)
    assert sign_of_root_sum([(1, size * size + tiny), (-1, size * size)]) == 1
    assert sign_of_root_sum([(size, 2), (-1, 2 * size * size)]) == 0
    assert sign_of_root_sum([(size, 2), (-1, 2 * size * size), (tiny, 3), (-tiny, 5)]) == -1


def test_perturbed_zero_sums():
    """sqrt(a) + sqrt(b) = sqrt(a + b + 2 sqrt(ab)) with ab a square: zero, and not zero 10^-60 away."""
    for a, b in ((2, 8), (3, 12), (5, 45), (Fraction(1, 2), Fraction(9, 8))):
        c = a + b + 2 * Fraction(math.isqrt(int(16 * a * b)), 4)
        assert sign_of_root_sum([(1, a), (1, b), (-1, c)]) == 0
        for sign in (1, -1):
            assert sign_of_root_sum([(1, a), (1, b), (-1, c + sign * Fraction(1, 10**60))]) == -sign


@given(st.lists(st.tuples(rationals, radicands), max_size=6))
def test_agrees_with_decimals(terms):
    assert sign_of_root_sum(terms) == decimal_sign(terms)


@given(st.lists(st.tuples(rationals, radicands, st.fractions(min_value=1, max_value=9)), min_size=1, max_size=4))
def test_split_terms_cancel(terms):
    """c sqrt(q) minus (c/t) sqrt(q t^2), in any order."""
    pieces = [(c, q) for c, q, _ in terms] + [(-c / t, q * t * t) for c, q, t in reversed(terms)]
    assert sign_of_root_sum(pieces) == 0
    assert sign_of_root_sum([*pieces, (Fraction(1, 10**40), 7)]) == 1
