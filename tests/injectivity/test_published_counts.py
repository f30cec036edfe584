"""Gaussian layers against published numbers of injective layers and exact probabilities.

Counts: gamma1398/Testing-injectivity-of-ReLU-layers, `Experiments_FindCell.ipynb`, 1,000 trials each. Exact
probabilities for n = 2: docs/mathematics.md. Wendel's theorem gives n = 1.
"""

from __future__ import annotations

from fractions import Fraction
from math import hypot, sqrt

import numpy as np
import pytest

import exactinj as xi

PUBLISHED = {(2, 6): 242, (3, 13): 469, (4, 20): 598, (5, 26): 560, (6, 33): 577}
PUBLISHED_NONNEGATIVE = {(2, 5): 566, (3, 7): 224, (3, 9): 488}
PLANE = {5: "1/16", 6: "1/4", 7: "29/64", 8: "5/8", 9: "193/256", 10: "27/32", 11: "925/1024", 12: "241/256"}


def count_injective(n, m, trials, seed, domain=None):
    rng = np.random.default_rng(seed)
    verdicts = [xi.certify(xi.ReLULayer(rng.standard_normal((m, n))), domain=domain).verdict for _ in range(trials)]
    assert set(verdicts) <= {"injective", "not_injective"}
    return verdicts.count("injective")


def three_sigma(probability, trials, published_trials=None):
    """Three standard deviations of the difference between a count and its published rate."""
    variance = probability * (1 - probability) * trials
    if published_trials is not None:
        variance += probability * (1 - probability) * trials**2 / published_trials
    return 3 * sqrt(variance)


def assert_counts(counts, probabilities, trials, published_trials=None):
    """Every count is near its expected value, and so is their sum, which a fault in all of them would move further."""
    for key, probability in probabilities.items():
        assert abs(counts[key] - trials * probability) <= three_sigma(probability, trials, published_trials), key
    sigmas = [three_sigma(probability, trials, published_trials) for probability in probabilities.values()]
    assert abs(sum(counts.values()) - trials * sum(probabilities.values())) <= hypot(*sigmas)


def test_fewer_gaussian_layers_have_the_published_counts():
    counts = {(n, m): count_injective(n, m, 400, seed=[n, m]) for n, m in PUBLISHED}
    assert_counts(counts, {key: count / 1000 for key, count in PUBLISHED.items()}, 400, 1000)


def test_fewer_layers_have_the_published_counts_on_the_nonnegative_cone():
    domain = xi.NonnegativeOrthant()
    counts = {(n, m): count_injective(n, m, 300, seed=[n, m, 1], domain=domain) for n, m in PUBLISHED_NONNEGATIVE}
    assert_counts(counts, {key: count / 1000 for key, count in PUBLISHED_NONNEGATIVE.items()}, 300, 1000)


def test_fewer_layers_in_the_plane_have_the_exact_probabilities():
    counts = {m: count_injective(2, m, 400, seed=m) for m in PLANE}
    assert_counts(counts, {m: float(Fraction(text)) for m, text in PLANE.items()}, 400)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), PUBLISHED)
def test_published_counts_of_gaussian_layers(n, m):
    count = count_injective(n, m, 1000, seed=[n, m])
    expected = PUBLISHED[n, m]
    assert abs(count - expected) <= three_sigma(expected / 1000, 1000)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), PUBLISHED_NONNEGATIVE)
def test_published_counts_on_the_nonnegative_cone(n, m):
    count = count_injective(n, m, 1000, seed=[n, m, 1], domain=xi.NonnegativeOrthant())
    expected = PUBLISHED_NONNEGATIVE[n, m]
    assert abs(count - expected) <= three_sigma(expected / 1000, 1000, 1000)


@pytest.mark.slow
@pytest.mark.parametrize("m", PLANE)
def test_exact_probabilities_in_the_plane(m):
    probability = float(Fraction(PLANE[m]))
    assert abs(count_injective(2, m, 1500, seed=m) - 1500 * probability) <= three_sigma(probability, 1500)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_layers_on_the_line_are_injective_with_both_signs(m):
    """Every verdict by itself, and their share: Wendel's probability that m signs are not all the same."""
    rows = np.random.default_rng(m).standard_normal((500, m, 1))
    verdicts = [xi.certify(xi.ReLULayer(W)).verdict == "injective" for W in rows]
    assert verdicts == [W.min() < 0 < W.max() for W in rows]
    probability = 1 - 2.0 ** (1 - m)
    assert abs(sum(verdicts) - 500 * probability) <= three_sigma(probability, 500)
