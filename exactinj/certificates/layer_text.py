"""Layers as certificates hold them, piece by piece: dense ones, convolutions, residual blocks, dense networks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from exactinj.certificates.proof_text import rationals, separated, strings
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock

__all__ = ["convolution_pieces", "dense_network_pieces", "dense_pieces", "residual_pieces"]


def dense_pieces(layer: ReLULayer) -> Iterator[str]:
    """The object of the key ``layer``."""
    yield f'{{"m": {layer.m}, "n": {layer.n}, "sha256": "{layer.digest}",\n"W": [\n'
    yield from separated(map(strings, layer.W.texts()))
    yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])}}}'


def convolution_pieces(layer: ConvLayer, sizes: Sequence[int] | Sizes, more: str = "") -> Iterator[str]:
    """The object of the key ``convolution``, with more keys at its end."""
    yield f'{json.dumps(layer.record)[:-1]},\n"sha256": "{layer.digest}",\n"kernels": [\n'
    yield from separated(map(strings, layer.kernels.texts()))
    yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])},\n'
    where = f'"sizes": {json.dumps(sizes.record)}' if isinstance(sizes, Sizes) else f'"size": {list(sizes)}'
    yield f"{where}{more}}}"


def dense_network_pieces(network: DenseNetwork) -> Iterator[str]:
    """The object of the key ``dense_network``."""
    yield f'{{"n": {network.n}, "sha256": "{network.digest}",\n"layers": [\n'
    for number, layer in enumerate(network.layers):
        yield ",\n" if number else ""
        yield '{"W": [\n'
        yield from separated(map(strings, layer.W.texts()))
        yield f'],\n"b": {strings([text for (text,) in layer.b.texts()])},\n"slopes": {rationals(layer.slopes)}}}'
    yield "\n]}"


def residual_pieces(block: ResidualBlock) -> Iterator[str]:
    """The object of the key ``residual``."""
    yield f'{{"k": {block.k}, "n": {block.n}, "sha256": "{block.digest}",\n'
    for name, matrix in (("A", block.A), ("B", block.B)):
        yield f'"{name}": [\n'
        yield from separated(map(strings, matrix.texts()))
        yield "],\n"
    yield f'"b": {strings([text for (text,) in block.b.texts()])}}}'
