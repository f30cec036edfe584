"""Scans: every layer's row against the layer taken out by hand, every pair evaluated again by numpy and fractions."""

from __future__ import annotations

import hashlib
import json
from random import Random

import numpy as np
import pytest
from random_networks import as_domain, as_network, random_network

import exactinj as xi
from exactinj import checker
from exactinj.errors import InputError
from exactinj.layers.network import (
    Clip,
    Convolution,
    Dense,
    LeakyRelu,
    Network,
    Node,
    OneToOne,
    Opaque,
    Rearrangement,
    Relu,
    ScaleShift,
    Square,
    Sum,
)

INJECTIVE, COLLIDES, UNKNOWN = xi.Verdict.INJECTIVE, xi.Verdict.NOT_INJECTIVE, xi.Verdict.UNKNOWN


def chain(shape, *steps):
    nodes, last = [], "x"
    for k, step in enumerate(steps):
        nodes.append(Node(f"s{k}", step, (last,)))
        last = f"s{k}"
    return Network({"x": shape}, nodes, [last])


def convolution(kernels, b=None, stride=1, padding=0):
    axes = np.ndim(kernels) - 2
    return Convolution(kernels, b, stride=[stride] * axes, padding=[(padding, padding)] * axes, dilation=[1] * axes)


def sigmoid():
    return OneToOne("sigmoid", lambda v: 1 / (1 + np.exp(-v)))


def verdicts(result):
    return [row.verdict for row in result.layers]


def assert_collides(network, pair):
    """By plain evaluation of every step in fractions, cut by cut."""
    left, right = network.values(pair.x), network.values(pair.y)
    assert not pair.x.equals(pair.y)
    assert all(left[name].equals(right[name]) for name in pair.cut)


def test_layers_that_compose_prove_the_network():
    net = chain((1, 1), Dense([[1], [-1]]), Relu(), Dense([[1, 1], [-1, 1]], [1, 1]), sigmoid())
    result = xi.scan(net)
    assert verdicts(result) == [INJECTIVE, INJECTIVE]
    assert [row.domain for row in result.layers] == ["R^n", "nonneg"]
    assert result.network.verdict is INJECTIVE


def test_a_collision_of_the_first_layer_is_one_of_the_network():
    net = chain((1, 2), Dense([[1, 0], [0, 1]]), Relu(), Opaque("LSTM", (1, 4)))
    result = xi.scan(net)
    assert verdicts(result) == [COLLIDES, UNKNOWN]
    assert "LSTM" in result.layers[1].reason
    assert result.network.verdict is COLLIDES
    assert_collides(net, result.network.witness)


def test_a_collision_of_a_later_layer_is_none_of_the_network():
    """The second layer loses (0, 1) and (0, 2); the first one never gives them but with x < 0, and keeps x >= 0."""
    net = chain((1, 1), Dense([[1], [-1]]), Relu(), Dense([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), sigmoid())
    assert xi.scan(net).network.verdict is INJECTIVE
    net = chain((1, 1), Dense([[1], [1]], [0, 1]), Relu(), Dense([[1, 1]]), Relu())
    result = xi.scan(net, domain="box:0,1")
    assert verdicts(result) == [INJECTIVE, COLLIDES]
    assert result.network.verdict is not COLLIDES


@pytest.mark.parametrize("seed", range(12))
def test_rows_are_what_certify_says_of_the_layer_taken_out(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 4)), int(rng.integers(2, 9))
    W, b = rng.integers(-2, 3, (m, n)), rng.integers(-1, 2, m)
    scale, shift = rng.choice([-2, 1, 3], m), rng.integers(-1, 2, m)
    order = rng.permutation(n)
    net = chain((1, n), Rearrangement(order[None], "order"), Dense(W, b), ScaleShift(scale[None], shift[None]), Relu())
    for domain in ("R^n", "nonneg", "box:-1,1"):
        (row,) = xi.scan(net, domain=domain).layers
        by_hand = np.zeros((m, n), dtype=int)
        by_hand[:, order] = scale[:, None] * W
        assert row.verdict is xi.certify(xi.ReLULayer(by_hand, scale * b + shift), domain=domain).verdict
        if row.witness is not None:
            x, y = (np.array(side.fractions()) for side in (row.witness.x, row.witness.y))
            out = [np.maximum(by_hand @ point + scale * b + shift, 0) for point in (x, y)]
            assert (x != y).any()
            assert (out[0] == out[1]).all()


