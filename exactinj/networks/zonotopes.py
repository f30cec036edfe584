"""Tighter bounds of values than intervals: affine forms of the inputs, with one more unknown for each bent ReLU.

A value is enclosed by ``c + sum_k e_k g_k + box(r)`` with every ``|e_k| <= 1`` and a radius for each entry. Affine
steps are exact on it. A ReLU (or leaky ReLU of slope s, 0 <= s < 1) of an entry in [l, u] with l < 0 < u is enclosed
by ``t z + [0, max((1 - t) u, (s - t) l)]`` for any t in [s, 1], as it is convex and 0 at 0. Floats propose t; the
enclosure is exact. Numbers are rounded to short dyadics, and what that changes goes into the radius. Of many unknowns
the smallest go there, too. What comes out is intersected with the intervals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import prod

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Box, Domain
from exactinj.layers.network import AffineOperation, ExactTensor, LeakyRelu, Network, Node
from exactinj.networks.folding import batch_linear
from exactinj.networks.ranges import Range, after_step, signed_parts
from exactinj.work.clock import Clock

__all__ = ["tighter_ranges"]

MOST_NUMBERS = 300_000  # entries of a value times unknowns
MOST_UNKNOWNS = 256
BITS = 30  # of numbers behind the point, relative to the largest
SLOPE_BITS = 12


@dataclass(frozen=True)
class _Zonotope:
    """Center and radius of the shape of the value, generators (k, *shape), and which unknown each belongs to."""

    center: ExactTensor
    generators: ExactTensor
    radius: ExactTensor
    unknowns: tuple[int, ...]

    @property
    def range(self) -> Range:
        """The smallest intervals around it."""
        reach = _sum_of_sizes(self.generators).plus(self.radius)
        return Range(self.center.minus(reach), self.center.plus(reach))


def tighter_ranges(
    network: Network, domain: Domain, known: Mapping[str, Range], clock: Clock
) -> dict[str, Range] | None:
    """Ranges inside the known ones for inputs in a box; None for other domains, large networks, and after the time."""
    if not isinstance(domain, Box) or not _is_small(network):
        return None
    found: dict[str, Range] = {name: known[name] for name in network.inputs}
    shapes: dict[str, _Zonotope | None] = {}
    fresh = count()
    for name in network.inputs:
        shapes[name] = _of_range(found[name], fresh)
    for node in network.nodes:
        if clock.is_over:
            return None
        plain = _both(known[node.name], after_step(network, node, found))
        shapes[node.name] = shape = _after(network, node, (found, shapes), fresh)
        found[node.name] = plain if shape is None else _both(plain, shape.range)
    return found


def _is_small(network: Network) -> bool:
    sizes = [shape for shape in network.shapes.values() if shape is not None]
    return len(sizes) == len(network.shapes) and max(map(prod, sizes)) * MOST_UNKNOWNS <= MOST_NUMBERS


def _of_range(where: Range, fresh: Iterator[int]) -> _Zonotope | None:
    """A box: a new unknown for each entry."""
    if where.lower is None or where.upper is None:
        return None
    half = ExactTensor(np.array(1, dtype=object), 2)
    reach = where.upper.minus(where.lower).times(half)
    center = where.upper.plus(where.lower).times(half)
    return _with_own(_Zonotope(center, _zeros((0, *reach.shape)), _zeros(reach.shape), ()), reach, fresh)


def _after(
    network: Network,
    node: Node,
    known: tuple[Mapping[str, Range], Mapping[str, _Zonotope | None]],
    fresh: Iterator[int],
) -> _Zonotope | None:
    found, shapes = known
    read = [shapes[name] for name in node.inputs]
    parts = [part for part in read if part is not None]
    if len(parts) < len(read):
        return None
    operation = node.operation
    if isinstance(operation, AffineOperation):
        return _affine(operation, parts, network.shapes[node.name] or ())
    is_bent = isinstance(operation, LeakyRelu) and _slopes_fit(operation)
    return _bent(operation, parts[0], found[node.inputs[0]], fresh) if is_bent else None  # type: ignore[arg-type]


def _slopes_fit(operation: LeakyRelu) -> bool:
    slopes = operation.slope.numerators
    return bool((slopes >= 0).all() and (slopes <= operation.slope.denominator).all())


def _affine(operation: AffineOperation, parts: list[_Zonotope], shape: tuple[int, ...]) -> _Zonotope:
    """The image; values that are read together share their unknowns."""
    unknowns = tuple(sorted({number for part in parts for number in part.unknowns}))
    center = operation.exact(*(part.center for part in parts))
    spread = batch_linear(operation, [_aligned(part, unknowns) for part in parts], shape, len(unknowns))
    positive, negative = signed_parts(operation)
    radius = _zeros(shape)
    for part, sign in ((positive, 1), (negative, -1)):
        if part is not None and parts:
            image = part.linear(*(each.radius for each in parts))
            radius = radius.plus(ExactTensor(image.numerators * sign, image.denominator))
    return _short(_Zonotope(center, spread, radius, unknowns))


def _aligned(part: _Zonotope, unknowns: tuple[int, ...]) -> ExactTensor:
    """Its generators for more unknowns, in their order."""
    place = {number: k for k, number in enumerate(unknowns)}
    whole = np.full((len(unknowns), *part.center.shape), 0, dtype=object)
    whole[[place[number] for number in part.unknowns]] = part.generators.numerators
    return ExactTensor(whole, part.generators.denominator)


def _bent(operation: LeakyRelu, part: _Zonotope, where: Range, fresh: Iterator[int]) -> _Zonotope | None:
    """Behind a ReLU of a value with that range."""
    if where.lower is None or where.upper is None:
        return None
    slopes = ExactTensor(np.broadcast_to(operation.slope.numerators, part.center.shape), operation.slope.denominator)
    sides = zip(where.lower.fractions(), where.upper.fractions(), slopes.fractions(), strict=True)
    chosen = [_line(low, high, slope) for low, high, slope in sides]
    shape = part.center.shape
    factor = ExactTensor.of_fractions([t for t, _ in chosen], shape)
    half = ExactTensor.of_fractions([width / 2 for _, width in chosen], shape)
    moved = [each.times(factor) for each in (part.center, part.generators, part.radius)]
    return _with_own(_Zonotope(moved[0].plus(half), moved[1], moved[2], part.unknowns), half, fresh)


def _line(low: Fraction, high: Fraction, slope: Fraction) -> tuple[Fraction, Fraction]:
    """A factor t and the width of what is left: the value is in ``t z + [0, width]``."""
    if low >= 0:
        return Fraction(1), Fraction(0)
    if high <= 0:
        return slope, Fraction(0)
    proposed = Fraction(round(float((high - slope * low) / (high - low)) * (1 << SLOPE_BITS)), 1 << SLOPE_BITS)
    t = min(max(proposed, slope), Fraction(1))
    return t, max((1 - t) * high, (slope - t) * low)


def _with_own(part: _Zonotope, more: ExactTensor, fresh: Iterator[int]) -> _Zonotope:
    """With a new unknown for each entry of `more` that is not 0."""
    flat = more.numerators.ravel()
    places = np.flatnonzero(flat)
    own = np.full((places.size, flat.size), 0, dtype=object)
    own[np.arange(places.size), places] = flat[places]
    common = int(np.lcm.reduce([part.generators.denominator, more.denominator], dtype=object))
    added = ExactTensor(own.reshape(places.size, *more.shape), more.denominator).over(common)
    generators = ExactTensor(np.concatenate([part.generators.over(common), added]), common)
    return _Zonotope(part.center, generators, part.radius, (*part.unknowns, *(next(fresh) for _ in places)))


# ------------------------------------------------------------------ short numbers, few unknowns


def _short(whole: _Zonotope) -> _Zonotope:
    """Around it, with short numbers and at most so many unknowns."""
    generators, radius = whole.generators, whole.radius
    unknowns = whole.unknowns
    if len(unknowns) > MOST_UNKNOWNS:
        sizes = np.abs(generators.numerators).reshape(len(unknowns), -1).sum(axis=1)
        kept = np.sort(np.argsort(sizes)[-MOST_UNKNOWNS // 2 :])
        rest = np.setdiff1d(np.arange(len(unknowns)), kept)
        radius = radius.plus(_sum_of_sizes(ExactTensor(generators.numerators[rest], generators.denominator)))
        generators = ExactTensor(generators.numerators[kept], generators.denominator)
        unknowns = tuple(unknowns[k] for k in kept.tolist())
    center, lost = _rounded(whole.center)
    spread, lost_of_each = _rounded(generators)
    radius = radius.plus(_sizes(lost)).plus(_sum_of_sizes(lost_of_each))
    up, _ = _rounded(radius, up=True)
    return _Zonotope(center, spread, up, unknowns)


def _rounded(value: ExactTensor, *, up: bool = False) -> tuple[ExactTensor, ExactTensor]:
    """Short numbers near these, or not below them, and what is missing."""
    if value.denominator.bit_length() <= BITS or not value.size:
        return value, _zeros(value.shape)
    largest = max(abs(entry) for entry in value.numerators.ravel().tolist())
    places = max(BITS + value.denominator.bit_length() - max(largest.bit_length(), 1), 1)
    scaled = value.numerators * (1 << places)
    near = -((-scaled) // value.denominator) if up else (2 * scaled + value.denominator) // (2 * value.denominator)
    short = ExactTensor(np.asarray(near, dtype=object), 1 << places).reduced()
    return short, value.minus(short)


def _sizes(value: ExactTensor) -> ExactTensor:
    return ExactTensor(np.asarray(np.abs(value.numerators), dtype=object), value.denominator)


def _sum_of_sizes(generators: ExactTensor) -> ExactTensor:
    """The largest that a combination can be, entry by entry."""
    sizes = np.abs(generators.numerators)
    total = sizes.sum(axis=0) if sizes.shape[0] else np.zeros(sizes.shape[1:], dtype=object)
    return ExactTensor(np.asarray(total, dtype=object), generators.denominator)


def _zeros(shape: tuple[int, ...]) -> ExactTensor:
    return ExactTensor(np.full(shape, 0, dtype=object))


def _both(left: Range, right: Range) -> Range:
    """The intersection of two ranges."""
    return Range(_chosen(left.lower, right.lower, np.maximum), _chosen(left.upper, right.upper, np.minimum))


def _chosen(left: ExactTensor | None, right: ExactTensor | None, choose: np.ufunc) -> ExactTensor | None:
    if left is None or right is None:
        return right if left is None else left
    common = int(np.lcm.reduce([left.denominator, right.denominator], dtype=object))
    picked: NDArray[np.object_] = np.asarray(choose(left.over(common), right.over(common)), dtype=object)
    return ExactTensor(picked, common).reduced()
