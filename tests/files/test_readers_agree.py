"""The package and the checker read layer files with separate code: they must see the same layer or both refuse."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from test_cli import BAD_LAYERS

import exactinj as xi
from exactinj import checker

ARRAYS = {
    "float64": np.array([[0.1, -2.5], [1e-300, 1e300]]),
    "float32": np.array([[0.1, -2.5], [1e-30, 1e30]], dtype="f4"),
    "float16": np.array([[0.1, -2.5]], dtype="f2"),
    "big-endian": np.array([[0.1, -2.5]], dtype=">f8"),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "int8": np.array([[-128, 127]], dtype="i1"),
    "int64": np.array([[-(2**63), 2**63 - 1]]),
    "uint64": np.array([[2**64 - 1, 0]], dtype="u8"),
    "subnormal": np.array([[5e-324, -0.0]]),
}
NUMBERS = ["1/2", "-6/4", "+3", "0.1", ".5", "5.", "1e-3", "-1.50E+2", " 7 ", "0", "-0", "00012", "9" * 5000]
REFUSED = [
    "",
    "1/0",
    "0/0",
    "one",
    "1_0",
    "0x1",
    "1e",
    "--1",
    "1 2",
    "nan",
    "inf",
    "1e999999",
    "1/-2",
    "1.5/2",
    "\uff11",
]


def both(path):
    """The layer as both readers see it, or None for both."""
    try:
        layer = xi.read_layer(path)
        ours = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    except xi.InputError:
        ours = None
    try:
        W, b = checker.read_layer(path)
        theirs = [list(row) for row in W], list(b)
    except checker.Unreadable:
        theirs = None
    assert ours == theirs
    return ours


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(tmp_path, name):
    np.save(tmp_path / "layer.npy", ARRAYS[name])
    np.savez(tmp_path / "b.npz", W=ARRAYS[name], b=ARRAYS[name][:, 0])
    np.savez_compressed(tmp_path / "alpha.npz", W=ARRAYS[name], alpha=ARRAYS[name][:, 0])
    expected = [[Fraction(value) for value in row] for row in ARRAYS[name].tolist()]
    assert both(tmp_path / "layer.npy")[0] == expected
    assert both(tmp_path / "b.npz")[1] == [row[0] for row in expected]
    assert both(tmp_path / "alpha.npz")[1] == [-row[0] for row in expected]


@pytest.mark.parametrize("text", NUMBERS)
def test_number_texts(tmp_path, text):
    (tmp_path / "layer.json").write_text(json.dumps({"W": [[text, 1]], "alpha": [text]}))
    (tmp_path / "layer.csv").write_text(f"{text},1\n")
    assert both(tmp_path / "layer.json") is not None
    assert both(tmp_path / "layer.csv") is not None


@pytest.mark.parametrize("text", REFUSED)
def test_refused_texts(tmp_path, text):
    (tmp_path / "layer.json").write_text(json.dumps({"W": [[text, 1]]}))
    (tmp_path / "layer.csv").write_text(f"{text},1\n")
    assert both(tmp_path / "layer.json") is None
    assert both(tmp_path / "layer.csv") is None


@pytest.mark.parametrize("number", ["0.1", "1e-5", "-3", "123456789012345678901234567890", "1E400"])
def test_bare_json_numbers(tmp_path, number):
    (tmp_path / "layer.json").write_text(f'{{"W": [[{number}]], "b": [0]}}')
    both(tmp_path / "layer.json")


@pytest.mark.parametrize("name", BAD_LAYERS)
def test_bad_files_are_refused_by_both(tmp_path, name):
    BAD_LAYERS[name](tmp_path / name)
    assert both(tmp_path / name) is None
