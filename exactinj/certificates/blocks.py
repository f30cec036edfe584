"""The proof object of a domain decomposition: proofs for blocks of columns and the rows that see nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree

__all__ = ["Block", "BlocksProof", "StagesProof"]


@dataclass(frozen=True)
class Block:
    """Columns, rows that are zero outside them, and the proof for the layer they make; both strictly increasing."""

    columns: tuple[int, ...]
    rows: tuple[int, ...]
    proof: FlatTree | SignSplitTree | StatedTree


@dataclass(frozen=True)
class BlocksProof:
    """The body of the rule ``blocks`` of ``docs/certificates.md``: every column is in some block."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class StagesProof:
    """The body of the rule ``stages`` of ``docs/certificates-convolution.md``.

    In a stage the columns of the stages before it are known: every column is in some stage.
    """

    stages: tuple[Block, ...]
