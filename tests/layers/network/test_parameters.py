"""Steps that are named only are bound to their numbers: other weights or attributes, another digest."""

from __future__ import annotations

import numpy as np
import pytest

from exactinj.layers.network import Network, Node, OneToOne, Opaque
from exactinj.layers.network.parameters import array_bytes, parameters_digest


def test_parts_are_told_apart():
    assert len({parameters_digest(p) for p in ([], [""], ["a", "b"], ["ab"], ["a", "", "b"], [b"\xff"], ["é"])}) == 7
    arrays = [
        np.zeros(2),
        np.zeros((1, 2)),
        np.zeros(2, np.float32),
        np.zeros(2, np.int64),
        np.array(["a", "b"], object),
    ]
    assert len({array_bytes(array) for array in arrays}) == len(arrays)
    assert array_bytes(np.arange(3, dtype=">i4")) == array_bytes(np.arange(3, dtype="<i4"))
    assert array_bytes(np.arange(8).reshape(2, 4)[:, ::2]) == array_bytes(np.array([[0, 2], [4, 6]]))


@pytest.mark.parametrize("make", [lambda p: Opaque("LSTM", (1, 2), "", p), lambda p: OneToOne("power", np.exp, p)])
def test_digests_of_networks_hold_parameters(make):
    nets = [Network({"x": (1, 2)}, [Node("y", make(p), ("x",))], ["y"]) for p in (None, "a", "b", "a")]
    digests = [net.digest for net in nets]
    assert len(set(digests)) == 3
    assert digests[1] == digests[3]


def test_torch_modules_with_other_weights():
    torch = pytest.importorskip("torch")

    def digest(seed, **options):
        torch.manual_seed(seed)
        module = torch.nn.Sequential(torch.nn.GRU(2, 3, **options)).eval()

        class First(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = module

            def forward(self, x):
                return self.inner(x)[0]

        return Network.from_torch(First(), (1, 4, 2)).digest

    assert digest(0) == digest(0)
    assert len({digest(0), digest(1), digest(0, bidirectional=True)}) == 3


def test_torch_calls_with_other_arguments():
    torch = pytest.importorskip("torch")

    def digest(dim):
        return Network.from_torch(torch.nn.Softmax(dim), (1, 2, 2)).digest

    assert digest(1) == digest(1) != digest(2)


def lstm(weights, **attributes):
    onnx = pytest.importorskip("onnx")
    from onnx import helper

    inputs = [helper.make_tensor_value_info("x", 1, [3, 1, 2])]
    outputs = [helper.make_tensor_value_info(name, 1, None) for name in ("y", "h")]
    numbers = [onnx.numpy_helper.from_array(array, name) for array, name in zip(weights, ("W", "R"), strict=True)]
    node = helper.make_node("LSTM", ["x", "W", "R"], ["y", "h"], hidden_size=2, **attributes)
    graph = helper.make_graph([node], "g", inputs, outputs, numbers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_onnx_files_with_other_weights_or_attributes(tmp_path):
    onnx = pytest.importorskip("onnx")
    from exactinj.files.onnx import read_onnx

    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(1, 8, 2)).astype(np.float32) for _ in range(2)]
    other = [weights[0].copy(), weights[1]]
    other[0][0, 0, 0] = np.nextafter(other[0][0, 0, 0], np.float32(9))
    models = [lstm(weights), lstm(other), lstm(weights[::-1]), lstm(weights, direction="reverse"), lstm(weights)]
    digests = []
    for k, model in enumerate(models):
        onnx.save(model, tmp_path / f"{k}.onnx")
        digests.append(read_onnx(tmp_path / f"{k}.onnx").digest)
    assert len(set(digests)) == 4
    assert digests[0] == digests[4]
    whole = read_onnx(tmp_path / "0.onnx")
    parameters = [node.operation.parameters for node in whole.nodes if isinstance(node.operation, Opaque)]
    assert len(set(parameters)) == 2
