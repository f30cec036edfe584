"""Which pairs of cells have to be compared: those whose images no interval in the chosen directions tells apart.

The cells are the leaves of the binary tree of the walk that found them; whatever holds all images of a subtree in an
interval dismisses its pairs at once. The order is that of the rule ``cell-pairs`` (``docs/certificates-network.md``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.networks.bounds import Bound, CellBounds
from exactinj.networks.cells import BothSides, Cell, OneSide
from exactinj.work.clock import Clock

__all__ = ["CellNode", "PairWalk", "node_of"]

Ends = tuple[Fraction | None, ...]


@dataclass(frozen=True, slots=True)
class CellNode:
    """All cells of a part of the walk.

    Attributes
    ----------
    first, count : its cells are those from the first on
    sides : the part where a pre-activation is nonnegative and the other; None for a single cell
    upper, lower : per direction ends of an interval that holds the images, None where it has none
    """

    first: int
    count: int
    sides: tuple[CellNode, CellNode] | None
    upper: Ends
    lower: Ends


def node_of(steps: Sequence[BothSides | OneSide | Cell], bounds: CellBounds) -> CellNode:
    """The tree of all steps."""
    waiting: list[list[CellNode]] = []  # of each pre-activation with both signs, the sides that are complete
    cells = 0
    for step in steps:
        if isinstance(step, BothSides):
            waiting.append([])
        if not isinstance(step, Cell):
            continue
        node = _leaf(cells, bounds.bounds[cells])
        cells += 1
        while waiting and waiting[-1]:
            node = _joined(waiting.pop()[0], node)
        if waiting:
            waiting[-1].append(node)
        else:
            return node
    raise ValueError("the walk over the cells is not complete")


def _leaf(number: int, bounds: Sequence[tuple[Bound | None, Bound | None]]) -> CellNode:
    upper = tuple(None if above is None else above.value for above, _ in bounds)
    lower = tuple(None if below is None else below.value for _, below in bounds)
    return CellNode(number, 1, None, upper, lower)


def _joined(left: CellNode, right: CellNode) -> CellNode:
    upper = tuple(None if a is None or c is None else max(a, c) for a, c in zip(left.upper, right.upper, strict=True))
    lower = tuple(None if a is None or c is None else min(a, c) for a, c in zip(left.lower, right.lower, strict=True))
    return CellNode(left.first, left.count + right.count, (left, right), upper, lower)


class PairWalk:
    """The pairs of cells that are not told apart, in order, the smaller number first; `apart` counts the others.

    Iterating raises `OutOfTimeError` when the clock runs out.
    """

    def __init__(self, root: CellNode, clock: Clock) -> None:
        self.root, self.clock = root, clock
        self.apart = 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        waiting: list[tuple[CellNode, CellNode]] = [(self.root, self.root)]
        while waiting:
            self.clock.check()
            a, c = waiting.pop()
            if a is c:
                if a.sides is not None:
                    left, right = a.sides
                    waiting += [(right, right), (left, right), (left, left)]
            elif _are_apart(a, c):
                self.apart += a.count * c.count
            elif a.sides is not None and (a.count >= c.count or c.sides is None):
                waiting += [(a.sides[1], c), (a.sides[0], c)]
            elif c.sides is not None:
                waiting += [(a, c.sides[1]), (a, c.sides[0])]
            else:
                yield a.first, c.first


def _are_apart(a: CellNode, c: CellNode) -> bool:
    """Whether the intervals of some direction do not meet."""
    return _is_below(a, c) or _is_below(c, a)


def _is_below(a: CellNode, c: CellNode) -> bool:
    ends = zip(a.upper, c.lower, strict=True)
    return any(high is not None and low is not None and high < low for high, low in ends)
