"""Checkpoints: the same layers from every format, exactly; names and geometry; hostile files refused in one line."""

from __future__ import annotations

import io
import json
import pickle
import struct
import subprocess
import sys
import zipfile
from fractions import Fraction

import numpy as np
import pytest

from exactinj.errors import ExactinjError, InputError
from exactinj.files.checkpoints import read_checkpoint
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import Convolution, Dense, Network, ScaleShift

torch = pytest.importorskip("torch")
save_safely = pytest.importorskip("safetensors.torch").save_file
nn = torch.nn


class Model(nn.Module):
    """Two convolutions with batch norms and a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(2, 4, 3, padding=1, stride=2)
        self.bn1 = nn.BatchNorm1d(4)
        self.features = nn.Sequential(nn.Conv1d(4, 3, 2, bias=False), nn.BatchNorm1d(3), nn.ReLU())
        self.head = nn.Linear(9, 5)

    def forward(self, x):
        x = self.features(torch.relu(self.bn1(self.conv1(x))))
        return self.head(x.flatten(1))


def model(dtype=torch.float32):
    torch.manual_seed(0)
    made = Model().to(dtype)
    for part in made.modules():
        if isinstance(part, nn.BatchNorm1d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            part.weight.data.normal_()
            part.bias.data.normal_()
    return made.eval()


GEOMETRY = {"conv1": {"padding": 1, "stride": 2}}
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def saved(tensors, folder, ending=".pt"):
    path = folder / f"model{ending}"
    if ending == ".safetensors":
        save_safely({name: tensor.contiguous() for name, tensor in tensors.items()}, str(path))
    else:
        torch.save(tensors, path)
    return path


def layers_of_module(module, shape):
    """Layers of the module's network by name, each with the normalisation after it folded in, by other code."""
    network = Network.from_torch(module, shape)
    layers = {}
    for node in network.nodes:
        after = [reader.operation for reader in network.readers[node.name]]
        scale = [step for step in after if isinstance(step, ScaleShift)]
        if not isinstance(node.operation, Dense | Convolution):
            continue
        step = node.operation
        is_dense = isinstance(step, Dense)
        weights = np.array(step.W.fractions() if is_dense else step.kernels.fractions(), dtype=object)
        rows = weights.reshape(step.W.shape[0] if is_dense else step.out_channels, -1)
        bias = [row[0] for row in step.b.fractions()] if is_dense else step.b.fractions()
        if scale:
            factors, shifts = scale[0].scale.fractions(), scale[0].offset.fractions()
            rows = np.array([[a * f for a in row] for row, f in zip(rows, factors, strict=True)])
            bias = [b * f + s for b, f, s in zip(bias, factors, shifts, strict=True)]
        if is_dense:
            layers[node.name] = ReLULayer(rows.tolist(), bias)
        else:
            kernels = rows.reshape(step.kernels.shape).tolist()
            axis = step.axes[0]
            layers[node.name] = ConvLayer(kernels, bias, stride=axis.stride, padding=[(axis.low, axis.high)])
    return layers


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_format_gives_the_layers_of_the_module(tmp_path, dtype):
    made = model(dtype)
    want = layers_of_module(made.float() if dtype in (torch.float16, torch.bfloat16) else made, (1, 2, 8))
    for ending in (".pt", ".pth", ".safetensors"):
        found = read_checkpoint(saved(model(dtype).state_dict(), tmp_path, ending), GEOMETRY)
        assert {layer.name for layer in found.layers} == {"conv1", "features.0", "head"}
        for layer in found.layers:
            assert layer.layer.digest == want[layer.name].digest, (ending, layer.name)
        assert not found.left


def test_the_old_format_of_torch_is_read(tmp_path):
    path = tmp_path / "old.pth"
    torch.save(model().state_dict(), path, _use_new_zipfile_serialization=False)
    new = read_checkpoint(saved(model().state_dict(), tmp_path)).layers
    assert [layer.layer.digest for layer in read_checkpoint(path).layers] == [layer.layer.digest for layer in new]


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_nested_state_dicts_are_found(tmp_path, key):
    path = saved({"epoch": 3, "optimizer": {"state": torch.ones(2, 2)}, key: model().state_dict()}, tmp_path)
    found = read_checkpoint(path)
    assert [layer.name for layer in found.layers] == ["conv1", "features.0", "head"]
    assert any(repr(key) in line for line in found.assumed)


def test_what_is_assumed_is_said(tmp_path):
    said = "\n".join(read_checkpoint(saved(model().state_dict(), tmp_path), GEOMETRY).assumed)
    assert "no graph" in said
    assert "stride 1, padding 0 in features.0" in said
    assert "dilation 1, groups 1 in conv1, features.0" in said
    assert "bn1 follows conv1 by its name, epsilon 1e-05" in said
    assert "a ReLU follows conv1, features.0, head" in said


