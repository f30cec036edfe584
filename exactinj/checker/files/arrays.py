"""npy and npz files: plain numbers, or one text, as many as the file has bytes for."""

from __future__ import annotations

import ast
import io
import math
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from exactinj.checker.faults import Unreadable
from exactinj.checker.files.texts import unique
from exactinj.checker.rationals import show

__all__ = ["npy_array", "npy_value", "npz_arrays"]

_NPY_TYPES = {
    "f": {"2": "e", "4": "f", "8": "d"},
    "i": {"1": "b", "2": "h", "4": "i", "8": "q"},
    "u": {"1": "B", "2": "H", "4": "I", "8": "Q"},
}
_NPY_KEYS = {"descr", "fortran_order", "shape"}
_LONGEST_HEADER = 10_000
_UNPACKED_FREELY, _MOST_RATIO = 1 << 28, 100  # bytes; beyond that, unpacked bytes for each byte of the file
_LAYER_AXES, _KERNEL_AXES = range(1, 3), range(6)


def _npy_parts(data: bytes) -> tuple[str, bool, tuple[int, ...], bytes]:
    """The npy format, versions 1 to 3: the type, whether the first axis runs fastest, the shape, and the numbers."""
    start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}.get(data[:8])
    if start is None:
        raise Unreadable("not in npy format, version 1 to 3: save with numpy.save or numpy.savez")
    length = int.from_bytes(data[8:start], "little")
    if length > _LONGEST_HEADER:
        raise Unreadable(f"found a header of {length} bytes, expected at most {_LONGEST_HEADER}")
    header = ast.literal_eval(data[start : start + length].decode("latin-1").strip())
    if not isinstance(header, dict) or set(header) != _NPY_KEYS or not isinstance(header["fortran_order"], bool):
        raise Unreadable("found a damaged header: save with numpy.save or numpy.savez")
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int and size > 0 for size in shape):
        raise Unreadable("expected an array with no size zero")
    return str(header["descr"]), header["fortran_order"], shape, data[start + length :]


def npy_array(data: bytes, axes: range = _LAYER_AXES) -> Any:
    """An array of floats or integers with so many axes, as nested lists."""
    kind, fortran, shape, body = _npy_parts(data)
    if not re.fullmatch("[<>][fiu][248]|[<>|][iu]1", kind):
        raise Unreadable(f"found the type {show(kind)}: expected float16/32/64 or an integer type")
    if len(shape) not in axes:
        raise Unreadable(f"found {len(shape)} axes: expected {axes[0]} to {axes[-1]}")
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


def npy_value(data: bytes) -> Any:
    """An array of numbers with any of the shapes that a kernel file may have, or one text."""
    kind, _, shape, body = _npy_parts(data)
    text = re.fullmatch("([<>])U([1-9][0-9]{0,3})", kind)
    if text is None:
        return npy_array(data, _KERNEL_AXES)
    if shape or len(body) != 4 * int(text[2]):
        raise Unreadable("found an array of texts, or a damaged one: expected one text")
    return body.decode("utf-32-le" if text[1] == "<" else "utf-32-be").rstrip("\0")


def npz_arrays(
    data: bytes, require_names: Callable[[Sequence[str]], object], read: Callable[[bytes], Any]
) -> dict[str, Any]:
    """The arrays in an npz file by name; `require_names` raises for wrong names before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
            raise Unreadable("found an unusual compression: save with numpy.savez")
        unpacked = sum(info.file_size for info in members)
        if unpacked > max(_UNPACKED_FREELY, _MOST_RATIO * len(data)):
            raise Unreadable(f"found {len(data)} bytes that unpack to {unpacked}, expected {_MOST_RATIO} times at most")
        names = [info.filename.removesuffix(".npy") for info in members]
        require_names(names)
        return unique([(name, read(archive.read(info))) for name, info in zip(names, members, strict=True)])
