"""Values at single places are those of the whole evaluation; every step, all places and some."""

from __future__ import annotations

import numpy as np
import pytest
from test_steps import CASES

from exactinj.layers.network import ExactTensor, Network, Node
from exactinj.networks.sparse import PlaceValues, reached

READING = [case for case in CASES if case[2]]
EACH_STEP = pytest.mark.parametrize(
    ("step", "inputs"), [case[1:3] for case in READING], ids=[case[0] for case in READING]
)


def network(step, inputs):
    names = [f"x{k}" for k in range(len(inputs))]
    shapes = {name: x.shape for name, x in zip(names, inputs, strict=True)}
    return Network(shapes, [Node("y", step, tuple(names))], ["y"]), names


@EACH_STEP
def test_values_at_places_are_those_of_the_whole(step, inputs):
    net, names = network(step, inputs)
    point = {name: ExactTensor.of(x * 0.5) for name, x in zip(names, inputs, strict=True)}
    whole = net.evaluate(point)
    rng = np.random.default_rng(0)
    values = PlaceValues(net, point)
    for places in (rng.choice(whole.size, max(1, whole.size // 3), replace=False), np.arange(whole.size)):
        found = values.at("y", places)
        flat = whole.fractions()
        assert [int(v) for v in found] == [flat[k] * values.denominator("y") for k in places]


@EACH_STEP
def test_entries_that_change_are_among_those_reached(step, inputs):
    net, names = network(step, inputs)
    rng = np.random.default_rng(1)
    before = net.evaluate(dict(zip(names, inputs, strict=True))).fractions()
    for k, x in enumerate(inputs):
        places = np.sort(rng.choice(x.size, min(2, x.size), replace=False))
        moved = x.copy().ravel()
        moved[places] += 3
        changed = [moved.reshape(x.shape) if j == k else other for j, other in enumerate(inputs)]
        after = net.evaluate(dict(zip(names, changed, strict=True))).fractions()
        seen = reached(step, [part.shape for part in inputs], k, places)
        assert {j for j, (a, b) in enumerate(zip(before, after, strict=True)) if a != b} <= set(seen.tolist())
