"""Arguments and results of calls: nested tuples, lists, mappings and slices, leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from exactinj.layers.torch_graphs.builder import Value

__all__ = ["has_value", "leaves", "mapped"]


def leaves(parts: Any) -> Iterator[Any]:
    """All parts that are no collections."""
    if isinstance(parts, tuple | list):
        for part in parts:
            yield from leaves(part)
    elif isinstance(parts, dict):
        yield from leaves(list(parts.values()))
    elif isinstance(parts, slice):
        yield from (parts.start, parts.stop, parts.step)
    else:
        yield parts


def has_value(parts: Any) -> bool:
    """Whether some part depends on the input."""
    return any(isinstance(leaf, Value) for leaf in leaves(parts))


def mapped(parts: Any, change: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists and mappings with each leaf changed; named tuples become plain ones."""
    if isinstance(parts, tuple | list):
        changed = [mapped(part, change) for part in parts]
        return changed if isinstance(parts, list) else tuple(changed)
    if isinstance(parts, dict):
        return {key: mapped(part, change) for key, part in parts.items()}
    return parts if isinstance(parts, slice) else change(parts)
