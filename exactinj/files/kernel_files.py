"""Reading convolution kernels from files, exactly and without trusting them.

The format is the section "Kernel files" of ``docs/certificates-convolution.md``; the checker reads it with code of its
own, and the two must see the same layer or both refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.files.case_files import case_document, case_name
from exactinj.files.numpy_files import NUMBERS, Arrays, npy_array, npz_arrays
from exactinj.files.sources import FilePath, Source, read_with
from exactinj.files.text_files import json_document
from exactinj.layers.convolution import ConvLayer

__all__ = ["KERNEL_ENDINGS", "read_kernels"]

KERNEL_ENDINGS = (".npz", ".npy", ".json")

GEOMETRY = ("stride", "padding", "dilation", "groups", "padding_mode")
WANTED = "kernels and optionally b, " + ", ".join(GEOMETRY)
SHAPE = "shape (out, in / groups, *kernel size)"
LEAST_AXES = 3
PAIR = 2


def read_kernels(
    path: FilePath,
    *,
    file_format: str | None = None,
    stride: Any = None,
    padding: Any = None,
    dilation: Any = None,
    groups: int | None = None,
    padding_mode: str | None = None,
) -> ConvLayer:
    """The convolution in a ``.npz``, ``.npy`` or ``.json`` file, or of the casebook.

    ``.npy``: the kernels (out, in / groups, *kernel size). ``.npz``: arrays ``kernels`` and optionally ``b``,
    ``stride``, ``padding``, ``dilation``, ``groups`` and ``padding_mode``. ``.json``: an object with the same keys;
    strings are exact rationals (``"1/2"``), bare decimals are the float64 that JSON means by them.

    Parameters
    ----------
    path : a file; ``-`` for stdin; ``casebook:NAME`` for a convolution of the casebook
    file_format : ``"npz"``, ``"npy"`` or ``"json"``, where the name does not tell
    stride, padding, dilation, groups, padding_mode : optional
        As in `ConvLayer`; they fill what the file leaves out. A value that the file states may be repeated here, but
        not changed.

    Raises
    ------
    InputError
        In one line that names the file, for files of another kind or damaged ones, arguments that `ConvLayer` refuses,
        and a value that differs from the file's.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "edges.json"
    ...     _ = file.write_text('{"kernels": [[["1/2", 1]], [["-1/2", -1]]], "stride": 1}')
    ...     read_kernels(file, padding=(1,)).description
    '2 kernels of size 2 on 1 channel, padding 1 (zeros)'
    """
    given = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": padding_mode,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    name = case_name(path)
    if name is not None:
        return _kernels_of_case(name, chosen)
    parts: dict[str, Callable[[Source], Arrays]] = {".npz": _npz_parts, ".npy": _npy_parts, ".json": _json_parts}
    readers = {ending: _layer_reader(reader, chosen) for ending, reader in parts.items()}
    return read_with(readers, path, file_format)


def _kernels_of_case(name: str, chosen: dict[str, Any]) -> ConvLayer:
    document, folder = case_document(name)
    if "convolution" in document:
        return _layer_from(document["convolution"], chosen)
    if "convolution_file" in document:
        return read_kernels(folder / document["convolution_file"], **chosen)
    raise InputError(f"casebook:{name} is a dense layer, expected a convolution; use `exactinj certify`")


def _layer_reader(parts: Callable[[Source], Arrays], chosen: dict[str, Any]) -> Callable[[Source], ConvLayer]:
    return lambda source: _layer_from(parts(source), chosen)


def _layer_from(stated: Arrays, chosen: dict[str, Any]) -> ConvLayer:
    """The layer of a file, with what was chosen for what the file leaves out."""
    layer = ConvLayer(**{**chosen, **stated})
    _require_axes(stated, layer.dimensions)
    for name in (name for name in chosen if name in stated):
        _require_same(name, layer, ConvLayer(**{**chosen, **stated, name: chosen[name]}))
    return layer


def _require_same(name: str, layer: ConvLayer, other: ConvLayer) -> None:
    found, wanted = getattr(layer, name), getattr(other, name)
    if found != wanted:
        raise InputError(
            f"found the {name} {_geometry_text(found)} in the file, expected {_geometry_text(wanted)} as asked for; "
            "leave one of them out"
        )


def _geometry_text(value: Any) -> str:
    """As on the command line: ``1``, ``1,2``, ``1:0,2:2``, ``zeros``."""
    if not isinstance(value, tuple):
        return str(value)
    return ",".join(":".join(map(str, part)) if isinstance(part, tuple) else str(part) for part in value)


def _require_axes(stated: Arrays, count: int) -> None:
    """Files give one number for all axes or one for each; a single one in a list is ambiguous."""
    for name in ("stride", "padding", "dilation"):
        value = stated.get(name)
        if isinstance(value, list) and len(value) != count:
            raise InputError(
                f"found {len(value)} entries as {name}, expected one number, or one entry for each of the {count} axes"
            )


def _npy_parts(source: Source) -> Arrays:
    array = npy_array(source)
    if array.ndim < LEAST_AXES:
        raise InputError(
            f"found an array of shape {array.shape}, expected kernels of {SHAPE}, also for one channel; "
            "for a dense layer use `exactinj certify`"
        )
    return {"kernels": array}


def _npz_parts(source: Source) -> Arrays:
    arrays = npz_arrays(source, WANTED, lambda names: _require_keys(names, "array"), kinds=NUMBERS + "U")
    return _checked({name: _plain(name, array) for name, array in arrays.items()})


def _plain(name: str, array: np.ndarray) -> Any:
    """Kernels and biases as arrays, everything else as integers, lists of them, or text."""
    if name in ("kernels", "b"):
        return array
    kinds, wanted = ("U", "a text") if name == "padding_mode" else ("fiu", "integers")
    if array.dtype.kind not in kinds or (name == "padding_mode" and array.ndim):
        raise InputError(f"{name} has dtype {array.dtype} and shape {array.shape}, expected {wanted}; convert it first")
    return array.tolist()


def _json_parts(source: Source) -> Arrays:
    document = json_document(source, WANTED)
    _require_keys(document, "key")
    return _checked(document)


def _require_keys(names: Iterable[str], kind: str) -> None:
    parts = set(names)
    if "kernels" not in parts:
        dense = "; for a dense layer use `exactinj certify`" if "W" in parts else "; add it"
        raise InputError(f"found no {kind} 'kernels', expected {WANTED}{dense}")
    unknown = sorted(parts - {"kernels", "b", *GEOMETRY})
    if unknown:
        raise InputError(f"found the {kind} {unknown[0]!r}, expected {WANTED}; remove or rename it")


def _checked(parts: Arrays) -> Arrays:
    """The parts with integers where a geometry is stated, however they were spelt."""
    if parts.get("b", 0) is None:
        raise InputError("found null as b, expected one number for each output channel; leave the key out")
    readers: dict[str, Callable[[Any, str], Any]] = {
        "stride": _integers,
        "padding": _padding,
        "dilation": _integers,
        "groups": _whole,
        "padding_mode": _text,
    }
    return {name: readers[name](value, name) if name in readers else value for name, value in parts.items()}


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"found {_shown(value)} as {name}, expected a text such as 'zeros'")
    return value


def _whole(value: Any, name: str) -> int:
    """An integer, perhaps spelt as a text or a float."""
    try:
        exact = fraction_from(value)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    if exact.denominator != 1:
        raise InputError(f"found {name} {_shown(value)}, expected an integer")
    return exact.numerator


def _integers(value: Any, name: str) -> int | list[int]:
    return [_whole(entry, name) for entry in value] if isinstance(value, list) else _whole(value, name)


def _padding(value: Any, name: str) -> Any:
    """One integer, one for each axis, or a pair for each axis."""
    if not isinstance(value, list) or not any(isinstance(entry, list) for entry in value):
        return _integers(value, name)
    if not all(isinstance(entry, list) and len(entry) == PAIR for entry in value):
        raise InputError(f"found {_shown(value)} as padding, expected one integer, or one or a pair for each axis")
    return [_integers(pair, name) for pair in value]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:36] + "..."  # noqa: PLR2004
