"""What a search of some subtrees found: a piece of a proof with places for what is still open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.matrix import IntegerRow
from exactinj.injectivity.growing import Integers
from exactinj.injectivity.subtrees.nodes import Node
from exactinj.work.verdict import Statistics

__all__ = ["OPEN", "Part"]

OPEN = -1  # a token: here comes what is below the next open node


@dataclass(frozen=True, eq=False)
class Part:
    """Tokens in preorder over circuits of its own; ``OPEN`` stands for a subtree that is not there yet.

    supports : (count, width) codes of the circuits' rows, then zeros; numbered by first use in the tokens
    open : a node for each ``OPEN`` among the tokens, in order
    cuts : rows of the domain that the search added; the first of them has the place after the problem's first rows
    """

    supports: Integers
    tokens: NDArray[np.int32]
    open: tuple[Node, ...]
    cuts: tuple[IntegerRow, ...]
    stats: Statistics
