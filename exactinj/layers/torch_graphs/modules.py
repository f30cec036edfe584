"""Modules of ``torch.nn`` as the functions that they call, with the attributes that they hand over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.registry import translator_of

__all__ = ["MODULE_MOVES", "class_of", "has_hooks", "translate_module"]

WINDOW = "kernel_size stride padding"
CONVOLUTION = "weight bias stride padding dilation groups"
TRANSPOSED = "weight bias stride padding output_padding groups dilation"
NORMALISATION = "running_mean running_var weight bias"
AXES = (1, 2, 3)

FUNCTIONS: dict[str, tuple[str, str]] = {  # class: function, attributes in the order of its arguments
    "Linear": ("linear", "weight bias"),
    "LeakyReLU": ("leaky_relu", "negative_slope"),
    "PReLU": ("prelu", "weight"),
    "RReLU": ("rrelu", "lower upper training"),
    "Hardtanh": ("hardtanh", "min_val max_val"),
    "Threshold": ("threshold", "threshold value"),
    "Softshrink": ("softshrink", "lambd"),
    "Softplus": ("softplus", "beta threshold"),
    "ELU": ("elu", "alpha"),
    "CELU": ("celu", "alpha"),
    **{name: (name.lower(), "") for name in ("ReLU", "ReLU6", "SELU", "Sigmoid", "Tanh", "LogSigmoid", "Softsign")},
    **{name: (name.lower(), "") for name in ("Tanhshrink", "Hardsigmoid", "Identity")},
    **{f"MaxPool{k}d": (f"max_pool{k}d", f"{WINDOW} dilation ceil_mode return_indices") for k in AXES},
    "AvgPool1d": ("avg_pool1d", f"{WINDOW} ceil_mode count_include_pad"),
    **{f"AvgPool{k}d": (f"avg_pool{k}d", f"{WINDOW} ceil_mode count_include_pad divisor_override") for k in (2, 3)},
    **{f"AdaptiveAvgPool{k}d": (f"adaptive_avg_pool{k}d", "output_size") for k in AXES},
    **{f"AdaptiveMaxPool{k}d": (f"adaptive_max_pool{k}d", "output_size return_indices") for k in AXES},
    **{f"ConstantPad{k}d": ("pad", "padding =constant value") for k in AXES},
    **{f"ZeroPad{k}d": ("pad", "padding =constant value") for k in AXES},
}
DROPPED = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
MODULE_MOVES = frozenset(
    [
        *("Flatten", "Unflatten", "PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Unfold", "UpsamplingNearest2d"),
        *(f"{mode}Pad{k}d" for mode in ("Reflection", "Replication", "Circular") for k in AXES),
    ]
)
WEIGHT_HOOKS = ("WeightNorm", "SpectralNorm")  # they only set the weight before each call


def class_of(module: Any) -> str:
    """The class of ``torch.nn`` whose computation a module keeps, or the name of its own class."""
    for base in type(module).__mro__:
        is_own = base.__module__.startswith("torch.nn") and not base.__module__.endswith("parametrize")
        if is_own and type(module).forward is getattr(base, "forward", None):
            return str(base.__name__)
    return type(module).__name__


def has_hooks(module: Any) -> bool:
    """Whether functions of the user are called before or after the module, which may change what it computes."""
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    return any(type(hook).__name__ not in WEIGHT_HOOKS for hook in hooks)


def translate_module(build: Builder, module: Any, x: Any, *rest: Any, **options: Any) -> Any:
    """What a module computes of a value; `NotUnderstoodError` if it is no step of an exact graph."""
    kind = class_of(module)
    if not isinstance(x, Value) or rest or options:
        raise NotUnderstoodError(f"{kind} with several inputs is not supported")
    if kind in DROPPED:
        return x
    if kind.startswith("Conv"):
        return _convolution(build, module, kind, x)
    if kind.startswith(("BatchNorm", "InstanceNorm")):
        return _normalisation(build, module, x)
    if kind not in FUNCTIONS:
        raise NotUnderstoodError(f"the module {kind} is not supported")
    function, names = FUNCTIONS[kind]
    arguments = [name[1:] if name.startswith("=") else getattr(module, name) for name in names.split()]
    return _translator(function)(build, x, *arguments)


def _convolution(build: Builder, module: Any, kind: str, x: Value) -> Any:
    if kind.startswith("ConvTranspose"):
        function = f"conv_transpose{kind[-2:]}"
        return _translator(function)(build, x, *(getattr(module, name) for name in TRANSPOSED.split()))
    arguments = {name: getattr(module, name) for name in CONVOLUTION.split()}
    if module.padding_mode != "zeros":
        x = _translator("pad")(build, x, module._reversed_padding_repeated_twice, module.padding_mode)
        arguments["padding"] = 0
    return _translator(f"conv{kind[-2:]}")(build, x, **arguments)


def _normalisation(build: Builder, module: Any, x: Value) -> Any:
    arguments = [getattr(module, name, None) for name in NORMALISATION.split()]
    return _translator("batch_norm")(build, x, *arguments, eps=module.eps)


def _translator(name: str) -> Callable[..., Any]:
    translator = translator_of(name)
    if translator is None:
        raise NotUnderstoodError(f"the function {name} is not supported")
    return translator
