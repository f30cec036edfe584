"""The proof object of the engine sign-split: circuits and a tree of tokens that splits by signs of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.proof_rows import Multipliers, ProofRows

__all__ = ["SignSplitTree", "compact_sign_split"]


@dataclass(frozen=True)
class SignSplitTree:
    """The body of the rule ``sign-split`` of ``docs/certificates.md``: data, from which circuits are computed.

    A support is a tuple of codes: ``i + 1`` where row i of `rows` has a positive multiplier, ``-(i + 1)`` where it has
    a negative one; codes of the domain's rows are at the end.
    """

    supports: tuple[tuple[int, ...], ...]
    tokens: NDArray[np.int32]
    rows: ProofRows

    def circuits(self) -> Iterator[Multipliers]:
        """Per support the multipliers, with their signs."""
        for support in self.supports:
            yield self.rows.multipliers(support)


def compact_sign_split(
    supports: Sequence[tuple[int, ...]], tokens: NDArray[np.int32], rows: ProofRows
) -> SignSplitTree:
    """Drop unused and repeated circuits and number the rest by first use."""
    numbers: dict[tuple[int, ...], int] = {}
    mapping = np.full(len(supports) + 1, -1, dtype=np.int32)
    used, first_use = np.unique(tokens[tokens >= 0], return_index=True)
    for circuit in used[np.argsort(first_use, kind="stable")]:
        mapping[circuit] = numbers.setdefault(supports[circuit], len(numbers))
    return SignSplitTree(tuple(numbers), np.where(tokens >= 0, mapping[tokens], tokens), rows)
