"""Layer files, read exactly: JSON, csv, npy and npz with code of the checker's own."""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import os
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, BinaryIO, TypeVar

from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.rationals import integer_of, show
from exactinj.checker.rows import Layer

__all__ = [
    "FilePath",
    "entry_of",
    "json_arrays",
    "npy_array",
    "npy_parts",
    "npz_arrays",
    "opened",
    "read_file",
    "read_layer",
]

FilePath = str | os.PathLike[str]
_NUMBER = re.compile(r"([+-]?)(?:([0-9]+)/([0-9]+)|([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]{1,5}))?)")


_NPY_TYPES = {
    "f": {"2": "e", "4": "f", "8": "d"},
    "i": {"1": "b", "2": "h", "4": "i", "8": "q"},
    "u": {"1": "B", "2": "H", "4": "I", "8": "Q"},
}


def exact_number(text: str) -> Fraction | None:
    """The rational that "1/2", "-3", "0.1" or "1e-3" denotes; None for any other text."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    sign, top, bottom, whole, decimals, exponent = match.groups("")
    if not whole + decimals and not bottom.strip("0"):
        return None
    size = Fraction(integer_of(top or whole + decimals), integer_of(bottom or "1"))
    return (-1 if sign == "-" else 1) * size * Fraction(10) ** (int(exponent or "0") - len(decimals))


def entry_of(value: object, place: str) -> Fraction:
    """An entry of W, b or alpha; a float is the dyadic rational that it is."""
    if type(value) is int or (isinstance(value, float) and math.isfinite(value)):
        return Fraction(value)
    exact = exact_number(value) if isinstance(value, str) else None
    if exact is None:
        wanted = 'a finite number or a string like "1/2" or "0.1"'
        raise Unreadable(f"{place}: expected {wanted}, found {show(value)}")
    return exact


def _layer(arrays: dict[str, Any]) -> Layer:
    """W and b from the arrays of a file; alpha = -b may stand in for b, and neither means b = 0."""
    if "W" not in arrays or not arrays.keys() <= {"W", "b", "alpha"} or len(arrays) > 2:
        found = ", ".join(map(show, list(arrays)[:5])) or "nothing"
        raise Unreadable(f"expected W and at most one of b and alpha, found {found}: rename or remove arrays")
    W = arrays["W"] if isinstance(arrays["W"], list) else []
    if not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable("W: expected a matrix: at least one row, of equal length and not empty")
    name = "alpha" if "alpha" in arrays else "b"
    b = arrays.get(name, [0] * len(W))
    if not isinstance(b, list) or len(b) != len(W):
        raise Unreadable(f"{name}: expected one number for each of the {len(W)} rows of W")
    rows = [[entry_of(value, f"W[{i}][{j}]") for j, value in enumerate(row)] for i, row in enumerate(W)]
    bias = [entry_of(value, f"{name}[{i}]") for i, value in enumerate(b)]
    return rows, [-value for value in bias] if name == "alpha" else bias


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dictionary of these items. Raises Unreadable if a key is repeated."""
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("a key is repeated")
    return dict(pairs)


def json_arrays(data: bytes) -> dict[str, Any]:
    """The object in a JSON file."""
    arrays = json.loads(data.decode(), parse_int=integer_of, object_pairs_hook=unique)
    if not isinstance(arrays, dict):
        raise Unreadable(f"expected an object with the arrays of the layer, found {show(arrays)}")
    return arrays


def _csv_arrays(data: bytes) -> dict[str, Any]:
    return {"W": [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]}


def npy_parts(data: bytes) -> tuple[str, bool, tuple[int, ...], bytes]:
    """The npy format, versions 1 to 3: the type, whether the first axis runs fastest, the shape, and the numbers."""
    start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}.get(data[:8])
    if start is None:
        raise Unreadable("not in npy format, version 1 to 3: save with numpy.save or numpy.savez")
    length = int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start : start + min(length, 10_000)].decode("latin-1").strip())
    kind, fortran, shape = str(header["descr"]), header["fortran_order"], header["shape"]
    return kind, bool(fortran), tuple(shape), data[start + length :]


def npy_array(data: bytes, axes: Sequence[int] = (1, 2), wanted: str = "one (b) or two (W)") -> Any:
    """An array of floats or integers with so many axes, as nested lists."""
    kind, fortran, shape, body = npy_parts(data)
    if not re.fullmatch("[<>][fiu][248]|[<>|][iu]1", kind):
        raise Unreadable(f"found the type {show(kind)}: expected float16/32/64 or an integer type")
    if not all(type(size) is int and size > 0 for size in shape) or len(shape) not in axes:
        raise Unreadable(f"found {len(shape)} axes: expected {wanted}, and no size zero")
    size = math.prod(shape) * int(kind[2])
    if len(body) != size:
        raise Unreadable(f"found {len(body)} bytes of numbers, expected {show(size)}: the file is damaged")
    order = ">" if kind[0] == ">" else "<"
    values = struct.unpack(f"{order}{math.prod(shape)}{_NPY_TYPES[kind[1]][kind[2]]}", body)
    steps = [math.prod(shape[:k] if fortran else shape[k + 1 :]) for k in range(len(shape))]
    return _nested(values, 0, shape, steps)


def _nested(values: Sequence[Any], first: int, shape: Sequence[int], steps: Sequence[int]) -> Any:
    """The array of this shape that starts at `first`; the next element of axis k is `steps[k]` further on."""
    if not shape:
        return values[first]
    return [_nested(values, first + k * steps[0], shape[1:], steps[1:]) for k in range(shape[0])]


def npz_arrays(data: bytes, read: Callable[[bytes], Any] = npy_array) -> dict[str, Any]:
    """The arrays in an npz file by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
            raise Unreadable("found an unusual compression: save with numpy.savez")
        arrays = [(info.filename, read(archive.read(info))) for info in members]
        return unique([(name.removesuffix(".npy"), array) for name, array in arrays])


_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": json_arrays,
    ".csv": _csv_arrays,
    ".npy": lambda data: {"W": npy_array(data)},
    ".npz": npz_arrays,
}


def opened(path: FilePath) -> BinaryIO:
    """The open file. Raises Unreadable."""
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be opened: {error}") from None


_Built = TypeVar("_Built")


def read_file(
    path: FilePath,
    source: Source,
    formats: dict[str, Callable[[bytes], dict[str, Any]]],
    build: Callable[[dict[str, Any]], _Built],
) -> _Built:
    """What `build` makes of the arrays in the file. Raises Unreadable, with the kind of file in front."""
    suffix = os.path.splitext(path)[1].lower()
    try:
        if suffix not in formats:
            *others, last = formats
            raise Unreadable(f"found the ending {show(suffix)}: expected {', '.join(others)} or {last}")
        with opened(path) as file:
            return build(formats[suffix](file.read()))
    except Unreadable as error:
        raise Unreadable(f"{source}: {error}", source) from None
    except Exception as error:  # noqa: BLE001 (the standard library raises a dozen types on damaged files)
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise Unreadable(f"{source}: damaged, or not in {suffix} format ({cause})", source) from None


def read_layer(path: FilePath) -> Layer:
    """The exact W and b of a layer file. Raises Unreadable."""
    return read_file(path, Source.LAYER_FILE, _FORMATS, _layer)
