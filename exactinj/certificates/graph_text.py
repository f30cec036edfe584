"""Graphs, and proofs of their layers, as JSON text, piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator

from exactinj.certificates.conv_proof_text import proof_pieces
from exactinj.certificates.graph_composition import (
    ConvolutionLayer,
    GraphComposition,
    GraphLayer,
    RankProof,
    ResidualLayer,
)
from exactinj.certificates.layer_text import convolution_pieces, dense_pieces, residual_pieces
from exactinj.exact.numbers import integer_text
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network.flat import FlatGraph, FlatStep

__all__ = ["graph_pieces"]


def graph_pieces(graph: FlatGraph) -> Iterator[str]:
    """The object of the key ``graph``."""
    yield f'{{"inputs": {[list(shape) for shape in graph.inputs]}, "sha256": "{graph.digest}",\n"steps": [\n'
    for number, step in enumerate(graph.steps):
        yield ",\n" if number else ""
        yield from _step_pieces(step)
    yield f'\n],\n"outputs": {list(graph.outputs)}}}'


def _step_pieces(step: FlatStep) -> Iterator[str]:
    yield f'{{"step": "{step.kind}", "reads": {list(step.reads)}'
    if step.layer is not None:
        yield ',\n"layer": '
    if isinstance(step.layer, ReLULayer):
        yield from dense_pieces(step.layer)
    elif isinstance(step.layer, ConvLayer):
        yield from convolution_pieces(step.layer, step.size)
    for key, value in step.fields:
        yield f',\n"{key}": {json.dumps(value)}'
    yield "}"


@proof_pieces.register
def _rank_pieces(proof: RankProof) -> Iterator[str]:
    yield f'{{"rule": "rank",\n"modulus": "{integer_text(proof.modulus)}"}}'


@proof_pieces.register
def _graph_composition_pieces(proof: GraphComposition) -> Iterator[str]:
    yield '{"rule": "graph-composition",\n"layers": [\n'
    for number, layer in enumerate(proof.layers):
        yield ",\n" if number else ""
        yield from _layer_pieces(layer)
    yield "\n]}"


def _layer_pieces(layer: GraphLayer) -> Iterator[str]:
    yield f'{{"output": {layer.output}, "source": {layer.source},\n'
    if isinstance(layer, ResidualLayer):
        yield f'"hidden": {layer.hidden},\n'
    else:
        yield f'"columns": {list(layer.columns)},\n"rows": {list(layer.rows)},\n'
    yield f'"domain": {json.dumps(layer.domain.record)},\n'
    if isinstance(layer, ConvolutionLayer):
        yield '"convolution": '
        yield from convolution_pieces(layer.convolution, layer.sizes, f', "at": {list(layer.at)}')
        yield ",\n"
    if isinstance(layer, ResidualLayer):
        yield '"residual": '
        yield from residual_pieces(layer.residual)
        yield f',\n"modulus": "{integer_text(layer.modulus)}",\n'
    yield '"proof": '
    yield from proof_pieces(layer.proof)
    yield "}"
