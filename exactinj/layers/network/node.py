"""One step of a network."""

from __future__ import annotations

from dataclasses import dataclass

from exactinj.layers.network.operation import Operation

__all__ = ["Node"]


@dataclass(frozen=True)
class Node:
    """A step: the name of its value, what it does, and the values that it reads."""

    name: str
    operation: Operation
    inputs: tuple[str, ...]
