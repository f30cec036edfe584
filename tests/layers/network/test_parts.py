"""Windows of poolings and normalisation, against torch."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from exactinj.errors import InputError
from exactinj.layers.network import ExactTensor, Maximum
from exactinj.layers.network.normalisation import batch_normalisation, inverse_root
from exactinj.layers.network.windows import places_over_axes, pooling_places

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("geometry", [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 2), (2, 3, 1, 1)])
@pytest.mark.parametrize("size", [(5,), (7, 6)])
def test_max_pooling_is_as_in_torch(size, geometry, ceil):
    taps, step, pad, gap = geometry
    count = len(size)
    x = np.random.default_rng(0).permutation(2 * math.prod(size)).reshape(1, 2, *size).astype(float)
    pool = getattr(torch.nn, f"MaxPool{count}d")(taps, step, pad, gap, ceil_mode=ceil)
    places = pooling_places(x.shape, [taps] * count, [step] * count, [(pad, pad)] * count, [gap] * count, ceil=ceil)
    np.testing.assert_array_equal(Maximum(places).floats(x), pool(torch.tensor(x)).numpy())


def test_means_over_axes_keep_what_they_should():
    x = np.arange(24.0).reshape(2, 3, 4)
    for axes in ([0], [1, 2], [-1], [0, 2]):
        for keep in (True, False):
            places = places_over_axes(x.shape, axes, keep=keep)
            want = x.sum(axis=tuple(axes), keepdims=keep)
            np.testing.assert_array_equal(x.ravel()[places].sum(axis=-1), want)


def test_rational_roots_are_exact_and_others_the_nearest_floats():
    assert inverse_root(Fraction(9, 4)) == Fraction(2, 3)
    assert inverse_root(Fraction(2)) == Fraction(math.sqrt(0.5))
    for value in (Fraction(10) ** -300, Fraction(10) ** 250, Fraction(3, 7)):
        assert abs(float(inverse_root(value)) * math.sqrt(value) - 1) < 1e-15
    with pytest.raises(InputError, match="positive"):
        inverse_root(Fraction(0))


def test_normalisation_is_as_in_torch():
    torch.manual_seed(0)
    module = torch.nn.BatchNorm2d(3).double().eval()
    for part in (module.weight.data, module.bias.data, module.running_mean):
        part.normal_()
    module.running_var.uniform_(0.5, 2)
    x = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    numbers = (module.weight, module.bias, module.running_mean, module.running_var)
    step = batch_normalisation(*numbers, epsilon=module.eps, axes=4)
    np.testing.assert_allclose(step.exact(ExactTensor.of(x)).floats(), module(x).detach().numpy(), rtol=1e-14)


def test_windows_beyond_the_input_are_refused():
    with pytest.raises(InputError, match="too small"):
        pooling_places((1, 1, 2), [3], [1], [(0, 0)], [1])
