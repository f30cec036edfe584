"""One node of a model as operators see it: attributes with their defaults, constants, and names of values."""

from __future__ import annotations

from typing import Any

from exactinj.errors import InputError
from exactinj.files.onnx.package import onnx_package
from exactinj.files.sources import cause_of

__all__ = ["RANDOM", "Call", "NotUnderstoodError", "is_random", "operator_name"]


RANDOM = frozenset(
    ("Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
)


class NotUnderstoodError(Exception):
    """A use of an operator that is not understood; the message says why, in words that follow "the operator"."""


class Call:
    """A node: `inputs` are names of the network's values or constants, None where an optional one is left out."""

    def __init__(self, proto: Any, inputs: list[str | None], opset: int) -> None:
        self.proto, self.inputs, self.opset = proto, inputs, opset
        self.kind = proto.op_type
        self.outputs: list[str] = list(proto.output)
        self.schema = _schema(proto, opset)
        self.attributes: dict[str, Any] = {}
        if self.schema is not None:
            defaults = self.schema.attributes.values()
            self.attributes = {entry.name: _plain(entry.default_value) for entry in defaults if not entry.required}
            self.attributes |= {entry.name: _plain(entry) for entry in proto.attribute}

    @property
    def title(self) -> str:
        """The node as messages call it."""
        name = self.proto.name or next(iter(self.outputs), "")
        return f"{name[:80]} ({operator_name(self.proto)})"

    def input(self, k: int) -> str | None:
        """The name of input k; None if it is left out."""
        return self.inputs[k] if k < len(self.inputs) else None

    def value(self, k: int) -> str:
        """The name of input k, which must be there."""
        name = self.input(k)
        if name is None:
            raise NotUnderstoodError(f"has no input {k}")
        return name

    def require_valid(self, context: Any) -> None:
        """Raise `InputError` if the node does not obey the schema of its operator.

        Nodes with subgraphs pass: what they need is looked at when a branch is read.
        """
        onnx = onnx_package()
        if self.schema is None or any(entry.HasField("g") for entry in self.proto.attribute):
            return
        try:
            onnx.checker.check_node(self.proto, context)
        except Exception as error:  # noqa: BLE001 (of several kinds)
            raise InputError(f"the step {self.title} is not valid: {cause_of(error)}") from None


def operator_name(proto: Any) -> str:
    """The operator's name, with its domain unless that is the standard one."""
    domain = "" if proto.domain in ("", "ai.onnx") else f"{proto.domain}."
    return f"{domain}{proto.op_type}"[:80]


def is_random(proto: Any) -> bool:
    """Whether a standard operator, or one in its subgraphs, draws random numbers."""
    graphs = [entry.g for entry in proto.attribute if entry.HasField("g")]
    return proto.op_type in RANDOM or any(is_random(node) for graph in graphs for node in graph.node)


def _schema(proto: Any, opset: int) -> Any:
    """The schema of a standard operator; None for unknown ones."""
    if proto.domain not in ("", "ai.onnx"):
        return None
    onnx = onnx_package()
    try:
        return onnx.defs.get_schema(proto.op_type, opset, "")
    except onnx.defs.SchemaError:
        return None


def _plain(entry: Any) -> Any:
    """An attribute's value, texts decoded; None if it has none."""
    onnx = onnx_package()
    if not entry.name or entry.type == onnx.AttributeProto.UNDEFINED:
        return None
    value = onnx.helper.get_attribute_value(entry)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return list(value) if entry.type in (onnx.AttributeProto.FLOATS, onnx.AttributeProto.INTS) else value
