"""Convolution layers, held exactly: their geometry, their unrolled matrices, the sizes they are asked about."""

from exactinj.layers.convolution.doubling import doubled
from exactinj.layers.convolution.geometry import PADDING_MODES, Axis
from exactinj.layers.convolution.layer import ConvLayer
from exactinj.layers.convolution.sizes import Sizes

__all__ = ["PADDING_MODES", "Axis", "ConvLayer", "Sizes", "doubled"]
