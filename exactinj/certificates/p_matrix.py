"""Proofs that all principal minors of a matrix are positive: blocks, each with a tree of Schur complements.

The rule ``p-matrix`` of ``docs/certificates-network.md``: data only.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Definite", "Dominant", "MinorTree", "Minors", "PMatrixProof", "Split", "Token"]


@dataclass(frozen=True)
class Split:
    """A node whose children are without the unit, and with it (the Schur complement)."""

    unit: int


@dataclass(frozen=True)
class Dominant:
    """The matrix S of the node is strictly diagonally dominant with its columns times these."""

    weights: tuple[int, ...]


@dataclass(frozen=True)
class Definite:
    """``diag(weights) S`` plus its transpose is positive definite."""

    weights: tuple[int, ...]


@dataclass(frozen=True)
class Minors:
    """All principal minors of so many units are positive; whoever checks computes them."""

    units: int


Token = Split | Dominant | Definite | Minors


@dataclass(frozen=True)
class MinorTree:
    """Hidden units whose principal submatrix is one block, and the tree that proves its minors positive."""

    rows: tuple[int, ...]
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class PMatrixProof:
    """Blocks in an order in which the matrix is block triangular.

    Units in `active` and `inactive` keep their sign on the domain; the matrix is the Schur complement of the former,
    without the latter.
    """

    blocks: tuple[MinorTree, ...]
    active: tuple[int, ...] = ()
    inactive: tuple[int, ...] = ()
