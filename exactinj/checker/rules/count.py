"""Rule "count": a group with too few rows at every size, whatever its weights."""

from __future__ import annotations

from dataclasses import dataclass

from exactinj.checker.convolution import Kernels, Sizes, require_group
from exactinj.checker.domains import Domain, Space
from exactinj.checker.faults import Reason, Rejected

__all__ = ["Count", "check_count", "most_rows"]


@dataclass(frozen=True, slots=True)
class Count:
    """The group."""

    group: int


def most_rows(kernels: Kernels, sizes: Sizes) -> tuple[int, int, bool]:
    """(r, n, less): at every size a group has at most r rows for n inputs; less than that if it says so."""
    rows, inputs, less = kernels.outputs, kernels.inputs, False
    for axis, least in zip(kernels.axes, sizes.minimum, strict=True):
        excess = axis.low + axis.high - axis.extent + axis.stride  # there are at most (N + excess) / stride windows
        rows *= least + max(excess, 0)
        inputs *= least * axis.stride
        less |= excess < 0
    return rows, inputs, less


def check_count(proof: Count, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """The group has fewer rows than inputs, on R^n than twice its inputs.

    The domain has to have an interior: reading a box asks for lower < upper in all channels.
    """
    require_group(proof.group, kernels, "count")
    rows, inputs, less = most_rows(kernels, sizes)
    twice = isinstance(domain, Space)
    needed = 2 * inputs if twice else inputs
    fewer = f"fewer rows than {'twice its ' if twice else ''}inputs"
    if rows > needed or (rows == needed and not less):
        raise Rejected(Reason.COUNT, f"count: group {proof.group} is not shown to have {fewer}")
    return f"group {proof.group} has {fewer} at every size"
