"""Layer files: W, and b or alpha."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.files.arrays import npy_array, npz_arrays
from exactinj.checker.files.texts import csv_rows, entry_of, json_object
from exactinj.checker.rationals import show
from exactinj.checker.rows import Layer

__all__ = ["FilePath", "opened", "read_file", "read_layer"]

FilePath = str | os.PathLike[str]
_TORCH_NAMES = {"weight": "W", "bias": "b"}
_UNNAMED = "arr_0"
_SPARSE = {"format", "shape", "data"}
_Built = TypeVar("_Built")


def _our_names(names: Sequence[str]) -> list[str]:
    """W, b and alpha for the names of a file, which may be those of torch. Raises Unreadable for others."""
    ours = [_TORCH_NAMES[name] for name in names] if set(names) <= set(_TORCH_NAMES) else list(names)
    if set(names) >= _SPARSE:
        raise Unreadable("found a matrix in SciPy's sparse format: save it with numpy.save(FILE, A.toarray())")
    if "W" not in ours or not set(ours) <= {"W", "b", "alpha"}:
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected W and at most one of b and alpha, found {found}: rename or remove arrays")
    return ours


def _names_of_arrays(names: Sequence[str]) -> list[str]:
    """The same for an archive, whose only array may be without a name."""
    return ["W"] if list(names) == [_UNNAMED] else _our_names(names)


def _bias(value: object, m: int, name: str) -> list[Any]:
    """One number for each row; a column of them is one, too."""
    if isinstance(value, list) and value and all(isinstance(row, list) and len(row) == 1 for row in value):
        value = [row[0] for row in value]
    if not isinstance(value, list) or len(value) != m:
        raise Unreadable(f"{name}: expected one number for each of the {m} rows of W")
    return value


def _layer(arrays: dict[str, Any]) -> Layer:
    """W and b from the arrays of a file; alpha = -b may stand in for b, and neither, or null, means b = 0."""
    arrays = {name: value for name, value in arrays.items() if value is not None}
    if {"b", "alpha"} <= set(arrays):
        raise Unreadable("expected at most one of b and alpha, found both: remove one")
    W = arrays.get("W")
    if not isinstance(W, list) or not W or not all(isinstance(row, list) and 0 < len(row) == len(W[0]) for row in W):
        raise Unreadable("W: expected a matrix: at least one row, of equal length and not empty")
    name = "alpha" if "alpha" in arrays else "b"
    b = _bias(arrays.get(name, [0] * len(W)), len(W), name)
    rows = [[entry_of(value, f"W[{i}][{j}]") for j, value in enumerate(row)] for i, row in enumerate(W)]
    bias = [entry_of(value, f"{name}[{i}]") for i, value in enumerate(b)]
    return rows, [-value for value in bias] if name == "alpha" else bias


def _json_layer(data: bytes) -> dict[str, Any]:
    arrays = json_object(data)
    return dict(zip(_our_names(list(arrays)), arrays.values(), strict=True))


def _npz_layer(data: bytes) -> dict[str, Any]:
    arrays = npz_arrays(data, _names_of_arrays, npy_array)
    return dict(zip(_names_of_arrays(list(arrays)), arrays.values(), strict=True))


_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": _json_layer,
    ".csv": lambda data: {"W": csv_rows(data)},
    ".npy": lambda data: {"W": npy_array(data)},
    ".npz": _npz_layer,
}


def opened(path: FilePath) -> BinaryIO:
    """The open file. Raises Unreadable."""
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise Unreadable(f"cannot be opened: {error}") from None


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
