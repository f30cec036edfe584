"""Words of 64 bits against rationals one by one: the same matrix, whatever it is asked."""

from __future__ import annotations

import copy
import json
import math
from fractions import Fraction
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import exactinj as xi
from exactinj.exact.dyadic import dyadic_of, primitive_dyadic_rows
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import rational_from, rationals_from_texts

floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
rows = st.integers(1, 3).flatmap(
    lambda n: st.lists(
        st.lists(st.one_of(floats, st.integers(-9, 9).map(float)), min_size=n, max_size=n), min_size=1, max_size=4
    )
)


def primitive(row):
    """Euclid's definition: the integer multiple with gcd 1, and the factor, from Fractions alone."""
    exact = [Fraction(value) for value in row]
    if not any(exact):
        return tuple(map(int, exact)), Fraction(1)
    common = math.lcm(*(value.denominator for value in exact))
    whole = [int(value * common) for value in exact]
    content = math.gcd(*whole)
    return tuple(value // content for value in whole), Fraction(common, content)


@given(rows)
def test_floats_are_the_rationals_that_they_are(values):
    held = dyadic_of(np.array(values))
    exact = [[Fraction(value) for value in row] for row in values]
    assert held.fractions() == exact
    assert [[str(value) for value in row] for row in exact] == list(held.texts())
    assert held.floats().tolist() == values
    assert primitive_dyadic_rows([held]) == [primitive(row) for row in values]


@given(st.lists(integers, min_size=1, max_size=5))
def test_integers(values):
    held = dyadic_of(np.array([values]))
    assert held.fractions() == [[Fraction(value) for value in values]]
    assert held.floats().tolist() == [[float(value) for value in values]]
    assert primitive_dyadic_rows([held]) == [primitive(values)]


@pytest.mark.parametrize("kind", ["f2", "f4", ">f8", "i1", "u8", ">i2"])
def test_large_arrays_and_their_entries_one_by_one_agree(kind):
    rng = np.random.default_rng(0)
    values = (rng.standard_normal((30, 4)) * 9).astype(kind)
    large, bias = xi.ReLULayer(values, values[:, 0]), [Fraction(value) for value in values[:, 0].tolist()]
    slow = xi.ReLULayer([[Fraction(value) for value in row] for row in values.tolist()], bias)
    assert large == slow
    assert hash(large) == hash(slow)
    assert large.integer_rows == slow.integer_rows
    assert large.W.rank() == slow.W.rank()
    assert (large.W.to_float() == slow.W.to_float()).all()
    assert copy.deepcopy(large) == slow
    text = json.dumps({"W": list(slow.W.texts()), "b": [text for (text,) in slow.b.texts()]}, separators=(",", ":"))
    assert large.digest == slow.digest == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "values",
    [
        [[2**53 + 1, 0.5]] * 40,
        [[2**70, 1]] * 40,
        np.full((40, 2), 2**64 - 1, dtype="u8"),
        [["1/3", 1]] * 40,
        [[Fraction(1, 3), 0.5]] * 40,
    ],
)
def test_what_words_cannot_hold_is_read_one_by_one(values):
    found = RationalMatrix(values)
    assert found[39, 0] == Fraction(values[0][0])
    assert found[39, 1] == Fraction(values[0][1])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), True, None, "x"])
def test_one_bad_entry_among_many_is_named(bad):
    values = [[1.0, 2.0] for _ in range(50)]
    values[17][1] = bad
    with pytest.raises(xi.InputError, match="row 17, column 1"):
        RationalMatrix(values, name="W")


def test_ragged_rows_among_many_are_named():
    with pytest.raises(xi.InputError, match="ragged: row 50 has 1 entries"):
        RationalMatrix([[1.0, 2.0]] * 50 + [[1.0]])


@given(st.text(alphabet="0123456789.eE+-", min_size=1, max_size=12))
def test_short_decimals_are_read_as_long_ones_are(text):
    try:
        exact = rational_from(text)
    except xi.InputError:
        exact = None
    quick = rationals_from_texts([text])
    assert quick is None or quick == [exact]
