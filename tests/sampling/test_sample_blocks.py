"""Blocks of samples: coefficients within their error bound, samples distributed as they say, nothing dropped."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from test_sampling import BACKENDS, Given

import exactinj as xi
from exactinj.sampling import sample_alpha
from exactinj.sampling.backend import NumpyBackend, backend_named
from exactinj.sampling.blocks import Independent, Rows, Subspaces
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.samplers import (
    UniformBall,
    UniformBox,
    UniformNonnegativeBall,
    UniformShell,
    UniformSphere,
)
from exactinj.sampling.search import Search

DATA = np.random.default_rng(5).standard_normal((40, 24)) * np.logspace(-3, 3, 24) + 7.0
SAMPLERS = [
    UniformSphere(),
    UniformSphere(1e-9),
    UniformBall(3e7),
    UniformShell(0.5, 1.0),
    Smoothing(DATA, 0.25),
    KernelDensity(DATA),
    Smoothing(1e6 * DATA, 1e-3),
    Smoothing(1e-12 * DATA, 1e-9),
    Smoothing(1e-3 * DATA, 1e12),
]


def rows_of_all_sizes(seed, m, n):
    """Rows no longer than 1: random ones, tiny ones, zero, and some along a coordinate."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((m, n)) / (4 * n**0.5)
    rows[1] *= 1e-12
    rows[2] *= 1e-60
    rows[3] = 0
    rows[4], rows[5] = np.eye(n)[0], -np.eye(n)[n - 1]
    return rows


def source_of(kind, sampler, backend, rows, block=64):
    if kind == 0:
        return Independent(sampler, backend, Rows(rows, backend))
    return Subspaces(sampler, backend, Rows(rows, backend), k=kind, most=40, block=block)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler.text)
@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
@pytest.mark.parametrize("kind", [0, 2, 12])
def test_coefficients_are_within_their_error(kind, backend, dtype, sampler):
    source = backend_named(backend, dtype, 3, None)
    rows = rows_of_all_sizes(1, 9, 24)
    stream = source_of(kind, sampler, source, rows, block=100)
    for count in (1, 64, 37):
        block = stream.draw(count)
        assert 1 <= block.count <= count
        points = block.points()
        assert points.shape == (block.count, 24)
        assert np.linalg.norm(points, axis=1).max() <= block.reach * (1 + 1e-6)
        for unit in (1.0, 2.0**30, 2.0**-40):
            found = source.numpy(block.coefficients(unit)) * unit
            for k in range(0, block.count, 7):
                x = [Fraction(value) for value in points[k].tolist()]
                for j, row in enumerate(rows):
                    exact = sum(Fraction(a) * b for a, b in zip(row.tolist(), x, strict=True))
                    assert abs(Fraction(found[k, j]) - exact) <= Fraction(1.01 * block.error[j] + 2.0**-100 * unit)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: sampler.text)
def test_chosen_points_are_the_points(sampler):
    for backend, dtype in BACKENDS:
        for kind in (0, 3):
            source = backend_named(backend, dtype, 3, None)
            block = source_of(kind, sampler, source, rows_of_all_sizes(1, 9, 24), block=120).draw(120)
            chosen = np.array([0, 3, block.count - 1])
            if backend == "torch":
                import torch

                chosen = torch.from_numpy(chosen)
            few = block.points(chosen)
            np.testing.assert_allclose(few, block.points()[np.asarray(chosen)], rtol=1e-13)


