"""Certificates about residual blocks. The format is specified in ``docs/certificates-network.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from exactinj.certificates.collision import Collision
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.certificates.layer_records import residual_of
from exactinj.certificates.layer_text import residual_pieces
from exactinj.certificates.orientation import OrientationProof
from exactinj.certificates.p_matrix import PMatrixProof
from exactinj.certificates.records import Record, domain_of, proof_of
from exactinj.domains import Domain, convex_domain
from exactinj.layers.residual import ResidualBlock

__all__ = ["ResidualCertificate", "ResidualProof"]

ResidualProof = PMatrixProof | OrientationProof | Collision


@dataclass(frozen=True, repr=False)
class ResidualCertificate(LayerCertificate):
    """A claim about a residual block with its proof."""

    KEY: ClassVar[str] = "residual"

    layer: ResidualBlock
    domain: Domain
    proof: ResidualProof

    @classmethod
    def _of_parts(cls, record: Record) -> Self:
        domain = convex_domain(domain_of(record["domain"]))
        return cls(residual_of(record[cls.KEY]), domain, proof_of(record["proof"]))

    def _layer_pieces(self) -> Iterator[str]:
        return residual_pieces(self.layer)
