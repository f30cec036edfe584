"""Reading layers from files and domains from words, exactly and without trusting them.

``.npz`` and ``.npy`` hold floats or integers (never pickles), ``.json`` and ``.csv`` hold strings
that spell rationals. Whatever is wrong becomes one `InputError` line.
"""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from exactinj.domains import (
    Ball,
    Box,
    NonnegativeBall,
    NonnegativeOrthant,
    Polytope,
    RealSpace,
    Region,
    Shell,
    Sphere,
)
from exactinj.errors import InputError
from exactinj.layers.dense import ReLULayer

__all__ = [
    "Arrays",
    "cause_of",
    "guarded",
    "json_document",
    "npy_array",
    "npz_arrays",
    "parse_domain",
    "read_layer",
    "read_points",
    "read_rows",
]

LAYER_KEYS = ("W", "b", "alpha")
POLYTOPE_KEYS = {"G", "h"}
MATRIX_AXES = 2
MANY = 1 << 20  # weights, from which on `read_rows` leaves floats as they are
KERNELS_ELSEWHERE = "for the kernels of a convolution use `exactinj conv` (in Python `read_kernels`)"
DOMAIN_FORMS = (
    "R^n, nonneg, ball:r, ball:r:c1,...,cn, nonneg-ball:r, sphere:r, shell:s,r, box:l,u, "
    "box:l1,...,ln:u1,...,un, polytope:FILE"
)
Arrays = dict[str, Any]
Content = TypeVar("Content")


def read_layer(path: str | os.PathLike[str]) -> ReLULayer:
    """The layer in a ``.npz``, ``.npy``, ``.json`` or ``.csv`` file.

    ``.npz``: arrays ``W`` (m, n) and optionally ``b`` or ``alpha`` (m,). ``.npy``: W. ``.json``: an
    object with ``W`` and optionally ``b`` or ``alpha``; strings are exact rationals (``"1/2"``,
    ``"0.1"``), bare integers are exact, bare decimals are the float64 that JSON means by them.
    ``.csv``: one row of W a line, the same strings. Raises `InputError`.
    """
    file = Path(path)
    readers: dict[str, Callable[[Path], ReLULayer]] = {
        ".npz": _read_npz,
        ".npy": _read_npy,
        ".json": _read_json,
        ".csv": _read_csv,
    }
    return guarded(file, readers)


def guarded(file: Path, readers: dict[str, Callable[[Path], Content]]) -> Content:
    """The reader for the file's ending, with every error as one line that names the file."""
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file}: found the ending {file.suffix!r}, expected one of {', '.join(readers)}")
    try:
        return reader(file)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except FileNotFoundError:
        raise InputError(f"{file}: no such file; check the path") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); check the file") from None


def read_rows(path: str | os.PathLike[str]) -> ReLULayer | np.ndarray:
    """As `read_layer`, but where a ``.npz`` or ``.npy`` file holds a million floats or more, they stay floats (m, n).

    For methods that need the weights as floats only; exact rationals take a hundred times their room. Raises
    `InputError`.
    """

    def npy(file: Path) -> ReLULayer | np.ndarray:
        array = npy_array(file, "shape (m, n)")
        return _finite(array) if _has_many_floats(array) else _from_array(array)

    def npz(file: Path) -> ReLULayer | np.ndarray:
        parts = npz_arrays(file, "W and b")
        if "W" not in parts or not _has_many_floats(parts["W"]):
            return _from_parts(parts, "array")
        weights = _finite(parts["W"])
        _from_parts({**parts, "W": weights[:, :1]}, "array")  # are the other arrays right?
        return weights

    file = Path(path)
    if file.suffix.lower() in (".npy", ".npz"):
        return guarded(file, {".npy": npy, ".npz": npz})
    return read_layer(file)


def _has_many_floats(array: np.ndarray) -> bool:
    return array.size >= MANY and array.dtype.kind == "f" and array.ndim == MATRIX_AXES


def _finite(array: np.ndarray) -> np.ndarray:
    weights = array.astype(np.float64)
    if not np.isfinite(weights).all():
        i, j = np.argwhere(~np.isfinite(weights))[0]
        raise InputError(f"found {weights[i, j]} in row {i}, column {j}, expected finite numbers; replace or remove it")
    return weights


def read_points(path: str | os.PathLike[str]) -> np.ndarray:
    """Data points (M, n) in float64 from a ``.npy`` or ``.csv`` file, one point a line. Raises `InputError`."""
    layer = guarded(Path(path), {".npy": _read_npy, ".csv": _read_csv})
    return layer.W.to_float()


