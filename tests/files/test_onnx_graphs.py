"""Random graphs of the supported operators: exact values against ONNX Runtime, bit for bit.

Weights are small integers and halves, so that floats hold every value as long as steps that grow them are clipped.
"""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from onnx import TensorProto
from onnx_models import integers, make_model, node, runtime_values

from exactinj.files.onnx import read_onnx
from exactinj.layers.network import ExactTensor, simplified

GRAPHS = 50
LARGEST = 2000  # entries of a value


class Growing:
    """A model that grows node by node; `open` are names and shapes of values."""

    def __init__(self, rng):
        self.rng, self.nodes, self.constants = rng, [], {}
        self.open = {"x": (1, int(rng.integers(1, 5)), *rng.integers(3, 7, rng.integers(1, 3)).tolist())}
        self.inputs = dict(self.open)

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array)
        return name

    def add(self, kind, inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(node(kind, inputs, [name], **attributes))
        return name

    def grow(self):
        name = str(self.rng.choice(list(self.open)))
        shape = self.open[name]
        made = STEPS[self.rng.integers(len(STEPS))](self, name, shape)
        if made is None:
            return
        value, out = made
        if prod(out) > LARGEST:
            return
        self.open[self.add("Clip", [value, self.constant(np.float32(-64)), self.constant(np.float32(64))])] = out


def relu(g, x, shape):
    return g.add(str(g.rng.choice(["Relu", "Abs", "Neg"])), [x]), shape


def leaky(g, x, shape):
    return g.add("LeakyRelu", [x], alpha=0.5), shape


def prelu(g, x, shape):
    slopes = integers(g.rng, shape[1], *[1] * (len(shape) - 2)) if len(shape) > 1 else np.float32([2])
    return g.add("PRelu", [x, g.constant(slopes)]), shape


def conv(g, x, shape):
    if len(shape) not in (3, 4) or shape[0] != 1 or min(shape[2:]) < 3:
        return None
    groups = 2 if shape[1] % 2 == 0 and g.rng.integers(2) else 1
    axes, outs, step = len(shape) - 2, 2 * groups, int(g.rng.integers(1, 3))
    kernels = g.constant(integers(g.rng, outs, shape[1] // groups, *[2] * axes, most=2))
    pad = int(g.rng.integers(2))
    out = tuple((n + 2 * pad - 2) // step + 1 for n in shape[2:])
    made = g.add(
        "Conv",
        [x, kernels, g.constant(integers(g.rng, outs))],
        strides=[step] * axes,
        pads=[pad] * (2 * axes),
        group=groups,
    )
    return made, (1, outs, *out)


def deconv(g, x, shape):
    if len(shape) not in (3, 4) or shape[0] != 1:
        return None
    axes = len(shape) - 2
    made = g.add(
        "ConvTranspose", [x, g.constant(integers(g.rng, shape[1], 2, *[3] * axes, most=2))], strides=[2] * axes
    )
    return made, (1, 2, *(2 * n + 1 for n in shape[2:]))


def pool(g, x, shape):
    if len(shape) not in (3, 4) or min(shape[2:]) < 2:
        return None
    axes = len(shape) - 2
    kind = str(g.rng.choice(["MaxPool", "AveragePool"]))
    return g.add(kind, [x], kernel_shape=[2] * axes), (*shape[:2], *(n - 1 for n in shape[2:]))


def reduce(g, x, shape):
    if len(shape) < 3 or shape[-1] not in (1, 2, 4):
        return None
    return g.add("ReduceMean", [x], axes=[-1], keepdims=1), (*shape[:-1], 1)


def matmul(g, x, shape):
    return g.add("MatMul", [x, g.constant(integers(g.rng, shape[-1], 3, most=2))]), (*shape[:-1], 3)


def gemm(g, x, shape):
    flat, n = g.add("Flatten", [x], axis=1), prod(shape[1:])
    weights = g.constant(integers(g.rng, 4, n, most=1))
    return g.add("Gemm", [flat, weights, g.constant(integers(g.rng, 4))], transB=1), (shape[0], 4)


def norm(g, x, shape):
    if len(shape) < 3:
        return None
    three = [g.constant(integers(g.rng, shape[1], most=2)) for _ in range(3)]
    variance = g.constant(g.rng.choice(np.float32([1, 4, 0.25]), shape[1]))
    return g.add("BatchNormalization", [x, *three, variance], epsilon=0.0), shape


def reshape(g, x, shape):
    wanted = (shape[0], prod(shape[1:])) if len(shape) > 2 else (1, 1, *shape)
    return g.add("Reshape", [x, g.constant(np.array(wanted))]), wanted


def transpose(g, x, shape):
    order = [0, *(1 + g.rng.permutation(len(shape) - 1)).tolist()]
    return g.add("Transpose", [x], perm=order), tuple(shape[k] for k in order)


def slice_off(g, x, shape):
    n = shape[-1]
    if n < 2:
        return None
    ends = [g.constant(np.array([value])) for value in (n - 1, -n - 1, -1, -2)]
    return g.add("Slice", [x, *ends]), (*shape[:-1], (n + 1) // 2)


def pad(g, x, shape):
    widths = g.constant(np.array([0] * (len(shape) - 1) + [1] + [0] * (len(shape) - 1) + [1]))
    mode = str(g.rng.choice(["constant", "edge"]))
    more = [g.constant(np.float32(3))] if mode == "constant" else []
    return g.add("Pad", [x, widths, *more], mode=mode), (*shape[:-1], shape[-1] + 2)


def constants(g, x, shape):
    kind = str(g.rng.choice(["Add", "Sub", "Mul", "Div", "Max", "Min"]))
    part = integers(g.rng, shape[-1])
    given = [x, g.constant(np.float32([2, 4])[g.rng.integers(2)] if kind == "Div" else part)]
    return g.add(kind, given if kind == "Div" else g.rng.permutation(given).tolist()), shape


def skip(g, x, shape):
    others = [name for name, other in g.open.items() if other == shape]
    kind = str(g.rng.choice(["Add", "Sub", "Max", "Min"]))
    return g.add(kind, [x, str(g.rng.choice(others))]), shape


def concat(g, x, shape):
    return g.add("Concat", [x, g.add("Neg", [x])], axis=-1), (*shape[:-1], 2 * shape[-1])


def resize(g, x, shape):
    if len(shape) != 3:
        return None
    made = g.add(
        "Resize",
        [x, "", g.constant(np.float32([1, 1, 2]))],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    return made, (*shape[:2], 2 * shape[2])


STEPS = [
    relu, leaky, prelu, conv, conv, deconv, pool, pool, reduce, matmul, gemm, norm, reshape, transpose, slice_off, pad,
    constants, skip, skip, concat, resize,
]  # fmt: skip


def grown(seed):
    growing = Growing(np.random.default_rng(seed))
    while len(growing.open) < 8:
        growing.grow()
    outputs = list(growing.open)[-3:]
    opset = 13 + seed % 5
    return make_model(growing.nodes, growing.inputs, outputs, growing.constants, opset=opset)


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_random_graphs_are_exact(seed):
    model = grown(seed)
    network = read_onnx(model)
    x = integers(np.random.default_rng(seed), *network.inputs["x"])
    short = simplified(network)
    left, right = network.values(x), short.values(x)
    exact = 0
    for name, want in zip(network.outputs, runtime_values(model, {"x": x}), strict=True):
        assert left[name].equals(right[name])
        assert left[name].shape == want.shape
        np.testing.assert_allclose(left[name].floats(), want, rtol=1e-5, atol=1e-5)
        exact += ExactTensor.of(want).equals(left[name])
        np.testing.assert_allclose(short.float_values(x)[name], left[name].floats(), rtol=1e-12, atol=1e-12)
    assert exact == len(network.outputs)


def test_the_graphs_have_every_step():
    kinds = {step.op_type for seed in range(GRAPHS) for step in grown(seed).graph.node}
    assert len(kinds) >= 24


def test_doubles_are_as_exact():
    rng = np.random.default_rng(5)
    W, b = rng.standard_normal((4, 3)), rng.standard_normal(4)
    nodes = [node("Gemm", ["x", "W", "b"], ["h"], transB=1), node("Relu", ["h"], ["y"])]
    model = make_model(nodes, {"x": (1, 3)}, ["y"], {"W": W, "b": b}, element_type=TensorProto.DOUBLE)
    x = rng.standard_normal((1, 3))
    got = read_onnx(model).evaluate(x).floats()
    np.testing.assert_allclose(got, runtime_values(model, {"x": x})[0], rtol=1e-14, atol=1e-14)