@pytest.mark.parametrize(("mode", "name"), [("constant", "zeros"), ("reflect", "reflect"), ("edge", "replicate")])
def test_pads_and_scalings_fold_into_a_convolution(mode, name):
    rng = np.random.default_rng(3)
    kernels, b = rng.integers(-2, 3, (4, 1, 2)), rng.integers(-1, 2, 4)
    options = {"constant_values": -1} if mode == "constant" else {}
    places = np.pad(np.arange(4).reshape(1, 1, 4), [(0, 0), (0, 0), (1, 2)], mode=mode, **options)
    scale, shift = np.array([1, -2, 3, 1]).reshape(1, 4, 1), np.array([0, 1, 0, -1]).reshape(1, 4, 1)
    net = chain((1, 1, 4), Rearrangement(places, "pad"), convolution(kernels, b), ScaleShift(scale, shift), Relu())
    (row,) = xi.scan(net).layers
    layer = xi.ConvLayer(
        kernels * scale.reshape(4, 1, 1), b * scale.ravel() + shift.ravel(), padding=[(1, 2)], padding_mode=name
    )
    assert row.layer_digest == layer.digest
    assert row.verdict is xi.certify(layer, input_shape=(1, 4)).verdict


def test_inputs_between_the_windows_collide():
    net = chain((1, 1, 7), convolution([[[1]], [[-1]]], stride=2), Relu())
    result = xi.scan(net)
    assert result.network.verdict is COLLIDES
    assert result.network.witness.changed == 1
    assert_collides(net, result.network.witness)


@pytest.mark.parametrize("activation", [LeakyRelu(0.25), sigmoid()])
def test_behind_one_to_one_activations_rank_decides(activation):
    result = xi.scan(chain((1, 2), Dense([[1, 2], [3, 4]]), activation))
    assert result.network.verdict is INJECTIVE
    result = xi.scan(chain((1, 2), Dense([[1, 2], [2, 4]]), activation))
    assert result.network.verdict is COLLIDES


def test_slopes_of_both_kinds():
    """One row is kept with its sign, the other one behind a ReLU."""
    both = LeakyRelu([[1, 0, 0]])
    assert xi.scan(chain((1, 2), Dense([[1, 0], [0, 1], [0, -1]]), both)).network.verdict is INJECTIVE
    assert xi.scan(chain((1, 2), Dense([[0, 1], [1, 0], [0, -1]]), both)).network.verdict is COLLIDES


def test_a_sum_of_two_layers_is_looked_at_together():
    """Each of both is a ReLU of the input; the sum is its absolute value, as a layer of two sources that are free."""
    nodes = [
        Node("r", Relu(), ("x",)),
        Node("m", Dense([[-1]]), ("x",)),
        Node("s", Relu(), ("m",)),
        Node("y", Sum([1, 1]), ("r", "s")),
    ]
    result = xi.scan(Network({"x": (1, 1)}, nodes, ["y"]))
    row = result.layers[2]
    assert (row.domain, row.inputs, row.verdict) == ("nonneg", 2, COLLIDES)
    x, y = (side.fractions() for side in (row.witness.x, row.witness.y))
    assert x != y
    assert sum(x) == sum(y)


