"""Dense networks as exact maps."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi

FOLD = [([[1], [-1]], [0, 1], "relu"), ([[1, "1/2"]], None, "none")]


def test_evaluates_layer_by_layer():
    network = xi.DenseNetwork(FOLD)
    assert network.evaluate([3]) == [Fraction(3)]
    assert network.evaluate(["-1/2"]) == [Fraction(3, 4)]
    assert (network.n, network.m, network.neurons) == (1, 1, 2)


def test_activations():
    layer = [[1], [1]]
    values = {
        "relu": [Fraction(0), Fraction(0)],
        "none": [Fraction(-2), Fraction(-2)],
    }
    for activation, expected in values.items():
        assert xi.DenseNetwork([(layer, None, activation)]).evaluate([-2]) == expected
    assert xi.DenseNetwork([(layer, None, xi.Leaky("1/10"))]).evaluate([-2]) == [Fraction(-1, 5)] * 2
    assert xi.DenseNetwork([(layer, None, xi.Leaky([0, "1/2"]))]).evaluate([-2]) == [0, -1]
    assert xi.DenseNetwork([{"W": layer, "activation": {"leaky": "0.5"}}]).evaluate([-2]) == [-1, -1]


def test_floats_agree_with_exact_values():
    rng = np.random.default_rng(0)
    network = xi.DenseNetwork(
        [(rng.normal(size=(5, 3)), rng.normal(size=5), xi.Leaky(0.25)), (rng.normal(size=(2, 5)), None, "relu")]
    )
    x = [Fraction(1, 3), Fraction(-2), Fraction(5, 7)]
    exact = [float(value) for value in network.evaluate(x)]
    np.testing.assert_allclose(network.evaluate_float(x), exact, rtol=1e-12, atol=1e-12)


def test_is_the_torch_network():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.Linear(2, 4), torch.nn.LeakyReLU(0.125), torch.nn.Linear(4, 3), torch.nn.ReLU()
    )
    network = xi.DenseNetwork(
        [(module[0].weight, module[0].bias, xi.Leaky(0.125)), (module[2].weight, module[2].bias, "relu")]
    )
    x = [Fraction(3, 4), Fraction(-5, 8)]
    out = module(torch.tensor([float(value) for value in x])).detach().numpy()
    np.testing.assert_allclose([float(value) for value in network.evaluate(x)], out, rtol=1e-5, atol=1e-6)


def test_equality_digest_and_pickle():
    network, same = (
        xi.DenseNetwork(FOLD),
        xi.DenseNetwork([(("1", [[1.0], [-1.0]])[1], [0, 1.0], xi.Leaky(0)), FOLD[1]]),
    )
    other = xi.DenseNetwork([FOLD[0], ([[1, "1/3"]], None, "none")])
    assert network == same
    assert hash(network) == hash(same)
    assert network != other
    assert network.digest != other.digest
    copy = pickle.loads(pickle.dumps(network))  # noqa: S301
    assert copy == network
    assert copy.digest == network.digest
    assert repr(network).startswith("DenseNetwork(1 -> 2 -> 1, neurons=2, sha256=")


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([], "without layers"),
        ([([[1, 2]], None, "relu"), ([[1, 2]], None, "relu")], "layer 1 has 2 columns and layer 0 has 1 rows"),
        ([([[1]], None, "tanh")], "found the activation 'tanh'"),
        ([([[1]], None, xi.Leaky([1, 2]))], "found 2 slopes and 1 rows"),
        ([([[1]], [1, 2], "relu")], "layer 0: b has 2 entries"),
        ([{"b": [1]}], "expected W and optionally b"),
        ([{"W": [[1]], "bias": [1]}], "found the keys 'W', 'bias'"),
        ([3], "of type int"),
        ([([[float("nan")]], None, "relu")], "finite"),
    ],
)
def test_refuses(layers, words):
    with pytest.raises(xi.InputError, match=words.replace("(", r"\(")):
        xi.DenseNetwork(layers)


def test_refuses_points_of_other_length():
    with pytest.raises(xi.InputError, match="x has 2 entries, expected n = 1"):
        xi.DenseNetwork(FOLD).evaluate([1, 2])
