"""The cells of a network on a domain: its full-dimensional activation patterns, each with its affine map, exactly.

Neurons are the rows with a kink, numbered layer by layer. The walk goes through them in that order. On the region R of
the signs chosen so far, where all layers before are affine, the next pre-activation z is an affine function; it takes
both signs inside R, or one of them nowhere: then a positive combination of the functions that bound R and of -z (or z)
vanishes or is negative everywhere (Gordan's theorem), and the rows of that combination are kept as evidence.

A homogeneous row ``(w, b)`` stands for the affine function ``<w, x> + b``; what is scaled by positive factors is kept
as coprime integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

from exactinj.domains import Domain
from exactinj.exact.alternatives import inside_or_support
from exactinj.exact.matrix import IntegerRow, integer_rank, primitive_row, primitive_vector
from exactinj.exact.numbers import rational_from
from exactinj.layers.dense_network import AffineLayer, DenseNetwork
from exactinj.work.clock import Clock

__all__ = ["BothSides", "Cell", "CellTree", "NetworkFunctions", "OneSide", "enumerate_cells"]

GRIDS = (0, 2, 4, 8, 16, 32, 52)  # bits after the point that interior points are rounded to


@dataclass(frozen=True)
class Cell:
    """A closed polyhedron with interior points, on which the network is affine.

    Attributes
    ----------
    signs : per neuron 1 where its pre-activation is >= 0 on the cell, -1 where it is <= 0
    functions : per neuron the row of sign times pre-activation, >= 0 on the cell; the zero row where it vanishes
    outputs : (m, n + 1), the affine map
    inside : a homogeneous integer point of its interior
    """

    signs: tuple[int, ...]
    functions: tuple[IntegerRow, ...]
    outputs: fmpq_mat
    inside: IntegerRow

    @property
    def output_rows(self) -> list[list[fmpq]]:
        """The affine map, row by row."""
        return [_row_of(self.outputs, i) for i in range(self.outputs.nrows())]

    @property
    def linear_part(self) -> list[IntegerRow]:
        """The rows of the map without their constants, up to positive factors."""
        return [primitive_row(row[:-1])[0] for row in self.output_rows]

    @property
    def rank(self) -> int:
        """The rank of the linear part of the map."""
        return integer_rank(self.linear_part)


@dataclass(frozen=True)
class BothSides:
    """A step of the walk: the pre-activation takes both signs; first comes all of the positive side."""


@dataclass(frozen=True)
class OneSide:
    """A step of the walk: only one sign; `support` are the functions whose combination shows it, without the neuron."""

    sign: int
    support: tuple[int, ...]


@dataclass(frozen=True)
class CellTree:
    """Every step of the walk in order, a `Cell` at each of its ends."""

    steps: tuple[BothSides | OneSide | Cell, ...]

    @property
    def cells(self) -> list[Cell]:
        """The ends in order."""
        return [step for step in self.steps if isinstance(step, Cell)]


class NetworkFunctions:
    """Numbers for everything that evidence names: neurons, then the halfspaces of the domain, then the constant 1."""

    def __init__(self, network: DenseNetwork, domain: Domain) -> None:
        self.network, self.domain = network, domain
        n = network.n
        halves = domain.halfspaces(n)
        self.halfspaces = [primitive_vector([-value for value in half]) for half in halves]
        self.neurons = network.neurons
        self.one: IntegerRow = (*(0,) * n, 1)
        self.inside = primitive_vector((*domain.interior_point(n), 1))

    @property
    def constant(self) -> int:
        """The number of the constant 1."""
        return self.neurons + len(self.halfspaces)


@dataclass(frozen=True)
class _Region:
    """The state of the walk: the neurons of layer `depth` before `position` have their signs."""

    depth: int
    position: int
    sums: fmpq_mat  # the pre-activations of that layer
    signs: tuple[int, ...]
    functions: tuple[IntegerRow, ...]
    inside: IntegerRow


def enumerate_cells(functions: NetworkFunctions, clock: Clock) -> Iterator[BothSides | OneSide | Cell]:
    """The steps of the walk, one after the other; `OutOfTimeError` when the clock runs out."""
    layers = functions.network.layers
    n = functions.network.n
    first = fmpq_mat(n, n + 1, [fmpq(int(i == j)) for i in range(n) for j in range(n + 1)])
    waiting = [_Region(0, 0, _sums(layers[0], first), (), (), functions.inside)]
    while waiting:
        clock.check()
        region = waiting.pop()
        layer = layers[region.depth]
        if region.position < len(layer.neurons):
            step, regions = _step(functions, region, layer.neurons[region.position])
            if step is not None:
                yield step
            waiting += reversed(regions)
            continue
        outputs = _activated(layer, region)
        if region.depth + 1 < len(layers):
            sums = _sums(layers[region.depth + 1], outputs)
            waiting.append(_Region(region.depth + 1, 0, sums, region.signs, region.functions, region.inside))
        else:
            yield Cell(region.signs, region.functions, outputs, region.inside)


def _step(functions: NetworkFunctions, region: _Region, row: int) -> tuple[BothSides | OneSide | None, list[_Region]]:
    """The next neuron: what its pre-activation does on the region, and the regions of its signs."""
    z = primitive_row(_row_of(region.sums, row))[0]
    if not any(z):
        return None, [_with_sign(region, 1, z, region.inside)]
    opposite = tuple(-value for value in z)
    value = _product(z, region.inside)
    if not value:
        pair = [_moved(functions, region, z), _moved(functions, region, opposite)]
        return BothSides(), [_with_sign(region, 1, z, pair[0]), _with_sign(region, -1, opposite, pair[1])]
    sign = 1 if value > 0 else -1
    known, other = (z, opposite) if value > 0 else (opposite, z)
    names, rows = _bounds(functions, region)
    point, support = inside_or_support([*rows, other])
    if point is None:
        step = OneSide(sign, tuple(names[k] for k in support if k < len(rows)))
        return step, [_with_sign(region, sign, known, region.inside)]
    sides = [
        _with_sign(region, sign, known, region.inside),
        _with_sign(region, -sign, other, _rounded(point, [*rows, other])),
    ]
    return BothSides(), sides if value > 0 else sides[::-1]


def _bounds(functions: NetworkFunctions, region: _Region) -> tuple[list[int], list[IntegerRow]]:
    """The functions that are positive inside the region, with their numbers."""
    named = [(i, row) for i, row in enumerate(region.functions) if any(row)]
    named += [(functions.neurons + k, row) for k, row in enumerate(functions.halfspaces)]
    named.append((functions.constant, functions.one))
    return [name for name, _ in named], [row for _, row in named]


def _with_sign(region: _Region, sign: int, row: IntegerRow, inside: IntegerRow) -> _Region:
    signs, functions = (*region.signs, sign), (*region.functions, row)
    return _Region(region.depth, region.position + 1, region.sums, signs, functions, inside)


def _moved(functions: NetworkFunctions, region: _Region, z: IntegerRow) -> IntegerRow:
    """A point of the region's interior near its inside point, on which z vanishes, where z is positive."""
    _, rows = _bounds(functions, region)
    last = region.inside[-1]
    factor = 1
    while True:
        point = (*(factor * value + step for value, step in zip(region.inside, z[:-1], strict=False)), factor * last)
        if all(_product(row, point) > 0 for row in rows):
            return primitive_vector(point)
        factor *= 2


