"""Layers: construction, sign of the bias, digest, evaluation; domains."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi


def test_alpha_is_minus_b():
    assert xi.ReLULayer([[1], [2]], alpha=["1/3", -1]) == xi.ReLULayer([[1], [2]], b=["-1/3", 1])
    assert xi.ReLULayer([[1], [2]]) == xi.ReLULayer([[1], [2]], b=[0, 0])


def test_digest_is_the_documented_text():
    text = b'{"W":[["1/2","3"],["0","-1"]],"b":["0","1"]}'
    assert xi.ReLULayer([["2/4", 3.0], [0, -1]], b=[0, 1]).digest == hashlib.sha256(text).hexdigest()


def test_evaluation_is_exact():
    layer = xi.ReLULayer([[0.1, 0.2], [-1, "1/3"]], b=["0.5", -1])
    x = [Fraction(1, 7), 3]
    expected = [Fraction(0.1) / 7 + Fraction(0.2) * 3 + Fraction(1, 2), -Fraction(1, 7) + 1 - 1]
    assert layer.preactivation(x) == expected
    assert layer.evaluate(x) == [expected[0], 0]
    with pytest.raises(xi.InputError, match="expected n = 2"):
        layer.evaluate([1])


def test_narrow_arrays_and_lists_are_the_same_layer():
    rows = [[1.5, -2.0], [0.25, 3.0]]
    layers = [xi.ReLULayer(np.array(rows, dtype=kind)) for kind in ("f2", "f4", "f8", ">f8", "g")]
    layers += [xi.ReLULayer(rows), xi.ReLULayer(np.asfortranarray(rows)), xi.ReLULayer([tuple(row) for row in rows])]
    assert len(set(layers)) == 1


def test_torch_tensors():
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    linear = torch.nn.Linear(3, 5)
    layer = xi.ReLULayer(linear.weight, linear.bias)
    assert layer == xi.ReLULayer(linear.weight.detach().numpy(), linear.bias.detach().numpy())
    half = torch.tensor([[0.1, 2.0]], dtype=torch.bfloat16)
    assert xi.ReLULayer(half).W[0, 0] == Fraction(float(half[0, 0]))


@pytest.mark.parametrize(
    ("W", "b", "message"),
    [
        ([], None, "empty"),
        ([[]], None, "empty"),
        ([[1, 2], [3]], None, "ragged"),
        ([1, 2], None, "row 0"),
        (5, None, "nested list"),
        ("12", None, "nested list"),
        (np.ones(3), None, "dimension"),
        (np.ones((2, 2), dtype=complex), None, "dtype"),
        (np.array([[None]]), None, "dtype"),
        ([[1, "x"]], None, "row 0, column 1"),
        ([[1]], [1, 2], "2 entries"),
        ([[1]], [[1]], "expected an integer"),
        ([[1]], [float("nan")], "finite"),
    ],
)
def test_bad_layers_say_where(W, b, message):
    with pytest.raises(xi.InputError, match=message):
        xi.ReLULayer(W, b)


def test_b_and_alpha_exclude_each_other():
    with pytest.raises(xi.InputError, match="both"):
        xi.ReLULayer([[1]], [1], alpha=[1])


@pytest.mark.parametrize("domain", [xi.RealSpace(), xi.NonnegativeOrthant()])
def test_domains_answer_their_one_question(domain):
    positive = domain == xi.NonnegativeOrthant()
    assert domain.is_nonnegative([0, 0], 0)
    assert domain.is_nonnegative([0, 0], 1)
    assert not domain.is_nonnegative([0, 0], -1)
    assert domain.is_nonnegative([1, 0], 0) == positive
    assert not domain.is_nonnegative([1, -1], 5)
    assert not domain.is_nonnegative([Fraction(-1, 10**30), 0], 1)
    assert domain.contains([0, 1])
    assert domain.contains([Fraction(-1, 10**30), 1]) != positive
    assert xi.parse_domain(domain.text) == domain


def test_unknown_domain():
    with pytest.raises(xi.InputError, match="torus"):
        xi.parse_domain("torus")
