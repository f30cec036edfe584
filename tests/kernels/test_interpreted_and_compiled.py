"""Searches that are interpreted at first and compiled when they get long: one outcome, whoever does the work."""

from __future__ import annotations

import time

import numpy as np
import pytest

import exactinj as xi
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.cells.arrangement import Arrangement
from exactinj.cells.stream import wedge_batches
from exactinj.certificates.certificate import Certificate
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.kernels import compilation, enumeration, flats, loading, signs, simplex
from exactinj.work.clock import Clock

NEVER, AT_ONCE, IN_BETWEEN = 10**12, 0, 700  # work that is interpreted before the search is compiled
SEARCHES = {TreeEngine: flats.search, SignSplitEngine: signs.split}


def gaussian(m, n, seed, bias=False):
    random = np.random.default_rng(seed)
    return xi.ReLULayer(random.standard_normal((m, n)), random.standard_normal(m) if bias else None)


def integers(m, n, seed):
    random = np.random.default_rng(seed)
    return xi.ReLULayer(random.integers(-2, 3, (m, n)).tolist(), random.integers(-2, 3, m).tolist())


QUESTIONS = [
    (gaussian(28, 4, 1), xi.RealSpace()),
    (gaussian(30, 4, 2, bias=True), xi.Ball("3/2")),
    (gaussian(24, 3, 3), xi.NonnegativeOrthant()),
    (integers(15, 3, 4), xi.Box(-1, 1)),
    (integers(12, 3, 5), xi.Ball(1)),
    (integers(17, 3, 6), xi.RealSpace()),
    (xi.ReLULayer([[2, 1], [1, 3], [-2, -1], [-1, -3]]), xi.RealSpace()),
]


def interpret(monkeypatch, kernel, work):
    """Forget machine code, and compile after so much work."""
    monkeypatch.setattr(kernel, "_machine_code", None)
    monkeypatch.setattr(kernel, "patience", work)


@pytest.mark.parametrize("engine", SEARCHES, ids=lambda engine: engine.name)
@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_the_proof_is_the_same_to_the_byte(engine, question, monkeypatch):
    layer, domain = question[0], question[1].for_dimension(question[0].n)
    outcomes = set()
    for work in (NEVER, AT_ONCE, IN_BETWEEN):
        interpret(monkeypatch, SEARCHES[engine], work)
        answer = engine().decide(HomogeneousProblem(layer, domain), Clock())
        proof = Certificate(layer, domain, answer.proof).to_bytes()
        outcomes.add((answer.verdict, proof, answer.stats.nodes, answer.stats.pivots, answer.stats.proven_in_rationals))
    assert len(outcomes) == 1


@pytest.mark.parametrize("layer", [gaussian(9, 3, 0), gaussian(7, 3, 1, bias=True), integers(9, 3, 7)], ids=range(3))
def test_the_wedges_are_the_same_to_the_bit(layer, monkeypatch):
    outcomes = set()
    for work in (NEVER, AT_ONCE, IN_BETWEEN):
        interpret(monkeypatch, enumeration.enumerate_wedges, work)
        batches = list(wedge_batches(Arrangement.of(layer, xi.RealSpace())))
        outcomes.add(tuple((b.active.tobytes(), b.points.tobytes(), b.ranks.tobytes()) for b in batches))
    assert len(outcomes) == 1


def test_a_short_search_needs_no_compiler(monkeypatch):
    monkeypatch.setattr(loading, "load", lambda *_: pytest.fail("compiled"))
    for engine, kernel in SEARCHES.items():
        interpret(monkeypatch, kernel, compilation.INTERPRETED_WORK)
        monkeypatch.setattr(kernel.compiled, "_machine_code", {})
        assert engine().decide(HomogeneousProblem(gaussian(21, 3, 1), xi.RealSpace()), Clock()).verdict == "injective"


@pytest.mark.parametrize("engine", SEARCHES, ids=lambda engine: engine.name)
def test_the_clock_is_looked_at_while_a_search_is_interpreted(engine, monkeypatch):
    interpret(monkeypatch, SEARCHES[engine], 20_000)
    question = HomogeneousProblem(gaussian(120, 12, 1), xi.RealSpace())
    assert engine().decide(question, Clock(1e-9)).verdict == "timed_out"
    assert SEARCHES[engine].patience == 20_000  # over before it began


@pytest.mark.parametrize("engine", SEARCHES, ids=lambda engine: engine.name)
def test_loading_is_not_counted_as_work(engine, monkeypatch):
    kernel = SEARCHES[engine]
    now, start = [1000.0], time.monotonic

    def load(function, *_):
        now[0] += 300.0
        return function

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(loading, "load", load)
    interpret(monkeypatch, kernel, AT_ONCE)
    monkeypatch.setattr(kernel.compiled, "_machine_code", {})
    clock = Clock()
    answer = engine().decide(HomogeneousProblem(gaussian(12, 2, 1), xi.RealSpace()), clock.bounded(1e6))
    worked = clock.worked  # the whole knows what its part lost
    monkeypatch.setattr(time, "monotonic", start)
    assert answer.verdict == "injective"
    assert (answer.stats.seconds, worked, now[0]) == (0, 0, 1300.0)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_no_basis_is_proved_with_numbers_that_are_none(number):
    matrix = np.array([[1.0, -1.0], [1.0, 1.0]])
    inverse = np.linalg.inv(matrix)
    assert simplex.certify_basis(matrix, inverse)
    for place in np.ndindex(2, 2):
        spoilt = inverse.copy()
        spoilt[place] = number
        with np.errstate(all="ignore"):
            assert not simplex.certify_basis(matrix, spoilt)
