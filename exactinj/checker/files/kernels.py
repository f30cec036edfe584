"""Kernel files, certificates-convolution.md: kernels, b and the geometry of a convolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from exactinj.checker.convolution import MODES, Convolution
from exactinj.checker.faults import Source, Unreadable
from exactinj.checker.files.arrays import npy_value, npz_arrays
from exactinj.checker.files.layers import FilePath, read_file
from exactinj.checker.files.texts import entry_of, json_object
from exactinj.checker.rationals import show

__all__ = ["read_kernels"]

_KERNEL_KEYS = ("kernels", "b", "stride", "dilation", "padding", "groups", "padding_mode")


def _whole(value: object, least: int, place: str) -> int:
    exact = entry_of(value, place)
    if exact.denominator != 1 or exact < least:
        raise Unreadable(f"{place}: expected an integer >= {least}, found {show(value)}")
    return exact.numerator


def _per_axis(value: object, d: int, least: int, place: str) -> tuple[int, ...]:
    """One integer for all axes, or one for each."""
    values = value if isinstance(value, list) else [value] * d
    if len(values) != d:
        raise Unreadable(f"{place}: expected one integer, or one for each of {d} axes, found {show(value)}")
    return tuple(_whole(entry, least, place) for entry in values)


def _padding_pairs(value: object, d: int) -> tuple[tuple[int, int], ...]:
    """One integer, one for each axis, or a pair for each axis."""
    if not isinstance(value, list) or not any(isinstance(entry, list) for entry in value):
        return tuple((width, width) for width in _per_axis(value, d, 0, "padding"))
    if len(value) != d or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Unreadable(f"padding: expected one integer, or one or a pair for each of {d} axes, found {show(value)}")
    return tuple((_whole(low, 0, "padding"), _whole(high, 0, "padding")) for low, high in value)


def _shape(value: object) -> list[int]:
    """The shape of nested lists, going by the first element of each."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _flat(value: object, shape: Sequence[int], place: str) -> list[Fraction]:
    """The numbers of nested lists of this shape, in lexicographic order."""
    if not shape:
        return [entry_of(value, place)]
    if not isinstance(value, list) or len(value) != shape[0]:
        raise Unreadable(f"{place}: expected a list of {shape[0]}, found {show(value)}")
    return [entry for k, part in enumerate(value) for entry in _flat(part, shape[1:], f"{place}[{k}]")]


def _require_names(names: Sequence[str]) -> None:
    """Raises Unreadable for names that do not belong into a kernel file."""
    if "kernels" not in names or not set(names) <= set(_KERNEL_KEYS):
        found = ", ".join(map(show, names[:5])) or "nothing"
        raise Unreadable(f"expected kernels, and perhaps {', '.join(_KERNEL_KEYS[1:])}; found {found}")


def _convolution(arrays: dict[str, Any]) -> Convolution:
    """The layer from the arrays of a kernel file."""
    _require_names(list(arrays))
    shape = _shape(arrays["kernels"])
    if not 3 <= len(shape) <= 5 or 0 in shape:
        raise Unreadable(f"kernels: expected the axes out, in / groups and 1 to 3 of the grid, found {len(shape)} axes")
    outputs, inputs, *kernel_size = shape
    d, groups = len(kernel_size), _whole(arrays.get("groups", 1), 1, "groups")
    if outputs % groups:
        raise Unreadable(f"groups: {show(groups)} does not divide the {outputs} output channels")
    mode = arrays.get("padding_mode", "zeros")
    if not isinstance(mode, str) or mode not in MODES:
        raise Unreadable(f"padding_mode: expected {', '.join(MODES)}, found {show(mode)}")
    return Convolution(
        in_channels=inputs * groups,
        out_channels=outputs,
        groups=groups,
        kernel_size=tuple(kernel_size),
        stride=_per_axis(arrays.get("stride", 1), d, 1, "stride"),
        dilation=_per_axis(arrays.get("dilation", 1), d, 1, "dilation"),
        padding=_padding_pairs(arrays.get("padding", 0), d),
        padding_mode=mode,
        kernels=[_flat(kernel, shape[1:], f"kernels[{o}]") for o, kernel in enumerate(arrays["kernels"])],
        b=_flat(arrays.get("b", [0] * outputs), [outputs], "b"),
    )


_KERNEL_FORMATS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".json": json_object,
    ".npy": lambda data: {"kernels": npy_value(data)},
    ".npz": lambda data: npz_arrays(data, _require_names, npy_value),
}


def read_kernels(path: FilePath) -> Convolution:
    """The exact convolution of a kernel file. Raises Unreadable."""
    return read_file(path, Source.KERNEL_FILE, _KERNEL_FORMATS, _convolution)
