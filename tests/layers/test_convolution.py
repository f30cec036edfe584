"""Convolution layers: numbers and geometry against nested loops and torch, arguments, digests, doubling."""

from __future__ import annotations

import hashlib
import pickle
import random
import re
from fractions import Fraction
from itertools import pairwise, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.convolution import Convolution, outputs, unrolled

import exactinj as xi

MODES = ("zeros", "circular", "reflect", "replicate")
DIFFERENCES = [[[1, -1]], [[-1, 1]]]


def package_layer(plain):
    options = {"stride": plain.stride, "padding": plain.padding, "dilation": plain.dilation, "groups": plain.groups}
    return xi.ConvLayer(plain.kernels, plain.b, **options, padding_mode=plain.padding_mode)


def nested(shape, draw):
    return [nested(shape[1:], draw) for _ in range(shape[0])] if shape else draw()


@st.composite
def convolutions(draw, max_dimensions=3, modes=MODES):
    """A layer as plain numbers, and a size that it is defined for."""
    dimensions = draw(st.sampled_from([1, 1, 2, 2, 3][: 2 * max_dimensions]))
    most = {1: 3, 2: 2, 3: 2}[dimensions]
    taps = [draw(st.integers(1, most)) for _ in range(dimensions)]
    dilation = [draw(st.integers(1, 2)) for _ in range(dimensions)]
    extents = [gap * (count - 1) + 1 for gap, count in zip(dilation, taps, strict=True)]
    stride = [draw(st.integers(1, extent)) for extent in extents]
    mode = draw(st.sampled_from(modes))
    padding = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(dimensions)]
    groups = draw(st.sampled_from([1, 1, 2]))
    ins, outs = draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    number = st.one_of(st.integers(-3, 3), st.sampled_from([Fraction(1, 2), Fraction(-5, 4), Fraction(1, 3)]))
    kernels = nested([outs, ins, *taps], lambda: draw(number))
    b = draw(st.none() | st.lists(number, min_size=outs, max_size=outs))
    plain = Convolution(kernels, b, stride, padding, dilation, groups, mode)
    least = [axis.smallest_size for axis in package_layer(plain).axes]
    return plain, tuple(n + draw(st.integers(0, {1: 4, 2: 2, 3: 1}[dimensions])) for n in least)


# ------------------------------------------------------------------ against nested loops


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.data())
def test_outputs_are_those_of_nested_loops(case, data):
    plain, size = case
    layer = package_layer(plain)
    n = layer.in_channels * prod(size)
    x = data.draw(st.lists(st.fractions(-3, 3, max_denominator=4), min_size=n, max_size=n))
    expected = list(outputs(plain, x, size))
    assert layer.evaluate(x, size) == expected
    assert layer.unrolled(size).evaluate(x) == expected
    assert len(expected) == layer.out_channels * prod(layer.output_size(size))


@settings(max_examples=60, deadline=None)
@given(convolutions(max_dimensions=2))
def test_the_unrolled_matrix_is_that_of_unit_vectors(case):
    plain, size = case
    W, b = unrolled(plain, size)
    dense = package_layer(plain).unrolled(size)
    assert dense == xi.ReLULayer(W, b)
    assert dense.n == len(W[0])


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_the_smallest_size_is_the_first_that_is_defined(case):
    plain, _ = case
    layer = package_layer(plain)
    least = [axis.smallest_size for axis in layer.axes]
    layer.unrolled(least)
    for k, n in enumerate(least):
        if n > 1:
            with pytest.raises(xi.InputError):
                layer.size_of([*least[:k], n - 1, *least[k + 1 :]])


@settings(max_examples=40, deadline=None)
@given(convolutions(max_dimensions=2), st.data())
def test_groups_are_layers_of_their_own(case, data):
    plain, size = case
    layer = package_layer(plain)
    groups, cells = layer.group_layers, prod(size)
    x = data.draw(st.lists(st.integers(-4, 4), min_size=layer.in_channels * cells, max_size=layer.in_channels * cells))
    width = layer.in_channels // layer.groups * cells
    parts = [group.evaluate(x[g * width : (g + 1) * width], size) for g, group in enumerate(groups)]
    assert [value for part in parts for value in part] == layer.evaluate(x, size)


