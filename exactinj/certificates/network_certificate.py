"""Certificates about dense networks. The format is specified in ``docs/certificates-network.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from exactinj.certificates.cell_pairs import CellPairs
from exactinj.certificates.collision import Collision
from exactinj.certificates.composition import Composition
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.certificates.layer_records import dense_network_of
from exactinj.certificates.layer_text import dense_network_pieces
from exactinj.certificates.records import Record, domain_of, proof_of
from exactinj.domains import Domain, convex_domain
from exactinj.layers.dense_network import DenseNetwork

__all__ = ["NetworkCertificate", "NetworkProof"]

NetworkProof = CellPairs | Collision | Composition


@dataclass(frozen=True, repr=False)
class NetworkCertificate(LayerCertificate):
    """A claim about a dense network with its proof."""

    KEY: ClassVar[str] = "dense_network"

    layer: DenseNetwork
    domain: Domain
    proof: NetworkProof

    @classmethod
    def _of_parts(cls, record: Record) -> Self:
        network = dense_network_of(record[cls.KEY])
        return cls(network, convex_domain(domain_of(record["domain"])), proof_of(record["proof"]))

    def _layer_pieces(self) -> Iterator[str]:
        return dense_network_pieces(self.layer)
