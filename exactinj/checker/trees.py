"""What the rules with trees share: combinations of rows, annihilators of their spans, walking a tree of tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import NamedTuple

from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector
from exactinj.checker.rows import Row, Rows

__all__ = [
    "Combination",
    "Node",
    "TreeWalk",
    "annihilator",
    "listed",
    "require_different",
    "require_enough_rows",
    "total_of",
    "with_halfspaces",
]


class Combination(NamedTuple):
    """Rows i and their multipliers lambda_i, side by side."""

    indices: list[int]
    multipliers: list[int]

    def form(self, functions: Rows, reason: Reason, place: str) -> Vector:
        """The sum of all lambda_i g_i up to a positive factor. Raises Rejected unless the rows are different ones."""
        require_different(self.indices, len(functions), reason, place)
        form, _ = total_of(self.multipliers, [functions[i] for i in self.indices])
        return form


def total_of(multipliers: Sequence[int], functions: Sequence[Row]) -> tuple[Vector, int]:
    """The sum of the functions with the multipliers, as integers over one positive denominator."""
    common = math.lcm(*[row.denominator for row in functions])
    scaled = [factor * (common // row.denominator) for factor, row in zip(multipliers, functions, strict=True)]
    return [sum(map(mul, scaled, column)) for column in zip(*[row.entries for row in functions], strict=True)], common


def require_different(indices: Sequence[int], count: int, reason: Reason, place: str) -> None:
    """Raises Rejected unless these are rows, each named once."""
    if indices and (min(indices) < 0 or max(indices) >= count):
        raise Rejected(reason, f"{place}: names a row outside 0 to {count - 1}")
    if len(set(indices)) < len(indices):
        raise Rejected(reason, f"{place}: names a row twice")


def with_halfspaces(rows: Rows, domain: Domain) -> Rows:
    """What refuters and circuits may name."""
    return [*(rows[i] for i in range(len(rows))), *domain.halfspaces] if domain.halfspaces else rows


def annihilator(basis: list[Vector], divisor: int, row: Row) -> tuple[list[Vector], int]:
    """Integer basis of the vectors orthogonal to A + i, from one for A; w_i is not in span(A).

    While no product was zero, all entries are minors and the last pivot, `divisor`, divides the new ones
    (Bareiss); from then on `divisor` is 0 and the content is removed. The last vector is left as it is.
    """
    products = row.products(basis)
    pivot = next(k for k, product in enumerate(products) if product)
    a, eliminated = products.pop(pivot), basis[pivot]
    divisor = divisor if all(products) else 0
    child: list[Vector] = []
    for b, y in zip(products, basis[:pivot] + basis[pivot + 1 :], strict=True):
        if b == 0:
            child.append(y)
            continue
        combined = [a * p - b * q for p, q in zip(y, eliminated, strict=True)]
        if len(basis) > 2:
            content = divisor or math.gcd(*combined)
            combined = [entry // content for entry in combined]
        child.append(combined)
    return child, divisor and a


def listed(rows: Sequence[int]) -> str:
    """Rows in a message."""
    return "the rows " + ", ".join(map(str, rows)) if rows else "no rows: it is zero"


@dataclass(slots=True)
class Node:
    """A node that is being read: the children to come, the annihilator of A, the rows it put into N."""

    children: Iterator[int]
    basis: list[Vector] = field(default_factory=list)
    divisor: int = 1
    added: list[int] = field(default_factory=list)
    goes_on: bool = False  # after its children, another token follows for the same A


class TreeWalk:
    """What reading a tree without recursion takes: `path` is A and `excluded` is N of the innermost node."""

    def __init__(self, tokens: Iterator[int], place: str = "tree") -> None:
        self.tokens, self.place = tokens, place
        self.count = 0
        self.path: list[int] = []
        self.excluded: set[int] = set()
        self.stack: list[Node] = []

    def rejected(self, message: str) -> Rejected:
        return Rejected(Reason.TREE, f"{self.place} token {self.count - 1}: {message}")

    def take(self) -> int:
        """The next token."""
        token = next(self.tokens, None)
        if token is None:
            raise Rejected(Reason.TREE, f"{self.place}: ends after {self.count} tokens, before it is complete")
        self.count += 1
        return token

    def finish(self) -> int:
        """The end of the list. Returns the number of tokens."""
        if next(self.tokens, None) is not None:
            raise Rejected(Reason.TREE, f"{self.place}: complete after {self.count} tokens, but the list goes on")
        return self.count

    def leave(self) -> None:
        """Return from read_node: what it excluded is gone, and its parent excludes its row."""
        self.excluded.difference_update(self.stack.pop().added)
        if self.stack:
            self.exclude(self.path.pop())

    def exclude(self, i: int) -> None:
        """N = N + {i}."""
        self.stack[-1].added.append(i)
        self.excluded.add(i)


def require_enough_rows(rows: Rows, n: int) -> None:
    """Fewer than n rows never span; this bounds the n by n identity, too."""
    if len(rows) < n:
        raise Rejected(Reason.TREE, f"tree: {len(rows)} rows do not span R^{n}, so no tree proves the claim")
