"""Descents: floats against exact values and derivatives; what is found, evaluated again; nothing where none is."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from random_networks import as_domain, as_network, random_network
from test_steps import CASES

import exactinj as xi
from exactinj.domains import Box, NonnegativeOrthant, RealSpace
from exactinj.layers.network import Convolution, Dense, ExactTensor, LeakyRelu, Network, Node, Relu, Square, Sum
from exactinj.networks.collisions import find_collision
from exactinj.networks.dense_chains import graph_of_dense
from exactinj.networks.descent.floats import Front, float_network
from exactinj.networks.descent.placing import Ground, Room
from exactinj.networks.descent.preimages import nearest_inputs
from exactinj.networks.descent.quiet import Layer, quiet_points
from exactinj.networks.descent.ranks import dependent_coordinates
from exactinj.networks.descent.search import Descent, LayerPair
from exactinj.networks.quest import Quest
from exactinj.networks.walk import walk_from
from exactinj.work.clock import Clock

CARRIED = [case for case in CASES if case[2] and not isinstance(case[1], Square)]


def chain(n, *steps):
    nodes, last = [], "x"
    for k, step in enumerate(steps):
        nodes.append(Node(f"s{k}", step, (last,)))
        last = f"s{k}"
    return Network({"x": (1, n)}, nodes, [last])


def dense(rng, m, n, b=1.0):
    W = rng.standard_normal((m, n)) / np.sqrt(n)
    return Dense(W.astype(np.float32), (b * rng.standard_normal(m)).astype(np.float32))


def paired(rng, n, b=1.0):
    """Rows and their opposites, injective: of every pair one is active everywhere."""
    W = rng.standard_normal((n, n)).astype(np.float32)
    return Dense(np.concatenate([W, -W]), (b * np.abs(rng.standard_normal(2 * n))).astype(np.float32))


def as_region(text):
    return {"R^n": RealSpace(), "nonneg": NonnegativeOrthant()}.get(text) or Box(*text[4:].split(","))


def reason_of(network, domain, **options):
    """How a pair was found, after evaluating it again by fractions through the whole network."""
    domain = domain.for_dimension(int(np.prod(network.inputs["x"])))
    found = find_collision(network, {"x": domain}, Clock(60), **options)
    if found is None:
        return None
    pair, reason = found
    assert not pair.x.equals(pair.y)
    assert domain.contains(pair.x.fractions())
    assert domain.contains(pair.y.fractions())
    assert network.evaluate(pair.x).equals(network.evaluate(pair.y))
    return reason


@pytest.mark.parametrize(("step", "inputs"), [case[1:3] for case in CARRIED], ids=[case[0] for case in CARRIED])
def test_values_and_derivatives_are_the_exact_ones(step, inputs):
    names = [f"x{k}" for k in range(len(inputs))]
    net = Network(dict(zip(names, [x.shape for x in inputs], strict=True)), [Node("y", step, tuple(names))], ["y"])
    rng = np.random.default_rng(2)
    others = {name: ExactTensor.of(x) for name, x in zip(names, inputs, strict=True)}
    floats = float_network(net, "x0", others, Clock(60))
    points = rng.integers(-40, 41, (inputs[0].size, 3)) / 8 + 1 / 16
    values = floats.values(points)
    for c in range(2):
        point = {**others, "x0": ExactTensor.of(points[:, c]).reshaped(inputs[0].shape)}
        np.testing.assert_allclose(values["y"][:, c], net.evaluate(point).floats().ravel())
        some = rng.choice(inputs[0].size, min(6, inputs[0].size), replace=False)
        one = floats.values(points[:, [c]])
        moved = floats.moved(one, np.eye(inputs[0].size)[:, some])["y"]
        nothing = {name: ExactTensor.of(np.zeros(x.shape)) for name, x in zip(names, inputs, strict=True)}
        units = [ExactTensor.of(row).reshaped(inputs[0].shape) for row in np.eye(inputs[0].size)[some]]
        exact = dict(net.derivatives(point, [{**nothing, "x0": unit} for unit in units]))["y"]
        np.testing.assert_allclose(moved, np.stack([part.floats().ravel() for part in exact], axis=1), atol=1e-12)
        for row in rng.choice(len(moved), min(4, len(moved)), replace=False):
            gradient = np.zeros((len(moved), 1))
            gradient[row] = 1.0
            np.testing.assert_allclose(floats.gradient(one, "y", gradient)[some, 0], moved[row], atol=1e-12)


def test_few_neurons_stay_active():
    rng = np.random.default_rng(0)
    net = chain(8, paired(rng, 8), Relu(), dense(rng, 24, 16), Relu())
    floats, room = float_network(net, "x", {}, Clock(60)), Room.of(RealSpace(), (1, 8))
    ground = Ground(floats, room, Clock(60), np.arange(8))
    number, bend = floats.bends[1]
    starts = room.starts(rng, 16)
    before = (floats.values(starts)["s2"] > 0).sum(axis=0)
    quiet = quiet_points(ground, Layer(number, bend, np.arange(24)), starts, 7)
    after = (floats.values(quiet.x)["s2"] > 0).sum(axis=0)
    assert (after == quiet.open.sum(axis=0)).all()
    assert (after <= 7).sum() > (before <= 7).sum()


@pytest.mark.parametrize("domain", ["R^n", "nonneg", "box:-1,1", "box:-1/2,5"])
def test_a_later_layer_collides_where_no_cell_nearby_does(domain):
    """The first layer is injective: each of its rows comes with its opposite, and one of both is active."""
    rng = np.random.default_rng(1)
    net = chain(5, paired(rng, 5), Relu(), dense(rng, 20, 10), Relu())
    W, b = net.node["s0"].operation.W.fractions(), [value for (value,) in net.node["s0"].operation.b.fractions()]
    assert xi.certify(xi.ReLULayer(W, b)).verdict == "injective"
    where = as_region(domain)
    assert reason_of(net, where, attempts=40, rounds=0) is None
    assert reason_of(net, where, attempts=0, rounds=6) is not None


@pytest.mark.parametrize("seed", range(3))
def test_points_of_two_cells_meet_where_no_cell_loses_rank(seed):
    """A residual network of full rank in all cells that were seen, with as many outputs as inputs."""
    rng = np.random.default_rng(seed)
    nodes = [
        Node("a", dense(rng, 10, 4), ("x",)),
        Node("r", Relu(), ("a",)),
        Node("b", dense(rng, 4, 10), ("r",)),
        Node("y", Sum([1, 1]), ("x", "b")),
    ]
    reason = reason_of(Network({"x": (1, 4)}, nodes, ["y"]), Box(-3, 3), rounds=4)
    assert reason is None or "different cells" in reason


@pytest.mark.parametrize("seed", range(100, 130))
def test_nothing_is_found_where_the_cells_say_injective(seed):
    maps, bounds = random_network(Random(seed))
    network, domain = as_network(maps), as_domain(bounds)
    if reason_of(graph_of_dense(network), domain, attempts=20, rounds=1) is not None:
        assert xi.certify(network, domain=domain).verdict == "not_injective"


@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_a_later_layer_are_pulled_back(seed):
    """Behind a layer that is onto, every pair of the next one is one of the network, and is found from it alone."""
    rng = np.random.default_rng(seed)
    net = chain(4, dense(rng, 4, 4), LeakyRelu("1/2"), dense(rng, 6, 4), Relu(), dense(rng, 9, 6))
    layer = Network({"s1": (1, 4)}, net.nodes[2:4], ["s3"])
    pair, _ = find_collision(layer, {"s1": RealSpace()}, Clock(60))
    sides = [side.floats().ravel() for side in (pair.x, pair.y)]
    quest = Quest.of(net, {"x": RealSpace()}, "x", 0, Clock(60))
    descent = Descent(quest.net, quest.room, {}, Clock(60), rng)
    found = 0
    for proposal in descent.pulled_back([LayerPair("s1", "s3", *sides)], range(4)):
        here = quest.at(proposal.x, range(4), Clock(60)) if proposal.y is None else quest.whole(proposal.x, proposal.y)
        if here is not None:
            assert net.evaluate(here.x).equals(net.evaluate(here.y))
            assert not here.x.equals(here.y)
            found += 1
    assert found


def test_scans_pull_back_the_pairs_of_their_rows():
    rng = np.random.default_rng(5)
    net = chain(3, paired(rng, 3), LeakyRelu("1/4"), dense(rng, 7, 6), Relu(), dense(rng, 7, 7), LeakyRelu("1/4"))
    result = xi.scan(net, domain="box:-2,2")
    pair = result.network.witness
    assert [row.verdict for row in result.layers] == ["injective", "not_injective", "injective"]
    assert net.evaluate(pair.x).equals(net.evaluate(pair.y))


def test_nearest_inputs_are_preimages_where_there_are_some():
    rng = np.random.default_rng(3)
    net = chain(3, paired(rng, 3), LeakyRelu("1/4"), dense(rng, 3, 6), LeakyRelu("1/2"))
    floats, room = float_network(net, "x", {}, Clock(60)), Room.of(RealSpace(), (1, 3))
    ground, front = Ground(floats, room, Clock(60), np.arange(3)), Front(3, ("s3",))
    target = floats.values(np.array([[0.3], [-0.2], [1.1]]))["s3"][:, 0]
    x = nearest_inputs(ground, front, target, room.starts(rng, 16))
    errors = np.abs(floats.values(x)["s3"] - target[:, None]).max(axis=0)
    assert errors.min() < 1e-9


def test_ranks_in_floats_are_the_exact_ones():
    rng = np.random.default_rng(0)
    W = rng.integers(-2, 3, (3, 5)).astype(float)
    net = chain(5, Dense(W), LeakyRelu("1/2"), Dense(np.eye(3)))
    floats = float_network(net, "x", {}, Clock(60))
    x = rng.standard_normal(5)
    for some in ([0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 2, 3, 4], [1, 2, 3, 4], range(5)):
        rank = np.linalg.matrix_rank(W[:, list(some)])
        found = dependent_coordinates(floats, x, some)
        assert (found is None) == (rank == len(some))
        assert found is None or np.linalg.matrix_rank(W[:, found[0]]) == len(found[0]) - 1


def test_entries_that_no_window_reads_collide():
    """Every second entry of a grid, at a stride of 2."""
    kernels = np.random.default_rng(0).integers(-2, 3, (3, 1, 1, 1)).astype(float)
    step = Convolution(kernels, stride=[2, 2], padding=[(0, 0)] * 2, dilation=[1, 1])
    net = Network({"x": (1, 1, 5, 5)}, [Node("c", step, ("x",)), Node("y", LeakyRelu("1/2"), ("c",))], ["y"])
    pair, _ = find_collision(net, {"x": Box(0, 1).for_dimension(25)}, Clock(60), rounds=0)
    assert net.evaluate(pair.x).equals(net.evaluate(pair.y))
    assert not pair.x.equals(pair.y)
    walk = walk_from(net, {"x": pair.x}, "x", [6, 8])
    assert walk.step(net.node["c"]) is False
    assert "c" not in walk.moved
