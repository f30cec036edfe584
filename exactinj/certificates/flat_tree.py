"""The proof object of the tree engine: refuters and a tree of tokens over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.form import Form, form_for
from exactinj.certificates.proof_rows import Multipliers, ProofRows
from exactinj.certificates.supports import SupportTable, used_supports

__all__ = ["FlatTree", "compact_tree"]


@dataclass(frozen=True, eq=False)
class FlatTree:
    """The body of the rule ``flat-tree`` of ``docs/certificates.md``: data, from which refuters are computed.

    A support lists rows of `rows`, the layer's first; its codes are positive.
    """

    supports: SupportTable
    tokens: NDArray[np.int32]
    rows: ProofRows
    form: Form | None = None

    @property
    def written_form(self) -> Form:
        """The form that was asked for, or the one that its size calls for."""
        return self.form or form_for(map(len, self.supports))

    def refuters(self) -> Iterator[Multipliers]:
        """Per support the multipliers, positive."""
        return map(self.rows.multipliers, self.supports)


def compact_tree(supports: SupportTable, tokens: NDArray[np.int32], rows: ProofRows) -> FlatTree:
    """Drop unused and repeated refuters and number the rest by first use."""
    return FlatTree(*used_supports(supports, tokens), rows)
