"""Read and write case files in the one canonical form, so that a re-run leaves no difference.

A script that makes a layer calls `put_layer` (exact rationals, kept in the JSON itself) or
`put_arrays` (floats, kept beside it as ``data/NAME.npz``). Both replace the layer of an existing case
and leave its prose alone: the words are edited by hand, the numbers are made. An array ``kernels``
among them makes it a convolution.
"""

from __future__ import annotations

import io
import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

CASEBOOK = Path(__file__).resolve().parent.parent
KEYS = [
    "name",
    "title",
    "statement",
    "source",
    "why",
    "expected",
    "domain",
    "input_shape",
    "sizes",
    "tags",
    "layer",
    "layer_file",
    "convolution",
    "convolution_file",
    "network",
    "residual",
    "evidence",
    "biases",
    "stability",
]
LAYER_KEYS = ["layer", "layer_file", "convolution", "convolution_file", "network", "residual"]
CONVOLUTION_KEYS = ["input_shape", "sizes"]
OPTIONAL_KEYS = ["biases", "stability"]
GEOMETRY = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"}


def names() -> list[str]:
    """The names of all cases, sorted."""
    return sorted(path.stem for path in CASEBOOK.glob("*.json"))


def load(name: str) -> dict[str, Any]:
    """One case as it is stored."""
    return json.loads((CASEBOOK / f"{name}.json").read_text(encoding="utf-8"))


def canonical(case: dict[str, Any]) -> str:
    """The text of a case file: keys in their order, one row of a matrix or one kernel on a line."""

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    def layer(value: dict[str, Any], rows_key: str) -> str:
        rows = ",\n".join(f"      {text(row)}" for row in value[rows_key])
        rest = "".join(f',\n    "{key}": {text(value[key])}' for key in ["b", *GEOMETRY] if key in value)
        return f'{{\n    "{rows_key}": [\n{rows}\n    ]{rest}\n  }}'

    def network(value: dict[str, Any]) -> str:
        layers = ",\n".join(f"      {text(part)}" for part in value["layers"])
        return f'{{\n    "layers": [\n{layers}\n    ]\n  }}'

    lines = []
    for key in KEYS:
        if key not in case:
            continue
        if key in ("layer", "convolution"):
            value = layer(case[key], "W" if key == "layer" else "kernels")
        elif key == "network":
            value = network(case[key])
        elif key == "residual":
            parts = (
                f'    "{name}": [\n' + ",\n".join(f"      {text(row)}" for row in case[key][name]) for name in "AB"
            )
            value = "{\n" + "".join(f"{part}\n    ],\n" for part in parts) + f'    "b": {text(case[key]["b"])}\n  }}'
        elif key in OPTIONAL_KEYS:
            value = "[\n" + ",\n".join(f"    {text(known)}" for known in case[key]) + "\n  ]"
        else:
            value = text(case[key])
        lines.append(f'  "{key}": {value}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def save(case: dict[str, Any]) -> None:
    """Write a case in the canonical form."""
    path = CASEBOOK / f"{case['name']}.json"
    path.write_text(canonical(case), encoding="utf-8", newline="\n")


def put_layer(name: str, rows: Sequence[Sequence[Any]], bias: Sequence[Any] | None = None) -> None:
    """Store exact rows (integers, Fractions or strings) and a bias in the case."""
    bias = [0] * len(rows) if bias is None else bias
    case = load(name)
    for key in LAYER_KEYS:
        case.pop(key, None)
    case["layer"] = {
        "W": [[str(Fraction(a)) for a in row] for row in rows],
        "b": [str(Fraction(a)) for a in bias],
    }
    save(case)


def put_arrays(name: str, **arrays: np.ndarray) -> None:
    """Store float arrays ``W`` and perhaps ``b`` in ``data/NAME.npz``, the same bytes every time.

    For a convolution: ``kernels``, perhaps ``b``, and the geometry as far as it is not the usual one.
    """
    file = f"data/{name}.npz"
    with zipfile.ZipFile(CASEBOOK / file, "w", zipfile.ZIP_STORED) as archive:
        for key, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system, member.external_attr = 3, 0o600 << 16
            archive.writestr(member, buffer.getvalue())
    case = load(name)
    for key in LAYER_KEYS:
        case.pop(key, None)
    case["convolution_file" if "kernels" in arrays else "layer_file"] = file
    save(case)
