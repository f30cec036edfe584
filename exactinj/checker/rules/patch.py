"""Rule "patch": two inputs that differ in one place of the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from exactinj.checker.convolution import Axis, Kernels, Sizes, TwoInputs
from exactinj.checker.domains import Domain, channel_cut
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import digits_of, show, times
from exactinj.checker.rules.collision import Points, require_two_inside

__all__ = ["ANCHORS", "Anchored", "Patch", "check_patch"]

ANCHORS = ("first", "inner", "last")


@dataclass(frozen=True, slots=True)
class Anchored:
    """Along one axis: the length of the patch, whether it is at the beginning of the grid, inside or at the end."""

    axis: Axis
    length: int
    anchor: str
    phase: int

    def starts(self, j: int) -> list[int]:
        """Where windows start that read place j of the patch."""
        axis, starts = self.axis, (j - self.axis.dilation * u for u in range(self.axis.taps))
        least = -axis.low if self.anchor == "first" else None
        most = self.length + axis.high - axis.extent if self.anchor == "last" else None
        return [
            tau
            for tau in starts
            if (tau - self.phase) % axis.stride == 0
            and (least is None or tau >= least)
            and (most is None or tau <= most)
        ]

    def holds(self, tau: int) -> bool:
        """Whether the taps of a window lie in the patch, or beyond an end of the patch that is one of the grid."""
        begins, ends = tau >= 0, tau + self.axis.extent <= self.length
        return (begins or self.anchor == "first") and (ends or self.anchor == "last")

    def require_fit(self, least: int, residues: list[int], k: int) -> None:
        """The conditions 2, 4 and 5 for the least size and its residues."""
        axis, stride = self.axis, self.axis.stride
        padded = axis.mode != "zeros" and (axis.low or axis.high)
        margin = max(axis.low, axis.high) + 1 if padded else 0
        needed = self.length
        if self.anchor == "inner":
            needed += 2 * margin + (-axis.low - self.phase - margin) % stride
        elif padded:
            raise Rejected(
                Reason.SIZES, f"patch: with the padding mode {axis.mode} the anchor of axis {k} has to be inner"
            )
        if self.anchor == "first" and (self.phase + axis.low) % stride:
            raise Rejected(
                Reason.SIZES, f"patch: no window of axis {k} has the phase {show(self.phase)} at the beginning"
            )
        if self.anchor == "last" and any((self.length - axis.low - self.phase - r) % stride for r in residues):
            raise Rejected(Reason.SIZES, f"patch: the phase of axis {k} does not fit all sizes at the end")
        if least < needed:
            raise Rejected(Reason.SIZES, f"patch: it needs N_{k} >= {show(needed)}, not only {show(least)}")


@dataclass(frozen=True, slots=True)
class Patch:
    """The patch along each axis, and both inputs there."""

    parts: list[Anchored]
    points: Points


def _check_patch_windows(pair: TwoInputs, parts: Sequence[Anchored]) -> int:
    """Condition 3: windows that read a difference lie in the patch and have equal outputs. Returns their number."""
    seen = set[tuple[int, ...]]()
    for place in pair.differing():
        for tau in product(*(part.starts(j) for part, j in zip(parts, digits_of(place, pair.size), strict=True))):
            if tau in seen:
                continue
            pairs = list(zip(parts, tau, strict=True))
            name = ", ".join(map(show, tau))
            if not all(part.holds(start) for part, start in pairs):
                raise Rejected(
                    Reason.POINTS, f"patch: the window at ({name}) reads a difference and does not lie in the patch"
                )
            o = pair.different_output([part.axis.inside(start, part.length) for part, start in pairs])
            if o is not None:
                raise Rejected(Reason.POINTS, f"patch: output {o} of the window at ({name}) differs at x and at y")
            seen.add(tau)
    return len(seen)


def check_patch(proof: Patch, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The two inputs differ, lie in K, fit into every size, and no window tells them apart."""
    parts, points = proof.parts, proof.points
    size = [part.length for part in parts]
    require_two_inside(points, channel_cut(domain, 0, math.prod(size))(range(len(points.x))), "patch")
    for k, (part, least, residues) in enumerate(zip(parts, sizes.minimum, sizes.residues, strict=True), 1):
        part.require_fit(least, residues, k)
    count = _check_patch_windows(TwoInputs(kernels, size, [points.x, points.y]), parts)
    where = f"in a patch of size {times(size)} only"
    return f"two inputs that differ {where} have the same output in {count} windows there"
