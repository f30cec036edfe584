"""The shapes of a model's inputs, open sizes filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from exactinj.errors import InputError
from exactinj.files.onnx.builder import FLOAT_TYPES
from exactinj.files.onnx.evaluation import MOST_ENTRIES
from exactinj.layers.network import Shape

__all__ = ["input_shapes"]

MOST_AXES = 16
Axes = list[int | str | None]  # a size, the name of an open one, or an open one without a name


def input_shapes(
    entries: Sequence[Any], given: Sequence[int] | Mapping[str, Sequence[int]] | None
) -> dict[str, tuple[int, Shape]]:
    """Element type and shape of each input.

    The first axis is the batch: where its size is open it is 1, and so is every other axis of that name.
    """
    declared = {entry.name: _declared(entry) for entry in entries}
    if len(declared) < len(entries):
        raise InputError("found two inputs of one name in the model, expected one of each name")
    types = {entry.name: entry.type.tensor_type.elem_type for entry in entries}
    wanted = _by_name(declared, types, given)
    sizes: dict[str, int] = {}
    for name, shape in wanted.items():
        _fit(name, declared[name], shape, sizes)
    for axes in declared.values():
        if axes and isinstance(axes[0], str):
            sizes.setdefault(axes[0], 1)
    return {name: (types[name], _filled(name, axes, wanted.get(name), sizes)) for name, axes in declared.items()}


def _declared(entry: Any) -> Axes | None:
    """The axes of an input as the model has them; None if it does not say how many there are."""
    if not entry.type.HasField("tensor_type"):
        raise InputError(f"the input {entry.name!r} is no tensor, expected tensors only")
    tensor = entry.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    axes: Axes = []
    for axis in tensor.shape.dim:
        if axis.HasField("dim_value"):
            if axis.dim_value < 1:
                raise InputError(f"the input {entry.name!r} has the size {axis.dim_value}, expected positive sizes")
            axes.append(axis.dim_value)
        else:
            axes.append(axis.dim_param or None)
    return axes


def _by_name(declared: Mapping[str, Axes | None], types: Mapping[str, int], given: Any) -> dict[str, Shape]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        floats = [name for name in declared if types[name] in FLOAT_TYPES]
        open_ones = [name for name in floats if _is_open(declared[name])]
        if not floats:
            raise InputError("found an input shape for a model without inputs of floats")
        given = {(open_ones or floats)[0]: given}
    for name in given:
        if name not in declared:
            raise InputError(f"found a shape for {name!r}, expected one of the inputs {', '.join(declared)}")
    return {name: _sizes(name, shape) for name, shape in given.items()}


def _is_open(axes: Axes | None) -> bool:
    return axes is None or any(not isinstance(axis, int) for axis in axes[1:])


def _sizes(name: str, shape: Any) -> Shape:
    try:
        sizes = tuple(int(size) for size in shape)
    except (TypeError, ValueError):
        sizes = (0,)
    if min(sizes, default=1) < 1 or len(sizes) > MOST_AXES or prod(sizes) > MOST_ENTRIES:
        raise InputError(f"found the shape {shape} for the input {name!r}, expected positive sizes")
    return sizes


def _fit(name: str, axes: Axes | None, shape: Shape, sizes: dict[str, int]) -> None:
    """Note the sizes of named axes; `InputError` if a shape contradicts the model."""
    if axes is None:
        return
    fits = len(axes) == len(shape)
    for axis, size in zip(axes, shape, strict=False):
        fits &= size == (sizes.setdefault(axis, size) if isinstance(axis, str) else axis or size)
    if not fits:
        raise InputError(f"found the shape {shape} for the input {name!r}, expected {_words(axes)}")


def _filled(name: str, axes: Axes | None, shape: Shape | None, sizes: Mapping[str, int]) -> Shape:
    if shape is not None:
        return shape
    if axes is not None:
        filled = [sizes.get(axis) if isinstance(axis, str) else axis for axis in axes]
        if filled and filled[0] is None:
            filled[0] = 1
        known = [size for size in filled if size is not None]
        if len(known) == len(filled):
            if prod(known) > MOST_ENTRIES:
                raise InputError(f"the input {name!r} has the shape {_words(axes)}, too large")
            return tuple(known)
    found = "an unknown number of axes" if axes is None else f"the shape {_words(axes)} with open sizes"
    raise InputError(f"the input {name!r} has {found}; give --input-shape (the batch is 1)")


def _words(axes: Axes) -> str:
    return "(" + ", ".join("?" if axis is None else str(axis) for axis in axes) + ")"
