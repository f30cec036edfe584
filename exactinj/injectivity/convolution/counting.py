"""Non-injectivity for every size because there are too few rows, whatever the weights.

An injective layer on R^n has at least ``2 n`` rows, and one on a domain with interior at least n. A group with c inputs
and o outputs a place has ``o M_1 ... M_d`` rows and ``c N_1 ... N_d`` inputs, M_k windows at N_k places along axis k;
their ratios are bounded at all sizes from some size on (rule ``count`` of ``docs/certificates-convolution.md``). With
exactly ``2 n`` rows on R^n every row needs an antiparallel one; a tap of a kernel whose weights have no negative among
all taps of all kernels shows that there is none (rule ``unpaired``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import prod

from exactinj.certificates.every_size import RowCount, UnpairedRow
from exactinj.domains import Box, Domain, NonnegativeOrthant, RealSpace
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import rational_from
from exactinj.layers.convolution import ConvLayer, Sizes
from exactinj.layers.convolution.geometry import Axis

__all__ = ["find_count", "find_unpaired", "rows_needed"]

LARGEST_STEP = 1 << 10  # of the minimum beyond the smallest size


def rows_needed(domain: Domain) -> int:
    """Injective layers on the domain have at least so many times n rows: 2, or 1; 0 if that is not known."""
    if isinstance(domain, RealSpace):
        return 2
    if isinstance(domain, NonnegativeOrthant):
        return 1
    if isinstance(domain, Box) and isinstance(domain.lower, tuple) and isinstance(domain.upper, tuple):
        return int(all(low < high for low, high in zip(domain.lower, domain.upper, strict=True)))
    return 0


def find_count(layer: ConvLayer, domains: list[Domain]) -> tuple[RowCount, Sizes] | None:
    """A group with too few rows, and the sizes where it has; `domains` are those of the groups at one place."""
    best: tuple[int, int] | None = None
    for number, (group, domain) in enumerate(zip(layer.group_layers, domains, strict=True)):
        step = _least_step(group, rows_needed(domain) * group.in_channels)
        if step is not None and (best is None or step < best[0]):
            best = step, number
    if best is None:
        return None
    step, number = best
    minimum = [axis.smallest_size + step for axis in layer.axes]
    return RowCount(number), Sizes.from_minimum(minimum, layer.stride)


def find_unpaired(layer: ConvLayer, domain: Domain) -> tuple[UnpairedRow, Sizes] | None:
    """A row without an antiparallel one in a group with at most 2 n rows, and the sizes where that is so."""
    if not isinstance(domain, RealSpace) or (layer.is_padded and layer.padding_mode != "zeros"):
        return None
    for number, group in enumerate(layer.group_layers):
        needed = 2 * group.in_channels
        if _outputs(group, LARGEST_STEP) > needed:
            continue
        for kernel, tap in _unpaired_taps(group):

            def serves(step: int, group: ConvLayer = group, tap: tuple[int, ...] = tap) -> bool:
                return _outputs(group, step) <= 2 * group.in_channels and _is_seen(group, tap, step)

            step = _least(serves)
            if step is not None:
                minimum = [axis.smallest_size + step for axis in layer.axes]
                return UnpairedRow(number, kernel, tap), Sizes.from_minimum(minimum, layer.stride)
    return None


def _unpaired_taps(group: ConvLayer) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Kernels and taps whose weights over the channels have no negative multiple among all kernels and taps."""
    taps = list(group.taps())
    seen: dict[tuple[int, int], IntegerRow] = {}
    for q, kernel in enumerate(group.bank):
        for v in range(len(taps)):
            seen[q, v], _ = primitive_row([rational_from(channel[v]) for channel in kernel])
    all_of_them = set(seen.values())
    for (q, v), direction in seen.items():
        if any(direction) and tuple(-value for value in direction) not in all_of_them:
            yield q, taps[v]


def _is_seen(group: ConvLayer, tap: tuple[int, ...], step: int) -> bool:
    """Whether a window reads a place of the grid with that tap, at every size from the smallest one plus step on."""
    return all(
        any(0 <= start + axis.dilation * u < size for start in axis.starts(size))
        for axis, u, size in ((axis, u, axis.smallest_size + step) for axis, u in zip(group.axes, tap, strict=True))
    )


def _least_step(group: ConvLayer, needed: int) -> int | None:
    """The least step beyond the smallest size from which on there are fewer outputs than are needed."""
    overlap = any(_excess(axis) < 0 for axis in group.axes)
    return _least(lambda step: _outputs(group, step) < needed or (overlap and _outputs(group, step) == needed))


def _least(serves: Callable[[int], bool]) -> int | None:
    """The least step that serves, as all larger ones do; None if none up to the largest does."""
    if not serves(LARGEST_STEP):
        return None
    low, high = 0, LARGEST_STEP
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if serves(middle) else (middle + 1, high)
    return low


def _outputs(group: ConvLayer, step: int) -> Fraction:
    """A bound of the outputs for each place of the grid, at every size from the smallest one plus step on."""
    return group.out_channels * prod(
        (_ratio(axis, axis.smallest_size + step) for axis in group.axes), start=Fraction(1)
    )


def _ratio(axis: Axis, minimum: int) -> Fraction:
    """A bound of the number of windows by the number of places, at all sizes from the minimum on."""
    return (1 + Fraction(max(_excess(axis), 0), minimum)) / axis.stride


def _excess(axis: Axis) -> int:
    """The e in ``windows <= (places + e) / stride``."""
    return axis.low + axis.high - axis.extent + axis.stride
