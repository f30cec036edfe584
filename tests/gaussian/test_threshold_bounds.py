"""Closed formulas about the ratio m / n: the published digits, and second implementations that share nothing."""

from __future__ import annotations

from fractions import Fraction
from math import comb, log, log2

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from exactinj.errors import InputError
from exactinj.gaussian import expected_euler_characteristic
from exactinj.gaussian.thresholds import (
    almeida_thouless,
    cover,
    euler,
    gordon,
    mean_row,
    orthants,
    replica_symmetric,
    vertices,
)
from exactinj.gaussian.thresholds.binary_entropy import binary_entropy


def normal(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def integral(function, low, high):
    return quad(function, low, high, epsabs=1e-13, epsrel=1e-12, limit=200)[0]


@pytest.mark.parametrize(
    ("found", "published"),
    [
        (cover.threshold, 3),
        (mean_row.threshold, 3.4028),
        (almeida_thouless.threshold, 5.3238),
        (vertices.printed_threshold, 5.7005),
        (gordon.threshold, 7.6477),
        (replica_symmetric.threshold, 7.6477),
        (euler.threshold, 8.34),
        (orthants.threshold, 9.0886),
        (vertices.threshold, 10.42),
        (gordon.loose_threshold, 23.54),
    ],
)
def test_published_digits(found, published):
    digits = len(str(published).partition(".")[2])
    assert round(found().value, digits) == published


def test_rows_that_any_input_makes_negative():
    """Wendel's probability for m - n + 1 rows, exactly: 1/2 at their number 2 n, which is the ratio 3."""
    for n in (5, 50, 500):
        rows = 2 * n
        assert Fraction(sum(comb(rows - 1, k) for k in range(n)), 2 ** (rows - 1)) == Fraction(1, 2)


def test_the_mean_row_by_quadrature():
    share = brentq(lambda c: c * integral(normal, 1 / np.sqrt(c), np.inf) - 1, 2, 6, xtol=1e-12)
    assert mean_row.threshold().value == pytest.approx(share, abs=1e-9)


def test_the_mean_row_by_sampling():
    """Active rows at the input opposite to the mean, for layers with n = 400."""
    rng = np.random.default_rng(5)
    for ratio, is_below in ((3.2, True), (3.6, False)):
        W = rng.standard_normal((int(400 * ratio), 400))
        assert (np.count_nonzero(W @ -W.mean(axis=0) > 0) < 400) == is_below


@pytest.mark.parametrize(("ratio", "works"), [(8.8, False), (9.3, True)])
def test_orthants_counted(ratio, works):
    """Wendel's probability times the number of orthants, as integers, for n = 400."""
    n, m = 400, int(400 * ratio)
    orthant = sum(comb(m, k) for k in range(n))
    met = 2 * sum(comb(m - 1, k) for k in range(n))
    assert (orthant * met < 2**m) == works


@pytest.mark.parametrize(("ratio", "works"), [(10.1, False), (10.8, True)])
def test_rays_counted(ratio, works):
    """The bound C(m, n-1) <= (c e)^n of the published proof, times the share of signs with fewer than n positive."""
    n, m = 400, int(400 * ratio)
    others = m - n + 1
    signs = sum(comb(others, k) for k in range(n))
    assert (n * (log2(ratio) + log2(np.e)) + log2(signs) - others < 0) == works


def test_gordon_is_replica_symmetric():
    assert gordon.threshold().value == pytest.approx(replica_symmetric.threshold().value, abs=1e-9)


@pytest.mark.parametrize("ratio", [2.05, 3.0, 7.6477, 12.0])
def test_replica_symmetry_by_quadrature(ratio):
    t = brentq(lambda t: ratio * integral(lambda x: x * x * normal(x), 0, t) - 1, 0, 10, xtol=1e-13)
    assert replica_symmetric.susceptibility(ratio) == pytest.approx(t * t / 2, rel=1e-9)
    assert replica_symmetric.energy(ratio) == pytest.approx(ratio * integral(normal, t, np.inf), rel=1e-9)


@pytest.mark.parametrize("ratio", [5.0, 7.6477, 10.0])
def test_the_width_by_sampling(ratio):
    """The distance of a Gaussian vector to the vectors with fewer than n positive coordinates, for n = 100,000."""
    n, m = 100_000, int(100_000 * ratio)
    g = np.sort(np.random.default_rng(1).standard_normal(m))
    killed = g[: m - n + 1]
    margin = (np.sum(killed[killed > 0] ** 2) - n) / m
    assert gordon.exact_margin(ratio) == pytest.approx(margin, abs=4e-3)


def test_the_loose_width_by_brute_force():
    ratio = 20.0
    entropy = -log(1 / ratio) - (ratio - 1) * log(1 - 1 / ratio)

    def moment(s):
        """E exp(s g^2 / 2) over positive g, 1 over the others."""
        return 0.5 + integral(lambda x: np.exp((s - 1) * x * x / 2) / np.sqrt(2 * np.pi), 0, np.inf)

    bounds = [2 / s * (entropy + log(moment(s))) for s in np.linspace(0.8, 0.995, 196)]
    assert gordon.loose_margin(ratio) == pytest.approx(ratio / 2 - 1 - min(bounds), rel=1e-4)


def test_energies_without_rows_to_spare_are_zero():
    assert replica_symmetric.energy(2) == 0 == replica_symmetric.energy(0.5)
    for ratio in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="expected one above 2"):
            replica_symmetric.energy(ratio)