def test_normalisation_is_folded_exactly_where_roots_are_rational(tmp_path):
    state = {
        "fc.weight": torch.tensor([[1.0, 2.0]]),
        "fc.bias": torch.tensor([3.0]),
        "bn.weight": torch.tensor([6.0]),
        "bn.bias": torch.tensor([1.0]),
        "bn.running_mean": torch.tensor([1.0]),
        "bn.running_var": torch.tensor([4.0]),
    }
    layer = read_checkpoint(saved(state, tmp_path), {"fc": {"epsilon": 0}}).layers[0]
    assert layer.layer == ReLULayer([[3, 6]], [7])
    assert layer.batch_norm == "bn"
    bare = read_checkpoint(saved(state, tmp_path), {"fc": {"batch_norm": "none"}})
    assert bare.layers[0].layer == ReLULayer([[1, 2]], [3])
    assert "follows no weight" in bare.left["bn"]


def test_a_normalisation_before_its_convolution_is_not_folded_into_it(tmp_path):
    """In files of torch the order tells; names alone would pair bn1 with conv1."""
    block = nn.Sequential()
    for name, part in (
        ("bn1", nn.BatchNorm1d(2)),
        ("conv1", nn.Conv1d(2, 2, 1)),
        ("bn2", nn.BatchNorm1d(2)),
        ("conv2", nn.Conv1d(2, 2, 1)),
    ):
        block.add_module(name, part)
    found = read_checkpoint(saved(block.state_dict(), tmp_path))
    assert [layer.batch_norm for layer in found.layers] == ["bn2", None]
    assert list(found.left) == ["bn1"]


def test_a_geometry_file_says_the_rest(tmp_path):
    geometry = tmp_path / "geometry.toml"
    geometry.write_text(
        '["*"]\npadding = 1\n["conv?"]\nstride = 2\ndomain = "nonneg"\n'
        '["features.0"]\nactivation = "none"\nbatch_norm = "none"\npadding = [[0, 1]]\n["head"]\nskip = true\n'
    )
    first, second = read_checkpoint(saved(model().state_dict(), tmp_path), geometry).layers
    assert (first.layer.stride, first.layer.padding, first.domain) == ((2,), ((1, 1),), "nonneg")
    assert (second.layer.padding, second.activation, second.batch_norm) == (((0, 1),), "none", None)


def test_weight_normalisation_is_applied(tmp_path):
    new = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
    state = {
        "a.weight_g": torch.tensor([[10.0], [1.0]]),
        "a.weight_v": torch.tensor([[3.0, 4.0], [1.0, 1.0]]),
        "b.parametrizations.weight.original0": torch.tensor([[10.0], [1.0]]),
        "b.parametrizations.weight.original1": torch.tensor([[3.0, 4.0], [1.0, 1.0]]),
        "b.bias": torch.tensor([1.0, 2.0]),
    }
    first, second = read_checkpoint(saved(state, tmp_path)).layers
    half = Fraction(float(np.sqrt(0.5)))
    assert first.layer.W.fractions() == second.layer.W.fractions() == [[6, 8], [half, half]]
    assert "nearest float64" in first.note
    (layer,) = read_checkpoint(saved(new.state_dict(), tmp_path)).layers
    np.testing.assert_allclose(layer.layer.W.to_float(), new.weight.detach().numpy(), rtol=1e-6)


def test_spectral_normalisation_is_applied(tmp_path):
    module = nn.utils.parametrizations.spectral_norm(nn.Conv1d(2, 3, 2)).eval()
    (layer,) = read_checkpoint(saved(module.state_dict(), tmp_path)).layers
    want = module.weight.detach().double().numpy().reshape(3, -1)
    np.testing.assert_allclose(layer.layer.kernels.to_float(), want, rtol=1e-5)