def test_a_layer_by_hand():
    layer = xi.ConvLayer([[[1, "1/2"]]], [-1], stride=2, padding=[(1, 0)])
    assert layer.unrolled((3,)) == xi.ReLULayer([["1/2", 0, 0], [0, 1, "1/2"]], [-1, -1])
    assert layer.evaluate([4, 1, 2], (3,)) == [1, 1]
    assert layer.evaluate(["4", 1.0, 2], (1, 3)) == [1, 1]
    assert (layer.extent, layer.output_size((3,)), layer.dimensions) == ((2,), (2,), 1)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [0, 0, 1, 2, 3, 0, 0]),
        ("circular", [2, 3, 1, 2, 3, 1, 2]),
        ("reflect", [3, 2, 1, 2, 3, 2, 1]),
        ("replicate", [1, 1, 1, 2, 3, 3, 3]),
    ],
)
def test_what_stands_beyond_the_grid(mode, expected):
    assert xi.ConvLayer([[[1]]], padding=2, padding_mode=mode).evaluate([1, 2, 3], (3,)) == expected


def test_floats_are_rounded_first_and_stay_in_their_type():
    layer = xi.ConvLayer([[["1/3", 1]]], ["1/10"], padding="same")
    seen = layer.evaluate_float([Fraction(1, 3), Fraction(2)], (2,), np.float32)
    assert seen.dtype == np.float32
    assert np.allclose(seen, [float(v) for v in layer.evaluate([Fraction(1, 3), 2], (2,))], rtol=1e-6)


# ------------------------------------------------------------------ against torch


def torch_outputs(torch, plain, x, size, dtype):
    """ReLU of torch's own convolution, with torch's own padding, ends one after the other."""
    axes = len(size)
    kernels = torch.tensor(np.array(plain.kernels, dtype=float), dtype=dtype)
    b = None if plain.b is None else torch.tensor([float(v) for v in plain.b], dtype=dtype)
    point = torch.tensor([float(v) for v in x], dtype=dtype).reshape(1, plain.channels, *size)
    pads = [end for pair in reversed(plain.padding) for end in pair]
    mode = "constant" if plain.padding_mode == "zeros" else plain.padding_mode
    point = torch.nn.functional.pad(point, pads, mode=mode)
    convolve = [torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d][axes - 1]
    options = {"stride": tuple(plain.stride), "dilation": tuple(plain.dilation), "groups": plain.groups}
    return torch.relu(convolve(point, kernels, b, **options)).flatten().tolist()


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.data())
def test_dyadic_numbers_exactly_as_in_torch(case, data):
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    plain, size = case
    eighths = st.integers(-24, 24).map(lambda k: k / 8)
    shape = [len(plain.kernels), len(plain.kernels[0]), *plain.kernel_size]
    b = None if plain.b is None else [data.draw(eighths) for _ in plain.b]
    plain = plain._replace(kernels=nested(shape, lambda: data.draw(eighths)), b=b)
    x = [data.draw(eighths) for _ in range(plain.channels * prod(size))]
    layer = package_layer(plain)
    expected = torch_outputs(torch, plain, x, size, torch.float64)
    assert layer.evaluate(x, size) == expected
    assert layer.unrolled(size).evaluate(x) == expected
    for dtype in (np.float32, np.float64):
        assert layer.evaluate_float([Fraction(v) for v in x], size, dtype).tolist() == expected


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_torch_modules(dimensions, mode):
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    maker = [torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d][dimensions - 1]
    rng = np.random.default_rng(dimensions)
    choices = [
        *product([1, 2], ["valid", 0, 1, tuple(range(dimensions))], [1, 2], [1, 2], [True, False]),
        *product([1], ["same"], [1, 2], [1, 2], [True, False]),
    ]
    for stride, padding, dilation, groups, bias in random.Random(mode).sample(choices, 16):
        for taps in ((2, 3, 2), (3, 2, 1)):
            torch.manual_seed(dilation)
            options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "bias": bias}
            if stride > min(dilation * (taps[k] - 1) + 1 for k in range(dimensions)):
                continue
            module = maker(2, 4, taps[:dimensions], **options, padding_mode=mode).double()
            layer = xi.ConvLayer.from_torch(module)
            size = tuple(axis.smallest_size + k for k, axis in enumerate(layer.axes))
            x = rng.standard_normal(2 * prod(size))
            with torch.no_grad():
                seen = torch.relu(module(torch.tensor(x).reshape(1, 2, *size)))
            assert seen.shape == (1, 4, *layer.output_size(size))
            exact = [float(value) for value in layer.evaluate([Fraction(v) for v in x], size)]
            assert np.allclose(seen.flatten().numpy(), exact, rtol=1e-12, atol=1e-12)
            assert np.allclose(layer.evaluate_float([Fraction(v) for v in x], size, np.float64), exact, atol=1e-12)
            assert layer.has_bias == bias