@pytest.mark.parametrize(
    ("activation", "domain", "verdict"),
    [
        (Clip(0, 6), "box:-1,3", INJECTIVE),
        (Clip(None, 6), "box:-1,3", INJECTIVE),
        (Clip(0, 6), "box:-9,9", COLLIDES),
        (Clip(-9, 2), "box:-1,3", INJECTIVE),
        (Clip(-9, -2), "box:-1,3", COLLIDES),
        (Clip(-9, 2), "box:0,1", INJECTIVE),
        (Square(), "box:0,1", INJECTIVE),
        (Square(), "box:-1,1", COLLIDES),
        (LeakyRelu(-1), "box:0,5", INJECTIVE),
        (LeakyRelu(-1), "R^n", COLLIDES),
        (Relu(), "nonneg", INJECTIVE),
    ],
)
def test_activations_that_act_on_one_side_or_not_at_all(activation, domain, verdict):
    net = chain((1, 1), Dense([[1], [-1]]), activation)
    assert xi.scan(net, domain=domain).layers[0].verdict is verdict


def test_boxes_go_through_layers():
    net = chain((1, 1), Dense([[1], [-1]], [2, 2]), Relu(), Dense([[1, 0]], [1]), Relu())
    result = xi.scan(net, domain="box:-1,1")
    assert result.layers[1].domain == "box:1,3"
    assert result.layers[0].verdict is INJECTIVE


def test_small_networks_are_decided_end_to_end():
    net = chain((1, 1), Dense([[1], [-1]]), Relu(), Dense([[2, -1]]), sigmoid())
    result = xi.scan(net, end_to_end=True)
    assert verdicts(result) == [INJECTIVE, COLLIDES]
    assert result.network.verdict is INJECTIVE
    net = chain((1, 1), Dense([[1], [-1]]), Relu(), Dense([[1, 1]]), Relu())
    result = xi.scan(net, end_to_end=True)
    assert result.network.verdict is COLLIDES
    assert_collides(net, result.network.witness)


