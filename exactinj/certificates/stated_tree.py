"""The proof object of a tree that was read from a certificate: its multipliers are data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.form import Form

__all__ = ["StatedEntry", "StatedTree"]

StatedEntry: TypeAlias = tuple[tuple[int, int], ...] | tuple[int, ...]  # pairs (row, multiplier), or codes

TABLES = {"flat-tree": "refuters", "sign-split": "circuits"}


@dataclass(frozen=True, eq=False)
class StatedTree:
    """The body of the rule ``flat-tree`` or ``sign-split``: dependencies as pairs (row, multiplier), and tokens.

    In the compact form a dependency may also be a tuple of codes.
    """

    rule: str
    entries: tuple[StatedEntry, ...]
    tokens: NDArray[np.int32]
    form: Form = Form.EXPLICIT

    @property
    def table(self) -> str:
        """The name of the list of dependencies in the document."""
        return "supports" if self.form is Form.COMPACT else TABLES[self.rule]
