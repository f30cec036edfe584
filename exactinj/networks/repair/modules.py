"""Torch modules and repaired layers: the bits of a module's numbers, and a new module that holds exactly a layer."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from exactinj.errors import InputError
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.torch_modules import CONVOLUTIONS, LINEAR, linear_part

__all__ = ["precision_of", "repaired_module"]

PRECISIONS = {"torch.float64": 53, "torch.float32": 24, "torch.float16": 11, "torch.bfloat16": 8}


def precision_of(module: Any) -> int:
    """The bits of the significand of a module's weights; `InputError` for numbers of other kinds."""
    kind = str(linear_part(module, (*LINEAR, *CONVOLUTIONS))[1].weight.dtype)
    if kind not in PRECISIONS:
        raise InputError(f"found weights of type {kind}, expected one of {', '.join(PRECISIONS)}")
    return PRECISIONS[kind]


def repaired_module(module: Any, layer: ReLULayer | ConvLayer) -> Any:
    """A copy of the module with the numbers of a layer, in its own number format, exactly.

    Parameters
    ----------
    module : a Linear or Conv1d to Conv3d, alone or in a Sequential; it is not changed

    Raises
    ------
    InputError
        If the module's number format does not hold the numbers.
    """
    kind, part = linear_part(module, (*LINEAR, *CONVOLUTIONS))
    new = _part(kind, part, layer)
    if not _holds(new, layer):
        raise InputError(
            f"found numbers of the repaired layer that {part.weight.dtype} does not hold; convert the module first, as "
            "in module.double(), or repair the exact layer"
        )
    if part is module:
        return new
    whole = copy.deepcopy(module)
    place = next(k for k, child in enumerate(module) if child is part)
    whole[place] = new
    return whole


def _holds(module: Any, layer: ReLULayer | ConvLayer) -> bool:
    """Whether the numbers of a module are those of a layer."""
    try:
        return type(layer).from_torch(module) == layer
    except InputError:  # an infinite number, as the format does not reach so far
        return False


def _part(kind: str, part: Any, layer: ReLULayer | ConvLayer) -> Any:
    import torch

    options = {"dtype": part.weight.dtype, "device": part.weight.device}
    with_bias = part.bias is not None or not layer.b.is_zero()
    if isinstance(layer, ReLULayer):
        new: Any = torch.nn.Linear(layer.n, layer.m, bias=with_bias, **options)
        weights = layer.W.to_float(np.float64)
    else:
        names = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
        geometry = {name: getattr(part, name) for name in names}
        maker = getattr(torch.nn, kind)
        new = maker(layer.in_channels, layer.out_channels, bias=with_bias, **geometry, **options)
        weights = layer.kernels.to_float(np.float64)
    with torch.no_grad():
        new.weight.copy_(torch.from_numpy(weights).reshape(new.weight.shape))
        if with_bias:
            new.bias.copy_(torch.from_numpy(layer.b.to_float(np.float64)[:, 0]))
    new.weight.requires_grad_(part.weight.requires_grad)
    return new.train(part.training)
