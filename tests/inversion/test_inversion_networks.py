"""Networks inverted backwards, beside an SMT solver that asks about the whole network at once."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from oracles.preimages import points_of_network_preimage

import exactinj as xi

F = Fraction


def inner(left, right):
    return sum((a * c for a, c in zip(left, right, strict=True)), F(0))


def evaluated(layers, x):
    for W, b, slopes in layers:
        sums = [inner(row, x) + beta for row, beta in zip(W, b, strict=True)]
        x = [value if value >= 0 else slope * value for value, slope in zip(sums, slopes, strict=True)]
    return tuple(x)


def network_of(layers):
    return xi.DenseNetwork([(W, b, xi.Leaky(slopes)) for W, b, slopes in layers])


def random_matrix(rng, m, n, size=2):
    return [[F(rng.randint(-size, size)) for _ in range(n)] for _ in range(m)]


def invertible(rng, n):
    """Unit triangular factors with small integers."""
    lower = [[F(int(i == j)) if i <= j else F(rng.randint(-2, 2)) for j in range(n)] for i in range(n)]
    upper = [[F(int(i == j)) if i >= j else F(rng.randint(-2, 2)) for j in range(n)] for i in range(n)]
    return [[inner(row, column) for column in zip(*upper, strict=True)] for row in lower]


def doubled(rng, n):
    B = invertible(rng, n)
    return B + [[-v for v in row] for row in B], [F(0)] * (2 * n), [F(0)] * (2 * n)


@pytest.mark.parametrize("seed", range(12))
def test_networks_of_injective_layers_give_their_input_back(seed):
    rng = Random(seed)
    n = rng.randint(1, 3)
    layers = [doubled(rng, n)]
    for _ in range(rng.randint(1, 2)):
        m = len(layers[-1][0])
        if rng.random() < 0.5 and m < 9:
            layers.append(doubled(rng, m))
        else:
            slope = rng.choice([F(1), F(1, 10), F(3)])
            layers.append((invertible(rng, m), random_matrix(rng, 1, m)[0], [slope] * m))
    x = tuple(F(rng.randint(-9, 9), rng.randint(1, 5)) for _ in range(n))
    found = xi.invert(network_of(layers), evaluated(layers, x))
    assert (found.status, found.x, found.dimension, found.at_layer) == ("unique", x, 0, 0)


def random_network(rng):
    """Layers with few rows, repeated rows, zero rows, and activations of all kinds, mixed within a layer."""
    n = rng.randint(1, 2)
    layers = []
    width = n
    for _ in range(rng.randint(1, 3)):
        m = rng.randint(1, 4)
        W = random_matrix(rng, m, width)
        if rng.random() < 0.6 and width <= 2:
            W = [*W[:1], *([F(int(i == j)) for j in range(width)] for i in range(width)), *W[1:]][:4]
        kind = rng.choice([[F(0)], [F(0)], [F(1)], [F(0), F(1)], [F(1, 2)], [F(0), F(-1)]])
        layers.append((W, [F(rng.randint(-2, 2)) for _ in W], [rng.choice(kind) for _ in W]))
        width = len(W)
    return n, layers


def random_domain(rng, n):
    if rng.random() < 0.6:
        return xi.RealSpace(), []
    unit = [[F(int(j == k)) for k in range(n)] for j in range(n)]
    minus = [[-v for v in row] for row in unit]
    if rng.random() < 0.5:
        return xi.NonnegativeOrthant(), [[*row, F(0)] for row in minus]
    return xi.Box(-1, 2), [*([*row, F(2)] for row in unit), *([*row, F(1)] for row in minus)]


def decide_beside_z3(seed):
    rng = Random(seed)
    n, layers = random_network(rng)
    domain, halves = random_domain(rng, n)
    y = list(evaluated(layers, [F(rng.randint(-2, 2), rng.choice([1, 1, 2])) for _ in range(n)]))
    if rng.random() < 0.4:
        i = rng.randrange(len(y))
        y[i] = y[i] + 1 if layers[-1][2][i] <= 0 else y[i] + rng.choice([-1, F(1, 3)])
    network = network_of(layers)
    found = xi.invert(network, y, domain=domain)
    expected = points_of_network_preimage(layers, y, halves)
    status = "none" if not expected else "unique" if len(expected) == 1 else "many"
    assert found.status in (status, "unknown"), (seed, layers, y, domain)
    assert found.layer["layers"] == len(layers)
    if found.status == "many":
        assert found.at_layer == 0
        assert found.dimension == len(expected) - 1
    for x in (found.x, found.second):
        if x is not None:
            assert evaluated(layers, x) == tuple(y)
            assert domain.contains(x)
    if found.status == "none":
        assert_refuted(layers[found.at_layer], found.farkas, found.at_output)
    return found.status


def assert_refuted(layer, farkas, wanted):
    """A layer's combination: equations where the activation has one value, inequalities at zeros of a ReLU."""
    W, b, slopes = layer
    targets = [value if value >= 0 or not slope else value / slope for value, slope in zip(wanted, slopes, strict=True)]
    for i, value in farkas.rows.items():
        assert value >= 0 or slopes[i] != 0 or wanted[i] > 0
    if not farkas.halfspaces:
        assert not any(sum(value * W[i][j] for i, value in farkas.rows.items()) for j in range(len(W[0])))
        assert sum(value * (b[i] - targets[i]) for i, value in farkas.rows.items()) == farkas.value > 0


