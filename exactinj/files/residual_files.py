"""Reading residual blocks and networks from files: which of them, or a layer, a file holds is told by its names."""

from __future__ import annotations

from collections.abc import Callable

from exactinj.errors import InputError
from exactinj.files.case_files import case_document, case_name
from exactinj.files.layer_files import LAYER_READERS, WANTED, flat_bias, layer_of_parts, read_layer, require_layer_names
from exactinj.files.network_files import LAYERS, network_of_parts
from exactinj.files.numpy_files import Arrays, npz_arrays
from exactinj.files.sources import FilePath, Source, read_with
from exactinj.files.text_files import json_document
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock

__all__ = ["read_layer_or_block"]

WANTED_BLOCK = "A, B and optionally b of a residual block x + B ReLU(Ax + b)"
BLOCK_NAMES = {"A", "B", "b"}


def read_layer_or_block(path: FilePath, *, file_format: str | None = None) -> ReLULayer | ResidualBlock | DenseNetwork:
    """The layer of `read_layer`, the residual block in a file with A, B and perhaps b, or the network with ``layers``.

    Blocks are ``.npz`` or ``.json``, networks ``.json``.

    Parameters
    ----------
    path : a file; ``-`` for stdin; ``casebook:NAME`` for a case of the casebook that is no convolution
    file_format : ``"npz"``, ``"npy"``, ``"json"`` or ``"csv"``, where the name does not tell

    Raises
    ------
    InputError
        In one line that names the file.
    """
    name = case_name(path)
    if name is not None:
        document, _ = case_document(name)
        if "network" in document:
            return network_of_parts(document["network"])
        return _of_parts(document["residual"], "key") if "residual" in document else read_layer(path)
    readers: dict[str, Callable[[Source], ReLULayer | ResidualBlock | DenseNetwork]] = {
        **LAYER_READERS,
        ".npz": lambda source: _of_parts(_arrays(source), "array"),
        ".json": lambda source: _of_document(json_document(source, f"{WANTED}, or {WANTED_BLOCK}, or layers")),
    }
    return read_with(readers, path, file_format)


def _of_document(document: Arrays) -> ReLULayer | ResidualBlock | DenseNetwork:
    return network_of_parts(document) if LAYERS in document else _of_parts(document, "key")


def _arrays(source: Source) -> Arrays:
    return npz_arrays(source, f"{WANTED}, or {WANTED_BLOCK}", lambda names: _require_names(list(names), "array"))


def _of_parts(parts: Arrays, kind: str) -> ReLULayer | ResidualBlock:
    """The layer or block from named arrays; a bias may be a column (k, 1)."""
    _require_names(list(parts), kind)
    if not _is_block(list(parts)):
        return layer_of_parts(parts, kind)
    return ResidualBlock(parts["A"], parts["B"], flat_bias(parts.get("b")))


def _is_block(names: list[str]) -> bool:
    return bool({"A", "B"} & set(names))


def _require_names(names: list[str], kind: str) -> None:
    """Refuse names that belong neither to a layer nor to a block, or to both."""
    if not _is_block(names):
        require_layer_names(names, kind)
        return
    others = sorted(set(names) - BLOCK_NAMES)
    if {"W", "weight"} & set(others):
        found = ", ".join(name for name in names if name in {"W", "weight", "A", "B"})
        raise InputError(
            f"found the {kind}s {found}, expected {WANTED} of a layer, or {WANTED_BLOCK}, not both; remove one kind"
        )
    if others:
        raise InputError(f"found the {kind} {others[0][:40]!r}, expected {WANTED_BLOCK}; remove or rename it")
    missing = "B" if "B" not in names else "A" if "A" not in names else None
    if missing is not None:
        raise InputError(f"found no {kind} {missing!r}, expected {WANTED_BLOCK}; add it")
