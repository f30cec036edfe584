"""The proof that a network is injective by proofs of its layers: data, written as rule ``composition``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from exactinj.certificates.blocks import BlocksProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree

__all__ = ["Composition", "LayerProof"]

LayerProof: TypeAlias = FlatTree | SignSplitTree | StatedTree | BlocksProof


@dataclass(frozen=True)
class Composition:
    """The body of the rule ``composition`` of ``docs/certificates-network.md``: a proof for each layer, in order."""

    layers: tuple[LayerProof, ...]
