"""Rule "periodic": two inputs that repeat along every axis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.checker.convolution import Axis, Kernels, Reads, Sizes, TwoInputs
from exactinj.checker.domains import Domain, channel_cut
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import times
from exactinj.checker.rules.collision import Points, require_two_inside

__all__ = ["Periodic", "check_periodic"]


@dataclass(frozen=True, slots=True)
class Periodic:
    """The period along each axis, and one period of each input."""

    period: tuple[int, ...]
    points: Points


def _left_out(axis: Axis) -> tuple[int, int]:
    """How many taps at most lie before and after the grid when one lies in it: ceil(l / D), ceil(h / D) with zeros."""
    low, high = (min(-(-width // axis.dilation), axis.taps - 1) for width in axis.zeros)
    return low, high


def _phases(axis: Axis, period: int) -> Iterator[tuple[str, Reads]]:
    """What a window reads of a period, for every phase and tap interval of an axis."""
    (low, high), last = _left_out(axis), axis.taps - 1
    for phase in range(period):
        places = [(phase + axis.dilation * u) % period for u in range(axis.taps)]
        for u in range(low + 1):
            for v in range(max(u, last - high), last + 1):
                yield (
                    f"phase {phase}, taps {u} to {v}",
                    tuple(place if u <= k <= v else None for k, place in enumerate(places)),
                )


def check_periodic(proof: Periodic, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The two inputs differ, lie in K at every size, and have equal outputs in all kinds of windows."""
    period, points = proof.period, proof.points
    require_two_inside(points, channel_cut(domain, 0, math.prod(period))(range(len(points.x))), "periodic")
    if any(least < length for least, length in zip(sizes.minimum, period, strict=True)):
        raise Rejected(Reason.SIZES, "periodic: the period is longer than the minimum size")
    layer = kernels.layer
    if layer.padding_mode != "zeros" and any(map(any, layer.padding)) and any(length > 1 for length in period):
        mode = layer.padding_mode
        raise Rejected(Reason.SIZES, f"periodic: with the padding mode {mode} only the period 1 is possible")
    windows = []
    for axis, length in zip(kernels.axes, period, strict=True):
        low, high = _left_out(axis)
        require_room(length * (low + 1) * (high + 1) * axis.taps, "the phases")
        windows.append(_phases(axis, length))
    count = TwoInputs(kernels, period, [points.x, points.y]).require_equal_outputs(windows, "periodic")
    return f"two inputs of period {times(period)} have the same output in all {count} kinds of windows"
