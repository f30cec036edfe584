"""Files that are no models, damaged, or out to harm: one line each, or a step that is only named; never a traceback."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import integers, make_model, node

from exactinj.errors import InputError
from exactinj.files.onnx import read_onnx
from exactinj.layers.network import Opaque

RNG = np.random.default_rng(0)
MOST_MEMORY = 1 << 30
HUGE = 10**13


def i64(*values):
    return np.array(values, dtype=np.int64)


def good():
    weights = {"w": integers(RNG, 4, 3), "b": integers(RNG, 4)}
    nodes = [node("Gemm", ["x", "w", "b"], ["h"], transB=1, name="first"), node("Relu", ["h"], ["y"])]
    return make_model(nodes, {"x": ("N", 3)}, ["y"], weights)


def changed(change):
    model = good()
    change(model.graph)
    return model


def one(kind, *constants, shape=(1, 3), **attributes):
    names = [f"c{k}" for k in range(len(constants))]
    given = dict(zip(names, constants, strict=True))
    return make_model([node(kind, ["x", *names], ["y"], **attributes)], {"x": shape}, ["y"], given)


def weight(graph, **fields):
    """The first weight replaced by a tensor with these fields."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 3])
    for key, value in fields.items():
        if isinstance(value, list):
            tensor.ClearField(key)
            getattr(tensor, key).extend(value)
        else:
            setattr(tensor, key, value)
    graph.initializer[0].CopyFrom(tensor)


def folded(*nodes, constants):
    """A model whose constants are computed by these nodes, and added to the input as `k`."""
    return make_model([*nodes, node("Add", ["x", "k"], ["y"])], {"x": (1, 3)}, ["y"], constants)


def nested_branches(depth):
    graph = helper.make_graph([node("Relu", ["x"], ["t"])], "g", [], [helper.make_tensor_value_info("t", 1, None)])
    for k in range(depth):
        step = node("If", ["c"], [f"t{k}"], then_branch=graph, else_branch=graph if k < 3 else _leaf())
        graph = helper.make_graph([step], "g", [], [helper.make_tensor_value_info(f"t{k}", 1, None)])
    outer = [node("If", ["c"], ["y"], then_branch=graph, else_branch=_leaf())]
    return make_model(outer, {"x": (1, 3)}, ["y"], {"c": np.array([True])})


def _leaf():
    return helper.make_graph([node("Neg", ["x"], ["l"])], "leaf", [], [helper.make_tensor_value_info("l", 1, None)])


def many_steps(count):
    names = ["x", *(f"v{k}" for k in range(count))]
    doubled = [node("Concat", [names[k], names[k]], [names[k + 1]], axis=1) for k in range(count)]
    return make_model(doubled, {"x": (1, 3)}, [names[-1]])


