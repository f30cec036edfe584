"""Probabilities in closed form, against enumeration of all signs, against counting faces, and against drawn rows."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import comb

import numpy as np
import pytest

import exactinj as xi
from exactinj.gaussian import (
    exact_half_point,
    exact_probability,
    expected_euler_characteristic,
    orthant_probability,
    probability_bounds,
    wendel_probability,
)

PUBLISHED_ORTHANT = {2: (58, 206, 372, 566, 701, 779, 860), 3: (13, 60, 136, 224, 370, 488, 591)}  # of 1,000 layers


def counts_around_the_circle(signs):
    """Active rows in the wedges of a half circle, one crossing after another; the other half has the other rows."""
    active = (len(signs) - sum(signs)) // 2
    counts = [active]
    for sign in signs:
        active += sign
        counts.append(active)
    return counts


@pytest.mark.parametrize("m", range(2, 13))
def test_the_plane_is_what_all_sign_patterns_say(m):
    good = everywhere = arcs = 0
    for signs in product((1, -1), repeat=m):
        half = counts_around_the_circle(signs)
        circle = half[:-1] + [m - count for count in half[:-1]]
        good += min(circle) >= 2
        everywhere += min(circle) >= 1
        bad = [count < 2 for count in circle]
        arcs += sum(bad[k] and not bad[k - 1] for k in range(2 * m))
    assert exact_probability(2, m) == Fraction(good, 2**m)
    assert wendel_probability(2, m) == Fraction(everywhere, 2**m)
    if m > 3:  # with three rows the bad arcs may close to a circle, of Euler characteristic 0
        assert expected_euler_characteristic(2, m) == Fraction(arcs, 2**m)


@pytest.mark.parametrize("m", range(1, 8))
def test_the_line_is_what_all_sign_patterns_say(m):
    signs = list(product((1, -1), repeat=m))
    assert exact_probability(1, m) == Fraction(sum(len(set(row)) == 2 for row in signs), 2**m)
    assert orthant_probability(1, m) == Fraction(sum(1 in row for row in signs), 2**m)
    assert wendel_probability(1, m) == exact_probability(1, m) == 1 - expected_euler_characteristic(1, m)


@pytest.mark.parametrize("m", range(2, 9))
def test_the_quarter_plane_is_what_all_sign_patterns_say(m):
    """Which rows change sign inside, and all their signs at one edge, in the order of their angles."""
    good = 0
    for crossing in product((0, 1), repeat=m):
        for signs in product((0, 1), repeat=m):
            active = sum(signs)
            fewest = active
            for crosses, on in zip(crossing, signs, strict=True):
                active += crosses * (1 - 2 * on)
                fewest = min(fewest, active)
            good += fewest >= 2
    assert orthant_probability(2, m) == Fraction(good, 4**m)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_the_euler_characteristic_is_the_published_double_sum(n):
    """As on the slides of A. Maillard (2022), for k + 1 inputs."""
    k = n - 1
    for m in range(n, 40, 5):
        total = Fraction(0)
        for i in range(k // 2 + 1):
            for step in range(2 * i, k + 1):
                ways = comb(m, k - 2 * i) * comb(k - 2 * i, step - 2 * i)
                total += ways * sum(comb(m - k + step, j) for j in range(step + 1)) * Fraction(-1, 2) ** step
        assert expected_euler_characteristic(n, m) == (-1) ** k * total / Fraction(2) ** (m - k - 1)


def test_half_points():
    assert exact_half_point(1) == 2
    assert exact_probability(2, 7) < Fraction(1, 2) < exact_probability(2, 8)
    t = exact_half_point(2) - 7
    assert (1 - t) * exact_probability(2, 7) + t * exact_probability(2, 8) == Fraction(1, 2)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_bounds_enclose_and_grow(n):
    bounds = [probability_bounds(n, m) for m in range(n, 60)]
    assert all(0 <= below <= above <= 1 for below, above in bounds)
    assert all(x[0] <= y[0] and x[1] <= y[1] for x, y in pairwise(bounds))
    if n <= 2:
        assert all(below <= exact_probability(n, m) <= above for m, (below, above) in enumerate(bounds, start=n))
    else:
        assert bounds[2 * n - 1 - n] == (0, 0)


def test_drawn_rows_in_the_plane_agree():
    """Angles of 20,000 layers: a wedge has the rows whose angles lie within a right angle of its own."""
    random = np.random.default_rng(5)
    for m in (6, 8, 11):
        angles = random.uniform(0, 2 * np.pi, (20_000, m))
        borders = np.concatenate([angles + np.pi / 2, angles - np.pi / 2], axis=1) + 1e-9
        active = np.cos(borders[:, :, np.newaxis] - angles[:, np.newaxis, :]) > 0
        share = np.mean(active.sum(axis=2).min(axis=1) >= 2)
        p = float(exact_probability(2, m))
        assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / 20_000)


def test_published_counts_on_the_quarter_plane():
    for m, count in enumerate(PUBLISHED_ORTHANT[2], start=2):
        p = float(orthant_probability(2, m))
        assert abs(count - 1000 * p) < 3 * np.sqrt(1000 * p * (1 - p))


@pytest.mark.parametrize("function", [exact_probability, orthant_probability])
def test_only_what_is_known(function):
    for n, m in ((3, 7), (0, 2), (2, 1)):
        with pytest.raises(xi.InputError, match="found n = "):
            function(n, m)
