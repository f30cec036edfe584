"""One network in every format: as a module, exported to ONNX, as weights in three kinds of files."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from test_torch_reading import random_module

from exactinj.files.checkpoints import read_checkpoint
from exactinj.layers.network import Dense, Network, simplified

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
save_safely = pytest.importorskip("safetensors.torch").save_file
read_onnx = pytest.importorskip("exactinj.files.onnx").read_onnx
nn = torch.nn


def exported(module, shape, folder):
    path = folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (torch.zeros(shape),), path, dynamo=False, do_constant_folding=False)
    return read_onnx(path)


def with_statistics(module, seed):
    torch.manual_seed(seed)
    for part in module.modules():
        if hasattr(part, "running_var"):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    return module


MODULES = {
    "chain": (lambda: nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.1), nn.Linear(4, 2), nn.ReLU()), (1, 3)),
    "clipped": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Hardtanh(-0.3, 0.7), nn.PReLU()), (1, 3)),
    "slopes": (lambda: nn.Sequential(nn.Conv1d(1, 3, 2), nn.PReLU(3)), (1, 1, 4)),
    "normalised": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)), (1, 2, 4, 4)),
    "one-to-one": (lambda: nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Tanh(), nn.ELU()), (1, 2)),
    "pooled": (lambda: nn.Sequential(nn.Conv1d(1, 2, 3), nn.MaxPool1d(2), nn.AvgPool1d(2), nn.Flatten()), (1, 1, 12)),
    "transposed": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), (1, 2, 4)),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_and_its_export_are_one_graph(name, tmp_path):
    make, shape = MODULES[name]
    module = with_statistics(make(), 0)
    ours, theirs = Network.from_torch(module, shape), exported(module, shape, tmp_path)
    assert simplified(theirs).digest == simplified(ours).digest


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 6, 7, 8])  # torch cannot export those with adaptive pooling
def test_random_modules_and_their_exports_have_the_same_exact_values(seed, tmp_path):
    module, shape = random_module(seed)
    module = with_statistics(module, seed)
    ours, theirs = Network.from_torch(module, shape), exported(module, shape, tmp_path)
    x = np.random.default_rng(seed).normal(size=shape)
    assert ours.evaluate(x).equals(theirs.evaluate(x))


def test_dense_layers_are_the_same_in_every_format(tmp_path):
    torch.manual_seed(3)
    module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    torch.save(module.state_dict(), tmp_path / "m.pt")
    save_safely(module.state_dict(), str(tmp_path / "m.safetensors"))
    graphs = [Network.from_torch(module, (1, 3)), exported(module, (1, 3), tmp_path)]
    found = [[(s.W, s.b) for s in (node.operation for node in g.nodes) if isinstance(s, Dense)] for g in graphs]
    files = [read_checkpoint(tmp_path / name) for name in ("m.pt", "m.safetensors")]
    found += [[(entry.layer.W, entry.layer.b) for entry in file.layers] for file in files]
    assert found[0] == found[1] == found[2] == found[3]
