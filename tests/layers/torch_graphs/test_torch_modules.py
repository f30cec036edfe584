"""Networks read from torch modules: exact values against torch in float64, in integers, so that both are exact."""

from __future__ import annotations

import numpy as np
import pytest

from exactinj.layers.network import Network, Opaque

torch = pytest.importorskip("torch")
nn = torch.nn
functional = torch.nn.functional


def with_integers(module, seed=0):
    """The module in float64 with small integers as its numbers; variances such that the factors are rational."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    for name, part in (*module.named_parameters(), *module.named_buffers()):
        if part.is_floating_point():
            part.data = torch.randint(-3, 4, part.shape, generator=generator).double()
        if "running_var" in name:
            part.data = torch.full_like(part.data, 4)
    for part in module.modules():
        if hasattr(part, "eps"):
            part.eps = 0.0
    return module.eval()


def point(shape, seed=0):
    return np.random.default_rng(seed).integers(-5, 6, shape).astype(float)


def reading(module, shape, points=2):
    """The network, after a look that its exact values are those of torch."""
    network = Network.from_torch(module, shape)
    for seed in range(points):
        x = point(shape, seed)
        with torch.no_grad():
            want = module(torch.tensor(x))
        np.testing.assert_array_equal(network.evaluate(x).floats(), want.numpy())
    assert not [node for node in network.nodes if isinstance(node.operation, Opaque)]
    return network


class Calls(nn.Module):
    """A module of one function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.register_buffer("number", torch.ones(1).double())

    def forward(self, x):
        return self.function(x)


MODULES = {
    "linear": (lambda: nn.Linear(3, 4), (1, 3)),
    "linear without bias": (lambda: nn.Linear(3, 4, bias=False), (1, 5, 3)),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), (1, 4, 9)),
    "conv2d": (lambda: nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 0), dilation=(2, 1)), (1, 2, 6, 5)),
    "conv3d": (lambda: nn.Conv3d(1, 2, 2, padding=1), (1, 1, 3, 3, 2)),
    "conv without batch": (lambda: nn.Conv2d(2, 3, 3), (2, 5, 5)),
    "same": (lambda: nn.Conv2d(1, 2, (2, 3), padding="same", dilation=(1, 2)), (1, 1, 4, 5)),
    "valid": (lambda: nn.Conv1d(1, 2, 2, padding="valid"), (1, 1, 4)),
    **{
        mode: (lambda mode=mode: nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode=mode), (1, 2, 4, 5))
        for mode in ("circular", "reflect", "replicate")
    },
    "same circular": (lambda: nn.Conv1d(1, 2, 4, padding="same", padding_mode="circular"), (1, 1, 6)),
    "transposed": (lambda: nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, groups=2), (1, 4, 3, 4)),
    "transposed, wider": (
        lambda: nn.ConvTranspose1d(2, 3, 3, stride=3, padding=0, output_padding=2, dilation=2),
        (1, 2, 4),
    ),
    "transposed, cropped": (lambda: nn.ConvTranspose1d(2, 3, 2, stride=2, padding=2), (1, 2, 6)),
    "transposed 3d": (lambda: nn.ConvTranspose3d(1, 2, 2, stride=2), (1, 1, 2, 2, 2)),
    "batch norm": (lambda: nn.BatchNorm2d(3), (1, 3, 2, 2)),
    "batch norm 1d": (lambda: nn.BatchNorm1d(3), (1, 3)),
    "batch norm 3d, plain": (lambda: nn.BatchNorm3d(2, affine=False), (1, 2, 2, 2, 2)),
    "instance norm with statistics": (lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True), (1, 2, 4)),
    "relu": (nn.ReLU, (1, 4)),
    "relu in place": (lambda: nn.ReLU(inplace=True), (1, 4)),
    "relu6": (nn.ReLU6, (1, 9)),
    "leaky": (lambda: nn.LeakyReLU(0.25), (1, 9)),
    "prelu": (lambda: nn.PReLU(3), (1, 3, 4)),
    "one prelu": (nn.PReLU, (1, 3, 4)),
    "rrelu": (lambda: nn.RReLU(0.25, 0.75), (1, 9)),
    "hardtanh": (lambda: nn.Hardtanh(-2, 3), (1, 9)),
    "threshold": (lambda: nn.Threshold(0, 0), (1, 9)),
    "softshrink": (lambda: nn.Softshrink(2), (1, 9)),
    "max pool": (lambda: nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), (1, 2, 6, 7)),
    "dilated max pool": (lambda: nn.MaxPool1d(2, 1, dilation=2), (1, 2, 6)),
    "max pool 3d": (lambda: nn.MaxPool3d(2), (1, 1, 4, 2, 5)),
    "max pool without batch": (lambda: nn.MaxPool2d(2), (3, 4, 4)),
    "average pool": (lambda: nn.AvgPool2d(2), (1, 2, 4, 6)),
    "average pool, padded": (lambda: nn.AvgPool1d(4, 2, padding=2), (1, 2, 8)),
    "average pool, ceil": (lambda: nn.AvgPool2d(2, 2, ceil_mode=True), (1, 1, 5, 3)),
    "average pool, inside": (lambda: nn.AvgPool2d(2, 1, padding=1, count_include_pad=False), (1, 1, 3, 3)),
    "average pool, divided": (lambda: nn.AvgPool3d(2, divisor_override=4), (1, 1, 2, 4, 2)),
    "adaptive average": (lambda: nn.AdaptiveAvgPool2d((2, None)), (1, 2, 4, 3)),
    "adaptive max": (lambda: nn.AdaptiveMaxPool2d(2), (1, 2, 5, 3)),
    "global average": (lambda: nn.AdaptiveAvgPool1d(1), (1, 2, 8)),
    "flatten": (nn.Flatten, (1, 2, 3)),
    "unflatten": (lambda: nn.Unflatten(1, (2, 3)), (1, 6)),
    "dropout": (nn.Dropout, (1, 4)),
    "identity": (nn.Identity, (1, 4)),
    "zero pad": (lambda: nn.ZeroPad2d((1, 0, 2, 1)), (1, 1, 2, 2)),
    "constant pad": (lambda: nn.ConstantPad1d((2, 1), 7), (1, 1, 3)),
    "negative pad": (lambda: nn.ConstantPad1d((-1, 2), 7), (1, 1, 3)),
    "reflection pad": (lambda: nn.ReflectionPad1d(2), (1, 1, 4)),
    "replication pad": (lambda: nn.ReplicationPad2d(1), (1, 1, 2, 3)),
    "circular pad": (lambda: nn.CircularPad1d(2), (1, 1, 4)),
    "nearest": (lambda: nn.Upsample(scale_factor=2), (1, 2, 2, 3)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (1, 4, 2, 3)),
    "pixel unshuffle": (lambda: nn.PixelUnshuffle(2), (1, 1, 2, 4)),
    "channel shuffle": (lambda: nn.ChannelShuffle(2), (1, 4, 1, 2)),
    "unfold": (lambda: nn.Unfold(2, padding=1), (1, 2, 3, 3)),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_exact(name):
    make, shape = MODULES[name]
    reading(with_integers(make()), shape)


