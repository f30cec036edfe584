"""Repair: what comes back is proved injective by the checker and by other means, keeps what it says it keeps."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from oracles.smt import smt_collision
from strategies import random_degenerate_layer, random_shape

import exactinj as xi
from exactinj.networks.repair.telling import least_constant, rounded_up, short_direction

DOMAINS = [None, "nonneg", "ball:2", "nonneg-ball:1/2", "box:-1,1/3", xi.Ball(1, center=[3, -1])]
TRIANGLE = [[1, 0], [0, 1], [-1, -1]]


def assert_repaired(repair, domain):
    """Proved, by a certificate about exactly this layer, which holds the old rows in front of the new ones."""
    assert repair.verdict == "injective", repair.steps
    assert xi.check(repair.result.certificate, repair.layer).valid
    assert repair.result.layer == repair.layer
    kept = [i for i in range(repair.layer.m) if i not in repair.added]
    old, new = repair.original, repair.layer
    assert [new.W.fractions()[i] for i in kept] == old.W.fractions()
    changes = [new.b[i, 0] - old.b[k, 0] for k, i in enumerate(kept)]
    assert {k: change for k, change in enumerate(changes) if change} == repair.raised
    assert (repair.method == "unchanged") == (not repair.added and not repair.raised)
    assert xi.certify(old, domain=domain).verdict == ("injective" if repair.method == "unchanged" else "not_injective")


@pytest.mark.parametrize("method", ["auto", "rows", "doubled"])
@pytest.mark.parametrize("seed", range(12))
def test_degenerate_layers_are_repaired_on_every_domain(seed, method):
    rng = Random(f"{seed} {method}")
    n = rng.randint(1, 4)
    layer = xi.ReLULayer(*random_degenerate_layer(rng, n, random_shape(rng, n)))
    for domain in DOMAINS[:5] if n != 2 else DOMAINS:
        assert_repaired(xi.make_injective(layer, method=method, domain=domain), domain)


@pytest.mark.parametrize("seed", range(12))
def test_an_smt_solver_agrees_and_new_rows_are_needed(seed):
    rng = Random(seed)
    n = rng.randint(1, 3)
    layer = xi.ReLULayer(*random_degenerate_layer(rng, n, random_shape(rng, n)))
    repair = xi.make_injective(layer, method="rows")
    rows = [(row, value) for row, (value,) in zip(repair.layer.W.fractions(), repair.layer.b.fractions(), strict=True)]
    assert smt_collision([row for row, _ in rows], [value for _, value in rows]).injective
    for i in repair.added:
        rest = rows[:i] + rows[i + 1 :]
        assert not smt_collision([row for row, _ in rest], [value for _, value in rest]).injective


def test_on_all_of_space_at_least_2n_rows_are_left_and_a_basis_needs_n_new_ones():
    for n in range(1, 5):
        basis = [[int(i == j) for j in range(n)] for i in range(n)]
        repair = xi.make_injective(basis)
        assert repair.layer.m == 2 * n


@pytest.mark.parametrize(
    ("W", "b"),
    [
        ([[0, 0]], [0]),
        ([[0, 0], [0, 0]], [-1, 3]),
        ([[1, 1], [1, 1], [2, 2]], [0, -1, 5]),
        ([[1, 0, 0], [-1, 0, 0], [1, 0, 0]], [1, -1, 0]),
        ([[0]], [0]),
        ([[3]], ["1/7"]),
        ([["1/3", "-2/7"], ["-1/3", "2/7"]], ["1/9", "-1/9"]),
        ([[10**40, 1]], [-(10**30)]),
    ],
)
@pytest.mark.parametrize("domain", [None, "ball:1/3", "box:5,6", "nonneg"])
def test_rank_deficient_layers_get_rows_of_their_own(W, b, domain):
    layer = xi.ReLULayer(W, b)
    for method in ("auto", "rows", "doubled"):
        assert_repaired(xi.make_injective(layer, method=method, domain=domain), domain)


def test_a_polytope_with_a_line_in_it_gets_opposite_rows():
    strip = xi.Polytope([[1, 0], [-1, 0]], [1, 1])
    repair = xi.make_injective([[0, 0]], domain=strip)
    assert_repaired(repair, strip)
    assert len(repair.added) == 3  # one for the bounded direction, two for the other


def test_an_injective_layer_comes_back_as_it_is_with_its_proof():
    layer = xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
    repair = xi.make_injective(layer)
    assert (repair.method, repair.layer, repair.added, repair.raised) == ("unchanged", layer, (), {})
    assert xi.check(repair.result.certificate, layer).valid


def test_wide_layers_are_repaired_by_doubling():
    rng = np.random.default_rng(3)
    repair = xi.make_injective((rng.normal(size=(40, 40)), rng.normal(size=40)), method="doubled")
    assert repair.verdict == "injective"
    assert len(repair.added) == 40


def test_without_time_the_verdict_stays_honest():
    rng = np.random.default_rng(0)
    repair = xi.make_injective(rng.normal(size=(300, 100)), timeout=0.001)
    assert repair.verdict in ("timed_out", "unknown")
    assert repair.result.certificate is None


def test_result_prints_short_and_refuses_to_be_a_truth_value():
    repair = xi.make_injective(TRIANGLE, domain="ball:1")
    assert "2 rows added (method doubled)" in repr(repair)
    assert len(repr(repair)) < 200
    with pytest.raises(TypeError, match="verdict"):
        bool(repair)
    document = repair.to_json("layer.json", "proof.json")
    assert document["verdict"] == "injective"
    assert document["certificate"] == "proof.json"
    assert document["repair"]["added"] == [3, 4]
    assert document["repair"]["layer_file"] == "layer.json"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method 'magic'"),
        ({"timeout": 0}, "timeout"),
        ({"domain": "sphere:1"}, "convex"),
        ({"domain": xi.Ball(1, center=[0, 0, 0])}, "dimension"),
        ({"engine": "magic"}, "engine"),
        ({"precision": 0}, "precision"),
        ({"layer": xi.ResidualBlock([[1]], [[1]])}, "ResidualBlock"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(xi.InputError, match=message):
        xi.make_injective(**{"layer": TRIANGLE, **options})


# ------------------------------------------------------------------ a larger bias


@pytest.mark.parametrize("seed", range(10))
def test_biases_are_only_raised_and_decided(seed):
    rng = Random(f"bias {seed}")
    n = rng.randint(1, 3)
    layer = xi.ReLULayer(*random_degenerate_layer(rng, n, random_shape(rng, n)))
    for domain in DOMAINS[:5]:
        repair = xi.make_injective(layer, method="bias", domain=domain)
        assert repair.added == ()
        assert repair.layer.W == layer.W
        assert min(repair.raised.values(), default=1) > 0
        if repair.verdict == "injective":
            assert_repaired(repair, domain)
        elif domain not in (None, "nonneg"):
            assert layer.W.rank() < n  # on a bounded domain a bias helps wherever the rows span


def test_if_zero_fails_on_a_cone_so_does_every_bias():
    """Against an SMT solver, which is free to choose the bias of each row up to a bound."""
    repair = xi.make_injective((TRIANGLE, [-1, -1, -1]), method="bias")
    assert repair.verdict == "not_injective"
    assert "no bias makes this layer injective on R^n" in repair.steps[-1]
    for bias in (0, 1, 100, 10**6):
        assert not smt_collision(TRIANGLE, [bias] * 3).injective


def test_the_exact_alpha_is_used_where_it_is_smaller_than_full_activity():
    frame = xi.ReLULayer([[2, 1], [-1, 2], [-2, -1], [1, -3]], [-1] * 4)
    repair = xi.make_injective(frame, method="bias", domain="ball:1")
    assert_repaired(repair, "ball:1")
    exact = xi.alpha_star(frame).alpha
    for i, change in repair.raised.items():
        assert -1 + change <= -exact[i].floor(20)


def test_without_a_candidate_the_reason_says_so():
    half = xi.Polytope([[1, 0]], [1])
    repair = xi.make_injective((TRIANGLE, [-1, -1, -1]), method="bias", domain=half)
    assert "no bias is known to try" in repair.steps[-1]
    assert repair.verdict == "not_injective"


# ------------------------------------------------------------------ rows that tell something


def test_opposite_rows_tell_their_product_exactly_if_the_biases_do_not_leave_a_gap():
    for b, other in [(0, 0), (1, -1), (-1, 1), (-1, 2), (2, -3), (-1, "1/2"), (0, "-1/1000")]:
        verdict = xi.certify(xi.ReLULayer([[1], [-1]], [b, other])).verdict
        assert verdict == ("injective" if Fraction(other) >= -Fraction(b) else "not_injective")


def test_short_directions_are_never_orthogonal():
    rng = Random(5)
    for _ in range(200):
        direction = [Fraction(rng.randint(-30, 30), rng.randint(1, 9)) for _ in range(rng.randint(1, 6))]
        if any(direction):
            short = short_direction(direction)
            assert sum(a * c for a, c in zip(short, direction, strict=True)) > 0
            assert max(map(abs, short)) <= 4


@pytest.mark.parametrize("domain", ["ball:3", "nonneg-ball:3", "box:-2,5", "box:-7,3:-6,100", "ball:1/5:100,-40"])
def test_least_constants_are_valid_and_nearly_tight(domain):
    domain = xi.parse_domain(domain).for_dimension(2)
    rng = Random(1)
    for _ in range(40):
        gradient = [Fraction(rng.randint(-9, 9), rng.randint(1, 4)) for _ in range(2)]
        constant = least_constant(domain, gradient, None)
        assert constant is not None
        assert domain.is_nonnegative(gradient, constant)
        assert constant == 0 or not domain.is_nonnegative(gradient, constant * Fraction(31, 32))


def test_least_constants_do_not_exist_where_the_domain_is_unbounded():
    assert least_constant(xi.RealSpace(), [Fraction(1)], None) is None
    assert least_constant(xi.NonnegativeOrthant(), [Fraction(-1)], None) is None
    assert least_constant(xi.NonnegativeOrthant(), [Fraction(1)], None) == 0


def test_rounding_up_gives_the_least_number_of_so_many_bits():
    for value in (Fraction(1, 3), Fraction(-1, 3), Fraction(100, 7), Fraction(-5), Fraction(1, 1024)):
        for bits in (1, 2, 8, 24):
            rounded = rounded_up(value, bits)
            assert value <= rounded < value + abs(value) * Fraction(2, 2**bits)
            odd = abs(rounded.numerator)
            while odd and odd % 2 == 0:
                odd //= 2
            assert odd.bit_length() <= bits
