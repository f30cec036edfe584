"""Each step of a network against torch, in integers small enough that float64 is exact, and against itself."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from exactinj.errors import InputError
from exactinj.layers.network import (
    Clip,
    Concatenation,
    Constant,
    Convolution,
    Dense,
    ExactTensor,
    LeakyRelu,
    Maximum,
    Mean,
    Rearrangement,
    Relu,
    ScaleShift,
    Square,
    Sum,
)

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def integers(rng, *shape, most=5):
    return rng.integers(-most, most + 1, shape).astype(float)


def tensor(array):
    return torch.tensor(array, dtype=torch.float64)


def windows(size, taps, stride):
    """Places of one-dimensional windows without padding."""
    return np.array([[start + u for u in range(taps)] for start in range(0, size - taps + 1, stride)])


def cases():
    rng = np.random.default_rng(0)
    W, b = integers(rng, 4, 3), integers(rng, 4)
    x = integers(rng, 1, 3)
    yield "dense", Dense(W, b), [x], functional.linear(tensor(x), tensor(W), tensor(b))
    yield "dense of rows", Dense(W), [integers(rng, 1, 5, 3)], None
    for axes, groups, stride, dilation in [(1, 1, 1, 1), (1, 2, 2, 1), (2, 1, 2, 1), (2, 4, 1, 2), (3, 1, 1, 1)]:
        kernels = integers(rng, 4, 4 // groups, *[3] * axes)
        bias, x = integers(rng, 4), integers(rng, 1, 4, *[6] * axes)
        step = Convolution(
            kernels, bias, stride=[stride] * axes, padding=[(1, 1)] * axes, dilation=[dilation] * axes, groups=groups
        )
        conv = getattr(functional, f"conv{axes}d")
        want = conv(
            tensor(x), tensor(kernels), tensor(bias), stride=stride, padding=1, dilation=dilation, groups=groups
        )
        yield f"conv{axes}d in {groups} groups", step, [x], want
    x = integers(rng, 1, 2, 4)
    yield "scale", ScaleShift(integers(rng, 1, 2, 1), [[[3.0], [4.0]]]), [x], None
    yield "sum", Sum([1, -1]), [x, x[..., ::-1].copy()], tensor(x) - torch.flip(tensor(x), [2])
    yield "relu", Relu(), [x], functional.relu(tensor(x))
    yield "leaky", LeakyRelu(0.25), [x], functional.leaky_relu(tensor(x), 0.25)
    yield "prelu", LeakyRelu([[[0.5], [2.0]]]), [x], functional.prelu(tensor(x), tensor(np.array([0.5, 2])))
    yield "abs", LeakyRelu(-1), [x], tensor(x).abs()
    yield "clip", Clip(0, 3), [x], tensor(x).clamp(0, 3)
    yield "half-open clip", Clip(None, 1), [x], tensor(x).clamp(max=1)
    yield "square", Square(), [x], tensor(x) ** 2
    x = integers(rng, 7)
    yield "max pool", Maximum(windows(7, 3, 2)), [x], functional.max_pool1d(tensor(x)[None, None], 3, 2)[0, 0]
    yield "mean", Mean(windows(8, 4, 2), np.full(3, 4)), [integers(rng, 8)], None
    x = integers(rng, 1, 2, 3)
    turned = np.arange(6).reshape(1, 2, 3).transpose(2, 0, 1)
    yield "transpose", Rearrangement(turned, "transpose"), [x], tensor(x).permute(2, 0, 1)
    padded = np.pad(np.arange(6).reshape(1, 2, 3), ((0, 0), (0, 0), (2, 1)), constant_values=-1)
    yield "pad", Rearrangement(padded, "pad", 7), [x], functional.pad(tensor(x), (2, 1), value=7)
    yield "concat", Concatenation(-1), [x, 2 * x], torch.cat([tensor(x), 2 * tensor(x)], -1)
    yield "constant", Constant(x), [], tensor(x)


CASES = list(cases())


@pytest.mark.parametrize(("step", "inputs", "want"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_step_is_exact_in_floats_and_as_torch_has_it(step, inputs, want):
    values = [ExactTensor.of(x) for x in inputs]
    exact = step.exact(*values)
    assert exact.shape == step.shape(*(value.shape for value in values))
    assert exact.denominator == exact.reduced().denominator or not isinstance(step, Dense | Convolution | Mean)
    np.testing.assert_array_equal(exact.floats(), step.floats(*inputs))
    if want is not None:
        np.testing.assert_array_equal(exact.floats(), want.numpy())


@pytest.mark.parametrize(
    ("step", "inputs"), [case[1:3] for case in CASES if case[2]], ids=[c[0] for c in CASES if c[2]]
)
def test_derivatives_are_differences_of_close_points(step, inputs):
    rng = np.random.default_rng(1)
    at = [ExactTensor.of(x + 0.5 * rng.integers(0, 2, x.shape)) for x in inputs]
    moves = [ExactTensor.of(rng.integers(-3, 4, x.shape)) for x in inputs]
    small = ExactTensor.of(Fraction(1, 1000))
    moved = [x.plus(d.times(small)) for x, d in zip(at, moves, strict=True)]
    difference = step.exact(*moved).minus(step.exact(*at))
    if hasattr(step, "linear"):
        assert difference.equals(step.linear(*moves).times(small))
    elif hasattr(step, "along"):
        assert difference.equals(step.along(tuple(at), tuple(moves)).times(small))


def test_inside_means_without_ties():
    assert Relu().is_inside(ExactTensor.of([1, -2]))
    assert not Relu().is_inside(ExactTensor.of([1, 0]))
    assert not Clip(0, 3).is_inside(ExactTensor.of([3, 1]))
    assert Clip(0, 3).is_inside(ExactTensor.of([4, -1]))
    pool = Maximum(np.array([[0, 1], [1, -1]]))
    assert pool.is_inside(ExactTensor.of([1, 2]))
    assert not pool.is_inside(ExactTensor.of([2, 2]))


def test_a_mean_of_a_third_has_no_float():
    assert Mean(np.array([[0, 1, -1]]), np.array([3])).exact(ExactTensor.of([0, 1])).fractions() == [Fraction(1, 3)]


@pytest.mark.parametrize("values", [[[1.0], [np.nan]], [np.inf], [1e400], ["x"], [True]])
def test_what_is_no_finite_number_is_refused(values):
    with pytest.raises(InputError):
        ExactTensor.of(values)


@pytest.mark.parametrize(
    "values", [[5e-324, 1.5, 0.0], [1e300, -1e-300], [2**70, 1], ["1/3", "0.1"], np.float16([0.1])]
)
def test_numbers_are_read_as_they_are(values):
    assert ExactTensor.of(values).fractions() == [Fraction(value) for value in np.array(values).tolist()]


@pytest.mark.parametrize(
    ("step", "shapes"),
    [
        (Dense([[1, 2]]), [(1, 3)]),
        (Convolution([[[1, 2]]], stride=[1], padding=[(0, 0)], dilation=[1]), [(1, 1, 1)]),
        (Convolution([[[1, 2]]], stride=[1], padding=[(0, 0)], dilation=[1]), [(2, 1, 5)]),
        (Sum([1, 1]), [(1, 2), (1, 3)]),
        (ScaleShift([[1], [2]], 0), [(3, 4)]),
        (LeakyRelu([1, 2]), [(3,)]),
        (Concatenation(0), [(1, 2), (1, 3)]),
        (Rearrangement(np.array([3]), "slice"), [(2,)]),
    ],
)
def test_shapes_that_do_not_fit_are_refused(step, shapes):
    with pytest.raises(InputError, match="found"):
        step.shape(*shapes)
