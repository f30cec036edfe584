"""``.npy`` and ``.npz`` files, without trusting them: plain numbers, no more memory than the file justifies.

The format is NEP 1 (R. Kern, *A simple file format for NumPy arrays*, 2007): a magic string, a header that spells type,
order and shape, then the numbers. Headers are compared with the bytes there are before anything is allocated. A
``.npz`` file is a zip archive of ``.npy`` files, stored or deflated.
"""

from __future__ import annotations

import ast
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.numbers import integer_text
from exactinj.files.sources import Source

__all__ = ["NUMBERS", "Arrays", "npy_array", "npz_arrays"]

Arrays = dict[str, Any]

NUMBERS = "fiu"
STARTS = {b"\x93NUMPY\1\0": 2, b"\x93NUMPY\2\0": 4, b"\x93NUMPY\3\0": 4}  # bytes that hold the header's length
LONGEST_HEADER = 10_000
MOST_AXES = 8
NUMBER_TYPE = re.compile("[<>][fiu][248]|[<>|][iu]1")
TEXT_TYPE = re.compile("[<>]U[1-9][0-9]{0,3}")
LONGEST_SHAPE = 60
UNPACKED_FREELY = 1 << 28  # bytes
MOST_RATIO = 100  # unpacked bytes for each byte of the file, beyond that
TOO_OLD_OR_ODD = "save it with numpy.save or numpy.savez"
REMEDIES = (
    ("V2", "numpy's files have no bfloat16; save W.astype(numpy.float32), or W.float() of a tensor, which is exact"),
    ("f(12|16)", "long doubles differ between machines; save W.astype(numpy.float64), or exact texts in a .json file"),
    ("O", "these are Python objects (a pickle); save plain numbers, or exact texts in a .json file"),
    ("b1", "these are truth values; save W.astype(float)"),
    ("c", "these are complex numbers; save real ones"),
    ("[US]", "these are texts; save numbers, or exact texts in a .json or .csv file"),
    ("V", "these are raw bytes; save real numbers"),
)


@dataclass(frozen=True)
class _Header:
    """What precedes the numbers."""

    kind: str
    fortran: bool
    shape: tuple[int, ...]
    count: int

    @property
    def bytes_promised(self) -> int:
        return self.count * np.dtype(self.kind).itemsize


def npy_array(source: Source) -> np.ndarray:
    """The numbers in a ``.npy`` file; `InputError` if they are of another kind, or not as many as the header says."""
    if source.stream.read(4) == b"PK\x03\x04":
        raise InputError("found an archive, expected a single array; rename it to .npz")
    source.stream.seek(0)
    return _array(source.stream, source.size, kinds=NUMBERS)


def npz_arrays(
    source: Source, wanted: str, require_names: Callable[[Iterable[str]], None], *, kinds: str = NUMBERS
) -> Arrays:
    """The arrays in a ``.npz`` file by name.

    Parameters
    ----------
    source : the file
    wanted : what it should hold, for messages
    require_names : raises `InputError` for names that should not be there, before anything is unpacked
    kinds : of numpy's types; with ``U`` a single text is read, too

    Raises
    ------
    InputError
        For files that are no archives, damaged, of another compression, or that unpack to far more than they are.
    """
    if source.stream.read(6) == b"\x93NUMPY":
        raise InputError("found a single array, expected an .npz archive; rename it to .npy")
    source.stream.seek(0)
    try:
        with zipfile.ZipFile(source.stream) as archive:
            members = archive.infolist()
            names = [info.filename.removesuffix(".npy") for info in members]
            _require_plain(members, names, source.size)
            require_names(names)
            return {name: _member(archive, info, name, kinds) for name, info in zip(names, members, strict=True)}
    except InputError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        KeyError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
    ):
        raise InputError(
            f"not an .npz archive, or damaged; expected an .npz archive of plain number arrays {wanted}; "
            "save it with numpy.savez"
        ) from None


