"""The nearest layer of exact opposites: what a layer ``[B; -DB]`` was before its numbers were rounded.

Rows that are opposite up to rounding leave a sliver where neither is active, and the layer collides there: right, and
hardly what was asked. Here such pairs of rows (opposite up to a relative 1e-6) are made exact opposites, ``w_j := -d
w_i`` with the simplest rational d that fits, and the layer that results is decided, exactly and within seconds. Only a
proof that it is injective is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.domains import Domain
from exactinj.exact.numbers import nearest_float
from exactinj.exact.surd import Surd
from exactinj.injectivity.engine import Answer
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Verdict

__all__ = ["NEAR", "Repaired", "Snapped", "nearby_layer", "nearest_injective", "simplest_between"]

NEAR = Fraction(1, 10**6)  # relative change of a row that still counts as rounding
ROUNDING = Fraction(1, 2**53)  # of the factor d, at least
PREFILTER = 1 - 2e-12  # float cosine of rows that may be opposite up to NEAR
MOST_ENTRIES = 1_000_000
SECONDS = 2.0


@dataclass(frozen=True)
class Snapped:
    """Row `row` became ``-factor`` times row `kept`, a relative `change` of it."""

    kept: int
    row: int
    factor: Fraction
    change: float


@dataclass(frozen=True)
class Repaired:
    """A layer of exact opposites, the rows that changed, and the answer that it is injective, with its proof."""

    layer: ReLULayer
    rows: tuple[Snapped, ...]
    answer: Answer


def nearest_injective(layer: ReLULayer, domain: Domain, clock: Clock | None = None) -> Repaired | None:
    """The layer with exact opposites, if there is one and it is proved injective within the clock's time (2 s)."""
    found = nearby_layer(layer)
    if found is None:
        return None
    from exactinj.injectivity.auto import AutoEngine  # this brings compilers along

    repaired, rows = found
    try:
        answer = AutoEngine().decide(HomogeneousProblem(repaired, domain), clock or Clock(SECONDS))
    except OutOfTimeError:
        return None
    return Repaired(repaired, rows, answer) if answer.verdict is Verdict.INJECTIVE else None


def nearby_layer(layer: ReLULayer) -> tuple[ReLULayer, tuple[Snapped, ...]] | None:
    """The layer with its almost opposite rows made opposite, and which they are; None if there are none."""
    if layer.m * max(layer.m, layer.n) > MOST_ENTRIES:
        return None
    weights = layer.W.fractions()
    bias = [value for (value,) in layer.b.fractions()]
    done: dict[int, Snapped] = {}
    settled: set[int] = set()
    for i, j in _almost_opposite(weights):
        if i in done or j in done or j in settled:
            continue
        factor, row, offset = _opposite(weights[i], bias[i], weights[j], bias[j])
        change = _relative_change(weights[j], bias[j], row, offset)
        if change == 0:
            settled |= {i, j}  # they are opposite already
        elif change <= NEAR:
            done[j] = Snapped(i, j, factor, float(change))
            weights[j], bias[j] = row, offset
    return (ReLULayer(weights, bias), tuple(done[j] for j in sorted(done))) if done else None


def _almost_opposite(weights: Sequence[Sequence[Fraction]]) -> Iterator[tuple[int, int]]:
    """Pairs i < j of rows that may be opposite up to `NEAR`, those that are closest first; by float cosines."""
    scaled = [[value / max(map(abs, row)) if any(row) else value for value in row] for row in weights]
    rows = np.array([[nearest_float(value) for value in row] for row in scaled])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    cosines = np.triu(-(rows @ rows.T), 1)
    first, second = np.nonzero(cosines >= PREFILTER)
    gaps = np.linalg.norm(rows[first] + rows[second], axis=1)  # finer than cosines
    for k in np.argsort(gaps, kind="stable"):
        yield int(first[k]), int(second[k])


def _opposite(
    kept: Sequence[Fraction], offset: Fraction, row: Sequence[Fraction], own: Fraction
) -> tuple[Fraction, list[Fraction], Fraction]:
    """The simplest factor d that fits, ``-d kept``, and the bias: raised to ``-d offset`` where a gap is left below."""
    square = _inner(kept, kept)
    best = -_inner(kept, row) / square
    rest = [a + best * c for a, c in zip(row, kept, strict=True)]
    blur = ROUNDING + float(Surd(1, _inner(rest, rest) / _inner(row, row)) if any(rest) else 0)
    factor = simplest_between(best * (1 - Fraction(blur)), best * (1 + Fraction(blur)))
    return factor, [-factor * value for value in kept], max(own, -factor * offset)


def _relative_change(row: Sequence[Fraction], offset: Fraction, new: Sequence[Fraction], other: Fraction) -> Surd:
    steps = [*(a - c for a, c in zip(row, new, strict=True)), offset - other]
    square = _inner(steps, steps) / _inner((*row, offset), (*row, offset))
    return Surd(int(square > 0), square)


def _inner(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((a * c for a, c in zip(left, right, strict=True)), Fraction(0))


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator in ``[low, high]``, 0 < low <= high (by continued fractions).

    >>> simplest_between(Fraction(314, 100), Fraction(315, 100))
    Fraction(22, 7)
    """
    whole = floor(low)
    if whole == low:
        return Fraction(whole)
    if whole < floor(high):
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))
