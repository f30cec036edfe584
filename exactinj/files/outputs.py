"""Outputs of a layer, one or rows of them, from arrays, lists and files; exact, and refused where no layer has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.arrays import is_nested, plain_array
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.numbers import rational_text
from exactinj.files.numpy_files import npy_array
from exactinj.files.sources import FilePath, Source, read_with
from exactinj.files.text_files import csv_rows, json_value

__all__ = ["Outputs", "outputs_given", "read_outputs"]

WANTED = "a list of m numbers, or a list of such lists"
MATRIX_AXES = 2
LONGEST_NUMBER = 24


@dataclass(frozen=True)
class Outputs:
    """Exact outputs, each of m numbers, and whether it is one or rows of them."""

    rows: tuple[tuple[Fraction, ...], ...]
    is_one: bool


def outputs_given(value: Any, m: int, shape: Sequence[int] = (), *, signed: Collection[int] = ()) -> Outputs:
    """What stands for outputs of a layer with m rows.

    Parameters
    ----------
    value : an array, tensor or list (m,) or (k, m), or the path of a file as of `read_outputs`
    shape : of one output of a convolution, which may be given so, with a batch axis in front, or flat
    signed : rows that may be negative, as no ReLU ends them

    Raises
    ------
    InputError
        For other shapes, numbers that are not finite, and negative ones.
    """
    if isinstance(value, str | os.PathLike):
        value = read_outputs(value)
    array = plain_array(value, "the output")
    if isinstance(array, np.ndarray) and len(shape) > 1:
        array = _flattened(array, m, tuple(shape))
    if not is_nested(array):
        return _checked(RationalMatrix.column(array, name="the output").fractions(), m, signed, is_one=True)
    rows = RationalMatrix(array, name="the outputs").fractions()
    if len(rows[0]) == 1 and len(rows) == m > 1:
        return _checked(rows, m, signed, is_one=True)
    return _checked(rows, m, signed, is_one=False)


def read_outputs(path: FilePath) -> Any:
    """The numbers in a ``.npy``, ``.json`` or ``.csv`` file, as arrays or lists; a single line of CSV is one output.

    Raises `InputError`.
    """
    readers: dict[str, Callable[[Source], Any]] = {
        ".npy": npy_array,
        ".json": _from_json,
        ".csv": _from_csv,
    }
    return read_with(readers, path)


def _from_json(source: Source) -> Any:
    value = json_value(source, WANTED)
    if not isinstance(value, list) or not value:
        found = "an empty list" if value == [] else f"a JSON {type(value).__name__}"
        raise InputError(f"found {found}, expected {WANTED}")
    return value


def _from_csv(source: Source) -> list[Any]:
    rows = csv_rows(source)
    return rows[0] if len(rows) == 1 else list(rows)


def _flattened(array: np.ndarray, m: int, shape: tuple[int, ...]) -> np.ndarray:
    """An output in the shape of its grid, or a batch of such, with one axis less each; others as they are."""
    if array.shape == shape:
        return array.reshape(m)
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape:
        return array.reshape(len(array), prod(shape))
    return array


def _checked(rows: list[list[Fraction]], m: int, signed: Collection[int], *, is_one: bool) -> Outputs:
    if is_one:
        rows = [[value for row in rows for value in row]]
    for k, row in enumerate(rows):
        where = "the output" if is_one else f"output {k}"
        if len(row) != m:
            raise InputError(f"{where} has {len(row)} entries, expected m = {m}, one for each row of the layer")
        wrong = next((i for i, value in enumerate(row) if value < 0 and i not in signed), None)
        if wrong is not None:
            raise InputError(
                f"{where}, entry {wrong}: found {_short(row[wrong])}, expected a number of at least 0, as a ReLU has "
                "no other outputs; if it is noise, put 0 there"
            )
    return Outputs(tuple(map(tuple, rows)), is_one)


def _short(value: Fraction) -> str:
    text = rational_text(value)
    return text if len(text) <= LONGEST_NUMBER else f"{float(value):.6g}"
