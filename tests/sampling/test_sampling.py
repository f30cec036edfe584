"""Sampled estimates of alpha*: against a plain loop on the same samples, and never below exact alpha*."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

import exactinj as xi
from exactinj.sampling import sample_alpha
from exactinj.sampling.data_samplers import KernelDensity, Smoothing
from exactinj.sampling.samplers import (
    Sampler,
    UniformBall,
    UniformBox,
    UniformNonnegativeBall,
    UniformShell,
    UniformSphere,
    uniform_on,
)

BACKENDS = [("numpy", "float64"), ("numpy", "float32"), ("torch", "float64"), ("torch", "float32")]
UNIFORM = [
    UniformSphere(2.0),
    UniformBall(0.5),
    UniformNonnegativeBall(),
    UniformShell(0.5, 1.0),
    UniformBox(-1.0, 2.0),
]


def random_rows(seed, n, m):
    return np.random.default_rng(seed).standard_normal((m, n))


def algorithm_1(rows, points):
    """The thesis's algorithm, sample by sample."""
    m, n = rows.shape
    alpha = [float("inf")] * m
    for x in points:
        z = [float(np.dot(w, x)) for w in rows]
        for j in sorted(range(m), key=lambda i: -z[i])[:n]:
            alpha[j] = min(alpha[j], z[j])
    return np.array(alpha)


class Given(Sampler):
    """A list of points, in order; what is asked beyond it is a mistake."""

    def __init__(self, points):
        self.given = np.asarray(points, dtype=float)
        self.place = 0

    @property
    def text(self):
        return "given points"

    def draw(self, backend, count, n):
        self.place += count
        assert self.place <= len(self.given)
        return backend.array(self.given[self.place - count : self.place])


@cache
def plain_case(n, m, dtype):
    """Rows, points, and what the thesis's algorithm makes of them."""
    rows = random_rows(n * 100 + m, n, m).astype(dtype).astype(float)
    points = np.random.default_rng(m).standard_normal((3000, n)).astype(dtype).astype(float)
    return rows, points, algorithm_1(rows, points)


