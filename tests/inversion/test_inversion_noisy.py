"""Nearest inputs beside another solver, and error bounds beside the truth."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

import exactinj as xi
from exactinj.exact.definite import gram_factor
from exactinj.exact.surd import root_above

ROOT_HALF_BELOW = "70710678/100000000"


def random_case(rng, n, m, noise):
    W, b, x = rng.standard_normal((m, n)), 0.2 * rng.standard_normal(m), rng.standard_normal(n)
    y = np.maximum(W @ x + b, 0)
    noisy = np.maximum(y + noise * rng.standard_normal(m) * (y > 0), 0)
    return W, b, x, noisy


def slsqp(W, b, y, start):
    """The same convex program by another method."""
    on = y > 0
    answer = minimize(
        lambda z: np.sum((W[on] @ z + b[on] - y[on]) ** 2),
        start,
        jac=lambda z: 2 * W[on].T @ (W[on] @ z + b[on] - y[on]),
        constraints=[{"type": "ineq", "fun": lambda z: -(W[~on] @ z + b[~on]), "jac": lambda z: -W[~on]}],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return answer.x


@pytest.mark.parametrize("seed", range(20))
def test_least_squares_with_inequalities_beside_slsqp(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    W, b, x, y = random_case(rng, n, int(rng.integers(3 * n, 8 * n)), noise=0.3)
    result = xi.invert((W, b), y, noisy=True)
    assert result.status == "nearest"
    found, on = np.array(result.x), y > 0
    if "warning" in result.reason:
        return
    assert (W[~on] @ found + b[~on]).max(initial=0) < 1e-7
    other = slsqp(W, b, y, x)
    ours, theirs = (np.linalg.norm(W[on] @ z + b[on] - y[on]) for z in (found, other))
    assert ours <= theirs + 1e-6
    assert result.residual >= np.linalg.norm(np.maximum(W @ found + b, 0) - y) * (1 - 1e-12) - 1e-14


def test_inequalities_matter():
    layer = ([[1, 0], [0, 1], [0, -1]], [0, 0, -1])
    y = [1, 0, 0]  # -1 <= x_2 <= 0; row 0 says nothing about it
    result = xi.invert(layer, y, noisy=True)
    assert result.x[0] == pytest.approx(1)
    assert -1 - 1e-8 <= result.x[1] <= 1e-8
    assert "warning" in result.reason
    pushed = xi.invert(([[1], [1], [1]], [0, 0, -2]), [1, 7, 0], noisy=True)
    assert pushed.x[0] == pytest.approx(2)
    alone = xi.invert(([[1], [1], [1]], [0, 0, -2]), [1, 7, 0], noisy=True, method="positive-rows")
    assert alone.x[0] == pytest.approx(4)


@pytest.mark.parametrize("domain", [xi.Box(0, 1), xi.Ball("1/3"), xi.NonnegativeBall(1), xi.NonnegativeOrthant()])
def test_the_point_lies_in_the_domain_exactly(domain):
    rng = np.random.default_rng(5)
    for _ in range(10):
        W, b, _, y = random_case(rng, 3, 12, noise=0.5)
        result = xi.invert((W, b), y, noisy=True, domain=domain)
        assert domain.contains([Fraction(value) for value in result.x])


def test_rounded_outputs_of_a_layer_of_64_inputs():
    rng = np.random.default_rng(2)
    W, b, x, _ = random_case(rng, 64, 256, noise=0)
    y = np.maximum(W.astype(np.float32) @ x.astype(np.float32) + b.astype(np.float32), 0)
    result = xi.invert((W, b), y, noisy=True)
    assert np.abs(np.array(result.x) - x).max() < 1e-4
    assert "warning" not in result.reason


def lower_lipschitz_below(W):
    """``sqrt(A / 2)`` for rows in the plane without bias, A over all open wedges; a little less, against rounding."""
    angles = np.sort(
        np.concatenate([np.arctan2(W[:, 1], W[:, 0]) + turn for turn in (np.pi / 2, -np.pi / 2)]) % (2 * np.pi)
    )
    middles = (angles + np.roll(angles, -1) + 2 * np.pi * (np.arange(len(angles)) == len(angles) - 1)) / 2
    smallest = math.inf
    for angle in middles:
        rows = W[W @ np.array([np.cos(angle), np.sin(angle)]) > 0]
        smallest = min(smallest, np.linalg.eigvalsh(rows.T @ rows)[0] if len(rows) else 0.0)
    return math.sqrt(smallest / 2) * (1 - 1e-9) if smallest > 1e-6 else None


def check_bounds(seed, trials):
    """Any noise, on every output: also where signs change."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((int(rng.integers(5, 10)), 2))
    kappa = lower_lipschitz_below(W)
    if kappa is None:
        W, kappa = np.vstack([np.eye(2), -np.eye(2)]), math.sqrt(0.5) * (1 - 1e-9)
    inputs = rng.standard_normal((trials, 2))
    exact = np.maximum(inputs @ W.T, 0)
    outputs = np.maximum(exact + 10.0 ** rng.uniform(-8, 0, (trials, 1)) * rng.standard_normal(exact.shape), 0)
    outputs[::2] *= exact[::2] > 0
    for x, truth, y in zip(inputs, exact, outputs, strict=True):
        noise = float(np.linalg.norm(y - truth)) + 1e-12
        result = xi.invert(W, y, noisy=True, noise=noise, kappa=kappa)
        assert np.linalg.norm(np.array(result.x) - x) <= result.error_bound


