"""The monitor of a layer in training: its measures against plain numpy, its log, its hook and its picture."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

import exactinj as xi

torch = pytest.importorskip("torch")
from exactinj.torch import InjectiveLinear, InjectivityMonitor, enforce_bias_, mcbe_bias  # noqa: E402 (torch may lack)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Writer:
    def __init__(self):
        self.scalars = []

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))


def trained(monitor_of, epochs=3, n=3, m=9):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(n, m), torch.nn.ReLU(), torch.nn.Linear(m, 2))
    monitor = monitor_of(net[0])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(epochs):
        for batch in torch.randn(60, n).split(20):
            optimizer.zero_grad()
            net(batch).square().mean().backward()
            optimizer.step()
        monitor.on_train_epoch_end(SimpleNamespace(current_epoch=epoch))
    return net[0], monitor


def test_a_training_is_logged(tmp_path):
    writer, path = Writer(), tmp_path / "log.jsonl"
    layer, monitor = trained(lambda layer: InjectivityMonitor(layer, count=50, path=path, writer=writer))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1, 2]
    assert [line["points"] for line in lines] == [50] * 3  # of each epoch
    assert lines == [record.to_json() for record in monitor.records]
    assert lines[-1]["verdict"] == str(xi.certify(layer).verdict)
    assert {(name, step) for name, _, step in writer.scalars} >= {("injectivity/p_I", 0), ("injectivity/p_H", 2)}
    monitor.close()
    layer(torch.randn(5, 3))
    with pytest.raises(xi.InputError, match="no inputs"):
        monitor.measure()


def test_a_loader_is_looked_at_like_its_points():
    torch.manual_seed(1)
    layer, x = torch.nn.Linear(3, 8), torch.randn(30, 3)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, torch.zeros(30)), batch_size=8)
    found, plain = InjectivityMonitor(layer, loader).measure(), InjectivityMonitor(layer, x).measure()
    assert found.to_json() == plain.to_json()


def test_measures_are_those_of_plain_numpy():
    x = torch.randn(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    torch.manual_seed(5)
    layer = torch.nn.Linear(3, 8, dtype=torch.float64)
    record = InjectivityMonitor(layer, x, exact_up_to=0).measure()
    w, b, points = layer.weight.detach().numpy(), layer.bias.detach().numpy(), x.numpy()
    active = points @ w.T + b >= 0
    spectra = [np.linalg.svd(w[row], compute_uv=False) if row.sum() >= 3 else [0, 0, 0] for row in active]
    assert record.p_I == np.mean(active.sum(axis=1) >= 3)
    assert np.allclose(record.lambda_minus, [values[-1] for values in spectra])
    tops = [np.linalg.norm(w[row], 2) if row.any() else 0 for row in active]
    assert np.allclose(record.lambda_plus, tops)
    alpha = mcbe_bias(layer.weight, x).numpy()
    assert record.p_H == np.mean(-b <= alpha)
    assert record.verdict is None
    errors = []
    for point, row in zip(points[:16], active[:16], strict=True):  # what the active rows do not see is lost
        errors.append(
            np.linalg.norm(point - np.linalg.pinv(w[row]) @ (w[row] @ point)) if row.any() else np.linalg.norm(point)
        )
    assert record.reconstruction_error == pytest.approx(np.mean(errors), abs=1e-9)
    assert max(errors) > 1e-3
    enforce_bias_(layer, torch.tensor(alpha - 1e-12))
    assert InjectivityMonitor(layer, x, exact_up_to=0).measure(7).p_I == 1


def test_an_injective_layer_is_seen_to_be_one():
    layer = InjectiveLinear(3).linear()
    monitor = InjectivityMonitor(layer, torch.randn(30, 3))
    record = monitor.measure()
    assert (record.verdict, record.p_I) == ("injective", 1.0)
    assert record.lowest > 0
    assert record.highest >= record.lowest
    assert record.reconstruction_error < 1e-4


def test_the_picture():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib.figure import Figure

    _, monitor = trained(InjectivityMonitor)
    axes = monitor.plot(Figure().subplots())  # of its own: others may have left one open
    assert axes.get_xlabel() == "epoch"
    assert axes.get_lines()[0].get_ydata().tolist() == [record.p_I for record in monitor.records]
    with pytest.raises(xi.InputError, match="no records"):
        InjectivityMonitor(torch.nn.Linear(3, 8)).plot()


def test_what_is_refused():
    with pytest.raises(xi.InputError, match="with a bias"):
        InjectivityMonitor(torch.nn.Linear(3, 8, bias=False))
    with pytest.raises(xi.InputError, match="count = 0"):
        InjectivityMonitor(torch.nn.Linear(3, 8), count=0)
