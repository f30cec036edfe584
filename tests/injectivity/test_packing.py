"""Disjoint refuters: never an answer without the assumption, never under it where rows are plainly dependent."""

from __future__ import annotations

import io
import json
import random
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from oracles import brute_force_flats
from oracles.packing import bears, disjoint_refuters
from strategies import random_degenerate_layer

import exactinj as xi
from exactinj import checker
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.errors import InputError
from exactinj.exact.matrix import integer_rank
from exactinj.injectivity.packing.active_set import Proposal, Separation, propose
from exactinj.injectivity.packing.dependencies import dependent_rows
from exactinj.injectivity.packing.engine import PackingEngine
from exactinj.work.clock import Clock


def gaussian(n, m, seed=0, bias=False):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((m, n)).astype(np.float32)
    return xi.ReLULayer(W, 0.1 * rng.standard_normal(m).astype(np.float32) if bias else None)


def assumed(layer, **options):
    return xi.certify(layer, engine="packing", assume="full spark", **options)


def document(result):
    return json.loads(result.certificate.to_bytes())


DOMAINS = [
    xi.RealSpace(),
    xi.NonnegativeOrthant(),
    xi.Box(-1, 1),
    xi.Ball(1),
    xi.Ball(2, center=[1, 0, 0, 0]),
    xi.Polytope([[1, 1, 1, 1], [-1, 0, 0, 0]], [1, 1]),
]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text[:12])
def test_a_wide_layer_is_proved_on_every_domain_as_the_tree_proves_it(domain, bias):
    layer = gaussian(4, 40, bias=bias)
    result = assumed(layer, domain=domain)
    assert result.verdict == "injective"
    assert result.assumption == result.to_json()["assumption"] == "full spark"
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    assert outcome.claim == "injective_if_full_spark"
    assert "if any 4 rows are independent" in outcome.reason
    assert xi.certify(layer, domain=domain, engine="tree").verdict == "injective"


def test_without_the_assumption_the_answer_is_unknown_and_says_what_would_decide():
    result = xi.certify(gaussian(4, 40), engine="packing")
    assert result.verdict == "unknown"
    assert result.certificate is None
    assert "4 pairwise disjoint refuters" in result.reason
    assert "--assume full-spark" in result.reason


def test_the_automatic_choice_packs_wide_layers():
    layer = gaussian(16, 400)
    result = xi.certify(layer, assume="full-spark")
    assert (result.verdict, result.engine, result.assumption) == ("injective", "packing", "full spark")
    assert xi.certify(layer).verdict == "unknown"


def test_scarce_rows_are_spared_until_the_packing_is_complete():
    assert assumed(gaussian(8, 84)).verdict == "injective"  # 72 rows are needed


@pytest.mark.parametrize("bias", [False, True])
def test_what_the_certificate_says_is_true_by_a_naive_reading(bias):
    layer = gaussian(4, 40, bias=bias)
    found = document(assumed(layer))
    W, b = found["layer"]["W"], found["layer"]["b"]
    refuters, epsilon = found["proof"]["refuters"], Fraction(found["proof"]["epsilon"])
    assert disjoint_refuters(W, b, refuters)
    assert sum(bears(W, b, refuter, epsilon / 16) for refuter in refuters) >= 4


@pytest.mark.parametrize("bias", [False, True])
def test_layers_within_epsilon_have_the_same_refuters(bias):
    layer = gaussian(4, 40, bias=bias)
    result = assumed(layer)
    epsilon = result.robust.epsilon
    assert result.to_json()["robust"] == {"epsilon": str(epsilon), "claim": result.robust.claim}
    supports, rng = result.certificate.proof.supports, random.Random(0)
    for _ in range(20):
        W = [[value + rng.choice([-1, 1]) * epsilon for value in row] for row in layer.W.fractions()]
        b = [value + (rng.choice([-1, 1]) * epsilon if bias else 0) for (value,) in layer.b.fractions()]
        problem = HomogeneousProblem(xi.ReLULayer(W, b), xi.RealSpace())
        assert all(problem.is_refuter(support) for support in supports)


def test_two_disjoint_refuters_on_a_line_see_nothing_of_the_plane():
    layer = xi.ReLULayer([[1, 0], [-1, 0], [2, 0], [-2, 0]])
    for assume in (None, "full spark"):
        result = xi.certify(layer, engine="packing", assume=assume)
        assert result.verdict != "injective"
    assert xi.certify(layer).verdict == "not_injective"


