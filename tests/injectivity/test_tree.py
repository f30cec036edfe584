"""The tree engine from inside: the floating filter, the exact program, the prime, repairs, large and odd layers."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from oracles import brute_force_flats, is_collision
from strategies import degenerate_layers, random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.alternatives.exact_program import SeparatingPoint, refuter_or_point
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.injectivity.tree import TreeEngine
from exactinj.injectivity.tree_state import grown, new_state, opposite_pairs
from exactinj.kernels import flats as kernel
from exactinj.work.clock import Clock


def problem_of(W, b=None, domain=None):
    return HomogeneousProblem(xi.ReLULayer(W, b), domain or xi.RealSpace())


def certified(layer, domain=None):
    """The result of a decision whose certificate has passed the checker."""
    result = xi.certify(layer, domain=domain)
    assert xi.check(result.certificate, layer).valid
    return result


@settings(max_examples=150, deadline=None)
@given(degenerate_layers())
def test_hypothesis_layers_agree_with_brute_force(layer):
    result = certified(xi.ReLULayer(*layer))
    assert (result.verdict == "injective") == brute_force_flats(*layer, "R^n").injective


@pytest.mark.parametrize("spread", [0, 40, 300])
def test_every_refuter_that_the_filter_accepts_is_exact(spread):
    """Whatever `certify_basis` lets through must be a positive dependency in rationals."""
    rng = np.random.default_rng(spread)
    proven = 0
    for _ in range(25):
        n, m = int(rng.integers(2, 6)), int(rng.integers(10, 30))
        W = rng.standard_normal((m, n)) * 2.0 ** rng.integers(-spread, spread + 1, size=(m, 1))
        W += np.round(W)  # a few near-dependencies
        problem = problem_of(W, rng.standard_normal(m) if rng.random() < 0.5 else None)
        state = new_state(problem, kernel.PRIMES[0])
        while (request := kernel.search(state, 10**7)) in (kernel.WANT_POOL, kernel.WANT_TOKENS):
            state = grown(state)
        assert request != kernel.PAUSED
        for r in range(int(state.cursor[kernel.POOL])):
            support = state.supports[r, : state.sizes[r]].tolist()
            assert problem.is_refuter(support)
            proven += 1
    assert proven > 50


@pytest.mark.parametrize("gap", [Fraction(1, 10**k) for k in (8, 15, 16, 17, 20, 30)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_filter_does_not_decide_near_ties(gap, sign):
    """A row moved by a hair across a boundary: the verdict follows the exact sign."""
    prism = [[1, 0, 1], [-1, 0, 1], [0, 1, 1], [0, -1, 1]]
    lower = [[-a, -c, -1 + sign * gap * (i == 0)] for i, (a, c, _) in enumerate(prism)]
    W = [*prism, *lower]
    assert (certified(xi.ReLULayer(W)).verdict == "injective") == brute_force_flats(W, [0] * 8, "R^n").injective


def test_alternative_is_exact_on_random_subsets():
    rng = random.Random(5)
    outcomes = set()
    for _ in range(200):
        n, m = rng.randint(1, 4), rng.randint(1, 9)
        W = [[rng.randint(-2, 2) for _ in range(n)] for _ in range(m)]
        problem = problem_of(W, [rng.randint(-1, 1) for _ in range(m)])
        allowed = [rng.random() < 0.7 for _ in range(m)] + [True] * (len(problem.rows) - m)
        hint = [rng.randrange(len(problem.rows)) for _ in range(problem.columns + 1)]
        outcome = refuter_or_point(problem, allowed, hint, Clock())
        outcomes.add(type(outcome))
        if isinstance(outcome, SeparatingPoint):
            values = problem.values_at(outcome.homogeneous)
            assert all(value < 0 for value, free in zip(values, allowed, strict=True) if free)
        else:
            assert all(allowed[i] for i in outcome.support)
            assert problem.with_cut(outcome.cut).is_refuter(outcome.support)
    assert len(outcomes) == 2


def test_dependent_only_modulo_the_prime():
    """Rows that look parallel to the first prime's arithmetic; the next prime must take over."""
    p = kernel.PRIMES[0]
    W = [[1, 0], [1, p], [-1, 0], [-1, -p], [0, 1], [0, -1]]
    assert certified(xi.ReLULayer(W)).verdict == "injective"
    tail = [[1, 0], [1, p], [-2, -p]]
    assert (certified(xi.ReLULayer(tail)).verdict == "injective") == brute_force_flats(tail, [0] * 3, "R^n").injective


def test_all_primes_unlucky_is_an_honest_unknown_or_a_proof():
    p = kernel.PRIMES[0] * kernel.PRIMES[1] * kernel.PRIMES[2]
    W = [[1, 0], [1, p], [-1, p], [-1, -p], [1, -p], [-3, p], [-3, -p], [5, p], [5, -2 * p]]
    result = xi.certify(xi.ReLULayer(W))
    if result.verdict == "unknown":
        assert "primes" in result.reason
    else:
        assert (result.verdict == "injective") == brute_force_flats(W, [0] * len(W), "R^n").injective


@pytest.mark.parametrize("n", [1, 3, 20, 60])
def test_doubled_bases_have_a_tree_of_n_nodes(n):
    rng = np.random.default_rng(n)
    basis = rng.standard_normal((n, n))
    scales = 2.0 ** rng.integers(-5, 5, size=(n, 1))
    layer = xi.ReLULayer(np.vstack([basis, -scales * basis])[rng.permutation(2 * n)])
    result = certified(layer)
    assert (result.verdict, result.stats.nodes) == ("injective", n)
    broken = xi.ReLULayer(np.vstack([basis, -scales * basis])[:-1])
    assert xi.certify(broken).verdict == "not_injective"


