"""Calls of torch that put values side by side, pad them, or change their type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exactinj.layers.network.shaping import Concatenation
from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.registry import reads

__all__: list[str] = []


@reads("cat", "concat", "concatenate")
def _cat(build: Builder, tensors: Sequence[Any], dim: int = 0, *, axis: int | None = None) -> Value:
    parts = _values(build, tensors)
    return parts[0] if len(parts) == 1 else build.add(Concatenation(dim if axis is None else axis), *parts)


@reads("stack")
def _stack(build: Builder, tensors: Sequence[Any], dim: int = 0) -> Value:
    parts = _values(build, tensors)
    at = dim % (parts[0].axes + 1)
    return _cat(build, [build.reshaped(x, (*x.shape[:at], 1, *x.shape[at:])) for x in parts], at)


def _values(build: Builder, tensors: Sequence[Any]) -> list[Value]:
    return [part if isinstance(part, Value) else build.constant(part) for part in tensors]


@reads("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
def _dropout(build: Builder, x: Value, p: float = 0.5, training: Any = None, inplace: Any = None) -> Value:
    if training is not False and p:
        raise NotUnderstoodError("found dropout that drops in inference too, where it is random")
    return x


@reads("pad", "constant_pad_nd")
def _pad(build: Builder, x: Value, pad: Sequence[int], mode: Any = "constant", value: Any = None) -> Value:
    if not isinstance(mode, str):
        mode, value = "constant", mode  # aten's constant_pad_nd(x, pad, value)
    places = np.arange(x.sample.size).reshape(x.shape)
    widths = [(0, 0)] * (x.axes - len(pad) // 2)
    widths += [(pad[2 * k], pad[2 * k + 1]) for k in reversed(range(len(pad) // 2))]
    for axis, (low, high) in enumerate(widths):
        places = np.take(places, range(max(0, -low), places.shape[axis] - max(0, -high)), axis)
    grown = [(max(0, low), max(0, high)) for low, high in widths]
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    if mode not in modes:
        raise NotUnderstoodError(f"the padding {mode} is not supported")
    if mode == "constant":
        fill = 0 if not value else x.number(value).item()
        return build.rearranged(x, np.pad(places, grown, constant_values=-1), "pad", fill)
    return build.rearranged(x, np.pad(places, grown, mode=modes[mode]), "pad")  # type: ignore[call-overload]


@reads("to", "type", "float", "double", "half", "bfloat16", "_to_copy", "type_as", "to_dtype")
def _cast(build: Builder, x: Value, *_: Any, **__: Any) -> Value:
    """Between floats a cast only rounds, which no exact step does; others are found by their type."""
    return x
