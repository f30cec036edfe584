"""What users hand in where a model is expected: networks, dense networks, torch modules and files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exactinj.errors import InputError
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.network import Network
from exactinj.layers.torch_modules import is_module
from exactinj.networks.dense_chains import graph_of_dense

__all__ = ["Model", "model_given"]

CHUNK = 1 << 20
EXPECTED = "expected an .onnx, .pt, .pth or .safetensors file, a torch module, a Network or a DenseNetwork"


@dataclass(frozen=True)
class Model:
    """A model as it is scanned: its graph, and what results say about where it comes from."""

    network: Network
    record: dict[str, object]


def model_given(value: Any, input_shape: Sequence[int] | None = None) -> Model:
    """The model that a value stands for; `InputError` for anything else, `MissingExtraError` where a package lacks."""
    if isinstance(value, Network):
        return Model(value, _unnamed(value))
    if isinstance(value, DenseNetwork):
        network = graph_of_dense(value)
        return Model(network, _unnamed(network))
    if is_module(value):
        if input_shape is None:
            raise InputError(
                "found a torch module without an input shape, expected input_shape=(1, ...), its batch of 1"
            )
        network = Network.from_torch(value, input_shape)
        return Model(network, _unnamed(network))
    if isinstance(value, str | os.PathLike):
        raise InputError(f"found the file {Path(value).name!r}, {EXPECTED}")
    raise InputError(f"found an object of type {type(value).__name__}, {EXPECTED}")


def _unnamed(network: Network) -> dict[str, object]:
    return {"file": None, "sha256": network.digest}


def file_record(path: str | os.PathLike[str]) -> dict[str, object]:
    """Name and SHA-256 of a file."""
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; name a file that can be read") from None
    return {"file": Path(path).name, "sha256": digest.hexdigest()}
