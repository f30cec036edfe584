"""Engines of users: asked like any other, and believed only as far as they prove what they say."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from oracles import brute_force_flats
from oracles.bounded import is_bounded_collision
from plain_domains import plain
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.certificates.stated_tree import StatedTree
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.tree import TreeEngine

SQUARE = xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
OTHER = xi.ReLULayer([[1, 0], [-1, 0], [0, 1], [0, -1]])
LINE = xi.ReLULayer([[1], [2]], [-1, 0])  # both inactive at 0 and at -1


class Relay(xi.Engine):
    """An engine of ours under another name."""

    name = "relay"

    def __init__(self, inner):
        self.inner = inner

    def decide(self, problem, clock):
        return self.inner.decide(problem, clock)


class Says(xi.Engine):
    """Answers the same whatever it is asked."""

    name = "says"

    def __init__(self, verdict, proof=None, reason="it says so"):
        self.answer = xi.Answer(verdict, reason, proof)

    def decide(self, problem, clock):
        return self.answer


def refusal(layer, engine, domain=None):
    """The reason of the ``unknown`` that an engine's answer comes to."""
    result = xi.certify(layer, engine=engine, domain=domain)
    assert (result.verdict, result.certificate, result.witness) == ("unknown", None, None)
    assert "not proved" in result.reason
    assert result.engine == engine.name
    return result.reason


@pytest.mark.parametrize("inner", [TreeEngine, SignSplitEngine])
def test_engines_of_users_meet_the_contract_of_all_engines(inner):
    rng = random.Random(11)
    for _ in range(40):
        n = rng.randint(1, 3)
        domain = rng.choice([xi.RealSpace(), xi.NonnegativeOrthant()])
        W, b = random_degenerate_layer(rng, n, random_shape(rng, n), bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        expected = "injective" if brute_force_flats(W, b, domain.text).injective else "not_injective"
        result, own = (xi.certify(layer, domain=domain, engine=engine) for engine in (Relay(inner()), inner.name))
        assert (result.verdict, result.engine) == (expected, "relay")
        assert xi.check(result.certificate, layer).valid
        assert result.certificate.to_bytes() == own.certificate.to_bytes()
        if result.witness is not None:
            W, b = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
            assert is_bounded_collision(W, b, *plain(domain, n), result.witness.x, result.witness.y)


def proof_of(layer, engine="tree", domain=None):
    return xi.certify(layer, engine=engine, domain=domain).certificate.proof


INJECTIVE, NOT_INJECTIVE = xi.Verdict.INJECTIVE, xi.Verdict.NOT_INJECTIVE
LIES = {
    "no proof": (None, "nothing as its proof"),
    "a pair": (lambda: xi.Collision((0,), (1,)), "Collision as its proof"),
    "a text": (lambda: "trust me", "not one of docs/certificates.md"),
    "another layer's tree": (lambda: proof_of(OTHER), "docs/certificates.md|checker rejects"),
    "a tree on less": (lambda: proof_of(xi.ReLULayer([[1, 0], [0, 1], [0, 0], [0, 0]]), domain="nonneg"), "rejects"),
    "an empty tree": (lambda: StatedTree("flat-tree", (), np.array([], dtype=np.int32)), "not one of|rejects"),
    "no such rule": (lambda: StatedTree("magic", (), np.array([0], dtype=np.int32)), "not one of"),
    "no such row": (lambda: StatedTree("flat-tree", (((9, 1), (0, 1)),), np.array([0], dtype=np.int32)), "not|rejects"),
    "alpha": (lambda: xi.alpha_star(SQUARE).certificate.proof, "alpha_star|rejects"),
}


@pytest.mark.parametrize(("make", "words"), LIES.values(), ids=LIES)
def test_injective_counts_only_with_a_proof_that_the_checker_accepts(make, words):
    assert re.search(words, refusal(SQUARE, Says(INJECTIVE, make and make())))


def test_no_change_of_a_tree_gets_by():
    """Every token and every multiplier of two proofs, changed: refused, or still a proof."""
    layer = xi.ReLULayer([[1, 0], [0, 1], [-1, -1], [1, -1], [-1, 1], [-2, 1], [-1, 0], [0, -1]])
    proof = xi.certify(layer, engine=Relay(TreeEngine())).certificate.proof
    assert isinstance(proof, StatedTree)
    changes = []
    for k, entry in enumerate(proof.entries):
        for p, (row, value) in enumerate(entry):
            changed = (*entry[:p], (row, value + 1), *entry[p + 1 :])
            changes.append(replace(proof, entries=(*proof.entries[:k], changed, *proof.entries[k + 1 :])))
    for k in range(len(proof.tokens)):
        tokens = proof.tokens.copy()
        tokens[k] = (tokens[k] + 1) % len(proof.entries)
        changes.append(replace(proof, tokens=tokens))
    refused = 0
    for change in changes:
        result = xi.certify(layer, engine=Says(INJECTIVE, change))
        refused += result.verdict == "unknown"
        assert result.certificate is None or xi.check(result.certificate, layer).valid
    assert refused > len(changes) / 2


PAIRS = {
    "no pair": (None, None, "nothing as its proof"),
    "a tree": (lambda: proof_of(SQUARE), None, "as its proof, expected a Collision"),
    "the same point": (lambda: xi.Collision((-1,), (-1,)), None, "two different points"),
    "other outputs": (lambda: xi.Collision((-1,), (1,)), None, "does not collide"),
    "almost the same output": (lambda: xi.Collision((-1,), (Fraction(1, 10**400),)), None, "does not collide"),
    "outside the domain": (lambda: xi.Collision((-1,), (-2,)), "nonneg", "points of the domain"),
    "a wrong length": (lambda: xi.Collision((-1, 0), (-2, 0)), None, "length 2, expected n = 1"),
    "not a number": (lambda: xi.Collision((-1,), (float("nan"),)), None, "cannot be evaluated"),
    "no points": (lambda: xi.Collision(None, 3), None, "cannot be evaluated"),
}


@pytest.mark.parametrize(("make", "domain", "words"), PAIRS.values(), ids=PAIRS)
def test_not_injective_counts_only_with_a_pair_that_collides_exactly(make, domain, words):
    assert words in refusal(LINE, Says(NOT_INJECTIVE, make and make()), domain)


@pytest.mark.parametrize("x", [(-1,), (-0.5,), ("-1/3",), [Fraction(-2)], np.array([-3.0])])
def test_pairs_are_taken_in_any_numbers_and_given_in_fractions(x):
    result = xi.certify(LINE, engine=Says(NOT_INJECTIVE, xi.Collision(x, (-4,))))
    assert result.verdict == "not_injective"
    assert all(isinstance(value, Fraction) for value in (*result.witness.x, *result.witness.y))
    assert xi.check(result.certificate, LINE).valid


@pytest.mark.parametrize("verdict", [xi.Verdict.UNKNOWN, xi.Verdict.TIMED_OUT])
def test_an_open_answer_carries_no_evidence(verdict):
    result = xi.certify(LINE, engine=Says(verdict, xi.Collision((-1,), (-2,)), "too hard"))
    assert (result.verdict, result.reason, result.witness, result.certificate) == (verdict, "too hard", None, None)


def test_what_was_checked_is_what_is_given():
    """An engine that goes on writing to its arrays changes no certificate."""
    engine = Says(INJECTIVE, proof_of(SQUARE))
    result = xi.certify(SQUARE, engine=engine)
    engine.answer.proof.tokens[:] = 0
    assert xi.check(result.certificate, SQUARE).valid


class Nameless(xi.Engine):
    def decide(self, problem, clock):
        raise AssertionError


class Wordless(xi.Engine):
    name = "wordless"

    def decide(self, problem, clock):
        return "injective"


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (Relay, "class Relay as engine, expected an object: Relay"),
        (Nameless(), "without a name"),
        (Wordless(), "str as the answer of wordless"),
        (Says("maybe"), "the verdict 'maybe'"),
        (7, "type int, expected a name"),
        (None, "type NoneType, expected a name"),
        ("relay", "found the engine 'relay'"),
    ],
)
def test_what_is_no_engine_is_said_in_one_line(engine, words):
    with pytest.raises(xi.InputError, match=words):
        xi.certify(SQUARE, engine=engine)


