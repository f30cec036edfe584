"""Collisions of whole networks: each pair evaluated again by numpy in integers and by fractions; none where none is."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from random_networks import as_network, random_network

import exactinj as xi
from exactinj.domains import Box, NonnegativeOrthant, RealSpace
from exactinj.layers.network import (
    Clip,
    Convolution,
    Dense,
    LeakyRelu,
    Maximum,
    Mean,
    Network,
    Node,
    OneToOne,
    Opaque,
    Rearrangement,
    Relu,
    Square,
    Sum,
)
from exactinj.networks.collisions import find_collision
from exactinj.networks.dense_chains import graph_of_dense
from exactinj.networks.points import patches, points
from exactinj.networks.sparse import agreement_at_places
from exactinj.work.clock import Clock


def chain(shape, *steps):
    nodes, last = [], "x"
    for k, step in enumerate(steps):
        nodes.append(Node(f"s{k}", step, (last,)))
        last = f"s{k}"
    return Network({"x": shape}, nodes, [last])


def found_in(network, domain, **options):
    """The pair, after evaluating the whole network at both, and each value of its cut."""
    domains = {name: domain.for_dimension(int(np.prod(shape))) for name, shape in network.inputs.items()}
    found = find_collision(network, domains, Clock(60), **options)
    if found is None:
        return None
    pair = found[0]
    assert not pair.x.equals(pair.y)
    assert all(domains[pair.input].contains(side.fractions()) for side in (pair.x, pair.y))
    seen = network.agreement({pair.input: pair.x, **pair.others}, {pair.input: pair.y, **pair.others})
    assert seen.equal
    assert seen.cut == pair.cut
    return pair


def convolution(rng, out, ins, taps=3):
    kernels = rng.integers(-2, 3, (out, ins, taps, taps)).astype(float)
    return Convolution(kernels, rng.integers(-1, 2, out), stride=[1, 1], padding=[(1, 1)] * 2, dilation=[1, 1])


def flatten(n):
    return Rearrangement(np.arange(n)[None], "flatten")


def pool(shape, taps=2):
    from exactinj.layers.network.windows import pooling_places

    return Maximum(pooling_places(shape, [taps] * 2, [taps] * 2, [(0, 0)] * 2, [1] * 2))


@pytest.mark.parametrize("domain", [RealSpace(), NonnegativeOrthant(), Box(0, 1), Box(-3, "1/3")], ids=lambda d: d.text)
@pytest.mark.parametrize("seed", range(3))
def test_fewer_outputs_than_inputs_collide_everywhere(seed, domain):
    rng = np.random.default_rng(seed)
    steps = [convolution(rng, 3, 1), Relu(), pool((1, 3, 6, 6)), flatten(27), Dense(rng.integers(-2, 3, (4, 27)))]
    sigmoid = OneToOne("sigmoid", lambda v: 1 / (1 + np.exp(-v)))
    assert found_in(chain((1, 1, 6, 6), *steps, sigmoid), domain) is not None


def test_steps_that_are_not_understood_stop_the_search_before_them():
    rng = np.random.default_rng(0)
    net = chain((1, 1, 4, 4), convolution(rng, 2, 1), Relu(), pool((1, 2, 4, 4)), Opaque("LSTM", (1, 100)))
    pair = found_in(net, RealSpace())
    assert set(pair.cut) <= {"s1", "s2"}


@pytest.mark.parametrize(
    "steps",
    [
        [Clip(0, 6)],
        [Clip(-1, 1, "hard tanh")],
        [Square()],
        [LeakyRelu(-1, "abs")],
        [pool((1, 1, 4, 4))],
        [Mean(np.arange(16).reshape(4, 4), np.full(4, 4))],
    ],
    ids=["relu6", "hardtanh", "square", "abs", "max pool", "mean"],
)
def test_steps_that_lose_something(steps):
    assert found_in(chain((1, 1, 4, 4), *steps), RealSpace()) is not None


def test_opposite_inputs_behind_squares():
    """Magnitudes, as of a spectrogram, and then whatever."""
    rng = np.random.default_rng(0)
    magnitude = [Dense(rng.integers(-2, 3, (8, 4))), Square(), Opaque("GRU", (1, 3))]
    pair = found_in(chain((1, 4), *magnitude), Box(-1, 1))
    assert pair.x.plus(pair.y).equals(pair.x.minus(pair.x))


def test_a_skip_may_collide_or_not():
    minus = Dense([[-1, 0], [0, -1]])
    nodes = [Node("r", Relu(), ("x",)), Node("m", minus, ("r",)), Node("y", Sum([1, 1]), ("x", "m"))]
    assert found_in(Network({"x": (1, 2)}, nodes, ["y"]), RealSpace()) is not None
    nodes = [Node("r", Relu(), ("x",)), Node("y", Sum([1, 1]), ("x", "r"))]
    assert found_in(Network({"x": (1, 2)}, nodes, ["y"]), RealSpace(), attempts=60, rounds=1) is None


@pytest.mark.parametrize("seed", range(60))
def test_no_collision_is_found_where_the_network_is_injective(seed):
    """Against the exact decision of whole networks by their cells."""
    maps, _ = random_network(Random(seed))
    dense = as_network(maps)
    verdict = xi.certify(dense).verdict
    pair = found_in(graph_of_dense(dense), RealSpace(), attempts=60, rounds=1)
    if pair is not None:
        assert verdict is xi.Verdict.NOT_INJECTIVE
        assert dense.evaluate(pair.x.fractions()) == dense.evaluate(pair.y.fractions())


def test_agreement_place_by_place_is_that_of_the_whole():
    rng = np.random.default_rng(4)
    steps = [convolution(rng, 2, 1), Relu(), pool((1, 2, 4, 4)), flatten(8), Dense(rng.integers(-1, 2, (3, 8))), Relu()]
    net = chain((1, 1, 4, 4), *steps)
    outcomes = set()
    for _ in range(60):
        x = rng.integers(-3, 4, 16)
        y = x.copy()
        y[rng.integers(16)] += rng.integers(-2, 3)
        points = [net.point(side) for side in (x, y)]
        here, whole = agreement_at_places(net, *points), net.agreement(x, y)
        assert here == whole
        outcomes.add(here.equal)
    assert outcomes == {True, False}


@pytest.mark.parametrize("domain", [RealSpace(), NonnegativeOrthant(), Box(0, "1/3"), Box([-1, 2, 0], [0, 5, 1])])
def test_points_lie_inside(domain):
    stream = points(domain, (1, 3), 0)
    for _ in range(30):
        x = next(stream).fractions()
        assert domain.for_dimension(3).contains(x)
        assert not isinstance(domain, NonnegativeOrthant) or min(x) > 0
        assert all(value.denominator < 10**6 for value in x) or Fraction(0) in x


def test_patches_are_windows_of_all_channels():
    found = [tuple(patch) for patch in patches((1, 2, 3, 3), 4, 0)]
    assert (4,) in found
    assert (4, 13) in found
    assert (0, 1, 3, 4, 9, 10, 12, 13) in found
    assert all(len(set(patch)) == len(patch) and max(patch) < 18 for patch in found)
