"""What users hand in where a model is expected: networks, dense networks, torch modules and files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exactinj.errors import InputError
from exactinj.files.checkpoint_tensors import CHECKPOINT_ENDINGS
from exactinj.files.checkpoints import Checkpoint, read_checkpoint
from exactinj.files.onnx import read_onnx
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.network import Network
from exactinj.layers.torch_modules import is_module
from exactinj.networks.dense_chains import graph_of_dense

__all__ = ["Model", "ModelOptions", "model_given"]

CHUNK = 1 << 20
EXPECTED = "expected an .onnx, .pt, .pth or .safetensors file, a torch module, a Network or a DenseNetwork"


@dataclass(frozen=True)
class ModelOptions:
    """What a model leaves open: the shape of an input, inputs that are held fixed, the geometry of a checkpoint."""

    input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None
    fixed: Mapping[str, Any] | None = None
    geometry: Any = None


@dataclass(frozen=True)
class Model:
    """A model as it is scanned: its graph, or weights without one, and what results say about where it comes from."""

    content: Network | Checkpoint
    record: dict[str, object]
    source: Any = field(default=None, repr=False)
    fixed: Mapping[str, Any] | None = None


def model_given(value: Any, options: ModelOptions) -> Model:
    """The model that a value stands for; `InputError` for anything else, `MissingExtraError` where a package lacks."""
    if isinstance(value, str | os.PathLike):
        return _of_file(value, options)
    network = _network(value, options)
    return Model(network, {"file": None, "sha256": network.digest}, value)


def _network(value: Any, options: ModelOptions) -> Network:
    if options.fixed or options.geometry is not None:
        name = "fixed inputs" if options.fixed else "a geometry"
        raise InputError(f"found {name} for a model that is no file of that kind; leave that out")
    if isinstance(value, Network):
        return value
    if isinstance(value, DenseNetwork):
        return graph_of_dense(value)
    if is_module(value):
        if options.input_shape is None:
            raise InputError("found a torch module without an input shape, expected input_shape=(1, ...)")
        return Network.from_torch(value, options.input_shape)
    raise InputError(f"found an object of type {type(value).__name__}, {EXPECTED}")


def _of_file(path: str | os.PathLike[str], options: ModelOptions) -> Model:
    ending = Path(path).suffix.lower()
    record = _file_record(path)
    if ending == ".onnx":
        if options.geometry is not None:
            raise InputError("found a geometry for an .onnx file, which holds its own; leave it out")
        return Model(read_onnx(path, options.input_shape, fixed=options.fixed), record, path, options.fixed)
    if ending in CHECKPOINT_ENDINGS:
        if options.fixed or options.input_shape is not None:
            name = "fixed inputs" if options.fixed else "an input shape"
            raise InputError(f"found {name} for a file of weights, which holds no graph; leave that out")
        return Model(read_checkpoint(path, options.geometry), record, path)
    raise InputError(f"found the file {Path(path).name!r}, {EXPECTED}")


def _file_record(path: str | os.PathLike[str]) -> dict[str, object]:
    """Name and SHA-256 of a file."""
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; name a file that can be read") from None
    return {"file": Path(path).name, "sha256": digest.hexdigest()}