@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
@pytest.mark.parametrize(("n", "m"), [(1, 3), (2, 7), (3, 5), (4, 30), (8, 9), (12, 40), (5, 3)])
def test_agrees_with_the_plain_algorithm(n, m, backend, dtype):
    rows, points, expected = plain_case(n, m, dtype)
    for memory in (None, 5000):
        estimate = sample_alpha(rows, Given(points), samples=3000, backend=backend, dtype=dtype, memory=memory)
        np.testing.assert_allclose(estimate.values, expected, rtol=1e-13, atol=1e-13)
        own = np.einsum("ij,ij->i", estimate.points, rows)
        seen = np.isfinite(expected)
        np.testing.assert_allclose(own[seen], expected[seen], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("sampler", UNIFORM[:3], ids=lambda sampler: sampler.text)
@pytest.mark.parametrize(("backend", "dtype"), [BACKENDS[0], BACKENDS[3]])
def test_estimates_are_never_below_the_exact_value(sampler, backend, dtype):
    gaps = []
    for seed in range(12):
        n = 2 + seed % 3
        rows = random_rows(seed, n, n + 2 + seed % 7)
        layer = xi.ReLULayer(rows)
        exact = xi.alpha_star(layer, domain=sampler.region).alpha
        few, many = (
            sample_alpha(layer, sampler, samples=samples, seed=seed, backend=backend, dtype=dtype)
            for samples in (300, 20_000)
        )
        for j, value in enumerate(exact):
            for estimate in (few, many):
                if np.isfinite(estimate.values[j]):
                    assert estimate.exact(j) >= value
                    assert estimate.values[j] == pytest.approx(float(estimate.exact(j)), rel=1e-5, abs=1e-12)
        truth = np.array([float(value) for value in exact])
        seen = np.isfinite(few.values) & np.isfinite(truth)
        gaps.append([(few.values[seen] - truth[seen]).mean(), (many.values[seen] - truth[seen]).mean()])
    early, late = np.mean(gaps, axis=0)
    assert late < 0.5 * early


@pytest.mark.parametrize("sampler", UNIFORM, ids=lambda sampler: sampler.text)
@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
def test_points_lie_in_the_region(sampler, backend, dtype):
    estimate = sample_alpha(random_rows(1, 3, 12), sampler, samples=5000, backend=backend, dtype=dtype)
    for point in estimate.points[np.isfinite(estimate.values)]:
        exact = [Fraction(value) for value in point.tolist()]
        if isinstance(sampler, UniformSphere):
            assert np.linalg.norm(point) == pytest.approx(2.0, rel=1e-6)
        else:
            assert sampler.region.contains(exact)


def test_uniform_points_are_uniform():
    ball = UniformBall(2.0).points(200_000, 3, 0)
    radii = np.linalg.norm(ball, axis=1) / 2.0
    assert np.mean(radii**3) == pytest.approx(0.5, abs=0.005)
    shell = np.linalg.norm(UniformShell(1.0, 2.0).points(200_000, 2, 0), axis=1)
    assert np.mean((shell**2 - 1) / 3) == pytest.approx(0.5, abs=0.005)
    sphere = UniformSphere().points(200_000, 4, 0)
    assert np.abs(sphere.mean(axis=0)).max() < 0.005
    assert np.mean(sphere[:, 0] ** 2) == pytest.approx(0.25, abs=0.005)


def test_data_driven_samples_have_the_right_spread():
    random = np.random.default_rng(0)
    data = random.standard_normal((400, 3)) * [1.0, 2.0, 3.0] + [5.0, 0.0, 0.0]
    near = Smoothing(data, 0.1).points(50_000, 3, 1)
    assert near.std(axis=0) == pytest.approx(np.sqrt(data.std(axis=0) ** 2 + 0.01), rel=0.02)
    kernel = KernelDensity(data)
    bandwidth = 400 ** (-1 / 7) * data.std(axis=0, ddof=1)
    assert kernel.points(50_000, 3, 1).std(axis=0) == pytest.approx(
        np.sqrt(data.std(axis=0) ** 2 + bandwidth**2), rel=0.02
    )
    for bad in ([[1.0, np.nan]], [1.0, 2.0], np.zeros((0, 2))):
        with pytest.raises(xi.InputError, match="found data"):
            Smoothing(bad, 1.0)
    with pytest.raises(xi.InputError, match="sigma"):
        Smoothing(data, 0.0)
    with pytest.raises(xi.InputError, match="dimension 3"):
        sample_alpha(random_rows(0, 2, 5), kernel, samples=10)


def test_runs_merge_exactly():
    rows = random_rows(4, 3, 9)
    runs = [sample_alpha(rows, UniformSphere(), samples=2000, seed=seed) for seed in range(3)]
    merged = runs[0].merge(runs[1]).merge(runs[2])
    assert merged.samples == 6000
    assert merged.seeds == (0, 1, 2)
    np.testing.assert_array_equal(merged.values, np.minimum.reduce([run.values for run in runs]))
    np.testing.assert_allclose(np.einsum("ij,ij->i", merged.points, rows), merged.values, rtol=1e-12)
    with pytest.raises(xi.InputError, match="seed 1"):
        merged.merge(runs[1])
    with pytest.raises(xi.InputError, match="different"):
        merged.merge(sample_alpha(rows, UniformBall(), samples=10, seed=9))
    with pytest.raises(xi.InputError, match="different"):
        merged.merge(sample_alpha(2 * rows, UniformSphere(), samples=10, seed=9))


def test_the_same_seed_gives_the_same_estimate():
    rows = random_rows(5, 4, 12)
    first, again = (sample_alpha(rows, UniformBall(), samples=3000, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.points, again.points)


def test_the_stopping_rule():
    rows = random_rows(6, 2, 5)
    estimate = sample_alpha(rows, UniformSphere(), samples=10**7, patience=5000)
    assert estimate.ended == "rule"
    assert 5000 <= estimate.samples < 10**7
    assert sample_alpha(rows, UniformSphere(), samples=100, patience=5000).ended == "samples"


def test_rows_come_first_if_asked():
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [-0.5, -0.5], [3.0, 3.0]])
    estimate = sample_alpha(rows, UniformBall(), samples=1, rows_first=True)
    assert estimate.samples == 4  # three rows lie in the ball, and one sample
    on_sphere = sample_alpha(rows, UniformSphere(), samples=1, rows_first=True)
    assert on_sphere.samples == 5


