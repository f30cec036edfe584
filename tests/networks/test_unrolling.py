"""Graphs as chains of dense layers: the same function, with skips, poolings and clips; decided end to end."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

import exactinj as xi
from exactinj.layers.network import (
    Clip,
    Concatenation,
    Constant,
    Convolution,
    Dense,
    LeakyRelu,
    Maximum,
    Network,
    Node,
    OneToOne,
    Opaque,
    Rearrangement,
    Relu,
    ScaleShift,
    Square,
    Sum,
)
from exactinj.networks.unrolling import chain_of_graph


def random_graph(rng):
    """A graph on R^2 or R^3 with steps of every kind that is unrolled; values have shape (1, k)."""
    n = rng.randint(1, 3)
    widths = {"x": n}
    nodes = []

    def add(operation, reads, width):
        name = f"v{len(nodes)}"
        nodes.append(Node(name, operation, reads))
        widths[name] = width

    for _ in range(rng.randint(3, 8)):
        source = rng.choice(list(widths))
        k = widths[source]
        kind = rng.choice(["dense", "relu", "leaky", "clip", "max", "sum", "concat", "move", "constant"])
        if kind == "dense":
            m = rng.randint(1, 3)
            rows = [[Fraction(rng.randint(-3, 3), rng.randint(1, 2)) for _ in range(k)] for _ in range(m)]
            add(Dense(rows, [rng.randint(-2, 2) for _ in range(m)]), (source,), m)
        elif kind == "relu":
            add(Relu(), (source,), k)
        elif kind == "leaky":
            add(LeakyRelu([[Fraction(rng.randint(-2, 3), 2) for _ in range(k)]]), (source,), k)
        elif kind == "clip":
            low, high = rng.choice([(None, 1), (-1, None), (-1, "3/2"), (None, None)])
            add(Clip(low, high), (source,), k)
        elif kind == "max":
            m, taps = rng.randint(1, 2), rng.randint(1, 4)
            places = np.array([[[rng.randrange(k), *(rng.randint(-1, k - 1) for _ in range(taps))] for _ in range(m)]])
            add(Maximum(places), (source,), m)
        elif kind == "sum":
            same = [name for name, width in widths.items() if width == k]
            add(Sum([1, -1]), (source, rng.choice(same)), k)
        elif kind == "concat":
            other = rng.choice(list(widths))
            add(Concatenation(1), (source, other), k + widths[other])
        elif kind == "move":
            m = rng.randint(1, 3)
            add(
                Rearrangement(np.array([[rng.randint(-1, k - 1) for _ in range(m)]]), "move", rng.randint(0, 1)),
                (source,),
                m,
            )
        else:
            add(Constant([[rng.randint(-2, 2) for _ in range(2)]]), (), 2)
    return Network({"x": (1, n)}, nodes, [nodes[-1].name])


@pytest.mark.parametrize("seed", range(60))
def test_the_chain_is_the_same_function(seed):
    rng = Random(seed)
    graph = random_graph(rng)
    chain = chain_of_graph(graph)
    assert isinstance(chain, xi.DenseNetwork), chain
    for _ in range(12):
        x = [Fraction(rng.randint(-8, 8), rng.randint(1, 3)) for _ in range(chain.n)]
        assert chain.evaluate(x) == graph.evaluate([x]).fractions()


def test_images_keep_the_order_of_their_places():
    geometry = {"stride": [1, 1], "padding": [(0, 0), (1, 0)], "dilation": [1, 1]}
    places = np.array([[[[[0, 1]], [[2, 3]]]]])
    graph = Network(
        {"x": (1, 1, 2, 2)},
        [
            Node("c", Convolution([[[[1, 2], [3, -4]]], [[[0, 1], [1, 1]]]], **geometry), ("x",)),
            Node("r", Relu(), ("c",)),
            Node("p", Maximum(places), ("r",)),
            Node("s", ScaleShift([[[["1/2"]]]], [[[[1]]]]), ("p",)),
        ],
        ["s"],
    )
    chain = chain_of_graph(graph)
    x = [[[[1, -2], ["1/3", 5]]]]
    assert chain.evaluate([1, -2, "1/3", 5]) == graph.evaluate(x).fractions()


def test_a_plain_chain_carries_nothing():
    nodes = [Node("a", Dense([[1], [-1]]), ("x",)), Node("b", Relu(), ("a",)), Node("c", Dense([[1, 1]]), ("b",))]
    chain = chain_of_graph(Network({"x": (1, 1)}, nodes, ["c"]))
    assert [(layer.m, layer.n) for layer in chain.layers] == [(2, 1), (1, 2)]
    assert chain_of_graph(Network({"x": (1, 1)}, nodes[:2], ["b"])).layers[-1].slopes == (0, 0)


def test_what_is_no_such_graph_is_named():
    def reason(*operations, shape=(1, 1)):
        nodes, last = [], "x"
        for k, operation in enumerate(operations):
            nodes.append(Node(f"n{k}", operation, (last,)))
            last = f"n{k}"
        return chain_of_graph(Network({"x": shape}, nodes, [last]))

    assert "square is not piecewise linear" in reason(Square())
    assert "Softmax" in reason(Opaque("Softmax", (1, 1)))
    assert "sigmoid" in reason(OneToOne("sigmoid", np.tanh), Relu())
    assert isinstance(reason(Relu(), OneToOne("sigmoid", np.tanh)), xi.DenseNetwork)
    assert "20 inputs" in reason(Relu(), shape=(1, 20))
    assert "kinks" in reason(Dense([[1]] * 80), Relu())
    two = Network({"x": (1, 1), "y": (1, 1)}, [Node("s", Sum([1, 1]), ("x", "y"))], ["s"])
    assert "several inputs" in chain_of_graph(two)


# ------------------------------------------------------------------ decided end to end

CURVE = Network(
    {"x": (1, 1)},
    [
        Node("h", Dense([[-1], [3], [1], [-3]], [1, -1, 1, -1]), ("x",)),
        Node("r", Relu(), ("h",)),
        Node("y", Maximum(np.array([[[0, 1], [2, 3]]])), ("r",)),
    ],
    ["y"],
)
"""max(ReLU(1 - x), ReLU(3x - 1)) and max(ReLU(1 + x), ReLU(-3x - 1)): its only colliding pair is (-1, 1)."""


def test_the_midpoint_argument_fails_for_max_pooling():
    """Winners span everywhere, also on borders, and yet two points far apart collide."""
    assert CURVE.evaluate([[-1]]).fractions() == CURVE.evaluate([[1]]).fractions() == [2, 2]
    step = Fraction(1, 1000)
    for k in range(-40, 41):
        before, here, after = (CURVE.evaluate([[Fraction(k, 8) + t]]).fractions() for t in (-step, 0, step))
        outputs = zip(before, here, after, strict=True)
        assert any((here - before) * (after - here) > 0 for before, here, after in outputs)  # one is strictly monotone
    result = xi.certify(chain_of_graph(CURVE))
    assert result.verdict == "not_injective"
    assert {result.witness.x, result.witness.y} == {(-1,), (1,)}
    assert xi.check(result.certificate).valid


def test_a_box_without_one_of_the_two_points_is_injective():
    chain = chain_of_graph(CURVE)
    assert xi.certify(chain, domain="box:-1,7/8").verdict == "injective"
    assert xi.certify(chain, domain="box:-9/10,30").verdict == "injective"
    assert xi.certify(chain, domain="box:-1,1").verdict == "not_injective"


def test_a_scan_decides_pooling_and_skips_end_to_end():
    result = xi.scan(CURVE, end_to_end=True)
    assert result.network.verdict == "not_injective"
    skip = Network({"x": (1, 1)}, [Node("r", Relu(), ("x",)), Node("y", Sum([1, 1]), ("x", "r"))], ["y"])
    assert xi.scan(skip, end_to_end=True).network.verdict == "injective"


def test_a_local_collision_of_a_pooling_is_an_exact_pair():
    """Inside a cell the winners' rows are the derivatives; a direction that they do not see gives a pair."""
    graph = Network(
        {"x": (1, 2)},
        [
            Node("h", Dense([[1, 2], [1, -1], [2, 4], [0, 1]], [0, 0, 1, 0]), ("x",)),
            Node("r", Relu(), ("h",)),
            Node("y", Maximum(np.array([[[0, 1], [2, 3]]])), ("r",)),
        ],
        ["y"],
    )
    x = [[3, 5]]
    assert all(inside for _, inside in graph.interior(x))
    columns = dict(graph.derivatives(x, [[[1, 0]], [[0, 1]]]))["y"]
    (a, c), (b, d) = (column.fractions() for column in columns)
    assert a * d == b * c  # rank 1: winners are (1, 2) and (2, 4)
    y = [[3 + b / 100, 5 - a / 100]]
    assert graph.agreement(x, y).equal
    assert xi.certify(chain_of_graph(graph)).verdict == "not_injective"
