"""Reading layers and points from files, exactly and without trusting them.

What is accepted is the table of ``docs/files.md``; the checker reads layer files with code of its own, and the two must
see the same layer or both refuse. Whatever is wrong becomes one `InputError` line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.files.case_files import case_document, case_name
from exactinj.files.numpy_files import Arrays, npy_array, npz_arrays
from exactinj.files.sources import FilePath, Source, read_with
from exactinj.files.text_files import csv_rows, json_document
from exactinj.layers.dense import ReLULayer

__all__ = [
    "LAYER_ENDINGS",
    "LAYER_READERS",
    "WANTED",
    "flat_bias",
    "layer_of_parts",
    "read_layer",
    "read_points",
    "read_rows",
    "require_layer_names",
]

LAYER_ENDINGS = (".npz", ".npy", ".json", ".csv")
WANTED = "W and optionally b or alpha"
LAYER_KEYS = ("W", "b", "alpha")
OTHER_NAMES = {"weight": "W", "bias": "b"}  # as torch calls them
UNNAMED = "arr_0"
SPARSE_KEYS = {"format", "shape", "data"}
MATRIX_AXES = 2
MANY = 1 << 20  # weights, from which on `read_rows` leaves floats as they are
KERNELS_ELSEWHERE = "for the kernels of a convolution use `exactinj conv` (in Python `read_kernels`)"


def read_layer(path: FilePath, *, file_format: str | None = None) -> ReLULayer:
    """The layer in a ``.npz``, ``.npy``, ``.json`` or ``.csv`` file, or of the casebook.

    ``.npz``: arrays ``W`` (m, n) and optionally ``b`` or ``alpha`` (m,). ``.npy``: W. ``.json``: an
    object with ``W`` and optionally ``b`` or ``alpha``; strings are exact rationals (``"1/2"``,
    ``"0.1"``), bare integers are exact, bare decimals are the float64 that JSON means by them.
    ``.csv``: one row of W a line, the same strings. The whole table is ``docs/files.md``.

    Parameters
    ----------
    path : a file; ``-`` for stdin; ``casebook:NAME`` for a dense case of the casebook
    file_format : ``"npz"``, ``"npy"``, ``"json"`` or ``"csv"``, where the name does not tell

    Raises
    ------
    InputError
        In one line that names the file.

    >>> read_layer("casebook:mercedes-benz").n
    2
    """
    name = case_name(path)
    if name is not None:
        return _layer_of_case(name)
    return read_with(LAYER_READERS, path, file_format)


def read_rows(path: FilePath, *, file_format: str | None = None) -> ReLULayer | np.ndarray:
    """As `read_layer`, but where a ``.npz`` or ``.npy`` file holds a million floats or more, they stay floats (m, n).

    For methods that need the weights as floats only; exact rationals take a hundred times their room. Raises
    `InputError`.
    """
    if case_name(path) is not None:
        return read_layer(path)

    def npy(source: Source) -> ReLULayer | np.ndarray:
        array = npy_array(source)
        return _finite(array) if _has_many_floats(array) else _from_array(array)

    def npz(source: Source) -> ReLULayer | np.ndarray:
        parts = _named(_layer_arrays(source))
        if "W" not in parts or not _has_many_floats(parts["W"]):
            return layer_of_parts(parts, "array")
        weights = _finite(parts["W"])
        layer_of_parts({**parts, "W": weights[:, :1]}, "array")  # are the other arrays right?
        return weights

    readers: dict[str, Callable[[Source], ReLULayer | np.ndarray]] = {
        ".npz": npz,
        ".npy": npy,
        ".json": lambda source: layer_of_parts(json_document(source, WANTED), "key"),
        ".csv": lambda source: ReLULayer(csv_rows(source)),
    }
    return read_with(readers, path, file_format)


def read_points(path: FilePath) -> np.ndarray:
    """Data points (M, n) in float64 from a ``.npy`` or ``.csv`` file, one point a line. Raises `InputError`."""

    def csv(source: Source) -> np.ndarray:
        return ReLULayer(csv_rows(source)).W.to_float()

    def npy(source: Source) -> np.ndarray:
        array = npy_array(source)
        return _finite(array) if array.ndim == MATRIX_AXES else _from_array(array).W.to_float()

    return read_with({".npy": npy, ".csv": csv}, path)


def _has_many_floats(array: np.ndarray) -> bool:
    return array.size >= MANY and array.dtype.kind == "f" and array.ndim == MATRIX_AXES


def _finite(array: np.ndarray) -> np.ndarray:
    weights = array.astype(np.float64)
    if not np.isfinite(weights).all():
        i, j = np.argwhere(~np.isfinite(weights))[0]
        raise InputError(f"found {weights[i, j]} in row {i}, column {j}, expected finite numbers; replace or remove it")
    return weights


def _layer_of_case(name: str) -> ReLULayer:
    document, folder = case_document(name)
    if "layer" in document:
        return ReLULayer(document["layer"]["W"], document["layer"].get("b"))
    if "layer_file" in document:
        return read_layer(folder / document["layer_file"])
    if "network" in document:
        raise InputError(
            f"casebook:{name} is a network, expected a dense layer; only certify, check, scan and invert take networks"
        )
    if "residual" in document:
        raise InputError(f"casebook:{name} is a residual block, expected a dense layer; only certify and check take it")
    raise InputError(f"casebook:{name} is a convolution, expected a dense layer; {KERNELS_ELSEWHERE}")


def _from_array(array: np.ndarray) -> ReLULayer:
    if array.ndim > MATRIX_AXES:
        raise InputError(
            f"found an array of shape {array.shape}, expected a matrix W of shape (m, n); {KERNELS_ELSEWHERE}"
        )
    return ReLULayer(array)


def _layer_arrays(source: Source) -> Arrays:
    return npz_arrays(source, WANTED, lambda names: require_layer_names(list(names), "array"))


def layer_of_parts(parts: Arrays, kind: str) -> ReLULayer:
    """The layer from named arrays (``"array"``) or keys (``"key"``); a bias may be a column (m, 1)."""
    require_layer_names(list(parts), kind)
    named = _named(parts)
    return ReLULayer(named["W"], flat_bias(named.get("b")), alpha=flat_bias(named.get("alpha")))


def _named(parts: Arrays) -> Arrays:
    """The arrays by our names; a single unnamed one is W."""
    if list(parts) == [UNNAMED]:
        return {"W": parts[UNNAMED]}
    return dict(zip(_our_names(list(parts)), parts.values(), strict=True))


def _our_names(names: list[str]) -> list[str]:
    """W and b for weight and bias, where all names are of that kind."""
    return [OTHER_NAMES[name] for name in names] if set(names) <= set(OTHER_NAMES) else names


def require_layer_names(names: list[str], kind: str) -> None:
    """Refuse arrays that belong to something else, or twice to the same."""
    if names == [UNNAMED] and kind == "array":
        return
    if "kernels" in names:
        raise InputError(f"found the {kind} 'kernels', expected {WANTED}; {KERNELS_ELSEWHERE}")
    if {"A", "B"} & set(names):
        raise InputError(_about_blocks(kind))
    if set(names) >= SPARSE_KEYS:
        raise InputError(
            f"found a matrix in SciPy's sparse format, expected {WANTED}; save it with numpy.save(FILE, A.toarray())"
        )
    if UNNAMED in names:
        raise InputError(f"found several unnamed arrays, expected {WANTED}; save with numpy.savez(FILE, W=W, b=b)")
    ours = _our_names(names)
    unknown = sorted(set(ours) - set(LAYER_KEYS))
    if unknown:
        raise InputError(f"found the {kind} {_shortened(unknown[0])!r}, expected {WANTED}; remove or rename it")
    if "W" not in ours:
        raise InputError(f"found no {kind} 'W', expected {WANTED}; add it")


def _about_blocks(kind: str) -> str:
    """What is wrong with a file that has A or B, where a dense layer is wanted."""
    return f"found the {kind}s of a residual block x + B ReLU(Ax + b), expected {WANTED}; `exactinj certify` decides it"


def flat_bias(bias: Any) -> Any:
    """A column as a plain list of numbers; anything else as it is."""
    if isinstance(bias, np.ndarray):
        return bias[:, 0] if bias.ndim == MATRIX_AXES and bias.shape[1] == 1 else bias
    if isinstance(bias, list) and bias and all(isinstance(row, list) and len(row) == 1 for row in bias):
        return [row[0] for row in bias]
    return bias


def _shortened(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


LAYER_READERS: dict[str, Callable[[Source], ReLULayer]] = {
    ".npz": lambda source: layer_of_parts(_layer_arrays(source), "array"),
    ".npy": lambda source: _from_array(npy_array(source)),
    ".json": lambda source: layer_of_parts(json_document(source, WANTED), "key"),
    ".csv": lambda source: ReLULayer(csv_rows(source)),
}
"""What makes a layer of a file, by its ending."""
