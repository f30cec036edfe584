"""What reading a torch module keeps, refuses, follows and leaves unnamed."""

from __future__ import annotations

import subprocess
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
from test_torch_modules import MODULES, Calls, point, reading, with_integers

from exactinj.errors import InputError
from exactinj.layers.network import Network, OneToOne, Opaque
from exactinj.layers.torch_graphs import reading as reading_of_torch

torch = pytest.importorskip("torch")
nn = torch.nn
functional = torch.nn.functional


def kinds(network):
    return [node.operation.kind for node in network.nodes]


def opaque(network):
    return [node.operation for node in network.nodes if isinstance(node.operation, Opaque)]


# ---------------------------------------------------------------------- steps without rationals

ONE_TO_ONE = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "logsigmoid": nn.LogSigmoid(),
    "tanhshrink": nn.Tanhshrink(),
    "elu": nn.ELU(),
    "elu(0.5)": nn.ELU(0.5),
    "celu(2.0)": nn.CELU(2.0),
    "selu": nn.SELU(),
    "exp": Calls(torch.exp),
    "atan": Calls(torch.atan),
    "asinh": Calls(torch.asinh),
    "sinh": Calls(torch.sinh),
    "expm1": Calls(torch.expm1),
    "erf": Calls(torch.erf),
    "power 3": Calls(lambda x: x**3),
}


@pytest.mark.parametrize("name", ONE_TO_ONE)
def test_strictly_monotone_functions_are_named(name):
    network = Network.from_torch(ONE_TO_ONE[name], (1, 50))
    assert kinds(network) == [name]
    assert isinstance(network.nodes[0].operation, OneToOne)
    x = np.linspace(-3, 3, 50)
    want = ONE_TO_ONE[name](torch.tensor(x)[None]).numpy()
    np.testing.assert_allclose(network.float_values(x)[network.outputs[0]], want, rtol=1e-6, atol=1e-9)
    assert (np.diff(want) > 0).all()


UNNAMED = {
    "GELU": (nn.GELU(), (1, 4)),
    "SiLU": (nn.SiLU(), (1, 4)),
    "Mish": (nn.Mish(), (1, 4)),
    "Hardswish": (nn.Hardswish(), (1, 4)),
    "Hardshrink": (nn.Hardshrink(), (1, 4)),
    "ELU": (nn.ELU(-1.0), (1, 4)),
    "Softplus": (nn.Softplus(threshold=1), (1, 4)),
    "Threshold": (nn.Threshold(0.5, 20), (1, 4)),
    "Softmax": (nn.Softmax(1), (1, 4)),
    "LayerNorm": (nn.LayerNorm(4), (1, 4)),
    "GroupNorm": (nn.GroupNorm(2, 4), (1, 4, 3)),
    "InstanceNorm1d": (nn.InstanceNorm1d(4), (1, 4, 3)),
    "BatchNorm2d": (nn.BatchNorm2d(2, track_running_stats=False), (1, 2, 3, 3)),
    "LSTM": (nn.LSTM(4, 3), (1, 5, 4)),
    "GRU": (nn.GRU(4, 3), (1, 5, 4)),
    "Upsample": (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 1, 2, 2)),
    "MaxPool1d": (nn.MaxPool1d(2, return_indices=True), (1, 1, 4)),
    "TransformerEncoderLayer": (nn.TransformerEncoderLayer(4, 2, 8), (1, 3, 4)),
}


@pytest.mark.parametrize("name", UNNAMED)
def test_what_is_not_understood_keeps_its_name(name):
    module, shape = UNNAMED[name]
    network = Network.from_torch(module.eval(), shape)
    assert set(kinds(network)) == {name}
    assert all(isinstance(node.operation, Opaque) for node in network.nodes)
    assert all(network.shapes[output] is not None for output in network.outputs)
    assert opaque(network)[0].why


class Pair(nn.Module):
    def __init__(self, function, part=None):
        super().__init__()
        self.function, self.part = function, part

    def forward(self, x, y):
        return self.function(self, x, y)


def test_several_inputs_are_read_in_order_or_by_name():
    module = Pair(lambda _, x, y: x - 2 * y)
    for shapes in ([(1, 2), (1, 2)], {"x": (1, 2), "y": (1, 2)}):
        network = Network.from_torch(module, shapes)
        assert network.evaluate({"x": [1, 2], "y": [3, 5]}).fractions() == [-5, -8]