def test_torch_same_padding_is_this_one():
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    for taps, dilation in product(range(1, 6), (1, 2, 3)):
        module = torch.nn.Conv1d(1, 1, taps, padding="same", dilation=dilation)
        layer = xi.ConvLayer.from_torch(module)
        assert layer.output_size((9,)) == (9,)
        assert layer.padding == (tuple(module._reversed_padding_repeated_twice),)


def test_torch_modules_that_are_no_convolution():
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    for module in (torch.nn.Linear(2, 2), torch.nn.ConvTranspose1d(1, 1, 2), torch.nn.ReLU(), None):
        with pytest.raises(xi.InputError, match=type(module).__name__):
            xi.ConvLayer.from_torch(module)


def test_torch_kernels_of_any_kind():
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    kernels = torch.tensor([[[0.1, 2.0]]], requires_grad=True)
    assert xi.ConvLayer(kernels) == xi.ConvLayer(kernels.detach().numpy())
    half = kernels.detach().to(torch.bfloat16)
    assert xi.ConvLayer(half).bank[0][0] == [Fraction(float(v)) for v in half[0, 0]]
    assert xi.ConvLayer(torch.tensor([[[1, -2]]])) == xi.ConvLayer([[[1, -2]]])
    for kernels in (torch.tensor(1.0), torch.ones(2, 1), torch.ones(0, 1, 2), torch.ones(1, 1, 1, dtype=torch.bool)):
        with pytest.raises(xi.InputError):
            xi.ConvLayer(kernels)


# ------------------------------------------------------------------ arguments


def refused(message, call, *arguments, **options):
    with pytest.raises(xi.InputError, match=message) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kernels", "message"),
    [
        ([], "shape (0,)"),
        ([[]], "shape (1, 0)"),
        ([[[]]], "shape (1, 1, 0)"),
        ([[1, 2]], "shape (1, 2)"),
        (5, "type int"),
        (None, "type NoneType"),
        ("12", "type str"),
        ({1: 2}, "type dict"),
        ([[[1], [1, 2]]], "ragged"),
        ([[[1]], [1]], "ragged"),
        ([[[1, [2]]]], "type list"),
        ([[[[[[1]]]]]], "shape (1, 1, 1, 1, 1, 1)"),
        ([[[True]]], "truth value"),
        ([[["x"]]], "'x'"),
        ([[[1j]]], "complex"),
        ([[[float("nan")]]], "finite"),
        (np.array(5), "shape ()"),
        (np.ones(3), "shape (3,)"),
        (np.ones((0, 1, 2)), "shape (0, 1, 2)"),
        (np.ones((1, 1, 1), dtype=complex), "dtype"),
        (np.ones((1, 1, 1), dtype=bool), "dtype"),
        (np.ones((1,) * 6), "shape"),
    ],
)
def test_bad_kernels(kernels, message):
    refused(re.escape(message), xi.ConvLayer, kernels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"b": [1]}, "b has 1"),
        ({"b": [1, 2, 3]}, "b has 3"),
        ({"b": 5}, "type int"),
        ({"b": [True, False]}, "truth value"),
        ({"groups": 0}, "groups 0"),
        ({"groups": 3}, "2 output channels in 3 groups"),
        ({"groups": True}, "groups True"),
        ({"groups": 2.0}, "groups 2.0"),
        ({"stride": 0}, "stride 0"),
        ({"stride": 3}, "stride 3 beyond the kernel"),
        ({"stride": True}, "stride True"),
        ({"stride": 1.0}, "stride 1.0"),
        ({"stride": "2"}, "stride '2'"),
        ({"stride": None}, "stride None"),
        ({"stride": []}, "0 numbers as stride"),
        ({"stride": [1, 1]}, "2 numbers as stride"),
        ({"dilation": 0}, "dilation 0"),
        ({"dilation": 1.5}, "dilation 1.5"),
        ({"padding": -1}, "padding -1"),
        ({"padding": 0.5}, "padding 0.5"),
        ({"padding": None}, "padding None"),
        ({"padding": [True]}, "padding True"),
        ({"padding": []}, "0 entries as padding"),
        ({"padding": [1, 2]}, "2 entries as padding"),
        ({"padding": [[]]}, "0 numbers as the padding"),
        ({"padding": [[1, 2, 3]]}, "3 numbers as the padding"),
        ({"padding": "full"}, "'full'"),
        ({"padding": "same", "stride": 2}, "'same' with a stride"),
        ({"padding_mode": "mirror"}, "'mirror'"),
        ({"padding_mode": None}, "None"),
    ],
)
def test_bad_options(options, message):
    refused(re.escape(message), xi.ConvLayer, DIFFERENCES, **options)


