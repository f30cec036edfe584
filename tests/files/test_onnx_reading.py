"""Whole models: open sizes, constants that are computed, branches, names, external data, hostile files."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import integers, make_model, node, runtime_values

from exactinj.errors import InputError, MissingExtraError
from exactinj.files.onnx import read_onnx
from exactinj.files.onnx.call import RANDOM
from exactinj.layers.network import Opaque

RNG = np.random.default_rng(0)


def i64(*values):
    return np.array(values, dtype=np.int64)


def equal_to_runtime(model, network, **fixed):
    feeds = {name: integers(RNG, *shape) for name, shape in network.inputs.items()}
    got = network.values(feeds)
    for name, want in zip(network.outputs, runtime_values(model, {**feeds, **fixed}), strict=True):
        np.testing.assert_array_equal(got[name].floats().astype(np.float32), want)


def test_the_batch_is_one_and_other_open_sizes_are_asked_for():
    flat = [node("Flatten", ["x"], ["y"])]
    assert read_onnx(make_model(flat, {"x": ("N", 3, 2)}, ["y"])).inputs == {"x": (1, 3, 2)}
    assert read_onnx(make_model(flat, {"x": (None, 3)}, ["y"])).inputs == {"x": (1, 3)}
    open_model = make_model(flat, {"x": ("N", 3, "length")}, ["y"])
    with pytest.raises(InputError, match=r"the input 'x' has the shape \(N, 3, length\).*--input-shape"):
        read_onnx(open_model)
    assert read_onnx(open_model, (1, 3, 5)).inputs == {"x": (1, 3, 5)}
    assert read_onnx(open_model, {"x": (1, 3, 5)}).inputs == {"x": (1, 3, 5)}
    with pytest.raises(InputError, match=r"found the shape \(1, 4, 5\) for the input 'x', expected \(N, 3, length\)"):
        read_onnx(open_model, (1, 4, 5))
    with pytest.raises(InputError, match="expected one of the inputs x"):
        read_onnx(open_model, {"z": (1,)})


def test_sizes_of_one_name_are_the_same():
    model = make_model([node("Add", ["x", "z"], ["y"])], {"x": ("N", "k"), "z": (2, "N", "k")}, ["y"])
    assert read_onnx(model, (1, 4)).inputs == {"x": (1, 4), "z": (2, 1, 4)}
    with pytest.raises(InputError, match="expected"):
        read_onnx(model, {"x": (1, 4), "z": (2, 1, 5)})


def test_shapes_are_constants_and_computed_with():
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["batch"]),
        node("Concat", ["batch", "rest"], ["target"], axis=0),
        node("Reshape", ["x", "target"], ["r"]),
        node("ConstantOfShape", ["s"], ["c"], value=numpy_helper.from_array(np.float32([2]))),
        node("Constant", [], ["k"], value=numpy_helper.from_array(np.float32([[1], [2]]))),
        node("Mul", ["k", "k2"], ["kk"]),
        node("Mul", ["x", "c"], ["xc"]),
        node("Add", ["xc", "kk"], ["y"]),
    ]
    constants = {"zero": i64(0), "rest": i64(-1), "k2": np.float32(3)}
    model = make_model(nodes, {"x": (1, 2, 3)}, ["y", "r"], constants)
    network = read_onnx(model)
    assert [step.operation.kind for step in network.nodes] == ["reshape", "mul", "add"]
    equal_to_runtime(model, network)


def branches(kind="Relu"):
    then = helper.make_graph([node(kind, ["x"], ["t"])], "then", [], [helper.make_tensor_value_info("t", 1, None)])
    other = helper.make_graph(
        [node("Neg", ["x"], ["t0"]), node("Add", ["t0", "w"], ["e"])],
        "else",
        [],
        [helper.make_tensor_value_info("e", 1, None)],
        [numpy_helper.from_array(np.float32([1, 2]), "w")],
    )
    return {"then_branch": then, "else_branch": other}


@pytest.mark.parametrize("rate", [16000, 8000])
def test_a_branch_is_chosen_by_a_constant(rate):
    nodes = [node("Equal", ["sr", "r"], ["c"]), node("If", ["c"], ["a"], **branches()), node("Abs", ["a"], ["y"])]
    model = make_model(nodes, {"x": (1, 2)}, ["y"], {"r": i64(16000)})
    model.graph.input.append(helper.make_tensor_value_info("sr", TensorProto.INT64, (1,)))
    network = read_onnx(model, fixed={"sr": [rate]})
    assert network.inputs == {"x": (1, 2)}
    equal_to_runtime(model, network, sr=i64(rate))
    opaque = read_onnx(model)
    step = opaque.node["a"]
    assert isinstance(step.operation, Opaque)
    assert set(step.inputs) >= {"x"}


def test_two_branches_may_use_one_name():
    nodes = [
        node("If", ["c"], ["a"], **branches()),
        node("If", ["d"], ["b"], **branches()),
        node("Add", ["a", "b"], ["y"]),
    ]
    model = make_model(nodes, {"x": (1, 2)}, ["y"], {"c": np.array([True]), "d": np.array([True])})
    equal_to_runtime(model, read_onnx(model))


def test_unknown_steps_read_all_that_they_depend_on():
    body = helper.make_graph(
        [node("Identity", ["going"], ["on"]), node("Add", ["s", "hidden"], ["t"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, ()),
            helper.make_tensor_value_info("going", TensorProto.BOOL, ()),
            helper.make_tensor_value_info("s", 1, None),
        ],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, ()), helper.make_tensor_value_info("t", 1, None)],
    )
    nodes = [node("Relu", ["z"], ["hidden"]), node("Loop", ["n", "", "x"], ["y"], body=body)]
    model = make_model(nodes, {"x": (1, 2), "z": (1, 2)}, ["y"], {"n": np.array(3)})
    network = read_onnx(model)
    assert set(network.node["y"].inputs) == {"x", "hidden"}
    zero = np.zeros((1, 2))
    assert network.agreement({"x": zero, "z": [[-1, -2]]}, {"x": zero, "z": [[-2, -2]]}).equal
    assert not network.agreement({"x": zero, "z": [[-1, 2]]}, {"x": zero, "z": [[-2, 1]]}).equal


def test_operators_of_other_domains_and_several_values_are_named():
    nodes = [node("Fancy", ["x"], ["a", "b"], domain="acme"), node("Relu", ["b"], ["y"])]
    model = make_model(nodes, {"x": (1, 2)}, ["y", "a"], domains=["acme"])
    network = read_onnx(model)
    assert network.node["a"].operation.name == "acme.Fancy"
    assert network.shapes["a"] is None
    recurrent = node("LSTM", ["x", "w", "r"], ["", "h", "c"], hidden_size=3)
    constants = {"w": integers(RNG, 1, 12, 2), "r": integers(RNG, 1, 12, 3)}
    network = read_onnx(make_model([recurrent], {"x": (5, 1, 2)}, ["h", "c"], constants))
    assert network.shapes["c"] == (1, 1, 3)
    assert len(network.nodes) == 2


def test_what_draws_random_numbers_depends_on_every_input():
    nodes = [node("RandomNormalLike", ["x"], ["r"]), node("Sub", ["x", "x"], ["zero"])]
    nodes += [node("RandomUniformLike", ["zero"], ["q"]), node("Add", ["r", "q"], ["y"])]
    network = read_onnx(make_model(nodes, {"x": (1, 2), "z": (1,)}, ["y"]))
    assert set(network.node["q"].inputs) == {"zero", "x", "z"}
    assert not network.agreement({"x": [1, 2], "z": [0]}, {"x": [1, 2], "z": [1]}).equal


def test_every_operator_that_draws_random_numbers_is_known():
    kind = getattr(onnx.defs.OpSchema, "NodeDeterminism", None)
    if kind is None:
        pytest.skip("this version of onnx does not tell")
    schemas = [schema for schema in onnx.defs.get_all_schemas() if not schema.domain]
    found = {schema.name for schema in schemas if schema.node_determinism == kind.NonDeterministic}
    looked_into = {"If", "Loop", "Scan", "SequenceMap"}
    of_fixed_formulas = {"AffineGrid", "BlackmanWindow", "HammingWindow", "HannWindow"}
    assert found - looked_into - of_fixed_formulas <= RANDOM


def test_integers_move_but_do_not_compute():
    model = make_model(
        [node("Reshape", ["x", "s"], ["a"]), node("Div", ["a", "two"], ["y"])],
        {"x": (1, 2)},
        ["y"],
        {"s": i64(2, 1), "two": i64(2)},
        element_type=TensorProto.INT64,
    )
    network = read_onnx(model)
    assert network.shapes["a"] == (2, 1)
    assert "integers" in network.node["y"].operation.why


@pytest.mark.parametrize("element_type", [TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE])
def test_weights_of_other_widths_are_exact(element_type):
    weight = helper.make_tensor("w", element_type, (1, 3), [0.1, -2.5, 1e-3])
    model = make_model([node("Mul", ["x", "w"], ["y"])], {"x": (1, 3)}, ["y"], element_type=element_type)
    model.graph.initializer.append(weight)
    (step,) = read_onnx(model).nodes
    held = numpy_helper.to_array(weight).astype(np.float64)
    np.testing.assert_array_equal(step.operation.scale.floats(), held)


def saved(model, folder, **options):
    path = folder / "model.onnx"
    onnx.save_model(model, path, **options)
    return path


def small():
    weights = {"w": integers(RNG, 4, 3), "b": integers(RNG, 4)}
    nodes = [node("Gemm", ["x", "w", "b"], ["h"], transB=1), node("Relu", ["h"], ["y"])]
    return make_model(nodes, {"x": ("N", 3)}, ["y"], weights)


def test_external_data_beside_the_model_is_read(tmp_path):
    path = saved(small(), tmp_path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert (tmp_path / "weights.bin").exists()
    network = read_onnx(path)
    assert network.digest == read_onnx(str(path)).digest
    equal_to_runtime(onnx.load_model(path), network)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("location", "../weights.bin", "in the model's folder"),
        ("location", "/etc/passwd", "in the model's folder"),
        ("location", "link.bin", "in the model's folder"),
        ("location", "missing.bin", "in the model's folder"),
        ("location", "a\0b", "in the model's folder"),
        ("location", ".", "in the model's folder"),
        ("offset", "-4", "expected a size"),
        ("offset", "9" * 30, "expected a size"),
        ("offset", "999999", "truncated"),
        ("length", "1000000000000", "damaged"),
    ],
)
def test_external_data_elsewhere_is_refused(tmp_path, key, value, message):
    folder = tmp_path / "inner"
    folder.mkdir()
    path = saved(small(), folder, save_as_external_data=True, location="weights.bin", size_threshold=0)
    (tmp_path / "weights.bin").write_bytes(bytes(1000))
    (folder / "link.bin").symlink_to(tmp_path / "weights.bin")
    model = onnx.load_model(path, load_external_data=False)
    for tensor in model.graph.initializer:
        entries = {entry.key: entry.value for entry in tensor.external_data} | {key: value}
        del tensor.external_data[:]
        for name, text in entries.items():
            tensor.external_data.add(key=name, value=text)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=message):
        read_onnx(path)


def test_onnx_is_not_imported_before_a_file_is_read():
    code = "import exactinj.files.onnx, sys; print('onnx' in sys.modules, 'google.protobuf' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_constants_that_are_added_become_biases():
    weights = {
        "w": integers(RNG, 3, 4),
        "b": integers(RNG, 4),
        "k": integers(RNG, 2, 1, 2),
        "c": integers(RNG, 2, 1),
        "d": integers(RNG, 3),
    }
    nodes = [
        node("MatMul", ["x", "w"], ["h"]),
        node("Add", ["b", "h"], ["z"]),
        node("Conv", ["z", "k"], ["q"]),
        node("Sub", ["q", "c"], ["p"]),
        node("Sub", ["d", "p"], ["y"]),
    ]
    model = make_model(nodes, {"x": (1, 1, 3)}, ["y"], weights)
    network = read_onnx(model)
    assert [step.operation.kind for step in network.nodes] == ["linear", "conv1d", "add"]
    equal_to_runtime(model, network)
    twice = make_model([*nodes, node("Relu", ["h"], ["r"])], {"x": (1, 1, 3)}, ["y", "r", "q"], weights)
    network = read_onnx(twice)
    assert [step.operation.kind for step in network.nodes] == ["linear", "add", "conv1d", "add", "add", "relu"]
    equal_to_runtime(twice, network)


def function(name, *nodes, inputs=("a",), outputs=("b",)):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, list(inputs), list(outputs), list(nodes), opsets)


def with_functions(nodes, functions):
    model = make_model(nodes, {"x": (1, 3)}, ["y"], domains=["local"])
    model.functions.extend(functions)
    return model


def test_functions_of_the_model_are_put_where_they_are_called():
    inner = function("Twice", node("Add", ["a", "a"], ["b"]))
    outer = function("Four", node("Twice", ["a"], ["t"], domain="local"), node("Twice", ["t"], ["b"], domain="local"))
    nodes = [node("Four", ["x"], ["h"], domain="local"), node("Relu", ["h"], ["y"])]
    model = with_functions(nodes, [inner, outer])
    network = read_onnx(model)
    assert [step.operation.kind for step in network.nodes] == ["add", "add", "relu"]
    equal_to_runtime(model, network)


def test_functions_without_end_are_refused():
    call = node("Round", ["x"], ["y"], domain="local")
    with pytest.raises(InputError, match="'Round' that calls itself"):
        read_onnx(with_functions([call], [function("Round", node("Round", ["a"], ["b"], domain="local"))]))
    pairs = [
        function(
            f"F{k}",
            node(f"F{k + 1}", ["a"], ["t"], domain="local"),
            node(f"F{k + 1}", ["t"], ["b"], domain="local"),
        )
        for k in range(40)
    ]
    call = node("F0", ["x"], ["y"], domain="local")
    with pytest.raises(InputError, match="grow to more than"):
        read_onnx(with_functions([call], [*pairs, function("F40", node("Relu", ["a"], ["b"]))]))


def test_a_file_that_no_message_can_hold_is_not_read(tmp_path):
    path = tmp_path / "model.onnx"
    with path.open("wb") as stream:
        stream.truncate(1 << 32)  # takes no room
    with pytest.raises(InputError, match="external data"):
        read_onnx(path)


def test_the_extra_is_named_where_it_lacks(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"exactinj\[onnx\]"):
        read_onnx(tmp_path / "model.onnx")
