"""Single nodes evaluated by onnx's own reference implementation, after their sizes are known to be small."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.files.onnx.package import onnx_package
from exactinj.files.sources import cause_of
from exactinj.layers.network import Shape

__all__ = ["FOLDED", "MOST_ENTRIES", "Kind", "evaluated", "inferred"]

MOST_ENTRIES = 1 << 25  # of one value
MOST_KNOWN = 1 << 10  # entries of constants that shape inference may look at
Kind = tuple[int, Shape | None]  # element type and shape

# Operators whose value is computed when all they read is constant: no loops, nothing random, costs near the sizes.
FOLDED = frozenset(
    """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil
    Celu Clip Compress Concat Constant ConstantOfShape Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout Elu
    Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gemm Greater GreaterOrEqual HardSigmoid
    HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log MatMul Max Mean Min Mod Mul Neg NonZero Not OneHot Or
    PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
    ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Round ScatterElements ScatterND Selu Shape Sigmoid Sign
    Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile
    Transpose Trilu Unsqueeze Where Xor
    """.split()  # noqa: SIM905 (read as a text)
)


def evaluated(call: Call, arrays: Mapping[str, NDArray[Any]], *, proto: Any = None) -> list[Any]:
    """The outputs of a node whose inputs are these arrays, by onnx's reference implementation.

    Raises `NotUnderstoodError` if they would be large, or the implementation fails.
    """
    onnx = onnx_package()
    from onnx.reference import ReferenceEvaluator

    node = proto or call.proto
    kinds = {name: (onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape) for name, array in arrays.items()}
    for _, shape in inferred(call, kinds, arrays, proto=node):
        if shape is not None and prod(shape) > MOST_ENTRIES:
            raise NotUnderstoodError(f"has a value of {prod(shape)} entries, expected at most {MOST_ENTRIES}")
    helper = onnx.helper
    ends = [[helper.make_tensor_value_info(name, 1, None) for name in names] for names in (arrays, call.outputs)]
    graph = helper.make_graph([node], "one", *ends)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return list(ReferenceEvaluator(graph, opsets={"": call.opset}).run(None, dict(arrays)))
    except Exception as error:  # noqa: BLE001 (whatever an implementation raises on shapes that do not fit)
        raise NotUnderstoodError(f"cannot be evaluated ({cause_of(error)[:100]})") from None


def inferred(
    call: Call, kinds: Mapping[str, Kind], known: Mapping[str, NDArray[Any]], *, proto: Any = None
) -> Sequence[Kind]:
    """Element type (0 if unknown) and shape (None if unknown) of each output, by onnx's inference."""
    onnx = onnx_package()
    unknown: list[Kind] = [(0, None)] * len(call.outputs)
    if call.schema is None:
        return unknown
    types = {name: onnx.helper.make_tensor_type_proto(kind, shape) for name, (kind, shape) in kinds.items()}
    small = {
        name: onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in known.items()
        if array.size <= MOST_KNOWN
    }
    try:
        found = onnx.shape_inference.infer_node_outputs(
            call.schema, proto or call.proto, types, small, opset_imports=[onnx.helper.make_opsetid("", call.opset)]
        )
    except Exception:  # noqa: BLE001 (shapes that do not fit, operators without inference)
        return unknown
    return [_kind(found[name]) if name in found else (0, None) for name in call.outputs]


def _kind(entry: Any) -> Kind:
    if not entry.HasField("tensor_type"):
        return 0, None
    tensor = entry.tensor_type
    sizes = [axis.dim_value if axis.HasField("dim_value") else -1 for axis in tensor.shape.dim]
    is_known = tensor.HasField("shape") and min(sizes, default=0) >= 0
    return tensor.elem_type, tuple(sizes) if is_known else None
