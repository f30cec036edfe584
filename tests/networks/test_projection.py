"""Random projections: the map is B f, B is what it says, and exact decisions find both outcomes."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

import exactinj as xi
from exactinj.layers.network import Dense, Network, Node, Relu
from exactinj.networks.projection import random_matrix

# A curve with three pieces in R^4, without self-crossings.
CURVE = xi.DenseNetwork([([[1], [-1], [1], [-1]], [0, 0, -1, -1], "relu")])
FAN = xi.DenseNetwork([([[1, 0], [0, 1], [-1, -1], [-1, 0], [0, -1], [1, 1]], None, "relu")])


def product(B, values):
    return [sum((a * c for a, c in zip(row, values, strict=True)), Fraction(0)) for row in B.fractions()]


def test_the_network_is_the_matrix_after_the_network():
    rng = Random(0)
    projection = xi.random_projection(FAN, 3, seed=4)
    for _ in range(20):
        x = [Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(2)]
        assert projection.network.evaluate(x) == product(projection.B, FAN.evaluate(x))


def test_graphs_and_chains_give_the_same_map():
    rows = [[1, 0], [0, 1], [-1, -1], [-1, 0], [0, -1], [1, 1]]
    graph = Network({"x": (1, 2)}, [Node("h", Dense(rows), ("x",)), Node("flat", Relu(), ("h",))], ["flat"])
    projected, chain = xi.random_projection(graph, 5, seed=1), xi.random_projection(FAN, 5, seed=1)
    assert projected.B == chain.B
    assert projected.n == chain.n == 2
    for x in ([1, 2], [-3, "1/2"], [0, 0]):
        assert projected.network.evaluate([x]).fractions() == chain.network.evaluate(x)


def test_a_value_with_channels_is_flattened_first():
    from exactinj.layers.network import Convolution

    geometry = {"stride": [1], "padding": [(0, 0)], "dilation": [1]}
    graph = Network({"x": (1, 1, 3)}, [Node("y", Convolution([[[1, 1]], [[1, -1]]], **geometry), ("x",))], ["y"])
    projection = xi.random_projection(graph, 2)
    assert projection.B.shape == (2, 4)
    expected = product(projection.B, graph.evaluate([[[1, 2, 5]]]).fractions())
    assert projection.network.evaluate([[[1, 2, 5]]]).fractions() == expected


def test_a_single_layer_is_a_network():
    assert xi.random_projection(xi.ReLULayer([[1], [-1]]), 3).network.evaluate([0]) == [0, 0, 0]


def test_matrices_repeat_and_look_normal():
    B = random_matrix(60, 60, seed=9, bits=8)
    assert random_matrix(60, 60, seed=9, bits=8) == B
    assert random_matrix(60, 60, seed=8, bits=8) != B
    assert list(random_matrix(1, 3, seed=0, bits=8).texts()) == [["227/256", "247/256", "271/256"]]
    values = B.to_float().ravel()
    assert abs(values.mean()) < 0.06
    assert abs(values.var() - 1) < 0.08
    assert np.array_equal(values * 256, np.round(values * 256))
    assert all(256 % value.denominator == 0 for row in B.fractions() for value in row)


def test_exact_decisions_find_both_outcomes_below_the_bound():
    for network, m in ((CURVE, 1), (CURVE, 2), (FAN, 2), (FAN, 3)):
        verdicts = set()
        for seed in range(12):
            projection = xi.random_projection(network, m, seed=seed)
            result = xi.certify(projection.network)
            verdicts.add(str(result.verdict))
            if result.witness is not None:
                x, y = result.witness.x, result.witness.y
                assert x != y
                assert product(projection.B, network.evaluate(x)) == product(projection.B, network.evaluate(y))
            assert xi.check(result.certificate).valid
            assert not projection.is_generic
        assert verdicts == {"injective", "not_injective"}


def test_from_2n_plus_1_on_every_one_of_these_matrices_is_injective():
    for network in (CURVE, FAN):
        assert xi.certify(network).verdict == "injective"
        for seed in range(6):
            projection = xi.random_projection(network, 2 * network.n + 1, seed=seed)
            assert projection.is_generic
            assert xi.certify(projection.network).verdict == "injective"


def test_without_bias_2n_is_enough_and_with_bias_it_is_not():
    """The fan is positively homogeneous; the curve is not, and may cross itself in the plane."""
    assert all(xi.certify(xi.random_projection(FAN, 4, seed=seed).network).verdict == "injective" for seed in range(6))
    crossings = [xi.certify(xi.random_projection(CURVE, 2, seed=seed).network).verdict for seed in range(12)]
    assert "not_injective" in crossings


def test_no_matrix_makes_a_network_injective():
    """What f loses, B f loses."""
    lossy = xi.DenseNetwork([([[1], [2]], None, "relu")])
    for seed in range(3):
        assert xi.certify(xi.random_projection(lossy, 5, seed=seed).network).verdict == "not_injective"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((CURVE, 0), "m = 0"),
        ((CURVE, 2.5), r"m = 2\.5"),
        ((CURVE, True), "m = True"),
        (([[1, 2]], 3), "type list"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(xi.InputError, match=message):
        xi.random_projection(*arguments)


@pytest.mark.parametrize("options", [{"seed": -1}, {"bits": 0}, {"bits": 65}, {"seed": "x"}])
def test_bad_options_are_refused(options):
    with pytest.raises(xi.InputError, match="found"):
        xi.random_projection(CURVE, 3, **options)


def test_notes_say_what_the_corollary_gives():
    assert "at least 2n + 1 = 3" in xi.random_projection(CURVE, 3).note
    assert "to be decided" in xi.random_projection(CURVE, 3).note
    assert "below 2n + 1 = 3" in xi.random_projection(CURVE, 2).note
    assert len(repr(xi.random_projection(FAN, 50))) < 200