def is_full_spark(rows, n):
    return all(integer_rank(chosen) == n for chosen in combinations(rows, n))


@pytest.mark.parametrize("n", [2, 3])
def test_degenerate_layers_are_never_called_injective_without_the_assumption(n):
    rng = random.Random(f"packing {n}")
    packed = 0
    for _ in range(60):
        W, b = random_degenerate_layer(rng, n, 6 * n, bias=rng.random() < 0.5)
        layer = xi.ReLULayer(W, b)
        truth = brute_force_flats(W, b, "R^n").injective
        plain = xi.certify(layer, engine="packing")
        assert plain.verdict != "injective"
        assert plain.verdict != "not_injective" or not truth
        with_it = assumed(layer)
        if with_it.verdict == "injective":
            packed += 1
            rows = layer.W.integer_rows()
            assert truth or not is_full_spark(rows, n)
            assert xi.check(with_it.certificate, layer).valid
        else:
            assert with_it.verdict != "not_injective" or not truth
    assert packed or n == 2  # rows in small integers repeat


def test_three_disjoint_refuters_prove_nothing_by_themselves():
    layer = xi.read_layer("casebook:packed-not-full-spark")
    assert xi.certify(layer, engine="packing").verdict == "unknown"
    result = assumed(layer)
    assert (result.verdict, result.assumption) == ("injective", "full spark")  # which this layer is not
    assert "assumed to be independent" in result.reason
    assert xi.certify(layer, assume="full spark").verdict == "not_injective"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, 0), (0, 0), (0, 1)], (1,)),
        ([(1, 2), (3, 4), (-1, -2)], (0, 2)),
        ([(1, 0, 1), (2, 0, 3), (1, 1, 1), (5, 0, 1)], (0, 1, 3)),
        ([(1, 1, 0), (2, 2, 1), (1, 2, 1), (3, 3, 5)], (0, 1, 3)),
        ([(1, -1, 0), (2, -2, 1), (1, 2, 1), (3, -3, 5)], (0, 1, 3)),
        ([(1, 0), (0, 1), (1, 1)], None),
        ([(1,), (2,)], None),
        ([(0,), (2,)], (0,)),
    ],
)
def test_plain_dependencies_are_found_and_proved(rows, found):
    assert dependent_rows(rows) == found


def test_a_collision_on_the_way_is_an_answer():
    layer = gaussian(6, 20)
    result = xi.certify(layer, engine="packing")
    assert result.verdict == "not_injective"
    assert xi.check(result.certificate, layer).valid


def test_blocks_do_not_take_the_assumption():
    W = np.zeros((80, 8))
    W[:40, :4], W[40:, 4:] = gaussian(4, 40).W.to_float(), gaussian(4, 40, 1).W.to_float()
    result = xi.certify(xi.ReLULayer(W), engine="auto", assume="full spark")
    assert (result.verdict, result.assumption) == ("injective", None)  # by the tree
    from exactinj.injectivity.blocks import BlocksEngine

    problem = HomogeneousProblem(xi.ReLULayer(W), xi.RealSpace())
    answer = BlocksEngine(PackingEngine(assume_full_spark=True)).decide(problem, Clock())
    assert (answer.verdict, answer.proof, answer.assumption) == ("unknown", None, None)


def test_other_assumptions_are_refused():
    for wrong in ("general position", "", 1):
        with pytest.raises(InputError, match="full spark"):
            xi.certify(gaussian(2, 9), assume=wrong)


def test_a_deadline_is_kept_and_said():
    result = xi.certify(gaussian(30, 600), engine="packing", timeout=0.01)
    assert result.verdict == "timed_out"


def test_the_active_set_finds_a_refuter_or_separates():
    rows = np.array([[1.0, 0, 1], [0, 1, 1], [-1, -1, 1], [2, 3, 1]])
    found = propose(rows, np.arange(3), np.ones(4))
    assert isinstance(found, Proposal)
    assert sorted(found.support) == [0, 1, 2]
    apart = propose(rows, np.array([0, 1, 3]), np.ones(4))
    assert isinstance(apart, Separation)
    assert (rows[[0, 1, 3]] @ apart.direction <= 1e-9).all()


