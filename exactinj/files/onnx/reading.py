"""From a model to an exact network: nodes in order, constants folded, whatever is not understood named.

A node whose inputs are all constants is evaluated by onnx's reference implementation. A node of the table adds exact
steps. Every other one becomes an `Opaque` step that reads all that the node depends on, outer values of its subgraphs
included, so that two inputs that agree on those provably agree on its value.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.files.onnx.biases import with_biases
from exactinj.files.onnx.builder import Builder
from exactinj.files.onnx.call import Call, NotUnderstoodError, is_random, operator_name
from exactinj.files.onnx.evaluation import FOLDED, MOST_ENTRIES, evaluated, inferred
from exactinj.files.onnx.inputs import input_shapes
from exactinj.files.onnx.loading import Model, array_of, load_model, require_texts
from exactinj.files.onnx.operators import MOVES, TABLE
from exactinj.files.onnx.package import onnx_package
from exactinj.files.sources import FilePath
from exactinj.layers.network import Network, Opaque, Shape
from exactinj.layers.network.parameters import array_bytes, parameters_digest

__all__ = ["read_onnx"]

Names = Mapping[str, str]


def read_onnx(
    source: FilePath | Any,
    input_shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    *,
    fixed: Mapping[str, Any] | None = None,
) -> Network:
    """Read an ONNX model as an exact network of one input at a time.

    Parameters
    ----------
    source : path of an ``.onnx`` file, ``-`` for stdin, or an ``onnx.ModelProto``
    input_shape : where the model leaves sizes open other than that of the batch, which is 1: the shape of the first
        float input with an open size, or a mapping from names of inputs to shapes
    fixed : mapping from names of inputs to numbers
        Inputs that are held fixed, such as a sampling rate; they become constants.

    Returns
    -------
    Network
        Weights are exactly the floats in the file. Steps that are not understood are `Opaque`.

    Raises
    ------
    InputError
        For files that are no models, damaged or too large, and for shapes that do not fit: one line.
    MissingExtraError
        If the package ``onnx`` is not installed.
    """
    model = load_model(source)
    called = f"{source}: " if isinstance(source, str | os.PathLike) else ""
    try:
        return _Reader(model).network(input_shape, dict(fixed or {}))
    except InputError as error:
        raise InputError(f"{called}{error}") from None
    except RecursionError:
        raise InputError(f"{called}found subgraphs within subgraphs, too deep; give a flat model") from None
    except MemoryError:
        raise InputError(f"{called}does not fit into memory; give a smaller model or --input-shape") from None


class _Reader:
    def __init__(self, model: Model) -> None:
        self.model, self.builder = model, Builder()

    def network(self, input_shape: Any, fixed: dict[str, Any]) -> Network:
        graph = self.model.graph
        require_texts(graph)
        initial = self._initialisers(graph, {})
        names = dict(initial)
        inputs = [entry for entry in graph.input if entry.name not in initial]
        unknown = set(fixed) - {entry.name for entry in inputs}
        if unknown:
            raise InputError(f"found fixed numbers for {min(unknown)!r}, which is no input of the model")
        for entry in inputs:
            if entry.name in fixed:
                names[entry.name] = self.builder.add_constant(entry.name, _fixed_array(fixed[entry.name], entry))
        free = [entry for entry in inputs if entry.name not in fixed]
        for name, (element_type, shape) in input_shapes(free, input_shape).items():
            if name in names:
                raise InputError(f"found two values of the name {name!r} in the model, expected one of each name")
            self.builder.add_input(name, shape, element_type)
            names[name] = name
        found = self._walk(graph, names)
        outputs = [self.builder.output(name, entry.name) for name, entry in zip(found, graph.output, strict=True)]
        return Network(self.builder.inputs, with_biases(self.builder.nodes, outputs), tuple(dict.fromkeys(outputs)))

    # ------------------------------------------------------------------ graphs

    def _initialisers(self, graph: Any, names: Names) -> dict[str, str]:
        found: dict[str, str] = {}
        for tensor in graph.initializer:
            if tensor.name in found or tensor.name in names:
                raise InputError(f"found two values of the name {tensor.name!r} in the model, expected one")
            found[tensor.name] = self.builder.add_constant(tensor.name, partial(self._array, tensor, tensor.name))
        if graph.sparse_initializer:
            raise InputError("found sparse weights in the model, expected dense ones; save it with dense tensors")
        return found

    def _array(self, tensor: Any, name: str) -> NDArray[Any]:
        return array_of(tensor, self.model.folder, name)

    def _walk(self, graph: Any, outer: Names) -> list[str]:
        """The names of a graph's outputs, after all its nodes."""
        require_texts(graph)
        names = dict(outer)
        for proto in graph.node:
            call = Call(proto, [self._resolved(proto, name, names) for name in proto.input], self.model.opset)
            for name, made in zip(call.outputs, self._values(call, names), strict=True):
                if name in names:
                    raise InputError(f"found two values of the name {name!r} in the model, expected one of each name")
                if name:
                    names[name] = made
        missing = [entry.name for entry in graph.output if entry.name not in names]
        if missing:
            raise InputError(f"found no step that gives the output {missing[0]!r} of the model")
        return [names[entry.name] for entry in graph.output]

    @staticmethod
    def _resolved(proto: Any, name: str, names: Names) -> str | None:
        if not name:
            return None
        if name not in names:
            title = f"{(proto.name or next(iter(proto.output), ''))[:80]} ({operator_name(proto)})"
            raise InputError(f"the step {title} reads {name[:80]!r}, which no input, initialiser or earlier step gives")
        return names[name]

    # ------------------------------------------------------------------ one node

    def _values(self, call: Call, names: Names) -> list[str]:
        """The names of a node's values, one for each of its outputs."""
        call.require_valid(self.model.context)
        try:
            with self.builder.undone_on_failure():
                return self._understood(call, names)
        except NotUnderstoodError as error:
            return self._opaque(call, names, f"the operator {operator_name(call.proto)} {error}")
        except InputError as error:
            raise InputError(f"the step {call.title}: {error}") from None
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # what no check of ours foresaw
            what = f"the operator {operator_name(call.proto)} cannot be read ({type(error).__name__})"
            return self._opaque(call, names, what)

    def _understood(self, call: Call, names: Names) -> list[str]:
        if call.schema is None:
            raise NotUnderstoodError("is not supported")
        if call.kind == "If":
            return self._branch(call, names)
        folded = self._folded(call)
        if folded is not None:
            return [self.builder.add_folded(name, array) for name, array in zip(call.outputs, folded, strict=True)]
        _require_ways_of_today(call)
        reader = TABLE.get(call.kind)
        if reader is None:
            raise NotUnderstoodError("is not supported")
        values = [name for name in call.inputs if name is not None and not self.builder.is_constant(name)]
        if call.kind not in MOVES and not all(self.builder.is_real(name) for name in values):
            raise NotUnderstoodError("computes with integers or truth values")
        since = len(self.builder.nodes)
        found = reader(call, self.builder)
        made = [found] if isinstance(found, str) else found
        if len(made) != len(call.outputs):
            raise NotUnderstoodError("has more values than are understood")
        return self.builder.settle(since, made, call.outputs)

    def _folded(self, call: Call) -> list[NDArray[Any]] | None:
        """The arrays of a node's values if they are constants."""
        shape = self._shape_constant(call)
        if shape is not None:
            return [shape]
        read = [name for name in call.inputs if name is not None]
        if call.kind == "CastLike" and read and self.builder.is_constant(read[0]):
            return [self._cast_like(*read)]
        if call.kind not in FOLDED or not all(self.builder.is_constant(name) for name in read):
            return None
        if call.kind == "Constant" and call.attributes.get("value") is not None:
            return [self._array(call.attributes["value"], call.outputs[0])]
        proto = onnx_package().NodeProto()
        proto.CopyFrom(call.proto)
        proto.input[:] = [name or "" for name in call.inputs]
        try:
            found = evaluated(call, {name: self.builder.known(name) for name in read}, proto=proto)
        except NotUnderstoodError:
            if call.kind in TABLE and read:
                return None
            raise
        return [np.asarray(array) for array in found]

    def _cast_like(self, data: str, like: str) -> NDArray[Any]:
        """A constant in the type of a value."""
        onnx = onnx_package()
        element_type = self.builder.kind(like)[0]
        if element_type == onnx.TensorProto.UNDEFINED:
            raise NotUnderstoodError("reads a value of unknown type")
        dtype = onnx.helper.tensor_dtype_to_np_dtype(element_type)
        return self.builder.known(data).astype(dtype)

    def _shape_constant(self, call: Call) -> NDArray[Any] | None:
        """The value of Shape and Size of a known shape, whatever the numbers are."""
        if call.kind not in ("Shape", "Size"):
            return None
        shape = self.builder.shape(call.value(0))
        if call.kind == "Size":
            return np.array(prod(shape), dtype=np.int64)
        start, end = call.attributes.get("start") or 0, call.attributes.get("end")
        return np.array(shape[slice(start, end)], dtype=np.int64)

    def _branch(self, call: Call, names: Names) -> list[str]:
        """The steps of the branch that a constant condition chooses."""
        condition = self.builder.known(call.value(0))
        graph = call.attributes["then_branch" if condition.any() else "else_branch"]
        made = self._walk(graph, {**names, **self._initialisers(graph, names)})
        if len(made) != len(call.outputs):
            raise InputError(f"the step {call.title} has {len(call.outputs)} values and its branch {len(made)}")
        return made

    def _opaque(self, call: Call, names: Names, why: str) -> list[str]:
        """Steps that are named only, which read all that the node depends on."""
        builder = self.builder
        read = [name for name in (*call.inputs, *self._captured(call.proto, names)) if name is not None]
        values = [name for name in read if not builder.is_constant(name)]
        if is_random(call.proto):
            values += list(builder.inputs)
        kinds = {name: builder.kind(name) for name in read}
        known = {name: builder.known(name) for name in read if builder.is_constant(name)}
        proto = onnx_package().NodeProto()
        proto.CopyFrom(call.proto)
        proto.input[:] = [name or "" for name in call.inputs]
        made, bound = [], _parts_of(call, known)
        kinds_of_outputs = inferred(call, kinds, known, proto=proto)
        for number, (name, (element_type, shape)) in enumerate(zip(call.outputs, kinds_of_outputs, strict=True)):
            if not name:
                made.append("")  # an optional output that nobody reads
                continue
            bounded: Shape | None = None if shape is None or prod(shape) > MOST_ENTRIES else shape
            parameters = parameters_digest([*bound, str(number)])
            operation = Opaque(operator_name(call.proto), bounded, why, parameters)
            made.append(builder.add_unknown(operation, values, name, (element_type, bounded)))
        return made

    def _captured(self, proto: Any, names: Names) -> Iterable[str]:
        """The outer values that a node's subgraphs read."""
        for attribute in proto.attribute:
            for graph in (attribute.g, *attribute.graphs):
                for node in graph.node:
                    yield from (names[name] for name in node.input if name in names)
                    yield from self._captured(node, names)
                yield from (names[entry.name] for entry in graph.output if entry.name in names)


