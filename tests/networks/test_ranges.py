"""Ranges hold what values are, at random points of the domain."""

from __future__ import annotations

import numpy as np
import pytest
from test_steps import CASES

from exactinj.domains import Box, NonnegativeOrthant, RealSpace
from exactinj.layers.network import Dense, ExactTensor, Network, Node, Relu
from exactinj.networks.ranges import ranges

READING = [case for case in CASES if case[2]]


@pytest.mark.parametrize("domain", [Box(-2, 3), Box(0, 1), NonnegativeOrthant(), RealSpace()], ids=lambda d: d.text)
@pytest.mark.parametrize(
    ("step", "inputs"), [case[1:3] for case in CASES if case[2]], ids=[c[0] for c in CASES if c[2]]
)
def test_values_lie_in_their_ranges(step, inputs, domain):
    names = [f"x{k}" for k in range(len(inputs))]
    shapes = {name: x.shape for name, x in zip(names, inputs, strict=True)}
    net = Network(shapes, [Node("y", step, tuple(names))], ["y"])
    where = ranges(net, domain)["y"]
    rng = np.random.default_rng(0)
    low, high = (-2, 3) if domain == Box(-2, 3) else (0, 1) if domain == Box(0, 1) else (0, 9)
    low = -9 if isinstance(domain, RealSpace) else low
    for grid in (1, 1, 2, 4):
        point = {name: rng.integers(low * grid, high * grid + 1, shape) / grid for name, shape in shapes.items()}
        value = net.evaluate(point)
        for end, sign in ((where.lower, 1), (where.upper, -1)):
            if end is not None:
                assert end.shape == value.shape
                assert all(sign * v >= 0 for v in value.minus(end).fractions())
    if isinstance(domain, Box):
        assert where.is_bounded


def test_ends_are_attained_at_corners():
    net = Network(
        {"x": (1, 2)}, [Node("a", Dense([[1, -2], [-1, -1]], [1, 0]), ("x",)), Node("r", Relu(), ("a",))], ["r"]
    )
    where = ranges(net, Box(0, 1))
    assert where["a"].lower.fractions() == [-1, -2]
    assert where["a"].upper.fractions() == [2, 0]
    assert where["r"].upper.fractions() == [2, 0]


def test_long_numbers_are_rounded_outwards():
    third = ExactTensor.of(["1/3"]).fractions()[0]
    net = Network({"x": (1, 1)}, [Node("a", Dense([[third**40]]), ("x",))], ["a"])
    where = ranges(net, Box(-1, 1))["a"]
    assert where.upper.fractions()[0] >= third**40
    assert where.lower.fractions()[0] <= -(third**40)
    assert where.upper.denominator & (where.upper.denominator - 1) == 0
