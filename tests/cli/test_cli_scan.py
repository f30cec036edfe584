"""The verb scan as users run it: exit status, one JSON document, a table, errors of one line, a folder to resume."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")


@pytest.fixture
def scan(run_command):
    return partial(run_command, "scan")


def model(path, weights, operators, shape=("batch", 2)):
    """A chain of MatMul and other operators on x."""
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    nodes, last = [], "x"
    for k, operator in enumerate(operators):
        inputs = [last, operator] if operator in weights else [last]
        last = f"v{k}"
        nodes.append(helper.make_node("MatMul" if operator in weights else operator, inputs, [last]))
    initial = [onnx.numpy_helper.from_array(np.array(W, dtype=np.float32), name) for name, W in weights.items()]
    ends = [helper.make_tensor_value_info(name, real, ends) for name, ends in (("x", shape), (last, None))]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], initial)
    onnx.save(helper.make_model(graph, ir_version=8), path)
    return path


KEEPS = {"A": [[1, 0, -1, 0], [0, 1, 0, -1]], "B": [[1, 0], [0, 1], [-1, 0], [0, -1]]}


@pytest.fixture
def injective(tmp_path):
    """x to its positive and negative parts, and back."""
    return model(tmp_path / "keeps.onnx", KEEPS, ["A", "Relu"])


@pytest.fixture
def colliding(tmp_path):
    return model(tmp_path / "loses.onnx", {"A": [[1, 0], [0, 1]]}, ["A", "Relu", "Softmax"])


def test_the_exit_status_is_that_of_the_network(scan, injective, colliding, tmp_path):
    assert scan(injective, "--quiet").returncode == 0
    found = scan(colliding, "--json")
    assert found.returncode == 10
    document = json.loads(found.stdout)
    assert document["model"]["file"] == "loses.onnx"
    assert [row["verdict"] for row in document["layers"]] == ["not_injective", "unknown"]
    assert "Softmax" in document["layers"][1]["reason"]
    assert document["network"]["verdict"] == "not_injective"
    assert document["network"]["witness"]["x"] != document["network"]["witness"]["y"]
    lossy = model(tmp_path / "open.onnx", KEEPS, ["A", "Relu", "B", "Relu", "LogSoftmax"])
    assert scan(lossy, "--quiet", "--timeout", 20).returncode in (10, 11)


def test_the_table_names_layers_and_verdicts(scan, colliding):
    found = scan(colliding, fresh=True)
    assert "NOT injective" in found.stdout
    assert "the network is NOT INJECTIVE" in found.stdout
    assert found.stderr == ""


def test_a_layer_that_loses_what_the_network_keeps(scan, tmp_path):
    path = model(tmp_path / "m.onnx", {"A": [[1, -1]], "B": [[2], [-1]]}, ["A", "Relu", "B"], ("batch", 1))
    assert scan(path, "--quiet").returncode == 11
    found = scan(path, "--json", "--end-to-end")
    assert found.returncode == 0
    document = json.loads(found.stdout)
    assert [row["verdict"] for row in document["layers"]] == ["injective", "not_injective"]
    assert document["network"]["verdict"] == "injective"


def test_a_folder_is_gone_on_from(scan, run_command, injective, tmp_path):
    folder = tmp_path / "found"
    first = json.loads(scan(injective, "--json", "--out", folder).stdout)
    certificate = first["layers"][0]["certificate"]
    assert run_command("check", certificate).returncode == 0
    again = json.loads(scan(injective, "--json", "--out", folder).stdout)
    assert "checked again" in again["layers"][0]["reason"]
    assert json.loads((folder / "scan.json").read_text())["network"]["verdict"] == "injective"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.onnx"], "missing.onnx"),
        (["model.txt"], "expected an .onnx"),
        (["keeps.onnx", "--domain", "ball:1"], "domain"),
        (["keeps.onnx", "--fixed", "x"], "--fixed"),
        (["broken.pt"], "broken.pt"),
        (["keeps.onnx", "--out", "model.txt"], "folder"),
    ],
)
def test_bad_input_is_one_line(scan, injective, tmp_path, arguments, words):
    if words == "broken.pt":
        pytest.importorskip("torch")
    for name in ("model.txt", "broken.onnx", "broken.pt", "broken.safetensors"):
        (tmp_path / name).write_bytes(b"nothing of that kind")
    found = scan(*arguments)
    assert found.returncode == 3
    assert len(found.stderr.splitlines()) == 1
    assert words in found.stderr
    assert found.stdout == ""


def test_out_of_time_is_said_with_what_was_found(scan, tmp_path):
    rng = np.random.default_rng(0)
    weights = {"A": rng.standard_normal((12, 40)), "B": rng.standard_normal((40, 200))}
    path = model(tmp_path / "m.onnx", weights, ["A", "Relu", "B", "Relu"], ("batch", 12))
    found = scan(path, "--json", "--timeout", "3")
    document = json.loads(found.stdout)
    assert found.returncode in (10, 11, 12)
    assert document["network"]["verdict"] in ("not_injective", "unknown", "timed_out")
