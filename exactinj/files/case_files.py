"""The files of the casebook: where they lie, what they are called, which layer they hold.

In a checkout they lie in ``casebook/`` at the top level; a wheel carries them inside the package.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import exactinj
from exactinj.errors import InputError

__all__ = ["CASE_WORD", "case_document", "case_files", "case_layer_file", "case_name", "casebook_folder"]

CASE_WORD = "casebook:"
NEAREST = 3
KINDS = ("layer", "convolution", "network", "residual")  # whose numbers stand in the case itself


def casebook_folder() -> Path:
    """Where the cases lie: inside an installed package, or beside it in a checkout."""
    package = Path(exactinj.__file__).parent
    inside = package / "_casebook"
    return inside if inside.is_dir() else package.parent / "casebook"


def case_files() -> dict[str, Path]:
    """The file of every case, by name in order."""
    return {file.stem: file for file in sorted(casebook_folder().glob("*.json"))}


def case_name(path: object) -> str | None:
    """The case that a word such as ``casebook:cube`` names, else None."""
    return path.removeprefix(CASE_WORD) if isinstance(path, str) and path.startswith(CASE_WORD) else None


def case_document(name: str) -> tuple[dict[str, Any], Path]:
    """A case's document and its folder; `InputError` with the nearest names if there is no such case."""
    folder = casebook_folder()
    if f"{name}.json" not in {file.name for file in folder.iterdir()}:
        raise InputError(
            f"found the case name {name!r}, expected {_nearest(name, list(case_files()))}; "
            "`exactinj casebook list` shows all"
        )
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), folder


def case_layer_file(name: str, folder: Path) -> Path:
    """A layer, kernel or network file with the case's numbers: the one it names, or a new one in the folder."""
    document, home = case_document(name)
    for key in ("layer_file", "convolution_file"):
        if key in document:
            return home / str(document[key])
    file = folder / "layer.json"
    kind = next(key for key in KINDS if key in document)
    file.write_text(json.dumps(document[kind]), encoding="utf-8")
    return file


def _nearest(name: str, names: list[str]) -> str:
    """Names that look alike or contain what was asked for."""
    alike = difflib.get_close_matches(name.lower(), names, n=NEAREST, cutoff=0.5)
    containing = [other for other in names if name and name.lower() in other]
    found = list(dict.fromkeys([*containing, *alike]))[:NEAREST]
    return " or ".join(map(repr, found)) if found else f"one of {len(names)} names"
