"""One call in a traced graph: what it is called, how torch runs it, how it is translated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError
from exactinj.layers.torch_graphs.modules import MODULE_MOVES, class_of, has_hooks, translate_module
from exactinj.layers.torch_graphs.registry import MOVES, translator_of

__all__ = ["Call"]

FIRST = ("input", "other")


@dataclass(frozen=True)
class Call:
    """A call in a traced graph.

    Attributes
    ----------
    name : of the function, as in ``torch.nn.functional``
    label : what the value shall be called
    kind : what an operator is called that is not understood
    moves : whether it only moves numbers
    """

    name: str
    label: str
    kind: str
    moves: bool
    run: Callable[[Any, Any], Any]
    module: Any = None
    is_aten: bool = False

    @classmethod
    def of(cls, root: Any, node: Any) -> Call:
        """The call of a node."""
        if node.op == "call_module":
            module = root.get_submodule(node.target)
            kind = class_of(module)
            moves = kind in MODULE_MOVES or (kind == "Upsample" and module.mode.startswith("nearest"))
            return cls(
                kind, str(node.target), kind, moves and not has_hooks(module), lambda a, k: module(*a, **k), module
            )
        if node.op == "call_method":
            name = _plain_name(str(node.target))
            return cls(name, node.name, name, name in MOVES, lambda a, k: getattr(a[0], node.target)(*a[1:], **k))
        if node.target is getattr:
            name = str(node.args[1])
            return cls(name, node.name, name, name in MOVES, lambda a, _: getattr(*a))
        packet, label = getattr(node.target, "overloadpacket", None), _label(node)
        name = _plain_name(getattr(packet or node.target, "__name__", str(node.target)))
        moves = name in MOVES or (name == "interpolate" and node.kwargs.get("mode", "nearest").startswith("nearest"))
        return cls(name, label, name, moves, lambda a, k: node.target(*a, **k), None, packet is not None)

    def translate(self, build: Builder, args: Any, kwargs: Any) -> Any:
        """What the call is in the graph; `NotUnderstoodError` if nothing is known of it."""
        if self.module is not None:
            if has_hooks(self.module):
                raise NotUnderstoodError(f"found hooks on {self.kind}, which may change what it computes")
            return translate_module(build, self.module, *args, **kwargs)
        translator = (translator_of(f"aten.{self.name}") if self.is_aten else None) or translator_of(self.name)
        if translator is None:
            raise NotUnderstoodError(f"the operator {self.name} is not supported")
        first = [kwargs[name] for name in FIRST if name in kwargs]  # what translators call otherwise
        rest = {name: value for name, value in kwargs.items() if name not in FIRST}
        return translator(build, *args, *first, **rest)


def _label(node: Any) -> str:
    """The module of torch that a call belongs to, as `torch.export` notes it, or the name of the call."""
    inner = list(node.meta.get("nn_module_stack", {}).values())[-1:]
    for path, kind in inner:
        if "torch.nn.modules" in str(kind) and "container" not in str(kind) and path:
            return str(path).removeprefix("L['self'].")
    return str(node.name)


def _plain_name(name: str) -> str:
    return name if name.startswith("__") else name.removesuffix("_")
