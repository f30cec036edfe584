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
MOST_AXES, LARGEST = 64, 1 << 31  # of attributes
MOST_PRODUCTS = 1 << 32  # of a product of constants
MOST_KNOWN = 1 << 10  # entries of constants that shape inference may look at
Kind = tuple[int, Shape | None]  # element type and shape

BOUNDED_BY_INPUT = ("NonZero", "Compress", "Constant")  # their values are no larger than what they read

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


def evaluated(
    call: Call, arrays: Mapping[str, NDArray[Any]], *, proto: Any = None, stands_for_floats: str | None = None
) -> list[Any]:
    """The outputs of a node whose inputs are these arrays, by onnx's reference implementation.

    The name in `stands_for_floats` is of integers that stand for floats, as some operators refuse integers.
    Raises `NotUnderstoodError` if they would be large, or the implementation fails.
    """
    onnx = onnx_package()
    from onnx.reference import ReferenceEvaluator

    node = proto or call.proto
    kinds = {name: (onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape) for name, array in arrays.items()}
    if stands_for_floats is not None:
        kinds[stands_for_floats] = (onnx.TensorProto.FLOAT, arrays[stands_for_floats].shape)
    shapes = [shape for _, shape in inferred(call, kinds, arrays, proto=node, strict=True)]
    if call.kind in ("Gather", "GatherElements"):
        _require_indices(arrays[node.input[0]].shape, arrays[node.input[1]], call.attributes.get("axis") or 0)
    _require_small(call, shapes, [array.shape for array in arrays.values()])
    helper = onnx.helper
    ends = [[helper.make_tensor_value_info(name, 1, None) for name in names] for names in (arrays, call.outputs)]
    graph = helper.make_graph([node], "one", *ends)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = list(ReferenceEvaluator(graph, opsets={"": call.opset}).run(None, dict(arrays)))
    except Exception as error:  # noqa: BLE001 (whatever an implementation raises on shapes that do not fit)
        raise NotUnderstoodError(f"cannot be evaluated ({cause_of(error)[:100]})") from None
    for array, shape in zip(found, shapes, strict=True):
        if shape is not None and np.shape(array) != shape:
            raise NotUnderstoodError(f"has a value of shape {np.shape(array)}, expected {shape}")
    return found


def _require_indices(shape: Shape, indices: NDArray[Any], axis: int) -> None:
    """`NotUnderstoodError` for indices beyond an end, which reference implementations wrap, one length at a time."""
    size = shape[axis] if -len(shape) <= axis < len(shape) else 0
    if indices.size and not -size <= indices.min() <= indices.max() < size:
        raise NotUnderstoodError(f"has indices {indices.min()} to {indices.max()} for an axis of size {size}")


def _require_small(call: Call, shapes: Sequence[Shape | None], read: Sequence[Shape]) -> None:
    """`NotUnderstoodError` if a node's values would be large, or take long to compute."""
    for shape in shapes:
        if shape is None and call.kind not in BOUNDED_BY_INPUT:
            raise NotUnderstoodError("has a value of unknown size")
        if shape is not None and prod(shape) > MOST_ENTRIES:
            raise NotUnderstoodError(f"has a value of {prod(shape)} entries, expected at most {MOST_ENTRIES}")
    if call.kind in ("MatMul", "Gemm"):
        work = prod(shapes[0] or ()) * max((max(shape, default=1) for shape in read), default=1)
        if work > MOST_PRODUCTS:
            raise NotUnderstoodError(f"takes {work} multiplications, expected at most {MOST_PRODUCTS}")


def inferred(
    call: Call,
    kinds: Mapping[str, Kind],
    known: Mapping[str, NDArray[Any]],
    *,
    proto: Any = None,
    strict: bool = False,
) -> Sequence[Kind]:
    """Element type (0 if unknown) and shape (None if unknown) of each output, by onnx's inference.

    With `strict`, `NotUnderstoodError` for shapes that do not fit; they are unknown otherwise.
    """
    onnx = onnx_package()
    unknown: list[Kind] = [(0, None)] * len(call.outputs)
    if call.schema is None or not _is_harmless(call):
        return unknown
    types = {name: onnx.helper.make_tensor_type_proto(kind, shape) for name, (kind, shape) in kinds.items()}
    small = {
        name: onnx.numpy_helper.from_array(np.array(array, order="C"), name)
        for name, array in known.items()
        if array.size <= MOST_KNOWN
    }
    try:
        found = onnx.shape_inference.infer_node_outputs(
            call.schema, proto or call.proto, types, small, opset_imports=[onnx.helper.make_opsetid("", call.opset)]
        )
    except Exception as error:  # noqa: BLE001 (shapes that do not fit, operators without inference)
        if strict:
            raise NotUnderstoodError(f"cannot be evaluated ({cause_of(error)[:100]})") from None
        return unknown
    return [_kind(found[name]) if name in found else (0, None) for name in call.outputs]


def _is_harmless(call: Call) -> bool:
    """Whether no attribute is a number that ends the process in some versions of onnx: divisors of 0, far away axes."""
    for name, value in call.attributes.items():
        values = value if isinstance(value, list) else [value]
        most = MOST_AXES if "ax" in name else LARGEST
        if name not in ("starts", "ends") and any(isinstance(each, int) and abs(each) > most for each in values):
            return False
    divisors = [call.attributes.get(name) or [1] for name in ("strides", "dilations", "kernel_shape")]
    single = [call.attributes.get(name) for name in ("group", "blocksize", "num_outputs")]
    divisors.append([value for value in single if value is not None])
    return all(isinstance(value, int) and value > 0 for values in divisors for value in values)


def _kind(entry: Any) -> Kind:
    if not entry.HasField("tensor_type"):
        return 0, None
    tensor = entry.tensor_type
    sizes = [axis.dim_value if axis.HasField("dim_value") else -1 for axis in tensor.shape.dim]
    is_known = tensor.HasField("shape") and min(sizes, default=0) >= 0
    return tensor.elem_type, tuple(sizes) if is_known else None
