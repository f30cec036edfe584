"""Proof objects about convolutions for every size from some size on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactinj.certificates.blocks import BlocksProof, StagesProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.packing import Packing, StatedPacking
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree

__all__ = [
    "BoxProof",
    "BoxesProof",
    "GeometricPattern",
    "InjectivityProof",
    "PatchPair",
    "PeriodicPair",
    "RowCount",
    "Slot",
    "UnpairedRow",
]

InjectivityProof = FlatTree | SignSplitTree | StatedTree | BlocksProof
BoxProof = InjectivityProof | StagesProof | Packing | StatedPacking


@dataclass(frozen=True)
class Slot:
    """One axis of a sub-box: where its windows start, relative to its corner, and how many places are known already.

    Known are the first `low` places, or the last `high` ones.
    """

    starts: tuple[int, ...]
    low: int = 0
    high: int = 0

    @property
    def known(self) -> tuple[int, int]:
        return self.low, self.high

    def knows(self, place: int, size: int) -> bool:
        """Whether a place of a box of that size is known."""
        return place < self.low or place >= size - self.high


@dataclass(frozen=True)
class BoxesProof:
    """The body of the rule ``boxes`` of ``docs/certificates-convolution.md``.

    `slots` has those of each axis; `proofs` has one proof for each group and each choice of a slot per axis, in
    lexicographic order. Packings among them rest on full spark.
    """

    box: tuple[int, ...]
    slots: tuple[tuple[Slot, ...], ...]
    proofs: tuple[BoxProof, ...]

    @property
    def rests_on_full_spark(self) -> bool:
        """Whether a packing is among the proofs."""
        return any(isinstance(proof, Packing | StatedPacking) for proof in self.proofs)

    @property
    def epsilon(self) -> Fraction | None:
        """By how much kernels and biases may change while all refuters stay; None unless all proofs are packings."""
        changes = [proof.epsilon if isinstance(proof, Packing | StatedPacking) else None for proof in self.proofs]
        known = [change for change in changes if change is not None]
        return min(known) if known and len(known) == len(changes) else None


@dataclass(frozen=True)
class PeriodicPair:
    """The body of the rule ``periodic``: two inputs of every size, given by one period (channels, *period)."""

    period: tuple[int, ...]
    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]


@dataclass(frozen=True)
class PatchPair:
    """The body of the rule ``patch``: two inputs that differ inside a patch (channels, *patch) only."""

    patch: tuple[int, ...]
    anchor: tuple[str, ...]
    phase: tuple[int, ...]
    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]


@dataclass(frozen=True)
class GeometricPattern:
    """The body of the rule ``geometric``: an input that grows by a factor from period to period.

    `x` is one period (channels of the group, *period); two inputs near it collide, by counting.
    """

    group: int
    period: tuple[int, ...]
    factor: tuple[Fraction, ...]
    x: tuple[Fraction, ...]


@dataclass(frozen=True)
class RowCount:
    """The body of the rule ``count``: a group that has too few rows at every size in question."""

    group: int


@dataclass(frozen=True)
class UnpairedRow:
    """The body of the rule ``unpaired``: a group with at most 2 n rows, and a tap of a kernel without a negative."""

    group: int
    kernel: int
    tap: tuple[int, ...]
