"""Calls of torch that read windows or whole axes: maxima, means, sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from exactinj.layers.convolution.arguments import per_axis
from exactinj.layers.network.affine import Mean
from exactinj.layers.network.shaping import Maximum
from exactinj.layers.network.windows import adaptive_places, places_over_axes, pooling_places
from exactinj.layers.torch_graphs.affine import scaled
from exactinj.layers.torch_graphs.builder import Builder, NotUnderstoodError, Value
from exactinj.layers.torch_graphs.registry import reads, reads_for_axes, translator_of

__all__: list[str] = []


@reads_for_axes("max_pool")
def _max_pool(
    build: Builder,
    x: Value,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    count: int,
) -> Value:
    if return_indices:
        raise NotUnderstoodError("max pooling that also returns where the maxima are is not supported")
    taps, steps, pads, gaps = _windows(count, kernel_size, stride, padding, dilation)
    places = pooling_places(x.shape, taps, steps, [(pad, pad) for pad in pads], gaps, ceil=ceil_mode)
    return build.add(Maximum(places), x)


@reads("max_pool2d_with_indices")
def _max_pool_of_core(build: Builder, x: Value, *arguments: Any) -> tuple[Value, None]:
    return _max_pool(build, x, *arguments, count=2), None


@reads("max_pool3d_with_indices")
def _max_pool_3d_of_core(build: Builder, x: Value, *arguments: Any) -> tuple[Value, None]:
    return _max_pool(build, x, *arguments, count=3), None


@reads_for_axes("avg_pool")
def _average_pool(
    build: Builder,
    x: Value,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    count: int,
) -> Value:
    taps, steps, pads, gaps = _windows(count, kernel_size, stride, padding, 1)
    places = pooling_places(x.shape, taps, steps, [(pad, pad) for pad in pads], gaps, ceil=ceil_mode)
    counts = (places >= 0).sum(axis=-1)
    if divisor_override is not None:
        counts = np.full_like(counts, divisor_override)
    elif count_include_pad:
        padded = (*x.shape[:-count], *(n + 2 * pad for n, pad in zip(x.shape[-count:], pads, strict=True)))
        seen = pooling_places(padded, taps, steps, [(0, 0)] * count, gaps, ceil=ceil_mode)
        counts = (seen >= 0).sum(axis=-1)
    return build.add(Mean(places, counts), x)


@reads_for_axes("adaptive_avg_pool")
def _adaptive_average(build: Builder, x: Value, output_size: Any, *, count: int) -> Value:
    places = adaptive_places(x.shape, _outputs(x, output_size, count))
    return build.add(Mean(places, (places >= 0).sum(axis=-1)), x)


@reads_for_axes("adaptive_max_pool")
def _adaptive_max(build: Builder, x: Value, output_size: Any, return_indices: Any = None, *, count: int) -> Value:
    if return_indices:
        raise NotUnderstoodError("max pooling that also returns where the maxima are is not supported")
    return build.add(Maximum(adaptive_places(x.shape, _outputs(x, output_size, count))), x)


@reads_for_axes("aten.adaptive_max_pool")
def _adaptive_max_of_aten(build: Builder, x: Value, output_size: Any, *, count: int) -> tuple[Value, None]:
    return _adaptive_max(build, x, output_size, count=count), None


@reads_for_axes("_adaptive_avg_pool")
def _adaptive_average_of_core(build: Builder, x: Value, output_size: Any, *, count: int) -> Value:
    return _adaptive_average(build, x, output_size, count=count)


def _outputs(x: Value, output_size: Any, count: int) -> list[int]:
    sizes = list(output_size) if isinstance(output_size, Sequence) else [output_size] * count
    return [n if size is None else size for size, n in zip(sizes, x.shape[-count:], strict=True)]


def _windows(count: int, kernel: Any, stride: Any, padding: Any, dilation: Any) -> list[tuple[int, ...]]:
    taps = per_axis(kernel, count, "kernel size", 1)
    steps = taps if stride is None or stride in ([], ()) else per_axis(stride, count, "stride", 1)
    return [taps, steps, per_axis(padding, count, "padding", 0), per_axis(dilation, count, "dilation", 1)]


# ---------------------------------------------------------------------- whole axes


@reads("mean")
def _mean(build: Builder, x: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    places = _over(x, dim, keepdim)
    return build.add(Mean(places, np.full(places.shape[:-1], places.shape[-1]), "mean"), x)


@reads("sum")
def _sum(build: Builder, x: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    places = _over(x, dim, keepdim)
    return build.add(Mean(places, np.ones(places.shape[:-1], dtype=np.int64), "sum"), x)


@reads("amax")
def _amax(build: Builder, x: Value, dim: Any = (), keepdim: bool = False) -> Value:
    return build.add(Maximum(_over(x, dim, keepdim), "max"), x)


@reads("amin")
def _amin(build: Builder, x: Value, dim: Any = (), keepdim: bool = False) -> Value:
    return scaled(build, _amax(build, scaled(build, x, -1), dim, keepdim), -1)


@reads("max")
def _max(build: Builder, x: Value, other: Any = None, keepdim: bool = False, *, dim: Any = None) -> Any:
    return _largest(build, "maximum", _amax, x, other if dim is None else dim, keepdim)


@reads("min")
def _min(build: Builder, x: Value, other: Any = None, keepdim: bool = False, *, dim: Any = None) -> Any:
    return _largest(build, "minimum", _amin, x, other if dim is None else dim, keepdim)


def _largest(build: Builder, of_two: str, over_axes: Any, x: Value, other: Any, keepdim: bool) -> Any:
    """The largest of all, of two values, or along an axis, where torch also says its place (None here)."""
    if other is None:
        return over_axes(build, x)
    if isinstance(other, int):
        return over_axes(build, x, other, keepdim), None
    translator = translator_of(of_two)
    return None if translator is None else translator(build, x, other)


def _over(x: Value, dim: Any, keepdim: bool) -> Any:
    axes = range(x.axes) if dim is None or dim in ([], ()) else [dim] if isinstance(dim, int) else dim
    return places_over_axes(x.shape, list(axes), keep=keepdim)