def test_what_is_no_relu_layer_is_listed_with_its_reason(tmp_path):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 4)
            self.lstm = nn.LSTM(4, 3)
            self.gru_cell = nn.GRUCell(4, 3)
            self.attn = nn.MultiheadAttention(4, 2)
            self.deconv = nn.ConvTranspose1d(2, 3, 2)
            self.up = nn.ConvTranspose1d(2, 3, 2)
            self.norm = nn.LayerNorm(4)
            self.conv1 = nn.Conv1d(2, 2, 1)
            self.prelu1 = nn.PReLU(2)
            self.register_buffer("anchors", torch.ones(2, 2))
            self.register_buffer("steps", torch.ones(()))

    for ending in (".pt", ".safetensors"):
        found = read_checkpoint(saved(Mixed().state_dict(), tmp_path, ending))
        kinds = {layer.name: layer.kind for layer in found.layers}
        assert kinds["embed"] == "embedding"
        assert kinds["lstm.weight_ih_l0"] == kinds["gru_cell.weight_hh"] == "recurrent"
        assert kinds["attn.in_proj_weight"] == kinds["attn.out_proj"] == "attention"
        assert kinds["deconv"] == kinds["up"] == "transposed convolution"
        assert kinds["anchors"] == "tensor"
        assert {layer.name for layer in found.layers if layer.is_layer} == {"conv1"}
        (conv,) = [layer for layer in found.layers if layer.is_layer]
        assert conv.activation == "prelu"
        assert "prelu1" in conv.note
        assert set(found.left) >= {"norm.weight", "norm.bias", "steps"}
        with pytest.raises(InputError, match="LSTM"):
            next(layer for layer in found.layers if layer.kind == "recurrent").layer  # noqa: B018


def test_tensors_without_real_numbers_are_listed(tmp_path):
    state = {
        "a.weight": torch.ones(2, 2),
        "sparse.weight": torch.eye(3).to_sparse(),
        "complex.weight": torch.ones(2, 2, dtype=torch.complex64),
        "whole.weight": torch.ones(2, 2, dtype=torch.int64),
    }
    found = {layer.name: layer for layer in read_checkpoint(saved(state, tmp_path)).layers}
    assert found["a"].is_layer
    assert found["whole"].layer == ReLULayer([[1, 1], [1, 1]])
    assert "sparse" in found["sparse.weight"].note
    assert "complex64" in found["complex.weight"].note


# ---------------------------------------------------------------------- hostile files


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.path}",)


def archive(pickled, *names, compression=zipfile.ZIP_STORED):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as made:
        made.writestr("archive/data.pkl", pickled)
        made.writestr("archive/version", "3")
        for name in names:
            made.writestr(f"archive/{name}", b"0" * 64)
    return held.getvalue()


