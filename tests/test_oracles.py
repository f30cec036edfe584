"""The oracles against each other, against known cases, and against published probabilities."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import sqrt
from random import Random
from typing import Any

import flint
import pytest
from hypothesis import given, settings
from oracles import (
    Domain,
    OracleAnswer,
    brute_force_flats,
    flats_by_rank,
    is_collision,
    is_witness,
    pair_from_witness,
    rank,
    relation,
    smt_collision,
    smt_direct,
    wedges_n2,
)
from oracles.flats import Negative, negative_point, primitive
from strategies import Layer, degenerate_layers, random_degenerate_layer, random_shape, small_layers

DOMAINS: tuple[Domain, ...] = ("R^n", "nonneg")


def flint_rank(rows: list[tuple[Fraction, ...]]) -> int:
    """The rank over Q, by a library that the oracles do not use."""
    if not rows:
        return 0
    return flint.fmpq_mat([[flint.fmpq(c.numerator, c.denominator) for c in row] for row in rows]).rank()


def identity(n: int, factor: int = 1) -> list[list[int]]:
    return [[factor * int(i == j) for j in range(n)] for i in range(n)]


def assert_evidence(layer: tuple[Any, Any], domain: Domain, answer: OracleAnswer) -> None:
    """A non-injective answer must carry a T2 witness that leads to a real collision."""
    if answer.injective:
        assert answer.x is None
        assert answer.v is None
        return
    assert answer.x is not None
    assert answer.v is not None
    assert is_witness(*layer, domain, answer.x, answer.v)
    assert is_collision(*layer, domain, *pair_from_witness(*layer, domain, answer.x, answer.v))


# --- known cases ---------------------------------------------------------------------------------

KNOWN: dict[str, tuple[list[list[Any]], list[Any] | None, Domain, bool]] = {
    "plus and minus identity": (identity(3) + identity(3, -1), None, "R^n", True),
    "identity on R^n": (identity(3), None, "R^n", False),
    "identity on the orthant": (identity(3), None, "nonneg", True),
    "identity pushed below zero on the orthant": (identity(3), [-1, 0, 0], "nonneg", False),
    "bias that refutes the slides' converse": ([[1], [-1]], [-1, 1], "R^n", True),
    "a gap of 1e-30 between the half-lines": ([[1], [-1]], [-1, 1 - Fraction(1, 10**30)], "R^n", False),
    "an overlap of 1e-30": ([[1], [-1]], [-1, 1 + Fraction(1, 10**30)], "R^n", True),
    "four rows, not paired": ([[2, 1], [-2, 2], ["-1.5", -2], [2, -1]], None, "R^n", False),
    "four rows, paired": ([[2, 1], [-2, 1], [-2, -1], [2, -1]], None, "R^n", True),
    "regular pentagon, roughly": ([[10, 0], [3, 10], [-8, 6], [-8, -6], [3, -10]], None, "R^n", True),
    "rank deficient": ([[1, 1], [-1, -1], [2, 2]], None, "R^n", False),
    "rank deficient on the orthant": ([[1, 1], [-1, -1], [2, 2]], None, "nonneg", False),
    "zero rows only": ([[0, 0], [0, 0]], [1, -1], "R^n", False),
    "rank lost only where the orthant has no interior": ([[1, 1], [1, 0], [-1, 0]], None, "nonneg", True),
    "difference rows on the orthant": ([[1, -1], [-1, 1]], None, "nonneg", False),
    "far too negative a bias": (identity(2) + identity(2, -1), [-1] * 4, "R^n", False),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_case(name: str) -> None:
    W, b, domain, injective = KNOWN[name]
    for answer in (
        brute_force_flats(W, b, domain),
        smt_collision(W, b, domain, "z3"),
        smt_collision(W, b, domain, "cvc5"),
    ):
        assert answer.injective is injective
        assert_evidence((W, b), domain, answer)
    assert (smt_direct(W, b, domain) is None) is injective


def test_fewer_than_2n_rows_without_bias_are_never_injective() -> None:
    rng = Random(20)
    for _ in range(120):
        n = rng.randint(1, 4)
        layer = random_degenerate_layer(rng, n, rng.randint(1, 2 * n - 1), bias=False)
        assert not brute_force_flats(*layer).injective


def test_more_rows_or_more_bias_never_hurt() -> None:
    rng = Random(21)
    for _ in range(150):
        n = rng.randint(1, 3)
        W, b = random_degenerate_layer(rng, n, rng.randint(2 * n, 9))
        if brute_force_flats(W, b).injective:
            extra, raised = random_degenerate_layer(rng, n, 1), [c + rng.randint(0, 1) for c in b]
            assert brute_force_flats(W + extra.W, b + extra.b).injective
            assert brute_force_flats(W, raised).injective
            assert brute_force_flats(W, b, "nonneg").injective
            assert brute_force_flats(W).injective  # ReLU(Wx + b) injective => ReLU(Wx) injective


# --- the oracles against each other --------------------------------------------------------------


def test_flats_agree_with_z3_on_random_layers() -> None:
    rng = Random(1)
    verdicts = []
    for k in range(400):
        n = rng.choice((1, 2, 2, 3, 3, 3, 4))
        layer = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bool(k & 1))
        domain = DOMAINS[k >> 1 & 1]
        answers = [brute_force_flats(*layer, domain), smt_collision(*layer, domain)]
        assert answers[0].injective == answers[1].injective, (layer, domain)
        for answer in answers:
            assert_evidence(layer, domain, answer)
        verdicts.append(answers[0].injective)
    assert 0.3 < sum(verdicts) / len(verdicts) < 0.7


def test_cvc5_agrees() -> None:
    rng = Random(2)
    for k in range(80):
        n = rng.randint(1, 3)
        layer = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bool(k & 1))
        domain = DOMAINS[k >> 1 & 1]
        answer = smt_collision(*layer, domain, "cvc5")
        assert answer.injective == brute_force_flats(*layer, domain).injective, (layer, domain)
        assert_evidence(layer, domain, answer)


def test_the_definition_agrees() -> None:
    rng = Random(3)
    for k in range(120):
        n = rng.randint(1, 2)
        layer = random_degenerate_layer(rng, n, rng.randint(2, 3 * n), bias=bool(k & 1))
        domain = DOMAINS[k >> 1 & 1]
        pair = smt_direct(*layer, domain)
        assert (pair is None) == brute_force_flats(*layer, domain).injective, (layer, domain)
        assert pair is None or is_collision(*layer, domain, *pair)


def test_wedges_agree() -> None:
    rng = Random(4)
    for _ in range(500):
        layer = random_degenerate_layer(rng, 2, random_shape(rng, 2), bias=False)
        answer = wedges_n2(*layer)
        assert answer.injective == brute_force_flats(*layer).injective, layer
        assert_evidence(layer, "R^n", answer)


def test_reusing_refuters_changes_no_verdict() -> None:
    rng = Random(5)
    for k in range(150):
        n = rng.randint(1, 4)
        layer = random_degenerate_layer(rng, n, random_shape(rng, n), bias=bool(k & 1))
        domain = DOMAINS[k >> 1 & 1]
        without = brute_force_flats(*layer, domain, reuse_refuters=False)
        assert without == brute_force_flats(*layer, domain), (layer, domain)


@settings(max_examples=80, deadline=None)
@given(small_layers())
def test_small_layers(layer: Layer) -> None:
    for domain in DOMAINS:
        answer = brute_force_flats(*layer, domain)
        assert answer.injective == smt_collision(*layer, domain).injective
        assert_evidence(layer, domain, answer)


@settings(max_examples=80, deadline=None)
@given(degenerate_layers(max_n=3))
def test_degenerate_layers(layer: Layer) -> None:
    assert brute_force_flats(*layer).injective == smt_collision(*layer).injective


# --- the parts of the brute force ----------------------------------------------------------------


def test_elimination_in_integers() -> None:
    """The rank is flint's, and a relation is one, and there is one exactly where the nullspace is a line."""
    rng, seen = Random("elimination"), set()
    for _ in range(300):
        n = rng.randint(1, 4)
        W, _ = random_degenerate_layer(rng, n, rng.randint(1, 6))
        assert rank(W) == flint_rank(list(W))
        found = relation(W)
        assert (found is None) == (len(W) - flint_rank(list(W)) != 1)
        if found is not None:
            assert any(found)
            assert not any(sum(c * w[k] for c, w in zip(found, W, strict=True)) for k in range(n))
        seen.add(found is None)
    assert seen == {True, False}


