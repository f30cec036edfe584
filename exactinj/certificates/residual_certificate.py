"""Certificates about residual blocks. The format is specified in ``docs/certificates-network.md``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.certificates.collision import Collision
from exactinj.certificates.document import FORMAT, VERSION, Document
from exactinj.certificates.orientation import OrientationProof
from exactinj.certificates.p_matrix import PMatrixProof
from exactinj.certificates.proof_text import proof_pieces, separated, strings
from exactinj.certificates.records import (
    Record,
    domain_of,
    is_about_residual,
    proof_of,
    read_record,
    refusals,
    require_same,
)
from exactinj.domains import Domain, convex_domain
from exactinj.errors import CertificateError
from exactinj.exact.matrix import RationalMatrix
from exactinj.exact.short import shortened
from exactinj.layers.residual import ResidualBlock

__all__ = ["ResidualCertificate", "ResidualProof"]

ResidualProof = PMatrixProof | OrientationProof | Collision


@dataclass(frozen=True)
class ResidualCertificate(Document):
    """A claim about a residual block with its proof."""

    layer: ResidualBlock
    domain: Domain
    proof: ResidualProof

    @property
    def claim(self) -> str:
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ResidualCertificate:
        """The certificate in a file; `CertificateError` if it is none, or one about something else."""
        with refusals(path):
            record = read_record(path)
            if not is_about_residual(record):
                raise CertificateError(f"{path}: found a certificate about a layer; use read_certificate")
            return cls.of_record(record)

    @classmethod
    def of_record(cls, record: Record) -> ResidualCertificate:
        """The certificate of a document, as it stands."""
        stated = record["residual"]
        block = ResidualBlock(stated["A"], stated["B"], stated["b"])
        certificate = cls(block, convex_domain(domain_of(record["domain"])), proof_of(record["proof"]))
        require_same((stated["sha256"], record["claim"]), (block.digest, certificate.claim))
        return certificate

    @property
    def collision(self) -> Collision | None:
        """The pair, if that is the proof."""
        return self.proof if isinstance(self.proof, Collision) else None

    def __repr__(self) -> str:
        proof = type(self.proof).__name__
        return f"<ResidualCertificate: {self.claim} on {shortened(self.domain.text)}, {self.layer}, proof {proof}>"

    def pieces(self) -> Iterator[str]:
        """The document in order."""
        block = self.layer
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n'
        yield f'"residual": {{"k": {block.k}, "n": {block.n}, "sha256": "{block.digest}",\n'
        for name, matrix in (("A", block.A), ("B", block.B)):
            yield f'"{name}": [\n'
            yield from _rows(matrix)
            yield "],\n"
        yield f'"b": {strings([text for (text,) in block.b.texts()])}}},\n"proof": '
        yield from proof_pieces(self.proof)
        yield "}\n"


def _rows(matrix: RationalMatrix) -> Iterator[str]:
    return separated(map(strings, matrix.texts()))
