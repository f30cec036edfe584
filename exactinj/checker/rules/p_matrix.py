"""Rule "p-matrix": all principal minors of I + AB are positive, so x + B ReLU(Ax + b) is one-to-one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exactinj.checker.definite import is_definite
from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason, Rejected, Unreadable
from exactinj.checker.rationals import Vector, over_one_denominator, show
from exactinj.checker.residual import Residual

__all__ = ["MOST_ROWS", "Definite", "Dominant", "Minors", "PMatrix", "PTree", "Split", "check_p_matrix"]

MOST_MINORS = 1 << 22  # of all tokens "minors" together
MOST_ROWS = 1000  # of a matrix that has to be positive definite


@dataclass(frozen=True, slots=True)
class Split:
    """A node with the children without the unit, and with it."""

    unit: int


@dataclass(frozen=True, slots=True)
class Dominant:
    """S_ii d_i > sum of the other |S_ij| d_j, for every i."""

    weights: list[int]


@dataclass(frozen=True, slots=True)
class Definite:
    """diag(d) S and its transpose have a positive definite sum."""

    weights: list[int]


@dataclass(frozen=True, slots=True)
class Minors:
    """All minors of so many units are computed."""

    units: int


Token = Split | Dominant | Definite | Minors


@dataclass(frozen=True, slots=True)
class PTree:
    """The rows of a block and its tree."""

    rows: list[int]
    tokens: Iterator[Token]


@dataclass(frozen=True, slots=True)
class PMatrix:
    """Units that keep their sign on K, and the blocks, each to be taken once and in this order."""

    active: list[int]
    inactive: list[int]
    blocks: Iterator[PTree]


@dataclass(frozen=True, slots=True)
class _Node:
    """Units U and a positive multiple of S whose entries are minors; `divisor` divides those of the next pivot."""

    units: list[int]
    matrix: Sequence[Vector]
    divisor: int

    def without(self, place: int) -> _Node:
        rest = [k for k in range(len(self.units)) if k != place]
        return _Node([self.units[k] for k in rest], [[self.matrix[i][j] for j in rest] for i in rest], self.divisor)

    def schur(self, place: int) -> _Node:
        """The Schur complement (Bareiss)."""
        rest = [k for k in range(len(self.units)) if k != place]
        pivot, head = self.matrix[place][place], self.matrix[place]
        rows = []
        for i in rest:
            row, factor = self.matrix[i], self.matrix[i][place]
            rows.append([(pivot * row[j] - factor * head[j]) // self.divisor for j in rest])
        return _Node([self.units[k] for k in rest], rows, pivot)


class _PTreeWalk:
    """The reader of one tree. `minors` counts over all trees of a proof."""

    def __init__(self, place: str, minors: int) -> None:
        self.place, self.minors, self.count = place, minors, 0

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.MINORS, f"{self.place}, token {self.count - 1}: {message}")

    def read(self, root: _Node, tokens: Iterator[Token]) -> None:
        """read_tree."""
        stack = [root]
        while stack:
            node = stack.pop()
            if node.units:
                token = next(tokens, None)
                if token is None:
                    raise Rejected(Reason.MINORS, f"{self.place}: the tree ends after {self.count} tokens, too early")
                self.count += 1
                stack += self.take(node, token)
        if next(tokens, None) is not None:
            raise Rejected(Reason.MINORS, f"{self.place}: complete after {self.count} tokens, but the list goes on")

    def take(self, node: _Node, token: Token) -> list[_Node]:
        """What a token asks of its node. Returns its children, the first one last."""
        if isinstance(token, Split):
            return self.split(node, token.unit)
        if isinstance(token, Minors):
            self.all_minors(node, token.units)
            return []
        if len(token.weights) != len(node.units):
            raise self.rejected(f"has {len(token.weights)} multipliers for {len(node.units)} units")
        if isinstance(token, Dominant):
            self.dominant(node, token.weights)
        else:
            self.definite(node.matrix, token.weights)
        return []

    def split(self, node: _Node, unit: int) -> list[_Node]:
        if unit not in node.units:
            raise self.rejected(f"unit {show(unit)} is not among those that are left")
        place = node.units.index(unit)
        if node.matrix[place][place] <= 0:
            raise self.rejected(f"the minor at unit {unit} is not positive")
        return [node.schur(place), node.without(place)]

    def dominant(self, node: _Node, weights: Sequence[int]) -> None:
        for i, row in enumerate(node.matrix):
            others = sum(abs(value) * weight for value, weight in zip(row, weights, strict=True))
            if row[i] <= 0 or 2 * row[i] * weights[i] <= others:
                raise self.rejected(f"the row of unit {node.units[i]} is not dominated by its diagonal")

    def definite(self, matrix: Sequence[Vector], weights: Sequence[int]) -> None:
        size = range(len(matrix))
        found = is_definite([[weights[i] * matrix[i][j] + weights[j] * matrix[j][i] for j in size] for i in size])
        if found is None:
            raise Unreadable(f"{self.place}, token {self.count - 1}: a large matrix, too close to a singular one")
        if not found:
            raise self.rejected("the symmetric matrix is not positive definite")

    def all_minors(self, node: _Node, units: int) -> None:
        if units != len(node.units):
            raise self.rejected(f"is for {show(units)} units, but {len(node.units)} are left")
        self.minors += 1 << units
        if self.minors > MOST_MINORS:
            raise Unreadable(f"{self.place}: asks for more than {MOST_MINORS} minors")
        stack = [node]
        while stack:
            part = stack.pop()
            if part.matrix[0][0] <= 0:
                raise self.rejected("a principal minor is not positive")
            if len(part.units) > 1:
                stack += [part.schur(0), part.without(0)]


def _require_signs(proof: PMatrix, domain: Domain, residual: Residual) -> None:
    """Conditions 1 and 2."""
    named = [*proof.active, *proof.inactive]
    if any(not 0 <= i < residual.k for i in named) or len(set(named)) < len(named):
        raise Rejected(Reason.BLOCKS, f"signs: names a unit outside 0 to {residual.k - 1}, or twice")
    for sign, word, units in ((1, "active", proof.active), (-1, "inactive", proof.inactive)):
        for i in units:
            form, _ = over_one_denominator([sign * value for value in (*residual.A[i], residual.b[i])])
            if not domain.nonnegative(form):
                raise Rejected(Reason.DOMAIN, f"signs: unit {i} is not shown to be {word} on {domain.type}")


def _remaining(matrix: list[Vector], active: Sequence[int], left: list[int]) -> _Node:
    """Condition 3: a positive multiple of N, by elimination of the active units (Bareiss, rows exchanged at need)."""
    order = [*active, *left]
    rows, divisor = [[matrix[i][j] for j in order] for i in order], 1
    for count in range(len(active), 0, -1):
        place = next((i for i in range(count) if rows[i][0]), None)
        if place is None:
            raise Rejected(Reason.MINORS, "signs: the determinant at the active units is 0")
        head = rows.pop(place)
        if place % 2:
            head = [-value for value in head]  # as many exchanges of neighbours
        pivot, tail = head[0], head[1:]
        rows = [[(pivot * p - row[0] * q) // divisor for p, q in zip(row[1:], tail, strict=True)] for row in rows]
        divisor = pivot
    sign = 1 if divisor > 0 else -1
    return _Node(left, [[sign * value for value in row] for row in rows], abs(divisor))


def check_p_matrix(proof: PMatrix, domain: Domain, residual: Residual) -> str:
    """Units that keep their sign, then block after block."""
    _require_signs(proof, domain, residual)
    fixed = {*proof.active, *proof.inactive}
    whole = _remaining(residual.interaction(), proof.active, [i for i in range(residual.k) if i not in fixed])
    place_of = {unit: place for place, unit in enumerate(whole.units)}
    known, minors, tokens, number = set[int](), 0, 0, -1
    for number, block in enumerate(proof.blocks):
        if not all(i in place_of and i not in known for i in block.rows):
            raise Rejected(Reason.BLOCKS, f"block {number}: names a unit that is not left, or twice")
        for i in block.rows:
            j = next((j for j in sorted(known) if whole.matrix[place_of[i]][place_of[j]]), None)
            if j is not None:
                found = f"the entry ({i}, {j}) is not zero, and {j} is in an earlier block"
                raise Rejected(Reason.BLOCKS, f"block {number}: {found}")
        places = [place_of[i] for i in block.rows]
        part = [[whole.matrix[i][j] for j in places] for i in places]
        walk = _PTreeWalk(f"block {number}", minors)
        walk.read(_Node(block.rows, part, whole.divisor), block.tokens)
        known.update(block.rows)
        minors, tokens = walk.minors, tokens + walk.count
    if len(known) < len(whole.units):
        raise Rejected(Reason.BLOCKS, f"blocks: unit {min(set(whole.units) - known)} is in no block")
    words = "1 unit taken out that keeps its" if len(fixed) == 1 else f"{len(fixed)} units taken out that keep their"
    about = f" with {words} sign on {domain.type}" if fixed else ""
    return f"all principal minors of I + AB{about} are positive, by {number + 1} blocks and {tokens} tokens"
