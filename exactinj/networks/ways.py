"""From a layer with its own activation to a ReLU layer that is injective exactly if it is.

Both ``z`` and ``-z`` behind a ReLU say what z is: so does an activation that is one-to-one on the values that it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from exactinj.layers.convolution import ConvLayer, doubled
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.dense import ReLULayer
from exactinj.layers.network import Clip, LeakyRelu, OneToOne, Operation, Square
from exactinj.networks.ranges import Range

__all__ = ["Way", "both_signs", "way_of"]

Way = Callable[[ReLULayer | ConvLayer], ReLULayer | ConvLayer | None]


def way_of(activation: Operation | None, where: Range, shape: tuple[int, ...]) -> Way | None:
    """From the layer to the ReLU layer that is injective exactly if it is with its own activation; None if none is.

    `where` is the range of the value before the activation, `shape` its shape.
    """
    if activation is None or isinstance(activation, OneToOne):
        return both_signs
    if isinstance(activation, LeakyRelu):
        return _way_of_slopes(activation.slope.numerators, where, shape)
    if isinstance(activation, Square):
        return both_signs if where.is_one_sided() else None
    return _way_of_clip(activation, where) if isinstance(activation, Clip) else None


def _way_of_slopes(slopes: Any, where: Range, shape: tuple[int, ...]) -> Way | None:
    if (slopes > 0).all() or where.is_nonnegative or where.is_one_sided(np.broadcast_to(slopes, shape) != 0):
        return both_signs
    if not slopes.any():
        return _same
    whole = np.broadcast_to(slopes, shape)
    return lambda layer: _of_mixed_slopes(layer, whole)


def _of_mixed_slopes(layer: ReLULayer | ConvLayer, slopes: Any) -> ReLULayer | ConvLayer | None:
    """Rows with a positive slope and their opposites, rows with slope 0; those with a negative one tell less: left out.

    If that layer is injective so is the one in question; where slopes are negative a collision is yet to be seen.
    """
    if isinstance(layer, ReLULayer):
        flat = slopes.ravel()
        if not (flat >= 0).any():
            return None
        rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        kept = [(k, sign) for k in range(len(rows)) for sign in (1, -1) if flat[k] > 0 or (flat[k] == 0 and sign > 0)]
        return ReLULayer([[sign * v for v in rows[k]] for k, sign in kept], [sign * bias[k] for k, sign in kept])
    channels = slopes.reshape(layer.out_channels, -1) if slopes.size % layer.out_channels == 0 else None
    if channels is None or (channels != channels[:, :1]).any() or layer.groups > 1:
        return None
    signs = [value for (value,) in np.sign(channels[:, :1].astype(float)).tolist()]
    kept = [(k, sign) for k in range(len(signs)) for sign in (1, -1) if signs[k] > 0 or (signs[k] == 0 and sign > 0)]
    if not kept:
        return None
    rows, bias = layer.kernels.fractions(), layer.bias
    kernels = shaped([[sign * v for v in rows[k]] for k, sign in kept], _ins(layer), layer.kernel_size)
    return _with_kernels(layer, kernels, [sign * bias[k] for k, sign in kept])


def _with_kernels(layer: ConvLayer, kernels: Any, bias: list[Fraction]) -> ConvLayer:
    return ConvLayer(
        kernels,
        bias,
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        padding_mode=layer.padding_mode,
    )


def _way_of_clip(clip: Clip, where: Range) -> Way | None:
    """A clip that acts on one side only is a ReLU behind a shift, and perhaps a change of sign."""
    low_acts = clip.low is not None and not where.is_at_least(clip.low)
    high_acts = clip.high is not None and not where.is_at_most(clip.high)
    if low_acts and high_acts:
        return None
    if low_acts:
        return lambda layer: _shifted(layer, 1, -(clip.low or Fraction(0)))
    return (lambda layer: _shifted(layer, -1, clip.high or Fraction(0))) if high_acts else both_signs


def _same(layer: ReLULayer | ConvLayer) -> ReLULayer | ConvLayer:
    return layer


def _shifted(layer: ReLULayer | ConvLayer, sign: int, shift: Fraction) -> ReLULayer | ConvLayer:
    """The layer ``ReLU(sign (W x + b) + shift)``."""
    if isinstance(layer, ReLULayer):
        rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
        return ReLULayer([[sign * value for value in row] for row in rows], [sign * value + shift for value in bias])
    kernels = shaped([[sign * v for v in row] for row in layer.kernels.fractions()], _ins(layer), layer.kernel_size)
    return _with_kernels(layer, kernels, [sign * value + shift for value in layer.bias])


def _ins(layer: ConvLayer) -> int:
    return layer.in_channels // layer.groups


def both_signs(layer: ReLULayer | ConvLayer, some: Sequence[int] | None = None) -> ReLULayer | ConvLayer:
    """The rows and their opposites, or the opposites of some."""
    if isinstance(layer, ConvLayer):
        return doubled(layer)
    rows, bias = layer.W.fractions(), [value for (value,) in layer.b.fractions()]
    chosen = range(len(rows)) if some is None else some
    opposite = [[-value for value in rows[k]] for k in chosen]
    return ReLULayer([*rows, *opposite], [*bias, *(-bias[k] for k in chosen)])
