"""Rule "unpaired": a group with at most 2 n rows at every size, and a row without a negative multiple."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exactinj.checker.convolution import Axis, Kernels, Sizes, require_group
from exactinj.checker.domains import Domain, Space
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import digits_of, index_of, show, show_list
from exactinj.checker.rules.count import most_rows

__all__ = ["Unpaired", "check_unpaired"]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """The group, a kernel of it and a tap of the kernel."""

    group: int
    kernel: int
    tap: tuple[int, ...]


def _is_read(axis: Axis, u: int, size: int) -> bool:
    """Whether some window along the axis has its tap u in the grid."""
    first = axis.low - axis.dilation * u  # the window J reads the place stride * J - first with this tap
    lowest = max(0, -(-first // axis.stride))
    return lowest <= min((size - 1 + first) // axis.stride, axis.windows(size) - 1)


def _require_no_negative(kernels: Kernels, group: int, kernel: int, tap: Sequence[int]) -> None:
    """Condition 5. The sign at a place where K_r[u] is not 0 tells most vectors apart from its negative multiples."""
    kernel_size = kernels.layer.kernel_size
    taps = math.prod(kernel_size)
    first = group * kernels.outputs
    entries, _ = kernels.scaled[first + kernel]
    row = entries[index_of(tap, kernel_size) : -1 : taps]
    pivot = next((i for i, value in enumerate(row) if value), None)
    if pivot is None:
        raise Rejected(Reason.COUNT, f"unpaired: kernel {kernel} is 0 at the tap {show_list(list(tap))}")
    lead = row[pivot]
    for q in range(kernels.outputs):
        entries, _ = kernels.scaled[first + q]
        for v in range(taps):
            factor = entries[pivot * taps + v]
            if factor and (factor > 0) != (lead > 0):
                other = entries[v:-1:taps]
                if all(x * lead == y * factor for x, y in zip(other, row, strict=True)):
                    place = show_list(digits_of(v, kernel_size))
                    raise Rejected(Reason.COUNT, f"unpaired: kernel {q} is a negative multiple at the tap {place}")


def _require_a_row(proof: Unpaired, domain: Domain, kernels: Kernels) -> None:
    """The proof names a tap of a kernel, and the conditions 1 to 3."""
    require_group(proof.group, kernels, "unpaired")
    if not 0 <= proof.kernel < kernels.outputs:
        raise Rejected(Reason.COUNT, f"unpaired: there is no kernel {show(proof.kernel)} in a group")
    if not all(0 <= u < axis.taps for u, axis in zip(proof.tap, kernels.axes, strict=True)):
        raise Rejected(Reason.COUNT, f"unpaired: there is no tap {show_list(list(proof.tap))}")
    if not isinstance(domain, Space):
        raise Rejected(Reason.DOMAIN, f"unpaired: the domain is {domain.type}, not R^n")
    if kernels.layer.padding_mode != "zeros" and any(map(any, kernels.layer.padding)):
        raise Rejected(Reason.COUNT, "unpaired: the layer has padding that is not zero")


def check_unpaired(proof: Unpaired, domain: Domain, kernels: Kernels, sizes: Sizes) -> str:
    """With at most 2 n rows every one would need a negative multiple."""
    _require_a_row(proof, domain, kernels)
    group, place = proof.group, show_list(list(proof.tap))
    rows, inputs, _ = most_rows(kernels, sizes)
    if rows > 2 * inputs:
        few = "at most twice as many rows as inputs"
        raise Rejected(Reason.COUNT, f"unpaired: group {group} is not shown to have {few}")
    for k, (axis, u, least) in enumerate(zip(kernels.axes, proof.tap, sizes.minimum, strict=True), 1):
        if not _is_read(axis, u, least):
            where = f"no window has the tap {place} in the grid along axis {k}"
            raise Rejected(Reason.COUNT, f"unpaired: at the minimum {where}")
    _require_no_negative(kernels, group, proof.kernel, proof.tap)
    row = f"a row with the tap {place} of kernel {proof.kernel} in the grid has no negative multiple"
    return f"group {group} has at most twice as many rows as inputs at every size, and {row}"
