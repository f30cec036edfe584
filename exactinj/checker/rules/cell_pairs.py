"""Rule "cell-pairs": cells that cover the domain, on each of which a network is affine, and every pair of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from exactinj.checker.dependencies import integer_kernel, positive_dependency
from exactinj.checker.domains import Box, Domain, Orthant, Polytope, Space
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.network import DenseNetwork, Piece, coprime
from exactinj.checker.rationals import Vector, over_one_denominator, show

__all__ = ["CellEnds", "CellPairs", "CellSide", "CellSplit", "check_cell_pairs"]

Support = list[int]


@dataclass(frozen=True, slots=True)
class CellSplit:
    """A pre-activation with both signs."""


@dataclass(frozen=True, slots=True)
class CellSide:
    """Its only sign, and the support that shows it."""

    sign: int
    support: Support


@dataclass(frozen=True, slots=True)
class CellEnds:
    """At a cell: supports of the upper and the lower bound in each direction, None for no bound."""

    supports: list[Support | None]


@dataclass(frozen=True, slots=True)
class CellPairs:
    """What the proof holds, each to be taken once and in this order."""

    directions: list[list[Fraction]]
    cells: Iterator[CellSplit | CellSide | CellEnds]
    pairs: Iterator[tuple[Support, Support]]


@dataclass(frozen=True, slots=True)
class _AffineCell:
    """Its signs, its functions, and the rows (a, c) of its map over one denominator."""

    signs: tuple[int, ...]
    functions: tuple[Vector, ...]
    outputs: list[Vector]
    denominator: int


@dataclass(frozen=True, slots=True)
class _CellNode:
    """A node or leaf of the tree; per direction the ends of its interval, None where it has none."""

    cell: _AffineCell | None
    sides: tuple[_CellNode, _CellNode] | None
    count: int
    number: int  # of its first cell
    upper: list[Fraction | None]
    lower: list[Fraction | None]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A region that is being read: signs and functions of the first neurons, pre-activations of their layer."""

    signs: tuple[int, ...]
    functions: tuple[Vector, ...]
    piece: Piece

    def with_sign(self, sign: int, z: Vector, piece: Piece) -> _Pattern:
        function = coprime([sign * value for value in z])
        return _Pattern((*self.signs, sign), (*self.functions, function), piece)


def _domain_functions(domain: Domain, n: int) -> list[Vector]:
    """The functions of the domain, at least 0 on it."""
    units = [[int(i == j) for j in range(n)] for i in range(n)]
    if isinstance(domain, Space):
        return []
    if isinstance(domain, Orthant):
        return [[*unit, 0] for unit in units]
    if isinstance(domain, Box):
        functions = []
        for unit, low, high in zip(units, domain.lower, domain.upper, strict=True):
            scaled = [value * domain.denominator for value in unit]
            functions += [coprime([*scaled, -low]), coprime([*(-value for value in scaled), high])]
        return functions
    if isinstance(domain, Polytope):
        return [coprime([-value for value in row.entries]) for row in domain.functions]
    raise Rejected(Reason.DOMAIN, f"cell-pairs: the domain is {domain.type}, not R^n, nonneg, box or polytope")


