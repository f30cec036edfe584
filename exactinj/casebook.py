"""The casebook: layers with known answers and sources, one JSON file each.

In a checkout the files lie in ``casebook/`` at the top level; a wheel carries them inside the package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from exactinj.domains import Domain, Region, convex_domain
from exactinj.errors import InputError
from exactinj.exact.surd import Surd
from exactinj.layer import ReLULayer
from exactinj.reading import parse_domain, read_layer

__all__ = ["Case", "KnownBias", "all_cases", "casebook_folder", "find_case"]

KEYS = ("name", "title", "statement", "source", "why", "expected", "domain", "tags", "evidence")
OPTIONAL_KEYS = {"biases"}


@dataclass(frozen=True)
class KnownBias:
    """The exact bias alpha of every row that a method (``exact`` or ``hull``) has to give on a domain."""

    method: str
    domain: Region
    alpha: tuple[Surd, ...]


@dataclass(frozen=True)
class Case:
    """A layer, where it comes from, why it is interesting, and what the right answer is."""

    name: str
    title: str
    statement: str
    source: str
    why: str
    expected: str
    domain: Domain
    tags: tuple[str, ...]
    evidence: str
    layer: ReLULayer
    biases: tuple[KnownBias, ...] = ()


def casebook_folder() -> Path:
    """Where the cases lie: inside an installed package, or beside it in a checkout."""
    inside = Path(__file__).parent / "_casebook"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "casebook"


def all_cases() -> list[Case]:
    """Every case, by name."""
    return [_read_case(file) for file in _case_files()]


def find_case(name: str) -> Case:
    """One case; `InputError` with the names there are if it is unknown."""
    files = {file.stem: file for file in _case_files()}
    if name not in files:
        raise InputError(f"found the case name {name!r}, expected one of {', '.join(files)}")
    return _read_case(files[name])


def _case_files() -> list[Path]:
    return sorted(casebook_folder().glob("*.json"))


def _read_case(file: Path) -> Case:
    document = json.loads(file.read_text(encoding="utf-8"))
    layer_keys = {"layer"} if "layer" in document else {"layer_file"}
    if set(document) - OPTIONAL_KEYS != {*KEYS, *layer_keys} or document["name"] != file.stem:
        raise InputError(f"{file}: expected the keys {', '.join(KEYS)} and layer or layer_file, and its own name")
    if "layer" in document:
        layer = ReLULayer(document["layer"]["W"], document["layer"].get("b"))
    else:
        layer = read_layer(file.parent / document["layer_file"])
    fields = {key: document[key] for key in KEYS if key not in ("domain", "tags")}
    biases = tuple(
        KnownBias(known["method"], parse_domain(known["domain"]), tuple(map(Surd.parse, known["alpha"])))
        for known in document.get("biases", ())
    )
    domain = convex_domain(parse_domain(document["domain"]))
    return Case(**fields, domain=domain, tags=tuple(document["tags"]), layer=layer, biases=biases)
