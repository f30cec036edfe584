"""The finder and the automatic choice."""

from __future__ import annotations

import multiprocessing
import random

import numpy as np
import pytest
from oracles import brute_force_flats
from oracles.bounded import is_bounded_collision
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.exact.matrix import integer_nullspace, orthogonal_vector
from exactinj.injectivity.auto import AutoEngine
from exactinj.injectivity.finder import FinderEngine
from exactinj.injectivity.parallel import PortfolioEngine
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.work.clock import Clock


def found(layer, domain=None, **options):
    """The finder's result, its pair re-checked by the standalone checker."""
    result = xi.certify(layer, domain=domain, engine="finder", **options)
    if result.witness is not None:
        assert xi.check(result.certificate, layer).valid
    return result


@pytest.mark.parametrize("count", [30, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("domain", [xi.RealSpace(), xi.NonnegativeOrthant()])
@pytest.mark.parametrize("bias", [False, True])
def test_never_wrong_on_degenerate_layers(bias, domain, count):
    rng = random.Random(bias)
    hits = misses = 0
    for _ in range(count):
        n = rng.randint(1, 4)
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bias)
        answer = FinderEngine(starts=4).decide(HomogeneousProblem(xi.ReLULayer(W, b), domain), Clock())
        assert answer.verdict in ("not_injective", "unknown")
        injective = brute_force_flats(W, b, domain.text).injective
        assert not (injective and answer.verdict == "not_injective")
        if not injective:
            hits, misses = hits + (answer.verdict == "not_injective"), misses + (answer.verdict == "unknown")
    assert hits > 4


@pytest.mark.parametrize(("n", "m"), [(30, 120), (60, 300), (100, 180)])
def test_gaussian_layers_of_real_size(n, m):
    for seed in range(3):
        layer = xi.ReLULayer(np.random.default_rng(seed).standard_normal((m, n)))
        assert found(layer).verdict == "not_injective"


def test_gaussian_layers_near_the_conjectured_threshold():
    W = np.random.default_rng(0).standard_normal((300, 50))
    result = found(xi.ReLULayer(W))
    assert result.verdict == "not_injective"
    assert is_bounded_collision(W.tolist(), None, [], None, result.witness.x, result.witness.y)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(100, 620), (200, 1260), (500, 3000)])
def test_large_gaussian_layers_near_the_conjectured_threshold(n, m):
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((m, n)))
    assert found(layer).verdict == "not_injective"


def test_bias_and_orthant_in_higher_dimension():
    rng = np.random.default_rng(4)
    W, b = rng.standard_normal((80, 20)), 0.3 * rng.standard_normal(80)
    assert found(xi.ReLULayer(W, b)).verdict == "not_injective"
    assert found(xi.ReLULayer(W[:50], b[:50]), xi.NonnegativeOrthant()).verdict == "not_injective"


def test_unknown_is_honest_and_says_what_would_help():
    eye = np.eye(8)
    result = found(xi.ReLULayer(np.vstack([eye, -eye])))
    assert result.verdict == "unknown"
    assert result.certificate is None
    assert "proves nothing" in result.reason


def test_same_seed_same_pair():
    layer = xi.ReLULayer(np.random.default_rng(9).standard_normal((100, 20)))
    assert found(layer, seed=3).witness == found(layer, seed=3).witness


def test_orthogonal_vector_against_the_full_basis():
    rng = random.Random(1)
    for _ in range(200):
        columns, count = rng.randint(1, 6), rng.randint(1, 7)
        rows = [tuple(rng.randint(-2, 2) for _ in range(columns)) for _ in range(count)]
        vector, basis = orthogonal_vector(rows, columns), integer_nullspace(rows, columns)
        assert (vector is None) == (not basis)
        if vector is not None:
            assert any(vector)
            assert all(sum(a * c for a, c in zip(row, vector, strict=True)) == 0 for row in rows)


def test_auto_says_what_it_chose_and_why():
    rng = np.random.default_rng(0)
    small = xi.certify(xi.ReLULayer(rng.standard_normal((10, 3))))
    assert (small.engine, "n = 3 is small" in small.reason) == ("tree", True)
    wide = xi.certify(xi.ReLULayer(rng.standard_normal((90, 30))))
    assert (wide.engine, wide.verdict) == ("finder", "not_injective")
    basis = rng.standard_normal((30, 30))
    doubled = xi.certify(xi.ReLULayer(np.vstack([basis, -basis])))
    assert (doubled.engine, doubled.verdict) == ("tree", "injective")
    middle = xi.certify(xi.ReLULayer(rng.standard_normal((60, 9))))
    assert (middle.engine, middle.verdict) in (("sign-split", "injective"), ("finder", "not_injective"))
    assert xi.check(middle.certificate).valid


@pytest.mark.parametrize(("m", "n", "verdict"), [(60, 7, "injective"), (40, 12, "not_injective")])
def test_portfolio_returns_a_proof(m, n, verdict):
    layer = xi.ReLULayer(np.random.default_rng(1).standard_normal((m, n)))
    answer = PortfolioEngine([AutoEngine(), SignSplitEngine()]).decide(
        HomogeneousProblem(layer, xi.RealSpace()), Clock()
    )
    assert answer.verdict == verdict
    assert "2 processes" in answer.reason
    assert xi.check(Certificate(layer, xi.RealSpace(), answer.proof), layer).valid


def test_portfolio_keeps_the_deadline():
    before = {*multiprocessing.active_children()}  # of other tests
    result = xi.certify(xi.ReLULayer(np.random.default_rng(0).standard_normal((240, 18))), jobs=2, timeout=4)
    assert result.verdict in ("timed_out", "unknown")
    assert {*multiprocessing.active_children()} <= before


@pytest.mark.parametrize("bias", [False, True])
def test_fewer_than_2n_rows_are_settled_without_a_descent(bias):
    rng = random.Random(bias)
    for _ in range(60):
        n = rng.randint(1, 6)
        W, b = random_degenerate_layer(rng, n, rng.randint(1, 2 * n - 1), bias=bias)
        problem = HomogeneousProblem(xi.ReLULayer(W, b), xi.RealSpace())
        assert FinderEngine(starts=0).decide(problem, Clock()).verdict == "not_injective"


def test_auto_explains_itself_step_by_step():
    result = xi.certify(xi.ReLULayer(np.random.default_rng(0).standard_normal((70, 10))))
    text = " ".join(result.explanation)
    assert "finder" in text
    assert "sign-split" in text
    assert result.verdict in text


def test_auto_gives_up_honestly_where_a_tree_is_hopeless():
    layer = xi.ReLULayer(np.random.default_rng(0).standard_normal((240, 16)))
    result = xi.certify(layer)
    assert result.verdict == "unknown"
    assert "10^" in result.reason
