"""Dense networks in files: a ``.json`` with the list ``layers``, each with W, and perhaps b and activation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exactinj.errors import InputError
from exactinj.layers.dense_network import DenseNetwork

__all__ = ["LAYERS", "network_of_parts"]

LAYERS = "layers"
WANTED_NETWORK = '{"layers": [{"W": ..., "b": ..., "activation": "relu", "none" or {"leaky": slope}}, ...]}'


def network_of_parts(parts: Mapping[str, Any]) -> DenseNetwork:
    """The network of a document with the key ``layers``. Raises `InputError`."""
    others = sorted(set(parts) - {LAYERS})
    if others:
        raise InputError(f"found the key {others[0][:40]!r} beside 'layers', expected {WANTED_NETWORK}; remove it")
    layers = parts[LAYERS]
    if not isinstance(layers, list):
        raise InputError(f"found layers of type {type(layers).__name__}, expected a list: {WANTED_NETWORK}")
    for k, layer in enumerate(layers):
        if not isinstance(layer, Mapping):
            raise InputError(f"layer {k}: found a value of type {type(layer).__name__}, expected {WANTED_NETWORK}")
        if not isinstance(layer.get("activation", ""), str | Mapping):
            raise InputError(f'layer {k}: found no activation, expected "relu", "none" or {{"leaky": slope}}')
    return DenseNetwork(layers)
