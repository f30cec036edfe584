"""Maxima and means over windows and over whole axes."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.files.onnx.builder import Builder
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.evaluation import MOST_ENTRIES
from exactinj.files.onnx.operators.geometry import Geometry
from exactinj.files.onnx.operators.table import understood
from exactinj.layers.network import LeakyRelu, Maximum, Mean, OneToOne, ScaleShift, Shape, Square
from exactinj.layers.network.windows import places_over_axes, pooling_places


@understood("MaxPool")
def _max_pool(call: Call, builder: Builder) -> str:
    if len(call.outputs) > 1:
        raise NotUnderstoodError("also gives the places of its maxima")
    places, _ = _windows(call, builder)
    if (places.max(axis=-1) < 0).any():
        raise NotUnderstoodError("has windows that lie outside the input")
    return builder.add(Maximum(places), [call.value(0)], call.outputs[0])


@understood("AveragePool")
def _average_pool(call: Call, builder: Builder) -> str:
    places, geometry = _windows(call, builder)
    counts = (places >= 0).sum(axis=-1)
    if call.attributes.get("count_include_pad"):
        counts = _counts_with_padding(call, builder.shape(call.value(0)), geometry)
    if not counts.all():
        raise NotUnderstoodError("has windows that lie outside the input")
    return builder.add(Mean(places, counts), [call.value(0)], call.outputs[0])


@understood("GlobalMaxPool", "GlobalAveragePool")
def _global_pool(call: Call, builder: Builder) -> str:
    shape = builder.shape(call.value(0))
    places = places_over_axes(shape, range(2, len(shape)), keep=True)
    if call.kind == "GlobalMaxPool":
        return builder.add(Maximum(places, "global max pool"), [call.value(0)], call.outputs[0])
    counts = np.full(places.shape[:-1], places.shape[-1])
    return builder.add(Mean(places, counts, "global average pool"), [call.value(0)], call.outputs[0])


@understood("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare")
def _reduced(call: Call, builder: Builder) -> str:
    name, out = call.value(0), call.outputs[0]
    places = _reduced_places(call, builder)
    what = call.kind.removeprefix("Reduce").lower()
    if call.kind in ("ReduceMax", "ReduceMin"):
        return _extreme(builder, name, places, out, is_minimum=call.kind == "ReduceMin")
    if call.kind == "ReduceL1":
        name = builder.add(LeakyRelu(-1, "abs"), [name], f"{out}/abs")
    if call.kind in ("ReduceL2", "ReduceSumSquare"):
        name = builder.add(Square(), [name], f"{out}/square")
    counts = np.full(places.shape[:-1], places.shape[-1] if call.kind == "ReduceMean" else 1)
    total = builder.add(Mean(places, counts, f"{what} over axes"), [name], out)
    return builder.add(OneToOne("sqrt", np.sqrt), [total], out) if call.kind == "ReduceL2" else total


def _extreme(builder: Builder, name: str, places: NDArray[np.int64], out: str, *, is_minimum: bool) -> str:
    if not is_minimum:
        return builder.add(Maximum(places, "max over axes"), [name], out)
    negated = builder.add(ScaleShift(-1, 0, "neg"), [name], f"{out}/neg")
    best = builder.add(Maximum(places, "max over axes"), [negated], f"{out}/max")
    return builder.add(ScaleShift(-1, 0, "neg"), [best], out)


def _reduced_places(call: Call, builder: Builder) -> NDArray[np.int64]:
    shape = builder.shape(call.value(0))
    given = call.input(1)
    axes = call.attributes.get("axes") if given is None else builder.known(given).ravel().tolist()
    if not axes:
        axes = [] if call.attributes.get("noop_with_empty_axes") else list(range(len(shape)))
    if not all(-len(shape) <= axis < len(shape) for axis in axes):
        raise NotUnderstoodError(f"has the axes {axes[:8]} for a value of shape {shape}")
    return places_over_axes(shape, axes, keep=bool(call.attributes["keepdims"]))


def _windows(call: Call, builder: Builder) -> tuple[NDArray[np.int64], Geometry]:
    shape, taps = builder.shape(call.value(0)), call.attributes["kernel_shape"]
    if len(shape) != len(taps) + 2 or not taps or min(taps) < 1:
        raise NotUnderstoodError(f"has windows of {taps[:8]} for a value of shape {shape}")
    geometry = Geometry.of(call, shape[2:], taps)
    if geometry.most_windows(shape[2:], taps) * prod(shape[:2]) * prod(taps) > MOST_ENTRIES:
        raise NotUnderstoodError(f"has too many windows of {taps[:8]} for a value of shape {shape}")
    try:
        places = pooling_places(
            shape,
            taps,
            geometry.strides,
            geometry.padding,
            geometry.dilations,
            ceil=bool(call.attributes.get("ceil_mode")),
        )
    except InputError as error:
        raise NotUnderstoodError(f"does not fit ({error})") from None
    builder.spend(places.size)
    return places, geometry


def _counts_with_padding(call: Call, shape: Shape, geometry: Geometry) -> NDArray[np.int64]:
    """How many taps of each window lie on the input or its padding."""
    taps, is_ceil = call.attributes["kernel_shape"], bool(call.attributes.get("ceil_mode"))
    counts = np.ones(shape[:2], dtype=np.int64)
    for n, k, step, gap, (low, high) in zip(
        shape[2:], taps, geometry.strides, geometry.dilations, geometry.padding, strict=True
    ):
        one = pooling_places((n,), [k], [step], [(low, high)], [gap], ceil=is_ceil)
        spots = np.arange(len(one))[:, None] * step + gap * np.arange(k)[None, :]
        counts = counts[..., None] * (spots < n + low + high).sum(axis=1)
    return counts