@pytest.mark.parametrize(
    ("options", "size", "message"),
    [
        ({}, (1,), "size 1 along axis 1"),
        ({}, (0,), "found input shape 0"),
        ({}, (-3,), "found input shape -3"),
        ({}, (2.0,), "found input shape 2.0"),
        ({}, (True,), "found input shape True"),
        ({}, ("3",), "found input shape '3'"),
        ({}, "3", "found input shape '3'"),
        ({}, None, "found input shape None"),
        ({}, (), "0 numbers"),
        ({}, (2, 2), "2 channels, expected 1"),
        ({}, (1, 2, 2), "3 numbers"),
        ({"padding": 2, "padding_mode": "reflect"}, (2,), "at least 3 for reflect padding of 2"),
        ({"padding": 3, "padding_mode": "circular"}, (2,), "at least 3 for circular padding of 3"),
        ({"dilation": 4, "padding": 1}, (2,), "size 2 along axis 1"),
    ],
)
def test_sizes_that_the_layer_is_not_defined_for(options, size, message):
    layer = xi.ConvLayer(DIFFERENCES, **options)
    refused(re.escape(message), layer.size_of, size)
    refused(re.escape(message), layer.output_size, size)
    refused(re.escape(message), layer.unrolled, size)
    refused(re.escape(message), layer.evaluate, [1, 2, 3], size)
    refused(re.escape(message), layer.evaluate_float, [Fraction(1), Fraction(2)], size, np.float64)
    if size is not None:  # which asks about every size
        refused(re.escape(message), xi.certify, layer, input_shape=size)


def test_inputs_of_the_wrong_length():
    layer = xi.ConvLayer([[[1, 2], [3, 4]]])
    refused("5 numbers, expected 6: 2 channel", layer.evaluate, [1] * 5, (3,))
    refused("7 numbers, expected 6", layer.evaluate_float, [Fraction(1)] * 7, (3,), np.float64)


def test_numbers_for_one_axis_or_all():
    kernels = np.ones((1, 1, 2, 3))
    layers = [
        xi.ConvLayer(kernels, stride=2, padding=1, dilation=1),
        xi.ConvLayer(kernels, stride=(2, 2), padding=[1, 1], dilation=[1, 1]),
        xi.ConvLayer(kernels, stride=np.int64(2), padding=[(1, 1)], dilation=np.array([1])),
        xi.ConvLayer(kernels.tolist(), stride=np.array([2, 2]), padding=np.array([[1, 1], [1, 1]])),
        xi.ConvLayer(kernels.astype(int), stride=[2], padding=[(1, 1), 1], b=[0]),
    ]
    assert len(set(layers)) == 1
    assert xi.ConvLayer(kernels, padding="same").padding == ((0, 1), (1, 1))
    assert xi.ConvLayer(kernels, padding="valid").padding == ((0, 0), (0, 0))


# ------------------------------------------------------------------ identity


def test_digest_is_the_documented_text():
    text = (
        b'{"in_channels":1,"out_channels":2,"groups":1,"kernel_size":[2],"stride":[1],"dilation":[1],'
        b'"padding":[[0,0]],"padding_mode":"zeros","kernels":[["1","-1"],["-1/2","1"]],"b":["0","0"]}'
    )
    assert xi.ConvLayer([[[1, -1]], [["-2/4", 1.0]]]).digest == hashlib.sha256(text).hexdigest()


