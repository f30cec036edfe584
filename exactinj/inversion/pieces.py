"""The inputs that a chain of dense layers maps to one output, piece by piece.

On the inputs where every neuron of the layers before the last one has a given sign (zeros belong to both) the chain is
the last layer on an affine function of the input. So the preimage is a union of polyhedra, each the preimage of one
layer whose rows are the neurons, with the output 0 for a sign, and the last layer's rows. The signs are chosen neuron
by neuron; a choice that no point of the domain has, which a Farkas vector proves, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from exactinj.domains import Domain
from exactinj.inversion.exactly import Preimage, preimage_of
from exactinj.inversion.system import system_of
from exactinj.layers.dense import ReLULayer
from exactinj.layers.dense_network import AffineLayer
from exactinj.work.clock import Clock

__all__ = ["Pieces", "TooManyPiecesError", "pieces_of", "targets"]

Row = tuple[Fraction, ...]  # (a, c): the affine function <a, x> + c
MOST_SYSTEMS = 4096
MOST_INPUTS = 12
MOST_ROWS = 256  # before the last layer: each is a level of the recursion
NOTHING = Fraction(0)


class TooManyPiecesError(Exception):
    """More systems than are worth solving; never leaves the room."""


@dataclass(frozen=True)
class Wanted:
    """What a row is to be: equal to a number, or at most 0 if there is none."""

    row: Row
    value: Fraction | None = None


@dataclass(frozen=True)
class Pieces:
    """What the pieces hold together.

    points : different ones, at most two
    dimension : of the largest piece, None if all are empty
    count : how many systems were solved
    complete : False if there were too many; then two points prove that there are several, and no more is known
    """

    points: tuple[tuple[Fraction, ...], ...]
    dimension: int | None
    count: int
    complete: bool


@dataclass
class Search:
    """The layers, the last one with what it has to give, and how many systems have been solved."""

    layers: Sequence[AffineLayer]
    output: Sequence[Fraction]
    domain: Domain
    clock: Clock
    count: int = field(default=0)

    def solved(self, wanted: Sequence[Wanted]) -> Preimage:
        """All inputs of the domain where every row is what is wanted."""
        self.clock.check()
        self.count += 1
        self.clock.report(f"{self.count:,} systems of pieces solved")
        if self.count > MOST_SYSTEMS:
            raise TooManyPiecesError
        bias = [one.row[-1] - (0 if one.value is None else one.value - 1) for one in wanted]
        output = [NOTHING if one.value is None else Fraction(1) for one in wanted]
        layer = ReLULayer([one.row[:-1] for one in wanted], bias)
        return preimage_of(system_of(layer, self.domain, output), self.clock)


def pieces_of(layers: Sequence[AffineLayer], output: Sequence[Fraction], domain: Domain, clock: Clock) -> Pieces:
    """Solve piece by piece; `OutOfTimeError` at the clock's deadline.

    Parameters
    ----------
    layers : a chain; the last one has to give the output
    output : rationals, as many as it has rows
    domain : convex, of the dimension of the first layer's input
    """
    n = layers[0].n
    search = Search(layers, output, domain, clock)
    identity = [tuple(Fraction(int(j == k)) for k in range(n + 1)) for j in range(n)]
    points: list[tuple[Fraction, ...]] = []
    dimension: int | None = None
    if n > MOST_INPUTS or sum(layer.m for layer in layers[:-1]) > MOST_ROWS:
        return Pieces((), None, 0, complete=False)
    try:
        for found in _pieces(search, 0, _sums(layers[0], identity), [], []):
            dimension = max(dimension or 0, found.dimension or 0)
            points += [x for x in (found.x, found.second) if x is not None and x not in points]
    except TooManyPiecesError:
        return Pieces(tuple(points[:2]), None, search.count, complete=False)
    return Pieces(tuple(points[:2]), dimension, search.count, complete=True)


def _pieces(
    search: Search, k: int, sums: Sequence[Row], values: Sequence[Row], chosen: Sequence[Wanted]
) -> Iterator[Preimage]:
    """The pieces that are not empty, with the signs chosen so far: all of the layers before k, some of layer k."""
    layer, i = search.layers[k], len(values)
    if k == len(search.layers) - 1:
        yield from _solutions(search, sums, chosen)
    elif i == layer.m:
        yield from _pieces(search, k + 1, _sums(search.layers[k + 1], values), [], chosen)
    elif layer.slopes[i] == 1:
        yield from _pieces(search, k, sums, [*values, sums[i]], chosen)
    else:
        negative = tuple(layer.slopes[i] * value for value in sums[i])
        for now, value in _signs(search, sums[i], negative, chosen):
            yield from _pieces(search, k, sums, [*values, value], now)


def _signs(search: Search, row: Row, negative: Row, chosen: Sequence[Wanted]) -> Iterator[tuple[Sequence[Wanted], Row]]:
    """The signs that a neuron can have, with what it then gives."""
    if not any(row[:-1]):
        yield chosen, row if row[-1] >= 0 else negative
        return
    above = [*chosen, Wanted(tuple(-value for value in row))]
    below = [*chosen, Wanted(row)]
    is_above = search.solved(above).farkas is None
    if is_above:
        yield above, row
    if not is_above or search.solved(below).farkas is None:
        yield below, negative


def _solutions(search: Search, sums: Sequence[Row], chosen: Sequence[Wanted]) -> Iterator[Preimage]:
    """What the last layer leaves of a piece; a negative slope may leave several parts."""
    ways = map(targets, search.layers[-1].slopes, search.output)
    for values in product(*ways):
        found = search.solved([*chosen, *map(Wanted, sums, values)])
        if found.farkas is None:
            yield found


def targets(slope: Fraction, value: Fraction) -> tuple[Fraction | None, ...]:
    """The numbers that an activation maps to a value; None stands for all that are at most 0.

    >>> targets(Fraction(-2), Fraction(6))
    (Fraction(6, 1), Fraction(-3, 1))
    """
    if slope == 0:
        return (value,) if value > 0 else (None,) if value == 0 else ()
    if slope > 0:
        return (value if value >= 0 else value / slope,)
    return (value, value / slope) if value > 0 else (value,) if value == 0 else ()


def _sums(layer: AffineLayer, at: Sequence[Row]) -> list[Row]:
    """The rows ``W z + b`` as functions of x, for z as functions of x."""
    width = len(at[0])
    rows = []
    for weights, (offset,) in zip(layer.W.fractions(), layer.b.fractions(), strict=True):
        entries = [sum((w * z[j] for w, z in zip(weights, at, strict=True) if w), NOTHING) for j in range(width)]
        rows.append((*entries[:-1], entries[-1] + offset))
    return rows
