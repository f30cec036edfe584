"""Certificates: a claim about one layer on one domain, and its proof, as deterministic JSON.

The format is specified in ``docs/certificates.md``; ``exactinj/checker`` checks it without any of
this code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from exactinj.certificates.collision import Collision
from exactinj.certificates.depth_tree import DepthTree
from exactinj.certificates.gram import GramProof
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.certificates.layer_records import dense_of
from exactinj.certificates.layer_text import dense_pieces
from exactinj.certificates.packing import Packing, StatedPacking
from exactinj.certificates.proof_text import Proof
from exactinj.certificates.records import Record, domain_of, proof_of
from exactinj.domains import Region
from exactinj.layers.dense import ReLULayer

__all__ = ["Certificate", "Proof"]


@dataclass(frozen=True, repr=False)
class Certificate(LayerCertificate):
    """A claim with its proof: ``injective``, ``alpha_star``, ``stability`` with trees, ``not_injective`` without."""

    KEY: ClassVar[str] = "layer"

    layer: ReLULayer
    domain: Region
    proof: Proof

    @property
    def claim(self) -> str:
        if isinstance(self.proof, DepthTree):
            return "alpha_star"
        if isinstance(self.proof, GramProof):
            return "stability"
        if isinstance(self.proof, Packing | StatedPacking):
            return "injective_if_full_spark"
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    @classmethod
    def _of_parts(cls, record: Record) -> Self:
        return cls(dense_of(record[cls.KEY]), domain_of(record["domain"]), proof_of(record["proof"]))

    def _layer_pieces(self) -> Iterator[str]:
        return dense_pieces(self.layer)