def greedy_by_hand(rows, points):
    alpha = np.full(len(rows), np.inf)
    for x in points:
        z = rows @ x
        chosen = []
        for j in sorted(range(len(rows)), key=lambda i: -z[i]):
            if np.linalg.matrix_rank(rows[[*chosen, j]]) > len(chosen):
                chosen.append(j)
        alpha[chosen] = np.minimum(alpha[chosen], z[chosen])
    return alpha


def test_greedy_bases_span_where_the_largest_do_not():
    rows = np.array([[1, 0, 0], [2, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1], [0, 0, 0]], float)
    points = np.random.default_rng(3).standard_normal((400, 3))
    estimate = sample_alpha(rows, Given(points), samples=400, greedy=True)
    np.testing.assert_allclose(estimate.values, greedy_by_hand(rows, points))
    for x in points:
        active = rows[rows @ x >= estimate.values]
        assert np.linalg.matrix_rank(active) == 3
    plain = sample_alpha(rows, Given(points), samples=400)
    assert any(np.linalg.matrix_rank(rows[rows @ x >= plain.values]) < 3 for x in points)


def test_a_close_call_in_float32_does_not_show():
    """Rows that float32 cannot tell apart: values are those of float64 at real points, or missing."""
    base = random_rows(8, 3, 6)
    rows = np.vstack([base, base * (1 + 1e-9), base + 1e-9])
    for backend in ("numpy", "torch"):
        estimate = sample_alpha(rows, UniformSphere(), samples=4000, backend=backend, dtype="float32")
        for j in np.flatnonzero(np.isfinite(estimate.values)):
            products = rows @ estimate.points[j]
            assert np.count_nonzero(products > products[j]) < 3


def test_json_says_estimate():
    document = sample_alpha(random_rows(9, 2, 4), UniformSphere(), samples=3).to_json()
    assert document["kind"] == "estimate"
    assert "alpha" not in document
    assert document["samples"] == 3
    assert any(value is None for value in document["estimate"]) or len(document["estimate"]) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"samples": 0}, "positive"),
        ({"patience": 0}, "positive"),
        ({"memory": 0}, "positive"),
        ({"seed": -1}, "seed"),
        ({"dtype": "float16"}, "float32"),
        ({"backend": "jax"}, "numpy or torch"),
        ({"device": "cuda"}, "backend torch"),
        ({"backend": "torch", "device": "nonsense"}, "cpu or cuda"),
    ],
)
def test_bad_arguments_are_refused(arguments, words):
    with pytest.raises(xi.InputError, match=words):
        sample_alpha(random_rows(0, 2, 4), UniformSphere(), **arguments)


def test_bad_weights_are_refused():
    for rows in (np.zeros((0, 2)), np.zeros(3), [[np.inf, 1.0]]):
        with pytest.raises(xi.InputError, match="found weights"):
            sample_alpha(rows, UniformSphere())


@pytest.mark.parametrize(
    "region", [xi.Sphere(1), xi.Ball("1/3"), xi.NonnegativeBall(2), xi.Shell("1/2", 1), xi.Box(-1, 1)], ids=str
)
def test_regions_have_samplers(region):
    assert uniform_on(region).text.startswith("uniform on")


@pytest.mark.parametrize("region", [xi.RealSpace(), xi.Ball(1, [1, 0]), xi.Polytope([[1]], [1])])
def test_other_regions_have_none(region):
    with pytest.raises(xi.InputError, match="to sample from"):
        uniform_on(region)


def test_tensors_are_taken_as_they_are():
    torch = pytest.importorskip("torch")
    rows = random_rows(2, 3, 8)
    from_tensor = sample_alpha(torch.tensor(rows), UniformSphere(), samples=500)
    np.testing.assert_array_equal(from_tensor.values, sample_alpha(rows, UniformSphere(), samples=500).values)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("n", "m"), [(2, 7), (4, 30), (12, 15), (5, 3)])
