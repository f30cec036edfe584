"""Rule "geometric": an input at which too few rows of a group are not negative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from operator import mul

from exactinj.checker.convolution import Kernels, Sizes, require_group
from exactinj.checker.domains import Box, Domain, Orthant
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.limits import require_room
from exactinj.checker.rationals import index_of, over_one_denominator, show

__all__ = ["Geometric", "check_geometric"]


@dataclass(frozen=True, slots=True)
class Geometric:
    """The group; x on one period, and the factor along each axis from one period to the next."""

    group: int
    period: tuple[int, ...]
    factor: list[Fraction]
    x: list[Fraction]


@dataclass(frozen=True, slots=True)
class _Growing:
    """The input X of a group: x repeated along every axis, each time times the factor of that axis."""

    kernels: Kernels
    period: tuple[int, ...]
    factor: list[Fraction]
    x: list[Fraction]

    def seen(self, phase: Sequence[int]) -> list[Fraction]:
        """X at the taps of the window at this phase, in the order of the kernels."""
        axes = self.kernels.axes
        places = [[psi + axis.dilation * u for u in range(axis.taps)] for psi, axis in zip(phase, axes, strict=True)]
        powers = [
            [rho ** (j // q) for j in line] for rho, q, line in zip(self.factor, self.period, places, strict=True)
        ]
        found = []
        for i, *u in self.kernels.taps:
            inner = [line[k] % q for line, k, q in zip(places, u, self.period, strict=True)]
            value = self.x[index_of([i, *inner], [0, *self.period])]
            found.append(value * math.prod(line[k] for line, k in zip(powers, u, strict=True)))
        return found

    def not_negative(self, group: int, phase: Sequence[int]) -> int:
        """A(phase): how many outputs of the group are not shown to be negative at all windows with this phase."""
        seen, _ = over_one_denominator(self.seen(phase))
        count = 0
        for o in range(group * self.kernels.outputs, (group + 1) * self.kernels.outputs):
            entries, _ = self.kernels.scaled[o]
            count += entries[-1] > 0 or sum(map(mul, entries, seen)) >= 0
        return count


def _require_growing(proof: Geometric, domain: Domain, kernels: Kernels) -> None:
    """The conditions 1 and 2."""
    if min(proof.factor) <= 0:
        raise Rejected(Reason.COUNT, "geometric: a factor is not positive")
    require_group(proof.group, kernels, "geometric")
    if any(map(any, kernels.layer.padding)):
        raise Rejected(Reason.COUNT, "geometric: the layer has padding")
    if isinstance(domain, Box) or (isinstance(domain, Orthant) and min(proof.x) <= 0):
        where = f"the interior of the domain {domain.type}"
        raise Rejected(Reason.POINTS, f"geometric: the input does not lie in {where}")


def check_geometric(proof: Geometric, domain: Domain, kernels: Kernels, _: Sizes) -> str:
    """At every phase fewer rows are not negative than the group has inputs.

    M_k <= N_k / s_k, on which the proof rests, takes E_k >= s_k; so that is asked for as well.
    """
    _require_growing(proof, domain, kernels)
    for k, axis in enumerate(kernels.axes, 1):
        if axis.extent < axis.stride:
            raise Rejected(Reason.COUNT, f"geometric: the kernel is shorter than the stride along axis {k}")
    for axis, q, rho in zip(kernels.axes, proof.period, proof.factor, strict=True):
        bits = (rho.numerator * rho.denominator - 1).bit_length()  # 0 for the factor 1
        require_room((q + axis.extent) // q * axis.taps * bits, "the powers of the factors")
    growing = _Growing(kernels, proof.period, proof.factor, proof.x)
    fewest = kernels.inputs * math.prod(axis.stride for axis in kernels.axes)  # with as many rows, all inputs
    overlap = any(axis.extent > axis.stride for axis in kernels.axes)
    largest = 0
    for phase in product(*map(range, proof.period)):
        count = growing.not_negative(proof.group, phase)
        if count > fewest or (count == fewest and not overlap):
            place = ", ".join(map(show, phase))
            found = f"{count} outputs are not negative, too many for {fewest}"
            raise Rejected(Reason.COUNT, f"geometric: at the phase ({place}) {found}")
        largest = max(largest, count)
    return f"at an input that grows geometrically at most {largest} outputs of group {proof.group} are not negative"
