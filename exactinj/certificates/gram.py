"""The proof object of the rule ``gram``: two bounds of a layer, each with a tree over signs of rows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree

__all__ = ["GramProof", "GramSide"]


@dataclass(frozen=True)
class GramSide:
    """A bound, pairs of rows of which one is active everywhere, and circuits with a tree.

    In the tree the token -1 closes a node by its Gram matrix. For the side `above` the rows are those of the layer with
    all signs turned.
    """

    bound: Fraction
    pairs: tuple[tuple[int, int], ...]
    tree: SignSplitTree | StatedTree


@dataclass(frozen=True)
class GramProof:
    """The body of the rule: ``A >= below.bound`` and ``L^2 <= above.bound``."""

    below: GramSide
    above: GramSide