def test_what_a_device_computes_agrees_as_well(n, m, dtype, monkeypatch):
    """The tensor code for accelerators, run on the CPU."""
    pytest.importorskip("torch")
    monkeypatch.setattr("exactinj.sampling.backend.TorchBackend.is_device", property(lambda _: True))
    rows = random_rows(n + m, n, m).astype(dtype).astype(float)
    points = np.random.default_rng(m).standard_normal((2000, n)).astype(dtype).astype(float)
    estimate = sample_alpha(rows, Given(points), samples=2000, backend="torch", device="cpu", dtype=dtype)
    np.testing.assert_allclose(estimate.values, algorithm_1(rows, points), rtol=1e-13, atol=1e-13)


@pytest.mark.skipif("not __import__('torch').cuda.is_available()", reason="needs a GPU")
def test_the_same_on_a_gpu():
    rows = random_rows(3, 6, 20)
    points = np.random.default_rng(3).standard_normal((5000, 6)).astype("float32").astype(float)
    estimate = sample_alpha(rows, Given(points), samples=5000, backend="torch", device="cuda", dtype="float32")
    np.testing.assert_allclose(estimate.values, algorithm_1(rows, points), rtol=1e-13, atol=1e-13)
    wide = random_rows(4, 64, 200)
    for sampler in (UniformSphere(), KernelDensity(random_rows(5, 64, 50))):
        few, many = (
            sample_alpha(wide, sampler, samples=count, backend="torch", device="cuda", dtype="float32")
            for count in (5000, 200_000)
        )
        assert many.subspace == 16
        assert many.values.mean() < few.values.mean()
        for j in range(0, 200, 20):
            assert many.values[j] == pytest.approx(float(many.exact(j)), rel=1e-12)


def test_fifty_frames_on_the_sphere():
    for seed in range(50):
        n = 2 + seed % 3
        layer = xi.ReLULayer(random_rows(seed + 100, n, n + 1 + seed % 9))
        exact = xi.alpha_star(layer, domain=xi.Sphere(1)).alpha
        runs = [sample_alpha(layer, UniformSphere(), samples=2000 * 4**k, seed=k) for k in range(3)]
        merged = runs[0].merge(runs[1]).merge(runs[2])
        assert (merged.values <= runs[0].values).all()
        for j in np.flatnonzero(np.isfinite(merged.values)):
            assert merged.exact(j) >= exact[j]
            if n == 2:
                assert merged.values[j] - float(exact[j]) < 5e-3


# ---------------------------------------------------------------- what an audit found


def assert_never_below(estimate, exact):
    for j in np.flatnonzero(np.isfinite(estimate.values)):
        assert estimate.exact(j) >= exact[j]


@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
def test_sizes_of_rows_do_not_switch_the_selection_off(backend, dtype):
    for rows in (
        [[1, 0], [0, 1], [-1, -1], [1, 1], [2e160, -1]],
        [[1e200, 0], [0, 1e200], [-1e200, -1e200], [1e200, 2e200]],
        [[1e-200, 0], [0, 1e-200], [-1e-200, -1e-200], [1e-200, 2e-200]],
    ):
        layer = xi.ReLULayer(np.array(rows, dtype=float))
        exact = xi.alpha_star(layer, domain=xi.Ball(1)).alpha
        assert_never_below(sample_alpha(layer, UniformBall(), samples=3000, backend=backend, dtype=dtype), exact)


@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
def test_rows_that_floats_cannot_tell_apart_are_told_apart(backend, dtype):
    tiny = 2.0**-52
    for rows in ([[1, 1], [1 + tiny, 1], [1 + 2 * tiny, 1]], [["1"], ["1.0000000000000000000000001"]]):
        layer = xi.ReLULayer(rows)
        exact = xi.alpha_star(layer, domain=xi.Ball(1)).alpha
        estimate = sample_alpha(layer, UniformBall(), samples=2000, backend=backend, dtype=dtype)
        assert_never_below(estimate, exact)
        assert estimate.values.min() >= min(float(value) for value in exact) - 1e-12