def test_attention_and_bilinear_maps_of_two_values_are_unnamed():
    attention = Pair(lambda m, x, y: m.part(x, y, y)[0], nn.MultiheadAttention(4, 2))
    network = Network.from_torch(attention, [(3, 1, 4), (3, 1, 4)])
    assert kinds(network) == ["MultiheadAttention"]
    assert set(network.nodes[0].inputs) == {"x", "y"}
    bilinear = Pair(lambda m, x, y: m.part(x, y), nn.Bilinear(2, 3, 4))
    assert kinds(Network.from_torch(bilinear, [(1, 2), (1, 3)])) == ["Bilinear"]
    products = Pair(lambda _, x, y: torch.matmul(x, y.transpose(0, 1)) + (x * y).sum())
    assert kinds(Network.from_torch(products, [(1, 2), (1, 2)])).count("matmul") == 1


def test_a_function_after_an_unknown_one_is_still_read():
    module = nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1))
    network = Network.from_torch(module, (1, 2))
    assert kinds(network) == ["linear", "GELU", "linear"]
    assert [node.name for node in network.nodes] == ["0", "1", "2"]


# ---------------------------------------------------------------------- how it is traced


class Loops(nn.Module):
    """Decisions on sizes, a loop over entries, an assignment into a slice: `torch.export` follows them."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)

    def forward(self, x, *, twice=True):
        x = self.first(x)
        if x.shape[1] > 3:
            x = torch.relu(x)
        for _ in range(x.shape[0] + 1):
            x = x + 1
        if twice:
            x = 2 * x
        return x


class Decides(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Counts(nn.Module):
    def forward(self, x):
        return x + float(x[0, 0])


def test_forwards_with_decisions_on_sizes_are_followed():
    reading(with_integers(Loops()), (1, 3))


@pytest.mark.parametrize("module", [Decides(), Counts()])
def test_decisions_on_values_are_refused_in_one_line(module):
    with pytest.raises(InputError, match="cannot be read as a graph") as caught:
        Network.from_torch(module, (1, 3))
    assert "\n" not in str(caught.value)


class Default(nn.Module):
    """An argument with a default that decides what is computed."""

    def forward(self, x, mask=None, scale=2):
        if mask is not None:
            x = x * mask
        return x * scale


def test_arguments_that_are_not_given_are_their_defaults():
    reading(with_integers(Default()), (1, 3))


class Aliases(nn.Module):
    """A view that is changed through another name, and a value that a later step changes in place."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.relu = nn.ReLU(inplace=True)
        self.register_buffer("number", torch.ones(1))

    def forward(self, x):
        return self.function(self, x)


def through_a_view(_, x):
    h = x + 0
    part = h.view(-1)
    h += 1
    return part


def after_relu(module, x):
    h = 2 * x
    return module.relu(h) + h


def input_changed(module, x):
    return module.relu(x) - x


def slice_set(_, x):
    h = x.clone()
    h[:, 0] = 0
    return h


def slice_added(_, x):
    h = x.clone()
    h[:, 1:].add_(1)
    return h


@pytest.mark.parametrize("function", [through_a_view, after_relu, input_changed, slice_set, slice_added])
def test_changes_in_place_are_followed_or_nothing_is_claimed(function):
    module = with_integers(Aliases(function))
    try:
        network = Network.from_torch(module, (1, 3))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017 (either way is right)
        return
    x = point((1, 3))
    values = network.values(x)
    if network.outputs[0] in values:
        want = module(torch.tensor(x)).numpy()
        np.testing.assert_array_equal(values[network.outputs[0]].floats(), want)


def test_a_relu_in_place_changes_what_skips_read():
    network = reading(with_integers(Aliases(after_relu)), (1, 3))
    assert network.nodes[-1].inputs[0] == network.nodes[-1].inputs[1]


# ---------------------------------------------------------------------- what is left as it is


def test_the_module_stays_as_it_is():
    module = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    module.train()
    module[0].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    network = Network.from_torch(module, (1, 3))
    assert torch.equal(torch.get_rng_state(), state)
    assert (module.training, module[0].training, module[2].training) == (True, False, True)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in module.parameters())
    assert kinds(network) == ["linear", "normalisation"]


