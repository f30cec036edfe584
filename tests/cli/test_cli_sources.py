"""Layers from stdin, pipes, files of any name and the casebook, in every verb that takes one."""

from __future__ import annotations

import io
import os
import sys
import threading

import numpy as np
import pytest

import exactinj as xi

W = [[1, 0], [-1, 0], [0, 1], [0, -1]]
CROSS = '{"W": [[1, 0], [-1, 0], [0, 1], [0, -1]]}'


@pytest.fixture
def folder(tmp_path):
    np.savez(tmp_path / "cross.npz", W=np.array(W, dtype=float))
    np.save(tmp_path / "cross.npy", np.array(W))
    (tmp_path / "cross.json").write_text(CROSS)
    (tmp_path / "cross.csv").write_text("1,0\n-1,0\n0,1\n0,-1\n")
    (tmp_path / "cross.data").write_text("1,0\n-1,0\n0,1\n0,-1\n")
    return tmp_path


class Piped:
    """Stands for a sys.stdin with these bytes."""

    closed = False

    def __init__(self, data):
        self.buffer = io.BytesIO(data)

    def isatty(self):
        return False


@pytest.mark.parametrize("ending", ["npz", "npy", "json", "csv"])
def test_stdin_tells_its_format(folder, monkeypatch, ending):
    data = (folder / f"cross.{ending}").read_bytes()
    monkeypatch.setattr(sys, "stdin", Piped(data))
    assert xi.read_layer("-") == xi.ReLULayer(W)
    (folder / "cross.dat").write_bytes(data)
    assert xi.read_layer(folder / "cross.dat", file_format=ending) == xi.ReLULayer(W)
    with pytest.raises(xi.InputError, match="--format"):
        xi.read_layer(folder / "cross.dat")


@pytest.mark.parametrize(
    "verb",
    [
        ("certify", "--quiet"),
        ("alpha", "--quiet"),
        ("compare", "--quiet"),
        ("sample", "--quiet"),
        ("export", "--smtlib"),
    ],
)
def test_every_verb_takes_stdin_and_a_format(verb, run_command):
    name, *rest = verb
    assert run_command(name, "-", "--format", "json", *rest, data=CROSS).returncode == 0


def test_a_fifo_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(CROSS,))
    writer.start()
    assert xi.read_layer(tmp_path / "pipe").m == 4
    writer.join()


def test_check_takes_both_from_elsewhere(folder, run_command):
    assert run_command("certify", "cross.json", "--out", "proof.json", "--quiet").returncode == 0
    proof = (folder / "proof.json").read_text()
    assert run_command("check", "-", "cross.json", data=proof).returncode == 0
    assert run_command("check", "proof.json", "-", data=CROSS).returncode == 0
    assert run_command("check", "proof.json", "cross.data", "--format", "csv").returncode == 0
    assert run_command("check", "proof.json", "casebook:cube").returncode == 4
    assert run_command("certify", "casebook:mercedes-benz").returncode == 10
    both = run_command("check", "-", "-", data=proof)
    assert (both.returncode, both.stderr.count("\n")) == (3, 1)


@pytest.mark.parametrize("name", ["cube", "iris-m32", "mercedes-benz"])
def test_cases_are_layers(name):
    from exactinj.casebook import find_case

    assert xi.read_layer(f"casebook:{name}") == find_case(name).layer


def test_convolutions_of_the_casebook():
    assert xi.read_kernels("casebook:conv-binomial").dimensions >= 1
    with pytest.raises(xi.InputError, match="is a convolution"):
        xi.read_layer("casebook:conv-binomial")
    with pytest.raises(xi.InputError, match="is a dense layer"):
        xi.read_kernels("casebook:cube")


@pytest.mark.parametrize(
    ("word", "nearest"), [("cub", "'cube'"), ("mercedes", "'mercedes-benz'"), ("Cube", "'cube'"), ("zzzzz", "names")]
)
def test_unknown_cases_get_the_nearest_names(word, nearest):
    with pytest.raises(xi.InputError, match=nearest) as caught:
        xi.read_layer(f"casebook:{word}")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"\x93NUMPY", b"PK\x03\x04", b"[", b"\xff\xfe1\x00"])
def test_damaged_pipes_get_one_line(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", Piped(data))
    with pytest.raises(xi.InputError, match=r"^stdin: ") as caught:
        xi.read_layer("-")
    assert "\n" not in str(caught.value)
