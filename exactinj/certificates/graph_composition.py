"""The proof that a network is injective by proofs of its layers: data, written as rule ``graph-composition``.

Values are named by their numbers in the graph of the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

from exactinj.certificates.blocks import BlocksProof
from exactinj.certificates.every_size import BoxesProof
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.orientation import OrientationProof
from exactinj.certificates.p_matrix import PMatrixProof
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree
from exactinj.domains import Domain
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.residual import ResidualBlock

__all__ = ["ConvolutionLayer", "GraphComposition", "GraphLayer", "RankProof", "ResidualLayer", "RowsLayer"]


@dataclass(frozen=True)
class RankProof:
    """The body of the rule ``rank``: as many rows as columns, whose determinant is a unit modulo a number."""

    modulus: int


@dataclass(frozen=True)
class RowsLayer:
    """A layer by its rows: ``i + 1`` for the row i of the value, ``-(i + 1)`` for its opposite."""

    output: int
    source: int
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    domain: Domain
    proof: FlatTree | SignSplitTree | StatedTree | BlocksProof | RankProof


@dataclass(frozen=True)
class ConvolutionLayer:
    """A layer that is a convolution at a size, with a proof for a set of sizes."""

    output: int
    source: int
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    domain: Domain
    convolution: ConvLayer
    sizes: Sizes
    at: tuple[int, ...]
    proof: BoxesProof


@dataclass(frozen=True)
class ResidualLayer:
    """A value ``M x + M B ReLU(A x + b) + c`` of a source x, with M invertible modulo a number."""

    output: int
    source: int
    hidden: int
    domain: Domain
    residual: ResidualBlock
    modulus: int
    proof: PMatrixProof | OrientationProof


GraphLayer = RowsLayer | ConvolutionLayer | ResidualLayer


@dataclass(frozen=True)
class GraphComposition:
    """The body of the rule ``graph-composition`` of ``docs/certificates-network.md``."""

    layers: tuple[GraphLayer, ...]
