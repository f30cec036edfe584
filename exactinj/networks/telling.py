"""What the value of a step tells of each entry that it reads: "What is told" of the specification of certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import repeat
from math import prod

import numpy as np

from exactinj.layers.network import Clip, ExactTensor, LeakyRelu, OneToOne, Operation, Square
from exactinj.networks.ranges import Range

__all__ = ["BOTH", "Told", "told"]

Told = tuple[tuple[int, Fraction], ...]
"""Signs and shifts: the functions ``ReLU(sign z + shift)`` of an entry z that the value tells."""
BOTH: Told = ((1, Fraction(0)), (-1, Fraction(0)))  # z itself
Ends = Iterable[tuple[Fraction | None, Fraction | None]]


def told(activation: Operation | None, where: Range, shape: tuple[int, ...]) -> Sequence[Told]:
    """For each entry of a value of that shape and range, which a step reads."""
    count = prod(shape)
    if activation is None or isinstance(activation, OneToOne):
        return [BOTH] * count
    if isinstance(activation, LeakyRelu):
        slopes = ExactTensor(np.broadcast_to(activation.slope.numerators, shape), 1)
        pairs = zip(slopes.fractions(), _ends(where), strict=False)
        return [_of_slope(slope, *ends) for slope, ends in pairs]
    if isinstance(activation, Clip):
        low, high = activation.low, activation.high
        return [_of_clip(low, high, *ends) for _, ends in zip(range(count), _ends(where), strict=False)]
    if isinstance(activation, Square):
        pairs_of = zip(range(count), _ends(where), strict=False)
        return [BOTH if _is_at_least(ends[0]) or _is_at_most(ends[1]) else () for _, ends in pairs_of]
    return [()] * count


def _ends(where: Range) -> Ends:
    lower = repeat(None) if where.lower is None else where.lower.fractions()
    upper = repeat(None) if where.upper is None else where.upper.fractions()
    return zip(lower, upper, strict=False)


def _is_at_least(low: Fraction | None, bound: Fraction | int = 0) -> bool:
    return low is not None and low >= bound


def _is_at_most(high: Fraction | None, bound: Fraction | int = 0) -> bool:
    return high is not None and high <= bound


def _of_slope(slope: Fraction, low: Fraction | None, high: Fraction | None) -> Told:
    if slope > 0 or _is_at_least(low) or (slope and _is_at_most(high)):
        return BOTH
    return () if slope else BOTH[:1]


def _of_clip(lowest: Fraction | None, highest: Fraction | None, low: Fraction | None, high: Fraction | None) -> Told:
    low_acts = lowest is not None and not _is_at_least(low, lowest)
    high_acts = highest is not None and not _is_at_most(high, highest)
    if low_acts and high_acts:
        return ()
    if low_acts:
        return ((1, -(lowest or Fraction(0))),)
    return ((-1, highest or Fraction(0)),) if high_acts else BOTH
