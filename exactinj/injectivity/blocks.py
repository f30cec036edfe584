"""Domain decomposition: a sparse layer as several smaller ones.

Rows and columns of W are the two sides of a graph with an edge for each nonzero entry. A layer is injective on a
product domain exactly if the layers of the connected components are: each row sees one component. For *overlapping*
blocks of columns, with the rows that see nothing else, one direction is left, which is still a proof: if all blocks
are injective and cover the columns, the layer is injective (rule ``blocks`` of ``docs/certificates.md``).

Cost: the components take linear time in the nonzero entries; equal blocks are decided once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.blocks import Block, BlocksProof
from exactinj.certificates.collision import Collision, verified_collision
from exactinj.certificates.flat_tree import FlatTree
from exactinj.certificates.sign_split import SignSplitTree
from exactinj.certificates.stated_tree import StatedTree
from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.injectivity.engine import Answer, Engine
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["BlocksEngine", "components", "covering_blocks"]

Columns = tuple[int, ...]
Rows = tuple[int, ...]


def components(layer: ReLULayer) -> list[tuple[Columns, Rows]]:
    """Columns and rows of the connected components, by their first column. Zero rows belong to none."""
    supports = _supports(layer)
    if any(len(support) == layer.n for support in supports):
        return [(tuple(range(layer.n)), tuple(i for i, support in enumerate(supports) if support))]
    first = _first_columns(layer.n, supports)
    members: dict[int, tuple[list[int], list[int]]] = {j: ([], []) for j in sorted(set(first))}
    for j, label in enumerate(first):
        members[label][0].append(j)
    for i, support in enumerate(supports):
        if support:
            members[first[support[0]]][1].append(i)
    return [(tuple(columns), tuple(rows)) for columns, rows in members.values()]


def _first_columns(n: int, supports: Sequence[Sequence[int]]) -> list[int]:
    """For each column the first one of its component."""
    parent = list(range(n))

    def root(j: int) -> int:
        while parent[j] != j:
            parent[j] = j = parent[parent[j]]
        return j

    for support in supports:
        if support:
            roots = {root(j) for j in support}
            for j in roots:
                parent[j] = min(roots)
    return [root(j) for j in range(n)]


def covering_blocks(layer: ReLULayer, blocks: Sequence[Sequence[int]]) -> list[tuple[Columns, Rows]]:
    """Blocks of columns as given, each with all rows that are zero outside it; `InputError` if they do not cover."""
    if not all(isinstance(columns, Iterable) and not isinstance(columns, str) for columns in blocks):
        raise InputError("found blocks that are not lists of columns, expected for example [[0, 1], [1, 2]]")
    wrong = [j for columns in blocks for j in columns if not _is_column(j, layer.n)]
    chosen = [tuple(sorted({int(j) for j in columns})) for columns in ([] if wrong else blocks)]
    missing = sorted(set(range(layer.n)) - {j for columns in chosen for j in columns})
    if wrong or missing or not all(chosen):
        found = (
            f"column {wrong[0]!r}" if wrong else f"no block with column {missing[0]}" if missing else "an empty block"
        )
        raise InputError(f"found {found}, expected blocks that cover the columns 0 to {layer.n - 1} and no others")
    supports = _supports(layer)
    return [
        (columns, tuple(i for i, support in enumerate(supports) if support and set(support) <= set(columns)))
        for columns in chosen
    ]


def _is_column(j: object, n: int) -> bool:
    return isinstance(j, int | np.integer) and not isinstance(j, bool) and 0 <= int(j) < n


def _supports(layer: ReLULayer) -> list[list[int]]:
    """Per row the columns with a nonzero entry."""
    return [[j for j in range(layer.n) if row[j]] for row, _ in layer.integer_rows]


class BlocksEngine(Engine):
    """Decides block by block with another engine, then the whole if that leaves the question open."""

    name = "blocks"

    def __init__(self, inner: Engine, blocks: Sequence[Sequence[int]] | None = None) -> None:
        """Use these blocks of columns; the connected components if none are given."""
        if blocks is not None and (isinstance(blocks, str) or not isinstance(blocks, Iterable)):
            raise InputError(f"found blocks of type {type(blocks).__name__}, expected a list of lists of columns")
        self.inner = inner
        self.blocks = blocks

    @property
    def proves_injectivity(self) -> bool:
        return self.inner.proves_injectivity

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        layer, domain = problem.layer, problem.domain
        parts = components(layer) if self.blocks is None else covering_blocks(layer, self.blocks)
        is_product = domain.restricted(range(layer.n)) is not None
        if self.blocks is not None and not is_product:
            raise InputError(f"found blocks and the domain {domain.text}, expected a box, an orthant, a ball or R^n")
        if len(parts) == 1 or not is_product:
            return self._named(self.inner.decide(problem, clock))
        answer = self._block_by_block(layer, domain, parts, clock)
        if self.blocks is None or answer.verdict is not Verdict.UNKNOWN:
            return answer
        whole = self._named(self.inner.decide(problem, clock))
        return replace(whole, explanation=(answer.reason, *whole.explanation))

    def _named(self, answer: Answer) -> Answer:
        return answer if answer.decided_by is not None else replace(answer, decided_by=self.inner.name)

    def _block_by_block(
        self, layer: ReLULayer, domain: Domain, parts: list[tuple[Columns, Rows]], clock: Clock
    ) -> Answer:
        """``injective`` if every block is; for components also the answers of a block that is not, or undecided."""
        disjoint = self.blocks is None
        known: dict[tuple[str, str], Answer] = {}
        proofs: dict[int, Block] = {}
        open_answer: Answer | None = None
        for number in sorted(range(len(parts)), key=lambda k: len(parts[k][0])):
            columns, rows = parts[number]
            if not rows:
                return self._unseen(layer, domain, columns, clock) if disjoint else self._left_open("one sees no rows")
            block, where = _block_layer(layer, columns, rows), domain.restricted(columns)
            if where is None:
                return self._left_open(f"the domain {domain.text} has no block form")
            key = block.digest, where.text
            if key not in known:
                clock.report(f"block {number + 1} of {len(parts)}, {len(columns)} columns")
                known[key] = self.inner.decide(HomogeneousProblem(block, where), clock)
            answer = known[key]
            if isinstance(answer.proof, Collision):
                if not disjoint:
                    return self._left_open(f"block {number + 1} alone is not injective", known)
                return self._extended(layer, domain, columns, answer, len(parts))
            if isinstance(answer.proof, FlatTree | SignSplitTree | StatedTree):
                proofs[number] = Block(columns, rows, answer.proof)
            else:
                open_answer = open_answer or _without_assumption(answer)
        if open_answer is not None:
            stats = _total(known)
            verdict = open_answer.verdict if disjoint else Verdict.UNKNOWN
            return replace(open_answer, verdict=verdict, reason=f"a block: {open_answer.reason}", stats=stats)
        reason = f"each of its {len(parts)} blocks is injective ({len(known)} of them different)"
        blocks = BlocksProof(tuple(proofs[k] for k in range(len(parts))))
        return Answer(Verdict.INJECTIVE, reason, blocks, _total(known), self.name)

    def _left_open(self, why: str, known: dict[tuple[str, str], Answer] | None = None) -> Answer:
        return Answer(Verdict.UNKNOWN, f"blocks decide nothing: {why}", None, _total(known or {}), self.name)

    def _extended(self, layer: ReLULayer, domain: Domain, columns: Columns, answer: Answer, count: int) -> Answer:
        pair = answer.proof
        if not isinstance(pair, Collision):
            return answer
        filler = domain.filler(layer.n)
        points = [_completed(filler, columns, values) for values in (pair.x, pair.y)]
        reason = f"{answer.reason}, in one of {count} blocks ({len(columns)} of {layer.n} columns)"
        return replace(answer, reason=reason, proof=verified_collision(layer, domain, *points), decided_by=self.name)

    def _unseen(self, layer: ReLULayer, domain: Domain, columns: Columns, clock: Clock) -> Answer:
        """A column without rows: move the input there, as far as the domain goes."""
        inside, j = domain.interior_point(layer.n), columns[0]
        step = Fraction(1)
        moved = _completed(inside, [j], [inside[j] + step])
        while not domain.contains(moved):
            step /= 2
            moved = _completed(inside, [j], [inside[j] + step])
        reason = f"no row sees input {j}"
        pair = verified_collision(layer, domain, inside, moved)
        return Answer(Verdict.NOT_INJECTIVE, reason, pair, Statistics(seconds=clock.worked), self.name)


def _without_assumption(answer: Answer) -> Answer:
    """The answer for a block, taken back where it rests on an assumption: a layer of several blocks never meets it."""
    if answer.assumption is None:
        return answer
    reason = f"it would be injective under the assumption {answer.assumption}, which blocks do not take"
    return replace(answer, verdict=Verdict.UNKNOWN, reason=reason, proof=None, assumption=None)


def _block_layer(layer: ReLULayer, columns: Columns, rows: Rows) -> ReLULayer:
    weights, bias = layer.W.raw_rows(), layer.b.raw_rows()
    return ReLULayer([[weights[i][j] for j in columns] for i in rows], [bias[i][0] for i in rows])


def _completed(filler: Sequence[Fraction], columns: Sequence[int], values: Sequence[Fraction]) -> list[Fraction]:
    point = list(filler)
    for j, value in zip(columns, values, strict=True):
        point[j] = value
    return point


def _total(known: dict[tuple[str, str], Answer]) -> Statistics:
    stats = [answer.stats for answer in known.values()]
    return Statistics(
        nodes=sum(part.nodes for part in stats),
        refuters=sum(part.refuters for part in stats),
        proven_in_rationals=sum(part.proven_in_rationals for part in stats),
        pivots=sum(part.pivots for part in stats),
        seconds=max((part.seconds for part in stats), default=0.0),
    )
