"""What a colliding pair does in the program that runs the model, in float32: a remark beside the proof."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.layers.network import Network
from exactinj.layers.torch_modules import is_module
from exactinj.networks.answers import Pair
from exactinj.networks.models import Model

__all__ = ["replayed"]

ONNX_TYPES: dict[str, Any] = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
Outputs = list[NDArray[Any]]


def replayed(model: Model, network: Network, pair: Pair) -> dict[str, Any]:
    """By the name of the program, whether outputs are bit-equal, or how far apart; and in the float64 of this package.

    A program that is not installed, or does not run the model, is left out or says why.
    """
    seen: dict[str, Any] = {}
    own = [network.float_values({pair.input: side, **pair.others}) for side in (pair.x, pair.y)]
    names = [name for name in network.outputs if all(name in values for values in own)]
    if names:
        left, right = ([values[name] for name in names] for values in own)
        seen["float64"] = _compared(pair, left, right, np.float64)
    if is_module(model.source):
        seen["torch"] = _tried(lambda: _in_torch(model.source, network, pair))
    elif str(model.source).lower().endswith(".onnx") and importlib.util.find_spec("onnxruntime") is not None:
        seen["onnxruntime"] = _tried(lambda: _in_onnxruntime(model, pair))
    return seen


def _tried(run: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = run()
    except Exception as error:  # noqa: BLE001 (another program, on a model of whatever kind)
        return {"error": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    return found


def _in_torch(module: Any, network: Network, pair: Pair) -> dict[str, Any]:
    import torch

    parameter = next(module.parameters(), None)
    dtype = np.float64 if parameter is not None and parameter.dtype == torch.float64 else np.float32
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            sides = []
            for side in (pair.x, pair.y):
                point = {pair.input: side, **pair.others}
                inputs = [torch.from_numpy(point[name].floats().astype(dtype)) for name in network.inputs]
                sides.append(_tensors(module(*inputs)))
    finally:
        module.train(was_training)
    return _compared(pair, sides[0], sides[1], dtype)


def _tensors(value: Any) -> Outputs:
    if hasattr(value, "detach"):
        return [value.detach().cpu().numpy()]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [array for part in parts for array in _tensors(part)]


def _in_onnxruntime(model: Model, pair: Pair) -> dict[str, Any]:
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model.source), options, providers=["CPUExecutionProvider"])
    sides: list[Outputs] = []
    dtype: Any = np.float32
    for side in (pair.x, pair.y):
        point = {pair.input: side, **pair.others}
        feed = {}
        for entry in session.get_inputs():
            if entry.name in point:
                dtype = ONNX_TYPES.get(entry.type, np.float32) if entry.name == pair.input else dtype
                feed[entry.name] = point[entry.name].floats().astype(ONNX_TYPES.get(entry.type, np.float32))
            elif model.fixed is not None and entry.name in model.fixed:
                kind = ONNX_TYPES.get(entry.type, np.int64)
                feed[entry.name] = np.asarray(model.fixed[entry.name]).astype(kind)
        sides.append([np.asarray(value) for value in session.run(None, feed)])
    return _compared(pair, sides[0], sides[1], dtype)


def _compared(pair: Pair, left: Sequence[Any], right: Sequence[Any], dtype: Any) -> dict[str, Any]:
    x, y = pair.arrays(dtype)
    floats = [(a, b) for a, b in zip(left, right, strict=True) if a.dtype.kind == "f"]
    steps = [_ulps(a, b) for a, b in floats if a.size]
    known = [step for step in steps if step is not None]
    apart = [float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()) for a, b in floats if a.size]
    return {
        "inputs_differ": not np.array_equal(x, y),
        "outputs_equal": all(np.array_equal(a, b) for a, b in zip(left, right, strict=True)),
        "largest_ulp": max(known, default=0) if len(known) == len(steps) else None,
        "largest_difference": max(apart, default=0.0),
    }


def _ulps(a: NDArray[Any], b: NDArray[Any]) -> int | None:
    """The largest distance in floats between; None where one is not finite."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    integer = {2: np.int16, 4: np.int32, 8: np.int64}[a.dtype.itemsize]
    ordered = []
    for side in (a, b):
        bits = np.ascontiguousarray(side).view(integer).astype(object)
        ordered.append(np.where(bits < 0, -(bits & ((1 << (8 * a.dtype.itemsize - 1)) - 1)), bits))
    return int(np.abs(ordered[0] - ordered[1]).max())
