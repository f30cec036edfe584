"""Arrays, tensors, sparse matrices and nested lists of numbers as nested lists, without rounding.

float16 and bfloat16 tensors become float64, which holds each of their values exactly; a tensor may need gradients or
lie on another device. Arrays of objects (Fractions, surds) and of strings are read entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from flint import fmpq, fmpz

from exactinj.errors import InputError
from exactinj.exact.symbolic import is_symbolic, is_symbolic_matrix

__all__ = ["is_nested", "nested", "plain_array", "plain_vector"]

LONGEST_CAUSE = 100
READABLE_KINDS = "fiuOU"  # floats, integers, objects, strings: not booleans, complex numbers, bytes


def plain_array(values: Any, name: str) -> Any:
    """Tensors, sparse matrices and data frames as numpy arrays, sympy's matrices as lists; others as they are.

    Raises `InputError` for tensors without plain numbers, such as those of the device ``meta``.
    """
    if hasattr(values, "detach"):
        return _from_tensor(values, name)
    if is_symbolic_matrix(values):
        return values.tolist()
    if isinstance(values, np.ndarray | Sequence) or np.isscalar(values):
        return values
    try:
        if hasattr(values, "toarray"):  # scipy.sparse
            return values.toarray()
        if hasattr(values, "__array__") and not hasattr(values, "as_integer_ratio"):
            return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{name} cannot be read as an array ({_cause(error)}); give a numpy array") from None
    return values


def _from_tensor(values: Any, name: str) -> np.ndarray:
    try:
        values = values.detach().cpu()
        if getattr(values, "is_quantized", False):
            values = values.dequantize()
        if str(getattr(values, "layout", "torch.strided")) != "torch.strided":
            values = values.to_dense()
        array: np.ndarray = (values.double() if values.is_floating_point() else values).numpy()
    except (TypeError, NotImplementedError, RuntimeError, ValueError) as error:
        raise InputError(f"{name} is a tensor without plain numbers ({_cause(error)}); give a dense one") from None
    return array


def nested(values: Any, name: str, *, dimensions: int) -> Sequence[Any]:
    """Nested lists of numbers of one or two dimensions; `InputError` for other shapes and types.

    A matrix of sympy with one row or column is also a vector.
    """
    is_line = dimensions == 1 and is_symbolic_matrix(values) and 1 in values.shape
    values = plain_array(values, name)
    if is_line and len(values) and isinstance(values[0], list):
        return [entry for row in values for entry in row]
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in READABLE_KINDS:
            raise InputError(f"{name} has dtype {values.dtype}, expected real floats or integers; convert it first")
        if values.ndim != dimensions:
            raise InputError(f"{name} has shape {values.shape}, expected {dimensions} dimension(s); reshape it first")
        if values.dtype.kind == "O":
            _refuse_others(values, name)
        return list(values) if values.dtype == np.longdouble else values.tolist()
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InputError(f"{name} is of type {type(values).__name__}, expected an array or a nested list of numbers")
    if dimensions > 1:
        return [nested(row, f"{name}, row {i}", dimensions=1) for i, row in enumerate(values)]
    return values


def _refuse_others(values: np.ndarray, name: str) -> None:
    """`InputError` for an array of objects that are no numbers, such as rows of different lengths."""
    for value in values.flat:
        if not isinstance(value, Number | str | fmpz | fmpq) and not is_symbolic(value):
            raise InputError(
                f"{name} has dtype object with an entry of type {type(value).__name__}, expected numbers or strings; "
                "convert it first"
            )


def plain_vector(values: Any, name: str) -> Sequence[Any]:
    """One-dimensional numbers as they come, in a list; `InputError` for anything else."""
    return values if isinstance(values, list | tuple) else nested(values, name, dimensions=1)


def is_nested(values: Any) -> bool:
    """Whether something looks like a matrix: an array or a list whose first entry is a list again."""
    shape = getattr(values, "shape", None)
    if shape is not None:
        return len(shape) > 1
    is_list = isinstance(values, Sequence) and not isinstance(values, str) and len(values) > 0
    return is_list and (hasattr(values[0], "__len__") and not isinstance(values[0], str))


def _cause(error: Exception) -> str:
    text = str(error).splitlines()[0].split(". ")[0] if str(error) else type(error).__name__
    return text if len(text) <= LONGEST_CAUSE else f"{text[: LONGEST_CAUSE - 3]}..."
