"""Layers of real size, and convolutions: short inputs found in floats, proved by what is exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.inversion.maps import map_of

F = Fraction


def pixels(rng, count, levels=256):
    return [F(int(value), levels) for value in rng.integers(0, levels, count)]


@pytest.mark.parametrize("levels", [256, 255, 1000])
def test_an_image_of_short_numbers(levels):
    rng = np.random.default_rng(0)
    layer = xi.ReLULayer(rng.standard_normal((200, 40)).astype(np.float32), rng.standard_normal(200).astype(np.float32))
    x = pixels(rng, 40, levels)
    result = xi.invert(layer, layer.evaluate(x), domain="box:0,1")
    assert (result.status, list(result.x), result.dimension) == ("unique", x, 0)


def test_an_input_of_long_numbers():
    """Floats do not find it; rationals do."""
    rng = np.random.default_rng(1)
    layer = xi.ReLULayer(rng.standard_normal((150, 30)))
    x = [F(int(a), 10**6 + 3) for a in rng.integers(-(10**6), 10**6, 30)]
    result = xi.invert(layer, layer.evaluate(x))
    assert (result.status, list(result.x)) == ("unique", x)


def test_outside_the_domain_is_none():
    rng = np.random.default_rng(2)
    layer = xi.ReLULayer(rng.standard_normal((150, 30)))
    x = pixels(rng, 30)
    x[7] = F(5, 4)
    result = xi.invert(layer, layer.evaluate(x), domain="box:0,1")
    assert result.status == "none"
    assert set(result.farkas.halfspaces) == {15}  # x_7 <= 1


def test_rounded_outputs_have_no_input():
    rng = np.random.default_rng(3)
    W = rng.standard_normal((120, 20))
    y = np.maximum(W @ rng.standard_normal(20), 0)
    result = xi.invert(W, y)
    assert result.status == "none"
    assert sum((v * (-F(float(y[i]))) for i, v in result.farkas.rows.items()), F(0)) == result.farkas.value > 0
    for j in range(20):
        assert sum(v * F(float(W[i, j])) for i, v in result.farkas.rows.items()) == 0


@pytest.mark.parametrize(
    "options", [{}, {"padding": 1}, {"stride": 2, "padding": 1}, {"padding": 1, "padding_mode": "circular"}], ids=str
)
def test_convolutions(options):
    rng = np.random.default_rng(4)
    kernels = rng.standard_normal((12, 1, 3, 3)).astype(np.float32)
    layer = xi.ConvLayer(kernels, rng.standard_normal(12).astype(np.float32) / 4, **options)
    x = pixels(rng, 64)
    y = layer.evaluate(x, (8, 8))
    result = xi.invert(layer, y, input_shape=(1, 8, 8))
    dense = xi.invert(layer.unrolled((8, 8)), y)
    assert (result.status, dense.status) == ("unique", "unique")
    assert list(result.x) == list(dense.x) == x


def test_a_convolution_that_is_not_injective():
    layer = xi.ConvLayer([[[1, -1]]])
    x, y = [F(3), F(1), F(2)], [F(2), F(0)]
    assert layer.evaluate(x, (3,)) == y
    result = xi.invert(layer, y, input_shape=(3,))
    assert (result.status, result.dimension) == ("many", 2)
    assert layer.evaluate(result.x, (3,)) == layer.evaluate(result.second, (3,)) == y


def test_outputs_in_the_shape_of_the_grid():
    layer = xi.ConvLayer([[[1, -1]], [[-1, 1]]], padding=1)
    y = np.array(layer.evaluate([3, 5], (2,)), dtype=float).reshape(2, 3)
    assert xi.invert(layer, y, input_shape=(2,)).x == (3, 5)
    batch = xi.invert(layer, np.stack([y, y]), input_shape=(2,))
    assert [result.x for result in batch] == [(3, 5)] * 2
    with pytest.raises(xi.InputError, match="without an input shape"):
        xi.invert(layer, y)
    with pytest.raises(xi.InputError, match="input shape for a dense layer"):
        xi.invert([[1]], [1], input_shape=(1,))


def test_rows_of_convolutions_in_floats():
    rng = np.random.default_rng(6)
    layer = xi.ConvLayer(rng.standard_normal((3, 2, 2, 3)), rng.standard_normal(3), padding=1)
    seen, dense = map_of(layer, (2, 4, 5)), layer.unrolled((4, 5))
    assert seen.weights.shape == (seen.m, seen.n) == (dense.m, dense.n)
    assert (seen.weights.toarray() == dense.W.to_float()).all()
    assert (seen.bias == dense.b.to_float()[:, 0]).all()
    noisy = xi.invert(layer, dense.evaluate([F(1, 3)] * dense.n), input_shape=(2, 4, 5), noisy=True)
    assert np.array(noisy.x) == pytest.approx(1 / 3, abs=1e-5) or "warning" in noisy.reason


def test_several_inputs_of_a_larger_layer():
    """The equations are fewer than the inputs: one interior point, and a dimension."""
    rng = np.random.default_rng(7)
    layer = xi.ReLULayer(rng.standard_normal((60, 50)))
    x = pixels(rng, 50)
    y = layer.evaluate(x)
    polytope = xi.Polytope(np.vstack([np.eye(50), -np.eye(50)]), [F(3, 2)] * 50 + [F(1, 2)] * 50)
    for domain in ("R^n", "box:0,1", polytope):
        result = xi.invert(layer, y, domain=domain)
        assert result.status == "many"
        if domain == "R^n":
            assert result.dimension == 50 - sum(value > 0 for value in y)
        assert layer.evaluate(result.x) == layer.evaluate(result.second) == y
        assert result.x != result.second


def test_dependent_equations_of_a_larger_layer():
    """Every row twice: no general position, and the same answer."""
    rng = np.random.default_rng(8)
    W = rng.integers(-5, 6, (20, 30))
    layer = xi.ReLULayer(np.vstack([W, W]))
    y = layer.evaluate(pixels(rng, 30, 8))
    result = xi.invert(layer, y)
    assert (result.status, result.dimension) == ("many", 30 - sum(value > 0 for value in y[:20]))
    assert layer.evaluate(result.x) == layer.evaluate(result.second) == y


def test_one_input_by_inequalities_alone_of_a_larger_layer():
    """``-1 <= x_j <= -1``, written as outputs that are zero."""
    W = np.vstack([np.eye(30), -np.eye(30)])
    layer = xi.ReLULayer(W, [1] * 30 + [-1] * 30)
    result = xi.invert(layer, [0] * 60)
    assert (result.status, result.x) == ("unique", (F(-1),) * 30)
