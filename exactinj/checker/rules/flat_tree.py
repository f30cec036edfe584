"""Rule "flat-tree": refuters, and a tree of flats that read one refuter at each node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exactinj.checker.domains import Domain
from exactinj.checker.faults import Reason, Rejected
from exactinj.checker.rationals import Vector, show, unit_vectors
from exactinj.checker.rows import Rows
from exactinj.checker.supports import Entry, Functions
from exactinj.checker.trees import (
    Combination,
    Node,
    TreeWalk,
    annihilator,
    listed,
    require_enough_rows,
)

__all__ = ["FlatTree", "check_flat_tree", "support_of_refuter"]


@dataclass(frozen=True, slots=True)
class FlatTree:
    """What the proof holds, each to be taken once and in this order; all multipliers are positive."""

    refuters: Iterator[Entry]
    tokens: Iterator[int]


def support_of_refuter(refuter: Combination, number: int, functions: Functions) -> tuple[int, ...]:
    """A refuter: sum_i lambda_i g_i is nonnegative on K. Returns its support, which is among the first m rows."""
    domain = functions.domain
    form = refuter.form(functions.named, Reason.REFUTER, f"refuter {number}") if refuter.indices else []
    support = tuple(i for i in refuter.indices if i < functions.m)
    if not support:
        raise Rejected(Reason.REFUTER, f"refuter {number}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(Reason.REFUTER, f"refuter {number}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    return support


class _FlatTreeWalk(TreeWalk):
    """The reader of a flat tree."""

    def __init__(self, tokens: Iterator[int], supports: list[tuple[int, ...]], rows: Rows) -> None:
        super().__init__(tokens)
        self.supports, self.rows = supports, rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(self.take(), unit_vectors(n), 1)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None:
                self.leave()
            elif i not in self.excluded:
                token = self.take()
                if token < 0:
                    self.vacuous(token, i, node.basis)
                    self.exclude(i)
                else:
                    self.path.append(i)
                    self.enter(token, *annihilator(node.basis, node.divisor, self.rows[i]))
        return self.finish()

    def enter(self, token: int, basis: list[Vector], divisor: int) -> None:
        """read_node: the refuter is disjoint from span(A); no children when |A| + 1 = n."""
        if not 0 <= token < len(self.supports):
            raise self.rejected(f"there is no refuter {show(token)}")
        support = self.supports[token]
        for i in support:
            if self.rows[i].is_orthogonal(basis):
                raise self.rejected(f"row {i} lies in the span of {listed(self.path)}")
        self.stack.append(Node(iter(support if len(basis) > 1 else ()), basis, divisor))

    def vacuous(self, token: int, i: int, basis: list[Vector]) -> None:
        """A vacuous child: w_k - c w_i is orthogonal to the annihilator of A for some number c."""
        k = -token - 1
        if k not in self.excluded:
            raise self.rejected(f"row {show(k)} is not excluded")
        products = list(zip(self.rows[i].products(basis), self.rows[k].products(basis), strict=True))
        a, b = next(pair for pair in products if pair[0])
        if any(a * q != b * p for p, q in products):
            raise self.rejected(f"row {k} does not lie in the span of {listed([*self.path, i])}")


def check_flat_tree(proof: FlatTree, domain: Domain, rows: Rows, n: int) -> str:
    """Every refuter, then the tree."""
    functions = Functions(rows, domain, n)
    supports = [
        support_of_refuter(functions.explicit(entry, Reason.REFUTER, f"refuter {k}"), k, functions)
        for k, entry in enumerate(proof.refuters)
    ]
    require_enough_rows(rows, n)
    tokens = _FlatTreeWalk(proof.tokens, supports, rows).read(n)
    return f"{len(supports)} refuters and the tree of {tokens} tokens are correct"