def _rounded(point: IntegerRow, rows: Sequence[IntegerRow]) -> IntegerRow:
    """A point with short numbers that is positive on the rows as well, or the same."""
    *head, last = point
    for bits in GRIDS:
        grid = 1 << bits
        candidate = (*((2 * value * grid + last) // (2 * last) for value in head), grid)
        if all(_product(row, candidate) > 0 for row in rows):
            return candidate
    return point


def _sums(layer: AffineLayer, inputs: fmpq_mat) -> fmpq_mat:
    """The pre-activations of a layer as affine functions of x, from those of its inputs."""
    sums = fmpq_mat(layer.W.raw_rows()) * inputs
    last = sums.ncols() - 1
    for i, (offset,) in enumerate(layer.b.raw_rows()):
        sums[i, last] = sums[i, last] + offset
    return sums


def _activated(layer: AffineLayer, region: _Region) -> fmpq_mat:
    """The outputs of a layer whose neurons have the signs at the end of the region's."""
    outputs = fmpq_mat(region.sums)
    signs = region.signs[len(region.signs) - len(layer.neurons) :]
    for i, sign in zip(layer.neurons, signs, strict=True):
        if sign < 0:
            slope = rational_from(layer.slopes[i])
            for k in range(outputs.ncols()):
                outputs[i, k] = outputs[i, k] * slope
    return outputs


def _row_of(matrix: fmpq_mat, i: int) -> list[fmpq]:
    return [matrix[i, k] for k in range(matrix.ncols())]


def _product(row: Sequence[int], point: Sequence[int]) -> int:
    return sum(a * c for a, c in zip(row, point, strict=True))


def exact_point(inside: IntegerRow) -> tuple[Fraction, ...]:
    """The x of a homogeneous integer point."""
    return tuple(Fraction(value, inside[-1]) for value in inside[:-1])
