"""The proof object of the engine sign-split: circuits and a tree of tokens that splits by signs of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.form import Form, form_for
from exactinj.certificates.proof_rows import Multipliers, ProofRows
from exactinj.certificates.supports import SupportTable, used_supports

__all__ = ["SignSplitTree", "compact_sign_split"]


@dataclass(frozen=True, eq=False)
class SignSplitTree:
    """The body of the rule ``sign-split`` of ``docs/certificates.md``: data, from which circuits are computed.

    A support lists rows of `rows` with the signs of their multipliers; the domain's rows are at the end.
    """

    supports: SupportTable
    tokens: NDArray[np.int32]
    rows: ProofRows
    form: Form | None = None

    @property
    def written_form(self) -> Form:
        """The form that was asked for, or the one that its size calls for."""
        return self.form or form_for(map(len, self.supports))

    def circuits(self) -> Iterator[Multipliers]:
        """Per support the multipliers, with their signs."""
        return map(self.rows.multipliers, self.supports)


def compact_sign_split(supports: SupportTable, tokens: NDArray[np.int32], rows: ProofRows) -> SignSplitTree:
    """Drop unused and repeated circuits and number the rest by first use."""
    return SignSplitTree(*used_supports(supports, tokens), rows)