class _NetworkCells:
    """read_cells: the items, and the tree that they make."""

    def __init__(self, proof: CellPairs, network: DenseNetwork, limits: list[Vector]) -> None:
        self.network, self.limits, self.directions = network, limits, proof.directions
        self.items, self.taken, self.cells = proof.cells, 0, 0
        self.neurons = network.neurons()
        counts = [0] * len(network.layers)
        for layer, _ in self.neurons:
            counts[layer] += 1
        ends = [sum(counts[: k + 1]) for k in range(len(counts))]
        self.spans = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
        self.constant = len(self.neurons) + len(limits)

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.CELLS, f"cells item {self.taken - 1}: {message}")

    def take(self) -> CellSplit | CellSide | CellEnds:
        item = next(self.items, None)
        if item is None:
            raise Rejected(Reason.CELLS, f"cells: the list ends after {self.taken} items, before it is complete")
        self.taken += 1
        return item

    def read(self) -> _CellNode:
        """The root. Of each split that is open, `half` has the side that is complete."""
        waiting, half = [_Pattern((), (), Piece.first(self.network))], list[list[_CellNode]]()
        while waiting:
            node = self.region(waiting.pop(), waiting, half)
            while half and half[-1]:
                node = _joined_nodes(half.pop()[0], node)
            if half:
                half[-1].append(node)
        if next(self.items, None) is not None:
            raise Rejected(Reason.CELLS, f"cells: complete after {self.taken} items, but the list goes on")
        return node

    def region(self, pattern: _Pattern, waiting: list[_Pattern], half: list[list[_CellNode]]) -> _CellNode:
        """read_region down to the first cell; the negative sides of splits on the way wait."""
        while len(pattern.signs) < len(self.neurons):
            layer, row = self.neurons[len(pattern.signs)]
            piece = self.advanced(pattern, layer)
            z = piece.sums[row]
            if not any(z):
                pattern = pattern.with_sign(1, z, piece)
                continue
            item = self.take()
            if isinstance(item, CellSplit):
                waiting.append(pattern.with_sign(-1, z, piece))
                half.append([])
                pattern = pattern.with_sign(1, z, piece)
            elif isinstance(item, CellSide):
                self.require_flat(pattern, item, z)
                pattern = pattern.with_sign(item.sign, z, piece)
            else:
                raise self.rejected(f"expected what neuron {len(pattern.signs)} does, found the bounds of a cell")
        return self.cell(pattern)

    def advanced(self, pattern: _Pattern, layer: int) -> Piece:
        """The pre-activations of a layer whose predecessors have all their signs."""
        piece = pattern.piece
        while piece.layer < layer:
            piece = piece.next(pattern.signs[self.spans[piece.layer]])
        return piece

    def function(self, functions: Sequence[Vector], number: int) -> Vector:
        """What a number stands for, up to the constant."""
        if 0 <= number < len(functions):
            return functions[number]
        if len(self.neurons) <= number < self.constant:
            return self.limits[number - len(self.neurons)]
        if number == self.constant:
            return [0] * self.network.n + [1]
        raise self.rejected(f"there is no function {show(number)}")

    def require_flat(self, pattern: _Pattern, item: CellSide, z: Vector) -> None:
        """The other side has no interior."""
        vectors = [self.function(pattern.functions, number) for number in item.support]
        vectors.append([-item.sign * value for value in z])
        if positive_dependency(vectors) is None:
            raise self.rejected(f"the support does not show that neuron {len(pattern.signs)} has one sign")

    def cell(self, pattern: _Pattern) -> _CellNode:
        """read_cell."""
        last = len(self.network.layers) - 1
        outputs, denominator = self.advanced(pattern, last).outputs(pattern.signs[self.spans[last]])
        if integer_kernel([row[:-1] for row in outputs], self.network.n):
            raise Rejected(Reason.CELLS, f"cell {self.cells}: the map has a rank below {self.network.n}")
        cell = _AffineCell(pattern.signs, pattern.functions, outputs, denominator)
        item = self.take()
        if not isinstance(item, CellEnds) or len(item.supports) != 2 * len(self.directions):
            raise self.rejected(f"expected the bounds of cell {self.cells}, two for each direction")
        upper: list[Fraction | None] = []
        lower: list[Fraction | None] = []
        for k, direction in enumerate(self.directions):
            upper.append(self.bound(cell, direction, 1, item.supports[2 * k]))
            below = self.bound(cell, direction, -1, item.supports[2 * k + 1])
            lower.append(None if below is None else -below)
        self.cells += 1
        return _CellNode(cell, None, 1, self.cells - 1, upper, lower)

    def bound(
        self, cell: _AffineCell, direction: list[Fraction], sign: int, support: Support | None
    ) -> Fraction | None:
        """The upper bound u of F, or of -F."""
        if support is None:
            return None
        factors = [sign * factor / cell.denominator for factor in direction]
        columns = zip(*cell.outputs, strict=True)
        function = [sum(map(mul, factors, column), Fraction(0)) for column in columns]
        scaled, common = over_one_denominator(function)
        functions = [self.function(cell.functions, number) for number in support]
        found = positive_dependency([scaled[:-1], *(vector[:-1] for vector in functions)])
        if found is None:
            raise self.rejected("the support of a bound does not prove one")
        constants = [scaled[-1], *(vector[-1] for vector in functions)]
        return Fraction(sum(map(mul, found, constants)), found[0] * common)


