"""Convolution layers, held exactly: their geometry, their unrolled matrices, the sizes they are asked about."""

from exactinj.convolution.doubling import doubled
from exactinj.convolution.geometry import PADDING_MODES, Axis
from exactinj.convolution.layer import ConvLayer
from exactinj.convolution.sizes import Sizes

__all__ = ["PADDING_MODES", "Axis", "ConvLayer", "Sizes", "doubled"]