def test_small_networks_beside_z3():
    statuses = [decide_beside_z3(seed) for seed in range(120)]
    assert {statuses.count(name) >= 3 for name in ("none", "unique", "many", "unknown")} == {True}


@pytest.mark.slow
def test_two_thousand_small_networks_beside_z3():
    for seed in range(10**6, 10**6 + 2000):
        decide_beside_z3(seed)


TWICE = [([[F(1)], [F(-1)]], [F(0)] * 2, [F(0)] * 2), ([[F(1), F(1)], [F(-1), F(1)]], [F(1)] * 2, [F(1)] * 2)]


def test_the_layer_that_decides_is_named():
    network = network_of(TWICE)
    assert xi.invert(network, [5, -3]).x == (4,)
    first = xi.invert(network, [5, 0])
    assert (first.status, first.at_layer, first.at_output) == ("none", 0, (F(5, 2), F(3, 2)))
    assert "layer 0" in first.reason
    last = xi.invert(network, [-5, 0])
    assert (last.status, last.at_layer, last.at_output) == ("none", 1, (-5, 0))
    assert set(last.farkas.halfspaces) <= {0, 1}
    assert last.to_json()["at_output"] == ["-5", "0"]
    lossy = xi.DenseNetwork([([[1], [-1]], None, "relu"), ([[1, 1]], None, "none")])
    several = xi.invert(lossy, [1])
    assert (several.status, several.x, several.dimension, several.at_layer) == ("unknown", None, None, 1)
    assert "layer 1" in several.reason
    assert xi.invert(lossy, [-1]).status == "none"
    assert xi.invert(lossy, [0]).x == (0,)  # the corner of the orthant


def test_several_inputs_of_the_first_layer():
    flat = xi.DenseNetwork([([[1, 0], [-1, 0]], None, "relu"), ([[1, 0], [0, 1]], [1, 2], "none")])
    found = xi.invert(flat, [4, 2], domain="ball:5")
    assert (found.status, found.dimension) == ("many", 1)
    assert found.x[0] == found.second[0] == 3
    assert found.x[1] != found.second[1]
    touching = xi.invert(flat, [4, 2], domain="ball:3")
    assert (touching.status, touching.x) == ("unique", (3, 0))
    assert xi.invert(flat, [4, 2], domain="ball:2").status == "none"


def test_rows_files_and_refusals(tmp_path):
    network = network_of(TWICE)
    assert [one.status for one in xi.invert(network, [[5, -3], [5, 0]])] == ["unique", "none"]
    relu_last = xi.DenseNetwork([([[1]], None, "none"), ([[1], [-1]], None, "relu")])
    assert xi.invert(relu_last, [0, 2]).x == (-2,)
    with pytest.raises(xi.InputError, match="entry 1: found -1, expected a number of at least 0"):
        xi.invert(relu_last, [0, -1])
    with pytest.raises(xi.InputError, match="expected m = 2"):
        xi.invert(network, [1, 2, 3])
    with pytest.raises(xi.InputError, match="noisy inversion takes one layer"):
        xi.invert(network, [5, 0], noisy=True)
    with pytest.raises(xi.InputError, match="input shape"):
        xi.invert(network, [5, 0], input_shape=(1,))
    with pytest.raises(xi.InputError, match="dimension 2"):
        xi.invert(network, [5, 0], domain=xi.Box([0, 0], [1, 1]))
    with pytest.raises(xi.InputError, match="noisy only"):
        xi.invert(network, [5, 0], noise=1)
    assert xi.invert(network, [5, -3], timeout=1e-9).status == "timed_out"


def test_folding_activations_are_left_open():
    absolute = xi.DenseNetwork([([[1]], None, xi.Leaky(-1))])
    assert xi.invert(absolute, [0]).x == (0,)
    assert xi.invert(absolute, [2]).status == "unknown"
    with pytest.raises(xi.InputError, match="at least 0"):
        xi.invert(absolute, [-2])
