"""The proof object of a tree that was read from a certificate: its multipliers are data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["StatedTree"]

TABLES = {"flat-tree": "refuters", "sign-split": "circuits"}


@dataclass(frozen=True, eq=False)
class StatedTree:
    """The body of the rule ``flat-tree`` or ``sign-split``: dependencies as pairs (row, multiplier), and tokens."""

    rule: str
    entries: tuple[tuple[tuple[int, int], ...], ...]
    tokens: NDArray[np.int32]

    @property
    def table(self) -> str:
        """The name of the list of dependencies in the document."""
        return TABLES[self.rule]
