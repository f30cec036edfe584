"""A convex-hull bias that is stopped: what it has by then is right, and it says what is missing."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

import exactinj as xi
from exactinj.biases.hull import facets as facets_module
from exactinj.biases.hull.bias import hull_bias
from exactinj.cli.main import main
from exactinj.domains import Ball, NonnegativeBall, Sphere
from exactinj.errors import InputError
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

HALF_CUBE = [x for x in product((1, -1), repeat=5) if x.count(-1) % 2 == 0]


class Countdown(Clock):
    """A clock whose time is over after so many looks."""

    def __init__(self, looks):
        super().__init__(timeout=1e9)
        self.looks = looks

    @property
    def is_over(self):
        self.looks -= 1
        return self.looks < 0

    def check(self):
        if self.is_over:
            raise OutOfTimeError


@pytest.mark.parametrize("domain", [Sphere(2), NonnegativeBall(1)])
@pytest.mark.parametrize("high", [1, 99])  # gift wrapping first, or Qhull first
def test_a_stopped_bias_holds_only_what_is_right(domain, high, monkeypatch):
    monkeypatch.setattr(facets_module, "HIGH", high)
    layer = ReLULayer(HALF_CUBE)
    full = hull_bias(layer, domain)
    every_facet = {facet.rows for facet in facets_module.facets(layer)}
    kinds = set()
    for looks in (*range(0, 60, 12), *range(60, 600, 45)):
        stopped = hull_bias(layer, domain, Countdown(looks))
        assert {facet.rows for facet in stopped.facets} <= every_facet
        for value, right in zip(stopped.alpha, full.alpha, strict=True):
            assert value is None or value == right
        kinds.add((any(value is not None for value in stopped.alpha), stopped.complete))
        if stopped.complete:
            assert (stopped.alpha, stopped.facets, stopped.critical) == (full.alpha, full.facets, full.critical)
            continue
        assert stopped.reason.startswith("out of time")
        for call in (stopped.floor_alpha, lambda stopped=stopped: stopped.reconstruct([0] * layer.m)):
            with pytest.raises(InputError, match=r"out of time.*more time"):
                call()
    assert kinds == {(False, False), (True, False), (True, True)}


@pytest.mark.parametrize("seed", range(3))
def test_qhull_in_steps_finds_the_same(seed):
    layer = ReLULayer(np.random.default_rng(seed).standard_normal((60, 4)))
    timed = xi.hull_bias(layer, timeout=1000)
    assert timed.complete
    assert (timed.alpha, timed.facets) == (xi.hull_bias(layer).alpha, xi.hull_bias(layer).facets)


def test_qhull_in_steps_when_the_first_points_lie_in_a_plane():
    flat = [[a, b, 0] for a, b in product((-2, -1, 1, 2), repeat=2)]
    layer = ReLULayer([*flat, [0, 0, 1], [0, 0, -1]])
    assert xi.hull_bias(layer, timeout=1000).facets == xi.hull_bias(layer).facets


def test_a_timeout_must_be_positive():
    with pytest.raises(InputError, match="timeout"):
        xi.hull_bias(ReLULayer(HALF_CUBE), timeout=0)


def test_the_verb_says_how_far_it_came(tmp_path, capsys):
    """Over a hundred thousand facets, for which half a second is not enough."""
    path = tmp_path / "layer.npy"
    np.save(path, np.random.default_rng(1).standard_normal((60, 9)))
    assert main(["alpha", str(path), "--method", "hull", "--timeout", "0.5", "--json"]) == 12
    document = json.loads(capsys.readouterr().out)
    assert document["complete"] is False
    assert document["alpha"] is None or document["alpha"] == [None] * 60
    assert "out of time" in document["reason"]


def test_comparing_leaves_time_for_alpha_star(monkeypatch):
    monkeypatch.setattr(
        "exactinj.comparison.hull_bias",
        lambda layer, domain, clock, original=hull_bias: original(layer, domain, Countdown(0)),
    )
    outcome = xi.compare(ReLULayer([[0, 2], [4, -3], [-4, -3]]), domain=Ball(1), timeout=60)
    assert "hull" not in outcome.biases
    assert "exact" in outcome.biases
    assert any(note.startswith("hull: out of time") for note in outcome.notes)
