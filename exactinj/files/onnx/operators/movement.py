"""Operators that only move entries: onnx's reference implementation moves the places 1, 2, ... and tells where they go.

The places are counted from 1, so that a zero that the operator writes is no place.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.builder import FLOAT_TYPES, Builder
from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.evaluation import MOST_ENTRIES, evaluated
from exactinj.files.onnx.operators.table import understood
from exactinj.files.onnx.package import onnx_package
from exactinj.layers.network import Concatenation, Rearrangement, Shape

MOST_ALONG = 1 << 16  # entries along an axis that is resized, one by one


@understood("Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Gather", moves=True)
@understood("GatherElements", "GatherND", "Expand", "Tile", "Split", "DepthToSpace", "SpaceToDepth", moves=True)
@understood("Compress", "Trilu", "ReverseSequence", moves=True)
def _moved(call: Call, builder: Builder) -> list[str]:
    return [_at(call, builder, places) for places in moved_places(call, builder)]


@understood("Pad", moves=True)
def _pad(call: Call, builder: Builder) -> list[str]:
    """With the constant 0 to find the places; the real one is what is read there. Negative pads take entries off."""
    given = call.input(2)
    fill = float(call.attributes.get("value") or 0 if given is None else builder.known(given).ravel()[0])
    if not np.isfinite(fill):
        raise NotUnderstoodError(f"pads with {fill}")
    shape = builder.shape(call.value(0))
    places = _places_of(shape)
    axes_name, pads_name = call.input(3), call.input(1)
    pads = np.array(call.attributes["pads"]) if pads_name is None else builder.known(pads_name).ravel()
    axes = range(len(shape)) if axes_name is None else builder.known(axes_name).ravel().tolist()
    if len(pads) != 2 * len(axes) or not all(-len(shape) <= axis < len(shape) for axis in axes):
        raise NotUnderstoodError(f"has {len(pads)} pads for {len(axes)} axes")
    for axis, low, high in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        n = shape[axis]
        places = np.take(places, np.arange(max(0, -low), max(0, n - max(0, -high))), axis=axis)
    constants = {} if given is None else {given: np.zeros((), dtype=np.float32)}
    if pads_name is not None:
        constants[pads_name] = np.maximum(pads, 0)
    return [_at(call, builder, part, fill) for part in moved_places(call, builder, constants, places)]


@understood("Concat", moves=True)
def _concat(call: Call, builder: Builder) -> str:
    names = [call.value(k) for k in range(len(call.inputs))]
    return builder.add(Concatenation(call.attributes["axis"]), names, call.outputs[0])


@understood("Identity", moves=True)
def _identity(call: Call, builder: Builder) -> str:
    return _as_it_is(call, builder, "identity")


@understood("Dropout", moves=True)
def _dropout(call: Call, builder: Builder) -> list[str]:
    training = builder.constant(call.input(2))
    if call.input(2) and (training is None or training.any()):
        raise NotUnderstoodError("is in training mode")
    same = _as_it_is(call, builder, "dropout")
    masks = [np.ones(builder.shape(same), dtype=bool)] * (len(call.outputs) - 1)
    return [same, *(builder.add_folded(name, mask) for name, mask in zip(call.outputs[1:], masks, strict=True))]


@understood("Cast", "CastLike", moves=True)
def _cast(call: Call, builder: Builder) -> str:
    """To floats only: a real number stays what it is; the rounding of floats is not part of the exact map."""
    target = call.attributes.get("to")
    if call.kind == "CastLike":
        target = builder.kind(call.value(1))[0]
    source = builder.kind(call.value(0))[0]
    if target not in FLOAT_TYPES and target != source:
        raise NotUnderstoodError("rounds to integers or truth values")
    name = _as_it_is(call, builder, "cast")
    builder.kinds[name] = (target, builder.shape(name))
    return name


@understood("Resize", "Upsample", moves=True)
def _resize(call: Call, builder: Builder) -> str:
    """Nearest neighbours, axis by axis: along one axis the reference implementation moves the places of that axis."""
    attributes = call.attributes
    if attributes.get("mode", "nearest") != "nearest":
        raise NotUnderstoodError(f"interpolates ({attributes['mode']})")
    mode = attributes.get("coordinate_transformation_mode")
    if mode == "tf_crop_and_resize" or (attributes.get("keep_aspect_ratio_policy") or "stretch") != "stretch":
        raise NotUnderstoodError("crops, or keeps the aspect ratio")
    shape = builder.shape(call.value(0))
    axes = [axis % len(shape) for axis in attributes.get("axes") or range(len(shape))]
    last = len(call.inputs) - 1
    factors = builder.known(call.value(last)).ravel().tolist()
    if len(factors) != len(axes):
        raise NotUnderstoodError(f"has {len(factors)} factors for {len(axes)} axes")
    along = [np.arange(n) for n in shape]
    for axis, factor in zip(axes, factors, strict=True):
        along[axis] = _resized_axis(call, last, shape[axis], factor, builder)
    if prod(len(part) for part in along) > MOST_ENTRIES:
        raise NotUnderstoodError("has a value that is too large")
    places = np.arange(prod(shape)).reshape(shape)[np.ix_(*along)]
    return _at(call, builder, places)


def _resized_axis(call: Call, last: int, n: int, factor: float, builder: Builder) -> NDArray[np.int64]:
    if not 0 < factor * n <= MOST_ALONG or factor > MOST_ALONG:
        raise NotUnderstoodError(f"has the factor or size {factor}")
    name = call.value(last)
    dtype = builder.known(name).dtype
    proto = onnx_package().NodeProto()
    proto.CopyFrom(call.proto)
    kept = [entry for entry in proto.attribute if entry.name not in ("axes", "keep_aspect_ratio_policy")]
    del proto.attribute[:]
    proto.attribute.extend(kept)
    proto.input[:] = ["places", *([""] * (last - 1)), "size"]
    arrays = {"places": np.arange(n), "size": np.array([factor], dtype=dtype)}
    (found,) = evaluated(call, arrays, proto=proto, stands_for_floats="places")
    return np.asarray(found).astype(np.int64)


def moved_places(
    call: Call,
    builder: Builder,
    constants: Mapping[str, NDArray[Any]] | None = None,
    places: NDArray[np.int64] | None = None,
) -> list[NDArray[np.int64]]:
    """Per output, the place of the first input that each entry reads; -1 where the operator writes a zero.

    `constants` are read instead of the model's, `places` (counted from 1) instead of all of the first input.
    """
    data, rest = call.value(0), [name for name in call.inputs[1:] if name is not None]
    shape = builder.shape(data)
    proto = onnx_package().NodeProto()
    proto.CopyFrom(call.proto)
    proto.input[:] = ["places", *("" if name is None else name for name in call.inputs[1:])]
    kept = [entry for entry in proto.attribute if not (call.kind == "Pad" and entry.name == "value")]
    del proto.attribute[:]
    proto.attribute.extend(kept)
    arrays = {name: builder.known(name) for name in rest} | dict(constants or {})
    arrays["places"] = _places_of(shape) if places is None else places
    moved = evaluated(call, arrays, proto=proto, stands_for_floats="places")
    found = [np.asarray(part, dtype=np.int64) - 1 for part in moved]
    if any(part.max(initial=-1) >= prod(shape) or part.min(initial=0) < -1 for part in found):
        raise NotUnderstoodError("moves entries in a way that is not understood")
    return found


def _places_of(shape: Shape) -> NDArray[np.int64]:
    return np.arange(1, prod(shape) + 1).reshape(shape)


def _at(call: Call, builder: Builder, places: NDArray[np.int64], fill: Any = 0) -> str:
    if not places.size:
        raise NotUnderstoodError("has a value without entries")
    name = call.kind.lower()
    return builder.add(Rearrangement(places, name, fill), [call.value(0)], call.outputs[0])


def _as_it_is(call: Call, builder: Builder, what: str) -> str:
    shape = builder.shape(call.value(0))
    places = np.arange(prod(shape)).reshape(shape)
    return builder.add(Rearrangement(places, what), [call.value(0)], call.outputs[0])
