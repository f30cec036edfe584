"""One contract for all engines: every verdict is right, every certificate passes the lone checker."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from oracles import brute_force_flats
from oracles.bounded import is_bounded_collision
from plain_domains import plain
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.api import ENGINES
from exactinj.casebook import dense_cases
from exactinj.injectivity.finder import FinderEngine

CASES = {case.name: case for case in dense_cases()}
DECIDERS = {"auto", "tree", "sign-split"}
FEW_STARTS = 8  # of the finder, which are 40 otherwise
MODEST = 14  # rows that a MILP is asked about within the patience of the default tests


def answer(engine, layer, domain, timeout=20):
    """The verdict, after its evidence has been checked; None for an honest 'do not know'."""
    result = xi.certify(layer, domain=domain, engine=engine, timeout=timeout)
    if result.verdict in ("unknown", "timed_out"):
        assert result.certificate is None
        assert len(result.reason) > 20
        assert 0 <= result.stats.explored < 1
        return None
    assert result.stats.explored == 1
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert outcome.claim == result.verdict
    if result.witness is not None:
        W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        assert is_bounded_collision(W, b, *plain(domain, layer.n), result.witness.x, result.witness.y)
    return str(result.verdict)


def is_for_the_patient(engine, name):
    case = CASES[name]
    if "large" in case.tags:
        return engine not in ("auto", "finder")
    return engine.startswith("milp") and (case.layer.m > MODEST or case.layer.n > 4)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("W", [[[1, 0], [2, 0]], [[1, 0], [0, 1], [-1, -1]], [[0, 0]], [[1]]])
def test_a_deadline_that_has_passed_is_a_verdict_not_an_exception(engine, W):
    result = xi.certify(xi.ReLULayer(W), engine=engine, timeout=1e-9)
    assert result.verdict in ("timed_out", "unknown", "not_injective")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("W", [[[1, 0], [2, 0]], [[0, 0]], [[1, 0], [0, 1], [-1, -1]], [[1], [-1]]])
def test_a_proof_leaves_nothing_unexplored(engine, W):
    result = xi.certify(xi.ReLULayer(W), engine=engine)
    assert result.stats.explored == (0 if result.certificate is None else 1)
    assert (result.certificate is None) == (result.verdict == "unknown")


PAIRS = [(engine, name) for engine in ENGINES for name in CASES]


@pytest.mark.parametrize(("engine", "name"), [pair for pair in PAIRS if not is_for_the_patient(*pair)])
def test_engines_on_the_casebook(engine, name):
    case = CASES[name]
    asked = FinderEngine(starts=FEW_STARTS) if engine == "finder" else engine
    verdict = answer(asked, case.layer, case.domain, timeout=60)
    assert verdict in ({case.expected} if engine in DECIDERS else {case.expected, None})


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_all_starts_of_the_finder_on_the_casebook(name):
    case = CASES[name]
    assert answer("finder", case.layer, case.domain, timeout=60) in {case.expected, None}


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "name"), [pair for pair in PAIRS if is_for_the_patient(*pair)])
def test_patient_engines_on_larger_cases(engine, name):
    case = CASES[name]
    assert answer(engine, case.layer, case.domain, timeout=20) in {case.expected, None}


def random_questions(part):
    """250 degenerate layers with their right answers by brute force."""
    rng = random.Random(part)
    for _ in range(250):
        n = rng.randint(1, 4)
        domain = rng.choice([xi.RealSpace(), xi.NonnegativeOrthant()])
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() < 0.5)
        expected = "injective" if brute_force_flats(W, b, domain.text).injective else "not_injective"
        yield xi.ReLULayer(W, b), domain, expected


def right_answers(engine, questions):
    """How many were answered; every answer must be right, and deciders must answer all."""
    answered = 0
    for layer, domain, expected in questions:
        verdict = answer(engine, layer, domain)
        assert verdict in ({expected} if engine in DECIDERS else {expected, None}), (layer.W.fractions(), layer.b)
        answered += verdict is not None
    return answered


@pytest.mark.parametrize("part", [0, 1, *(pytest.param(part, marks=pytest.mark.slow) for part in (2, 3))])
def test_deciders_agree_on_random_degenerate_layers(part):
    questions = list(random_questions(part))
    for engine in sorted(DECIDERS):
        assert right_answers(engine, questions) == len(questions)


@pytest.mark.parametrize("engine", sorted(set(ENGINES) - DECIDERS))
def test_other_engines_are_never_wrong(engine):
    assert right_answers(engine, islice(random_questions(0), 12 if engine == "finder" else 20)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("engine", sorted(set(ENGINES) - DECIDERS))
def test_other_engines_are_never_wrong_on_all_layers(engine, part):
    assert right_answers(engine, random_questions(part)) > 0


def test_the_name_of_before_still_means_sign_split():
    layer = xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
    old, new = (xi.certify(layer, engine=name) for name in ("wedges", "sign-split"))
    assert old.engine == new.engine == "sign-split"
    assert old.certificate.to_bytes() == new.certificate.to_bytes()
    with pytest.raises(xi.InputError, match="sign-split"):
        xi.certify(layer, engine="wedge")
