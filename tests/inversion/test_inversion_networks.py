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
    assert found.status == status, (seed, layers, y, domain)
    assert found.layer["layers"] == len(layers)
    if found.status == "many":
        assert found.dimension <= len(expected) - 1  # of the affine hull of all pieces
        assert found.dimension == len(expected) - 1 or "pieces" in found.reason
    for x in (found.x, found.second):
        if x is not None:
            assert evaluated(layers, x) == tuple(y)
            assert domain.contains(x)
    if found.farkas is not None:
        assert found.status == "none"
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
    statuses = [decide_beside_z3(seed) for seed in range(40)]
    assert {statuses.count(name) >= 3 for name in ("none", "unique", "many")} == {True}


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
    both = xi.invert(lossy, [1])  # |x| = 1
    assert (both.status, both.dimension, both.at_layer) == ("many", 0, 1)
    assert {both.x, both.second} == {(1,), (-1,)}
    assert "layers 0 to 1" in both.reason
    assert xi.invert(lossy, [1], domain="nonneg").x == (1,)
    nowhere = xi.invert(lossy, [4], domain="box:-1,3")
    assert (nowhere.status, nowhere.farkas) == ("none", None)
    assert xi.invert(lossy, [-1]).status == "none"
    assert xi.invert(lossy, [0]).x == (0,)  # the corner of the orthant


def test_pieces_of_several_dimensions():
    """max(|x_1|, 1) as a network, constant between -1 and 1."""
    network = xi.DenseNetwork([([[1, 0], [-1, 0]], [-1, -1], "relu"), ([[1, 1]], [1], "none")])
    flat = xi.invert(network, [1])
    assert (flat.status, flat.dimension) == ("many", 2)
    lines = xi.invert(network, [2], domain="box:-2,2")
    assert (lines.status, lines.dimension) == ("many", 1)
    assert xi.invert(network, [2], domain="ball:2").x[1] == 0
    touching = xi.invert(network, [3], domain="ball:3:1,0")
    assert (touching.status, touching.dimension) == ("many", 1)
    assert xi.invert(network, [4], domain="ball:3:1,0").x == (4, 0)
    assert xi.invert(network, [5], domain="ball:3:1,0").status == "none"


def test_too_many_pieces_are_left_open():
    rng = Random(5)
    layers = [(random_matrix(rng, 30, 13, 9), random_matrix(rng, 1, 30, 9)[0], [F(0)] * 30)]
    layers.append((random_matrix(rng, 2, 30, 9), [F(0)] * 2, [F(1)] * 2))
    x = [F(rng.randint(-3, 3)) for _ in range(13)]
    found = xi.invert(network_of(layers), evaluated(layers, x))
    assert (found.status, found.x, found.at_layer) == ("unknown", None, 1)
    assert "layer 1" in found.reason


def test_several_inputs_of_the_first_layer():
    flat = xi.DenseNetwork([([[1, 0], [-1, 0]], None, "relu"), ([[1, 0], [0, 1]], [1, 2], "none")])
    found = xi.invert(flat, [4, 2], domain="ball:5")
    assert (found.status, found.dimension) == ("many", 1)
    assert found.x[0] == found.second[0] == 3
    assert found.x[1] != found.second[1]
    touching = xi.invert(flat, [4, 2], domain="ball:3")
    assert (touching.status, touching.x) == ("unique", (3, 0))
    assert xi.invert(flat, [4, 2], domain="ball:2").status == "none"


def test_very_wide_networks_are_left_open_at_once():
    wide = xi.DenseNetwork([([[1]] * 260, list(range(260)), "relu"), ([[1] * 260], None, "none")])
    assert xi.invert(wide, [5]).status == "unknown"


def test_out_of_time_among_pieces():
    rng = Random(3)
    layers = [(random_matrix(rng, 30, 3, 9), random_matrix(rng, 1, 30, 9)[0], [F(0)] * 30)]
    layers.append((random_matrix(rng, 3, 30, 9), [F(0)] * 3, [F(1)] * 3))
    found = xi.invert(network_of(layers), evaluated(layers, [F(1), F(2), F(-1)]), timeout=0.3)
    assert (found.status, found.x, found.at_layer) == ("timed_out", None, 1)
    assert "pieces" in found.reason


def test_rows_and_refusals():
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


def test_activations_that_fold():
    absolute = xi.DenseNetwork([([[1]], None, xi.Leaky(-1))])
    assert xi.invert(absolute, [0]).x == (0,)
    both = xi.invert(absolute, [2])
    assert (both.status, both.dimension, {both.x, both.second}) == ("many", 0, {(2,), (-2,)})
    assert xi.invert(absolute, [2], domain="nonneg").x == (2,)
    with pytest.raises(xi.InputError, match="at least 0"):
        xi.invert(absolute, [-2])
    plane = xi.DenseNetwork([([[1, 0], [0, 1]], None, xi.Leaky(["-1/2", -2])), ([[1, 1]], None, "none")])
    assert xi.invert(plane, [0]).x == (0, 0)
    assert xi.invert(plane, [1]).dimension == 1
    assert xi.invert(plane, [-1]).status == "none"
