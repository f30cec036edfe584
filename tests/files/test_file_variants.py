"""The table of docs/files.md, file by file: the package and the checker see the same layer or both refuse."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import exactinj as xi
from exactinj import checker

W = np.array([[1.5, -2], [3, 4]])
LONG = 1_000_000  # digits


def text_file(text):
    return text if isinstance(text, bytes) else text.encode()


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(save=np.savez, **arrays):
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


def of_version(*version):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, W, version=version)
    return stream.getvalue()


def headed(header, body=b"\0" * 8):
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode("latin-1") + body


def zipped(*members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


def header(kind="'<f8'", order="False", shape="(1, 1)", more=""):
    return headed(f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}}}{more}")


BARE = {
    **dict.fromkeys(["0e-999", "0.0", "-0.0", "0e999", "5e-324", "1e-320", "0.1", "-3", "1.0", "1e5"], True),
    **dict.fromkeys(["1e-400", "-1e-400", "2e-324", "1E400", "1e999999999", "1e-999999999"], False),
    **dict.fromkeys(
        ["NaN", "Infinity", "-Infinity", "true", "null", "01", "+1", ".5", "1.7976931348623159e308"], False
    ),
    "1" * 5000: True,
    "0." + "1" * 5000: True,
    "0." + "0" * 500 + "1": False,
}
TEXTS = {
    **dict.fromkeys(["1e-400", "1e000001", "1e99999", "1e-99999", "1/2", "0/5", " 1 ", "\t1\n", "\x0b1\x0c"], True),
    **dict.fromkeys(["1.", "-.5", "+.5e+3", "0" * 5000 + "1"], True),
    **dict.fromkeys(["1e100000", "1e1000000000", "1/0", "1/00", "\u00a01", "\x1c1", ".", "1_0", "\uff11", ""], False),
    **dict.fromkeys(["--1", "1e", "0x1", "inf", "1e5/2", "1" * (LONG + 1), "0." + "1" * LONG], False),
    "1/" + "3" * (LONG + 1): False,
}
CSV = {
    "byte order mark": (b"\xef\xbb\xbf1,2\n3,4\n", True),
    "header": ("a,b\n1,2\n", False),
    "semicolons": ("1;2\n3;4\n", False),
    "tabs": ("1\t2\n3\t4\n", False),
    "blanks": ("1 2\n3 4\n", False),
    "comments": ("# x,y\n1,2\n  # again\n3,4\n", True),
    "comma at the end": ("1,2,\n3,4,\n", False),
    "quotes": ('"1","2"\n"3","4"\n', True),
    "line end in quotes": ('"1\n","2"\n', True),
    "comment sign in quotes": ('"1\n# 2",3\n', False),
    "quotes in the middle": ('1"2",3\n', False),
    "open quotes": ('"1\n', False),
    "more after quotes": ('"1"2,3\n', False),
    "carriage returns": ("1,2\r3,4\r", True),
    "both line ends and a blank line": ("1,2\r\n\r\n3,4\r\n", True),
    "vertical tab": ("1,2\x0b3,4\n", False),
    "line separator": ("1,2\u20283,4", False),
    "ragged": ("1,2\n3\n", False),
    "empty": ("", False),
    "comments only": ("#1,2\n", False),
    "comment sign inside": ("1,#2\n", False),
    "NUL": ("1,\x002\n", False),
    "UTF-16": ("1,2\n".encode("utf-16"), False),
    "Latin-1": (b"1,2\xa0\n", False),
    "no-break space": ("1,2\u00a0\n", False),
    "a line of blanks": ("1\n\n \n2\n", False),
    "blanks around": (" 1 , 2 \n", True),
}
JSON = {
    "byte order mark": (b'\xef\xbb\xbf{"W":[[1]]}', True),
    "two of them": (b'\xef\xbb\xbf\xef\xbb\xbf{"W":[[1]]}', False),
    "torch": ('{"weight":[[1]],"bias":[2]}', True),
    "torch without bias": ('{"weight":[[1]]}', True),
    "W and bias": ('{"W":[[1]],"bias":[2]}', False),
    "weight and b": ('{"weight":[[1]],"b":[2]}', False),
    "weight and b null": ('{"weight":[[1]],"b":null}', False),
    "weight and W": ('{"weight":[[1]],"W":[[1]]}', False),
    "bias only": ('{"bias":[1]}', False),
    "b a column": ('{"W":[[1],[2]],"b":[[3],[4]]}', True),
    "alpha a column": ('{"W":[[1],[2]],"alpha":[[3],[4]]}', True),
    "b of one in a list": ('{"W":[[1]],"b":[[3]]}', True),
    "b a row": ('{"W":[[1],[2]],"b":[[3,4]]}', False),
    "b half a column": ('{"W":[[1],[2]],"b":[[3],4]}', False),
    "b null": ('{"W":[[1]],"b":null}', True),
    "alpha null": ('{"W":[[1]],"alpha":null}', True),
    "b null and alpha": ('{"W":[[1]],"b":null,"alpha":[1]}', True),
    "bias null": ('{"weight":[[1]],"bias":null}', True),
    "W null": ('{"W":null}', False),
    "b and alpha": ('{"W":[[1]],"b":[1],"alpha":[1]}', False),
    "b a number": ('{"W":[[1]],"b":1}', False),
    "b a text": ('{"W":[[1]],"b":"1"}', False),
    "b empty": ('{"W":[[1]],"b":[]}', False),
    "b too short": ('{"W":[[1],[2]],"b":[1]}', False),
    "b of truth values": ('{"W":[[1]],"b":[false]}', False),
    "W a vector": ('{"W":[1,2]}', False),
    "W empty": ('{"W":[]}', False),
    "W with empty rows": ('{"W":[[]]}', False),
    "W too deep": ('{"W":[[[1]],[[2]]]}', False),
    "W ragged": ('{"W":[[1,2],[3]]}', False),
    "W a list of texts": ('{"W":["12"]}', False),
    "W an object": ('{"W":{"0":[1]}}', False),
    "a list": ("[[1]]", False),
    "null": ("null", False),
    "empty": ("", False),
    "unnamed": ('{"arr_0":[[1]]}', False),
    "another key": ('{"W":[[1]],"x":1}', False),
    "a key twice": ('{"W":[[1]],"W":[[2]]}', False),
    "a key twice inside": ('{"W":[[1]],"b":[{"a":1,"a":2}]}', False),
    "more after the end": ('{"W":[[1]]} x', False),
    "a comment": ('{"W":[[1]]} // x', False),
    "single quotes": ("{'W':[[1]]}", False),
    "a tab in a text": ('{"W":[["1\t"]]}', False),
    "UTF-16": ('{"W":[[1]]}'.encode("utf-16"), False),
    "nested deeply": ("[" * 100_000, False),
}
NPY = {
    **{kind: (npy(W.astype(kind)), True) for kind in ("f2", "f4", "f8", ">f8", "i1", "i2", "i8", ">u4")},
    **{kind: (npy(W.astype(kind)), False) for kind in ("g", "?", "c16", "U3", "S3", "M8[s]")},
    "Fortran order": (npy(np.asfortranarray(W)), True),
    "subnormal and -0": (npy(np.array([[5e-324, -0.0]])), True),
    "version 2": (of_version(2, 0), True),
    "version 3": (of_version(3, 0), True),
    "version 4": (b"\x93NUMPY\4\0" + of_version(3, 0)[8:], False),
    "objects": (npy(np.array([[1, 2]], dtype=object), allow_pickle=True), False),
    "one axis": (npy(np.ones(2)), False),
    "no axis": (npy(np.array(1.0)), False),
    "three axes": (npy(np.zeros((2, 2, 2))), False),
    "no rows": (npy(np.zeros((0, 3))), False),
    "no columns": (npy(np.zeros((3, 0))), False),
    "NaN": (npy(np.array([[np.nan]])), False),
    "infinity": (npy(np.array([[np.inf]])), False),
    "structured": (npy(np.zeros((2, 2), dtype=[("a", "f8")])), False),
    "bfloat16": (npy(np.zeros((2, 2), dtype="V2")), False),
    "a byte missing": (npy(W)[:-1], False),
    "a byte more": (npy(W) + b"\0", False),
    "empty": (b"", False),
    "an archive": (npz(W=W), False),
    "a plain header": (header(), True),
    "false promises": (header(shape=f"({10**30}, 4)"), False),
    "a negative shape": (header(shape="(-1, -1)"), False),
    "a truth value as size": (header(shape="(True, 1)"), False),
    "a list as shape": (header(shape="[1, 1]"), False),
    "an order that is a number": (header(order="1"), False),
    "native order": (header(kind="'=f8'"), False),
    "no order for eight bytes": (header(kind="'|f8'"), False),
    "an order for one byte": (headed("{'descr': '<i1', 'fortran_order': False, 'shape': (1, 1)}", b"\1"), True),
    "a line end in the header": (header(shape="(1,\n1)"), True),
    "blanks": (header(more=" " * 9000), True),
    "too many blanks": (header(more=" " * 11_000), False),
    "code": (headed("__import__('os')"), False),
}
MEMBER = npy(W)
NPZ = {
    "W and b": (npz(W=W, b=np.array([1, 2])), True),
    "compressed": (npz(np.savez_compressed, W=W), True),
    "torch": (npz(weight=W, bias=np.ones(2)), True),
    "torch without bias": (npz(weight=W), True),
    "W and bias": (npz(W=W, bias=np.ones(2)), False),
    "unnamed": (npz(arr_0=W), True),
    "two unnamed": (npz(arr_0=W, arr_1=np.ones(2)), False),
    "b a column": (npz(W=W, b=np.ones((2, 1))), True),
    "alpha a column": (npz(W=W, alpha=np.ones((2, 1))), True),
    "b a row": (npz(W=W, b=np.ones((1, 2))), False),
    "b with three axes": (npz(W=W, b=np.ones((2, 1, 1))), False),
    "b without axes": (npz(W=np.ones((1, 1)), b=np.array(1.0)), False),
    "b a text": (npz(W=W, b=np.array("zeros")), False),
    "b and alpha": (npz(W=W, b=np.ones(2), alpha=np.ones(2)), False),
    "b only": (npz(b=np.ones(2)), False),
    "another array": (npz(W=W, x=W), False),
    "kernels": (npz(kernels=np.ones((1, 1, 1))), False),
    "no array": (npz(), False),
    "W a vector": (npz(W=np.ones(3)), False),
    "sparse": (npz(format=np.array(b"csr"), shape=np.array([2, 2]), data=np.ones(2)), False),
    "without ending": (zipped(("W", MEMBER)), True),
    "twice": (zipped(("W.npy", MEMBER), ("W", MEMBER)), False),
    "a folder": (zipped(("W.npy", MEMBER), ("folder/", b"")), False),
    "bzip2": (zipped(("W.npy", MEMBER), compression=zipfile.ZIP_BZIP2), False),
    "bytes before": (b"xx" + npz(W=W), True),
    "end missing": (npz(W=W)[:-10], False),
    "damaged": (npz(W=W).replace(W.tobytes(), b"\1" * 32), False),
    "an array": (MEMBER, False),
    "empty": (b"", False),
}
VARIANTS = {
    **{f"bare {k}.json": (f'{{"W": [[{text}], [-1]]}}', good) for k, (text, good) in enumerate(BARE.items())},
    **{f"text {k}.json": (json.dumps({"W": [[text], ["-1"]]}), good) for k, (text, good) in enumerate(TEXTS.items())},
    **{
        f"field {k}.csv": (f"{text},-1\n", good)
        for k, (text, good) in enumerate(TEXTS.items())
        if "\n" not in text and len(text) < LONG  # a line end takes quotes, csv fields have a limit of their own
    },
    **{f"{name}.csv": variant for name, variant in CSV.items()},
    **{f"{name}.json": variant for name, variant in JSON.items()},
    **{f"{name}.npy": variant for name, variant in NPY.items()},
    **{f"{name}.npz": variant for name, variant in NPZ.items()},
}


def both(path):
    """What the package's reader and the checker's make of a file; None where it is refused."""
    try:
        layer = xi.read_layer(path)
        ours = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    except xi.InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        ours = None
    try:
        rows, b = checker.read_layer(path)
        theirs = [list(row) for row in rows], list(b)
    except checker.Unreadable:
        theirs = None
    return ours, theirs


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", VARIANTS)
def test_both_readers_answer_alike(tmp_path: Path, name: str) -> None:
    data, accepted = VARIANTS[name]
    path = tmp_path / f"layer{Path(name).suffix}"
    path.write_bytes(text_file(data))
    ours, theirs = both(path)
    assert ours == theirs
    assert (ours is not None) == accepted


def test_a_number_that_float64_loses_is_exact_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "layer.json"
    path.write_text('{"W": [["1e-400"], [-1]]}')
    assert both(path)[1] == ([[Fraction(1, 10**400)], [Fraction(-1)]], [0, 0])


def test_an_archive_that_unpacks_to_far_more(tmp_path: Path) -> None:
    path = tmp_path / "layer.npz"
    np.savez_compressed(path, W=np.zeros((1, 40_000_000), dtype="f8"))
    assert both(path) == (None, None)