def test_opposite_pairs_respect_the_bias():
    assert opposite_pairs(problem_of([[1], [-1]], [-1, 1])) == [(0, 1)]
    assert opposite_pairs(problem_of([[1], [-2]], [1, 1])) == [(0, 1, 2)]
    assert opposite_pairs(problem_of([[1], [-1]], [-1, Fraction(999, 1000)])) == []


@pytest.mark.parametrize("domain", [xi.RealSpace(), xi.NonnegativeOrthant()])
@pytest.mark.parametrize("exponent", [-300, 300])
def test_magnitudes_at_the_ends_of_float64(exponent, domain):
    rng = np.random.default_rng(3)
    W = rng.integers(-3, 4, size=(9, 2)) * 10.0 ** rng.integers(min(exponent, 0), max(exponent, 0) + 1, size=(9, 1))
    b = rng.integers(-1, 2, size=9) * 1.0
    layer = xi.ReLULayer(W, b)
    result = certified(layer, domain)
    W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    assert (result.verdict == "injective") == brute_force_flats(W, b, domain.text).injective


def test_wide_range_within_rows():
    """Entries from 1e-300 to 1e300 in one row: floats underflow, rationals decide."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        W = rng.standard_normal((10, 3)) * 10.0 ** rng.integers(-300, 301, size=(10, 3))
        layer = xi.ReLULayer(W)
        answer = brute_force_flats(layer.W.fractions(), [0] * 10, "R^n")
        assert (certified(layer).verdict == "injective") == answer.injective


def test_many_near_copies_do_not_stall_the_simplex():
    """Rows copied with noise make the float simplex cycle; its step limit must hold across pauses."""
    rng = np.random.default_rng(1)
    core = rng.integers(-2, 3, size=(10, 4)).astype(float)
    for noise in (0.0, 1e-9, 1e-10, 1e-12):
        copies = np.tile(core, (400, 1))
        layer = xi.ReLULayer(copies + noise * rng.standard_normal(copies.shape))
        assert xi.certify(layer, engine="tree", timeout=60).verdict in ("injective", "not_injective")


def test_a_single_pivot_may_cost_more_than_a_slice_of_work(monkeypatch):
    monkeypatch.setattr("exactinj.injectivity.tree.WORK_PER_CALL", 1)
    rng = random.Random(4)
    for _ in range(40):
        W, b = random_degenerate_layer(rng, 3, random_shape(rng, 3))
        assert (certified(xi.ReLULayer(W, b)).verdict == "injective") == brute_force_flats(W, b, "R^n").injective


def test_integers_beyond_float64():
    layer = xi.ReLULayer([["1e-400"], ["-1e-400"]], ["1", "-3"])
    assert certified(layer).verdict == "not_injective"
    assert certified(xi.ReLULayer([["1e400"], ["-1e-400"]], ["1", "3"])).verdict == "injective"


def test_degenerate_shapes():
    collision = "not_injective"
    assert certified(xi.ReLULayer([[0]])).verdict == collision
    assert certified(xi.ReLULayer([[0, 0], [0, 0]], [1, -1])).verdict == collision
    assert certified(xi.ReLULayer([[1, 2, 3]])).verdict == collision
    assert certified(xi.ReLULayer([[1], [0], [-1]], [0, -1, 0])).verdict == "injective"
    assert certified(xi.ReLULayer([[1]]), xi.NonnegativeOrthant()).verdict == "injective"
    assert certified(xi.ReLULayer([[1]], [-1]), xi.NonnegativeOrthant()).verdict == collision


def test_small_layers_have_pairs_with_small_numbers():
    rng = random.Random(2)
    checked = 0
    while checked < 60:
        W = [[rng.randint(-3, 3) for _ in range(2)] for _ in range(4)]
        result = xi.certify(xi.ReLULayer(W))
        if result.witness is None:
            continue
        assert is_collision(W, [0] * 4, "R^n", result.witness.x, result.witness.y)
        assert all(abs(v.numerator) <= 40 and v.denominator <= 4 for v in (*result.witness.x, *result.witness.y))
        checked += 1


def test_engine_stops_at_its_deadline_and_says_how_far_it_got():
    layer = xi.ReLULayer(np.random.default_rng(1).standard_normal((150, 16)))
    result = xi.certify(layer, engine="tree", timeout=1.5)
    assert result.verdict == "timed_out"
    assert result.certificate is None
    assert 0 < result.stats.explored < 1
    assert result.stats.nodes > 0


def test_progress_is_reported():
    seen = []
    xi.certify(xi.ReLULayer(np.random.default_rng(0).standard_normal((56, 8))), report=seen.append)
    assert any("nodes" in text for text in seen)


def test_results_have_no_truth_value():
    with pytest.raises(TypeError, match="verdict"):
        bool(xi.certify(xi.ReLULayer([[1]])))


@pytest.mark.parametrize("bad", [{"engine": "oracle"}, {"timeout": 0}, {"timeout": -1}])
def test_misuse_is_an_input_error(bad):
    with pytest.raises(xi.InputError, match="expected"):
        xi.certify(xi.ReLULayer([[1]]), **bad)


def test_engine_interface_answers_alone():
    answer = TreeEngine().decide(HomogeneousProblem(xi.ReLULayer([[1], [-1]]), xi.RealSpace()), Clock())
    assert answer.verdict == "injective"
