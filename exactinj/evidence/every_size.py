"""Proof objects about convolutions for every size from some size on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from exactinj.evidence.blocks import BlocksProof
from exactinj.evidence.sign_split import SignSplitTree
from exactinj.evidence.tree_proof import FlatTree

__all__ = ["BoxesProof", "InjectivityProof", "PatchPair", "PeriodicPair"]

InjectivityProof = FlatTree | SignSplitTree | BlocksProof


@dataclass(frozen=True)
class BoxesProof:
    """The body of the rule ``boxes`` of ``docs/certificates-convolution.md``.

    `starts` has for each axis its slots, lists of window starts relative to the corner of the box; `proofs` one proof
    for each group and each choice of a slot per axis, in lexicographic order.
    """

    box: tuple[int, ...]
    starts: tuple[tuple[tuple[int, ...], ...], ...]
    proofs: tuple[InjectivityProof, ...]


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