def safe(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def state_dict_bytes(tensors):
    held = io.BytesIO()
    torch.save(tensors, held)
    return held.getvalue()


class Rebuilt:
    """A tensor of any strides, as a pickle may claim it."""

    def __init__(self, shape, strides):
        self.shape, self.strides = shape, strides

    def __reduce_ex__(self, _):
        storage = torch.ones(4)._typed_storage()
        return torch._utils._rebuild_tensor_v2, (storage, 0, self.shape, self.strides, False, {})


def strided(shape, strides):
    return state_dict_bytes({"a.weight": Rebuilt(shape, strides)})


NAN = float("nan")
WEIGHT = {"a.weight": torch.ones(2, 2)}
BROKEN = {
    "empty.pt": lambda _: b"",
    "text.pt": lambda _: b"these are no weights",
    "bytes.pt": lambda _: bytes(range(256)) * 4,
    "cut.pt": lambda _: state_dict_bytes(WEIGHT)[:300],
    "half.pt": lambda _: state_dict_bytes(WEIGHT)[:-60],
    "old-cut.pt": lambda _: b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    "bomb.pt": lambda mark: pickle.dumps(Bomb(mark)),
    "bomb-in-dict.pth": lambda mark: state_dict_bytes({"a.weight": Bomb(mark)}),
    "bomb-in-archive.pt": lambda mark: archive(pickle.dumps({"a": Bomb(mark)}, protocol=2)),
    "module.pt": lambda _: state_dict_bytes(nn.Linear(2, 2)),
    "list.pt": lambda _: state_dict_bytes([1, 2]),
    "nothing.pt": lambda _: state_dict_bytes({"epoch": 3}),
    "no-pickle.pt": lambda _: archive(b"").replace(b"data.pkl", b"data.abc"),
    "compressed.pt": lambda _: archive(b"\x80\x02}." * 99, compression=zipfile.ZIP_DEFLATED),
    "script.pt": lambda _: archive(b"\x80\x02}.", "constants.pkl", "code/a.py"),
    "script.jit": lambda _: archive(b"\x80\x02}.", "constants.pkl", "code/a.py"),
    "negative-strides.pt": lambda _: strided((2, 2), (-2, 1)),
    "beyond-storage.pt": lambda _: strided((3, 3), (3, 1)),
    "huge-expanded.pt": lambda _: strided((1 << 20, 1 << 20), (0, 0)),
    "nan.pt": lambda _: state_dict_bytes({"a.weight": torch.tensor([[1.0, NAN]])}),
    "infinite.pt": lambda _: state_dict_bytes({"a.weight": torch.tensor([[1.0]]), "a.bias": torch.tensor([np.inf])}),
    "bias.pt": lambda _: state_dict_bytes({"a.weight": torch.ones(2, 3), "a.bias": torch.ones(3)}),
    "matrix-bias.pt": lambda _: state_dict_bytes({"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2, 1)}),
    "variance.pt": lambda _: state_dict_bytes(
        {
            "a.weight": torch.ones(2, 3),
            "bn.running_mean": torch.zeros(2),
            "bn.running_var": torch.tensor([1.0, -1.0]),
        }
    ),
    "short-statistics.pt": lambda _: state_dict_bytes(
        {"a.weight": torch.ones(2, 3), "bn.running_mean": torch.zeros(2), "bn.running_var": torch.ones(3)}
    ),
    "no-direction.pt": lambda _: state_dict_bytes({"a.weight_g": torch.ones(2, 1), "a.weight_v": torch.zeros(2, 3)}),
    "other-gains.pt": lambda _: state_dict_bytes({"a.weight_g": torch.ones(3, 1), "a.weight_v": torch.ones(2, 3)}),
    "empty.safetensors": lambda _: b"",
    "text.safetensors": lambda _: b"these are no weights at all",
    "none.safetensors": lambda _: safe({}),
    "huge-header.safetensors": lambda _: struct.pack("<Q", 1 << 62) + b"{}",
    "long-header.safetensors": lambda _: struct.pack("<Q", 4000) + b"{}",
    "no-json.safetensors": lambda _: safe(b"{]"),
    "list.safetensors": lambda _: safe([1]),
    "beyond.safetensors": lambda _: safe({"a.weight": entry([2, 2], 0, 16)}, b"0" * 8),
    "overlap.safetensors": lambda _: safe({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, b"0" * 12),
    "hole.safetensors": lambda _: safe({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, b"0" * 12),
    "backwards.safetensors": lambda _: safe({"a": entry([1], 4, 0)}, b"0" * 4),
    "shape.safetensors": lambda _: safe({"a": entry([5, 5], 0, 8)}, b"0" * 8),
    "wide-shape.safetensors": lambda _: safe({"a": entry([1 << 62, 1 << 62], 0, 8)}, b"0" * 8),
    "type.safetensors": lambda _: safe({"a": entry([2], 0, 8, "Q17")}, b"0" * 8),
    "rest.safetensors": lambda _: safe({"a": entry([1], 0, 4)}, b"0" * 40),
    "nan.safetensors": lambda _: safe({"a.weight": entry([1, 1], 0, 4)}, struct.pack("<f", NAN)),
    "other.bin2": lambda _: b"0",
}


@pytest.mark.parametrize("name", BROKEN)
def test_hostile_files_are_refused_in_one_line(name, tmp_path):
    mark = tmp_path / "it-ran"
    path = tmp_path / name
    path.write_bytes(BROKEN[name](mark))
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message
    assert name in message
    assert len(message) < 400, message
    assert not mark.exists()


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_checkpoint(tmp_path / "none.pt")


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_damaged_bytes_never_crash(tmp_path, ending):
    whole = saved(WEIGHT | {"a.bias": torch.ones(2)}, tmp_path, ending).read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 1 + trial % 4):
            damaged[place] = rng.integers(256)
        path = tmp_path / f"damaged{ending}"
        path.write_bytes(damaged)
        try:
            for layer in read_checkpoint(path).layers:
                if layer.is_layer:
                    layer.layer.digest  # noqa: B018
        except ExactinjError as error:
            assert "\n" not in str(error)  # noqa: PT017 (most trials raise)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("padding = 1", "outside a table"),
        ('["conv1"]\nstrides = 2', "expected one of"),
        ('["conv9"]\nstride = 2', "names of layers"),
        ('["conv1"]\nstride = 0', "conv1: found stride 0"),
        ('["conv1"]\nstride = 9', "conv1: found stride 9"),
        ('["conv1"]\ngroups = 3', "groups"),
        ('["conv1"]\nbatch_norm = "bn7"', "expected one of those in the file: bn1"),
        ('["conv1"]\nactivation = 7', "expected a text"),
        ('["conv1"]\nskip = "yes"', "true or false"),
        ("[features.0]\nstride = 1", "in quotes"),
        ("[[", "not readable as TOML"),
    ],
)
def test_geometry_that_does_not_fit_is_refused(tmp_path, text, message):
    geometry = tmp_path / "geometry.toml"
    geometry.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_checkpoint(saved(model().state_dict(), tmp_path), geometry)
    assert "\n" not in str(caught.value)


def test_neither_package_is_imported_before_such_a_file_is_read(tmp_path):
    path = saved(WEIGHT, tmp_path, ".safetensors")
    code = (
        "import sys, exactinj.files.checkpoints as c; print('torch' in sys.modules, 'safetensors' in sys.modules); "
        f"c.read_checkpoint({str(path)!r}); print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False", "False"]
