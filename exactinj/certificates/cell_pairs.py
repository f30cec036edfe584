"""The proof that a network is injective by its cells and pairs of cells: data, written as rule ``cell-pairs``."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CellPairs", "CellStep", "PairStep"]

Support = tuple[int, ...]
CellStep = int | tuple[int, ...] | tuple[Support | None, ...]
"""0 where a pre-activation takes both signs; its only sign and a support; at a cell, supports of its bounds."""
PairStep = tuple[Support, Support]
"""Functions of the first and of the second cell."""


@dataclass(frozen=True)
class CellPairs:
    """The body of the rule: directions of the output, the steps of the walk over cells, and over pairs of cells.

    Everything is named by numbers: multipliers are unique, and whoever checks solves for them.
    """

    directions: tuple[tuple[int, ...], ...]
    cells: tuple[CellStep, ...]
    pairs: tuple[PairStep, ...]