@pytest.mark.parametrize(("backend", "dtype"), BACKENDS)
def test_ties_count(backend, dtype):
    rows = np.array([[1.0], [1.0], [-1.0], [-1.0]])
    assert sample_alpha(rows, UniformSphere(), samples=50, backend=backend, dtype=dtype).values.tolist() == [1.0] * 4


def test_float32_stays_on_the_sphere_and_in_the_ball():
    assert sample_alpha([[1.0], [-1.0]], UniformSphere(), samples=9, dtype="float32").values.tolist() == [1.0, 1.0]
    rows = np.array([[0.1, 0.0], [-0.1, 0.0]])
    estimate = sample_alpha(rows, UniformBall(0.1), samples=1, dtype="float32", rows_first=True)
    assert_never_below(estimate, xi.alpha_star(xi.ReLULayer(rows), domain=xi.Ball(0.1)).alpha)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_thin_regions_hold_their_samples_or_are_refused(dtype):
    regions = [xi.Shell(1, "1.0001"), xi.Shell(1, "1.0000001"), xi.Box("0.7", "0.7000002"), xi.Box(16777217, 16777219)]
    for region in regions:
        try:
            estimate = sample_alpha(random_rows(0, 2, 6), uniform_on(region), samples=500, dtype=dtype)
        except xi.InputError as error:
            assert "too thin" in str(error)  # noqa: PT017
            continue
        for point in estimate.points[np.isfinite(estimate.values)]:
            assert region.contains([Fraction(value) for value in point.tolist()])


@pytest.mark.parametrize("radius", [1e-400, 1e39, 1e-30])
def test_sizes_that_a_type_cannot_square_are_refused(radius):
    with pytest.raises(xi.InputError, match="cannot square"):
        sample_alpha(random_rows(0, 2, 6), UniformBall(radius), samples=10, dtype="float32")


def test_other_data_is_not_merged():
    data = np.random.default_rng(0).standard_normal((30, 2))
    first = sample_alpha(random_rows(0, 2, 6), KernelDensity(data), samples=10)
    for other in (KernelDensity(100 * data), Smoothing(data, 1.0)):
        with pytest.raises(xi.InputError, match="different"):
            first.merge(sample_alpha(random_rows(0, 2, 6), other, samples=10, seed=1))
    assert first.merge(sample_alpha(random_rows(0, 2, 6), KernelDensity(data), samples=10, seed=1)).samples == 20


def test_greedy_bases_are_no_estimate_of_alpha_star():
    estimate = sample_alpha([[1, 1], [2, 2], [3, 3], [-2, 0], [2, 1], [1, 0]], UniformBall(), samples=500, greedy=True)
    assert estimate.to_json()["kind"] == "greedy estimate"
    with pytest.raises(xi.InputError, match="greedy"):
        estimate.exact(0)


def test_a_deadline_is_told_apart():
    from exactinj.work.clock import Clock

    assert sample_alpha(random_rows(0, 3, 9), UniformBall(), samples=10**10, clock=Clock(0.2)).ended == "time"


def test_unfinished_exact_values_need_unknown_samples():
    outcome = xi.compare(xi.ReLULayer(random_rows(1, 2, 5)), domain=xi.Sphere(1), samples=4000)
    assert outcome.samples_needed(5.0) in (1000, 2000, 4000)
    cut = xi.compare(xi.ReLULayer(random_rows(1, 3, 14)), samples=1000, timeout=1e-3)
    assert cut.samples_needed(5.0) is None or cut.exact.complete


class OnSphere(Given):
    """Points that stand for their directions on the unit sphere."""

    @property
    def region(self):
        return xi.Sphere(1)


def test_the_example_of_the_thesis():
    """Example 4.1.2: three points for the octahedron give 1/sqrt(3) in every row, where exact alpha* is 0."""
    octahedron = xi.ReLULayer([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    points = [[1, 1, 1], [-1, 1, -1], [1, -1, 1]]
    estimate = sample_alpha(octahedron, OnSphere(points), samples=3)
    assert [estimate.exact(j) for j in range(6)] == [xi.Surd(1, Fraction(1, 3))] * 6
    assert xi.alpha_star(octahedron, domain=xi.Sphere(1)).alpha == (xi.Surd(0, Fraction(0)),) * 6
