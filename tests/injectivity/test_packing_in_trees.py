"""Nodes with two levels left that known circuits close: degenerate integer layers against brute force over flats."""

from __future__ import annotations

import random

import pytest
from oracles import brute_force_flats

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.kernels import flats, recent, signs
from exactinj.work.clock import Clock

SEARCHES = {TreeEngine: flats.search, SignSplitEngine: signs.split}
MOST_ROWS = {1: 5, 2: 9, 3: 12, 4: 13, 5: 14, 6: 14}
USUAL, ALWAYS = recent.FEW_FREE_ROWS, 1000  # free rows up to which a known circuit is taken


def lattice_layer(rng, n):
    """Small integers; zero, repeated, parallel and antiparallel rows; now and then a lattice or a rank below n."""
    size = rng.choice((1, 1, 2, 3))
    rows = [
        [rng.randint(-size, size) for _ in range(n)]
        for _ in range(rng.randint(n if rng.random() < 0.1 else 2 * n, MOST_ROWS[n]))
    ]
    if rng.random() < 0.8:  # antiparallel to rows that may be a basis, so that many layers are injective
        for i, row in enumerate(rows[: min(n, len(rows) // 2)]):
            rows[-1 - i] = [-rng.choice((1, 1, 2)) * entry for entry in row]
    for _ in range(rng.choice((0, 0, 1, 2))):
        i, k = rng.randrange(len(rows)), rng.randrange(len(rows))
        rows[i] = [rng.choice((0, 1, 2, -1)) * entry for entry in rows[k]]
    if rng.random() < 0.05:  # no full rank
        rows = [[*row[:-1], row[0] if n > 1 else 0] for row in rows]
    if rng.random() < 0.2:  # a sublattice
        rows = [[3 * entry + row[0] for entry in row] for row in rows]
    rng.shuffle(rows)
    return rows, [rng.randint(-1, 1) for _ in rows] if rng.random() < 0.2 else None


def check_layers(seed, layers, few, monkeypatch):
    """Both engines against brute force; every proof passes the checker. Returns the number of injective layers."""
    monkeypatch.setattr(recent, "FEW_FREE_ROWS", few)
    for kernel in SEARCHES.values():  # interpreted, as machine code keeps the number that it was made with
        monkeypatch.setattr(kernel, "_machine_code", None)
        monkeypatch.setattr(kernel, "patience", 10**12)
    rng = random.Random(seed)
    injective = 0
    for _ in range(layers):
        W, b = lattice_layer(rng, rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5, 6)))
        layer = xi.ReLULayer(W, b)
        expected = brute_force_flats(W, b, "R^n").injective
        for engine in SEARCHES:
            answer = engine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock())
            assert (answer.verdict == "injective") == expected, (W, b)
            assert xi.check(Certificate(layer, xi.RealSpace(), answer.proof), layer).valid, (W, b)
        injective += expected
    return injective


@pytest.mark.parametrize("few", [USUAL, ALWAYS])
def test_some_degenerate_layers_agree_with_brute_force(few, monkeypatch):
    injective = check_layers(1, 60, few, monkeypatch)
    assert 8 < injective < 50


@pytest.mark.slow
@pytest.mark.parametrize("few", [USUAL, ALWAYS])
def test_a_thousand_degenerate_layers_agree_with_brute_force(few, monkeypatch):
    injective = check_layers(2, 1000, few, monkeypatch)
    assert 150 < injective < 800


def test_known_circuits_close_nodes_without_a_linear_program(monkeypatch):
    """The same questions with more nodes and fewer circuits, or the tests above would test nothing."""
    counts = {}
    layer = xi.ReLULayer([[(7 * i * i + 3 * i * j + 5 * j * j * j) % 23 - 11 for j in range(4)] for i in range(28)])
    for few in (0, USUAL):
        monkeypatch.setattr(recent, "FEW_FREE_ROWS", few)
        monkeypatch.setattr(signs.split, "_machine_code", None)
        monkeypatch.setattr(signs.split, "patience", 10**12)
        answer = SignSplitEngine().decide(HomogeneousProblem(layer, xi.RealSpace()), Clock())
        assert answer.verdict == "injective"
        counts[few] = answer.stats
    assert counts[USUAL].refuters < counts[0].refuters
    assert counts[USUAL].nodes >= counts[0].nodes