BYTES = {
    "nothing": b"",
    "a text": b"This is no model.\n" * 50,
    "random bytes": np.random.default_rng(1).bytes(5000),
    "zeros": bytes(1000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "an archive": b"PK\x03\x04" + bytes(100),
    "half a model": good().SerializeToString()[:80],
    "all but the end": good().SerializeToString()[:-3],
    "another message": numpy_helper.from_array(np.zeros(3), "w").SerializeToString(),
    "an endless length": b"\x3a\xff\xff\xff\xff\x7f",
}

REFUSED = {
    "no output": (changed(lambda g: g.ClearField("output")), "no graph with outputs"),
    "an output that nobody gives": (changed(lambda g: setattr(g.output[0], "name", "z")), "output 'z'"),
    "an input that nobody gives": (changed(lambda g: g.node[0].input.__setitem__(0, "z")), "reads 'z'"),
    "a circle": (changed(lambda g: g.node[0].input.__setitem__(0, "y")), "reads 'y'"),
    "two values of a name": (changed(lambda g: g.node[1].output.__setitem__(0, "h")), "two values of the name 'h'"),
    "an output named as the input": (changed(lambda g: g.node[1].output.__setitem__(0, "x")), "two values"),
    "two weights of a name": (changed(lambda g: setattr(g.initializer[1], "name", "w")), "two values"),
    "two inputs of a name": (changed(lambda g: g.input.add().CopyFrom(g.input[0])), "two inputs"),
    "too few inputs": (changed(lambda g: g.node[0].ClearField("input")), "not valid"),
    "an attribute of another type": (
        changed(lambda g: g.node[0].attribute[0].CopyFrom(helper.make_attribute("transB", "yes"))),
        "not valid",
    ),
    "an attribute that is none": (
        changed(lambda g: g.node[1].attribute.add().CopyFrom(helper.make_attribute("evil", 1))),
        "not valid",
    ),
    "raw data too short": (changed(lambda g: weight(g, raw_data=bytes(40))), "tensor w"),
    "raw data too long": (changed(lambda g: weight(g, raw_data=bytes(52))), "tensor w"),
    "too few floats": (changed(lambda g: weight(g, float_data=[1.0] * 11)), "tensor w"),
    "huge dims": (changed(lambda g: weight(g, dims=[HUGE, HUGE], raw_data=bytes(48))), "promises"),
    "negative dims": (changed(lambda g: weight(g, dims=[-4, -3], raw_data=bytes(48))), "negative"),
    "an unknown type": (changed(lambda g: weight(g, data_type=77, raw_data=bytes(48))), "tensor w"),
    "a name with a line break": (changed(lambda g: setattr(g.node[0], "name", "a\nb")), "printable"),
    "a name with an escape sequence": (changed(lambda g: g.node[1].output.__setitem__(0, "\x1b[2J")), "printable"),
    "a NaN": (changed(lambda g: weight(g, float_data=[float("nan")] * 12)), "NaN"),
    "external data without a file": (
        changed(lambda g: weight(g, data_location=TensorProto.EXTERNAL)),
        "lie in another file",
    ),
    "a matrix of other columns": (changed(lambda g: weight(g, dims=[3, 4], raw_data=bytes(48))), "columns"),
    "an input of negative size": (make_model([node("Relu", ["x"], ["y"])], {"x": (1, -3)}, ["y"]), "positive"),
    "an input of no size": (make_model([node("Relu", ["x"], ["y"])], {"x": (1, 0)}, ["y"]), "positive"),
    "a huge input": (make_model([node("Relu", ["x"], ["y"])], {"x": (1, HUGE)}, ["y"]), "large"),
    "values that double": (many_steps(40), "entries"),
    "an old opset": (make_model([node("Relu", ["x"], ["y"])], {"x": (1, 3)}, ["y"], opset=4), "opset 4"),
    "an opset of the future": (make_model([node("Relu", ["x"], ["y"])], {"x": (1, 3)}, ["y"], opset=999), "opset 999"),
    "a kernel that is too large": (one("Conv", integers(RNG, 1, 1, 9), shape=(1, 1, 3)), "too small"),
}

NAMED = {
    "a huge expansion": one("Expand", i64(HUGE, 3)),
    "a huge tiling": one("Tile", i64(HUGE, HUGE)),
    "a huge padding": one("Pad", i64(0, HUGE, 0, HUGE)),
    "a huge resizing": one("Resize", np.float32([]), np.float32([1, 1e12])),
    "a resizing that takes long": one("Resize", np.float32([]), np.float32([]), i64(1, 1 << 23)),
    "a negative resizing": one("Resize", np.float32([]), np.float32([-1, 2])),
    "a huge pooling": one("MaxPool", shape=(1, 1, 5), kernel_shape=[HUGE]),
    "a pooling with a huge stride": one("AveragePool", shape=(1, 1, 5), kernel_shape=[1], strides=[HUGE]),
    "a pooling with huge pads": one("MaxPool", shape=(1, 1, 5), kernel_shape=[2], pads=[HUGE, HUGE]),
    "a pooling without steps": one("MaxPool", shape=(1, 1, 5), kernel_shape=[2], strides=[0]),
    "a convolution with a stride of 0": one("Conv", integers(RNG, 1, 1, 2), shape=(1, 1, 5), strides=[0]),
    "a convolution with huge dilation": one("Conv", integers(RNG, 1, 1, 2), shape=(1, 1, 5), dilations=[HUGE]),
    "a convolution with negative pads": one("Conv", integers(RNG, 1, 1, 2), shape=(1, 1, 5), pads=[-1, -1]),
    "a deconvolution of huge padding": one(
        "ConvTranspose", integers(RNG, 1, 1, 2), shape=(1, 1, 5), output_padding=[HUGE]
    ),
    "a reshape that does not fit": one("Reshape", i64(2, 2)),
    "a gather beyond the end": one("Gather", i64(7), axis=1),
    "an index far beyond the end": one("GatherElements", i64(HUGE).reshape(1, 1), axis=1),
    "a block of a huge size": one("DepthToSpace", shape=(1, 8, 2, 3), blocksize=2**62),
    "an axis far away": one("LayerNormalization", np.ones(3, dtype=np.float32), axis=2**63 - 1),
    "an axis that is none": one("Transpose", perm=[5, 7]),
    "a concatenation along no axis": make_model([node("Concat", ["x", "x"], ["y"], axis=9)], {"x": (1, 3)}, ["y"]),
    "a split that does not fit": one("Split", i64(1, 1)),
    "shapes that do not fit": one("Add", np.float32([1, 2])),
    "infinite weights": changed(lambda g: weight(g, float_data=[float("inf")] * 12)),
    "an infinite maximum": one("Max", np.float32(np.inf)),
    "a mask": one("Add", np.float32([0, -np.inf, 0])),
    "a softmax": one("Softmax"),
    "no operator of this name": one("Bogus"),
    "a huge constant": folded(node("ConstantOfShape", ["s"], ["k"]), constants={"s": i64(HUGE, HUGE)}),
    "a negative constant": folded(node("ConstantOfShape", ["s"], ["k"]), constants={"s": i64(-5)}),
    "a huge range": folded(
        node("Range", ["a", "b", "d"], ["k"]), constants={"a": i64(0)[0], "b": i64(HUGE)[0], "d": i64(1)[0]}
    ),
    "a huge one-hot": folded(
        node("OneHot", ["i", "d", "v"], ["k"]), constants={"i": i64(1), "d": i64(HUGE), "v": i64(0, 1)}
    ),
    "a huge outer product": folded(
        node("ConstantOfShape", ["s"], ["a"]),
        node("Transpose", ["a"], ["b"]),
        node("Add", ["a", "b"], ["k"]),
        constants={"s": i64(1, 1 << 20)},
    ),
    "a huge product": folded(
        node("ConstantOfShape", ["s"], ["a"]),
        node("MatMul", ["a", "a"], ["k"]),
        constants={"s": i64(5000, 5000)},
    ),
}


def require_one_line(error):
    require_text_of_one_line(str(error.value))


def read_or_refused(model):
    """The network; None if it is refused in one line."""
    try:
        return read_onnx(model)
    except InputError as error:
        require_text_of_one_line(str(error))
        return None


def require_text_of_one_line(text):
    assert text
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES)
def test_what_is_no_model_is_refused(content, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"ONNX model|no graph|found nothing") as error:
        read_onnx(path)
    require_one_line(error)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_contradicts_itself_is_refused(model, message, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    source = path if "another file" not in message else model
    with pytest.raises(InputError, match=message) as error:
        read_onnx(source)
    require_one_line(error)
    assert source is model or str(error.value).startswith(str(path))


@pytest.mark.parametrize("model", NAMED.values(), ids=NAMED)
def test_a_step_that_cannot_be_is_only_named(model):
    tracemalloc.start()
    network = read_or_refused(model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST_MEMORY
    named = [] if network is None else [step.operation for step in network.nodes if isinstance(step.operation, Opaque)]
    assert named or network is None
    assert all("\n" not in operation.why and len(operation.why) < 300 for operation in named)


def test_every_cut_of_a_model_is_refused_or_read(tmp_path):
    whole = good().SerializeToString()
    path = tmp_path / "model.onnx"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError) as error:
            read_onnx(path)
        require_one_line(error)


def test_a_changed_byte_never_gives_a_traceback(tmp_path):
    whole, rng = good().SerializeToString(), np.random.default_rng(3)
    path = tmp_path / "model.onnx"
    read = 0
    for _ in range(400):
        content = bytearray(whole)
        for place in rng.integers(len(whole), size=rng.integers(1, 4)):
            content[place] = rng.integers(256)
        path.write_bytes(content)
        read += read_or_refused(path) is not None
    assert 0 < read < 400


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_branches_within_branches(depth):
    assert read_onnx(nested_branches(depth)).nodes[0].operation.kind == "relu"


def field(number, content):
    """A field of protobuf that holds bytes."""
    size, length = len(content), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def test_branches_far_too_deep(tmp_path):
    path = tmp_path / "model.onnx"
    graph = _leaf().SerializeToString()
    for _ in range(200):  # a graph in an attribute in a node in a graph
        attribute = field(1, b"then_branch") + field(6, graph) + bytes([20 << 3 & 127 | 128, 1, 5])
        graph = field(1, field(1, b"c") + field(2, b"y") + field(4, b"If") + field(5, attribute))
    path.write_bytes(b"\x08\x08" + field(7, graph))
    with pytest.raises(InputError) as error:
        read_onnx(path)
    require_one_line(error)


def test_files_that_are_not_there_and_folders(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_onnx(tmp_path / "model.onnx")
    with pytest.raises(InputError) as error:
        read_onnx(tmp_path)
    require_one_line(error)


@pytest.mark.parametrize("shape", [(1, -3), (0,), "abc", 5, [1, 2.5, None], (1, HUGE), {"x": None}, {1: (1, 3)}])
def test_input_shapes_that_are_none(shape):
    with pytest.raises(InputError) as error:
        read_onnx(good(), shape)
    require_one_line(error)


@pytest.mark.parametrize("fixed", [{"z": 1}, {"x": "many"}, {"x": object()}])
def test_fixed_inputs_that_are_none(fixed):
    with pytest.raises(InputError) as error:
        read_onnx(good(), fixed=fixed)
    require_one_line(error)
