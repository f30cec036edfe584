"""What all certificates share: one layer or network, a domain, a proof; reading, writing, how they are shown."""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from exactinj.certificates.collision import Collision
from exactinj.certificates.conv_proof_text import proof_pieces
from exactinj.certificates.document import FORMAT, VERSION, Document
from exactinj.certificates.records import Record, read_record, reader_of, refusals, require_same, subject_of
from exactinj.domains import Region
from exactinj.errors import CertificateError
from exactinj.exact.short import shortened
from exactinj.work.card import Card, ShownAsCard

__all__ = ["LayerCertificate"]


class LayerCertificate(Document, ShownAsCard):
    """A claim about one layer, block or network on one domain, and its proof; subclasses are frozen dataclasses."""

    KEY: ClassVar[str]  # of the document, under which the layer stands

    layer: Any
    domain: Region
    proof: Any

    @property
    def claim(self) -> str:
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    @property
    def collision(self) -> Collision | None:
        """The pair, if that is the proof."""
        return self.proof if isinstance(self.proof, Collision) else None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The certificate in a file; `CertificateError` if it is none, or one about something else."""
        with refusals(path):
            record = read_record(path)
            if cls.KEY not in record:
                found = f"found a certificate about {subject_of(record)}; use {reader_of(record)}"
                raise CertificateError(f"{path}: {found}")
            return cls.of_record(record)

    @classmethod
    def of_record(cls, record: Record) -> Self:
        """The certificate of a document, as it stands."""
        certificate = cls._of_parts(record)
        require_same((record[cls.KEY]["sha256"], record["claim"]), (certificate.layer.digest, certificate.claim))
        return certificate

    @classmethod
    @abstractmethod
    def _of_parts(cls, record: Record) -> Self:
        """The certificate with what a document says, before digest and claim are compared."""

    @abstractmethod
    def _layer_pieces(self) -> Iterator[str]:
        """The object under `KEY`."""

    def __repr__(self) -> str:
        proof = type(self.proof).__name__
        where = shortened(self.domain.text)
        return f"<{type(self).__name__}: {self.claim} on {where}, {self.layer}, proof {proof}>"

    def _card(self) -> Card:
        claim = f"{self.claim.replace('_', ' ')} on {shortened(self.domain.text)}"
        facts = (("claim", claim), ("proof", type(self.proof).__name__), ("about", self.layer))
        return Card(type(self).__name__, (*facts, ("sha256 of the layer", self.layer.digest)))

    def pieces(self) -> Iterator[str]:
        """The document in order."""
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n"{self.KEY}": '
        yield from self._layer_pieces()
        yield ',\n"proof": '
        yield from proof_pieces(self.proof)
        yield "}\n"
