"""The checker that is proved correct in Coq, a program of its own: found, run, and its answer read.

``proof/`` holds the theorems and how the program is made. It knows dense layers, convolutions, residual blocks, dense
networks and networks as graphs, with all their rules.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from numbers import Rational
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from exactinj import checker as independent
from exactinj.checker import CheckResult, Convolution, DenseNetwork, Residual, Unreadable
from exactinj.checker.faults import Source
from exactinj.checker.files.kernels import read_kernels
from exactinj.checker.files.layers import FilePath, opened, read_layer
from exactinj.checker.files.residuals import read_residual
from exactinj.checker.graph import GraphDigest
from exactinj.checker.network import DenseLayer
from exactinj.checker.rows import Layer
from exactinj.checker.stream import Reader, pieces_of
from exactinj.errors import InputError

__all__ = ["check_file", "check_stream", "program"]

NAME = "exactinj-proved"
VARIABLE = "EXACTINJ_PROVED"
BUILT = Path(__file__).parent.parent / "proof" / "_build" / NAME  # in a copy of the repository
UNREADABLE, REJECTED = 3, 4

_Given = Layer | Convolution | Residual | DenseNetwork | GraphDigest
_READERS: dict[object, Callable[[FilePath], _Given]] = {"convolution": read_kernels, "residual": read_residual}


def program() -> Path | None:
    """Where the program is: as the environment says, on the path, or where the repository builds it."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    found = shutil.which(NAME)
    if found:
        return Path(found)
    return BUILT if BUILT.is_file() else None


def check_file(path: FilePath, layer_path: FilePath | None = None) -> CheckResult:
    """As `exactinj.checker.check_file`; the program reads the file itself, and a layer file that is JSON as well.

    Raises InputError where the program is missing.
    """
    if layer_path is None:
        return _answer([os.fspath(path)])
    if Path(layer_path).suffix.lower() == ".json":
        return _answer([os.fspath(path), os.fspath(layer_path)])
    read = _READERS.get(_subject(path), read_layer)
    with TemporaryDirectory(prefix="exactinj-") as folder:
        return _answer([os.fspath(path), _written(read(layer_path), folder)])


def check_stream(binary_file: BinaryIO, layer: _Given | None = None) -> CheckResult:
    """As `exactinj.checker.check_stream`."""
    with TemporaryDirectory(prefix="exactinj-") as folder:
        certificate = Path(folder) / "certificate"
        with certificate.open("wb") as copy:
            shutil.copyfileobj(binary_file, copy)
        if layer is None:
            return _answer([str(certificate)])
        if _subject(certificate) not in (_kind(layer), None):
            with certificate.open("rb") as copied:  # it is about something else: rejected, which needs no proof
                return independent.check_stream(copied, layer)
        return _answer([str(certificate), _written(layer, folder)])


def _kind(layer: _Given) -> str:
    """What a certificate calls it."""
    kinds: dict[type, str] = {Convolution: "convolution", Residual: "residual", DenseNetwork: "dense_network"}
    return "graph" if isinstance(layer, GraphDigest) else kinds.get(type(layer), "layer")


def _subject(path: FilePath) -> object:
    """The key behind the domain: what kind of layer the certificate is about. None if that cannot be read."""
    try:
        with opened(path) as file:
            reader = Reader(pieces_of(file))
            for before, name in (("{", "format"), (",", "version"), (",", "claim"), (",", "domain")):
                reader.key(before, name)
                reader.value()
            reader.expect(",")
            return reader.value()
    except Unreadable:
        return None


def _written(layer: _Given, folder: str) -> str:
    """A JSON file of a layer, convolution, block or network with these exact numbers; of a graph with its digest."""
    path = Path(folder) / "layer.json"
    path.write_text(json.dumps(_document(layer)), encoding="ascii")
    return str(path)


def _document(layer: _Given) -> dict[str, object]:
    if isinstance(layer, Convolution):
        return _kernel_file(layer)
    if isinstance(layer, Residual):
        return {"A": _texts(layer.A), "B": _texts(layer.B), "b": _texts(layer.b)}
    if isinstance(layer, DenseNetwork):
        return {"layers": [_network_layer(part) for part in layer.layers]}
    if isinstance(layer, GraphDigest):
        return {"sha256": layer.sha256}
    return {"W": _texts(layer[0]), "b": _texts(layer[1])}


def _network_layer(layer: DenseLayer) -> dict[str, object]:
    return {"W": _texts(layer.W), "b": _texts(layer.b), "activation": {"leaky": _texts(layer.slopes)}}


def _kernel_file(layer: Convolution) -> dict[str, object]:
    shape = [layer.in_channels // layer.groups, *layer.kernel_size]
    return {
        "kernels": [_nested(kernel, shape) for kernel in _texts(layer.kernels)],
        "b": _texts(layer.b),
        "stride": layer.stride,
        "dilation": layer.dilation,
        "padding": layer.padding,
        "groups": layer.groups,
        "padding_mode": layer.padding_mode,
    }


def _texts(values: Any) -> Any:
    """Rationals, or lists of them, as strings."""
    return str(values) if isinstance(values, Rational) else [_texts(value) for value in values]


def _nested(values: list[str], shape: list[int]) -> list[Any]:
    """The entries of an array of this shape, in lists of lists."""
    if len(shape) == 1:
        return values
    size = len(values) // shape[0]
    return [_nested(values[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]


def _answer(files: list[str]) -> CheckResult:
    """What the program says about a certificate, and perhaps a layer."""
    found = program()
    if found is None:
        raise InputError(
            f"found no program {NAME}, expected it on PATH, in the variable {VARIABLE}, or built by make -C proof"
        )
    try:
        done = subprocess.run(  # noqa: S603 (the user's own program, and files that the user names)
            [found, "--json", *files], capture_output=True, text=True, encoding="utf-8", check=False
        )
        document = json.loads(done.stdout)
        result = CheckResult(valid=document["valid"], claim=document["claim"], reason=document["reason"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{found} gives no answer ({error}): build it again by make -C proof") from None
    if done.returncode == UNREADABLE:
        named = [source for source in Source if result.reason.startswith(f"{source.value}:")]
        raise Unreadable(result.reason, named[0] if named else Source.CERTIFICATE)
    if done.returncode != (0 if result.valid else REJECTED):
        raise InputError(f"{found} ended with status {done.returncode}: build it again by make -C proof")
    return result