def test_everything_counts_for_the_digest():
    kernels = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    layers = [
        xi.ConvLayer(kernels),
        xi.ConvLayer(kernels, [1, 0]),
        xi.ConvLayer(kernels, stride=2),
        xi.ConvLayer(kernels, dilation=2),
        xi.ConvLayer(kernels, groups=2),
        xi.ConvLayer(kernels, padding=[(0, 1)]),
        xi.ConvLayer(kernels, padding=[(1, 0)]),
        xi.ConvLayer(kernels, padding=1),
        *(xi.ConvLayer(kernels, padding=1, padding_mode=mode) for mode in MODES[1:]),
        xi.ConvLayer([[[1, 2, 3, 4]], [[5, 6, 7, 8]]]),
        xi.ConvLayer([[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]]),
        xi.ConvLayer([[[[1, 2]], [[3, 4]]], [[[5, 6]], [[7, 8]]]]),
    ]
    assert len({layer.digest for layer in layers}) == len(set(layers)) == len(layers)
    assert all(one != other for one, other in pairwise(layers))
    assert layers[0] != "a layer"
    assert len({repr(layer) for layer in layers}) == len(layers)


@settings(max_examples=30, deadline=None)
@given(convolutions())
def test_pickles_and_copies_are_equal(case):
    layer = package_layer(case[0])
    copy = pickle.loads(pickle.dumps(layer))  # noqa: S301
    assert copy == layer == package_layer(case[0])
    assert hash(copy) == hash(layer)
    assert copy.summary == layer.summary == {**layer.record, "sha256": layer.digest}


# ------------------------------------------------------------------ sizes


def test_sets_of_sizes():
    sizes = xi.Sizes((4, 5), ((0, 2), (0, 1)), (3, 2))
    assert not sizes.is_all
    assert sizes.smallest == (5, 5)
    assert [n for n in range(12) if sizes.contains((n, 5))] == [5, 6, 8, 9, 11]
    assert not sizes.contains((5, 4))
    assert sizes.some(2) == [(5, 5), (5, 6), (6, 5), (6, 6)]
    assert all(map(sizes.contains, sizes.some(4)))
    assert sizes.text == "every size N with N_1 >= 4, N_1 mod 3 in {0, 2}, N_2 >= 5"
    assert xi.Sizes.from_minimum([2], [3]) == xi.Sizes((2,), ((0, 1, 2),), (3,))
    assert xi.Sizes.from_minimum([2], [3]).is_all


# ------------------------------------------------------------------ doubling


@pytest.mark.parametrize("scale", [1, "1/2", [1, 2, "1/3", 4]])
def test_doubled_banks(scale):
    bank = xi.ConvLayer([[[1, 1]], [[1, -1]], [[0, 0]], [[2, 1]]], [0, 1, 1, "-1/2"], stride=2, padding=[(1, 0)])
    layer = xi.doubled(bank, scale)
    factors = [Fraction(s) for s in scale] if isinstance(scale, list) else [Fraction(scale)] * 4
    assert (layer.stride, layer.padding, layer.out_channels) == (bank.stride, bank.padding, 8)
    for k, factor in enumerate(factors):
        assert layer.bank[2 * k] == bank.bank[k]
        assert layer.bank[2 * k + 1] == [[-factor * value for value in part] for part in bank.bank[k]]
        assert layer.bias[2 * k : 2 * k + 2] == [bank.bias[k], -factor * bank.bias[k]]


@pytest.mark.parametrize("scale", [0, -1, [1], [1, -1], [1, 2, 3], None, True, "x", float("inf")])
def test_bad_scales(scale):
    refused("found", xi.doubled, xi.ConvLayer(DIFFERENCES), scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 1, 2), {}),
        ((6, 2, 3), {}),
        ((4, 1, 2, 2), {}),
        ((4, 1, 2), {"groups": 2}),
        ((6, 2, 1), {"groups": 3}),
        ((2, 1, 2), {"padding": 1, "b": [1, -2]}),
    ],
)
def test_windows_are_the_certificate_of_a_doubled_full_rank_bank(shape, options, mode):
    bank = xi.ConvLayer(np.random.default_rng(0).standard_normal(shape), **options, padding_mode=mode)
    layer = xi.doubled(bank, "2/3")
    result = xi.certify(layer)
    assert result.verdict == "injective", result.reason
    assert result.certificate.proof.box == layer.extent
    assert result.sizes.is_all
    assert result.sizes.minimum == tuple(map(max, layer.extent, (axis.smallest_size for axis in layer.axes)))
    assert xi.check(result.certificate, layer).valid


def test_dilated_windows_have_gaps_that_their_neighbours_fill():
    layer = xi.doubled(xi.ConvLayer(np.random.default_rng(0).standard_normal((3, 1, 3)), dilation=2))
    assert xi.certify(layer).certificate.proof.box == (6,)
    assert xi.certify(layer, input_shape=(5,)).verdict == "not_injective"
