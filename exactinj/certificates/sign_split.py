"""The proof object of the wedge engine: circuits and a tree of tokens that splits by signs of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Circuit", "SignSplitTree", "compact_sign_split"]

Circuit = list[tuple[int, int]]  # pairs (layer row, integer multiplier that is not zero)


@dataclass(frozen=True)
class SignSplitTree:
    """The body of the rule ``sign-split`` of ``docs/certificates.md``.

    As in `FlatTree`, the multipliers are unique up to a factor and are computed when a certificate is
    written. A support is a tuple of codes: ``i + 1`` where row i has a positive multiplier,
    ``-(i + 1)`` where it has a negative one; codes of the domain's rows are at the end.
    """

    supports: tuple[tuple[int, ...], ...]
    tokens: NDArray[np.int32]
    multipliers_of: Callable[[tuple[int, ...]], Circuit]

    def circuits(self) -> Iterator[Circuit]:
        for support in self.supports:
            yield self.multipliers_of(support)


def compact_sign_split(
    supports: Sequence[tuple[int, ...]], tokens: NDArray[np.int32], multipliers_of: Callable[[tuple[int, ...]], Circuit]
) -> SignSplitTree:
    """Drop unused and repeated circuits and number the rest by first use."""
    numbers: dict[tuple[int, ...], int] = {}
    mapping = np.full(len(supports) + 1, -1, dtype=np.int32)
    used, first_use = np.unique(tokens[tokens >= 0], return_index=True)
    for circuit in used[np.argsort(first_use, kind="stable")]:
        mapping[circuit] = numbers.setdefault(supports[circuit], len(numbers))
    return SignSplitTree(tuple(numbers), np.where(tokens >= 0, mapping[tokens], tokens), multipliers_of)
