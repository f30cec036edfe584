"""What a checkpoint does not say about its layers, as a small TOML file or a mapping says it.

A table a layer or a group of layers, its name the layer's with ``*`` and ``?`` as in file names; later tables go before
earlier ones, key by key::

    ["*"]
    padding = 1
    ["layer2.*.conv1"]
    stride = 2
    batch_norm = "layer2.0.bn1"     # or "none"
    activation = "relu"
    domain = "nonneg"
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from exactinj.errors import InputError
from exactinj.files.sources import FilePath, cause_of, read_with

__all__ = ["Geometry", "read_geometry"]

Geometry = Mapping[str, Mapping[str, Any]]
CONVOLUTION = ("stride", "padding", "dilation", "groups", "padding_mode")
KEYS = (*CONVOLUTION, "activation", "domain", "batch_norm", "epsilon", "skip")
TEXTS = ("padding_mode", "activation", "domain", "batch_norm")
MOST_BYTES = 1 << 20


def read_geometry(given: FilePath | Geometry | None) -> dict[str, dict[str, Any]]:
    """The tables of a file or mapping by name.

    Raises
    ------
    InputError
        In one line, for what is no TOML, keys that are not known and values of the wrong kind.
    """
    if given is None:
        return {}
    if isinstance(given, str | os.PathLike):
        return read_with({".toml": lambda source: _tables(_toml(source.content()))}, given)
    return _tables(given)


def _toml(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise InputError(f"found {len(content)} bytes, expected a small file of tables")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"not readable as TOML ({cause_of(error)}); expected tables of layers") from None


def _tables(document: Any) -> dict[str, dict[str, Any]]:
    tables = {}
    for name, table in document.items():
        if not isinstance(table, Mapping):
            raise InputError(f'found {name!r} outside a table, expected tables such as ["conv1"] or ["*"]')
        for key, value in table.items():
            _require_known(name, key, value)
        tables[str(name)] = dict(table)
    return tables


def _require_known(name: str, key: str, value: Any) -> None:
    if isinstance(value, Mapping):
        raise InputError(f'found the table {name}.{key}, expected names with points in quotes, as in ["{name}.{key}"]')
    if key not in KEYS:
        raise InputError(f"found the key {key!r} in the table {name!r}, expected one of {', '.join(KEYS)}")
    if key in TEXTS and not isinstance(value, str):
        raise InputError(f"found {key} = {value!r} in the table {name!r}, expected a text")
    if key == "skip" and not isinstance(value, bool):
        raise InputError(f"found skip = {value!r} in the table {name!r}, expected true or false")


def geometry_of(tables: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """What the tables say of a layer."""
    said: dict[str, Any] = {}
    for pattern, table in tables.items():
        if fnmatchcase(name, pattern):
            said |= table
    return said


def require_used(tables: Mapping[str, Any], names: Iterable[str]) -> None:
    """`InputError` for a table that no layer has the name of."""
    known = list(names)
    for pattern in tables:
        if not any(fnmatchcase(name, pattern) for name in known):
            found = ", ".join(known[:4]) + (", ..." if len(known) > 4 else "")  # noqa: PLR2004 (a few)
            raise InputError(f"found the table {pattern!r} in the geometry, expected names of layers such as {found}")
