"""The dense layer of a convolution case at one input size, by the formula of `docs/certificates-convolution.md`.

Simple and slow on purpose: one output of one window at a time, index by index. It shares no code with the package.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from casefile import CASEBOOK, GEOMETRY

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["geometry", "kernel_shape", "kernels_and_bias", "unrolled"]


def kernels_and_bias(case: dict[str, Any]) -> tuple[list[Any], list[Fraction], dict[str, Any]]:
    """Nested kernels of Fractions, the biases, and the geometry as it is written."""
    if "convolution" in case:
        parts = case["convolution"]
    else:
        import numpy as np

        with np.load(CASEBOOK / case["convolution_file"], allow_pickle=False) as data:
            parts = {key: data[key].tolist() for key in data.files}
    kernels = _fractions(parts["kernels"])
    bias = _fractions(parts.get("b", [0] * len(kernels)))
    return kernels, bias, {key: parts.get(key, usual) for key, usual in GEOMETRY.items()}


def _fractions(value: Any) -> Any:
    return [_fractions(part) for part in value] if isinstance(value, list) else Fraction(value)


def kernel_shape(kernels: Any) -> list[int]:
    """(out, in / groups, *kernel size)."""
    return [len(kernels), *kernel_shape(kernels[0])] if isinstance(kernels, list) else []


def geometry(written: dict[str, Any], axes: int) -> list[dict[str, Any]]:
    """Stride, dilation, low and high padding of each axis."""
    each = {key: [written[key]] * axes if isinstance(written[key], int) else written[key] for key in GEOMETRY}
    pads = [(pad, pad) if isinstance(pad, int) else tuple(pad) for pad in each["padding"]]
    return [
        {"stride": each["stride"][k], "dilation": each["dilation"][k], "low": pads[k][0], "high": pads[k][1]}
        for k in range(axes)
    ]


def _read(place: int, size: int, mode: str) -> int | None:
    """Which input stands at a place of the padded axis; None for a zero."""
    if 0 <= place < size:
        return place
    if mode == "circular":
        return place % size
    if mode == "replicate":
        return min(max(place, 0), size - 1)
    if mode == "reflect":
        return -place if place < 0 else 2 * (size - 1) - place
    return None


def unrolled(case: dict[str, Any], size: Sequence[int]) -> tuple[list[list[Fraction]], list[Fraction]]:
    """The rows and the biases; columns are (channel, place)."""
    kernels, bias, written = kernels_and_bias(case)
    outs, ins, *taps = kernel_shape(kernels)
    axes, groups, mode = geometry(written, len(taps)), written["groups"], written["padding_mode"]
    counts = [
        (n + axis["low"] + axis["high"] - axis["dilation"] * (t - 1) - 1) // axis["stride"] + 1
        for n, axis, t in zip(size, axes, taps, strict=True)
    ]
    if min(counts) < 1:
        raise SystemExit(f"{case['name']}: there is no window at the size {list(size)}")
    columns = {place: k for k, place in enumerate(product(range(ins * groups), *map(range, size)))}
    rows, biases = [], []
    for o, window in product(range(outs), product(*map(range, counts))):
        row = [Fraction(0)] * len(columns)
        for i, tap in product(range(ins), product(*map(range, taps))):
            entry = kernels[o][i]
            for u in tap:
                entry = entry[u]
            places = [
                _read(axis["stride"] * J - axis["low"] + axis["dilation"] * u, n, mode)
                for axis, J, u, n in zip(axes, window, tap, size, strict=True)
            ]
            if None not in places:
                row[columns[o // (outs // groups) * ins + i, *places]] += entry
        rows.append(row)
        biases.append(bias[o])
    return rows, biases
