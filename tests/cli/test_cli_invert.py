"""``exactinj invert`` as users meet it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import exactinj as xi

HAT = {"W": [["1"], ["-1"]], "b": ["-1", "1"]}


@pytest.fixture
def hat(tmp_path):
    (tmp_path / "hat.json").write_text(json.dumps(HAT))
    (tmp_path / "plane.csv").write_text("1,0\n0,1\n")
    return tmp_path


def written(folder, name, text):
    (folder / name).write_text(text)
    return name


def test_one_input(run_command, hat):
    answer = run_command("invert", "hat.json", written(hat, "y.json", '["0", "0"]'), "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert document["status"] == "unique"
    assert document["x"] == ["1"]
    assert (document["second"], document["dimension"], document["residual"]) == (None, 0, 0.0)
    assert set(document) >= {"status", "x", "second", "dimension", "residual", "error_bound", "farkas", "reason"}
    assert "ONE INPUT, proved" in run_command("invert", "hat.json", "y.json").stdout


def test_several_inputs(run_command, hat):
    answer = run_command("invert", "plane.csv", written(hat, "y.csv", "0,1/2\n"), "--json")
    assert answer.returncode == 10
    document = json.loads(answer.stdout)
    assert (document["status"], document["dimension"]) == ("many", 1)
    assert document["x"][1] == document["second"][1] == "1/2"
    assert document["x"][0] != document["second"][0]
    assert run_command("invert", "plane.csv", "y.csv", "--domain", "nonneg").stdout.splitlines()[1] == "  x = (0, 1/2)"


def test_no_input(run_command, hat):
    answer = run_command("invert", "hat.json", written(hat, "y.json", "[1, 1]"), "--json")
    assert answer.returncode == 13
    assert json.loads(answer.stdout)["farkas"] == {"rows": {"0": "-1", "1": "-1"}, "halfspaces": {}, "value": "2"}
    assert "NO INPUT, proved" in run_command("invert", "hat.json", "y.json").stdout


def test_rows_of_outputs(run_command, hat):
    np.save(hat / "y.npy", np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.5]]))
    answer = run_command("invert", "hat.json", "y.npy", "--json")
    assert answer.returncode == 13
    assert [one["status"] for one in json.loads(answer.stdout)["outputs"]] == ["unique", "none", "unique"]
    assert run_command("invert", "hat.json", "y.npy", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("y.json", "[0, -1]", "entry 1: found -1, expected a number of at least 0"),
        ("y.json", "[0, NaN]", "found NaN, expected a finite number"),
        ("y.json", "[0, 1, 2]", "has 3 entries, expected m = 2"),
        ("y.json", "[[0, 1], [2]]", "row 1 has 1 entries and row 0 has 2"),
        ("y.json", '{"y": 1}', "found a JSON dict, expected a list of m numbers"),
        ("y.csv", "1,x\n", "found the text 'x'"),
        ("y.txt", "1,2\n", "found the ending '.txt'"),
    ],
)
def test_bad_input_is_one_line(run_command, hat, name, text, words):
    answer = run_command("invert", "hat.json", written(hat, name, text))
    assert (answer.returncode, answer.stdout) == (3, "")
    assert answer.stderr.count("\n") == 1
    assert words in answer.stderr


def test_out_of_time(run_command, hat):
    answer = run_command("invert", "hat.json", written(hat, "y.json", "[0, 0]"), "--timeout", "0.000001", "--json")
    assert answer.returncode == 12
    assert json.loads(answer.stdout)["status"] == "timed_out"


def test_noisy(run_command, hat):
    np.save(hat / "y.npy", np.array([0.5, 0.1]))
    assert run_command("invert", "hat.json", "y.npy").returncode == 13
    answer = run_command("invert", "hat.json", "y.npy", "--noisy", "--noise", "0.2", "--kappa", "1/2", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert document["status"] == "nearest"
    assert document["x"] == pytest.approx([1.2])
    assert document["residual"] == pytest.approx(np.hypot(0.3, 0.1))
    assert document["error_bound"] == pytest.approx(2 * (np.hypot(0.3, 0.1) + 0.2))
    printed = run_command("invert", "hat.json", "y.npy", "--noisy", "--kappa", "1/2").stdout
    assert "NEAREST INPUT, in floats" in printed
    assert "certified" in printed
    alone = run_command("invert", "hat.json", "y.npy", "--noisy", "--method", "positive-rows")
    assert alone.returncode == 0
    for options in (["--noisy", "--kappa", "0"], ["--noisy", "--noise", "x"], ["--kappa", "1"]):
        refused = run_command("invert", "hat.json", "y.npy", *options)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (3, "", 1)


def test_kernels(run_command, hat):
    (hat / "kernels.json").write_text(json.dumps({"kernels": [[["1", "-1"]], [["-1", "1"]]], "padding": 1}))
    written(hat, "y.json", '["0", "0", "5", "3", "2", "0"]')
    answer = run_command("invert", "kernels.json", "y.json", "--input-shape", "1,2", "--json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["x"] == ["3", "5"]
    assert run_command("invert", "kernels.json", "y.json", "--input-shape", "1,3").returncode == 3


def test_numbers_of_thousands_of_digits(run_command, hat):
    """Python refuses to print such integers by itself."""
    rng = np.random.default_rng(0)
    np.savez(hat / "wide.npz", W=rng.standard_normal((90, 80)))
    np.save(hat / "y.npy", np.where(rng.random(90) < 0.5, rng.random(90), 0))
    answer = run_command("invert", "wide.npz", "y.npy")
    assert answer.returncode in {10, 13}
    assert answer.stderr == ""
    assert "proved" in answer.stdout
    json.loads(run_command("invert", "wide.npz", "y.npy", "--json").stdout)


def test_pictures(run_command, hat):
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (6, 6)) / 256
    kernels = rng.standard_normal((12, 1, 3, 3)).astype(np.float32)
    layer = xi.ConvLayer(kernels, padding=1)
    np.save(hat / "kernels.npy", kernels)
    np.savez(hat / "padded.npz", kernels=kernels, padding=np.array(1))
    np.save(hat / "image.npy", image)
    outputs = np.array([float(value) for value in layer.evaluate(image[None])])
    np.save(hat / "y.npy", np.round(outputs, 3))
    options = ["--input-shape", "1,6,6", "--noisy", "--plot", "picture.png"]
    answer = run_command("invert", "padded.npz", "y.npy", *options, "--truth", "image.npy", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)["plot"] == "picture.png"
    assert (hat / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert run_command("invert", "plane.csv", written(hat, "y.csv", "0,1\n"), "--plot", "two.svg").returncode == 10
    assert (hat / "two.svg").exists()
    nothing = run_command("invert", "hat.json", written(hat, "none.json", "[1, 1]"), "--plot", "no.svg")
    assert (nothing.returncode, (hat / "no.svg").exists()) == (13, False)
    assert "nothing to draw" in nothing.stderr
    assert run_command("invert", "hat.json", "none.json", "--truth", "image.npy").returncode == 3


NETWORK = {
    "layers": [
        {"W": [["1"], ["-1"]], "b": ["0", "0"], "activation": "relu"},
        {"W": [["1", "1"], ["-1", "1"]], "b": ["1", "1"], "activation": "none"},
    ]
}


def test_networks(run_command, hat):
    (hat / "net.json").write_text(json.dumps(NETWORK))
    answer = run_command("invert", "net.json", written(hat, "y.json", '["5", "-3"]'), "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert (document["status"], document["x"], document["layer"]["layers"]) == ("unique", ["4"], 2)
    nowhere = run_command("invert", "net.json", written(hat, "y.json", '["5", "0"]'))
    assert nowhere.returncode == 13
    assert "layer 0" in nowhere.stdout
    refused = run_command("invert", "net.json", "y.json", "--noisy")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (3, "", 1)
    assert "noisy inversion takes one layer" in refused.stderr


def test_networks_with_several_pieces(run_command, hat):
    lossy = [{"W": [["1"], ["-1"]], "activation": "relu"}, {"W": [["1", "1"]], "activation": "none"}]
    (hat / "net.json").write_text(json.dumps({"layers": lossy}))
    answer = run_command("invert", "net.json", written(hat, "y.json", '["1"]'))
    assert answer.returncode == 10
    assert "SEVERAL INPUTS, a set of dimension 0, proved" in answer.stdout
    wide = [{"W": [["1"] * 13], "activation": "relu"}, {"W": [["1"], ["0"]], "activation": {"leaky": "-1"}}]
    (hat / "wide.json").write_text(json.dumps({"layers": wide}))
    answer = run_command("invert", "wide.json", written(hat, "y.json", '["1", "0"]'))
    assert answer.returncode == 11
    assert "undecided: layer 1" in answer.stdout
