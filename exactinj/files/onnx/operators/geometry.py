"""Strides, dilations and padding of windows, as the attributes of ONNX give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from exactinj.files.onnx.call import Call, NotUnderstoodError
from exactinj.layers.network import Shape

__all__ = ["Geometry"]

MOST = 1 << 20  # of a stride, a dilation or a padding


@dataclass(frozen=True)
class Geometry:
    """One stride, dilation and pair of paddings per axis."""

    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, call: Call, size: Shape, taps: Sequence[int]) -> Geometry:
        """Of windows over a grid of that size."""
        strides, dilations = (_each(call, name, len(taps)) for name in ("strides", "dilations"))
        mode = call.attributes.get("auto_pad") or "NOTSET"
        if mode in ("NOTSET", "VALID"):
            pads = call.attributes.get("pads") if mode == "NOTSET" else None
            return cls(strides, dilations, _pairs(pads or [0] * (2 * len(taps)), len(taps)))
        totals = [
            max(0, (-(-n // step) - 1) * step + gap * (k - 1) + 1 - n)
            for n, k, step, gap in zip(size, taps, strides, dilations, strict=True)
        ]
        return cls(strides, dilations, _split(totals, mode))

    def most_windows(self, size: Shape, taps: Sequence[int]) -> int:
        """No fewer than the windows over a grid of that size."""
        parts = zip(size, taps, self.strides, self.dilations, self.padding, strict=True)
        spans = [(n + low + high - gap * (k - 1), step) for n, k, step, gap, (low, high) in parts]
        return prod(max(0, -(-span // step)) for span, step in spans)

    @classmethod
    def of_transposed(cls, call: Call, size: Shape, taps: Sequence[int]) -> Geometry:
        """Of a transposed convolution; what it appends is taken off the padding behind, which may be negative."""
        count = len(taps)
        strides, dilations = (_each(call, name, count) for name in ("strides", "dilations"))
        more = call.attributes.get("output_padding") or [0] * count
        wanted, mode = call.attributes.get("output_shape"), call.attributes.get("auto_pad") or "NOTSET"
        if len(more) != count or not all(0 <= extra <= MOST for extra in more):
            raise NotUnderstoodError(f"has the output padding {more}")
        if not wanted and mode in ("NOTSET", "VALID"):
            pads = call.attributes.get("pads") if mode == "NOTSET" else None
            pairs = _pairs(pads or [0] * (2 * count), count)
            return cls(strides, dilations, tuple((a, b - extra) for (a, b), extra in zip(pairs, more, strict=True)))
        ends = [n * step for n, step in zip(size, strides, strict=True)] if not wanted else wanted[-count:]
        if len(ends) != count or not all(0 < end <= MOST for end in ends):
            raise NotUnderstoodError(f"has the output shape {wanted}")
        parts = zip(size, taps, strides, dilations, more, ends, strict=True)
        totals = [step * (n - 1) + extra + gap * (k - 1) + 1 - end for n, k, step, gap, extra, end in parts]
        pairs = _split(totals, mode)
        return cls(strides, dilations, tuple((a, b - extra) for (a, b), extra in zip(pairs, more, strict=True)))


def _each(call: Call, name: str, count: int) -> tuple[int, ...]:
    given = call.attributes.get(name) or [1] * count
    if len(given) != count or not all(1 <= step <= MOST for step in given):
        raise NotUnderstoodError(f"has the {name} {given[:8]} for {count} axes")
    return tuple(given)


def _pairs(pads: Sequence[int], count: int) -> tuple[tuple[int, int], ...]:
    if len(pads) != 2 * count or not all(0 <= pad <= MOST for pad in pads):
        raise NotUnderstoodError(f"has the pads {list(pads)[:8]} for {count} axes")
    return tuple(zip(pads[:count], pads[count:], strict=True))


def _split(totals: Sequence[int], mode: str) -> tuple[tuple[int, int], ...]:
    """Halves, the larger one behind for SAME_UPPER and in front otherwise."""
    halves = [(total // 2, total - total // 2) for total in totals]
    return tuple(halves if mode == "SAME_UPPER" else ((b, a) for a, b in halves))
