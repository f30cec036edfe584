"""The proof object of exact alpha*: per row a value, a point that attains it, and a tree of refuters that bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.numbers import rational_text
from exactinj.exact.surd import Surd

__all__ = ["DepthRefuter", "DepthTree", "RowProof", "compact_row_proof"]


@dataclass(frozen=True)
class DepthRefuter:
    """A support of rows; with their multipliers in canonical text, or None for a refuter that is a cone."""

    rows: tuple[int, ...]
    multipliers: tuple[str, ...] | None

    @property
    def text(self) -> str:
        """The JSON list of ``docs/certificates.md``."""
        if self.multipliers is None:
            return "[" + ", ".join(map(str, self.rows)) + "]"
        pairs = zip(self.rows, self.multipliers, strict=True)
        return "[" + ", ".join(f'[{i}, "{value}"]' for i, value in pairs) + "]"


@dataclass(frozen=True)
class RowProof:
    """One object of the list ``rows`` of the rule ``depth-tree``."""

    row: int
    value: Surd
    point: tuple[int | Fraction, ...] | None
    refuters: tuple[DepthRefuter, ...]
    tokens: NDArray[np.int32]

    @property
    def square_text(self) -> str | None:
        return None if self.value.square is None else rational_text(self.value.square)


@dataclass(frozen=True)
class DepthTree:
    """The body of the rule ``depth-tree``: the proofs of all rows, in order."""

    rows: tuple[RowProof, ...]


def compact_row_proof(
    row: int, value: Surd, point: tuple[int, ...] | None, refuters: Sequence[DepthRefuter], tokens: Sequence[int]
) -> RowProof:
    """Drop unused refuters and number the rest by first use."""
    numbers: dict[int, int] = {}
    for token in tokens:
        numbers.setdefault(token, len(numbers))
    used = tuple(refuters[token] for token in numbers)
    return RowProof(row, value, point, used, np.array([numbers[token] for token in tokens], dtype=np.int32))