def _require_plain(members: list[zipfile.ZipInfo], names: list[str], size: int) -> None:
    for name, info in zip(names, members, strict=True):
        if names.count(name) > 1:
            raise InputError(f"found the array {_shortened(name)!r} twice, expected it once; remove one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise InputError("found an unusual compression or encryption; save it with numpy.savez")
    unpacked = sum(info.file_size for info in members)
    if unpacked > max(UNPACKED_FREELY, MOST_RATIO * size):
        raise InputError(
            f"found {size} bytes that unpack to {unpacked}, expected at most {MOST_RATIO} times as many; "
            "save it with numpy.savez, uncompressed"
        )


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, kinds: str) -> Any:
    with archive.open(info) as stream:
        try:
            return _array(stream, info.file_size, kinds=kinds)  # type: ignore[arg-type]  # it reads bytes
        except InputError as error:
            raise InputError(f"array {_shortened(name)!r}: {error}") from None


def _array(stream: BinaryIO, size: int, *, kinds: str) -> np.ndarray:
    header, start = _header(stream, kinds)
    promised, held = header.bytes_promised, size - start
    if promised != held:
        more = "more than the file holds" if promised > held else "less than the file holds"
        raise InputError(
            f"the header promises {more}: {_short_integer(promised)} bytes for the shape {_shape_text(header.shape)}, "
            f"found {held}; the file is damaged, save it again"
        )
    numbers = np.frombuffer(_exactly(stream, promised), dtype=header.kind, count=header.count)
    return numbers.reshape(header.shape, order="F" if header.fortran else "C")


def _header(stream: BinaryIO, kinds: str) -> tuple[_Header, int]:
    """The header, and how many bytes it takes."""
    start = stream.read(8)
    if start not in STARTS:
        raise InputError(f"found no header of version 1 to 3, expected an .npy file of plain numbers; {TOO_OLD_OR_ODD}")
    width = STARTS[start]
    length = int.from_bytes(_exactly(stream, width), "little")
    if length > LONGEST_HEADER:
        raise InputError(f"found a header of {length} bytes, expected at most {LONGEST_HEADER}; {TOO_OLD_OR_ODD}")
    fields = _fields(_exactly(stream, length))
    kind, shape = _kind(fields["descr"], kinds), _shape(fields["shape"])
    return _Header(kind, fields["fortran_order"], shape, math.prod(shape)), len(start) + width + length


def _fields(text: bytes) -> dict[str, Any]:
    """The dictionary that a header spells."""
    try:
        fields = ast.literal_eval(text.decode("ascii").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        fields = None
    if (
        not isinstance(fields, dict)
        or set(fields) != {"descr", "fortran_order", "shape"}
        or not isinstance(fields["fortran_order"], bool)
    ):
        raise InputError(f"found a damaged .npy header, expected type, order and shape of an array; {TOO_OLD_OR_ODD}")
    return fields


def _kind(descr: object, kinds: str) -> str:
    if not isinstance(descr, str):
        raise InputError("found an array with named columns, expected plain numbers; save one matrix")
    if NUMBER_TYPE.fullmatch(descr) or ("U" in kinds and TEXT_TYPE.fullmatch(descr)):
        return descr
    plain = descr.lstrip("<>|=")
    remedy = next((remedy for kind, remedy in REMEDIES if re.match(kind, plain)), "convert it first")
    raise InputError(f"found the dtype {_shortened(descr)!r}, expected float16, float32, float64 or integers; {remedy}")


def _shape(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise InputError(f"found a shape that is none, expected nonnegative integers; {TOO_OLD_OR_ODD}")
    if len(shape) > MOST_AXES or 0 in shape:
        raise InputError(f"found an array of shape {_shape_text(shape)}, expected at least one number and few axes")
    return shape


def _exactly(stream: BinaryIO, count: int) -> bytes:
    """So many bytes; `InputError` if there are fewer."""
    data = stream.read(count)
    if len(data) != count:
        raise InputError(f"found {len(data)} bytes where the format has {count}; the file is truncated")
    return data


def _shape_text(shape: tuple[int, ...]) -> str:
    text = "(" + ", ".join(map(_short_integer, shape[: MOST_AXES + 1])) + ("," if len(shape) == 1 else "") + ")"
    return text if len(shape) <= MOST_AXES else f"{text[:LONGEST_SHAPE]}... of {len(shape)} axes"


def _short_integer(value: int) -> str:
    text = integer_text(value)
    return text if len(text) <= LONGEST_SHAPE // 2 else f"{text[:8]}...({len(text)} digits)"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHAPE else text[: LONGEST_SHAPE - 3] + "..."
