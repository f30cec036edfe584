"""Losses, enforced biases and injective layers of torch, against exact counterparts."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

import exactinj as xi

torch = pytest.importorskip("torch")
from exactinj.torch import (  # noqa: E402 (torch may be missing)
    InjectiveConv2d,
    InjectiveLinear,
    MCBERegularizer,
    enforce_bias_,
    mcbe_bias,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def linear(n, m, seed=0, dtype=None):
    torch.manual_seed(seed)
    return torch.nn.Linear(n, m, dtype=dtype or torch.float64)


@pytest.mark.parametrize("seed", range(10))
def test_mcbe_bias_is_alpha_on_the_points(seed):
    random = np.random.default_rng(seed)
    n = 1 + seed % 4
    rows = random.integers(-3, 4, (3 * n, n)).astype(float)  # ties and duplicates
    points = random.integers(-4, 5, (20, n)).astype(float)
    found = mcbe_bias(torch.tensor(rows), torch.tensor(points)).numpy()
    assert np.array_equal(found, xi.alpha_on(rows, points).values)
    least = [xi.pointwise_bias(rows, x) for x in points.tolist()]
    for j, value in enumerate(found):
        known = [bias[j] for bias in least if bias[j] is not None]
        assert (min(known) if known else math.inf) == value


def test_the_gradient_is_that_of_finite_differences():
    layer, x = linear(3, 8), torch.randn(30, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        layer.bias.uniform_(-1, 1)
    regularizer = MCBERegularizer(layer)
    rho = regularizer(x)
    rho.backward()
    assert rho > 0
    assert layer.weight.grad is None
    for j in range(8):
        ends = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                layer.bias[j] += step
                ends.append(float(regularizer(x).detach()))
                layer.bias[j] -= step
        assert float(layer.bias.grad[j]) == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_no_excess_has_no_gradient():
    layer, x = linear(3, 8), torch.randn(30, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.bias.fill_(100.0)
    rho = MCBERegularizer(layer)(x)
    rho.backward()
    assert float(rho.detach()) == 0
    assert torch.equal(layer.bias.grad, torch.zeros(8, dtype=torch.float64))


def test_values_follow_the_weights():
    """Over many batches and steps the values are those of the current weights at the points that are kept."""
    layer, regularizer = linear(4, 12), None
    regularizer = MCBERegularizer(layer, every=1)
    for _ in range(10):
        with torch.no_grad():
            layer.weight += 0.1 * torch.randn(12, 4, dtype=torch.float64)
        regularizer.update(torch.randn(16, 4, dtype=torch.float64))
        products = (regularizer.points * layer.weight).sum(dim=1)
        known = regularizer.is_set
        assert torch.allclose(products[known], regularizer.alpha_star[known])
        again = mcbe_bias(layer.weight, regularizer.points[known])
        assert torch.allclose(again[known], regularizer.alpha_star[known])
    seldom = MCBERegularizer(layer, every=5)
    batches = torch.randn(6, 16, 4, dtype=torch.float64)
    for batch in batches:
        seldom.update(batch)
    whole = mcbe_bias(layer.weight, batches.reshape(-1, 4))
    assert torch.allclose(seldom.alpha_star, whole)  # with weights that stay nothing is lost


@pytest.mark.parametrize("seed", range(6))
def test_compiled_code_and_tensors_say_the_same(seed):
    """On processors a compiled loop lowers the values, on other devices operations on tensors."""
    torch.manual_seed(seed)
    n, dtype = 2 + seed % 3, torch.float64 if seed % 2 else torch.float32
    layer = linear(n, 4 * n, seed, dtype)
    compiled, plain = MCBERegularizer(layer), MCBERegularizer(layer)
    for _ in range(5):
        x = torch.randint(-3, 4, (12, n)).to(dtype) if seed < 3 else torch.randn(12, n, dtype=dtype)
        products = x @ layer.weight.detach().T
        compiled._lower_compiled(products, x)
        plain._lower_anywhere(products, x, n)
        assert torch.allclose(compiled.alpha_star, plain.alpha_star, atol=1e-5)
        assert torch.equal(compiled.is_set, plain.is_set)
        known = compiled.is_set
        own = (compiled.points * layer.weight.detach()).sum(dim=1)
        assert torch.allclose(own[known], compiled.alpha_star[known], atol=1e-5)
    compiled.update(torch.zeros(0, n))


def test_an_enforced_layer_is_mcbe_injective_and_names_rows_that_keep_their_bias():
    layer = linear(3, 7)
    x = torch.randn(50, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight[6] = -1e-9 * layer.weight[5]  # hardly ever among the three largest
        layer.weight[6, 0] = 0
    before = layer.bias.detach().clone()
    alpha = mcbe_bias(layer.weight, x)
    unbounded = enforce_bias_(layer, alpha)
    assert unbounded == [int(j) for j in torch.nonzero(torch.isinf(alpha))[:, 0]]
    assert all(layer.bias[j] == before[j] for j in unbounded)
    estimate = xi.alpha_on(layer.weight, x.numpy())
    own = [-value for value in layer.bias.tolist()]
    assert estimate.is_mcbe_injective([min(a, float(b)) - 1e-12 for a, b in zip(own, estimate.values, strict=True)])
    active = (layer(x) >= 0).sum(dim=1)
    assert bool((active >= 3).all())
    assert not estimate.is_mcbe_injective([value + 1 for value in own])


def test_state_and_devices():
    layer, x = linear(3, 8), torch.randn(30, 3, dtype=torch.float64)
    regularizer = MCBERegularizer(layer)
    regularizer(x)
    assert list(regularizer.parameters()) == []
    file = io.BytesIO()
    torch.save(regularizer.state_dict(), file)
    file.seek(0)
    other = MCBERegularizer(layer)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other.alpha_star, regularizer.alpha_star)
    assert torch.equal(other(x), regularizer(x))
    assert "every=8" in repr(regularizer)


def test_noise_and_shapes():
    layer = linear(3, 8)
    regularizer = MCBERegularizer(layer, sigma=0.5, copies=4)
    regularizer(torch.randn(2, 5, 3, dtype=torch.float64))
    assert torch.isfinite(regularizer.alpha_star).any()
    with pytest.raises(xi.InputError, match="with a bias"):
        MCBERegularizer(torch.nn.Linear(3, 8, bias=False))
    with pytest.raises(xi.InputError, match="every = 0"):
        MCBERegularizer(layer, every=0)
    with pytest.raises(xi.InputError, match="shape"):
        enforce_bias_(layer, torch.zeros(3))


@pytest.mark.parametrize(("n", "m"), [(1, 2), (3, 6), (5, 13)])
def test_injective_layers_are_certified_and_stay_so_in_training(n, m):
    torch.manual_seed(n)
    layer = InjectiveLinear(n, m)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3)
    x, wanted = torch.randn(40, n), torch.randn(40, m)
    for _ in range(5):
        optimizer.zero_grad()
        ((torch.relu(layer(x)) - wanted) ** 2).mean().backward()
        optimizer.step()
    moved = [name for name, parameter in layer.named_parameters() if parameter.grad.any()]
    triangles = set() if n > 1 else {"lower", "upper"}  # without entries off the diagonal
    assert {*moved} | triangles == {name for name, _ in layer.named_parameters()}
    plain = layer.linear()
    assert torch.allclose(plain(x), layer(x))
    assert xi.certify(plain).verdict is xi.Verdict.INJECTIVE
    other = InjectiveLinear(n, m)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight, layer.weight)
    assert xi.certify(InjectiveLinear(n, m, bias=False).linear()).verdict is xi.Verdict.INJECTIVE


@pytest.mark.parametrize(("channels", "out", "size"), [(1, 2, 3), (2, 5, 3), (3, 6, 1)])
def test_injective_convolutions_are_certified_at_a_size(channels, out, size):
    torch.manual_seed(channels)
    layer = InjectiveConv2d(channels, out, size)
    with torch.no_grad():
        layer.mix.offset.uniform_(-1, 1)
    x = torch.randn(2, channels, 3, 2)
    layer(x).relu().sum().backward()
    triangles = set() if channels > 1 else {"mix.lower", "mix.upper"}
    unmoved = {name for name, parameter in layer.named_parameters() if not parameter.grad.any()}
    assert unmoved <= triangles | ({"before"} if size == 1 else set())
    plain = layer.conv()
    assert torch.allclose(plain(x), layer(x), atol=1e-6)
    result = xi.certify(xi.ConvLayer.from_torch(plain), input_shape=(channels, 3, 2))
    assert result.verdict is xi.Verdict.INJECTIVE


def test_sizes_that_cannot_be_injective():
    for make in (lambda: InjectiveLinear(3, 5), lambda: InjectiveConv2d(2, 3), lambda: InjectiveConv2d(2, 4, 2)):
        with pytest.raises(xi.InputError):
            make()


def test_autocast_keeps_the_estimate_in_full_precision():
    layer, x = linear(4, 10, dtype=torch.float32), torch.randn(30, 4)
    plain = MCBERegularizer(layer)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = MCBERegularizer(layer)(x)
        assert InjectiveLinear(4)(x).dtype == torch.bfloat16
    assert inside.dtype == torch.float32
    assert torch.equal(inside, plain(x))


@pytest.mark.slow
def test_compiled_modules_give_the_same():
    layer, x = linear(4, 10, dtype=torch.float32), torch.randn(30, 4)
    compiled, plain = torch.compile(MCBERegularizer(layer)), MCBERegularizer(layer)
    for batch in x.split(10):
        assert torch.allclose(compiled(batch), plain(batch))
    free = InjectiveLinear(4)
    assert torch.allclose(torch.compile(free)(x), free(x), atol=1e-6)