def drawn(sampler, n, k, count, *, most, dtype="float64"):
    """Points of shared subspaces, with few in each, so that there are many subspaces."""
    source = backend_named("numpy", dtype, 0, None)
    stream = Subspaces(sampler, source, Rows(np.eye(n), source), k=k, most=most, block=1)
    found, total = [], 0
    while total < count:
        found.append(stream.draw(count - total).points())
        total += len(found[-1])
    return np.concatenate(found)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_samples_of_subspaces_have_the_right_distribution(dtype):
    n, count = 20, 4000
    sphere = drawn(UniformSphere(), n, 5, count, most=1, dtype=dtype)  # one in each: independent, so tests apply
    assert np.linalg.norm(sphere, axis=1) == pytest.approx(np.ones(count))
    direction = np.random.default_rng(0).standard_normal(n)
    cosine = sphere @ direction / np.linalg.norm(direction)
    assert stats.kstest((1 + cosine) / 2, stats.beta((n - 1) / 2, (n - 1) / 2).cdf).pvalue > 1e-3
    ball = drawn(UniformBall(2.0), n, 5, count, most=1, dtype=dtype)
    assert stats.kstest((np.linalg.norm(ball, axis=1) / 2) ** n, "uniform").pvalue > 1e-3
    data = np.random.default_rng(1).standard_normal((2, n))
    scale = np.linspace(0.1, 2, n)
    kernel = KernelDensity(np.vstack([scale, -scale]))
    for sampler, centre, spread in (
        (Smoothing(data[:1], 0.5), data[0], 0.5),
        (kernel, 0.0, np.hypot(scale, kernel.root)),
    ):
        points = (drawn(sampler, n, 5, count, most=1, dtype=dtype) - centre) / spread
        assert np.abs(points.mean(axis=0)).max() < 5 / count**0.5
        assert points.var(axis=0) == pytest.approx(np.ones(n), abs=0.15)
    noise = (drawn(Smoothing(data[:1], 0.5), n, 5, count, most=1, dtype=dtype) - data[0]) / 0.5
    assert stats.kstest(noise @ direction / np.linalg.norm(direction), "norm").pvalue > 1e-3
    assert stats.kstest((noise**2).sum(axis=1), stats.chi2(n).cdf).pvalue > 1e-3


def test_samples_share_subspaces_and_move_on():
    points = drawn(UniformSphere(), 30, 4, 1000, most=100)
    for start in range(0, 1000, 100):
        assert np.linalg.matrix_rank(points[start : start + 100]) == 4
    assert np.linalg.matrix_rank(points[:200]) == 8


@pytest.mark.parametrize("sampler", [UniformBall(0.1), UniformShell(0.3, 1.0)])
@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
def test_points_of_subspaces_lie_in_the_region(sampler, backend, dtype):
    rows = np.random.default_rng(0).standard_normal((40, 32))
    estimate = sample_alpha(rows, sampler, samples=3000, backend=backend, dtype=dtype, subspace=4)
    assert estimate.subspace == 4
    for point in estimate.points[np.isfinite(estimate.values)]:
        assert sampler.region.contains([Fraction(value) for value in point.tolist()])


@pytest.fixture
def seen(monkeypatch):
    """Every point that a search looked at."""
    points = []
    begin = Search.begin

    def begin_and_keep(self, block):
        points.append(block.points())
        return begin(self, block)

    monkeypatch.setattr(Search, "begin", begin_and_keep)
    return points


def exact_estimate(rows, points):
    """By rationals: the least product of each row over the points that fewer than n rows are larger at."""
    rows = [[Fraction(value) for value in row] for row in rows]
    least = [None] * len(rows)
    for point in points:
        x = [Fraction(value) for value in point]
        z = [sum(a * b for a, b in zip(row, x, strict=True)) for row in rows]
        level = sorted(z, reverse=True)[min(len(x), len(z)) - 1]
        for j, value in enumerate(z):
            if value >= level and (least[j] is None or value < least[j]):
                least[j] = value
    return np.array([float("inf") if value is None else float(value) for value in least])


@pytest.mark.parametrize("how", [*BACKENDS, ("torch on a device", "float64"), ("torch on a device", "float32")])
@pytest.mark.parametrize("sampler", [UniformSphere(), UniformBall(), Smoothing(DATA[:, :6], 0.1)])
def test_what_a_run_in_subspaces_saw(sampler, how, seen, monkeypatch):
    """On the points that it looked at, the estimate is that of rationals; the code for devices runs on the CPU."""
    backend, dtype = how
    if "device" in backend:
        monkeypatch.setattr("exactinj.sampling.backend.TorchBackend.is_device", property(lambda _: True))
    rows = np.random.default_rng(2).standard_normal((14, 6))
    for memory in (None, 3000):
        seen.clear()
        estimate = sample_alpha(
            rows, sampler, samples=700, backend=backend.split()[0], dtype=dtype, device="cpu", subspace=3, memory=memory
        )
        points = np.concatenate(seen)
        assert len(points) == estimate.samples == 700
        np.testing.assert_allclose(estimate.values, exact_estimate(rows, points), rtol=1e-12, atol=1e-14)


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.tuples(
            st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=9),
            st.lists(st.lists(st.integers(-2, 2), min_size=n, max_size=n), min_size=1, max_size=12),
        )
    ),
    st.sampled_from([1.0, 2.0**-60, 2.0**60, 1 + 2.0**-30]),
    st.sampled_from([1.0, 2.0**-40, 2.0**50]),
    st.sampled_from(BACKENDS[:3]),
)
@settings(max_examples=150, deadline=None)
def test_ties_and_lattices_are_selected_exactly(lists, tilt, size, how):
    """Rows with duplicates, parallels and zeros, and points where many products are equal."""
    rows, points = (np.array(part, dtype=float) for part in lists)
    rows[0] *= tilt
    points *= size
    estimate = sample_alpha(rows, Given(points), samples=len(points), backend=how[0], dtype=how[1])
    np.testing.assert_array_equal(estimate.values, exact_estimate(rows, points))


