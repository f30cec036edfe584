"""Certificates about dense networks. The format is specified in ``docs/certificates-network.md``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.certificates.cell_pairs import CellPairs
from exactinj.certificates.collision import Collision
from exactinj.certificates.composition import Composition
from exactinj.certificates.document import FORMAT, VERSION, Document
from exactinj.certificates.proof_text import proof_pieces, rationals, separated, strings
from exactinj.certificates.records import (
    Record,
    domain_of,
    is_about_network,
    proof_of,
    read_record,
    refusals,
    require_same,
)
from exactinj.domains import Domain, convex_domain
from exactinj.errors import CertificateError
from exactinj.exact.short import shortened
from exactinj.layers.dense_network import DenseNetwork, Leaky

__all__ = ["NetworkCertificate", "NetworkProof"]

NetworkProof = CellPairs | Collision | Composition


@dataclass(frozen=True)
class NetworkCertificate(Document):
    """A claim about a dense network with its proof."""

    layer: DenseNetwork
    domain: Domain
    proof: NetworkProof

    @property
    def claim(self) -> str:
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> NetworkCertificate:
        """The certificate in a file; `CertificateError` if it is none, or one about something else."""
        with refusals(path):
            record = read_record(path)
            if not is_about_network(record):
                raise CertificateError(f"{path}: found a certificate about something else; use read_certificate")
            return cls.of_record(record)

    @classmethod
    def of_record(cls, record: Record) -> NetworkCertificate:
        """The certificate of a document, as it stands."""
        stated = record["dense_network"]
        network = DenseNetwork([(part["W"], part["b"], Leaky(part["slopes"])) for part in stated["layers"]])
        certificate = cls(network, convex_domain(domain_of(record["domain"])), proof_of(record["proof"]))
        require_same((stated["sha256"], record["claim"]), (network.digest, certificate.claim))
        return certificate

    @property
    def collision(self) -> Collision | None:
        """The pair, if that is the proof."""
        return self.proof if isinstance(self.proof, Collision) else None

    def __repr__(self) -> str:
        proof = type(self.proof).__name__
        return f"<NetworkCertificate: {self.claim} on {shortened(self.domain.text)}, {self.layer}, proof {proof}>"

    def pieces(self) -> Iterator[str]:
        """The document in order."""
        network = self.layer
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n'
        yield f'"dense_network": {{"n": {network.n}, "sha256": "{network.digest}",\n"layers": [\n'
        for number, layer in enumerate(network.layers):
            yield ",\n" if number else ""
            yield '{"W": [\n'
            yield from separated(map(strings, layer.W.texts()))
            yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])},\n"slopes": {rationals(layer.slopes)}}}'
        yield '\n]},\n"proof": '
        yield from proof_pieces(self.proof)
        yield "}\n"
