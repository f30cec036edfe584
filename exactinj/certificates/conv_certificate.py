"""Certificates about convolutions, for one input size or for a set of them.

The format is specified in ``docs/certificates-convolution.md``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.certificates.collision import Collision
from exactinj.certificates.conv_proof_text import proof_pieces, separated, strings
from exactinj.certificates.document import FORMAT, VERSION, Document
from exactinj.certificates.every_size import (
    BoxesProof,
    GeometricPattern,
    InjectivityProof,
    PatchPair,
    PeriodicPair,
    RowCount,
    UnpairedRow,
)
from exactinj.certificates.records import (
    Record,
    domain_of,
    is_about_convolution,
    proof_of,
    read_record,
    refusals,
    require_same,
)
from exactinj.domains import Domain, convex_domain
from exactinj.errors import CertificateError
from exactinj.exact.short import shortened
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.arguments import shaped

__all__ = ["ConvCertificate", "ConvProof"]

ConvProof = (
    InjectivityProof | Collision | BoxesProof | PeriodicPair | PatchPair | GeometricPattern | RowCount | UnpairedRow
)


@dataclass(frozen=True)
class ConvCertificate(Document):
    """A claim about a convolution with its proof; `sizes` is one grid size, or a set of them.

    The domain is that of one place of the grid: a box has one pair of bounds for each input channel.
    """

    layer: ConvLayer
    domain: Domain
    sizes: tuple[int, ...] | Sizes
    proof: ConvProof

    @property
    def claim(self) -> str:
        holds = isinstance(self.proof, BoxesProof | InjectivityProof)
        claim = ("injective" if holds else "not_injective") + ("_for_sizes" if isinstance(self.sizes, Sizes) else "")
        assumed = isinstance(self.proof, BoxesProof) and self.proof.rests_on_full_spark
        return f"{claim}_if_full_spark" if assumed else claim

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ConvCertificate:
        """The certificate in a file; `CertificateError` if it is none, or one about a dense layer."""
        with refusals(path):
            record = read_record(path)
            if not is_about_convolution(record):
                raise CertificateError(
                    f"{path}: found a certificate about a dense layer; use Certificate.read, or read_certificate"
                )
            return cls.of_record(record)

    @classmethod
    def of_record(cls, record: Record) -> ConvCertificate:
        """The certificate of a document, as it stands."""
        stated = record["convolution"]
        geometry = {name: stated[name] for name in ("stride", "dilation", "padding", "padding_mode", "groups")}
        kernels = shaped(stated["kernels"], stated["in_channels"] // stated["groups"], stated["kernel_size"])
        layer = ConvLayer(kernels, stated["b"], **geometry)
        sizes: tuple[int, ...] | Sizes = _sizes(stated["sizes"], layer) if "sizes" in stated else tuple(stated["size"])
        proof = proof_of(record["proof"])
        if isinstance(proof, Collision) and isinstance(sizes, tuple):
            proof = Collision(proof.x, proof.y, (layer.in_channels, *sizes))
        certificate = cls(layer, convex_domain(domain_of(record["domain"])), sizes, proof)
        require_same((stated["sha256"], record["claim"]), (layer.digest, certificate.claim))
        return certificate

    @property
    def collision(self) -> Collision | None:
        """The pair, if that is the proof."""
        return self.proof if isinstance(self.proof, Collision) else None

    def __repr__(self) -> str:
        proof = type(self.proof).__name__
        return f"<ConvCertificate: {self.claim} on {shortened(self.domain.text)}, {self.layer}, proof {proof}>"

    def pieces(self) -> Iterator[str]:
        """The document in order."""
        layer = self.layer
        yield f'{{"format": "{FORMAT}",\n"version": {VERSION},\n"claim": "{self.claim}",\n'
        yield f'"domain": {json.dumps(self.domain.record)},\n'
        yield f'"convolution": {json.dumps(layer.record)[:-1]},\n"sha256": "{layer.digest}",\n"kernels": [\n'
        yield from separated(map(strings, layer.kernels.texts()))
        yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])},\n'
        if isinstance(self.sizes, Sizes):
            yield f'"sizes": {json.dumps(self.sizes.record)}}},\n"proof": '
        else:
            yield f'"size": {list(self.sizes)}}},\n"proof": '
        yield from proof_pieces(self.proof)
        yield "}\n"


def _sizes(record: Record, layer: ConvLayer) -> Sizes:
    return Sizes(tuple(record["minimum"]), tuple(map(tuple, record["residues"])), layer.stride)
