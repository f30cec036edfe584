"""Rule "sign-split": circuits, and a tree that splits by the signs of the rows."""

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
    require_enough_rows,
    total_of,
)

__all__ = ["SignSplit", "SignWalk", "Signs", "check_sign_split", "circuit_of", "signs_of"]

Signs = tuple[tuple[int, ...], tuple[int, ...]]  # the rows with lambda_i > 0, the rows with lambda_i < 0


@dataclass(frozen=True, slots=True)
class SignSplit:
    """What the proof holds, each to be taken once and in this order; no multiplier is 0."""

    circuits: Iterator[Entry]
    tokens: Iterator[int]


def signs_of(entry: Entry, number: int, functions: Functions) -> Signs:
    """A circuit: F = sum_i lambda_i g_i is nonnegative on K; some lambda_i is positive or F is not zero."""
    place, named = f"circuit {number}", functions.named
    circuit, signs = circuit_of(entry, place, functions)
    factors = [factor for factor in circuit.multipliers if factor < 0]  # of rows of the layer, as all others are not
    if not signs[0] and not any(total_of(factors, [named[i] for i in signs[1]])[0]):
        raise Rejected(Reason.CIRCUIT, f"{place}: no multiplier is positive and the sum of lambda_i g_i is zero")
    return signs


def circuit_of(entry: Entry, place: str, functions: Functions) -> tuple[Combination, Signs]:
    """A combination with a row of the layer, halfspaces with positive multipliers, and a sum nonnegative on K."""
    domain, m = functions.domain, functions.m
    circuit = functions.explicit(entry, Reason.CIRCUIT, place)
    form = circuit.form(functions.named, Reason.CIRCUIT, place) if circuit.indices else []
    pairs = list(zip(*circuit, strict=True))
    positive = tuple(i for i, factor in pairs if i < m and factor > 0)
    negative = tuple(i for i, factor in pairs if factor < 0)
    if any(i >= m for i in negative):
        raise Rejected(Reason.CIRCUIT, f"{place}: a halfspace of the domain has a negative multiplier")
    if not positive and not negative:
        raise Rejected(Reason.CIRCUIT, f"{place}: names halfspaces of the domain only, no row of the layer")
    if not domain.nonnegative(form):
        raise Rejected(Reason.CIRCUIT, f"{place}: the sum of lambda_i g_i is not nonnegative on {domain.type}")
    return circuit, (positive, negative)


class SignWalk(TreeWalk):
    """The reader of a tree over signs: `path` is P and `excluded` is Q of the innermost node."""

    def __init__(self, tokens: Iterator[int], circuits: list[Signs], place: str = "tree") -> None:
        super().__init__(tokens, place)
        self.circuits = circuits

    def positive_rows(self, token: int) -> tuple[int, ...]:
        """Of the circuit that a token names. Raises Rejected unless there is one that fits P."""
        if not 0 <= token < len(self.circuits):
            raise self.rejected(f"there is no circuit {show(token)}")
        positive, negative = self.circuits[token]
        for i in negative:
            if i not in self.path:
                raise self.rejected(f"row {i} is not known to be nonnegative")
        for i in positive:
            if i in self.path:
                raise self.rejected(f"row {i} is known to be nonnegative")
        return positive


class _SignSplitWalk(SignWalk):
    """The reader of a sign-split tree."""

    def __init__(self, tokens: Iterator[int], circuits: list[Signs], rows: Rows) -> None:
        super().__init__(tokens, circuits)
        self.rows = rows

    def read(self, n: int) -> int:
        """read_tree. Returns the number of tokens."""
        self.enter(unit_vectors(n), 1)
        while self.stack:
            node = self.stack[-1]
            i = next(node.children, None)
            if i is None and node.goes_on:
                self.open(node)
            elif i is None:
                self.leave()
            elif i not in self.excluded:
                self.child(node, i)
        return self.finish()

    def enter(self, basis: list[Vector], divisor: int) -> None:
        """read_node for rows P that do not span, given their annihilator."""
        self.stack.append(Node(iter(()), basis, divisor))
        self.open(self.stack[-1])

    def child(self, node: Node, i: int) -> None:
        """read_node(P + i, Q), which is empty if P + i has rank n; then Q = Q + i."""
        adds_rank = not self.rows[i].is_orthogonal(node.basis)
        if adds_rank and len(node.basis) == 1:
            self.exclude(i)
            return
        self.path.append(i)
        self.enter(*(annihilator(node.basis, node.divisor, self.rows[i]) if adds_rank else (node.basis, node.divisor)))

    def open(self, node: Node) -> None:
        """A token: a row to split at, after which the node goes on with that row in Q, or a circuit."""
        token = self.take()
        if token < 0:
            i = -token - 1
            if i >= len(self.rows) or i in self.excluded or i in self.path:
                raise self.rejected(f"row {show(i)} is not a row without a sign")
            node.children, node.goes_on = iter((i,)), True
            return
        node.children, node.goes_on = iter(self.positive_rows(token)), False


def check_sign_split(proof: SignSplit, domain: Domain, rows: Rows, n: int) -> str:
    """Every circuit, then the tree."""
    functions = Functions(rows, domain, n)
    circuits = [signs_of(entry, k, functions) for k, entry in enumerate(proof.circuits)]
    require_enough_rows(rows, n)
    tokens = _SignSplitWalk(proof.tokens, circuits, rows).read(n)
    return f"{len(circuits)} circuits and the tree of {tokens} tokens are correct"
