"""Writing a layer to a file that `read_layer` and the checker read back as the same layer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.matrix import RationalMatrix
from exactinj.work.atomic import replacing

__all__ = ["WRITTEN_ENDINGS", "exact_floats", "require_layer_ending", "write_layer", "write_matrices"]

WRITTEN_ENDINGS = (".json", ".npz")


def require_layer_ending(path: str | os.PathLike[str]) -> str:
    """The ending of a layer file that can be written; `InputError` for others."""
    ending = Path(path).suffix.lower()
    if ending not in WRITTEN_ENDINGS:
        raise InputError(f"{path}: found the ending {ending!r}, expected .json (exact texts) or .npz (float64)")
    return ending


def write_layer(W: RationalMatrix, b: RationalMatrix, path: str | os.PathLike[str]) -> None:
    """Write W and the column b; never leaves half a file.

    ``.json`` holds every rational exactly, as text; ``.npz`` holds float64.

    Raises
    ------
    InputError
        For other endings, a place that cannot be written, and for ``.npz`` if a number is no float64.
    """
    write_matrices({"W": W}, b, path)


def write_matrices(matrices: Mapping[str, RationalMatrix], b: RationalMatrix, path: str | os.PathLike[str]) -> None:
    """The same for matrices by name, in this order, and the column b."""
    if require_layer_ending(path) == ".json":
        with replacing(Path(path)) as stream:
            for piece in _json_pieces(matrices, b):
                stream.write(piece.encode("ascii"))
        return
    arrays = {name: exact_floats(matrix, name, path) for name, matrix in matrices.items()}
    arrays["b"] = exact_floats(b, "b", path)[:, 0]
    with replacing(Path(path)) as stream:
        _save(stream, arrays)


def _json_pieces(matrices: Mapping[str, RationalMatrix], b: RationalMatrix) -> Iterator[str]:
    """The document in order, one row a line."""
    before = "{"
    for name, matrix in matrices.items():
        before += f'"{name}": [\n'
        for row in matrix.texts():
            yield f"{before}{_list(row)}"
            before = ",\n"
        before = "],\n"
    yield f'{before}"b": {_list([text for (text,) in b.texts()])}}}\n'


def _list(texts: list[str]) -> str:
    return '["' + '", "'.join(texts) + '"]'


def exact_floats(matrix: RationalMatrix, name: str, path: str | os.PathLike[str]) -> np.ndarray:
    """The matrix in float64; `InputError` if one of its numbers is none."""
    floats = matrix.to_float()
    if not np.isfinite(floats).all() or RationalMatrix(floats) != matrix:
        raise InputError(f"{path}: found numbers in {name} that are no float64, expected only such; write a .json file")
    return floats


def _save(stream: IO[bytes], arrays: dict[str, np.ndarray]) -> None:
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for its own flags