FUNCTIONS = {
    "sums": (lambda x: x + 1 + x - 2 * x, (1, 3)),
    "constants before": (lambda x: 3 - x, (1, 3)),
    "a half": (lambda x: (x / 2 - 0.25) * 4, (1, 3)),
    "rsub": (lambda x: torch.rsub(x, 1), (1, 3)),
    "alpha": (lambda x: torch.add(x, x, alpha=2) - torch.add(torch.ones(3).double(), x, alpha=3), (1, 3)),
    "wide constants": (
        lambda x: x * torch.tensor([1.0, 2, 3]).double() + torch.tensor([[1.0], [2.0]]).double(),
        (1, 3),
    ),
    "wide values": (lambda x: x + x.transpose(0, 1), (1, 3)),
    "negated": (lambda x: -x, (2,)),
    "squares": (lambda x: x * x + x**2 + torch.square(x) + x.pow(1), (1, 3)),
    "absolute": (lambda x: abs(x) + x.abs(), (1, 3)),
    "clamped": (lambda x: x.clamp(-1, 2) + x.clamp(min=1) + torch.clamp(x, max=0) + x.clamp_min(2), (1, 9)),
    "clamped by tensors": (lambda x: x.clamp(min=torch.tensor([1.0, 2, 3]).double()), (1, 3)),
    "maximum of a constant": (lambda x: torch.maximum(x, torch.tensor([1.0, -1, 0]).double()), (1, 3)),
    "minimum": (lambda x: torch.minimum(x, torch.tensor(1.0).double()) + torch.minimum(x, -x), (1, 3)),
    "maximum of two": (lambda x: torch.maximum(x, x.flip(1)), (1, 4)),
    "functions": (lambda x: functional.relu(x) + functional.leaky_relu(x, 0.5) + functional.relu6(x), (1, 9)),
    "pooled": (lambda x: functional.max_pool1d(x, 2) + functional.avg_pool1d(x, 2), (1, 1, 6)),
    "linear": (lambda x: functional.linear(x, torch.ones(2, 3).double()), (1, 3)),
    "matrix after": (lambda x: x @ torch.arange(6.0).reshape(3, 2).double(), (1, 3)),
    "vector after": (lambda x: x @ torch.arange(3.0).double(), (2, 3)),
    "matrix before": (lambda x: torch.arange(6.0).reshape(2, 3).double() @ x, (3, 4)),
    "vector before": (lambda x: torch.arange(3.0).double() @ x, (3, 4)),
    "matrix and vector": (lambda x: torch.mv(torch.arange(6.0).reshape(2, 3).double(), x), (3,)),
    "convolved": (lambda x: functional.conv1d(x, torch.ones(2, 1, 3).double(), padding="same"), (1, 1, 5)),
    "shapes": (lambda x: x.view(x.shape[0], -1).reshape(-1).unsqueeze(0).flip(1)[:, 1::2].squeeze(), (1, 2, 4)),
    "axes": (lambda x: x.permute(0, 2, 1).contiguous().movedim(1, 2).swapaxes(0, 1), (1, 2, 3)),
    "parts": (lambda x: torch.cat([part * k for k, part in enumerate(x.chunk(2, 1))][::-1], 1), (1, 4)),
    "split": (lambda x: x.split([1, 3], dim=1)[1] - x[:, :3], (1, 4)),
    "stacked": (lambda x: torch.stack([x, 2 * x], -1).unbind(-1)[1], (1, 4)),
    "by keywords": (lambda x: torch.cat(tensors=[torch.relu(input=x), torch.add(x, other=x)], dim=1), (1, 3)),
    "beside a constant": (lambda x: torch.cat([x, torch.ones(1, 2).double()], dim=-1), (1, 3)),
    "indexed": (lambda x: x[:, [2, 0]] + x[..., None][:, :2, 0], (1, 3)),
    "selected": (lambda x: torch.index_select(x, 1, torch.tensor([2, 2])) + x.narrow(1, 1, 2), (1, 3)),
    "masked": (lambda x: torch.tril(x) + torch.triu(x, 1), (3, 3)),
    "repeated": (lambda x: x.repeat(1, 2) + x.expand(2, 3).roll(1, 1).repeat(1, 2), (1, 3)),
    "padded": (lambda x: functional.pad(x, (1, 2), value=3) + functional.pad(x, (3, 0)), (1, 4)),
    "means": (lambda x: x.mean((1, 2), keepdim=True) + x.mean(), (1, 2, 4)),
    "sums over axes": (lambda x: x.sum(1) + x.sum(dim=(0, 1)), (1, 2, 4)),
    "largest": (lambda x: x.amax(1) + torch.amin(x, dim=1) + x.amax(), (1, 2, 4)),
    "largest of all": (lambda x: torch.max(x) + x.min(), (1, 4)),
    "largest along an axis": (lambda x: x.max(1)[0] + x.min(dim=1, keepdim=True).values[0], (2, 4)),
    "largest of two": (lambda x: torch.max(x, -x) - torch.min(x, 2 * x), (1, 4)),
    "filled": (lambda x: x.masked_fill(torch.tensor([True, False, True]), 7), (2, 3)),
    "chosen": (lambda x: torch.where(torch.tensor([True, False]), x, -x), (1, 2)),
    "chosen by a constant": (lambda x: torch.where(torch.tensor([True, False]), x, 3.0), (1, 2)),
    "a batch of convolutions": (
        lambda x: functional.conv1d(x.reshape(3, 1, 4), torch.ones(2, 1, 3).double()),
        (1, 3, 4),
    ),
    "zeros like": (lambda x: x + torch.ones_like(x), (1, 2)),
    "cast": (lambda x: x.float().double(), (1, 2)),
    "in place": (lambda x: functional.relu_(x.clone()).add_(1).mul_(2), (1, 5)),
    "hard sigmoid": (lambda x: functional.hardsigmoid(3 * x - 3) * 6, (1, 2)),
    "interpolated": (lambda x: functional.interpolate(x, size=4), (1, 1, 2)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_exact(name):
    function, shape = FUNCTIONS[name]
    reading(Calls(function), shape)


def test_torch_is_not_imported_before_a_module_is_read():
    import subprocess
    import sys

    code = "import exactinj; exactinj.Network; import exactinj.layers.torch_graphs, sys; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
