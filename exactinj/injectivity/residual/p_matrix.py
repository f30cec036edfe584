"""Is a matrix a P-matrix? A tree of Schur complements that closes a node as soon as a scaling proves it.

All principal minors of S are positive exactly if, for one i, ``S_ii > 0`` and both S without row and column i and the
Schur complement of ``S_ii`` have positive principal minors. Entries are kept as minors of the whole matrix (Bareiss),
so that everything is exact. A node that no scaling closes is split, or, if it is small, all its minors are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from exactinj.certificates.p_matrix import Minors, MinorTree, PMatrixProof, Split, Token
from exactinj.injectivity.residual.components import triangular_blocks
from exactinj.injectivity.residual.minors import AllMinors
from exactinj.injectivity.residual.reduction import Reduction
from exactinj.injectivity.residual.scalings import closing_scaling, floats_of
from exactinj.work.clock import Clock

__all__ = ["BadMinor", "TooManyMinorsError", "Work", "p_matrix", "p_matrix_at_once"]

AT_FIRST = 20  # steps of a first look for a scaling
AT_ONCE = 14  # rows of a node whose minors are all looked at
MOST_MINORS = 1 << 22  # that a checker computes

IntegerMatrix = Sequence[Sequence[int]]


class TooManyMinorsError(Exception):
    """A proof would ask a checker for more minors than it computes."""


@dataclass(frozen=True)
class BadMinor:
    """The minor at `units` is positive, that at `units` and `unit` is not."""

    units: tuple[int, ...]
    unit: int


@dataclass
class Work:
    """What the search did, while it is going on."""

    nodes: int = 0
    minors: int = 0
    exact: int = 0


@dataclass(frozen=True)
class _Node:
    """Units, a positive multiple of their Schur complement after `pivots`, and what divides the next one's entries."""

    units: tuple[int, ...]
    matrix: list[list[int]]
    divisor: int = 1
    pivots: tuple[int, ...] = field(default=())

    def without(self, place: int) -> _Node:
        rest = [k for k in range(len(self.units)) if k != place]
        matrix = [[self.matrix[i][j] for j in rest] for i in rest]
        return _Node(tuple(self.units[k] for k in rest), matrix, self.divisor, self.pivots)

    def schur(self, place: int) -> _Node:
        rest = [k for k in range(len(self.units)) if k != place]
        pivot, head = self.matrix[place][place], self.matrix[place]
        matrix = []
        for i in rest:
            row, factor = self.matrix[i], self.matrix[i][place]
            matrix.append([(pivot * row[j] - factor * head[j]) // self.divisor for j in rest])
        units = tuple(self.units[k] for k in rest)
        return _Node(units, matrix, pivot, (*self.pivots, self.units[place]))


def p_matrix(reduced: Reduction, clock: Clock, work: Work) -> PMatrixProof | BadMinor:
    """A proof that all principal minors of a matrix are positive, or one that is not.

    Raises
    ------
    OutOfTimeError, TooManyMinorsError
    """
    blocks = []
    for root in _roots(reduced):
        found = _tree(root, clock, work)
        if isinstance(found, BadMinor):
            return found
        blocks.append(MinorTree(root.units, tuple(found)))
    return PMatrixProof(tuple(blocks), reduced.active, reduced.inactive)


def p_matrix_at_once(reduced: Reduction, clock: Clock, work: Work) -> PMatrixProof | None:
    """A proof whose blocks are closed by one scaling each; None if a first look finds none."""
    blocks = []
    for root in _roots(reduced):
        work.nodes += 1
        is_single = len(root.units) == 1
        token = (
            closing_scaling(root.matrix, clock, AT_FIRST)
            if not is_single
            else Minors(1)
            if root.matrix[0][0] > 0
            else None
        )
        if token is None:
            return None
        blocks.append(MinorTree(root.units, (token,)))
    return PMatrixProof(tuple(blocks), reduced.active, reduced.inactive)


def _roots(reduced: Reduction) -> list[_Node]:
    """The blocks in which the matrix is block triangular."""
    matrix, units = reduced.matrix, reduced.units
    blocks = triangular_blocks(matrix) if matrix else []
    return [_Node(tuple(units[i] for i in rows), [[matrix[i][j] for j in rows] for i in rows]) for rows in blocks]


def _tree(root: _Node, clock: Clock, work: Work) -> list[Token] | BadMinor:
    """The tokens of one block, in the order in which they are read."""
    tokens: list[Token] = []
    stack = [root]
    while stack:
        clock.check()
        node = stack.pop()
        if not node.units:
            continue
        work.nodes += 1
        clock.report(f"{work.nodes:,} Schur complements, {work.minors:,} minors")
        for place, unit in enumerate(node.units):
            if node.matrix[place][place] <= 0:
                return BadMinor(node.pivots, unit)
        token = _closing(node, clock, work)
        if isinstance(token, BadMinor):
            return token
        if token is None:
            place = _most_entangled(node.matrix)
            token = Split(node.units[place])
            stack += [node.schur(place), node.without(place)]
        tokens.append(token)
    return tokens


def _closing(node: _Node, clock: Clock, work: Work) -> Token | BadMinor | None:
    """What proves a node at once; None if it has to be split."""
    size = len(node.units)
    if size == 1:
        return Minors(1)
    scaling = closing_scaling(node.matrix, clock)
    if scaling is not None:
        return scaling
    if size > AT_ONCE:
        return None
    work.minors += 1 << size
    if work.minors > MOST_MINORS:
        raise TooManyMinorsError
    every = AllMinors(node.matrix)
    bad = every.first_bad(clock)
    work.exact += every.exact
    if bad is None:
        return Minors(size)
    members, place = bad
    return BadMinor((*node.pivots, *(node.units[k] for k in members)), node.units[place])


def _most_entangled(matrix: IntegerMatrix) -> int:
    """The unit whose row and column are largest relative to the diagonal."""
    floats = np.abs(floats_of(matrix))
    diagonal = np.maximum(np.diag(floats), np.finfo(float).tiny)
    relative = floats / np.sqrt(np.outer(diagonal, diagonal))
    np.fill_diagonal(relative, 0)
    return int(np.argmax(relative.sum(axis=0) + relative.sum(axis=1)))