def test_close_calls_below_the_screen_are_decided():
    """Rows that differ by less than float32 sees, and by less than float64 sees."""
    random = np.random.default_rng(3)
    base = random.standard_normal((4, 3))
    points = random.standard_normal((300, 3)).astype(np.float32).astype(float)
    for gap in (1e-6, 1e-9, 2.0**-51):
        rows = np.vstack([base, base * (1 + gap), base * (1 - gap), base[::-1]])
        for backend, dtype in BACKENDS:
            estimate = sample_alpha(rows, Given(points), samples=300, backend=backend, dtype=dtype)
            np.testing.assert_allclose(estimate.values, exact_estimate(rows, points), rtol=1e-13)
            for j in np.flatnonzero(np.isfinite(estimate.values)):
                estimate.exact(j)  # raises unless it is among the n largest, exactly


def test_exact_rows_that_floats_cannot_tell_apart():
    layer = xi.ReLULayer([["1"], ["1.0000000000000000000000001"], ["1.0000000000000000000000001"]])
    estimate = sample_alpha(layer, Given([[1.0], [-1.0]]), samples=2)
    assert estimate.values.tolist() == [-1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("sampler", "subspace", "words"),
    [
        (UniformSphere(), 1, "2 to n / 2 = 4"),
        (UniformSphere(), 5, "2 to n / 2 = 4"),
        (UniformSphere(), -1, "2 to n / 2 = 4"),
        (UniformBox(-1, 1), 3, "expected a sphere"),
        (UniformNonnegativeBall(), 3, "expected a sphere"),
    ],
)
def test_subspaces_that_there_are_not(sampler, subspace, words):
    with pytest.raises(xi.InputError, match=words):
        sample_alpha(np.eye(8), sampler, subspace=subspace)


def test_small_layers_have_no_subspaces():
    with pytest.raises(xi.InputError, match=r"expected 0, as n = 3 is too small for them"):
        sample_alpha(np.eye(3), UniformSphere(), subspace=2)


def test_when_subspaces_are_used():
    rows = np.random.default_rng(0).standard_normal((70, 64))
    assert sample_alpha(rows, UniformBall(), samples=2048).subspace == 16
    assert sample_alpha(rows, UniformBall(), samples=2047).subspace == 0
    assert sample_alpha(rows, UniformBox(-1, 1), samples=2048).subspace == 0
    assert sample_alpha(rows[:, :63], UniformBall(), samples=2048).subspace == 0
    assert sample_alpha(rows[:, :8], UniformBall(), samples=2048, greedy=True).subspace == 0
    shared, alone = (sample_alpha(rows, UniformSphere(), samples=4096, seed=k, subspace=16 * k) for k in range(2))
    assert alone.subspace == 16
    assert shared.merge(alone).subspace is None
    assert shared.merge(alone).to_json()["subspace"] is None


def test_long_products_are_within_their_error():
    """Beyond a thousand columns products are summed by chunks."""
    random = np.random.default_rng(4)
    rows = random.standard_normal((5, 1700)) / 100
    for backend, dtype in BACKENDS:
        source = backend_named(backend, dtype, 3, None)
        block = source_of(0, UniformSphere(), source, rows).draw(6)
        assert block.error.max() < 1700 * 2.0**-24 / 2
        found, points = source.numpy(block.coefficients(1.0)), block.points()
        for k in range(6):
            x = [Fraction(value) for value in points[k].tolist()]
            for j, row in enumerate(rows):
                exact = sum(Fraction(a) * b for a, b in zip(row.tolist(), x, strict=True))
                assert abs(Fraction(found[k, j]) - exact) <= Fraction(block.error[j])


def test_rationals_below_the_normal_floats():
    """Their floats have an error that is not relative: here the first two rows become (1, 0) and (1, 1) quanta."""
    quantum = Fraction(2) ** -1074
    rows = [[Fraction(149, 100), 0], [Fraction(51, 100), Fraction(3, 5)], [50, 50]]
    layer = xi.ReLULayer([[value * quantum for value in row] for row in rows])
    estimate = sample_alpha(layer, Given([[1.0, 0.3]]), samples=1)
    assert np.isfinite(estimate.values).tolist() == [True, False, True]


