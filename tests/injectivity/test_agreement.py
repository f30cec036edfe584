"""The decider against independent oracles on random degenerate layers.

Brute force over all flats in integers and an SMT solver over exact reals share no code with the
package. Every certificate goes through the standalone checker, every pair is evaluated again.
"""

from __future__ import annotations

import random

import pytest
from oracles import brute_force_flats, is_collision, smt_collision
from strategies import random_degenerate_layer, random_shape

import exactinj as xi

DOMAINS = {"R^n": xi.RealSpace(), "nonneg": xi.NonnegativeOrthant()}


def decide(W, b, domain_name):
    """The verdict as a bool, after its evidence has been checked independently."""
    layer = xi.ReLULayer(W, b)
    result = xi.certify(layer, domain=DOMAINS[domain_name])
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert outcome.claim == result.verdict
    if result.verdict == "not_injective":
        assert is_collision(W, b, domain_name, result.witness.x, result.witness.y)
    return result.verdict == "injective"


@pytest.mark.parametrize("domain_name", DOMAINS)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_agrees_with_brute_force_and_smt(n, bias, domain_name):
    rng = random.Random(f"{n} {bias} {domain_name}")
    seen = set()
    for _ in range(160):
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bias)
        verdict = decide(W, b, domain_name)
        seen.add(verdict)
        assert verdict == brute_force_flats(W, b, domain_name).injective, (W, b)
        assert verdict == smt_collision(W, b, domain_name).injective, (W, b)
    assert seen == {True, False}
