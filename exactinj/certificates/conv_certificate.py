"""Certificates about convolutions, for one input size or for a set of them.

The format is specified in ``docs/certificates-convolution.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

from exactinj.certificates.collision import Collision
from exactinj.certificates.every_size import (
    BoxesProof,
    GeometricPattern,
    InjectivityProof,
    PatchPair,
    PeriodicPair,
    RowCount,
    UnpairedRow,
)
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.certificates.layer_records import convolution_of, sizes_of
from exactinj.certificates.layer_text import convolution_pieces
from exactinj.certificates.records import Record, domain_of, proof_of
from exactinj.domains import Domain, convex_domain
from exactinj.layers.convolution import ConvLayer, Sizes

__all__ = ["ConvCertificate", "ConvProof"]

ConvProof = (
    InjectivityProof | Collision | BoxesProof | PeriodicPair | PatchPair | GeometricPattern | RowCount | UnpairedRow
)


@dataclass(frozen=True, repr=False)
class ConvCertificate(LayerCertificate):
    """A claim about a convolution with its proof; `sizes` is one grid size, or a set of them.

    The domain is that of one place of the grid: a box has one pair of bounds for each input channel.
    """

    KEY: ClassVar[str] = "convolution"

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
    def _of_parts(cls, record: Record) -> Self:
        stated = record[cls.KEY]
        layer = convolution_of(stated)
        sizes = sizes_of(stated, layer)
        proof = proof_of(record["proof"])
        if isinstance(proof, Collision) and isinstance(sizes, tuple):
            proof = Collision(proof.x, proof.y, (layer.in_channels, *sizes))
        return cls(layer, convex_domain(domain_of(record["domain"])), sizes, proof)

    def _layer_pieces(self) -> Iterator[str]:
        return convolution_pieces(self.layer, self.sizes)
