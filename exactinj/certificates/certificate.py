"""Certificates: a claim about one layer on one domain, and its proof, as deterministic JSON.

The format is specified in ``docs/certificates.md``; ``exactinj/checker`` checks it without any of
this code.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.certificates.collision import Collision
from exactinj.certificates.depth_tree import DepthTree
from exactinj.certificates.document import FORMAT, VERSION, Document
from exactinj.certificates.packing import Packing, StatedPacking
from exactinj.certificates.proof_text import Proof, proof_pieces, separated, strings
from exactinj.certificates.records import (
    Record,
    domain_of,
    is_about_convolution,
    proof_of,
    read_record,
    refusals,
    require_same,
)
from exactinj.domains import Region
from exactinj.errors import CertificateError
from exactinj.exact.short import shortened
from exactinj.layers.dense import ReLULayer

__all__ = ["Certificate", "Proof"]


@dataclass(frozen=True)
class Certificate(Document):
    """A claim with its proof: ``injective`` or ``alpha_star`` with trees, ``not_injective`` with a colliding pair."""

    layer: ReLULayer
    domain: Region
    proof: Proof

    @property
    def claim(self) -> str:
        if isinstance(self.proof, DepthTree):
            return "alpha_star"
        if isinstance(self.proof, Packing | StatedPacking):
            return "injective_if_full_spark"
        return "not_injective" if isinstance(self.proof, Collision) else "injective"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Certificate:
        """The certificate in a file; `CertificateError` if it is none, or one about a convolution."""
        with refusals(path):
            record = read_record(path)
            if is_about_convolution(record):
                raise CertificateError(
                    f"{path}: found a certificate about a convolution; use ConvCertificate.read, or read_certificate"
                )
            return cls.of_record(record)

    @classmethod
    def of_record(cls, record: Record) -> Certificate:
        """The certificate of a document, as it stands."""
        stated = record["layer"]
        layer = ReLULayer(stated["W"], stated["b"])
        certificate = cls(layer, domain_of(record["domain"]), proof_of(record["proof"]))
        require_same((stated["sha256"], record["claim"]), (layer.digest, certificate.claim))
        return certificate

    @property
    def collision(self) -> Collision | None:
        """The pair, if that is the proof."""
        return self.proof if isinstance(self.proof, Collision) else None

    def __repr__(self) -> str:
        proof = type(self.proof).__name__
        return f"<Certificate: {self.claim} on {shortened(self.domain.text)}, {self.layer}, proof {proof}>"

    def pieces(self) -> Iterator[str]:
        """The document in order."""
        layer = self.layer
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n'
        yield f'"layer": {{"m": {layer.m}, "n": {layer.n}, "sha256": "{layer.digest}",\n"W": [\n'
        yield from separated(map(strings, layer.W.texts()))
        yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])}}},\n"proof": '
        yield from proof_pieces(self.proof)
        yield "}\n"
