"""The proof object of packings: pairwise disjoint refuters, and how far the rows may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from exactinj.certificates.proof_rows import Multipliers, ProofRows

__all__ = ["FULL_SPARK", "Packing", "StatedPacking"]

FULL_SPARK = "full spark"  # the assumption under which a packing proves injectivity


@dataclass(frozen=True)
class Packing:
    """The body of the rule ``packing`` of ``docs/certificates.md``: data, from which refuters are computed.

    supports : n of them or more, pairwise disjoint on the rows of the layer; a row is named by its place in `rows`
    epsilon : by how much every entry of W and b may change while n of the supports stay refuters; None if not known
    """

    supports: tuple[tuple[int, ...], ...]
    rows: ProofRows
    epsilon: Fraction | None = None

    def refuters(self) -> Iterator[Multipliers]:
        """Per support the multipliers, positive."""
        for support in self.supports:
            yield self.rows.multipliers([i + 1 for i in support])


@dataclass(frozen=True)
class StatedPacking:
    """A packing as a certificate states it, with its multipliers."""

    stated: tuple[tuple[tuple[int, int], ...], ...]
    epsilon: Fraction | None = None

    def refuters(self) -> Iterator[Multipliers]:
        """Per refuter the multipliers."""
        return map(list, self.stated)
