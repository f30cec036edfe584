"""Collisions in patches of hundreds of inputs, which a linear program finds; pairs evaluated again by nested loops."""

from __future__ import annotations

import numpy as np
import pytest
from oracles.convolution import Convolution, outputs
from test_convolution import package_layer

import exactinj as xi
from exactinj.injectivity.convolution.large_patches import large_patches


def bank(outs, ins, taps, *, stride, padding, seed=0, bias=True):
    rng = np.random.default_rng(seed)
    kernels = rng.integers(-9, 10, (outs, ins, taps)).tolist()
    b = rng.integers(-9, 10, outs).tolist() if bias else None
    return Convolution(kernels, b, [stride], [padding], [1])


CASES = {
    "first place": (bank(40, 1, 210, stride=70, padding=(0, 0)), "R^n"),
    "inner place, padded": (bank(30, 6, 24, stride=12, padding=(4, 4), bias=False), "R^n"),
    "inner place, images": (bank(12, 6, 24, stride=12, padding=(4, 4)), "box:0,1"),
    "inner place, orthant": (bank(12, 6, 24, stride=12, padding=(4, 4)), "nonneg"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_place_that_no_window_sees_holds_at_every_size(name):
    plain, domain = CASES[name]
    layer = package_layer(plain)
    result = xi.certify(layer, domain=domain, timeout=60)
    assert (result.verdict, result.engine) == ("not_injective", "patch")
    assert result.sizes.is_all
    outcome = xi.check(result.certificate, layer)
    assert outcome.valid, outcome.reason
    _, *size = result.witness.shape
    assert list(result.witness.x) != list(result.witness.y)
    assert outputs(plain, result.witness.x, size) == outputs(plain, result.witness.y, size)
    if domain != "R^n":
        assert min(*result.witness.x, *result.witness.y) >= 0


def test_only_patches_with_few_rows_are_tried():
    wide = package_layer(bank(250, 1, 120, stride=10, padding=(0, 0)))
    assert not large_patches(wide, xi.RealSpace(), 200) or all(
        patch.window_rows < 2 * patch.columns for patch in large_patches(wide, xi.RealSpace(), 200)
    )
    assert not large_patches(package_layer(bank(4, 1, 3, stride=1, padding=(0, 0))), xi.RealSpace(), 200)
