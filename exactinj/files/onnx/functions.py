"""Functions that a model defines for itself, put where they are called, if that stays small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exactinj.errors import InputError

__all__ = ["with_functions_inlined"]

MOST_BYTES = 1 << 28  # of the nodes after that

Functions = Mapping[tuple[str, str], Any]


def with_functions_inlined(proto: Any) -> Any:
    """The model without calls of its own functions; `InputError` for ones that call themselves or grow too large."""
    if not proto.functions:
        return proto
    functions = {(function.domain, function.name): function for function in proto.functions}
    sizes: dict[tuple[str, str], int] = {}
    try:
        size = _size(proto.graph.node, functions, sizes)
    except RecursionError:
        raise InputError("found functions within functions, too deep; save the model flat") from None
    if size > MOST_BYTES:
        raise InputError(f"found functions that grow to more than {MOST_BYTES} bytes, expected a smaller model")
    import onnx.inliner

    try:
        return onnx.inliner.inline_local_functions(proto)
    except Exception:  # noqa: BLE001 (of several kinds)
        raise InputError("found functions that cannot be put where they are called; save the model flat") from None


def _size(nodes: Iterable[Any], functions: Functions, sizes: dict[tuple[str, str], int]) -> int:
    """Bytes of nodes with the bodies of the functions that they call."""
    total = 0
    for node in nodes:
        total += int(node.ByteSize())
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                total += _size(graph.node, functions, sizes)
        key = (node.domain, node.op_type)
        if key in functions:
            if key not in sizes:
                sizes[key] = -1  # being computed
                sizes[key] = _size(functions[key].node, functions, sizes)
            if sizes[key] < 0:
                raise InputError(f"found the function {node.op_type[:80]!r} that calls itself, expected none that does")
            total += sizes[key]
    return total
