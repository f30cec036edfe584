"""Certificates about networks as graphs. The format is specified in ``docs/certificates-network.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from exactinj.certificates.graph_composition import (
    ConvolutionLayer,
    GraphComposition,
    GraphLayer,
    RankProof,
    ResidualLayer,
    RowsLayer,
)
from exactinj.certificates.graph_text import graph_pieces
from exactinj.certificates.layer_certificate import LayerCertificate
from exactinj.certificates.layer_records import convolution_of, dense_of, residual_of, sizes_of
from exactinj.certificates.records import Record, domain_of, proof_of
from exactinj.domains import Domain, convex_domain
from exactinj.errors import InputError
from exactinj.layers.convolution import Sizes
from exactinj.layers.network.flat import FlatGraph, FlatStep

__all__ = ["GraphCertificate"]

HEAD = ("step", "reads", "layer")


@dataclass(frozen=True, repr=False)
class GraphCertificate(LayerCertificate):
    """The claim that different inputs of a network have different outputs, with its proof layer by layer."""

    KEY: ClassVar[str] = "graph"

    layer: FlatGraph
    domain: Domain
    proof: GraphComposition

    @classmethod
    def _of_parts(cls, record: Record) -> Self:
        stated = record[cls.KEY]
        inputs = tuple(map(tuple, stated["inputs"]))
        graph = FlatGraph(inputs, tuple(map(_step, stated["steps"])), tuple(stated["outputs"]))
        proof = GraphComposition(tuple(map(_layer, record["proof"]["layers"])))
        return cls(graph, convex_domain(domain_of(record["domain"])), proof)

    def _layer_pieces(self) -> Iterator[str]:
        return graph_pieces(self.layer)


def _step(record: Record) -> FlatStep:
    fields = tuple((key, value) for key, value in record.items() if key not in HEAD)
    reads, stated = tuple(record["reads"]), record.get("layer")
    if stated is None:
        return FlatStep(record["step"], reads, fields=fields)
    if "W" in stated:
        return FlatStep(record["step"], reads, dense_of(stated))
    return FlatStep(record["step"], reads, convolution_of(stated), tuple(stated["size"]))


def _layer(record: Record) -> GraphLayer:
    domain = convex_domain(domain_of(record["domain"]))
    if "hidden" in record:
        block = residual_of(record["residual"])
        values = (record["output"], record["source"], record["hidden"])
        return ResidualLayer(*values, domain, block, int(record["modulus"]), proof_of(record["proof"]))
    columns, rows = tuple(record["columns"]), tuple(record["rows"])
    place = (int(record["output"]), int(record["source"]), columns, rows)
    if "convolution" not in record:
        return RowsLayer(*place, domain, _proof(record["proof"]))
    stated = record["convolution"]
    layer = convolution_of(stated)
    every = sizes_of(stated, layer)
    if not isinstance(every, Sizes):
        raise InputError("found one size for a convolution of a layer, expected sizes")
    return ConvolutionLayer(*place, domain, layer, every, tuple(stated["at"]), proof_of(record["proof"]))


def _proof(record: Record) -> Any:
    return RankProof(int(record["modulus"])) if record["rule"] == "rank" else proof_of(record)
