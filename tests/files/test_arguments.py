"""What newcomers hand in as a layer or a domain: accepted as the same layer, or refused in one helpful line."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import exactinj as xi

W = [[1, 0], [0, 1], [-1, 0], [0, -1]]
LAYER = xi.ReLULayer(W)
BIASED = xi.ReLULayer(W, [0, 0, 0, "1/2"])


@pytest.mark.parametrize(
    ("given", "layer"),
    [
        (W, LAYER),
        (tuple(map(tuple, W)), LAYER),
        (np.array(W), LAYER),
        (np.array(W, dtype=np.float16), LAYER),
        (np.array([[Fraction(value) for value in row] for row in W]), LAYER),
        (np.array([[str(value) for value in row] for row in W]), LAYER),
        (sparse.csr_array(np.array(W)), LAYER),
        (sparse.coo_matrix(np.array(W)), LAYER),
        ((W, None), LAYER),
        ((W, [0, 0, 0, "1/2"]), BIASED),
        ([np.array(W), np.array([0, 0, 0, 0.5])], BIASED),
        ({"W": W, "b": [0, 0, 0, 0.5]}, BIASED),
        ({"weight": W, "bias": [0, 0, 0, 0.5]}, BIASED),
        ({"W": W, "alpha": [0, 0, 0, -0.5]}, BIASED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_every_kind_make_the_layer(given, layer):
    assert xi.certify(given).layer == layer
    assert xi.count_wedges(given) == xi.count_wedges(layer)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "expected a ReLULayer"),
        (3, "expected a ReLULayer"),
        (np.ones(3), "2 dimension"),
        (np.ones((2, 1, 2, 2)), "ConvLayer"),
        (np.array(W) * 1j, "complex128"),
        ([LAYER, LAYER], "list of 2 layers"),
        ({"a.weight": W}, "entries of one layer"),
        ({}, "nothing"),
        ("no such file.npz", "no such file"),
        (np.array([[[1], [1, 2]], [1, 2]], dtype=object), "dtype object"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_layer_is_refused_in_one_line(given, message):
    with pytest.raises(xi.InputError, match=message) as error:
        xi.certify(given)
    assert "\n" not in str(error.value)


def test_the_path_of_a_layer_file(tmp_path):
    (tmp_path / "layer.json").write_text(json.dumps({"W": W, "b": [0, 0, 0, 0.5]}))
    assert xi.certify(tmp_path / "layer.json").layer == BIASED
    assert xi.sample_alpha(str(tmp_path / "layer.json"), samples=10).values.shape == (4,)


def test_domains_in_words_wherever_a_domain_is_taken():
    assert xi.certify(BIASED, domain="ball:1").domain == xi.Ball(1, [0, 0])
    assert xi.alpha_star(LAYER, domain="sphere:2").domain == xi.Sphere(2)
    assert xi.hull_bias(LAYER, domain="shell:1,2").domain == xi.Shell(1, 2)
    assert xi.sample_alpha(LAYER, domain="box:-1,1", samples=10).sampler.region.text.startswith("box")
    assert xi.compare(LAYER, domain="ball:1/2").exact.domain == xi.Ball("1/2", [0, 0])
    assert len(list(xi.wedges(LAYER, domain="nonneg"))) == xi.count_wedges(LAYER, domain="nonneg") == 1
    assert xi.wedge_graph(LAYER, domain="nonneg").ranks.tolist() == [2]


@pytest.mark.parametrize(
    ("domain", "message"),
    [(1, "type int"), (xi.Ball, "the class Ball"), ("bal:1", "expected one of"), ("sphere:1", "use a ball")],
)
def test_what_is_no_domain_is_refused(domain, message):
    with pytest.raises(xi.InputError, match=message):
        xi.certify(LAYER, domain=domain)


# ------------------------------------------------------------------ torch


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def filled(torch, module):
    """The module with weights and bias that are easy to know."""
    with torch.no_grad():
        module.weight.copy_(torch.tensor(W))
        module.bias.copy_(torch.tensor([0, 0, 0, 0.5]))
    return module


def test_torch_modules_are_their_layer(torch):
    linear = filled(torch, torch.nn.Linear(2, 4))
    inside = torch.nn.Sequential(torch.nn.Flatten(), linear, torch.nn.Dropout(), torch.nn.ReLU())
    for given in (linear, torch.nn.Sequential(linear), inside):
        assert xi.certify(given).layer == xi.ReLULayer.from_torch(given) == BIASED
    for same in (linear.state_dict(), linear.double(), linear.half(), linear.bfloat16()):
        assert xi.certify(same).layer == BIASED
    assert xi.sample_alpha(linear, samples=10).values.shape == (4,)


def test_torch_numbers_are_exact(torch):
    weights = torch.tensor([[0.1, 1 / 3]], dtype=torch.bfloat16, requires_grad=True)
    exact = [[Fraction(float(value)) for value in weights.detach()[0]]]
    assert xi.ReLULayer(weights).W.fractions() == exact
    assert xi.ReLULayer(weights.half()).W.fractions() == [
        [Fraction(float(value)) for value in weights.detach().half()[0]]
    ]
    assert xi.ReLULayer(weights.detach().float().to_sparse()).W.fractions() == exact


def test_convolutions_from_torch(torch):
    module = torch.nn.Conv2d(1, 2, 2, padding=1)
    inside = torch.nn.Sequential(module, torch.nn.ReLU())
    layer = xi.ConvLayer.from_torch(inside)
    assert layer == xi.ConvLayer.from_torch(module) == xi.certify(inside, timeout=1).layer
    x = torch.randint(-4, 5, (1, 3, 3)).float()
    outputs = [float(value) for value in layer.evaluate(x)]
    assert outputs == pytest.approx(torch.relu(module(x)).flatten().tolist(), abs=1e-5)
    assert layer.evaluate(x) == layer.evaluate(x.flatten().tolist(), (3, 3))
    with pytest.raises(xi.InputError, match="one input at a time"):
        layer.evaluate(x[None])
    with pytest.raises(xi.InputError, match="without its size"):
        layer.evaluate(x.flatten())


def test_networks_come_as_layers(torch):
    nn = torch.nn
    linear = nn.Linear(2, 4)

    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    refused = {
        "networks come as layers": nn.Sequential(linear, nn.ReLU(), nn.Linear(4, 4), nn.ReLU()),
        "Linear, Sigmoid": nn.Sequential(linear, nn.Sigmoid()),
        "BatchNorm1d": nn.Sequential(linear, nn.BatchNorm1d(4), nn.ReLU()),
        "type ReLU": nn.ReLU(),
        "type ConvTranspose1d": nn.ConvTranspose1d(1, 1, 2),
        "type Doubled": Doubled(2, 4),
        "without plain numbers": nn.Linear(2, 4, device="meta"),
    }
    for message, module in refused.items():
        with pytest.raises(xi.InputError, match=message):
            xi.certify(module)
    for kind, module in ((xi.ReLULayer, nn.Conv1d(1, 1, 1)), (xi.ConvLayer, linear), (xi.ReLULayer, 3)):
        with pytest.raises(xi.InputError, match=r"expected a torch\.nn"):
            kind.from_torch(module)


def test_points_as_tensors_and_arrays(torch):
    point = [Fraction(1, 2), Fraction(-1)]
    expected = BIASED.evaluate(point)
    for x in (torch.tensor([0.5, -1.0], requires_grad=True), np.array([0.5, -1.0], np.float32), ["1/2", -1]):
        assert BIASED.evaluate(x) == expected
    assert BIASED.evaluate([torch.tensor(0.5), np.array(-1)]) == expected
    with pytest.raises(xi.InputError, match="shape"):
        BIASED.evaluate(np.ones((2, 2)))
