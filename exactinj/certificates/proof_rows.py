"""The integer rows that the refuters and circuits of a tree are dependencies of: data, without any search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from exactinj.errors import InternalError
from exactinj.exact.circuits import circuit_multipliers
from exactinj.exact.matrix import IntegerRow

__all__ = ["Multipliers", "ProofRows"]

Multipliers = list[tuple[int, int]]  # pairs (row as certificates number it, integer multiplier that is not zero)


@dataclass(frozen=True)
class ProofRows:
    """Primitive integer rows of a problem, its cuts included, and how the first of them came from rows as given.

    A tree has up to a million supports, whose multipliers are integers of hundreds of digits for float weights. They
    are unique up to a factor, so a proof holds the supports and these rows, and `multipliers` computes the numbers
    when a certificate is written: that takes several times as long as finding the tree.

    rows : the integer rows h_i; a row is named by its place
    factors : for the rows that explicit entries name, which come first, ``h_i = factor * row as given``
    facets : how many rows, the first ones again, compact entries name: of the layer and of the domain
    constant : the place of the row ``(0, -1)``, which no entry names; None if there is none
    """

    rows: tuple[IntegerRow, ...]
    factors: tuple[Fraction, ...]
    facets: int = 0
    constant: int | None = None

    def multipliers(self, codes: Sequence[int]) -> Multipliers:
        """Coprime integers for the rows as given; those that certificates do not name are left out.

        A code is ``i + 1`` for a row i with a positive multiplier, ``-(i + 1)`` for one with a negative multiplier.
        """
        values = circuit_multipliers([_signed(self.rows[abs(code) - 1], code) for code in codes])
        if values is None:
            raise InternalError(f"the refuter with the signed rows {list(codes)} is none; please report this")
        named = [(abs(code) - 1, value if code > 0 else -value) for code, value in zip(codes, values, strict=True)]
        named = [(i, value) for i, value in named if i < len(self.factors)]
        common = math.lcm(*(self.factors[i].denominator for i, _ in named))
        integers = [value * self._whole(i, common) for i, value in named]
        content = math.gcd(*integers)
        return [(i, value // content) for (i, _), value in zip(named, integers, strict=True)]

    def _whole(self, i: int, common: int) -> int:
        """The factor of a row times a multiple of its denominator: whole numbers are far quicker than fractions."""
        factor = self.factors[i]
        return factor.numerator * (common // factor.denominator)


def _signed(row: Sequence[int], sign: int) -> Sequence[int]:
    return [-value for value in row] if sign < 0 else row
