"""The proof object of the tree engine: refuters and a tree of tokens over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FlatTree", "Refuter", "compact_tree"]

Refuter = list[tuple[int, int]]  # pairs (layer row, positive integer multiplier)


@dataclass(frozen=True)
class FlatTree:
    """The body of the rule ``flat-tree`` of ``docs/certificates.md``.

    The multipliers of a refuter are exact integers of hundreds of digits for float weights. They
    are unique up to a factor, so only the supports are kept, and `multipliers_of` computes the
    numbers again when a certificate is written.
    """

    supports: tuple[tuple[int, ...], ...]
    tokens: NDArray[np.int32]
    multipliers_of: Callable[[tuple[int, ...]], Refuter]

    def refuters(self) -> Iterator[Refuter]:
        for support in self.supports:
            yield self.multipliers_of(support)


def compact_tree(
    supports: Sequence[tuple[int, ...]], tokens: NDArray[np.int32], multipliers_of: Callable[[tuple[int, ...]], Refuter]
) -> FlatTree:
    """Drop unused and repeated refuters and number the rest by first use."""
    numbers: dict[tuple[int, ...], int] = {}
    renumbered = np.array(tokens, dtype=np.int32)
    mapping = np.full(len(supports), -1, dtype=np.int64)
    used, first_use = np.unique(tokens[tokens >= 0], return_index=True)
    for refuter in used[np.argsort(first_use, kind="stable")]:
        mapping[refuter] = numbers.setdefault(supports[refuter], len(numbers))
    renumbered[tokens >= 0] = mapping[tokens[tokens >= 0]]
    return FlatTree(tuple(numbers), renumbered, multipliers_of)
