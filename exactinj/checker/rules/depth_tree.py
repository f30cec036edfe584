"""Rule "depth-tree": alpha* of every row; a point that attains it, and a tree that shows that nothing is below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from exactinj.checker.cones import extreme_rays
from exactinj.checker.domains import Ball, Domain, NonnegativeBall, Sphere
from exactinj.checker.faults import Later, Reason, Rejected
from exactinj.checker.rationals import Vector, negative_part, over_one_denominator, rational_text, show, square_of
from exactinj.checker.rows import Row
from exactinj.checker.trees import Node, TreeWalk, require_different, total_of

__all__ = ["Cone", "DepthTree", "RowProof", "RowValue", "ShortCombination", "check_depth_tree"]

_Round = Ball | NonnegativeBall | Sphere  # the ball with center 0


@dataclass(frozen=True, slots=True)
class RowValue:
    """The stated value sign * sqrt(square); infinity if there is no square."""

    sign: int
    square: Fraction | None


@dataclass(frozen=True, slots=True)
class ShortCombination:
    """A refuter for a value that is not positive: rows and their positive multipliers."""

    rows: list[int]
    multipliers: list[Fraction]


@dataclass(frozen=True, slots=True)
class Cone:
    """A refuter for a positive value: rows whose halfspaces make the cone."""

    rows: list[int]


@dataclass(frozen=True, slots=True)
class RowProof:
    """What the proof holds about one row, in this order; a positive value has cones as refuters."""

    row: Later[int]
    value: Later[RowValue]
    point: Later[list[Fraction] | None]
    refuters: Iterator[ShortCombination | Cone]
    tokens: Iterator[int]


@dataclass(frozen=True, slots=True)
class DepthTree:
    """The rows, each to be judged before the next one is taken."""

    rows: Iterator[RowProof]


@dataclass(frozen=True, slots=True)
class _RowClaim:
    """The claim about row j on K, with radius r: alpha_j = sign * r * sqrt(bound); infinity if `bound` is None."""

    j: int
    sign: int
    bound: Fraction | None
    rows: list[Row]
    n: int
    domain: _Round

    @property
    def row(self) -> Row:
        return self.rows[self.j]

    def excess(self, x: Vector) -> Fraction | int:
        """A number with the sign of r <x, w_j> / |x| - alpha_j; x is not 0."""
        if self.bound is None:
            return -1
        (product,) = self.row.products([x])
        return product * abs(product) - self.sign * self.bound * self.row.denominator**2 * square_of(x)


def _claim_of(proof: RowProof, j: int, rows: list[Row], n: int, domain: _Round) -> _RowClaim:
    """The claim about row j, which the next proof has to be about."""
    if j == len(rows):
        raise Rejected(Reason.VALUE, f"depth-tree: the list goes on after all {len(rows)} rows")
    row = proof.row()
    if row != j:
        raise Rejected(Reason.VALUE, f"row {j}: found row {show(row)} in its place")
    value = proof.value()
    sign, square = value.sign, value.square
    if square is None:
        if sign != 1 or not isinstance(domain, Sphere):
            raise Rejected(Reason.VALUE, f"row {j}: the value is infinity only with sign 1 and on a sphere")
        return _RowClaim(j, sign, None, rows, n, domain)
    if square < 0 or (square == 0) != (sign == 0):
        text = show(rational_text(square))
        raise Rejected(Reason.VALUE, f"row {j}: the sign {sign} and the square {text} are not those of a number")
    if sign == 1 and not isinstance(domain, Sphere):
        raise Rejected(Reason.VALUE, f"row {j}: the value is positive, but the domain contains 0")
    return _RowClaim(j, sign, square / domain.radius**2, rows, n, domain)


def _check_point(point: list[Fraction] | None, claim: _RowClaim, place: str) -> None:
    """The point z: alpha_j is at most what is stated."""
    if point is None or claim.bound is None:
        if point is not None or claim.bound is not None:
            raise Rejected(Reason.VALUE, f"{place}: the point is null exactly if the square is")
        return
    z, _ = over_one_denominator(point)
    if isinstance(claim.domain, NonnegativeBall) and min(z) < 0:
        raise Rejected(Reason.VALUE, f"{place}: the point is not nonnegative")
    if not any(z):
        if isinstance(claim.domain, Sphere) or claim.sign:
            raise Rejected(Reason.VALUE, f"{place}: the point is 0")
        return
    values = [(row.products([z])[0], row.denominator) for row in claim.rows]
    own, factor = values[claim.j]
    above = sum(value * factor > own * denominator for value, denominator in values)
    if above > claim.n - 1:
        raise Rejected(Reason.VALUE, f"{place}: {above} rows are above it at the point, more than {claim.n - 1}")
    if claim.excess(z) != 0:
        raise Rejected(Reason.VALUE, f"{place}: the point does not have the stated value")


def _row_support_of(refuter: ShortCombination | Cone, claim: _RowClaim, place: str) -> tuple[int, ...]:
    """The support of a refuter that holds."""
    require_different(refuter.rows, len(claim.rows), Reason.REFUTER, place)
    if claim.j in refuter.rows:
        raise Rejected(Reason.REFUTER, f"{place}: names row {claim.j} itself")
    if isinstance(refuter, Cone):
        _check_cone(refuter, claim, place)
    else:
        _check_short(refuter, claim, place)
    return tuple(refuter.rows)


def _check_short(refuter: ShortCombination, claim: _RowClaim, place: str) -> None:
    """A refuter if sign <= 0: z = w_j + sum_i lambda_i (w_i - w_j) has r |z| <= |alpha_j|."""
    factors, denominator = over_one_denominator([1 - sum(refuter.multipliers, Fraction(0)), *refuter.multipliers])
    total, common = total_of(factors, [claim.row, *[claim.rows[i] for i in refuter.rows]])
    z = total[:-1]
    length = square_of(negative_part(z) if isinstance(claim.domain, NonnegativeBall) else z)
    if claim.bound is None or length > claim.bound * (denominator * common) ** 2:
        raise Rejected(Reason.REFUTER, f"{place}: the combination of rows is too long")


def _check_cone(refuter: Cone, claim: _RowClaim, place: str) -> None:
    """A refuter if sign = 1: the rays p of {x : <x, w_i> <= <x, w_j>} have r <p, w_j> >= alpha_j |p|."""
    own = claim.row
    normals: list[Vector] = [
        [a * own.denominator - b * row.denominator for a, b in zip(row.entries[:-1], own.entries[:-1], strict=True)]
        for row in (claim.rows[i] for i in refuter.rows)
    ]
    rays = extreme_rays(normals, claim.n)
    if rays is None:
        raise Rejected(Reason.REFUTER, f"{place}: the cone contains a line")
    if any(claim.excess(ray) < 0 for ray in rays):
        raise Rejected(Reason.REFUTER, f"{place}: the cone has a ray on which row {claim.j} is smaller than stated")


class _DepthTreeWalk(TreeWalk):
    """The reader of a depth tree: `path` is S and `excluded` is E of the innermost node."""

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], place: str) -> None:
        super().__init__(tokens, place)
        self.supports = supports

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(n)
        while self.stack:
            i = next(self.stack[-1].children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                self.path.append(i)
                self.enter(n)
        return self.finish()

    def enter(self, n: int) -> None:
        """read_node: the support is disjoint from S; no children when |S| = n - 1."""
        token = self.take()
        if not 0 <= token < len(self.supports):
            raise self.rejected(f"there is no refuter {show(token)}")
        support = self.supports[token]
        for i in support:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be above")
        self.stack.append(Node(iter(support if len(self.path) < n - 1 else ())))


def _check_row(proof: RowProof, claim: _RowClaim, n: int) -> int:
    """The point, every refuter, then the tree. Returns the number of tokens."""
    place = f"row {claim.j}"
    _check_point(proof.point(), claim, place)
    supports = [_row_support_of(refuter, claim, f"{place}: refuter {k}") for k, refuter in enumerate(proof.refuters)]
    return _DepthTreeWalk(proof.tokens, supports, f"{place}: tree").read(n)


def check_depth_tree(proof: DepthTree, domain: Domain, rows: list[Row], n: int) -> str:
    """For each row its value and what proves it."""
    if not isinstance(domain, _Round) or (isinstance(domain, Ball) and any(domain.center)):
        raise Rejected(
            Reason.DOMAIN, "depth-tree: the domain is not a ball with center 0, a nonnegative ball or a sphere"
        )
    tokens, count = 0, 0
    for row in proof.rows:
        tokens += _check_row(row, _claim_of(row, count, rows, n, domain), n)
        count += 1
    if count < len(rows):
        raise Rejected(Reason.VALUE, f"depth-tree: the list ends after {count} of {len(rows)} rows")
    return f"the values of all {len(rows)} rows are attained, and the trees of {tokens} tokens are correct"
