"""What of a torch module is one layer: a linear map or a convolution, alone or with its ReLU. Never imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exactinj.errors import InputError

__all__ = ["CONVOLUTIONS", "LINEAR", "is_module", "linear_part"]

LINEAR = ("Linear",)
CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d")
PASSED_OVER = ("Identity", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Flatten")  # identities when a net is used


def is_module(value: object) -> bool:
    """Whether a value is a ``torch.nn.Module``."""
    return any(base.__module__.startswith("torch.nn") and base.__name__ == "Module" for base in type(value).__mro__)


def linear_part(module: Any, kinds: Sequence[str]) -> tuple[str, Any]:
    """The kind and the module of the linear part: ``module`` itself, or that of a Sequential of it and a ReLU.

    Parameters
    ----------
    module : torch.nn.Module
    kinds : names of the classes of ``torch.nn`` that are wanted; subclasses count if they keep ``forward``

    Raises
    ------
    InputError
        For networks of several layers, other activations and other modules.
    """
    if not is_module(module):
        raise InputError(f"found an object of type {type(module).__name__}, expected a torch.nn.{_either(kinds)}")
    kind = _kind(module, kinds)
    if kind is not None:
        return kind, module
    every = [part for part in module.modules() if _kind(part, (*LINEAR, *CONVOLUTIONS)) is not None]
    if len(every) > 1:
        raise InputError(
            f"found a network of {len(every)} layers ({type(module).__name__}), expected one; networks come as layers: "
            "take each by itself, as in [certify(part) for part in net.modules() if isinstance(part, torch.nn.Linear)]"
        )
    if _kind(module, ("Sequential",)) is None or not every:
        raise InputError(
            f"found a module of type {type(module).__name__}, expected a torch.nn.{_either(kinds)}, or a Sequential of "
            "one and a ReLU"
        )
    return _of_sequence(list(module), kinds)


def _of_sequence(parts: Sequence[Any], kinds: Sequence[str]) -> tuple[str, Any]:
    names = [type(part).__name__ for part in parts]
    rest = [part for part in parts if _kind(part, PASSED_OVER) is None]
    kind = _kind(rest[0], kinds) if rest else None
    others = rest[1:] if kind is not None else rest
    if kind is None or len(others) > 1 or any(_kind(part, ("ReLU",)) is None for part in others):
        raise InputError(
            f"found a Sequential of {', '.join(names)}, expected a torch.nn.{_either(kinds)} and a ReLU alone; "
            "take the linear part by itself, or fold the others into it"
        )
    return kind, rest[0]


def _kind(module: Any, kinds: Sequence[str]) -> str | None:
    """The class of ``torch.nn`` with one of these names that a module is, unless it computes something else."""
    for base in type(module).__mro__:
        if base.__module__.startswith("torch.nn") and base.__name__ in kinds:
            return base.__name__ if type(module).forward is base.forward else None  # type: ignore[attr-defined]
    return None


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