def test_flats_are_the_closures_of_all_row_subsets() -> None:
    rng = Random(6)
    for _ in range(60):
        n = rng.randint(1, 4)
        W, _ = random_degenerate_layer(rng, n, rng.randint(1, 8), bias=False)
        closures: list[set[int]] = [set() for _ in range(n)]
        for size in range(n):
            for subset in combinations(W, size):
                r = flint_rank(list(subset))
                closures[r].add(sum(1 << i for i, w in enumerate(W) if flint_rank([*subset, w]) == r))
        found = flats_by_rank([primitive(w) for w in W])
        assert [set(level) for level in found] == closures, W


def test_negative_point_gives_checked_evidence() -> None:
    rng = Random(7)
    negatives = 0
    for _ in range(400):
        d = rng.randint(1, 4)
        A = [[rng.randint(-3, 3) for _ in range(d)] for _ in range(rng.randint(1, 8))]
        found = negative_point(A)
        if isinstance(found, Negative):
            negatives += 1
            assert all(sum(a * z for a, z in zip(row, found.point, strict=True)) < 0 for row in A)
        else:
            assert min(found.weights.values()) > 0
            assert not any(sum(c * A[i][j] for i, c in found.weights.items()) for j in range(d))
    assert 50 < negatives < 350


def test_evaluation_rejects_what_is_no_collision() -> None:
    W, b = [[1, 0], [0, 1]], [0, 0]
    assert is_collision(W, b, "R^n", [-1, 0], [-2, 0])
    assert not is_collision(W, b, "nonneg", [-1, 0], [-2, 0])  # outside the domain
    assert not is_collision(W, b, "R^n", [-1, 0], [-1, 0])  # x = y
    assert not is_collision(W, b, "R^n", [Fraction(1, 10**30), 0], [-1, 0])  # outputs differ by 1e-30
    assert is_collision([[1, 0]], [0], "nonneg", [0, 0], [0, 1])  # the boundary belongs to the domain
    assert not is_witness([[1, 0]], [0], "nonneg", [0, 1], [0, 1])  # but not to its interior
    assert not is_witness(W, b, "R^n", [-1, -1], [0, 0])  # v = 0
    assert not is_witness(W, b, "R^n", [0, -1], [1, 0])  # g = 0 is not strictly negative