def _parts_of(call: Call, known: Mapping[str, NDArray[Any]]) -> list[bytes | str]:
    """What a node depends on beside values of the network: attributes, and constants that it or a subgraph reads."""
    attributes = sorted(call.proto.attribute, key=lambda entry: entry.name)
    parts: list[bytes | str] = [operator_name(call.proto), str(call.opset)]
    parts += [entry.SerializeToString(deterministic=True) for entry in attributes]
    for name in call.inputs:
        parts.append("" if name is None else array_bytes(known[name]) if name in known else "a value")
    captured = sorted(set(known) - set(call.inputs))
    return [*parts, *(part for name in captured for part in (name, array_bytes(known[name])))]


def _require_ways_of_today(call: Call) -> None:
    """`NotUnderstoodError` for what opset 6 alone has: repeating along a chosen axis, and training by default."""
    if call.attributes.get("broadcast") and call.attributes.get("axis") is not None:
        raise NotUnderstoodError("repeats a value along a chosen axis, as before opset 7")
    if call.attributes.get("is_test") == 0:
        raise NotUnderstoodError("is in training mode")


def _fixed_array(value: Any, entry: Any) -> NDArray[Any]:
    onnx = onnx_package()
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(entry.type.tensor_type.elem_type)
        return np.asarray(value).astype(dtype)
    except Exception:  # noqa: BLE001 (no such type, or no numbers)
        raise InputError(f"found {value!r} as the fixed value of the input {entry.name!r}, expected numbers") from None