SPREADS = {
    "huge": np.full(3, 1e300),
    "tiny": np.full(3, 1e-300),
    "denormal": np.full(3, 5e-320),
    "columns far apart": np.array([1e-150, 1, 1e150]),
    "rows far apart": 10.0 ** np.random.default_rng(1).integers(-280, 280, (40, 1)),
}


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
def test_numbers_of_any_size_are_proved(spread, bias):
    rng = np.random.default_rng(0)
    layer = xi.ReLULayer(rng.standard_normal((40, 3)) * spread, 0.1 * rng.standard_normal(40) if bias else None)
    result = assumed(layer)
    if bias and spread.shape == (40, 1):  # floats do not find refuters among rows and biases that far apart
        assert result.verdict == "unknown"
        return
    assert result.verdict == "injective"
    assert xi.check(result.certificate, layer).valid
    assert result.verdict == xi.certify(layer, engine="tree").verdict


@pytest.mark.parametrize("W", [[[0]], [[1]], [[1, 0, 2]], np.zeros((4, 3)), np.eye(3), [[1, 2], [2, 4], [-1, -2]]])
def test_layers_without_enough_rows_are_never_proved(W):
    result = assumed(xi.ReLULayer(W))
    assert result.verdict in ("unknown", "not_injective")


def test_an_epsilon_that_floats_cannot_judge_is_rejected_without_a_crash():
    layer = xi.ReLULayer(gaussian(3, 40).W.to_float().astype(float) * np.array([1e-150, 1, 1e150]))
    found = document(assumed(layer))
    found["proof"]["epsilon"] = "1"
    assert not checked(found).valid


# ------------------------------------------------------------------ the checker on changed certificates


def checked(record):
    return checker.check_stream(io.BytesIO(json.dumps(record).encode()))


@pytest.fixture(scope="module")
def record():
    return document(assumed(gaussian(3, 30, bias=True)))


def changed(record, change):
    copy = json.loads(json.dumps(record))
    change(copy["proof"])
    return copy


REJECTED = {
    "a multiplier": lambda proof: proof["refuters"][0][0].__setitem__(1, str(int(proof["refuters"][0][0][1]) + 1)),
    "a row twice": lambda proof: proof["refuters"][1].__setitem__(0, proof["refuters"][0][0]),
    "the same refuter twice": lambda proof: proof["refuters"].__setitem__(1, proof["refuters"][0]),
    "too few": lambda proof: proof["refuters"].pop(),
    "no row": lambda proof: proof["refuters"][0][0].__setitem__(0, 1000),
    "a large epsilon": lambda proof: proof.__setitem__("epsilon", "1"),
}
MALFORMED = {
    "epsilon zero": lambda proof: proof.__setitem__("epsilon", "0"),
    "epsilon negative": lambda proof: proof.__setitem__("epsilon", "-1/2"),
    "epsilon a number": lambda proof: proof.__setitem__("epsilon", 1),
    "a multiplier negative": lambda proof: proof["refuters"][0][0].__setitem__(1, "-1"),
    "an empty refuter": lambda proof: proof["refuters"].__setitem__(0, []),
    "no refuters": lambda proof: proof.pop("refuters"),
}


def test_the_certificate_is_valid_with_and_without_its_epsilon(record):
    assert checked(record).valid
    assert checked(changed(record, lambda proof: proof.__setitem__("epsilon", None))).valid
    smaller = str(Fraction(record["proof"]["epsilon"]) / 2)
    assert checked(changed(record, lambda proof: proof.__setitem__("epsilon", smaller))).valid


@pytest.mark.parametrize("change", REJECTED.values(), ids=REJECTED)
def test_changes_after_which_nothing_follows_are_rejected(record, change):
    assert not checked(changed(record, change)).valid


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_changes_of_form_are_unreadable(record, change):
    with pytest.raises(checker.Unreadable):
        checked(changed(record, change))


def test_the_claim_is_not_that_of_an_injective_layer(record):
    assert not checked({**record, "claim": "injective"}).valid
    assert not checked({**record, "domain": {"type": "nonneg"}}).valid  # epsilon is for R^n


def test_it_reads_back_as_it_was(tmp_path):
    result = assumed(gaussian(3, 30))
    result.certificate.write(tmp_path / "c.json")
    again = Certificate.read(tmp_path / "c.json")
    assert again.to_bytes() == result.certificate.to_bytes()
    assert again.claim == "injective_if_full_spark"
