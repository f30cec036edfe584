"""One contract for all engines: every verdict is right, every certificate passes the lone checker."""

from __future__ import annotations

import random

import pytest
from oracles import brute_force_flats, is_collision
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.api import ENGINES
from exactinj.casebook import all_cases

CASES = {case.name: case for case in all_cases()}
DECIDERS = {"auto", "tree", "wedges"}
MODEST = 14  # rows that a MILP is asked about within the patience of the default tests


def answer(engine, layer, domain, timeout=20):
    """The verdict, after its evidence has been checked; None for an honest 'do not know'."""
    result = xi.certify(layer, domain=domain, engine=engine, timeout=timeout)
    if result.verdict in ("unknown", "timed_out"):
        assert result.certificate is None
        assert len(result.reason) > 20
        return None
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert outcome.claim == result.verdict
    if result.witness is not None:
        W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        assert is_collision(W, b, domain.text, result.witness.x, result.witness.y)
    return str(result.verdict)


def is_for_the_patient(engine, name):
    return engine.startswith("milp") and (CASES[name].layer.m > MODEST or CASES[name].layer.n > 4)


PAIRS = [(engine, name) for engine in ENGINES for name in CASES]


@pytest.mark.parametrize(("engine", "name"), [pair for pair in PAIRS if not is_for_the_patient(*pair)])
def test_engines_on_the_casebook(engine, name):
    case = CASES[name]
    verdict = answer(engine, case.layer, case.domain, timeout=60)
    assert verdict in ({case.expected} if engine in DECIDERS else {case.expected, None})


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "name"), [pair for pair in PAIRS if is_for_the_patient(*pair)])
def test_patient_engines_on_larger_cases(engine, name):
    case = CASES[name]
    assert answer(engine, case.layer, case.domain, timeout=20) in {case.expected, None}


@pytest.mark.parametrize("part", range(4))
def test_engines_agree_on_random_degenerate_layers(part):
    rng = random.Random(part)
    answered = dict.fromkeys(ENGINES, 0)
    for number in range(250):
        n = rng.randint(1, 4)
        domain = rng.choice([xi.RealSpace(), xi.NonnegativeOrthant()])
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        expected = "injective" if brute_force_flats(W, b, domain.text).injective else "not_injective"
        for engine in ENGINES:
            if engine.startswith("milp") and number % 25 != 0:
                continue
            verdict = answer(engine, layer, domain)
            assert verdict in ({expected} if engine in DECIDERS else {expected, None}), (engine, W, b)
            answered[engine] += verdict is not None
    assert all(answered.values())