@pytest.mark.parametrize("bad", [([], []), ([[]], [1]), ([[1], [1, 2]], None), ([[1]], [1, 2])])
def test_bad_shapes_are_refused(bad: tuple[Any, Any]) -> None:
    for oracle in (brute_force_flats, smt_collision, smt_direct):
        with pytest.raises(ValueError, match="expected W"):
            oracle(*bad)


def test_unknown_domains_and_biased_wedges_are_refused() -> None:
    with pytest.raises(ValueError, match="expected domain"):
        brute_force_flats([[1]], None, "ball:1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no bias"):
        wedges_n2([[1, 0]], [1])


# --- the generator and the probabilities ---------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("bias", [False, True])
def test_generator_mixes_verdicts_and_faults(n: int, bias: bool) -> None:
    rng = Random(8)
    layers = [random_degenerate_layer(rng, n, random_shape(rng, n), bias) for _ in range(200)]
    share = sum(brute_force_flats(*layer).injective for layer in layers) / len(layers)
    assert 0.25 < share < 0.75
    assert any(not any(w) for W, _ in layers for w in W)
    assert any(len(set(W)) < len(W) for W, _ in layers)
    assert n == 1 or any(flint_rank(list(W)) < n <= len(W) for W, _ in layers)
    assert any(len(W) < 2 * n for W, _ in layers)
    assert any(abs(c) > 10**11 for W, _ in layers for w in W for c in w)
    assert any(0 < abs(c) < Fraction(1, 10**11) for W, _ in layers for w in W for c in w)
    assert any(any(b) for _, b in layers) is bias


def test_generator_is_reproducible() -> None:
    assert random_degenerate_layer(Random(9), 3, 9) == random_degenerate_layer(Random(9), 3, 9)


@pytest.mark.parametrize(
    ("m", "exact"), [(5, Fraction(1, 16)), (6, Fraction(1, 4)), (7, Fraction(29, 64)), (8, Fraction(5, 8))]
)
def test_gaussian_probabilities_in_the_plane(m: int, exact: Fraction) -> None:
    rng = Random(100 + m)
    samples = 2000
    hits = sum(wedges_n2([(rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(m)]).injective for _ in range(samples))
    sigma = sqrt(exact * (1 - exact) / samples)
    assert abs(hits / samples - exact) < 4 * sigma