def test_stability_by_quadrature():
    """The three equations at the published ratio, with derivatives of log N by differences."""
    found = almeida_thouless.at_unit_energy(
        brentq(lambda beta: almeida_thouless.at_unit_energy(beta).stability, 0.5, 8)
    )
    q, beta, width = found.overlap, found.beta, np.sqrt(1 - found.overlap)

    def tail(h):
        return integral(normal, h, 9) if h < 9 else 0.0

    def log_number(h):
        return np.log(1 - (1 - np.exp(-beta)) * tail(-h / width))

    g, step, d = np.linspace(-6, 6, 121), 0.1, 1e-3
    weights = normal(g) * step
    h = np.sqrt(q) * g
    low, middle, high = (np.array([log_number(value) for value in h + shift]) for shift in (-d, 0, d))
    first, second = (high - low) / (2 * d), (high - 2 * middle + low) / d**2
    active = np.exp(-beta) * np.array([tail(-value / width) for value in h]) / np.exp(middle)
    assert found.ratio * weights @ first**2 == pytest.approx(q / (1 - q) ** 2, rel=1e-4)
    assert found.ratio * weights @ active == pytest.approx(1, rel=1e-4)
    assert found.ratio * weights @ second**2 == pytest.approx(1 / (1 - q) ** 2, rel=1e-3)


def by_valuations(m, n):
    """Twice every second coefficient from t^(m-n+1) on of sum_k C(m, k) ((t-1)/2)^k ((1+t)/2)^(m-k), k < n."""
    coefficients = [0] * (m + 1)
    for k in range(n):
        powers = [1]
        for sign in [-1] * k + [1] * (m - k):
            powers = [sign * a + b for a, b in zip([*powers, 0], [0, *powers], strict=True)]
        coefficients = [c + comb(m, k) * p for c, p in zip(coefficients, powers, strict=True)]
    return Fraction(2 * sum(coefficients[m - n + 1 :: 2]), 2**m)


def test_the_surrogate_by_valuations():
    for n in range(1, 6):
        for m in range(n, n + 9):
            assert expected_euler_characteristic(n, m) == by_valuations(m, n)


def test_the_surrogate_for_one_and_two_inputs():
    """At n = 1 a layer is not injective if all its weights have one sign; at n = 2 the surrogate is no probability."""
    assert [expected_euler_characteristic(1, m) for m in range(1, 9)] == [Fraction(2, 2**m) for m in range(1, 9)]
    values = [float(expected_euler_characteristic(2, m)) for m in (3, 4, 5, 6, 8, 12)]
    assert values == pytest.approx([1.5, 1.5, 1.25, 0.9375, 0.4375, 0.0645], abs=5e-5)


@pytest.mark.parametrize("ratio", [8, 9, 12])
def test_the_rate_of_the_surrogate(ratio):
    """Logarithms of exact values at n and 2 n: powers of n cancel to first order."""
    n = 30
    small, large = (log(expected_euler_characteristic(size, ratio * size)) for size in (n, 2 * n))
    assert euler.rate(ratio) == pytest.approx((large - small) / (ratio * n), abs=6e-3)


def test_the_surrogate_asks_for_rows():
    for m, n in ((2, 3), (1, 0)):
        with pytest.raises(InputError, match="1 <= n <= m"):
            expected_euler_characteristic(n, m)


def test_entropy_of_binomials():
    n = 4000
    assert log2(comb(3 * n, n)) / (3 * n) == pytest.approx(binary_entropy(1 / 3), abs=1e-3)