def test_dropout_that_always_drops_is_unnamed():
    assert kinds(Network.from_torch(Calls(lambda x: functional.dropout(x, 0.5)), (1, 3))) == ["dropout"]
    random = Network.from_torch(Calls(lambda x: x + torch.rand(3)), (1, 3))
    assert isinstance(random.nodes[0].operation, Opaque)


# ---------------------------------------------------------------------- weights and numbers


def old_weight_norm(module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.utils.weight_norm(module)


@pytest.mark.parametrize(
    "wrap",
    [
        nn.utils.parametrizations.weight_norm,
        nn.utils.parametrizations.spectral_norm,
        nn.utils.parametrizations.orthogonal,
        old_weight_norm,
        nn.utils.spectral_norm,
    ],
)
def test_parametrized_weights_are_those_that_are_used(wrap):
    module = nn.Sequential(wrap(nn.Linear(3, 3)), nn.ReLU()).eval()
    network = Network.from_torch(module, (1, 3))
    assert kinds(network) == ["linear", "relu"]
    module(torch.zeros(1, 3))  # the old kinds set their weight when they are called
    assert network.nodes[0].operation.W.to_float().tolist() == module[0].weight.double().tolist()


def test_stale_weights_of_the_old_kind_are_renewed():
    module = old_weight_norm(nn.Linear(2, 2))
    with torch.no_grad():
        module.weight_g.copy_(torch.tensor([[5.0], [10.0]]))
        module.weight_v.copy_(torch.tensor([[3.0, 4.0], [3.0, 4.0]]))
    network = Network.from_torch(nn.Sequential(module), (1, 2))
    np.testing.assert_allclose(network.nodes[0].operation.W.to_float(), [[3, 4], [6, 8]], rtol=1e-6)


def test_hooks_that_change_the_result_are_not_passed_over():
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    module[0].register_forward_hook(lambda *_: torch.ones(1, 2))
    network = Network.from_torch(module, (1, 2))
    assert [operation.kind for operation in opaque(network)] == ["Linear"]
    assert "hooks" in opaque(network)[0].why


def test_numbers_of_the_program_are_rounded_as_torch_rounds_them():
    single = Network.from_torch(nn.LeakyReLU(0.1), (1, 2))
    double = Network.from_torch(with_integers(nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.1))), (1, 2))
    slopes = [net.nodes[-1].operation.slope.fractions()[0] for net in (single, double)]
    assert slopes == [Fraction(float(np.float32(0.1))), Fraction(0.1)]
    third = Network.from_torch(Calls(lambda x: x / 3), (1, 1))
    assert third.evaluate([1]).fractions() == [Fraction(1, 3)]


def test_half_precision_is_read_exactly():
    for dtype in (torch.float16, torch.bfloat16):
        module = nn.Linear(2, 3).to(dtype)
        network = Network.from_torch(module, (1, 2))
        assert network.nodes[0].operation.W.to_float().tolist() == module.weight.double().tolist()


