"""The verb conv, and check with kernel files, as users meet them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj.certificates.collision import Collision
from exactinj.cli.pictures import pictures

SIGNED = [[["1", "1"]], [["-1", "-1"]], [["1/3", "-1"]], [["-1/3", "1"]]]  # recovers what each window sees
EDGES = [[["1", "-1"]], [["-1/2", "1"]], [["1", "1"]]]


@pytest.fixture
def kernels(tmp_path):
    """Banks with known answers, and a dense layer."""
    (tmp_path / "signed.json").write_text(json.dumps({"kernels": SIGNED}))
    (tmp_path / "edges.json").write_text(json.dumps({"kernels": EDGES, "padding": 1}))
    np.save(tmp_path / "image.npy", np.array([[[[1.0, 2.0], [-1.0, 0.5]]], [[[0.25, 1.0], [3.0, -1.0]]]]))
    np.savez(tmp_path / "dense.npz", W=np.eye(2))
    np.save(tmp_path / "dense.npy", np.eye(2))
    return tmp_path


def test_injective_for_every_size(run_command, kernels):
    answer = run_command("conv", "signed.json", "--out", "proof.json", "--json", "--explain")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    assert document["verdict"] == "injective"
    assert document["sizes"] == {"text": "every size N with N >= 2", "minimum": [2], "residues": [[0]]}
    assert document["input_shape"] is None
    assert document["witness"] is None
    assert document["layer"] == xi.read_kernels(kernels / "signed.json").summary
    assert document["certificate"] == "proof.json"
    assert document["explanation"]
    assert run_command("check", "proof.json", "signed.json").stdout.startswith("VALID: injective_for_sizes")
    assert run_command("check", "proof.json", "edges.json").returncode == 4


def test_collision_for_every_size(run_command, kernels):
    answer = run_command("conv", "edges.json", "--out", "pair.json.gz", "--json")
    assert answer.returncode == 10
    document = json.loads(answer.stdout)
    witness, layer = document["witness"], xi.read_kernels(kernels / "edges.json")
    x, y = ([Fraction(text) for text in witness[key]] for key in ("x", "y"))
    size = witness["shape"][1:]
    assert x != y
    assert layer.evaluate(x, size) == layer.evaluate(y, size)
    assert set(witness["float_replay"]) == {"float64", "float32"}
    assert document["sizes"]["minimum"] == size
    checked = run_command("check", "pair.json.gz", "edges.json", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["claim"]) == (0, "not_injective_for_sizes")


def test_one_input_shape(run_command, kernels):
    for shape, expected in {"1,2": [1, 2], "3": [1, 3]}.items():
        answer = run_command(
            "conv", "signed.json", "--stride", "2", "--input-shape", shape, "--json", "--out", "p.json"
        )
        document = json.loads(answer.stdout)
        assert document["input_shape"] == expected
        assert (answer.returncode, document["verdict"]) == (
            (0, "injective") if shape == "1,2" else (10, "not_injective")
        )
        assert document["sizes"]["size"] == expected[1:]
    checked = run_command("check", "p.json")
    assert (checked.returncode, checked.stdout[:6]) == (0, "VALID:")
    refused = run_command("check", "p.json", "signed.json")  # that file says stride 1
    assert (refused.returncode, "kernel file has to hold stride" in refused.stdout) == (4, True)


def test_text_says_for_which_sizes_stride_and_padding(run_command, kernels):
    text = run_command("conv", "signed.json", "--stride", "2", "--out", "proof.json").stdout
    first, verdict, *_ = text.splitlines()
    assert first.startswith("signed.json: ReLU(K * x), 4 kernels of size 2 on 1 channel, stride 2, no padding, sha256")
    assert verdict.startswith("INJECTIVE on R^n at every size N with N >= 2, N mod 2 in {0}, proved: ")
    assert "it is not injective at any size N with N >= 2, N mod 2 in {1}" in verdict
    assert "write the options' geometry into that file" in text
    text = run_command("conv", "image.npy", "--padding", "0,0:1", "--domain", "box:-1,1", "--out", "pair.json").stdout
    assert "stride 1" in text
    assert "padding 0x(0, 1) (zeros)" in text
    assert "NOT INJECTIVE on box:-1:1 at every place, at any size N with" in text
    assert "equal in exact arithmetic" in text
    assert "replayed in float64" in text


def test_quiet_and_repeatable(run_command, kernels):
    for name in ("first.json.gz", "second.json.gz"):
        assert run_command("conv", "signed.json", "--out", name, "--quiet").stdout == ""
    assert (kernels / "first.json.gz").read_bytes() == (kernels / "second.json.gz").read_bytes()


def test_deadline_with_partial_work(run_command, tmp_path):
    bank = np.random.default_rng(1).standard_normal((40, 1, 5, 5))
    np.save(tmp_path / "hours.npy", np.concatenate([bank, -bank])[:76])
    started = time.monotonic()
    options = ("--timeout", "2", "--json", "--out", "never.json", "--engine", "tree", "--input-shape", "12x12")
    answer = run_command("conv", "hours.npy", *options)
    assert time.monotonic() - started < 2 + 3
    document = json.loads(answer.stdout)
    assert (answer.returncode, document["verdict"], document["certificate"]) == (12, "timed_out", None)
    assert document["input_shape"] == [1, 12, 12]
    assert "sizes" in document
    assert document["layer"]["kernel_size"] == [5, 5]
    assert not (tmp_path / "never.json").exists()


REFUSED = {
    "--input-shape 1": "output is empty",
    "--input-shape 2,5": "1 as in the kernels",
    "--input-shape 1,1,5": "found an input shape of 3 numbers",
    "--input-shape five": "such as 3,32,32",
    "--stride 3": "beyond the kernel",
    "--stride 1.5": "expected an integer",
    "--padding 1:2:3": "low:high",
    "--padding same --stride 2": "keeps no size",
    "--padding 3 --padding-mode reflect --input-shape 3": "at least 4 for reflect padding",
    "--padding-mode mirror": "zeros, circular, reflect, replicate",
    "--groups 3": "multiple of the groups",
    "--groups two": "expected an integer",
    "--box-limit 0": "box limit",
    "--domain ball:1": "expected for a convolution R^n, nonneg, or a box",
    "--domain box:0,0:1,1": "expected for a convolution R^n, nonneg, or a box",
    "--domain torus": "expected one of R^n",
    "--engine guess": "expected one of auto",
    "--out proof.txt": "ends in .json or .json.gz",
}


@pytest.mark.parametrize("options", REFUSED)
def test_options_that_do_not_fit_get_one_line_and_status_3(run_command, kernels, options):
    answer = run_command("conv", "signed.json", *options.split(), "--json")
    assert (answer.returncode, answer.stdout) == (3, "")
    assert answer.stderr.startswith("exactinj: ")
    assert answer.stderr.count("\n") == 1
    assert REFUSED[options] in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("conv", "dense.npz"), "exactinj certify"),
        (("conv", "dense.npy"), "exactinj certify"),
        (("conv", "absent.npy"), "no such file"),
        (("certify", "signed.json"), "exactinj conv"),
        (("certify", "image.npy"), "exactinj conv"),
        (("conv", "edges.json", "--padding", "2"), "found the padding 1:1 in the file, expected 2:2"),
    ],
)
def test_files_of_the_other_kind(run_command, kernels, arguments, words):
    answer = run_command(*arguments)
    assert (answer.returncode, answer.stderr.count("\n")) == (3, 1)
    assert answer.stderr.startswith(f"exactinj: {arguments[1]}: ")
    assert words in answer.stderr


def test_check_names_the_file_that_it_cannot_read(run_command, kernels):
    run_command("conv", "edges.json", "--input-shape", "3", "--out", "pair.json")
    answer = run_command("check", "pair.json", "dense.npy")
    assert (answer.returncode, answer.stderr.count("\n")) == (3, 1)
    assert answer.stderr.startswith("exactinj: dense.npy: kernel file: ")


def test_help_is_light():
    code = "import sys; from exactinj.cli.main import main\ntry: main(['conv', '--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--box-limit" in done.stdout
    assert not {"numpy", "numba", "flint", "scipy"} & set(done.stdout.split())


def drawn(x, y, shape):
    return "\n".join(pictures(Collision(tuple(map(Fraction, x)), tuple(map(Fraction, y)), shape)))


def test_pictures_of_signals():
    text = drawn(["1", "2/3", "5", "6"], ["1", "-2", "5", "6"], (2, 2))
    assert "differ in 1 of 4 numbers, within channel 0, place 1 (counted from 0)" in text
    assert "    channel 0  x:    1  2/3\n               y:    1   -2\n    channel 1  x = y:  5  6" in text
    long = drawn([0] * 50, [0] * 30 + [1] + [0] * 19, (1, 50))
    assert "channel 0, places 28-32  x:  0  0  0  0  0" in long
    assert "45 numbers are not shown" in long


def test_pictures_of_images_and_volumes():
    text = drawn([1, 2, 3, 4], [1, 2, 7, 4], (1, 2, 2))
    assert "channel 0, x on the left, y on the right:\n      1  2    |  1  2\n      3  4    |  7  4" in text
    assert "x is constant in every channel: (1)" in drawn([1] * 8, [2] * 8, (1, 2, 2, 2))
    volume = drawn(range(0, 7290, 10), range(1, 7291, 10), (1, 9, 9, 9))
    assert "channel 0, slice 0, rows 0-7, columns 0-7" in volume
    assert len(volume.splitlines()) < 60


def test_numbers_that_differ_look_different():
    third = Fraction(10**12, 3 * 10**12 + 1)
    text = drawn([third, third], [third, third + Fraction(1, 10**15)], (1, 2))
    assert "~0.3333+1e-15" in text
    assert "numbers with ~ are rounded" in text
