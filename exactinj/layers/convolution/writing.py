"""Writing a convolution to a file that `read_kernels` and the checker read back as the same layer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from exactinj.exact.matrix import RationalMatrix
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.writing import exact_floats, require_layer_ending
from exactinj.work.atomic import replacing

__all__ = ["write_kernels"]

GEOMETRY = ("stride", "padding", "dilation", "groups", "padding_mode")


def write_kernels(
    kernels: RationalMatrix, b: RationalMatrix, record: Mapping[str, Any], path: str | os.PathLike[str]
) -> None:
    """Write kernels, one row each, and biases with the geometry of a layer's record; never leaves half a file.

    ``.json`` holds every rational exactly, as text; ``.npz`` holds float64.

    Raises
    ------
    InputError
        For other endings, a place that cannot be written, and for ``.npz`` if a number is no float64.
    """
    ins, size = record["in_channels"] // record["groups"], record["kernel_size"]
    geometry = {name: record[name] for name in GEOMETRY}
    if require_layer_ending(path) == ".json":
        nested = shaped(list(kernels.texts()), ins, size)
        document = {"kernels": nested, "b": [text for (text,) in b.texts()], **geometry}
        with replacing(Path(path)) as stream:
            stream.write((json.dumps(document) + "\n").encode("ascii"))
        return
    weights = exact_floats(kernels, "kernels", path).reshape(-1, ins, *size)
    arrays = {"kernels": weights, "b": exact_floats(b, "b", path)[:, 0]}
    with replacing(Path(path)) as stream:
        np.savez(stream, **arrays, **{name: np.array(value) for name, value in geometry.items()})  # type: ignore[arg-type]
