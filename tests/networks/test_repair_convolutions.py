"""Repair of convolutions: proved at every size or at one, old kernels kept in front of the new ones of their group."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random

import pytest

import exactinj as xi
from exactinj.layers.convolution.geometry import Axis
from exactinj.networks.repair.kernels import covering_taps

EDGE = [[[1, -1]]]
CASES = {
    "constants collide": (EDGE, {}),
    "padded": (EDGE, {"padding": 1}),
    "zero kernel": ([[[0, 0]]], {"padding": 1}),
    "two channels": ([[[1, 2], [0, 1]], [[0, 1], [-1, 1]]], {"padding": 1, "b": [-3, "1/2"]}),
    "groups": ([[[1, -1]], [[2, 1]]], {"groups": 2, "padding": 1, "b": [0, -1]}),
    "stride": ([[[1, 2]], [[2, 4]]], {"stride": 2}),
    "circular": ([[[1, 2, 0]], [[0, 1, 1]]], {"padding": 1, "padding_mode": "circular"}),
    "dilation": ([[[1, 3]]], {"dilation": 2, "padding": 2}),
}


def assert_repaired(repair, shape=None):
    assert repair.verdict == "injective", repair.steps
    assert xi.check(repair.result.certificate, repair.layer).valid
    old, new = repair.original, repair.layer
    assert {**new.record, "out_channels": 0} == {**old.record, "out_channels": 0}
    kept = [k for k in range(new.out_channels) if k not in repair.added]
    assert [new.kernels.fractions()[k] for k in kept] == old.kernels.fractions()
    per_old, per_new = old.out_channels // old.groups, new.out_channels // new.groups
    assert [k // per_new for k in kept] == [k // per_old for k in range(old.out_channels)]
    for k, change in repair.raised.items():
        assert change > 0
        assert new.bias[kept[k]] == old.bias[k] + change


@pytest.mark.parametrize("domain", [None, "nonneg", "box:-1,2"])
@pytest.mark.parametrize("name", CASES)
def test_kernels_are_repaired_for_every_size(name, domain):
    kernels, options = CASES[name]
    method = "doubled" if name in ("circular", "dilation") and domain else "auto"  # other ways take seconds
    repair = xi.make_injective(xi.ConvLayer(kernels, **options), domain=domain, method=method)
    assert_repaired(repair)
    size = repair.result.sizes.smallest
    if all(n <= 4 for n in size):  # the claim for every size, at one of them, by another way
        dense = repair.layer.unrolled(size)
        assert xi.certify(dense, domain=domain).verdict == "injective"


def test_doubling_does_not_help_where_the_convolution_itself_loses_inputs():
    repair = xi.make_injective(xi.ConvLayer(EDGE), method="doubled")
    assert repair.verdict == "not_injective"
    assert repair.layer.evaluate([1, 1], (2,)) == repair.layer.evaluate([5, 5], (2,))


def test_one_input_shape_is_enough_if_it_is_asked_for():
    layer = xi.ConvLayer([[[1, 1, 0]], [[0, 1, 2]]], padding=1)
    repair = xi.make_injective(layer, method="rows", input_shape=(1, 5))
    assert_repaired(repair)
    assert repair.result.sizes == (5,)


def test_a_larger_bias_keeps_every_kernel_active_on_a_box():
    repair = xi.make_injective(xi.ConvLayer([[[1, -1]]], b=[-1], padding=1), method="bias", domain="box:-1,1/3")
    assert_repaired(repair)
    assert repair.added == ()
    assert repair.raised == {0: Fraction(7, 3)}


def test_on_all_inputs_a_larger_bias_does_not_help_one_kernel():
    repair = xi.make_injective(xi.ConvLayer([[[1, -1]]], b=[-1], padding=1), method="bias")
    assert repair.verdict == "not_injective"
    assert repair.result.witness is not None


def test_covering_taps_read_every_place_that_all_taps_read():
    rng = Random(2)
    for _ in range(60):
        taps, gap = rng.randint(1, 4), rng.randint(1, 2)
        extent = gap * (taps - 1) + 1
        low, high = rng.randint(0, 2), rng.randint(0, 2)
        axis = Axis(taps, rng.randint(1, extent), gap, low, high)
        few = covering_taps(axis)
        for n in range(axis.smallest_size, axis.smallest_size + 25):
            read = {place for t, u in product(axis.starts(n), few) if 0 <= (place := t + gap * u) < n}
            every = {place for t, u in product(axis.starts(n), range(taps)) if 0 <= (place := t + gap * u) < n}
            assert read == every


def test_usual_padding_needs_one_tap():
    assert covering_taps(Axis(3, 1, 1, 1, 1)) == [1]
    assert covering_taps(Axis(4, 2, 1, 1, 1)) == [1, 2, 3]  # the last one for the last place of odd sizes
    assert covering_taps(Axis(3)) == [0, 1, 2]
