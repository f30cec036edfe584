"""Nodes of a sign-split tree that are still open, and a guess of how much lies below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

__all__ = ["ROOT", "Node", "likely_nodes"]


@dataclass(frozen=True)
class Node:
    """A node: rows known to be nonnegative, in the order of the path, and rows known to be negative, ascending.

    `free` is a guess of how many children it has; nothing but the order of the work depends on it.
    """

    path: tuple[int, ...]
    excluded: tuple[int, ...]
    free: int

    def likely(self, dimension: int) -> int:
        """How many nodes its subtree may have."""
        return likely_nodes(self.free, dimension - len(self.path))

    def children(self, rows: Sequence[int], start: int, dimension: int) -> list[Node]:
        """Those from place `start` on if a circuit has these rows without a sign, in its order."""
        free = dimension - len(self.path)
        return [
            Node(
                path=(*self.path, rows[k]),
                excluded=tuple(sorted((*self.excluded, *rows[:k]))),
                free=min(len(rows) - k, free),
            )
            for k in range(start, len(rows))
        ]


ROOT = Node(path=(), excluded=(), free=0)


@cache
def likely_nodes(free: int, levels: int) -> int:
    """Nodes of a tree of so many levels whose root has `free` children, each with one less than the one before it.

    A circuit in general position has one row more than there are levels.
    """
    if levels == 0:
        return 0
    return 1 + sum(likely_nodes(min(free - k, levels), levels - 1) for k in range(free))