def test_blocks_and_convolutions_ask_an_own_engine_too():
    W = np.zeros((8, 4))
    W[:4, :2] = W[4:, 2:] = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    layer = xi.ReLULayer(W)
    result = xi.certify(layer, engine=Relay(TreeEngine()), blocks=[[0, 1], [2, 3]])
    assert (result.verdict, xi.check(result.certificate, layer).valid) == ("injective", True)
    lied = xi.certify(layer, engine=Says(INJECTIVE, proof_of(SQUARE)), blocks=[[0, 1], [2, 3]])
    assert xi.check(lied.certificate, layer).valid  # the tree of a block is one for its twin
    assert xi.certify(layer, engine=Says(INJECTIVE), blocks=[[0, 1], [2, 3]]).verdict == "unknown"

    kernels = xi.ConvLayer([[[1, 2]], [[0, 1]], [[-1, -2]], [[0, -1]]])
    for shape in (None, (1, 4)):
        found = xi.certify(kernels, engine=Relay(TreeEngine()), input_shape=shape)
        assert found.verdict == "injective"
        assert xi.check(found.certificate, kernels).valid
        assert xi.certify(kernels, engine=Says(INJECTIVE), input_shape=shape).certificate is None


def test_the_deadline_holds_for_an_engine_that_looks_at_the_clock():
    class Forever(xi.Engine):
        name = "forever"

        def decide(self, problem, clock):
            while True:
                clock.check()

    result = xi.certify(SQUARE, engine=Forever(), timeout=0.01)
    assert (result.verdict, result.engine) == ("timed_out", "forever")
