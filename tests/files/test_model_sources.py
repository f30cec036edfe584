"""Models from stdin and pipes: told apart by their first bytes, or by --format; anything else is one line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj.files.model_sources import model_ending, model_file

onnx = pytest.importorskip("onnx")


class Piped:
    """Stands for a sys.stdin with these bytes."""

    closed = False

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    def isatty(self):
        return False


def onnx_bytes():
    helper = onnx.helper
    weights = onnx.numpy_helper.from_array(np.array([[1, -1]], dtype=np.float32), "W")
    nodes = [helper.make_node("MatMul", ["x", "W"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    ends = [helper.make_tensor_value_info(name, 1, shape) for name, shape in (("x", [1, 1]), ("y", None))]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights]), ir_version=8)
    return model.SerializeToString()


def safetensors_bytes():
    header = json.dumps({"a.weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + np.array([1, -1], dtype="<f4").tobytes()


def torch_bytes():
    torch = pytest.importorskip("torch")
    held = io.BytesIO()
    torch.save({"a.weight": torch.tensor([[1.0], [-1.0]])}, held)
    return held.getvalue()


MAKERS = {".onnx": onnx_bytes, ".safetensors": safetensors_bytes, ".pt": torch_bytes}


@pytest.mark.parametrize("ending", MAKERS)
def test_stdin_tells_its_format(ending, monkeypatch):
    data = MAKERS[ending]()
    assert model_ending(data) == ending
    monkeypatch.setattr(sys, "stdin", Piped(data))
    with model_file("-") as path:
        assert Path(path).read_bytes() == data
        assert Path(path).name == f"stdin{ending}"
        assert xi.scan(path).layers[0].verdict is xi.Verdict.INJECTIVE
    assert not Path(path).exists()


def test_files_are_taken_as_they_are(tmp_path):
    file = tmp_path / "m.bin"
    file.write_bytes(onnx_bytes())
    with model_file(str(file)) as path:
        assert path == str(file)
    with model_file(str(file), "onnx") as path:
        assert path.endswith("m.onnx")
    with model_file("missing.onnx") as path:
        assert path == "missing.onnx"


@pytest.mark.parametrize("data", [b"", b"hello", b"{}", b"\x93NUMPY\x01\x00", b"x,y\n1,2\n"])
def test_what_is_no_model_is_refused(data, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Piped(data))
    with pytest.raises(xi.InputError, match=r"^stdin: found n") as caught, model_file("-"):
        pass
    assert "\n" not in str(caught.value)


def test_a_named_pipe(tmp_path):
    pipe, data = tmp_path / "pipe", onnx_bytes()
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    with model_file(str(pipe)) as path:
        assert Path(path).read_bytes() == data
    writer.join()


def test_the_command_takes_a_pipe(tmp_path):
    def run(data, *options):
        command = [sys.executable, "-m", "exactinj", "scan", "-", *options]
        return subprocess.run(command, cwd=tmp_path, input=data, capture_output=True, timeout=120, check=False)

    found = run(onnx_bytes(), "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)["model"]["file"] == "stdin.onnx"
    for data, options in ((b"nothing like it", ()), (onnx_bytes(), ("--format", "safetensors"))):
        refused = run(data, *options)
        assert refused.returncode == 3
        assert refused.stderr.startswith(b"exactinj: stdin")
        assert refused.stderr.count(b"\n") == 1
