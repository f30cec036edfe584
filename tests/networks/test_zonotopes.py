"""Bounds by affine forms: no value leaves them, they lie within the intervals, and scans prove more with them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from random_networks import as_network, random_network

import exactinj as xi
from exactinj.layers.network import (
    Clip,
    Concatenation,
    Convolution,
    Dense,
    LeakyRelu,
    Maximum,
    Mean,
    Network,
    Node,
    OneToOne,
    Rearrangement,
    Relu,
    ScaleShift,
    Square,
    Sum,
)
from exactinj.networks import zonotopes
from exactinj.networks.ranges import ranges
from exactinj.networks.zonotopes import tighter_ranges
from exactinj.work.clock import Clock


def random_graph(rng, width=3):
    """Steps of many kinds, each reading one or two earlier values of the same shape."""
    numbers = np.random.default_rng(rng.randrange(1 << 30))
    nodes, names = [], ["x"]

    def weights():
        return numbers.integers(-4, 5, (width, width)) * rng.choice((1, 0.3, 0.1234567890123))

    for k in range(rng.randint(3, 9)):
        kernels = numbers.integers(-2, 3, (1, 1, 3))
        operation = rng.choice(
            (
                *[Dense(weights(), numbers.normal(size=width))] * 3,
                *[Relu()] * 4,
                LeakyRelu([rng.choice((0, 0.25, 1, -0.5, 2)) for _ in range(width)]),
                ScaleShift(numbers.normal(size=width), 0.5),
                Rearrangement(np.array([[rng.randrange(-1, width) for _ in range(width)]]), "move", "1/3"),
                Clip(-1, 2),
                Square(),
                OneToOne("tanh", np.tanh),
                Mean(np.array([[[0, 1], [1, 2], [2, -1]]]), np.array([[2, 2, 2]])),
                Maximum(np.array([[[0, 1], [1, -1], [2, 0]]])),
                *[Sum([1, rng.choice((1, -1))])] * 3,
            )
        )
        reads = tuple(rng.choice(names[-4:]) for _ in range(2 if isinstance(operation, Sum) else 1))
        if rng.random() < 0.1:
            nodes.append(Node(f"r{k}", Rearrangement(np.arange(width).reshape(1, 1, width), "reshape"), (names[-1],)))
            conv = Convolution(kernels, [0.5], stride=[1], padding=[(1, 1)], dilation=[1])
            nodes.append(Node(f"c{k}", conv, (f"r{k}",)))
            operation, reads = Rearrangement(np.arange(width).reshape(1, width), "reshape"), (f"c{k}",)
        nodes.append(Node(f"v{k}", operation, reads))
        names.append(f"v{k}")
    return Network({"x": (1, width)}, nodes, [names[-1]])


def points(box, rng, count):
    corners = list(product(*zip(box.lower, box.upper, strict=True)))
    inside = [
        [low + (high - low) * Fraction(rng.randrange(101), 100) for low, high in zip(box.lower, box.upper, strict=True)]
        for _ in range(count)
    ]
    return corners + inside


def within(value, where):
    entries = value.fractions()
    low = [None] * len(entries) if where.lower is None else where.lower.fractions()
    high = [None] * len(entries) if where.upper is None else where.upper.fractions()
    return all((a is None or a <= v) and (b is None or v <= b) for a, v, b in zip(low, entries, high, strict=True))


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("unknowns", [256, 4])
def test_no_value_leaves_the_bounds(seed, unknowns, monkeypatch):
    monkeypatch.setattr(zonotopes, "MOST_UNKNOWNS", unknowns)
    rng = Random(seed)
    network = random_graph(rng)
    lower = [Fraction(rng.randint(-20, 10), 10) for _ in range(3)]
    box = xi.Box(lower, [low + Fraction(rng.choice((1, 5, 30)), 20) for low in lower])
    plain = ranges(network, box)
    tight = tighter_ranges(network, box, plain, Clock())
    for point in points(box, rng, 20):
        for name, value in network.values([point]).items():
            assert within(value, tight[name]), name
    for name, where in plain.items():
        found = tight[name]
        for side, sign in (("lower", 1), ("upper", -1)):
            old, new = getattr(where, side), getattr(found, side)
            if old is not None:
                assert all(sign * (b - a) >= 0 for a, b in zip(old.fractions(), new.fractions(), strict=True)), name


def test_branches_have_unknowns_of_their_own():
    """ReLU(x) - ReLU(-x) = x has the unknowns of two ReLUs; taken for one they would cancel."""
    nodes = [
        Node("m", ScaleShift(-1, 0), ("x",)),
        Node("p", Relu(), ("x",)),
        Node("q", Relu(), ("m",)),
        Node("d", Sum([1, 1]), ("p", "q")),
        Node("j", Concatenation(1), ("p", "q", "d")),
    ]
    network = Network({"x": (1, 1)}, nodes, ["j"])
    box = xi.Box([-1], [1])
    tight = tighter_ranges(network, box, ranges(network, box), Clock())
    for x in (-1, 0, "1/3", 1):
        assert all(within(value, tight[name]) for name, value in network.values([[x]]).items())
    assert tight["d"].upper.fractions()[0] >= 1


def test_they_are_exact_where_nothing_bends():
    network = Network(
        {"x": (1, 2)}, [Node("a", Dense([[1, 1], [1, -1]]), ("x",)), Node("b", Dense([[1, 1]]), ("a",))], ["b"]
    )
    box = xi.Box([-1, -1], [1, 1])
    plain = ranges(network, box)
    assert plain["b"].upper.fractions() == [4]
    assert tighter_ranges(network, box, plain, Clock())["b"].upper.fractions() == [2]


def test_other_domains_and_large_values_are_left():
    network = Network({"x": (1, 2)}, [Node("a", Relu(), ("x",))], ["a"])
    for domain in (xi.RealSpace(), xi.NonnegativeOrthant()):
        assert tighter_ranges(network, domain, ranges(network, domain), Clock()) is None
    large = Network({"x": (1, 2000)}, [Node("a", Relu(), ("x",))], ["a"])
    assert tighter_ranges(large, xi.Box(0, 1), {}, Clock()) is None


def test_a_scan_proves_more_with_them(tmp_path, monkeypatch):
    """The second layer gives ReLU(2x) and 2y + 7 for x in [1, 2]; from intervals 2x may be below 0."""
    layers = [([[1, 1], [1, -1]], [9, 9], "relu"), ([[1, 1], [1, -1]], [-18, 7], "relu")]
    network, box = xi.DenseNetwork(layers), xi.Box([1, -3], [2, 3])
    result = xi.scan(network, domain=box, out=tmp_path)
    assert [row.verdict for row in result.layers] == [xi.Verdict.INJECTIVE] * 2
    assert "affine forms" in result.layers[1].reason
    assert result.network.verdict is xi.Verdict.INJECTIVE
    assert any("no certificate of the whole" in note for note in result.notes)
    assert xi.certify(network, domain=box).verdict is xi.Verdict.INJECTIVE
    monkeypatch.setattr("exactinj.networks.tighter_rows.tighter_ranges", lambda *_: None)
    plain = xi.scan(network, domain=box)
    assert plain.layers[1].verdict is xi.Verdict.NOT_INJECTIVE
    assert plain.network.verdict is not xi.Verdict.INJECTIVE


@pytest.mark.parametrize("seed", range(25))
def test_what_is_proved_with_them_is_what_the_cells_say(seed):
    maps, _ = random_network(Random(seed))
    network = as_network(maps)
    rng = Random(seed)
    lower = [Fraction(rng.randint(-9, 6), 3) for _ in range(network.n)]
    box = xi.Box(lower, [low + Fraction(rng.choice((1, 4)), 4) for low in lower])
    result = xi.scan(network, domain=box)
    if result.network.verdict in (xi.Verdict.INJECTIVE, xi.Verdict.NOT_INJECTIVE):
        assert xi.certify(network, domain=box).verdict is result.network.verdict
