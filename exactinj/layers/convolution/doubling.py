"""Injective layers from any full-rank bank: every kernel together with a negative multiple of itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from exactinj.errors import InputError
from exactinj.exact.numbers import fraction_from
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.convolution.layer import ConvLayer

__all__ = ["doubled"]


def doubled(layer: ConvLayer, scale: Any = 1) -> ConvLayer:
    """The layer with the kernels ``c`` and ``-d c`` in the place of each kernel ``c`` (biases likewise).

    ``ReLU(<c, x> + b)`` and ``ReLU(-d <c, x> - d b)`` together tell ``<c, x>``, so the new layer is injective wherever
    the linear convolution is: if, in each group, the kernels span the space of all windows (full rank
    ``in / groups * prod(kernel size)``), at every size at which each input is in some window. Without dilation the
    windows themselves are a certificate then.

    Parameters
    ----------
    layer : ConvLayer
    scale : positive number, or one for each kernel
        The factors d, exact.

    Returns
    -------
    ConvLayer
        With twice as many output channels, ``c`` and ``-d c`` side by side, and the same geometry.

    Raises
    ------
    InputError
        For factors that are not positive, or not as many as there are kernels.

    Examples
    --------
    >>> haar = ConvLayer([[[1, 1]], [[1, -1]]], stride=2)
    >>> [[str(value) for value in row] for row in doubled(haar, "1/2").kernels.fractions()]
    [['1', '1'], ['-1/2', '-1/2'], ['1', '-1'], ['-1/2', '1/2']]
    """
    if not isinstance(layer, ConvLayer):
        raise InputError(f"found a {type(layer).__name__}, expected a ConvLayer")
    scales = _scales(scale, layer.out_channels)
    rows: list[list[Fraction]] = []
    bias: list[Fraction] = []
    for row, beta, factor in zip(layer.kernels.fractions(), layer.bias, scales, strict=True):
        rows += [row, [-factor * value for value in row]]
        bias += [beta, -factor * beta]
    kernels = shaped(rows, len(rows[0]) // prod(layer.kernel_size), layer.kernel_size)
    return ConvLayer(
        kernels,
        bias,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        padding_mode=layer.padding_mode,
    )


def _scales(scale: Any, count: int) -> list[Fraction]:
    listed = isinstance(scale, Sequence) and not isinstance(scale, str)
    values = [fraction_from(value) for value in scale] if listed else [fraction_from(scale)] * count
    if len(values) != count:
        raise InputError(f"found {len(values)} factors, expected one, or one for each of the {count} kernels")
    if min(values) <= 0:
        raise InputError(f"found the factor {min(values)}, expected positive numbers")
    return values
