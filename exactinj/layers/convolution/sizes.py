"""Sets of input sizes: all that are at least something, perhaps with given residues modulo the stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

__all__ = ["Sizes"]


@dataclass(frozen=True)
class Sizes:
    """All grid sizes N with ``N_k >= minimum_k`` and ``N_k mod stride_k`` in ``residues_k`` along every axis.

    >>> sizes = Sizes((4, 5), ((0,), (0, 1)), (1, 2))
    >>> sizes.text, sizes.contains((9, 6)), sizes.contains((3, 6)), sizes.smallest
    ('every size N with N_1 >= 4, N_2 >= 5', True, False, (4, 5))
    """

    minimum: tuple[int, ...]
    residues: tuple[tuple[int, ...], ...]
    strides: tuple[int, ...]

    def contains(self, size: Sequence[int]) -> bool:
        """Whether a grid size belongs to the set."""
        axes = zip(size, self.minimum, self.residues, self.strides, strict=True)
        return all(n >= least and n % stride in residues for n, least, residues, stride in axes)

    @property
    def share(self) -> Fraction:
        """The part of all sizes from the minimum on that belongs to it."""
        return Fraction(prod(map(len, self.residues)), prod(self.strides))

    @property
    def is_all(self) -> bool:
        """Whether every size from the minimum on belongs to it."""
        return self.share == 1

    @property
    def smallest(self) -> tuple[int, ...]:
        """The least size in it, axis by axis."""
        axes = zip(self.minimum, self.residues, self.strides, strict=True)
        return tuple(
            next(n for n in range(least, least + stride) if n % stride in residues) for least, residues, stride in axes
        )

    @property
    def text(self) -> str:
        """The set in words."""
        return f"every size N with {self.conditions}"

    @property
    def conditions(self) -> str:
        """What sizes have to satisfy."""
        one = len(self.minimum) == 1
        parts = []
        for k, (least, residues, stride) in enumerate(zip(self.minimum, self.residues, self.strides, strict=True)):
            name = "N" if one else f"N_{k + 1}"
            parts.append(f"{name} >= {least}")
            if len(residues) < stride:
                parts.append(f"{name} mod {stride} in {{{', '.join(map(str, residues))}}}")
        return ", ".join(parts)

    @property
    def record(self) -> dict[str, object]:
        """The JSON object that stands for it in certificates."""
        return {"minimum": list(self.minimum), "residues": [list(values) for values in self.residues]}

    @classmethod
    def from_minimum(cls, minimum: Sequence[int], strides: Sequence[int]) -> Sizes:
        """All sizes from a minimum on."""
        return cls(tuple(minimum), tuple(tuple(range(stride)) for stride in strides), tuple(strides))

    def some(self, count: int) -> list[tuple[int, ...]]:
        """The first sizes of the set along each axis, `count` in each, as a grid."""
        axes = []
        for least, residues, stride in zip(self.minimum, self.residues, self.strides, strict=True):
            values = [n for n in range(least, least + stride * count) if n % stride in residues]
            axes.append(values[:count])
        return list(product(*axes))
