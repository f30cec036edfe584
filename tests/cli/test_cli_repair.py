"""``exactinj repair``: files that the checker accepts, exit statuses of certify, one line for bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

import exactinj as xi
from exactinj.cli.main import main


@pytest.fixture
def triangle(tmp_path):
    path = tmp_path / "triangle.json"
    path.write_text('{"W": [[1, 0], [0, 1], [-1, -1]], "b": [-1, "-1/3", 0]}')
    return path


@pytest.mark.parametrize("method", ["auto", "rows", "doubled"])
def test_the_written_layer_is_the_one_that_is_proved(triangle, tmp_path, capsys, method):
    layer, proof = tmp_path / "new.json", tmp_path / "proof.json"
    status = main(["repair", str(triangle), "--method", method, "--layer-out", str(layer), "--out", str(proof)])
    shown = capsys.readouterr().out
    assert status == 0
    assert "rows added" in shown
    assert f"exactinj check {proof} {layer}" in shown
    assert xi.check(proof, layer).valid
    assert main(["check", str(proof), str(layer), "--quiet"]) == 0
    assert main(["certify", str(layer), "--quiet"]) == 0
    old, new = xi.read_layer(triangle), xi.read_layer(layer)
    assert new.W.fractions()[: old.m] == old.W.fractions()
    assert new.b.fractions()[: old.m] == old.b.fractions()


def test_floats_stay_floats(tmp_path):
    path, new = tmp_path / "layer.npz", tmp_path / "new.npz"
    rng = np.random.default_rng(1)
    np.savez(path, W=rng.normal(size=(4, 2)), b=rng.normal(size=4) - 3)
    for method in ("auto", "bias"):
        arguments = ["repair", str(path), "--method", method, "--domain", "ball:1", "--layer-out", str(new), "--quiet"]
        assert main(arguments) == 0
        assert main(["certify", str(new), "--domain", "ball:1", "--quiet"]) == 0


def test_what_cannot_be_repaired_that_way_has_the_status_of_certify(triangle, tmp_path, capsys):
    layer = tmp_path / "new.json"
    assert main(["repair", str(triangle), "--method", "bias", "--layer-out", str(layer)]) == 10
    shown = capsys.readouterr().out
    assert "no bias makes this layer injective on R^n" in shown
    assert "not written" in shown
    assert not layer.exists()


def test_json_holds_the_answer_and_what_changed(triangle, tmp_path, capsys):
    layer = tmp_path / "new.json"
    assert main(["repair", str(triangle), "--json", "--layer-out", str(layer)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "injective"
    assert document["layer"]["sha256"] == xi.read_layer(layer).digest
    assert document["repair"]["original"]["sha256"] == xi.read_layer(triangle).digest
    assert document["repair"]["layer_file"] == str(layer)
    assert document["repair"]["added"] == list(range(3, document["layer"]["m"]))


def test_a_layer_that_is_injective_stays_as_it_is(tmp_path, capsys):
    assert main(["repair", "casebook:octahedron", "--layer-out", str(tmp_path / "same.json")]) == 0
    assert "nothing changed: the layer is injective as it is" in capsys.readouterr().out
    assert xi.read_layer(tmp_path / "same.json") == xi.read_layer("casebook:octahedron")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.json"], "no such file"),
        (["casebook:octahedron", "--layer-out", "x.txt"], "--layer-out"),
        (["casebook:octahedron", "--layer-out", "no/such/folder.json"], "--layer-out"),
        (["casebook:octahedron", "--out", "x.txt"], "--out"),
        (["casebook:octahedron", "--domain", "sphere:1"], "convex"),
        (["casebook:octahedron", "--seed", "-1"], "seed"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    assert main(["repair", *arguments]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_time_that_runs_out_is_status_12(tmp_path, capsys):
    path = tmp_path / "wide.npy"
    np.save(path, np.random.default_rng(0).normal(size=(60, 30)))
    assert main(["repair", str(path), "--timeout", "0.01", "--json"]) == 12
    assert json.loads(capsys.readouterr().out)["verdict"] == "timed_out"


# ------------------------------------------------------------------ convolutions


@pytest.mark.parametrize("ending", ["json", "npz"])
@pytest.mark.parametrize(
    ("kernels", "options"),
    [
        ([[[1, -1]]], {"padding": [[1, 0]], "b": [0.5]}),
        ([[[1, 0.5], [0.25, 1]]], {"stride": 2}),
        ([[[1, 2]], [[2, 1]], [[1, 1]], [[0, 1]]], {"groups": 2, "padding_mode": "circular", "padding": [[1, 0]]}),
    ],
)
def test_kernel_files_are_repaired_and_read_back(tmp_path, capsys, kernels, options, ending):
    path, new, proof = tmp_path / "kernels.json", tmp_path / f"new.{ending}", tmp_path / "proof.json"
    path.write_text(json.dumps({"kernels": kernels, **options}))
    assert main(["repair", str(path), "--layer-out", str(new), "--out", str(proof), "--timeout", "60"]) == 0
    assert f"exactinj conv {new}" in capsys.readouterr().out
    old, layer = xi.read_kernels(path), xi.read_kernels(new)
    assert (layer.stride, layer.padding, layer.dilation) == (old.stride, old.padding, old.dilation)
    assert (layer.groups, layer.padding_mode) == (old.groups, old.padding_mode)
    assert main(["check", str(proof), str(new), "--quiet"]) == 0


def test_kernels_are_repaired_for_one_input_shape(tmp_path, capsys):
    path, new = tmp_path / "kernels.json", tmp_path / "new.json"
    path.write_text('{"kernels": [[[1, 1, 0]], [[0, 1, 2]]], "padding": 1}')
    arguments = ["repair", str(path), "--method", "rows", "--input-shape", "1,5", "--layer-out", str(new)]
    assert main(arguments) == 0
    assert "the size 5" in capsys.readouterr().out
    assert main(["conv", str(new), "--input-shape", "1,5", "--quiet"]) == 0


def test_exact_kernels_go_to_json_only(tmp_path, capsys):
    layer = xi.ConvLayer([[["1/3", 1]]], ["1/7"], padding=1)
    layer.write(tmp_path / "exact.json")
    assert xi.read_kernels(tmp_path / "exact.json") == layer
    with pytest.raises(xi.InputError, match="no float64"):
        layer.write(tmp_path / "exact.npz")
    assert main(["repair", str(tmp_path / "exact.json"), "--layer-out", str(tmp_path / "new.npz")]) == 3
    assert "no float64" in capsys.readouterr().err
