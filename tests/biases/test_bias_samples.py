"""Exact biases against plain sampling: no sample is below alpha*, none misses active rows under the hull bias.

A small share of the frames runs by default, all 200 (and 20 with n = 4) with ``-m slow``.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi

SAMPLES = 100_000
FRAMES = [(seed, 2 + seed % 2) for seed in range(200)] + [(seed, 4) for seed in range(200, 220)]
SOME = FRAMES[::24] + FRAMES[-1:]


def random_frame(seed, n):
    """Float rows of different lengths: n + 1 to 15 of them, 10 for n = 4."""
    rng = np.random.default_rng(seed)
    m = 10 if n == 4 else int(rng.integers(n + 1, 16))
    return rng.standard_normal((m, n)) * rng.choice([0.25, 1.0, 3.0], size=(m, 1))


def unit_points(seed, n, count=SAMPLES):
    points = np.random.default_rng(seed + 10_000).standard_normal((count, n))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def best_samples(rows, points):
    """Per row the smallest <x, w_j> over the points where it is among the n largest, and the point."""
    values = points @ rows.T
    n = rows.shape[1]
    level = np.partition(values, len(rows) - n, axis=1)[:, len(rows) - n, None]
    masked = np.where(values >= level, values, np.inf)
    return masked.min(axis=0), masked.argmin(axis=0)


def exact_value(layer, point, j):
    """<x, w_j> / |x| at a float point, exactly, or None if n or more rows are above j there."""
    x = [Fraction(float(value)) for value in point]
    products = [sum(a * c for a, c in zip(row, x, strict=True)) for row in layer.W.fractions()]
    if sum(value > products[j] for value in products) >= layer.n:
        return None
    square = products[j] ** 2 / sum(value * value for value in x)
    return xi.Surd((products[j] > 0) - (products[j] < 0), square)


def check_alpha(seed, n):
    """Returns the mean gaps of the estimates from a thousand and from all samples."""
    rows = random_frame(seed, n)
    layer = xi.ReLULayer(rows)
    alpha = xi.alpha_star(layer, domain=xi.Sphere(1))
    assert xi.check(alpha.certificate, layer).valid
    points = unit_points(seed, n)
    early, _ = best_samples(rows, points[:1000])
    estimate, places = best_samples(rows, points)
    for entry in alpha.values:
        if np.isfinite(estimate[entry.row]):
            value = exact_value(layer, points[places[entry.row]], entry.row)
            assert value is None or value >= entry.value
        if entry.point is None:
            assert estimate[entry.row] == np.inf
            continue
        length = sum(c * c for c in entry.point)
        products = [sum(a * c for a, c in zip(row, entry.point, strict=True)) for row in layer.W.fractions()]
        own = products[entry.row]
        assert sum(value > own for value in products) <= n - 1
        assert xi.Surd((own > 0) - (own < 0), own * own / length) == entry.value
    seen = np.isfinite(early)
    truth = np.array([float(value) for value in alpha.alpha])[seen]
    return (early[seen] - truth).mean(), (estimate[seen] - truth).mean()


def check_hull(seed, n):
    rows = random_frame(seed, n)
    layer = xi.ReLULayer(rows)
    for radius in (Fraction(1, 3), Fraction(1), Fraction(5)):
        for domain in (xi.Sphere(radius), xi.Ball(radius), xi.NonnegativeBall(radius), xi.Shell(radius / 2, radius)):
            try:
                hull = xi.hull_bias(layer, domain=domain)
            except xi.InputError as error:
                assert "halfspace" in str(error)  # noqa: PT017
                return False
            bias = np.array([float(value) for value in hull.floor_alpha()])
            points = unit_points(seed, n, 20_000) * float(radius)
            if not isinstance(domain, xi.Sphere):
                low = 0.5 if isinstance(domain, xi.Shell) else 0.0
                points *= np.random.default_rng(seed).uniform(low, 1.0, size=(len(points), 1))
            if isinstance(domain, xi.NonnegativeBall):
                points = np.abs(points)
            slack = 1e-12 * float(radius) * np.abs(rows).max()
            active = points @ rows.T >= bias - slack
            assert active.sum(axis=1).min() >= n
    return True


def check_all(frames):
    gaps = np.array([check_alpha(*frame) for frame in frames])
    early, late = gaps.mean(axis=0)
    assert (gaps[:, 1] >= -1e-12).all()
    assert (gaps[:, 1] <= gaps[:, 0] + 1e-12).all()
    assert late < 0.3 * early
    assert sum(check_hull(*frame) for frame in frames) > len(frames) / 4


def test_samples_of_some_frames():
    check_all(SOME)


@pytest.mark.slow
def test_samples_of_all_frames():
    check_all(FRAMES)
