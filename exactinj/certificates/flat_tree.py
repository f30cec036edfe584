"""The proof object of the tree engine: refuters and a tree of tokens over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.proof_rows import Multipliers, ProofRows

__all__ = ["FlatTree", "compact_tree"]


@dataclass(frozen=True)
class FlatTree:
    """The body of the rule ``flat-tree`` of ``docs/certificates.md``: data, from which refuters are computed.

    A support is a tuple of places in `rows`, the layer's first.
    """

    supports: tuple[tuple[int, ...], ...]
    tokens: NDArray[np.int32]
    rows: ProofRows

    def refuters(self) -> Iterator[Multipliers]:
        """Per support the multipliers, positive."""
        for support in self.supports:
            yield self.rows.multipliers([i + 1 for i in support])


def compact_tree(supports: Sequence[tuple[int, ...]], tokens: NDArray[np.int32], rows: ProofRows) -> FlatTree:
    """Drop unused and repeated refuters and number the rest by first use."""
    numbers: dict[tuple[int, ...], int] = {}
    renumbered = np.array(tokens, dtype=np.int32)
    mapping = np.full(len(supports), -1, dtype=np.int64)
    used, first_use = np.unique(tokens[tokens >= 0], return_index=True)
    for refuter in used[np.argsort(first_use, kind="stable")]:
        mapping[refuter] = numbers.setdefault(supports[refuter], len(numbers))
    renumbered[tokens >= 0] = mapping[tokens[tokens >= 0]]
    return FlatTree(tuple(numbers), renumbered, rows)