def parse_domain(text: str) -> Region:
    """The domain that a command-line text names.

    ``R^n``, ``nonneg``, ``ball:r`` (around 0) or ``ball:r:c1,...,cn``, ``nonneg-ball:r``, ``sphere:r``, ``shell:s,r``,
    ``box:l,u`` (the same bounds for every coordinate) or ``box:l1,...,ln:u1,...,un``, and ``polytope:FILE``
    with a ``.json`` or ``.npz`` file of ``G`` and ``h`` for ``G x <= h``. Numbers are exact, as in ``1/3``. Raises
    `InputError`.

    >>> parse_domain("ball:1/3").radius
    Fraction(1, 3)
    """
    kind, *parts = text.split(":")
    makers: dict[tuple[str, int], Callable[..., Region]] = {
        ("R^n", 0): RealSpace,
        ("nonneg", 0): NonnegativeOrthant,
        ("ball", 1): Ball,
        ("ball", 2): lambda radius, center: Ball(radius, center.split(",")),
        ("nonneg-ball", 1): NonnegativeBall,
        ("sphere", 1): Sphere,
        ("shell", 1): lambda radii: Shell(*_pair(radii)),
        ("box", 1): lambda bounds: Box(*_pair(bounds)),
        ("box", 2): lambda lower, upper: Box(_one_or_more(lower), _one_or_more(upper)),
    }
    if kind == "polytope" and parts:
        return _read_polytope(Path(text.removeprefix("polytope:")))
    maker = makers.get((kind, len(parts)))
    if maker is None:
        raise InputError(f"found the domain {text!r}, expected one of {DOMAIN_FORMS}")
    try:
        return maker(*parts)
    except InputError as error:
        raise InputError(f"domain {text!r}: {error}") from None


def _pair(text: str) -> list[str]:
    numbers = text.split(",")
    if len(numbers) != 2:  # noqa: PLR2004
        raise InputError(f"found {text!r}, expected two numbers with a comma between them")
    return numbers


def _one_or_more(text: str) -> str | list[str]:
    numbers = text.split(",")
    return numbers if len(numbers) > 1 else text


def _read_polytope(file: Path) -> Polytope:
    if not file.name:
        raise InputError("found the domain 'polytope:' without a file, expected polytope:FILE with G and h")
    readers: dict[str, Callable[[Path], Arrays]] = {
        ".npz": lambda path: npz_arrays(path, "G and h"),
        ".json": lambda path: json_document(path, "G and h"),
    }
    arrays = guarded(file, readers)
    if set(arrays) != POLYTOPE_KEYS:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InputError(f"{file}: found {found}, expected G and h for the halfspaces G x <= h; rename or add them")
    try:
        return Polytope(arrays["G"], arrays["h"])
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def _read_npz(file: Path) -> ReLULayer:
    return _from_parts(npz_arrays(file, "W and b"), "array")


def npz_arrays(file: Path, wanted: str) -> Arrays:
    """The arrays in a ``.npz`` file by name; `InputError` if it is none, or holds pickles."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise InputError("found a single array, expected an .npz archive; rename it to .npy")
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, NotImplementedError) as error:
        raise InputError(f"{cause_of(error)}; expected an .npz archive of plain number arrays {wanted}") from None
    return arrays


def _read_npy(file: Path) -> ReLULayer:
    return _from_array(npy_array(file, "shape (m, n)"))


def _from_array(array: np.ndarray) -> ReLULayer:
    if array.ndim > MATRIX_AXES:
        raise InputError(
            f"found an array of shape {array.shape}, expected a matrix W of shape (m, n); {KERNELS_ELSEWHERE}"
        )
    return ReLULayer(array)


def npy_array(file: Path, wanted: str) -> np.ndarray:
    """The array in a ``.npy`` file; `InputError` if it is none, or holds pickles."""
    try:
        with file.open("rb") as stream:
            array = np.load(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{cause_of(error)}; expected an .npy file of plain numbers, {wanted}") from None
    if not isinstance(array, np.ndarray):
        raise InputError("found an archive, expected a single array; rename it to .npz")
    return array


def _read_json(file: Path) -> ReLULayer:
    return _from_parts(json_document(file, "W and b"), "key")


def json_document(file: Path, wanted: str) -> Arrays:
    """The object in a ``.json`` file; `InputError` if it is none, or repeats a key."""
    try:
        document = json.loads(
            file.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"not readable as JSON ({cause_of(error)}); expected an object with the keys {wanted}"
        ) from None
    except ValueError as error:
        raise InputError(str(error)) from None
    if not isinstance(document, dict):
        raise InputError(f"found a JSON {type(document).__name__}, expected an object with the keys {wanted}")
    return document


def _read_csv(file: Path) -> ReLULayer:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.reader(stream) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"not readable as CSV ({cause_of(error)}); expected rows of numbers") from None
    return ReLULayer(rows)


def _from_parts(parts: dict[str, Any], kind: str) -> ReLULayer:
    if "kernels" in parts:
        raise InputError(f"found the {kind} 'kernels', expected W and optionally b or alpha; {KERNELS_ELSEWHERE}")
    unknown = sorted(set(parts) - set(LAYER_KEYS))
    if unknown:
        raise InputError(f"found the {kind} {unknown[0]!r}, expected W and optionally b or alpha; remove or rename it")
    if "W" not in parts:
        raise InputError(f"found no {kind} 'W', expected W and optionally b or alpha; add it")
    return ReLULayer(parts["W"], parts.get("b"), alpha=parts.get("alpha"))


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"found the key {name!r} twice, expected it once; remove one")
    return dict(pairs)


def _refuse_constant(name: str) -> float:
    raise InputError(f"found {name}, expected a finite number; replace or remove it")


def cause_of(error: Exception) -> str:
    """The first line of an error, or its type."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
