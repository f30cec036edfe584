"""More kernels for a convolution: opposites, or kernels that read single places.

Both keep every kernel of the layer, in front of the new ones of its group.

* Opposites: the output tells the product of each kernel with each window (`exactinj.networks.repair.telling`), so the
  layer is injective wherever the convolution without its ReLU is. If the kernels of each group span all windows, the
  opposites of a basis are enough, at every size at which each input is in some window.
* Single places: kernels with one entry 1, and their opposites, tell the input at the places that this tap reads. Taps
  are chosen such that some window reads every place with one of them (with padding one tap per residue modulo the
  stride often is enough); all taps do wherever each input is in some window. Where inputs are bounded below, one
  kernel with a bias that keeps it active is enough, and no bias is needed on ``x >= 0``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product

from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.exact.matrix import independent_rows, primitive_vector
from exactinj.injectivity.result import Result
from exactinj.layers.convolution import ConvLayer
from exactinj.layers.convolution.arguments import shaped
from exactinj.layers.convolution.geometry import Axis
from exactinj.networks.repair.task import Attempt, Build, Extra, Layer, Row, Task, counted, with_few
from exactinj.networks.repair.telling import opposite, rounded_up

__all__ = ["covering_taps", "doubled_kernels", "kernels_of_places", "with_kernels"]

MOST_SUBSETS = 4096  # of taps along an axis


def doubled_kernels(layer: ConvLayer, task: Task) -> Attempt:
    """The layer with the opposites of a basis of the kernels of each group, of all kernels if they do not span."""
    each = [_opposites(rows) for rows in _rows_by_group(layer)]
    count = max(map(len, each))
    padded = [rows + [rows[-1]] * (count - len(rows)) for rows in each]
    extras: list[Extra] = [tuple(rows[k] for rows in padded) for k in range(count)]
    built, added = _build(layer)(extras)
    note = f"{counted(len(added), 'kernel')} added, opposites of kernels"
    return Attempt("doubled", built, added, task.decided(built), note)


def kernels_of_places(layer: ConvLayer, task: Task, first: Result, most: int | None = None) -> Attempt:
    """The layer with kernels of one entry; those that are not needed are dropped again.

    `first` is the answer about the layer as it is, `most` the number of kernels that may be added at first.
    """
    build = _build(layer)
    attempt = Attempt(
        "rows", layer, (), first, "no kernel added" if most is None else f"takes more than {most} kernels"
    )
    for taps in _tap_sets(layer):
        extras = _place_kernels(layer, taps, task)
        if most is not None and len(extras) * layer.groups > most:
            continue
        built, added = build(extras)
        note = f"{counted(len(added), 'kernel')} added, for single places"
        attempt = Attempt("rows", built, added, task.decided(built), note)
        if attempt.is_proved:
            return with_few(attempt, extras, build, task)
    return attempt


def covering_taps(axis: Axis) -> list[int]:
    """The fewest taps along an axis of which some window puts one on every place that it can; found by trying.

    Sizes over one period of the stride beyond the extent are tried; larger ones repeat what happens at their ends.
    """
    sizes = range(axis.smallest_size, axis.smallest_size + axis.extent + 2 * axis.stride + axis.low + axis.high)
    reads = [
        [{axis.source(t + axis.dilation * u, n) for t in axis.starts(n)} - {None} for u in range(axis.taps)]
        for n in sizes
    ]
    every = [set[int | None]().union(*places) for places in reads]
    subsets = (taps for count in range(1, axis.taps) for taps in combinations(range(axis.taps), count))
    for _, taps in zip(range(MOST_SUBSETS), subsets, strict=False):
        pairs = zip(reads, every, strict=True)
        if all(set[int | None]().union(*(places[u] for u in taps)) == full for places, full in pairs):
            return list(taps)
    return list(range(axis.taps))


def _tap_sets(layer: ConvLayer) -> Iterator[list[tuple[int, ...]]]:
    """Sets of taps to try, smaller ones first."""
    every = layer.taps()
    few = list(product(*map(covering_taps, layer.axes)))
    yield from [few, every] if len(few) < len(every) else [every]


def _place_kernels(layer: ConvLayer, taps: Sequence[tuple[int, ...]], task: Task) -> list[Extra]:
    """Per tap and channel of a group a kernel with one entry, one for every group; with its opposite if need be."""
    ins, places = layer.in_channels // layer.groups, layer.taps()
    extras: list[Extra] = []
    for i, tap in product(range(ins), taps):
        weights = [Fraction(0)] * (ins * len(places))
        weights[i * len(places) + places.index(tap)] = Fraction(1)
        lows = [_low(task.domain, g * ins + i) for g in range(layer.groups)]
        bounds = [low for low in lows if low is not None]
        if len(bounds) == len(lows):
            rows = [(tuple(weights), max(Fraction(0), rounded_up(-low, task.precision))) for low in bounds]
            extras.append(tuple(rows))
        else:
            row: Row = (tuple(weights), Fraction(0))
            extras += [(row,) * layer.groups, (opposite(row),) * layer.groups]
    return extras


def _low(domain: Domain, channel: int) -> Fraction | None:
    """A lower bound of what an input channel holds at every place, None if there is none."""
    if isinstance(domain, NonnegativeOrthant):
        return Fraction(0)
    if isinstance(domain, Box):
        return domain.lower[channel] if isinstance(domain.lower, tuple) else domain.lower
    return None


def _rows_by_group(layer: ConvLayer) -> list[list[Row]]:
    rows = [(tuple(row), bias) for row, bias in zip(layer.kernels.fractions(), layer.bias, strict=True)]
    outs = layer.out_channels // layer.groups
    return [rows[g * outs : (g + 1) * outs] for g in range(layer.groups)]


def _opposites(rows: Sequence[Row]) -> list[Row]:
    """The opposites of a basis, or of all rows that are not zero if they do not span; one of them at least."""
    basis = independent_rows([primitive_vector(weights) for weights, _ in rows])
    spans = len(basis) == len(rows[0][0])
    return [opposite(rows[i]) for i in (basis if spans else range(len(rows)))]


def _build(layer: ConvLayer) -> Build:
    groups, outs = _rows_by_group(layer), layer.out_channels // layer.groups

    def extended(extras: Sequence[Extra]) -> tuple[Layer, tuple[int, ...]]:
        each = [[*rows, *(extra[g] for extra in extras)] for g, rows in enumerate(groups)]
        every = [row for rows in each for row in rows]
        added = [g * len(rows) + k for g, rows in enumerate(each) for k in range(outs, len(rows))]
        return with_kernels(layer, every), tuple(added)

    return extended


def with_kernels(layer: ConvLayer, rows: Sequence[Row]) -> ConvLayer:
    """The same geometry with other kernels."""
    return ConvLayer(
        shaped([weights for weights, _ in rows], layer.in_channels // layer.groups, layer.kernel_size),
        [bias for _, bias in rows],
        stride=layer.stride,
        padding=layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        padding_mode=layer.padding_mode,
    )