@pytest.mark.parametrize("samples", [100, pytest.param(300, marks=pytest.mark.slow)])
def test_sizes_far_apart(samples, seen):
    """Rows of very different sizes, dead rows, and coefficients that cancel: decided exactly, and quickly."""
    random = np.random.default_rng(12)
    rows = random.standard_normal((30, 5))
    apart, dead, flat = rows * 10.0 ** random.uniform(-150, 150, (30, 1)), rows.copy(), rows.copy()
    dead[:15] *= 1e-35
    flat -= flat.mean(axis=1, keepdims=True)
    near = Smoothing(random.standard_normal((9, 5)) * 1e-3 + 1e4, 1e-3)
    for weights, sampler in ((apart, UniformSphere()), (dead, UniformSphere()), (flat, near), (1e-310 * rows, near)):
        for backend, dtype in BACKENDS:
            seen.clear()
            estimate = sample_alpha(weights, sampler, samples=samples, backend=backend, dtype=dtype, rows_first=True)
            expected = exact_estimate(weights, np.concatenate(seen))
            chosen = np.isfinite(expected)
            assert (np.isfinite(estimate.values) == chosen).all()
            longest = np.abs(np.concatenate(seen)).max()
            bound = 1e-14 * np.abs(weights[chosen]).max(axis=1) * longest + 1e-300
            assert (np.abs(estimate.values[chosen] - expected[chosen]) <= bound).all()


def test_shells_keep_their_hole_in_float32(monkeypatch):
    """Also where (inner / outer)^n is too small for float32 and a uniform number is 0; and a zero has no direction."""
    uniform, normal = (getattr(NumpyBackend, name) for name in ("uniform", "normal"))
    monkeypatch.setattr(NumpyBackend, "uniform", lambda self, *shape: 0 * uniform(self, *shape))
    backend = backend_named("numpy", "float32", 0, None)
    lengths = np.linalg.norm(UniformShell(0.2, 1.0).draw(backend, 5, 200).astype(float), axis=1)
    assert (lengths >= 0.2).all()
    monkeypatch.setattr(NumpyBackend, "normal", lambda self, *shape: 0 * normal(self, *shape))
    estimate = sample_alpha([[1.0], [-1.0]], UniformSphere(), samples=9, dtype="float32")
    assert estimate.values.tolist() == [1.0, float("inf")]


def test_few_samples_take_few_subspaces():
    backend = backend_named("numpy", "float64", 0, None)
    estimate = sample_alpha(np.eye(40), UniformSphere(), samples=10, subspace=20)
    assert estimate.samples == 10
    assert Subspaces(UniformSphere(), backend, Rows(np.eye(40), backend), k=20, most=1, block=10).draw(10).count == 10


def test_products_beyond_float64_are_refused():
    with pytest.raises(xi.InputError, match="beyond float64"):
        sample_alpha(np.ones((3, 8)), UniformBox(-1e154, 1e154), samples=10)
    with pytest.raises(xi.InputError, match="beyond float64"):
        sample_alpha(np.full((3, 2), 1e200), UniformSphere(1e120), samples=10)


@pytest.mark.parametrize("size", [1e-140, 1e140])
def test_data_beyond_float32(size):
    rows = np.random.default_rng(3).standard_normal((12, 6))
    for subspace in (0, 3):
        shapes = [
            sample_alpha(rows, Smoothing(scale * DATA[:, :6], 0.1 * scale), samples=500, subspace=subspace).values
            for scale in (1.0, size)
        ]
        np.testing.assert_allclose(shapes[1] / size, shapes[0], rtol=1e-9)


def test_rows_in_any_order_of_memory():
    rows = np.random.default_rng(6).standard_normal((3, 9)).T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimate = sample_alpha(rows, UniformSphere(), samples=300)
    np.testing.assert_array_equal(estimate.values, sample_alpha(rows.copy(), UniformSphere(), samples=300).values)


def test_subspaces_are_as_good():
    """Same number of samples: estimates of the same height, on average over rows and seeds."""
    rows = np.random.default_rng(8).standard_normal((100, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    means = [
        [sample_alpha(rows, UniformSphere(), samples=20_000, seed=seed, subspace=k).values.mean() for seed in range(6)]
        for k in (0, 16)
    ]
    assert np.mean(means[1]) == pytest.approx(np.mean(means[0]), abs=6 * np.std(means[0]))
