"""Exact numbers and matrices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exactinj.errors import InputError
from exactinj.exact.matrix import (
    RANK_PRIME,
    RationalMatrix,
    dependency_modulo_prime,
    integer_nullspace,
    integer_rank,
    primitive_row,
    rank_modulo_prime,
)
from exactinj.exact.numbers import fraction_from, rational_from, rational_text

small_rows = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(-3, 3), min_size=width, max_size=width).map(tuple), min_size=1, max_size=6
    )
)


def naive_rank(rows):
    """Gaussian elimination in fractions, as in a textbook."""
    rows = [[Fraction(value) for value in row] for row in rows]
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            rows[i] = [a - factor * c for a, c in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("1/2", Fraction(1, 2)),
        ("-6/4", Fraction(-3, 2)),
        (" 0.1 ", Fraction(1, 10)),
        ("+1.50e-1", Fraction(3, 20)),
        (".5", Fraction(1, 2)),
        ("2.", Fraction(2)),
        ("1e3", Fraction(1000)),
        (0.1, Fraction(3602879701896397, 36028797018963968)),
        (np.float32(0.1), Fraction(13421773, 134217728)),
        (np.float16(0.5), Fraction(1, 2)),
        (np.longdouble(1) / 4, Fraction(1, 4)),
        (5e-324, Fraction(1, 2**1074)),
        (np.int8(-7), Fraction(-7)),
        (np.uint64(2**64 - 1), Fraction(2**64 - 1)),
        (Fraction(22, 7), Fraction(22, 7)),
        (10**400, Fraction(10**400)),
    ],
)
def test_numbers_are_read_exactly(given_value, expected):
    assert fraction_from(given_value) == expected


def test_numbers_of_any_length_are_read_and_written():
    digits = "7" * 9000
    value = fraction_from(f"{digits}/{digits}1")
    assert rational_text(value) == f"{digits}/{digits}1"


@pytest.mark.parametrize(
    "bad",
    [
        float("nan"), float("inf"), np.float32("-inf"), 1j, True, np.bool_(1), None, "", "one", "1/0", "1/-2", "1//2",
        "0x10", "1_000", "1e", "--1", "1 2", "inf", "nan", "1e999999", "1.5/2", b"1", [1], "\uff11",
    ],
)  # fmt: skip
def test_what_is_no_finite_rational_is_refused(bad):
    with pytest.raises(InputError, match="expected"):
        fraction_from(bad)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_the_round_trip(value):
    assert float(fraction_from(value)) == value


@given(small_rows)
def test_rank_agrees_with_elimination(rows):
    rank = naive_rank(rows)
    assert integer_rank(rows) == rank
    assert rank_modulo_prime(rows) <= rank


def test_rank_is_not_fooled_by_the_prime():
    rows = [(RANK_PRIME, 0), (0, 1)]
    assert rank_modulo_prime(rows) == 1
    assert integer_rank(rows) == 2


@given(small_rows)
def test_nullspace_is_a_primitive_basis(rows):
    basis = integer_nullspace(rows, len(rows[0]))
    assert len(basis) == len(rows[0]) - naive_rank(rows)
    assert not basis or naive_rank(basis) == len(basis)
    for vector in basis:
        assert all(sum(a * c for a, c in zip(row, vector, strict=True)) == 0 for row in rows)
        assert primitive_row(rational_from(value) for value in vector)[0] == vector


@given(small_rows)
def test_dependency_modulo_prime_names_dependent_rows(rows):
    support = dependency_modulo_prime(rows)
    assert bool(support) == (naive_rank(rows) < len(rows))
    if support:
        assert naive_rank([rows[i] for i in support]) < len(support)


@given(st.lists(st.fractions(), min_size=1, max_size=5))
def test_primitive_rows_are_positive_multiples(values):
    integers, scale = primitive_row(rational_from(value) for value in values)
    assert scale > 0
    assert [scale * value for value in values] == list(integers)


def test_solve():
    left = RationalMatrix([[1, "1/2"], [0, 3]])
    right = RationalMatrix([[2], [1]])
    assert left.times([row[0] for row in left.solve(right).fractions()]) == [2, 1]
    with pytest.raises(InputError, match="singular"):
        RationalMatrix([[1, 1], [1, 1]]).solve(right)


def test_matrix_surface():
    matrix = RationalMatrix([["1/2", "-3"]])
    assert matrix.shape == (1, 2)
    assert list(matrix.texts()) == [["1/2", "-3"]]
    assert matrix == RationalMatrix([[0.5, -3]])
    assert hash(matrix) == hash(RationalMatrix([[0.5, -3]]))
    assert matrix != RationalMatrix([[0.5, 3]])
    assert np.array_equal(matrix.to_float(), [[0.5, -3.0]])
    assert matrix.nullspace() == [(6, 1)] or matrix.nullspace() == [(-6, -1)]
    assert RationalMatrix([["1e400"]]).to_float()[0, 0] == np.inf
