"""Each operator of ONNX that is understood, evaluated exactly, against ONNX Runtime on small integers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from onnx_models import integers, make_model, node, runtime_values

from exactinj.files.onnx import read_onnx
from exactinj.layers.network import Opaque

RNG = np.random.default_rng(0)


def i64(*values):
    return np.array(values, dtype=np.int64)


def one(kind, shape, *constants, opset=17, **attributes):
    """A model of one node: its data input, then constants; None leaves an input out."""
    names = ["" if constant is None else f"c{k}" for k, constant in enumerate(constants)]
    given = {name: np.asarray(c) for name, c in zip(names, constants, strict=True) if c is not None}
    return make_model([node(kind, ["x", *names], ["y"], **attributes)], {"x": shape}, ["y"], given, opset=opset)


def f32(*shape):
    return integers(RNG, *shape)


def halves(*shape):
    return (integers(RNG, *shape) / 2).astype(np.float32)


def moving():
    yield "reshape", one("Reshape", (1, 2, 6), i64(1, 0 - 1, 3))
    yield "reshape with zero", one("Reshape", (1, 2, 6), i64(0, 3, -1))
    yield "transpose", one("Transpose", (1, 2, 3), perm=[0, 2, 1])
    yield "transpose without order", one("Transpose", (1, 2, 3))
    yield "flatten", one("Flatten", (1, 2, 3), axis=2)
    yield "squeeze", one("Squeeze", (1, 2, 1, 3), i64(2))
    yield "squeeze 11", one("Squeeze", (1, 2, 1, 3), axes=[2], opset=11)
    yield "unsqueeze", one("Unsqueeze", (1, 2), i64(0, -1))
    yield "unsqueeze 11", one("Unsqueeze", (1, 2), axes=[1], opset=11)
    yield "slice", one("Slice", (1, 6, 5), i64(5, 0), i64(-10, 4), i64(1, 2), i64(-2, 1))
    yield "gather", one("Gather", (1, 5), np.array([[4, -1], [0, 0]]), axis=1)
    yield "gather elements", one("GatherElements", (2, 3), np.array([[2, 0], [1, 1]]), axis=1)
    yield "gather nd", one("GatherND", (2, 3), np.array([[1, 2], [0, 0]]))
    yield "expand", one("Expand", (1, 3, 1), i64(2, 1, 4))
    yield "tile", one("Tile", (1, 2), i64(2, 3))
    yield "depth to space", one("DepthToSpace", (1, 8, 2, 3), blocksize=2, mode="CRD")
    yield "depth to space, DCR", one("DepthToSpace", (1, 8, 2, 3), blocksize=2)
    yield "space to depth", one("SpaceToDepth", (1, 2, 4, 6), blocksize=2)
    yield "pad", one("Pad", (1, 2, 3), i64(0, 1, 2, 0, 0, 1), np.float32(3.5))
    yield "pad without value", one("Pad", (1, 3), i64(0, 2, 0, 1))
    yield "pad off", one("Pad", (1, 5), i64(0, -2, 0, 1))
    yield "pad some axes", one("Pad", (1, 2, 3), i64(1, 2), np.float32(1), i64(2), opset=18)
    yield "reflect", one("Pad", (1, 1, 4), i64(0, 0, 2, 0, 0, 3), mode="reflect")
    yield "edge", one("Pad", (1, 1, 4), i64(0, 0, 2, 0, 0, 3), mode="edge")
    yield "wrap", one("Pad", (1, 1, 4), i64(0, 0, 2, 0, 0, 3), mode="wrap", opset=19)
    yield "pad 10", one("Pad", (1, 3), pads=[0, 1, 0, 2], value=2.0, opset=10)
    yield "identity", one("Identity", (1, 3))
    yield "dropout", one("Dropout", (1, 3), np.float32(0.5))
    yield "dropout 11", one("Dropout", (1, 3), opset=11)
    yield "cast", one("Cast", (1, 3), to=1)
    yield "trilu", one("Trilu", (1, 3, 3), np.array(1), upper=1)
    yield "compress", one("Compress", (1, 4), np.array([True, False, True, True]), axis=1)
    for mode in ("asymmetric", "half_pixel"):
        for nearest in ("floor", "round_prefer_floor"):
            yield (
                f"resize {mode} {nearest}",
                one(
                    "Resize",
                    (1, 2, 3, 2),
                    None,
                    np.float32([1, 1, 2, 3]),
                    mode="nearest",
                    coordinate_transformation_mode=mode,
                    nearest_mode=nearest,
                ),
            )
    sizes = one("Resize", (1, 1, 3, 4), None, None, i64(1, 1, 6, 2), mode="nearest", nearest_mode="floor")
    yield "resize to sizes", sizes
    yield "upsample", one("Upsample", (1, 1, 2, 3), np.float32([1, 1, 2, 2]), mode="nearest", opset=9)
    parts = make_model([node("Split", ["x", "s"], ["a", "b"], axis=1)], {"x": (1, 5)}, ["b", "a"], {"s": i64(2, 3)})
    yield "split", parts
    halves = make_model([node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2)], {"x": (1, 5)}, ["b", "a"], opset=18)
    yield "split in two", halves
    yield (
        "concat",
        make_model([node("Concat", ["x", "c", "x"], ["y"], axis=-1)], {"x": (1, 2)}, ["y"], {"c": f32(1, 3)}),
    )


def affine():
    yield "gemm", one("Gemm", (3, 2), f32(2, 4), f32(4))
    yield "gemm without c", one("Gemm", (1, 2), f32(4, 2), transB=1)
    yield "gemm with factors", one("Gemm", (2, 3), f32(4, 2), f32(3, 4), transA=1, transB=1, alpha=0.5, beta=-2.0)
    yield "gemm of columns", one("Gemm", (3, 2), f32(2, 4), f32(3, 1))
    yield "gemm of a number", one("Gemm", (3, 2), f32(2, 4), np.float32(2))
    left = node("Gemm", ["c", "x", "x"], ["y"], transB=1, beta=3.0)
    yield "gemm from the left", make_model([left], {"x": (2, 2)}, ["y"], {"c": f32(2, 2)})
    yield "matmul", one("MatMul", (1, 5, 3), f32(3, 2))
    yield "matmul of a line", one("MatMul", (3,), f32(3, 2))
    yield "matmul by a line", one("MatMul", (2, 3), f32(3))
    yield "matmul of lines", one("MatMul", (3,), f32(3))
    yield "matmul with a stack of one", one("MatMul", (2, 3), f32(1, 1, 3, 2))
    yield "matmul with a stack", one("MatMul", (1, 2, 3), f32(4, 3, 2))
    yield "matmul of a line with a stack", one("MatMul", (3,), f32(2, 3, 2))
    yield "stack with stack", one("MatMul", (2, 2, 3), f32(2, 3, 2))
    for name, left, shape in [
        ("matrix", (2, 3), (3, 4)),
        ("stack", (2, 2, 3), (1, 3, 4)),
        ("line", (3,), (2, 3, 4)),
        ("line, line", (3,), (3,)),
        ("matrix, line", (2, 3), (3,)),
        ("stack, line", (2, 2, 3), (3,)),
    ]:
        product = node("MatMul", ["c", "x"], ["y"])
        yield f"matmul from the left: {name}", make_model([product], {"x": shape}, ["y"], {"c": f32(*left)})
    yield "conv1d", one("Conv", (1, 2, 7), f32(3, 2, 3), f32(3), strides=[2], pads=[1, 2], dilations=[2])
    yield "conv2d", one("Conv", (1, 4, 6, 5), f32(6, 2, 3, 2), group=2, strides=[2, 1], pads=[1, 0, 0, 1])
    yield "conv3d", one("Conv", (1, 1, 4, 4, 3), f32(2, 1, 2, 2, 2), f32(2))
    yield "conv of a batch", one("Conv", (3, 2, 7), f32(3, 2, 3), f32(3))
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        yield f"conv {mode}", one("Conv", (1, 1, 8, 7), f32(2, 1, 3, 4), auto_pad=mode, strides=[2, 3])
    yield "depthwise", one("Conv", (1, 3, 5), f32(3, 1, 2), group=3)
    yield "deconv", one("ConvTranspose", (1, 2, 4), f32(2, 3, 3), f32(3), strides=[2])
    yield (
        "deconv2d",
        one(
            "ConvTranspose",
            (1, 4, 3, 4),
            f32(4, 3, 3, 2),
            f32(6),
            group=2,
            strides=[3, 2],
            pads=[1, 0, 2, 1],
            output_padding=[2, 1],
            dilations=[2, 1],
        ),
    )
    yield "deconv to a shape", one("ConvTranspose", (1, 1, 4), f32(1, 1, 3), strides=[2], output_shape=[8])
    for mode in ("SAME_UPPER", "SAME_LOWER"):
        yield f"deconv {mode}", one("ConvTranspose", (1, 1, 4), f32(1, 1, 4), strides=[3], auto_pad=mode)
    yield "deconv of much padding", one("ConvTranspose", (1, 1, 4), f32(1, 1, 2), strides=[2], pads=[2, 2])
    numbers = [f32(3), f32(3), f32(3), np.float32([1, 4, 0.25])]
    yield "batch norm", one("BatchNormalization", (1, 3, 2), *numbers, epsilon=0.0)
    yield "neg", one("Neg", (1, 3))


def arithmetic():
    yield "add", one("Add", (1, 2, 3), f32(2, 1))
    yield "add to a larger", one("Add", (1, 3), f32(2, 2, 3))
    yield "sub", one("Sub", (1, 3), f32(3))
    yield "sub from", make_model([node("Sub", ["c", "x"], ["y"])], {"x": (1, 3)}, ["y"], {"c": f32(3)})
    yield "mul", one("Mul", (1, 3), f32(2, 1))
    yield "mul from", make_model([node("Mul", ["c", "x"], ["y"])], {"x": (1, 3)}, ["y"], {"c": np.float32(3)})
    yield "div", one("Div", (1, 3), np.float32([2, -4, 0.5]))
    yield "square", make_model([node("Mul", ["x", "x"], ["y"])], {"x": (1, 3)}, ["y"])
    yield "double", make_model([node("Add", ["x", "x"], ["y"])], {"x": (1, 3)}, ["y"])
    yield "nothing", make_model([node("Sub", ["x", "x"], ["y"])], {"x": (1, 3)}, ["y"])
    yield "pow 2", one("Pow", (1, 3), np.float32(2))
    yield "pow 1", one("Pow", (1, 3), np.float32([1, 1, 1]))
    two = {"x": (1, 2, 3), "z": (2, 1)}
    for kind in ("Add", "Sub", "Max", "Min"):
        yield f"{kind} of two", make_model([node(kind, ["x", "z"], ["y"])], two, ["y"])
    yield "sum", make_model([node("Sum", ["x", "c", "z", "x"], ["y"])], two, ["y"], {"c": f32(3)})
    yield "mean", make_model([node("Mean", ["x", "z", "x", "z"], ["y"])], two, ["y"])
    yield "max", one("Max", (1, 3), np.float32(1), np.float32(-1))
    yield "min", one("Min", (1, 3), np.float32([[1]]))
    yield "max of anything", one("Max", (1, 3), np.float32(-np.inf))
    yield "max entry by entry", one("Max", (1, 3), f32(2, 3))
    yield "min entry by entry", one("Min", (1, 3), f32(3))
    yield "max of itself", make_model([node("Max", ["x", "x"], ["y"])], {"x": (1, 3)}, ["y"])
    for name, choices in [("two", ["m", "x", "z"]), ("a constant", ["m", "c", "x"]), ("a number", ["m", "z", "d"])]:
        constants = {"m": np.array([True, False, True]), "c": f32(3), "d": np.float32(7)}
        yield f"where of {name}", make_model([node("Where", choices, ["y"])], two, ["y"], constants)


def entrywise():
    yield "relu", one("Relu", (1, 3))
    yield "leaky", one("LeakyRelu", (1, 3), alpha=0.25)
    yield "prelu", one("PRelu", (1, 3, 2), halves(3, 1))
    yield "abs", one("Abs", (1, 3))
    yield "clip", one("Clip", (1, 5), np.float32(-1), np.float32(2))
    yield "clip above", one("Clip", (1, 5), None, np.float32(2))
    yield "clip at infinity", one("Clip", (1, 5), np.float32(0), np.float32(np.inf))
    yield "clip 6", one("Clip", (1, 5), min=0.0, max=3.0, opset=6 + 1)
    yield "hard sigmoid", one("HardSigmoid", (1, 5), alpha=0.25, beta=0.5)


def pooling():
    yield "max pool", one("MaxPool", (1, 2, 7, 6), kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])
    yield "dilated", one("MaxPool", (1, 1, 9), kernel_shape=[3], dilations=[2], strides=[2])
    yield "ceil", one("MaxPool", (1, 1, 6), kernel_shape=[3], strides=[2], ceil_mode=1)
    yield "same", one("MaxPool", (1, 1, 6), kernel_shape=[3], strides=[2], auto_pad="SAME_UPPER")
    yield "same lower", one("MaxPool", (1, 1, 6), kernel_shape=[2], auto_pad="SAME_LOWER")
    for count in (0, 1):
        yield (
            f"average, {count}",
            one("AveragePool", (1, 2, 5, 6), kernel_shape=[2, 4], pads=[1, 2, 1, 1], count_include_pad=count),
        )
    yield "average, ceil", one("AveragePool", (1, 1, 6), kernel_shape=[4], strides=[4], ceil_mode=1)
    yield "global max", one("GlobalMaxPool", (1, 3, 2, 4))
    yield "global average", one("GlobalAveragePool", (1, 3, 2, 4))
    yield "reduce mean", one("ReduceMean", (1, 3, 4), axes=[-1], keepdims=0)
    yield "reduce mean 18", one("ReduceMean", (1, 3, 4), i64(2), opset=18)
    yield "reduce sum", one("ReduceSum", (1, 3, 4), i64(1, 2))
    yield "reduce all", one("ReduceSum", (1, 3, 4), keepdims=0)
    yield "reduce none", one("ReduceSum", (1, 3, 4), noop_with_empty_axes=1)
    yield "reduce max", one("ReduceMax", (1, 3, 4), axes=[1])
    yield "reduce min", one("ReduceMin", (1, 3, 4), axes=[0, 2], keepdims=0)
    yield "reduce l1", one("ReduceL1", (1, 3, 4), axes=[1])
    yield "reduce squares", one("ReduceSumSquare", (1, 3, 4), axes=[1])


CASES = [*moving(), *affine(), *arithmetic(), *entrywise(), *pooling()]


@pytest.mark.parametrize("model", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_an_operator_is_exact(model):
    network = read_onnx(model)
    rng = np.random.default_rng(1)
    feeds = {name: integers(rng, *shape) for name, shape in network.inputs.items()}
    floats, exact = network.float_values(feeds), network.values(feeds)
    assert network.outputs == tuple(entry.name for entry in model.graph.output)
    for name, want in zip(network.outputs, runtime_values(model, feeds), strict=True):
        assert network.shapes[name] == want.shape
        np.testing.assert_array_equal(exact[name].floats().astype(np.float32), want)
        np.testing.assert_allclose(floats[name], want, rtol=1e-6)


ONE_TO_ONE = [
    *(one(kind, (1, 4)) for kind in ("Sigmoid", "Tanh", "Softplus", "Softsign", "Exp", "Erf", "Atan", "Sinh", "Asinh")),
    one("Elu", (1, 4)),
    one("Elu", (1, 4), alpha=0.5),
    one("Selu", (1, 4)),
    one("Celu", (1, 4), alpha=2.0),
    one("Pow", (1, 4), np.float32(3)),
]


@pytest.mark.parametrize("model", ONE_TO_ONE, ids=lambda model: model.graph.node[0].op_type)
def test_monotone_functions_have_names_and_floats(model):
    network = read_onnx(model)
    x = np.float32([[-2, -0.5, 0, 1.5]])
    np.testing.assert_allclose(network.float_values(x)["y"], runtime_values(model, {"x": x})[0], rtol=1e-5, atol=1e-7)
    assert network.node["y"].operation.kind
    assert network.agreement(x, x).equal
    assert pickle.loads(pickle.dumps(network)).digest == network.digest  # noqa: S301
    assert not network.agreement(x, 2 * x).equal


@pytest.mark.parametrize("kind", ["Sqrt", "Log", "Acosh"])
def test_functions_of_positive_numbers(kind):
    model, x = one(kind, (1, 3)), np.float32([[1, 2, 5]])
    np.testing.assert_allclose(read_onnx(model).float_values(x)["y"], runtime_values(model, {"x": x})[0], rtol=1e-6)


OPAQUE = [
    one("Softmax", (1, 3)),
    one("Gelu", (1, 3), opset=20),
    one("HardSwish", (1, 3)),
    one("InstanceNormalization", (1, 2, 3), f32(2), f32(2)),
    one("LayerNormalization", (1, 3), f32(3)),
    one("Cast", (1, 3), to=7),
    one("Elu", (1, 3), alpha=-1.0),
    one("Pow", (1, 3), np.float32(4)),
    one("Div", (1, 3), np.float32([1, 0, 1])),
    one("Sin", (1, 3)),
    one("Round", (1, 3)),
    one("Resize", (1, 1, 2, 2), None, np.float32([1, 1, 2, 2]), mode="linear"),
    make_model([node("Mul", ["x", "z"], ["y"])], {"x": (1, 3), "z": (1, 3)}, ["y"]),
    make_model([node("MatMul", ["x", "z"], ["y"])], {"x": (1, 3), "z": (3, 3)}, ["y"]),
    make_model([node("Conv", ["x", "z"], ["y"])], {"x": (1, 1, 3), "z": (1, 1, 2)}, ["y"]),
    one("RandomNormalLike", (1, 3)),
]  # fmt: skip


@pytest.mark.parametrize("model", OPAQUE, ids=lambda model: model.graph.node[0].op_type)
def test_what_is_not_understood_is_named(model):
    network = read_onnx(model)
    operation = network.node[network.outputs[0]].operation
    assert isinstance(operation, Opaque)
    assert operation.name == model.graph.node[0].op_type
    assert operation.name in operation.why
    assert network.shapes[network.outputs[0]] is not None
