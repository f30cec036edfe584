"""Which places the windows of a pooling read."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from exactinj.errors import InputError
from exactinj.layers.network.tensor import Shape

__all__ = ["adaptive_places", "places_over_axes", "pooling_places"]


def pooling_places(
    shape: Shape,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    *,
    ceil: bool = False,
) -> NDArray[np.int64]:
    """What each window of a pooling over the last axes reads.

    Parameters
    ----------
    shape : of the input, such as (1, channels, *size)
    kernel, stride, dilation : one per pooled axis; padding : a pair (low, high) each
    ceil : whether windows may begin before the end and reach beyond it, as frameworks' ``ceil_mode``; such a window
        must begin inside the input or its low padding

    Returns
    -------
    places : (*shape of the value, taps), places of the flattened input; -1 outside

    >>> pooling_places((1, 1, 5), [2], [2], [(0, 0)], [1], ceil=True).tolist()
    [[[[0, 1], [2, 3], [4, -1]]]]
    """
    count = len(kernel)
    if len(shape) < count or not len(stride) == len(padding) == len(dilation) == count:
        raise InputError(f"found a value of shape {shape} to pool over {count} axes")
    reads = []
    for n, taps, step, (low, high), gap in zip(shape[-count:], kernel, stride, padding, dilation, strict=True):
        span = n + low + high - gap * (taps - 1) - 1
        windows = (-(-span // step) if ceil else span // step) + 1
        if ceil and (windows - 1) * step >= n + low:
            windows -= 1
        if windows < 1:
            raise InputError(f"found a value of shape {shape}, too small for windows of {list(kernel)}")
        starts = np.arange(windows) * step - low
        places = starts[:, None] + gap * np.arange(taps)[None, :]
        reads.append(np.where((places >= 0) & (places < n), places, -1))
    return _on_all(shape, reads)


def adaptive_places(shape: Shape, sizes: Sequence[int]) -> NDArray[np.int64]:
    """What the windows of an adaptive pooling of the last axes to these sizes read, as in `pooling_places`.

    >>> adaptive_places((1, 5), [2]).tolist()
    [[[0, 1, 2], [2, 3, 4]]]
    """
    reads = []
    for n, windows in zip(shape[-len(sizes) :], sizes, strict=True):
        starts = [k * n // windows for k in range(windows)]
        ends = [-(-(k + 1) * n // windows) for k in range(windows)]
        longest = max(end - start for start, end in zip(starts, ends, strict=True))
        places = np.array(starts)[:, None] + np.arange(longest)[None, :]
        reads.append(np.where(places < np.array(ends)[:, None], places, -1))
    return _on_all(shape, reads)


def places_over_axes(shape: Shape, axes: Sequence[int], *, keep: bool) -> NDArray[np.int64]:
    """What a mean or maximum over whole axes reads: (*shape of the value, k)."""
    over = sorted({axis % len(shape) for axis in axes})
    rest = [axis for axis in range(len(shape)) if axis not in over]
    places = np.arange(prod(shape)).reshape(shape).transpose(*rest, *over)
    kept = [1 if axis in over else n for axis, n in enumerate(shape)] if keep else [shape[axis] for axis in rest]
    return places.reshape(*kept, prod(shape[axis] for axis in over))


def _on_all(shape: Shape, reads: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Places for the whole shape, from the places along each of the last axes, (windows, taps) each."""
    count = len(reads)
    flat = _combined(reads, shape[-count:])
    outer = prod(shape[:-count])
    offsets = (np.arange(outer) * prod(shape[-count:])).reshape(-1, 1, 1)
    whole = np.where(flat[None] < 0, -1, flat[None] + offsets)
    return whole.reshape(*shape[:-count], *(len(part) for part in reads), flat.shape[-1])


def _combined(reads: Sequence[NDArray[np.int64]], sizes: Sequence[int]) -> NDArray[np.int64]:
    """Places on the grid, (windows, taps), from the places along each axis, (windows, taps) each."""
    count = len(reads)
    flat, inside = np.zeros([1] * (2 * count), dtype=np.int64), np.ones([1] * (2 * count), dtype=bool)
    for k, (places, n) in enumerate(zip(reads, sizes, strict=True)):
        shape = [1] * (2 * count)
        shape[k], shape[count + k] = places.shape
        along = places.reshape(shape)
        flat, inside = flat * n + along, inside & (along >= 0)
    whole = np.where(inside, flat, -1)
    return whole.reshape(prod(whole.shape[:count]), prod(whole.shape[count:]))
