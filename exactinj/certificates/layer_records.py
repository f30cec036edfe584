"""Layers of certificates from their text, as objects: the way back from `layer_text`."""

from __future__ import annotations

from exactinj.certificates.records import Record
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork, Leaky
from exactinj.layers.residual import ResidualBlock

__all__ = ["convolution_of", "dense_network_of", "dense_of", "residual_of", "sizes_of"]


def dense_of(stated: Record) -> ReLULayer:
    """The layer of the key ``layer``."""
    return ReLULayer(stated["W"], stated["b"])


def convolution_of(stated: Record) -> ConvLayer:
    """The layer of the key ``convolution``."""
    geometry = {name: stated[name] for name in ("stride", "dilation", "padding", "padding_mode", "groups")}
    kernels = shaped(stated["kernels"], stated["in_channels"] // stated["groups"], stated["kernel_size"])
    return ConvLayer(kernels, stated["b"], **geometry)


def sizes_of(stated: Record, layer: ConvLayer) -> tuple[int, ...] | Sizes:
    """What stands there as ``size`` or ``sizes``."""
    if "sizes" not in stated:
        return tuple(stated["size"])
    sizes = stated["sizes"]
    return Sizes(tuple(sizes["minimum"]), tuple(map(tuple, sizes["residues"])), layer.stride)


def residual_of(stated: Record) -> ResidualBlock:
    """The block of the key ``residual``."""
    return ResidualBlock(stated["A"], stated["B"], stated["b"])


def dense_network_of(stated: Record) -> DenseNetwork:
    """The network of the key ``dense_network``."""
    return DenseNetwork([(part["W"], part["b"], Leaky(part["slopes"])) for part in stated["layers"]])
