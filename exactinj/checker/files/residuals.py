"""Block files, certificates-network.md: A, B and perhaps b of x + B ReLU(Ax + b)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.files.arrays import npy_array, npz_arrays
from exactinj.checker.files.layers import FilePath, read_file
from exactinj.checker.files.texts import entry_of, json_object
from exactinj.checker.rationals import show
from exactinj.checker.residual import Residual

__all__ = ["read_residual"]


def _require_block_names(names: Sequence[str]) -> None:
    """Raises Unreadable for names that do not belong into a block file."""
    if not {"A", "B"} <= set(names) or not set(names) <= {"A", "B", "b"}:
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected A, B and perhaps b, as the certificate is about a residual block; found {found}")


def _matrix(value: object, name: str) -> list[list[Fraction]]:
    if not isinstance(value, list) or not value or not all(isinstance(row, list) and row for row in value):
        raise Unreadable(f"{name}: expected a matrix, at least one row, none of them empty")
    if any(len(row) != len(value[0]) for row in value):
        raise Unreadable(f"{name}: expected rows of equal length")
    return [[entry_of(entry, f"{name}[{i}][{j}]") for j, entry in enumerate(row)] for i, row in enumerate(value)]


def _residual(arrays: dict[str, Any]) -> Residual:
    """The block from the arrays of a file; null for b means 0, a column is a list."""
    _require_block_names(list(arrays))
    A, B = _matrix(arrays["A"], "A"), _matrix(arrays["B"], "B")
    k, n = len(A), len(A[0])
    if len(B) != n or len(B[0]) != k:
        raise Unreadable(f"B: expected shape {n} x {k} for A of shape {k} x {n}, found {len(B)} x {len(B[0])}")
    b = arrays.get("b")
    b = [0] * k if b is None else b
    if isinstance(b, list) and b and all(isinstance(row, list) and len(row) == 1 for row in b):
        b = [row[0] for row in b]
    if not isinstance(b, list) or len(b) != k:
        raise Unreadable(f"b: expected one number for each of the {k} rows of A")
    return Residual(A, B, [entry_of(entry, f"b[{i}]") for i, entry in enumerate(b)])


_BLOCK_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": json_object,
    ".npz": lambda data: npz_arrays(data, _require_block_names, npy_array),
}


def read_residual(path: FilePath) -> Residual:
    """The exact block of a block file. Raises Unreadable."""
    return read_file(path, Source.BLOCK_FILE, _BLOCK_FORMATS, _residual)
