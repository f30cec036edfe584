"""Data as points in any clothes, and kernel density estimates with any bandwidth and kernel [Eck24, section 5.2]."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from test_sample_blocks import drawn

import exactinj as xi
from exactinj.sampling.backend import backend_named
from exactinj.sampling.data_samplers import GivenPoints, KernelDensity, Smoothing
from exactinj.sampling.densities import KERNELS, BallKernel
from exactinj.sampling.points import points_from

H = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 1.0]])
POWERS = {"uniform": 0, "epanechnikov": 1, "biweight": 2}


@pytest.mark.parametrize("kernel", [kernel.name for kernel in KERNELS])
def test_noise_has_the_covariance_of_the_bandwidth(kernel):
    sampler = KernelDensity([[1.0, -2.0, 5.0]], H, kernel)
    points = sampler.points(200_000, 3, 7) - sampler.data
    share = 1.0 if kernel == "normal" else 1 / (3 + 2 * POWERS[kernel] + 2)
    assert np.abs(points.mean(axis=0)).max() < 0.02
    assert np.cov(points.T) == pytest.approx(share * H, abs=0.03 * share)
    if kernel != "normal":  # inside the ellipsoid
        assert np.einsum("ij,jk,ik->i", points, np.linalg.inv(H), points).max() <= 1 + 1e-12


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS if isinstance(kernel, BallKernel)])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_densities_on_the_ball(kernel, n):
    """|x|^2 follows Beta(n/2, p + 1), which is what integrating r^(n-1) (1 - r^2)^p gives."""
    points = kernel.draw(backend_named("numpy", "float64", 3, None), 20_000, n)
    assert stats.kstest((points**2).sum(axis=1), stats.beta(n / 2, kernel.power + 1).cdf).pvalue > 1e-3
    signs = (points[:, 0] > 0).mean()
    assert abs(signs - 0.5) < 0.02


@pytest.mark.parametrize("kernel", ["normal", "epanechnikov"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_shared_subspaces_draw_the_same_noise(kernel, dtype):
    """One point of each subspace: the law of independent samples, in a direction and in length."""
    n, count, random = 12, 4000, np.random.default_rng(0)
    root = random.standard_normal((n, n)) + 3 * np.eye(n)
    sampler = KernelDensity(np.ones((1, n)), root @ root.T, kernel)
    noise = np.linalg.solve(root, (drawn(sampler, n, 5, count, most=1, dtype=dtype) - 1).T).T
    direct = sampler.kernel.draw(backend_named("numpy", "float64", 1, None), count, n)
    assert stats.ks_2samp((noise**2).sum(axis=1), (direct**2).sum(axis=1)).pvalue > 1e-3
    for direction in np.random.default_rng(1).standard_normal((3, n)):
        assert stats.ks_2samp(noise @ direction, direct @ direction).pvalue > 1e-3


def test_scott_is_a_bandwidth_matrix():
    data = np.random.default_rng(2).standard_normal((50, 2)) * [1, 7]
    given = KernelDensity(data, np.diag(50 ** (-2 / 6) * data.var(axis=0, ddof=1)))
    assert given.points(10, 2, 0) == pytest.approx(KernelDensity(data).points(10, 2, 0), rel=1e-12)
    assert given != KernelDensity(data)
    assert "given bandwidth" in given.text
    assert "Scott" in KernelDensity(data).text
    assert KernelDensity(data, kernel="uniform") != KernelDensity(data)
    assert len({KernelDensity(data), KernelDensity(data), KernelDensity(data, kernel="uniform")}) == 2


@pytest.mark.parametrize(
    ("bandwidth", "kernel", "words"),
    [
        ([[1, 2], [3, 4]], "normal", "not symmetric"),
        ([[1, 2], [2, 1]], "normal", "not positive definite"),
        ([[0, 0], [0, 0]], "normal", "not positive definite"),
        ([[1]], "normal", "shape"),
        ([[1], [1, 2]], "normal", "one length"),
        ([["a", "b"], ["c", "d"]], "normal", "no numbers"),
        ([1, 1], "normal", "shape"),
        ([[np.inf, 0], [0, 1]], "normal", "not finite"),
        ([[1, 0], [0, 1]], "cosine", "kernel"),
        (None, "normal", "at least two"),
    ],
)
def test_bandwidths_and_kernels_that_are_refused(bandwidth, kernel, words):
    with pytest.raises(xi.InputError, match=words):
        KernelDensity([[1.0, 2.0]], bandwidth, kernel)


def test_points_come_from_arrays_and_batches():
    rows = np.arange(24.0).reshape(6, 4)
    images = rows.reshape(6, 1, 2, 2)
    for data in (
        rows,
        rows.tolist(),
        rows.astype(int),
        (batch for batch in np.split(rows, 3)),
        iter(np.split(images, 2)),
    ):
        assert np.array_equal(points_from(data), rows)
    assert np.array_equal(points_from((part, [0, 0]) for part in np.split(images, 3)), rows)
    for bad in (
        [],
        [1.0],
        [[1.0], [1.0, 2.0]],
        [["a"]],
        iter([]),
        iter([rows, rows[:, :2]]),
        [[float("inf")]],
        3,
        None,
    ):
        with pytest.raises(xi.InputError, match="found"):
            points_from(bad)


def test_tensors_and_loaders_are_data():
    torch = pytest.importorskip("torch")
    x = torch.randn(30, 3, dtype=torch.float64)
    labelled = torch.utils.data.TensorDataset(x, torch.zeros(30))
    loader = torch.utils.data.DataLoader(labelled, batch_size=7)
    layer = torch.nn.Linear(3, 8, dtype=torch.float64)
    plain = xi.alpha_on(layer, x.numpy())
    for data in (x, x.clone().requires_grad_(), loader):
        assert xi.alpha_on(layer, data).values.tolist() == plain.values.tolist()
        assert GivenPoints(data) == GivenPoints(x.numpy())
        assert Smoothing(data, 0.5) == Smoothing(x.numpy(), 0.5)
        assert KernelDensity(data) == KernelDensity(x.numpy())
    assert xi.sample_alpha(layer, sampler=Smoothing(loader, 0.1), samples=100).samples == 100
    half = torch.ones(4, 3, dtype=torch.bfloat16)
    assert points_from(half).tolist() == [[1.0] * 3] * 4
