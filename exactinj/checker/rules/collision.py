"""Rule "collision": two points of K, different, with one image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.convolution import Axis, Kernels, Reads, TwoInputs
from exactinj.checker.domains import Domain, channel_cut
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import over_one_denominator
from exactinj.checker.rows import Row

__all__ = ["Points", "check_collision", "check_collision_at", "check_collision_of", "require_two_inside"]


@dataclass(frozen=True, slots=True)
class Points:
    """The points x and y of a proof."""

    x: list[Fraction]
    y: list[Fraction]


def require_two_inside(points: Points, domain: Domain, rule: str) -> None:
    """Raises Rejected unless the points are different and lie in K."""
    if points.x == points.y:
        raise Rejected(Reason.POINTS, f"{rule}: x and y are equal")
    for name, point in (("x", points.x), ("y", points.y)):
        if not domain.contains(point):
            raise Rejected(Reason.POINTS, f"{rule}: {name} does not lie in the domain {domain.type}")


def check_collision(points: Points, domain: Domain, rows: list[Row]) -> str:
    """For the rows of a layer."""
    require_two_inside(points, domain, "collision")
    x_scaled, x_factor = over_one_denominator([*points.x, Fraction(1)])
    y_scaled, y_factor = over_one_denominator([*points.y, Fraction(1)])
    for i, row in enumerate(rows):  # max(g_i, 0) at both, times the denominator and both factors
        at_x = max(sum(map(mul, row.entries, x_scaled)), 0) * y_factor
        at_y = max(sum(map(mul, row.entries, y_scaled)), 0) * x_factor
        if at_x != at_y:
            raise Rejected(Reason.POINTS, f"collision: row {i} has different outputs at x and at y")
    return f"x and y differ, lie in {domain.type} and have the same output in all {len(rows)} rows"


def check_collision_of(
    points: Points, domain: Domain, outputs: Callable[[Sequence[Fraction]], Sequence[Fraction]]
) -> str:
    """For any map that can be evaluated."""
    require_two_inside(points, domain, "collision")
    pairs = enumerate(zip(outputs(points.x), outputs(points.y), strict=True))
    i = next((i for i, (at_x, at_y) in pairs if at_x != at_y), None)
    if i is not None:
        raise Rejected(Reason.POINTS, f"collision: output {i} differs at x and at y")
    return f"x and y differ, lie in {domain.type} and have the same output"


def _windows(axis: Axis, size: int) -> Iterator[tuple[str, Reads]]:
    for window in range(axis.windows(size)):
        yield str(window), axis.reads(window, size)


def check_collision_at(points: Points, domain: Domain, kernels: Kernels, size: Sequence[int]) -> str:
    """For a convolution at one size: window by window, without the rows of the unrolled layer."""
    require_two_inside(points, channel_cut(domain, 0, math.prod(size))(range(len(points.x))), "collision")
    windows = []
    for axis, length in zip(kernels.axes, size, strict=True):
        require_room(axis.windows(length) * axis.taps, "the windows")
        windows.append(_windows(axis, length))
    TwoInputs(kernels, size, [points.x, points.y]).require_equal_outputs(windows, "collision")
    return f"x and y differ, lie in {domain.type} and have the same output in all windows"
