"""Kernel files: read exactly, refused in one line; the package and the checker see the same layer or both refuse."""

from __future__ import annotations

import json
import string
from fractions import Fraction

import numpy as np
import pytest

import exactinj as xi
from exactinj import checker

BANK = np.array([[[0.1, -2.5]], [[1e-300, 1e300]]])


def both(path):
    """The layer as both readers see it, or None for both."""
    try:
        layer = xi.read_kernels(path)
        ours = {**layer.record, "kernels": layer.kernels.fractions(), "b": layer.bias}
    except xi.InputError as error:
        one_line = str(error).startswith(f"{path}: ") and "\n" not in str(error)
        ours = None if one_line else str(error)
    try:
        read = checker.read_kernels(path)
        theirs = {name: _listed(getattr(read, name)) for name in ours or ()}
    except checker.Unreadable:
        theirs = None
    assert ours == theirs
    return ours


def _listed(value):
    return [_listed(entry) for entry in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", "i1", "u8"])
def test_arrays(tmp_path, axes, dtype):
    kernels = np.random.default_rng(axes).integers(0, 9, (4, 2, *(range(2, 2 + axes)))).astype(dtype)
    np.save(tmp_path / "bank.npy", np.asfortranarray(kernels))
    np.savez_compressed(tmp_path / "bank.npz", kernels=kernels, b=kernels[:, 0].reshape(4, -1)[:, 0], groups=2)
    expected = [[Fraction(value) for value in row] for row in kernels.reshape(4, -1).tolist()]
    alone = both(tmp_path / "bank.npy")
    assert (alone["kernels"], alone["b"], alone["in_channels"]) == (expected, [0] * 4, 2)
    grouped = both(tmp_path / "bank.npz")
    assert (grouped["b"], grouped["in_channels"]) == ([row[0] for row in expected], 4)


def test_every_array_of_an_archive(tmp_path):
    np.savez(
        tmp_path / "bank.npz",
        kernels=np.ones((2, 3, 2, 3)),
        b=np.array([1, 2]),
        stride=np.array([1, 2]),
        dilation=2,
        padding=[[1, 0], [2, 3]],
        groups=2,
        padding_mode="reflect",
    )
    read = both(tmp_path / "bank.npz")
    assert (read["stride"], read["dilation"], read["padding"]) == ([1, 2], [2, 2], [[1, 0], [2, 3]])
    assert (read["groups"], read["in_channels"], read["padding_mode"]) == (2, 6, "reflect")


@pytest.mark.parametrize("text", ["1/2", "-6/4", "0.1", "1e-3", " 7 ", "9" * 5000])
def test_texts_are_exact(tmp_path, text):
    path = tmp_path / "bank.json"
    path.write_text(json.dumps({"kernels": [[[text, 1]]], "b": [text], "stride": "2", "padding": [["0", 1]]}))
    read = both(path)
    assert read["kernels"][0] == [read["b"][0], 1]
    assert (read["stride"], read["padding"]) == ([2], [[0, 1]])


BAD_VALUES = {
    "kernels": ["null", "1", '"12"', "[]", "[[]]", "[[[]]]", "[[1, 2]]", "[[[1, 2]], [[3]]]", "[[[1, [2]]]]"],
    "KERNELS": ["[[[1]]]"],
    "b": ["null", "0", "[1]", "[1, 2, 3]", "[[1], [2]]", '"12"', "[1, null]"],
    "stride": ["null", "0", "-1", "1.5", '"1/2"', "true", "[1]", "[1, 1, 1]", "[[1, 1]]", "[]", '"one"', "{}"],
    "dilation": ["null", "0", "1.5", "[1]", "[[1], [1]]"],
    "padding": [
        "null",
        "-1",
        "0.5",
        "[1]",
        "[[1], [1]]",
        "[[1, 2]]",
        "[[1, 2], 3]",
        "[[1, 2, 3], [1, 2, 3]]",
        '"same"',
    ],
    "groups": ["null", "0", "3", "1.5", "[1]", "true"],
    "padding_mode": ["null", "0", '"mirror"', '["zeros"]', '"Zeros"'],
    "weights": ["1"],
    "W": ["[[1]]"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD_VALUES.items() for value in values])
def test_bad_values_are_refused_by_both(tmp_path, name, value):
    good = {"kernels": "[[[[1, 2]]], [[[3, 4]]]]", "b": "[0, 0]"}
    path = tmp_path / "bank.json"
    path.write_text("{" + ", ".join(f'"{key}": {text}' for key, text in {**good, name: value}.items()) + "}")
    assert both(path) is None


BAD_NUMBERS = ["null", "true", "NaN", '"1/0"', '"one"', "1e999", "[]", "{}"]


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_bad_numbers_are_refused_by_both(tmp_path, number):
    path = tmp_path / "bank.json"
    for text in (f'{{"kernels": [[[{number}]]]}}', f'{{"kernels": [[[1]]], "b": [{number}]}}'):
        path.write_text(text)
        assert both(path) is None


BAD_FILES = {
    "nan.npy": lambda path: np.save(path, np.array([[[np.nan]]])),
    "complex.npy": lambda path: np.save(path, np.array([[[1j]]])),
    "object.npy": lambda path: np.save(path, np.array([[[Fraction(1, 2)]]], dtype=object), allow_pickle=True),
    "text.npy": lambda path: np.save(path, np.array([[["1"]]])),
    "flags.npy": lambda path: np.save(path, np.array([[[True]]])),
    "scalar.npy": lambda path: np.save(path, np.array(1.0)),
    "matrix.npy": lambda path: np.save(path, np.eye(2)),
    "six.npy": lambda path: np.save(path, np.ones((1,) * 6)),
    "empty-axis.npy": lambda path: np.save(path, np.ones((1, 0, 2))),
    "no-kernels.npy": lambda path: np.save(path, np.ones((0, 1, 2))),
    "short.npy": lambda path: (np.save(path, np.ones((4, 4, 4))), path.write_bytes(path.read_bytes()[:-8])),
    "nothing.npy": lambda path: path.write_bytes(b""),
    "dense.npz": lambda path: np.savez(path, W=np.eye(2)),
    "none.npz": lambda path: np.savez(path, b=np.ones(2)),
    "unknown.npz": lambda path: np.savez(path, kernels=BANK, bias=np.ones(2)),
    "both.npz": lambda path: np.savez(path, kernels=BANK, W=np.eye(2)),
    "pickled.npz": lambda path: np.savez(path, kernels=np.array([[[None]]], dtype=object)),
    "long-bias.npz": lambda path: np.savez(path, kernels=BANK, b=np.ones(3)),
    "scalar-bias.npz": lambda path: np.savez(path, kernels=BANK, b=1.0),
    "half-stride.npz": lambda path: np.savez(path, kernels=BANK, stride=1.5),
    "nan-stride.npz": lambda path: np.savez(path, kernels=BANK, stride=np.nan),
    "flag-stride.npz": lambda path: np.savez(path, kernels=BANK, stride=True),
    "modes.npz": lambda path: np.savez(path, kernels=BANK, padding_mode=["zeros"]),
    "bytes-mode.npz": lambda path: np.savez(path, kernels=BANK, padding_mode=b"zeros"),
    "number-mode.npz": lambda path: np.savez(path, kernels=BANK, padding_mode=1),
    "truncated.npz": lambda path: path.write_bytes(b"PK\x03\x04 and then nothing"),
    "list.json": lambda path: path.write_text("[[[1]]]"),
    "twice.json": lambda path: path.write_text('{"kernels": [[[1]]], "kernels": [[[2]]]}'),
    "half.json": lambda path: path.write_text('{"kernels": [[[1'),
    "deep.json": lambda path: path.write_text("[" * 100_000),
    "binary.json": lambda path: path.write_bytes(b"\xff\xfe"),
    "bank.csv": lambda path: path.write_text("1,2\n"),
    "bank.txt": lambda path: path.write_text("1 2"),
    "folder.npy": lambda path: path.mkdir(),
    "absent.npz": lambda path: None,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_by_both(tmp_path, name):
    BAD_FILES[name](tmp_path / name)
    assert both(tmp_path / name) is None


def test_no_pickle_is_ever_loaded(tmp_path):
    (tmp_path / "evil.npy").write_bytes(b"cbuiltins\nprint\n(S'run'\ntR.")
    with pytest.raises(xi.InputError, match=r"expected an \.npy file"):
        xi.read_kernels(tmp_path / "evil.npy")


def test_arguments_fill_what_the_file_leaves_out(tmp_path):
    path = tmp_path / "bank.json"
    path.write_text('{"kernels": [[["1", "2"]], [["3", "4"]]], "stride": 2}')
    layer = xi.read_kernels(path, padding=[(1, 0)], groups=2, padding_mode="circular")
    assert layer == xi.ConvLayer([[[1, 2]], [[3, 4]]], stride=2, padding=[(1, 0)], groups=2, padding_mode="circular")
    assert xi.read_kernels(path, stride=(2,)).stride == (2,)
    with pytest.raises(xi.InputError, match="found the stride 2 in the file, expected 1 as asked for"):
        xi.read_kernels(path, stride=1)


def test_a_file_overrides_nothing_and_is_not_overridden(tmp_path):
    path = tmp_path / "bank.npz"
    np.savez(path, kernels=np.ones((2, 1, 3)), padding=1, padding_mode="zeros")
    assert xi.read_kernels(path, padding="same").padding == ((1, 1),)
    for name, value in {"padding": "valid", "padding_mode": "circular"}.items():
        with pytest.raises(xi.InputError, match=f"found the {name} "):
            xi.read_kernels(path, **{name: value})
    assert xi.read_kernels(path, dilation=2).padding == ((1, 1),)


def test_an_error_says_where_such_a_file_belongs(tmp_path):
    np.save(tmp_path / "dense.npy", np.eye(2))
    np.save(tmp_path / "bank.npy", BANK)
    np.savez(tmp_path / "bank.npz", kernels=BANK)
    np.savez(tmp_path / "dense.npz", W=np.eye(2))
    for name in ("dense.npy", "dense.npz"):
        with pytest.raises(xi.InputError, match="exactinj certify"):
            xi.read_kernels(tmp_path / name)
    for name in ("bank.npy", "bank.npz"):
        with pytest.raises(xi.InputError, match="exactinj conv"):
            xi.read_layer(tmp_path / name)


def test_messages_are_printable(tmp_path):
    path = tmp_path / "bank.json"
    path.write_text(json.dumps({"kernels": [[[1]]], "stride": ["x" * 1000]}))
    with pytest.raises(xi.InputError) as caught:
        xi.read_kernels(path)
    assert len(str(caught.value)) < len(str(path)) + 200
    assert set(str(caught.value)) <= set(string.printable)