def test_a_folder_keeps_certificates_and_gives_them_back(tmp_path):
    net = chain((1, 1), Dense([[1], [-1]]), Relu(), Dense([[1, 1], [-1, 1]], [1, 1]), sigmoid())
    first = xi.scan(net, out=tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["000-network.json", "001-s0.json", "002-s2.json", "scan.json"]
    assert all(xi.check(tmp_path / name).valid for name in files[:3])
    assert json.loads((tmp_path / "scan.json").read_text())["network"]["verdict"] == "injective"
    again = xi.scan(net, out=tmp_path)
    assert verdicts(again) == verdicts(first)
    assert all("checked again" in row.reason for row in again.layers)
    (tmp_path / "001-s0.json").write_text((tmp_path / "002-s2.json").read_text())
    (tmp_path / "002-s2.json").write_text("{")
    assert not any("checked again" in row.reason for row in xi.scan(net, out=tmp_path).layers)


def test_a_network_whose_certificate_the_checker_would_not_read_says_so(tmp_path, monkeypatch):
    def refused(*_):
        raise checker.Unreadable("it is too long")

    first = chain((2,), Dense([[1, 2], [-1, -2], [0, 1], [0, -1]], None), Relu())
    network = Network({"x": (2,)}, [*first.nodes, Node("squared", Square(), ("s1",))], ["s1", "squared"])
    monkeypatch.setattr(checker, "check_stream", refused)
    result = xi.scan(network, out=tmp_path)
    assert result.network.verdict is INJECTIVE
    assert result.network.certificate is None
    assert result.notes == ("no certificate of the whole: the checker would not read it (it is too long)",)


def test_a_folder_keeps_pairs(tmp_path):
    xi.scan(chain((1, 2), Dense([[1, 0], [0, 1]]), Relu(), Square()), out=tmp_path, domain="box:-1,1")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["000-network-pair.json", "001-s0.json", "scan.json"]
    xi.scan(chain((1, 2), Square()), out=tmp_path / "squares")
    pair = json.loads((tmp_path / "squares" / "001-s0-pair.json").read_text())
    assert pair["x"] != pair["y"]


def test_long_pairs_are_files_and_short_ones_stand_in_the_document(tmp_path, monkeypatch):
    net = chain((1, 3), Dense(np.eye(3)), Relu(), Dense([[1, 1, 0], [0, 1, 1], [0, 0, "1/3"]]), Relu())
    xi.scan(net, out=tmp_path / "short")
    short = json.loads((tmp_path / "short" / "scan.json").read_text())
    assert not (tmp_path / "short" / "001-s0-pair.json").exists()
    monkeypatch.setattr("exactinj.networks.storage.LONGEST_PAIR", 5)
    xi.scan(net, out=tmp_path / "long")
    document = json.loads((tmp_path / "long" / "scan.json").read_text())
    shown = [(row["witness"], other["witness"]) for row, other in zip(document["layers"], short["layers"], strict=True)]
    shown.append((document["network"]["witness"], short["network"]["witness"]))
    assert sum(whole is not None for _, whole in shown) >= 2
    for witness, whole in shown:
        if whole is not None:
            data = (tmp_path / "long" / witness["file"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == witness["sha256"]
            assert json.loads(data) == whole
            assert (witness["shape"], witness["changed"]) == (
                whole["shape"],
                sum(a != b for a, b in zip(whole["x"], whole["y"], strict=True)),
            )
            assert not {"x", "y"} & set(witness)


def test_results_have_short_representations_and_no_truth_value():
    result = xi.scan(chain((1, 1), Dense([[1], [-1]]), Relu()))
    assert repr(result) == "<ScanResult: network injective on R^n; 1 layers, 1 injective, 0 not>"
    for value in (result, result.network, result.layers[0]):
        with pytest.raises(TypeError, match="truth"):
            bool(value)
    document = result.to_json()
    assert list(document) == ["model", "domain", "layers", "network", "notes", "seconds"]
    json.dumps(document)


@pytest.mark.parametrize("domain", ["ball:1", "box:0,0,0:1,1,1"])
def test_domains_that_do_not_fit_are_refused(domain):
    with pytest.raises(InputError, match="domain"):
        xi.scan(chain((1, 2), Relu()), domain=domain)


def test_what_is_no_model_is_refused():
    with pytest.raises(InputError, match="expected"):
        xi.scan(3)


def test_torch_modules_are_scanned():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv1d(1, 4, 2), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Flatten())
    with pytest.raises(InputError, match="input shape"):
        xi.scan(module)
    result = xi.scan(module.eval(), input_shape=(1, 1, 5))
    assert [row.kind for row in result.layers] == ["conv1d"]
    assert result.layers[0].verdict is result.network.verdict


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_replayed_in_the_program_of_the_model(seed, tmp_path):
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    layers = [torch.nn.Conv2d(1, 3, 3), torch.nn.PReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten()]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(12, 2)).eval()
    result = xi.scan(module, input_shape=(1, 1, 6, 6), domain="box:-1,1")
    assert result.network.verdict is COLLIDES
    seen = result.network.witness.float_replay
    assert list(seen) == ["float64", "torch"]
    assert seen["torch"]["inputs_differ"]
    assert seen["float64"]["largest_difference"] < 1e-12
    assert seen["torch"]["largest_difference"] < 1e-5


def test_pairs_are_replayed_by_onnx_runtime(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    weights = [onnx.numpy_helper.from_array(np.array([[1, 2], [2, 4]], dtype=np.float32), "W")]
    nodes = [helper.make_node("MatMul", ["x", "W"], ["h"]), helper.make_node("Tanh", ["h"], ["y"])]
    ends = [helper.make_tensor_value_info(name, real, [1, 2]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "small", ends[:1], ends[1:], weights), ir_version=8)
    onnx.save(model, tmp_path / "small.onnx")
    result = xi.scan(tmp_path / "small.onnx")
    assert result.model["file"] == "small.onnx"
    assert [row.kind for row in result.layers] == ["linear"]
    assert result.network.verdict is COLLIDES
    assert result.network.witness.float_replay["onnxruntime"]["outputs_equal"]


def test_weights_without_a_graph_are_rows(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "two.pt"
    torch.save({"a.weight": torch.tensor([[1.0], [-1.0]]), "b.weight": torch.tensor([[1.0, 0.0]])}, path)
    result = xi.scan(path)
    assert [(row.name, row.verdict) for row in result.layers] == [("a", INJECTIVE), ("b", COLLIDES)]
    assert result.network.verdict is UNKNOWN
    assert result.graph is None
    assert any("no graph" in note for note in result.notes)
    torch.save({"a.weight": torch.tensor([[1.0], [-1.0]])}, path)
    result = xi.scan(path)
    assert result.network.verdict is INJECTIVE
    assert "chain" in result.network.assumption


def test_slopes_below_zero_leave_what_they_tell_open():
    """A proof without these rows holds; where they are needed there is none, and a pair only where there is one."""
    rows = Dense([[1, 0], [0, 1], [1, 1]])
    result = xi.scan(chain((1, 2), rows, LeakyRelu([["1/2", "1/3", -2]])))
    assert verdicts(result) == [INJECTIVE]
    distances = Dense([[1, 0], [0, 1], [0, 1]], [0, 0, -1])  # |v| and |v - 1| tell v
    result = xi.scan(chain((1, 2), distances, LeakyRelu([["1/2", -1, -1]])))
    assert verdicts(result) == [UNKNOWN]
    net = chain((1, 2), rows, LeakyRelu([["1/2", -1, -2]]))  # (1, 3) and (1, -3)
    result = xi.scan(net)
    assert verdicts(result) == [COLLIDES]
    assert_collides(net, result.network.witness)


@pytest.mark.parametrize("seed", range(8))
def test_residual_blocks_in_a_graph_are_decided_as_blocks(seed):
    rng = np.random.default_rng(seed)
    A, b, B = rng.integers(-2, 3, (2, 2)), rng.integers(-1, 2, 2), rng.integers(-2, 3, (2, 2))
    nodes = [
        Node("h", Dense(A, b), ("x",)),
        Node("r", Relu(), ("h",)),
        Node("m", Dense(B, [1, 2]), ("r",)),
        Node("y", Sum([1, 1] if seed % 2 else [1, -1]), ("m", "x")),
        Node("z", sigmoid(), ("y",)),
    ]
    net = Network({"x": (1, 2)}, nodes, ["z"])
    result = xi.scan(net)
    row = result.layers[1]
    assert row.kind == "residual"
    block = xi.ResidualBlock(A, B if seed % 2 else -B, b)
    assert row.verdict is xi.certify(block).verdict
    assert result.network.verdict is row.verdict
    if row.witness is not None:
        assert_collides(net, result.network.witness)


@pytest.mark.parametrize("seed", range(40))
def test_verdicts_of_small_networks_are_those_of_their_cells(seed):
    """Rows that compose, and collisions, against the exact decision of the whole; on the domain that was asked for."""
    maps, bounds = random_network(Random(seed))
    dense, domain = as_network(maps), as_domain(bounds)
    result = xi.scan(dense, domain=domain)
    exact = xi.certify(dense, domain=domain).verdict
    if result.network.verdict in (INJECTIVE, COLLIDES):
        assert result.network.verdict is exact
    assert xi.scan(dense, domain=domain, end_to_end=True).network.verdict is exact


def test_fixed_inputs_of_a_layer_take_no_part():
    """On [0, 1] the second neuron is dead: the layer behind it need not tell it, and adds what a constant one gives."""
    net = chain((1, 1), Dense([[1], [-1], [0]], [1, -2, 3]), Relu(), Dense([[1, 5, 1], [0, 1, 0]], [-4, 0]), Relu())
    result = xi.scan(net, domain="box:0,1")
    row = result.layers[1]
    assert row.domain == "box:1,2"
    assert "2 of its 3 inputs are fixed" in row.reason
    assert row.verdict is INJECTIVE
    assert result.network.verdict is INJECTIVE
    lost = chain((1, 1), Dense([[1], [-1], [0]], [1, -2, 3]), Relu(), Dense([[1, 0, 1]], [-5]), Relu())
    result = xi.scan(lost, domain="box:0,1")
    assert result.layers[1].verdict is COLLIDES
    x, y = (side.fractions() for side in (result.layers[1].witness.x, result.layers[1].witness.y))
    assert x[1:] == y[1:] == [0, 3]
    assert result.network.verdict is COLLIDES
