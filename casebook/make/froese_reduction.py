"""Layers made from digraphs.

    python casebook/make/froese_reduction.py

An *acyclic 2-disconnection* of a digraph is a set of arcs without directed cycle whose removal leaves
the vertices in at least two weakly connected parts. It is enough to look at cuts: a digraph has one
exactly if, for some proper nonempty vertex set S, the arcs between S and its complement (either way)
contain no directed cycle. Deciding this is NP-complete; Froese, Grillo and Skutella (arXiv
2405.19805) derive from it that injectivity of a ReLU layer is coNP-complete.

The layer. Give every vertex but the last a coordinate (the last one has coordinate 0), and every arc
u -> v the row with value x_u - x_v. A collision is a pair (x, v != 0) such that each row is zero on v
or negative on x. Rows that are zero on v: v is constant along those arcs, and not constant over all
vertices, so those arcs leave the digraph disconnected. Rows negative on x: x increases along the
remaining arcs, so they contain no cycle; conversely, numbers that increase along all arcs exist for
every acyclic set. Hence the layer is *not* injective exactly if the digraph has an acyclic
2-disconnection.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from casefile import put_layer

if TYPE_CHECKING:
    from collections.abc import Iterable

    Arc = tuple[int, int]

# A path of three two-way pairs; neighbouring pairs are joined by a directed 4-cycle.
PATH = [
    *((0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)),
    *((0, 2), (2, 1), (1, 3), (3, 0)),
    *((2, 4), (4, 3), (3, 5), (5, 2)),
]
# The last arc turned round.
PATH_TURNED = [*PATH[:-1], (2, 5)]
# Four two-way pairs. No two of them carry a directed cycle between them, yet every cut has one, and
# no arc can be spared.
TIGHT = [
    *((0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4), (6, 7), (7, 6)),
    *((0, 2), (0, 5), (0, 7), (1, 6), (2, 1), (2, 7), (3, 0), (3, 6)),
    *((4, 0), (5, 7), (6, 0), (7, 3), (7, 4)),
]
TIGHT_LESS_ONE = TIGHT[:-1]


def has_cycle(arcs: Iterable[Arc]) -> bool:
    """Does a set of arcs contain a directed cycle? Strip the arcs that no other arc leads to."""
    arcs = set(arcs)
    while arcs:
        heads = {v for _, v in arcs}
        rest = {(u, v) for u, v in arcs if u in heads}
        if len(rest) == len(arcs):
            return True
        arcs = rest
    return False


def acyclic_cut(vertices: int, arcs: list[Arc]) -> tuple[int, ...] | None:
    """A vertex set whose cut has no directed cycle, or None: all cuts are tried."""
    for size in range(1, vertices // 2 + 1):
        for part in combinations(range(vertices), size):
            if not has_cycle((u, v) for u, v in arcs if (u in part) != (v in part)):
                return part
    return None


def rows(vertices: int, arcs: list[Arc]) -> list[list[int]]:
    """x_u - x_v for every arc u -> v, the last vertex having coordinate 0."""
    return [[(u == j) - (v == j) for j in range(vertices - 1)] for u, v in arcs]


if __name__ == "__main__":
    for name, vertices, arcs in (
        ("digraph-path", 6, PATH),
        ("digraph-path-turned", 6, PATH_TURNED),
        ("digraph-tight", 8, TIGHT),
        ("digraph-tight-less-one", 8, TIGHT_LESS_ONE),
    ):
        put_layer(name, rows(vertices, arcs))
        print(f"{name}: acyclic cut {acyclic_cut(vertices, arcs)}")