@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_never_above_the_bound(seed):
    check_bounds(seed, trials=20)


@pytest.mark.slow
def test_the_error_is_never_above_the_bound_in_ten_thousand_trials():
    for seed in range(100, 200):
        check_bounds(seed, trials=100)


def test_no_bound_without_kappa():
    assert xi.invert([[1], [-1]], [1, 0], noisy=True).error_bound is None
    assert xi.invert([[1], [-1]], [1, 0], noisy=True, noise=1, kappa=ROOT_HALF_BELOW).error_bound >= math.sqrt(2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noisy": True, "kappa": 0}, "found kappa = 0, expected a positive number"),
        ({"noisy": True, "noise": -1}, "found the noise -1"),
        ({"noisy": True, "method": "best"}, "found the method 'best'"),
        ({"kappa": 1}, "expected them with noisy only"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(xi.InputError, match=words):
        xi.invert([[1], [-1]], [1, 0], **options)


def test_roots_are_rounded_up():
    for k in range(1, 200):
        square = Fraction(k, 7)
        root = Fraction(root_above(square))
        assert root**2 >= square
        assert root**2 < square * Fraction(1 + 2**-50)
    assert root_above(Fraction(0)) == 0


def test_full_rank_is_never_claimed_wrongly():
    """Exactly dependent columns, also nearly so after scaling by powers of two."""
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(200):
        k, n = int(rng.integers(2, 12)), int(rng.integers(2, 6))
        matrix = rng.integers(-3, 4, (k, n)).astype(float)
        if rng.random() < 0.5:
            matrix[:, 0] = matrix[:, 1:].sum(axis=1)
        rank = xi.ReLULayer(matrix).W.rank()
        proved = gram_factor(np.ldexp(matrix, rng.integers(-40, 40, (1, n)))) is not None
        assert not proved or rank == n
        claimed += proved
    assert claimed > 50


def test_a_kappa_that_is_proved_first():
    layer = xi.ReLULayer([[1, 0], [0, 1], [-1, 0], [0, -1]])
    y = [0.5, 0, 0, 0.25]
    proved = xi.invert(layer, y, noisy=True, noise="1/8", kappa="certified")
    given = xi.invert(layer, y, noisy=True, noise="1/8", kappa=ROOT_HALF_BELOW)
    assert proved.error_bound == pytest.approx(given.error_bound, rel=1e-7)
    assert proved.error_bound >= math.sqrt(2) / 8
    not_injective = xi.invert([[1, 0], [0, 1]], [1, 1], noisy=True, kappa="certified")
    assert not_injective.error_bound is None


def test_a_domain_without_floats_has_no_certified_error():
    third = Fraction(1, 3)
    narrow = xi.Box([third], [third + Fraction(1, 10**30)])
    result = xi.invert([[1], [-1]], [1, 0], noisy=True, kappa="1/2", domain=narrow)
    assert not narrow.contains([Fraction(value) for value in result.x])
    assert result.error_bound is None
    assert "outside the domain" in result.reason


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_numbers_whose_squares_are_no_floats(size):
    result = xi.invert([[1], [1], [-1]], [size, 2 * size, 0], noisy=True, kappa="1/2")
    assert result.x[0] == pytest.approx(1.5 * size)
    assert result.residual == pytest.approx(size / math.sqrt(2))
    assert result.error_bound == pytest.approx(math.sqrt(2) * size)
    weights = xi.invert([[size], [-size]], [1, 0], noisy=True)
    assert weights.x[0] == pytest.approx(1 / size)


def test_numbers_that_are_no_floats_are_refused():
    with pytest.raises(xi.InputError, match="range of floats"):
        xi.invert([[1], [-1]], ["1e400", 0], noisy=True)