def test_user_classes_are_looked_into():
    class Mine(nn.Linear):
        pass

    class Twice(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    network = reading(with_integers(nn.Sequential(Mine(2, 3), Twice(3, 1))), (1, 2))
    assert kinds(network) == ["linear", "linear", "scale"]


def test_constants_are_computed_as_torch_computes_them():
    module = nn.Sequential(nn.Linear(2, 2)).double()
    turned = Calls(lambda x: functional.linear(x, functional.normalize(module[0].weight.detach())))
    network = Network.from_torch(turned, (1, 2))
    want = functional.normalize(module[0].weight.detach()).double().numpy()
    np.testing.assert_array_equal(network.nodes[0].operation.W.to_float(), want)


def test_wrappers_that_compute_the_same_are_taken_off():
    module = with_integers(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
    plain = Network.from_torch(module, (1, 2)).digest
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.compile(module)
    for wrapped in (compiled, nn.DataParallel(module)):
        assert Network.from_torch(wrapped, (1, 2)).digest == plain


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (lambda x: x, (1, 2), "expected a torch.nn.Module"),
        (nn.Linear(3, 2), (1, 2), "cannot run on an input of shape"),
        (nn.Linear(3, 2), (), "input shape"),
        (nn.Linear(3, 2), (1, 0), "positive integers"),
        (nn.Linear(3, 2), (1, -3), "positive integers"),
        (nn.Linear(3, 2), "13", "positive integers"),
        (nn.Linear(3, 2), 3, "positive integers"),
        (nn.Embedding(3, 2), (1, 3), "cannot run"),
        (nn.Linear(3, 2, device="meta"), (1, 3), "device meta"),
        (Calls(lambda _: 3), (1, 3), "returns no tensor"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(module, shape, message):
    with pytest.raises(InputError, match=message) as caught:
        Network.from_torch(module, shape)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused_or_unnamed():
    module = nn.Linear(1, 1)
    module.weight.data.fill_(float("nan"))
    network = Network.from_torch(module, (1, 1))
    assert "finite" in opaque(network)[0].why


def test_compiled_modules_are_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2))
    with pytest.raises(InputError, match="TorchScript"):
        Network.from_torch(compiled, (1, 2))


def test_without_torch_the_extra_is_named():
    code = (
        "import sys\nsys.modules['torch'] = None\n"
        "from exactinj.layers.network import Network\n"
        "try: Network.from_torch(object(), (1, 2))\nexcept ImportError as error: print(type(error).__name__, error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "MissingExtraError torch is not installed: pip install 'exactinj[torch]'\n"


# ---------------------------------------------------------------------- random modules


class Block(nn.Module):
    """A residual block with a branch of its own."""

    def __init__(self, channels, rng):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, groups=int(rng.choice([1, channels])))
        self.norm = nn.BatchNorm2d(channels)
        self.side = nn.Conv2d(channels, channels, 1) if rng.random() < 0.5 else nn.Identity()
        self.cat = bool(rng.random() < 0.3)

    def forward(self, x):
        h = functional.relu(self.norm(self.conv(x)))
        h = h + self.side(x)
        return torch.cat([h, -x], 1)[:, : x.shape[1]] if self.cat else h


def random_module(seed):
    rng = np.random.default_rng(seed)
    channels, size = int(rng.integers(1, 4)), int(rng.integers(3, 6))
    parts, now = [], channels
    for _ in range(int(rng.integers(1, 4))):
        out = int(rng.integers(1, 4))
        mode = str(rng.choice(["zeros", "circular", "replicate"]))
        parts += [nn.Conv2d(now, out, 3, padding=1, padding_mode=mode, bias=bool(rng.random() < 0.5))]
        parts += [nn.BatchNorm2d(out)] if rng.random() < 0.4 else []
        parts += [[nn.ReLU(), nn.PReLU(out), nn.LeakyReLU(0.5), nn.ReLU6(), nn.Hardtanh(-3, 3)][rng.integers(5)]]
        parts += [Block(out, rng)] if rng.random() < 0.4 else []
        now = out
    parts += [
        [nn.MaxPool2d(2, ceil_mode=True), nn.AvgPool2d(2), nn.AdaptiveMaxPool2d(2), nn.Dropout()][rng.integers(4)]
    ]
    trunk = nn.Sequential(*parts, nn.Flatten())
    width = trunk.eval()(torch.zeros(1, channels, size, size)).shape[1]
    return nn.Sequential(trunk, nn.Linear(width, 3), nn.ReLU(), nn.Linear(3, 2)), (1, channels, size, size)


@pytest.mark.parametrize("seed", range(30))
def test_random_modules_are_exact(seed):
    module, shape = random_module(seed)
    reading(with_integers(module, seed), shape, points=1)


# ---------------------------------------------------------------------- exported graphs

EXPORTED = ["conv2d", "transposed", "batch norm", "max pool", "adaptive max", "average pool, padded", "linear"]


@pytest.mark.parametrize("core", [False, True], ids=["as exported", "in core operators"])
@pytest.mark.parametrize("name", [*EXPORTED, "reflect", "instance norm with statistics", "pixel shuffle"])
def test_exported_graphs_are_exact_too(name, core, monkeypatch):
    """What `torch.fx` cannot trace comes as operators of another order of arguments, decomposed in older versions."""

    def refuse(*_):
        raise RuntimeError("not traced")

    def exported(torch, module, samples):
        program = torch.export.export(module, tuple(samples.values()))
        whole = (program.run_decompositions() if core else program).module()
        return whole.graph, whole, {}

    monkeypatch.setattr(reading_of_torch, "_traced", refuse)
    monkeypatch.setattr(reading_of_torch, "_exported", exported)
    make, shape = MODULES[name]
    reading(with_integers(make()), shape, points=1)
