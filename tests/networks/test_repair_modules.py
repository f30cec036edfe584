"""Repair of torch modules: a copy of the same kind that holds exactly the numbers of the proof."""

from __future__ import annotations

import numpy as np
import pytest

import exactinj as xi

torch = pytest.importorskip("torch")
nn = torch.nn
FORMATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def assert_same_map(module, layer, inputs):
    """The module in float64, with its ReLU, against the exact layer."""
    out = torch.relu(module.double()(inputs)).detach().numpy()
    for x, y in zip(inputs, out, strict=True):
        exact = layer.evaluate(x.numpy())
        assert np.allclose(y.ravel(), [float(value) for value in exact], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["auto", "rows", "doubled", "bias"])
@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_linear_modules_keep_their_format(number, method):
    torch.manual_seed(1)
    module = nn.Linear(3, 4).to(number)
    before = [parameter.clone() for parameter in module.parameters()]
    repair = xi.make_injective(module, method=method, domain="ball:3/2")
    assert repair.verdict == "injective"
    assert xi.check(repair.result.certificate, xi.ReLULayer.from_torch(repair.module)).valid
    assert all(torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
    assert type(repair.module) is nn.Linear
    assert repair.module.weight.dtype == number
    assert torch.equal(repair.module.weight[:4], module.weight)
    assert (method == "bias") == (repair.module.out_features == 4)
    assert_same_map(repair.module, repair.layer, torch.randn(5, 3, dtype=torch.float64))


def test_a_sequential_stays_one_in_its_mode():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(2, 3, bias=False), nn.ReLU()).eval()
    repair = xi.make_injective(module)
    assert [type(part) for part in repair.module] == [nn.Flatten, nn.Linear, nn.ReLU]
    assert not repair.module[1].training
    assert repair.module[1].bias is None
    assert module[1].out_features == 3
    assert repair.module[1].out_features == repair.layer.m == 5
    assert_same_map(repair.module, repair.layer, torch.randn(4, 2, dtype=torch.float64))


@pytest.mark.parametrize("number", FORMATS, ids=str)
def test_convolutions_keep_their_geometry(number):
    torch.manual_seed(3)
    module = nn.Conv1d(2, 4, 3, stride=2, padding=1, groups=2).to(number)
    repair = xi.make_injective(module, domain="box:-1,1", input_shape=(2, 4))
    assert repair.verdict == "injective"
    assert xi.check(repair.result.certificate, xi.ConvLayer.from_torch(repair.module)).valid
    new = repair.module
    assert (type(new), new.stride, new.padding, new.groups) == (nn.Conv1d, (2,), (1,), 2)
    assert new.weight.dtype == number
    assert_same_map(new, repair.layer, torch.randn(3, 2, 4, dtype=torch.float64))


def test_an_injective_module_comes_back_as_a_copy():
    module = nn.Linear(1, 2)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        module.bias.zero_()
    repair = xi.make_injective(module)
    assert repair.method == "unchanged"
    assert repair.module is not module
    assert torch.equal(repair.module.weight, module.weight)


def test_numbers_beyond_the_format_are_refused_with_a_remedy():
    module = nn.Linear(1, 1).to(torch.float16)
    with torch.no_grad():
        module.weight.fill_(1000.0)
        module.bias.fill_(-1.0)
    with pytest.raises(xi.InputError, match=r"float16 does not hold.*module\.double"):
        xi.make_injective(module, method="bias", domain="ball:1000")


def test_networks_of_several_layers_are_refused():
    with pytest.raises(xi.InputError, match="network of 2 layers"):
        xi.make_injective(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)))