def _joined_nodes(a: _CellNode, b: _CellNode) -> _CellNode:
    """The node above two."""
    upper = [None if p is None or q is None else max(p, q) for p, q in zip(a.upper, b.upper, strict=True)]
    lower = [None if p is None or q is None else min(p, q) for p, q in zip(a.lower, b.lower, strict=True)]
    return _CellNode(None, (a, b), a.count + b.count, a.number, upper, lower)


def _disjoint(u: _CellNode, v: _CellNode) -> bool:
    for a, b in ((u, v), (v, u)):
        for high, low in zip(a.upper, b.lower, strict=True):
            if high is not None and low is not None and high < low:
                return True
    return False


class _PairWalk:
    """read_pairs."""

    def __init__(self, proof: CellPairs, cells: _NetworkCells) -> None:
        self.items, self.walk, self.taken = proof.pairs, cells, 0

    def read(self, root: _CellNode) -> None:
        waiting = [(root, root)]
        while waiting:
            u, v = waiting.pop()
            if u is v:
                if u.sides is not None:
                    a, b = u.sides
                    waiting += [(b, b), (a, b), (a, a)]
            elif _disjoint(u, v):
                continue
            elif u.sides is not None and (v.sides is None or u.count >= v.count):
                waiting += [(u.sides[1], v), (u.sides[0], v)]
            elif v.sides is not None:
                waiting += [(u, v.sides[1]), (u, v.sides[0])]
            else:
                self.pair(u, v)
        if next(self.items, None) is not None:
            raise Rejected(Reason.PAIRS, f"pairs: complete after {self.taken} items, but the list goes on")

    def pair(self, u: _CellNode, v: _CellNode) -> None:
        """read_pair."""
        item = next(self.items, None)
        if item is None:
            raise Rejected(Reason.PAIRS, f"pairs: the list ends after {self.taken} items, before it is complete")
        self.taken += 1
        if u.cell is None or v.cell is None or not self.holds(u.cell, v.cell, *item):
            place = f"pairs item {self.taken - 1}, cells {u.number} and {v.number}"
            raise Rejected(Reason.PAIRS, f"{place}: the supports do not show that no two points share an output")

    def holds(self, p: _AffineCell, q: _AffineCell, left: Support, right: Support) -> bool:
        """Whether one of the last two numbers is on the left, and the forms have a positive dependency on V."""
        constant, n = self.walk.constant, self.walk.network.n
        if not {constant, constant + 1} & set(left) or {constant, constant + 1} & set(right):
            return False
        rows = [
            [
                *(value * q.denominator for value in a[:-1]),
                *(-value * p.denominator for value in b[:-1]),
                a[-1] * q.denominator - b[-1] * p.denominator,
            ]
            for a, b in zip(p.outputs, q.outputs, strict=True)
        ]
        space = integer_kernel(rows, 2 * n + 1)
        forms = [(self.left_function(p, q, number), 0) for number in left]
        forms += [(self.walk.function(q.functions, number), n) for number in right]
        return positive_dependency([_values(form, first, n, space) for form, first in forms]) is not None

    def left_function(self, p: _AffineCell, q: _AffineCell, number: int) -> Vector:
        if number != self.walk.constant + 1:
            return self.walk.function(p.functions, number)
        pairs = zip(p.functions, p.signs, q.signs, strict=True)
        differing = [function for function, a, b in pairs if a != b]
        return [sum(column) for column in zip(*differing, strict=True)]


def _values(form: Vector, first: int, n: int, space: list[Vector]) -> Vector:
    """The values of a form in x (first = 0) or in y (first = n), and t, at a basis of V."""
    return [sum(map(mul, form[:-1], vector[first : first + n])) + form[-1] * vector[-1] for vector in space]


def check_cell_pairs(proof: CellPairs, domain: Domain, network: DenseNetwork) -> str:
    """The cells, then the pairs."""
    cells = _NetworkCells(proof, network, _domain_functions(domain, network.n))
    root = cells.read()
    pairs = _PairWalk(proof, cells)
    pairs.read(root)
    every = cells.cells * (cells.cells - 1) // 2
    apart = f"{every - pairs.taken} pairs of them by intervals, {pairs.taken} by supports"
    return f"{cells.cells} cells cover {domain.type}, and no two have an output in common: {apart}"
