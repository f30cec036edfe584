"""What users hand in where a layer or a domain is expected: arrays, modules, files and words, as exact objects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from exactinj.domains import Domain, RealSpace, Region, convex_domain
from exactinj.errors import InputError
from exactinj.exact.arrays import is_nested
from exactinj.exact.symbolic import is_symbolic_matrix
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.layers.residual import ResidualBlock
from exactinj.layers.torch_modules import CONVOLUTIONS, LINEAR, is_module, linear_part

__all__ = ["convex_given", "dense_given", "layer_given", "region_given", "rows_given"]

MATRIX_AXES = 2
PAIR = 2
EXPECTED = (
    "expected a ReLULayer, ConvLayer, ResidualBlock or DenseNetwork, an array or nested list (m, n), a pair (W, b), a "
    "torch.nn.Linear or Conv1d to Conv3d, or the path of a layer file"
)
BLOCK_NAMES = ({"A", "B"}, {"A", "B", "b"})
NAMES = {"W": "W", "weight": "W", "b": "b", "bias": "b", "alpha": "alpha"}


def layer_given(value: Any) -> ReLULayer | ConvLayer | ResidualBlock | DenseNetwork:
    """The layer, or network of dense layers, that a value stands for.

    Parameters
    ----------
    value : ReLULayer, ConvLayer, ResidualBlock or DenseNetwork, as it is; torch.nn.Linear or Conv1d to Conv3d, alone
        or in a Sequential with a ReLU; an array, tensor, sparse or sympy matrix or nested list W (m, n); a pair (W, b);
        a mapping with W and b or alpha, with weight and bias, with A, B and perhaps b of a residual block, or with the
        layers of a network; a path as of `read_layer_or_block`

    Raises
    ------
    InputError
        For anything else, whole networks and arrays of kernels among it.
    """
    if isinstance(value, ReLULayer | ConvLayer | ResidualBlock | DenseNetwork):
        return value
    if is_module(value):
        kind, module = linear_part(value, (*LINEAR, *CONVOLUTIONS))
        return ReLULayer.from_torch(module) if kind in LINEAR else ConvLayer.from_torch(module)
    if isinstance(value, str | os.PathLike):
        from exactinj.files.residual_files import read_layer_or_block

        return read_layer_or_block(value)
    if isinstance(value, Mapping):
        if list(value) == ["layers"]:
            return DenseNetwork(value["layers"])
        return ResidualBlock(**value) if set(value) in BLOCK_NAMES else _from_mapping(value)
    return _from_numbers(value)


def dense_given(value: Any) -> ReLULayer:
    """The same for methods that take no convolutions."""
    layer = layer_given(value)
    if isinstance(layer, ConvLayer):
        raise InputError("found a ConvLayer, expected a dense layer; use layer.unrolled(size)")
    if isinstance(layer, DenseNetwork):
        raise InputError("found a network, expected a dense layer; only certify, check, scan and invert take networks")
    if isinstance(layer, ResidualBlock):
        raise InputError("found a residual block, expected a dense layer; only certify and check take blocks")
    return layer


def rows_given(value: Any) -> Any:
    """Rows for sampling: arrays and tensors of floats stay what they are, the bias of a pair or a module is dropped."""
    if is_module(value):
        return linear_part(value, LINEAR)[1].weight
    if isinstance(value, str | os.PathLike):
        from exactinj.files.layer_files import read_rows

        return read_rows(value)
    is_floats = getattr(getattr(value, "dtype", None), "kind", "f") == "f" and len(getattr(value, "shape", ())) > 0
    return value if is_floats and not hasattr(value, "toarray") else dense_given(value)


def region_given(value: Any, default: Region) -> Region:
    """A domain: as it is, or from words such as ``"ball:1"``; the default for None. `InputError` for anything else."""
    if value is None:
        return default
    if isinstance(value, str):
        from exactinj.files.domain_words import parse_domain

        return parse_domain(value)
    if not isinstance(value, Region):
        found = f"the class {value.__name__}" if isinstance(value, type) else f"a domain of type {type(value).__name__}"
        raise InputError(f"found {found}, expected a domain such as Ball(1), or its words, as in 'ball:1'")
    return value


def convex_given(value: Any) -> Domain:
    """The same where injectivity is asked; all of R^n for None."""
    return convex_domain(region_given(value, RealSpace()))


def _from_mapping(parts: Mapping[str, Any]) -> ReLULayer:
    unknown = [name for name in parts if name not in NAMES]
    if unknown or not {"W", "weight"} & set(parts):
        found = ", ".join(map(repr, list(parts)[:4])) or "nothing"
        raise InputError(
            f"found a mapping with {found}, expected W and optionally b or alpha (or weight and bias); "
            "take the entries of one layer"
        )
    named = {NAMES[name]: value for name, value in parts.items()}
    return ReLULayer(named["W"], named.get("b"), alpha=named.get("alpha"))


def _from_numbers(value: Any) -> ReLULayer:
    axes = len(getattr(value, "shape", ()))
    if axes > MATRIX_AXES:
        raise InputError(
            f"found an array with {axes} axes, expected a matrix W (m, n); for the kernels of a convolution give "
            "ConvLayer(kernels, b, stride=..., padding=...)"
        )
    is_list = isinstance(value, Sequence) and not isinstance(value, bytes)
    if is_list and value and (isinstance(value[0], ReLULayer | ConvLayer | ResidualBlock) or is_module(value[0])):
        raise InputError(f"found a list of {len(value)} layers, expected one; take each by itself")
    if is_list and len(value) == PAIR and is_nested(value[0]) and not is_nested(value[1]):
        return ReLULayer(*value)
    if axes or is_list or hasattr(value, "__array__") or hasattr(value, "toarray") or is_symbolic_matrix(value):
        return ReLULayer(value)
    raise InputError(f"found an object of type {type(value).__name__}, {EXPECTED}")
