"""From a file to a parsed model, without trusting it: sizes are bounded before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.files.onnx.functions import with_functions_inlined
from exactinj.files.onnx.package import onnx_package
from exactinj.files.sources import FilePath, Source, cause_of, read_with

__all__ = ["Model", "array_of", "load_model", "require_texts"]

MOST_BYTES = (1 << 31) - 1  # what a protobuf message may have
MOST_NUMBERS = 1 << 28  # in one initialiser
OLDEST_OPSET = 6


class Model:
    """A parsed model: its graph, the version of the standard operators, and the folder of its external data."""

    def __init__(self, proto: Any, folder: Path | None) -> None:
        onnx = onnx_package()
        proto = with_functions_inlined(proto)
        self.graph, self.folder = proto.graph, folder
        versions = {entry.domain: entry.version for entry in proto.opset_import}
        require_printable(versions)
        self.opset: int = versions.get("", versions.get("ai.onnx", 0))
        if not proto.HasField("graph") or not versions or not proto.graph.output:
            raise InputError("found no graph with outputs in it, expected an ONNX model; save it again")
        newest = onnx.defs.onnx_opset_version()
        if not OLDEST_OPSET <= self.opset <= newest:
            raise InputError(
                f"found a model of opset {self.opset}, expected {OLDEST_OPSET} to {newest}; convert it with "
                "onnx.version_converter, or install another version of onnx"
            )
        self.context = onnx.onnx_cpp2py_export.checker.CheckerContext()
        self.context.ir_version = onnx.IR_VERSION
        self.context.opset_imports = {**versions, "": self.opset}


def load_model(source: FilePath | Any) -> Model:
    """The model in a file, a pipe (``-``), or a ``ModelProto``; `InputError` in one line for everything else."""
    onnx_package()
    if hasattr(source, "SerializeToString"):
        return Model(source, None)
    folder = Path(source).parent if source != "-" else None
    return read_with({".onnx": lambda opened: Model(_parsed(opened), folder)}, source, "onnx")


def _parsed(source: Source) -> Any:
    from google.protobuf.message import DecodeError

    if source.size > MOST_BYTES:
        raise InputError(f"found {source.size} bytes, expected at most {MOST_BYTES}; keep weights as external data")
    if not source.size:
        raise InputError("found nothing in it, expected an ONNX model")
    model = onnx_package().ModelProto()
    try:
        model.ParseFromString(source.content())
    except DecodeError:
        raise InputError("not an ONNX model, or damaged or truncated; save it again") from None
    return model


def require_texts(graph: Any) -> None:
    """Raise `InputError` for names in a graph that are no printable texts, such as bytes or escape sequences."""
    names = [entry.name for part in (graph.input, graph.output, graph.initializer) for entry in part]
    names += [axis.dim_param for entry in graph.input for axis in entry.type.tensor_type.shape.dim]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [entry.name for entry in node.attribute]
    names += [attribute.ref_attr_name for node in graph.node for attribute in node.attribute]
    require_printable(names)


def require_printable(names: Iterable[Any]) -> None:
    """Raise `InputError` unless all names are printable texts."""
    if not all(isinstance(name, str) and name.isprintable() for name in names):
        raise InputError("found a name that is no printable text; the file is damaged, or give its values other names")


def array_of(tensor: Any, folder: Path | None, name: str) -> NDArray[Any]:
    """The numbers of a ``TensorProto``, in its own type; `InputError` if it is broken."""
    onnx = onnx_package()
    count = _count(tensor, name)
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        tensor = _with_external_data(tensor, count, folder, name)
    try:
        array = np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception as error:  # noqa: BLE001 (whatever the parser stumbles over)
        raise InputError(f"the tensor {name} cannot be read ({cause_of(error)}); the file is damaged") from None
    if array.size != count:
        raise InputError(f"the tensor {name} holds {array.size} numbers and its shape promises {count}")
    return array


def _count(tensor: Any, name: str) -> int:
    """How many numbers the shape promises."""
    if any(size < 0 for size in tensor.dims):
        raise InputError(f"the tensor {name} has a negative size; the file is damaged")
    count: int = prod(tensor.dims)
    if count > MOST_NUMBERS:
        raise InputError(f"the tensor {name} promises {count} numbers, expected at most {MOST_NUMBERS}")
    return count


def _with_external_data(tensor: Any, count: int, folder: Path | None, name: str) -> Any:
    """The tensor with its bytes in it, read from a file beside the model."""
    onnx = onnx_package()
    try:
        width = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except Exception:  # noqa: BLE001 (no such type)
        raise InputError(f"the tensor {name} has the unknown type {tensor.data_type}") from None
    fields = {entry.key: entry.value for entry in tensor.external_data}
    path = _beside(fields.get("location", ""), folder, name)
    offset, length = (_size(fields.get(key), name) for key in ("offset", "length"))
    wanted = count * width if length is None else length
    if wanted > count * width:
        raise InputError(f"the tensor {name} takes {wanted} bytes of {path.name} for {count} numbers; it is damaged")
    try:
        with path.open("rb") as stream:
            stream.seek(offset or 0)
            data = stream.read(wanted)
    except OSError as error:
        raise InputError(f"the numbers of {name} cannot be read from {path.name} ({error.strerror})") from None
    if len(data) != wanted:
        raise InputError(f"the file {path.name} ends before the numbers of {name}; it is truncated")
    whole = onnx.TensorProto(dims=tensor.dims, data_type=tensor.data_type)
    whole.raw_data = data
    return whole


def _beside(location: str, folder: Path | None, name: str) -> Path:
    """The file of external data, if it lies in the model's folder or below."""
    if folder is None:
        raise InputError(f"the numbers of {name} lie in another file, {location!r}; give the model by its path")
    try:
        root = folder.resolve()
        path = (root / location).resolve()
        inside = bool(location) and path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside:
        raise InputError(
            f"the numbers of {name} should lie in {location!r}, expected a file in the model's folder or below"
        )
    return path


def _size(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 (fits 64 bits)
        raise InputError(f"the tensor {name} has the offset or length {text[:30]!r}, expected a size in bytes")
    return int(text)
