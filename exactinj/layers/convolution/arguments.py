"""Reading the arguments of a convolution: kernels of any nesting, numbers for one axis or for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.exact.arrays import plain_array

__all__ = ["flattened", "listed", "padding_pairs", "per_axis", "shaped", "whole"]

LEAST_AXES, MOST_AXES = 3, 5  # out, in, and one to three of the grid

LARGEST = 100_000  # of all numbers that describe a geometry


def shaped(rows: Sequence[Sequence[Any]], ins: int, kernel_size: Sequence[int]) -> list[Any]:
    """Flat rows as nested lists (out, in, *kernel size)."""

    def nested(values: Sequence[Any], shape: Sequence[int]) -> list[Any]:
        if len(shape) == 1:
            return list(values)
        step = len(values) // shape[0]
        return [nested(values[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]

    return [nested(row, (ins, *kernel_size)) for row in rows]


def flattened(kernels: Any) -> tuple[tuple[int, ...], Any]:
    """The shape (out, in, *kernel size) and rows of out, everything else in one."""
    kernels = plain_array(kernels, "kernels")
    if isinstance(kernels, np.ndarray) and kernels.dtype != object:
        shape: tuple[int, ...] = kernels.shape
        flat: Any = kernels.reshape(kernels.shape[0], -1) if kernels.ndim and kernels.size else kernels
    else:
        shape, flat = _nested(_plain(kernels))
    if not LEAST_AXES <= len(shape) <= MOST_AXES or 0 in shape:
        raise InputError(
            f"kernels has the shape {tuple(shape)}, expected (out, in, *kernel size) with one to three axes "
            "of the grid, none of them empty"
        )
    return tuple(shape), flat


def _plain(values: Any) -> Any:
    """Nested lists, with the arrays and tensors among them as lists."""
    values = plain_array(values, "kernels")
    if hasattr(values, "tolist"):
        return values.tolist()
    return [_plain(part) for part in values] if isinstance(values, list | tuple) else values


def _nested(values: Any) -> tuple[tuple[int, ...], list[list[Any]]]:
    """Shape of nested sequences and their content, one list for each of the outermost."""
    shape: list[int] = []
    level = [values]
    while isinstance(level[0], Sequence) and not isinstance(level[0], str):
        widths = {len(part) if isinstance(part, Sequence) and not isinstance(part, str) else -1 for part in level}
        if len(widths) > 1:
            raise InputError(f"kernels is ragged at depth {len(shape) + 1}; give all parts the same length")
        shape.append(widths.pop())
        level = [entry for part in level for entry in part]
        if not level:
            return tuple(shape), []
    if not shape:
        raise InputError(f"kernels is of type {type(values).__name__}, expected an array or a nested list of numbers")
    each = len(level) // shape[0]
    return tuple(shape), [level[k * each : (k + 1) * each] for k in range(shape[0])]


def whole(value: Any, name: str, least: int) -> int:
    """An integer that is at least `least` and of a size that grids have; floats and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= LARGEST:
        raise InputError(f"found {name} {value!r}, expected an integer from {least} to {LARGEST}")
    return int(value)


def per_axis(value: Any, count: int, name: str, least: int) -> tuple[int, ...]:
    """One integer for each axis, from one for all or a sequence."""
    values = listed(value)
    values = values * count if len(values) == 1 else values
    if len(values) != count:
        raise InputError(f"found {len(values)} numbers as {name}, expected one, or one for each of the {count} axes")
    return tuple(whole(entry, name, least) for entry in values)


def listed(value: Any) -> list[Any]:
    """The entries of a sequence or array; anything else alone."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def padding_pairs(value: Any, extents: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """A pair for each axis."""
    if isinstance(value, str):
        return _named_padding(value, extents, strides)
    entries = listed(value)
    entries = entries * len(extents) if len(entries) == 1 else entries
    if len(entries) != len(extents):
        raise InputError(f"found {len(entries)} entries as padding, expected one for each of the {len(extents)} axes")
    pairs = []
    for entry in entries:
        ends = [whole(end, "padding", least=0) for end in listed(entry)]
        if len(ends) not in (1, 2):
            raise InputError(f"found {len(ends)} numbers as the padding of an axis, expected one or a pair (low, high)")
        pairs.append((ends[0], ends[-1]))
    return pairs


def _named_padding(name: str, extents: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    if name == "valid":
        return [(0, 0)] * len(extents)
    if name != "same":
        raise InputError(f"found the padding {name!r}, expected numbers, 'valid' or 'same'")
    if set(strides) != {1}:
        raise InputError("found the padding 'same' with a stride, which keeps no size; give numbers")
    return [((extent - 1) // 2, extent - 1 - (extent - 1) // 2) for extent in extents]
