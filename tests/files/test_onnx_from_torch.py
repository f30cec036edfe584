"""Models that torch writes: the same exact network as torch's own module, read without a file."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import pytest

from exactinj.files.onnx import read_onnx
from exactinj.layers.network import Network, OneToOne, Opaque, simplified

torch = pytest.importorskip("torch")
nn = torch.nn


class Skip(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 2, 1)
        self.last = nn.Linear(32, 5)

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        z = nn.functional.max_pool2d(x + y, 2)
        return self.last(torch.flatten(nn.functional.interpolate(z, scale_factor=2), 1)[:, :32])


class Shuffle(nn.Module):
    def forward(self, x):
        n, c, h, w = x.shape
        turned = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return torch.cat([turned[:, 1:], nn.functional.pad(turned, (1, 0))[..., :-1]], 1).mean((2, 3))


MODULES = {
    "dense": (nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3), nn.LeakyReLU(0.25)), (1, 4)),
    "rows": (nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3, bias=False)), (1, 5, 4)),
    "convolutions": (
        nn.Sequential(nn.Conv1d(2, 4, 3, stride=2, padding=2), nn.PReLU(4), nn.Conv1d(4, 4, 2, dilation=2, groups=2)),
        (1, 2, 12),
    ),
    "transposed": (nn.Sequential(nn.ConvTranspose2d(2, 4, 3, 2, 1, 1, groups=2), nn.ReLU6()), (1, 2, 3, 4)),
    "poolings": (
        nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        (1, 3, 9, 8),
    ),
    "padded": (nn.Sequential(nn.Conv2d(1, 3, 3, padding=1, padding_mode="reflect"), nn.Dropout()), (1, 1, 5, 6)),
    "skip": (Skip(), (1, 2, 8, 8)),
    "shuffle": (Shuffle(), (1, 4, 3, 3)),
}


def exported(module, shape):
    torch.manual_seed(0)
    for part in module.parameters():
        part.data = torch.randint(-8, 9, part.shape) / 4
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no package of its own is the older one
        torch.onnx.export(module.eval(), (torch.zeros(shape),), stream, dynamo=False, input_names=["x"])
    return onnx.load_from_string(stream.getvalue())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_the_same_network(name):
    module, shape = MODULES[name]
    found = read_onnx(exported(module, shape))
    wanted = Network.from_torch(module, shape)
    assert not [step for step in found.nodes if isinstance(step.operation, Opaque)]
    x = np.random.default_rng(0).integers(-4, 5, shape)
    assert found.evaluate(x).equals(wanted.evaluate(x))
    with torch.no_grad():
        np.testing.assert_allclose(found.evaluate(x).floats(), module(torch.tensor(x).float()).numpy(), rtol=1e-6)
    assert simplified(found).digest == simplified(wanted).digest


def test_normalisation_that_the_exporter_folded():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Tanh())
    module(torch.randn(8, 2, 6, 6))
    found = read_onnx(exported(module, (1, 2, 6, 6)))
    assert isinstance(found.nodes[-1].operation, OneToOne)
    x = torch.randn(1, 2, 6, 6)
    with torch.no_grad():
        np.testing.assert_allclose(found.float_values(x)[found.outputs[0]], module(x).numpy(), rtol=1e-4, atol=1e-5)
