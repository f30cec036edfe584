"""More rows for a dense layer: opposites of a basis, or rows against the collisions that are found.

Both keep every row of the layer. Doubling: the rows of a basis of R^n, each with its opposite, tell n independent
linear functions, hence x. Rows of the layer whose function is told already (active on all of K, or with an opposite row
in the layer) need no new one; directions that no row has get rows of their own.

Against collisions: let x, y collide, and let w be a row with ``<w, x - y> != 0``. With its opposite, ``<w, x>`` is told
from now on, so every later pair has ``<w, x - y> = 0``: the rows that were chosen are independent, and after at most n
rounds the layer is injective, as far as each layer on the way was decided. Where all rows are orthogonal to ``x - y``
new rows tell another function, with one row where K is bounded that way and with two elsewhere; they come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from exactinj.domains import Domain
from exactinj.domains.numbers import inner
from exactinj.exact.matrix import independent_rows, primitive_vector
from exactinj.injectivity.result import Result
from exactinj.layers.dense import ReLULayer
from exactinj.networks.repair.task import Attempt, Extra, Layer, Row, Task, counted, with_few
from exactinj.networks.repair.telling import opposite, telling_rows
from exactinj.work.verdict import Verdict

__all__ = ["against_collisions", "doubled_rows", "told_rows"]

ROWS, DOUBLED = "rows", "doubled"


def doubled_rows(layer: ReLULayer, task: Task) -> Attempt:
    """The layer with the opposites of a basis of its rows; injective on every domain."""
    known = _Rows(layer, task)
    extras = [*known.completion, *known.opposites]
    built, added = known.extended(extras)
    note = f"{counted(len(extras), 'row')} added: with the opposites of a basis of the rows the output tells x"
    return Attempt(DOUBLED, built, added, task.decided(built), note)


def against_collisions(layer: ReLULayer, task: Task, first: Result, most: int | None = None) -> Attempt:
    """The layer with rows that separate the collisions found in it, one after the other; then those that are needed.

    `first` is the answer about the layer as it is, `most` the number of rows after which it stops.
    """
    if first.witness is None:
        return Attempt(ROWS, layer, (), first, "no collision is known that a row could be added against")
    known = _Rows(layer, task)
    extras = list(known.completion)
    current = known.attempt(extras, "added, as the rows do not span") if extras else Attempt(ROWS, layer, (), first, "")
    while current.result.verdict is Verdict.NOT_INJECTIVE and current.result.witness is not None:
        if most is not None and len(extras) >= most:
            return replace(current, note=f"takes more than {counted(len(extras), 'row')}")
        if task.clock.is_over:
            return replace(current, note=f"out of time, {current.note}")
        task.clock.report(f"{counted(len(extras) + 1, 'row')} against collisions, of at most {2 * layer.n}")
        pair = current.result.witness
        direction = [a - c for a, c in zip(pair.x, pair.y, strict=True)]
        extras.append((opposite(known.turning_most(direction)),))
        current = known.attempt(extras, "added against collisions, one found after the other")
    return with_few(current, extras, known.extended, task)


def told_rows(rows: Sequence[Row], domain: Domain) -> set[int]:
    """The rows i for which the output tells ``<w_i, x>`` at once: active on all of K, or with an opposite row."""
    lines: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
    told = set()
    for i, (weights, offset) in enumerate(rows):
        if not any(weights):
            continue
        if domain.is_nonnegative(weights, offset):
            told.add(i)
        direction = primitive_vector(weights)
        k = next(k for k, value in enumerate(direction) if value)
        lines.setdefault(direction, []).append((i, offset * direction[k] / weights[k]))
    for direction, ahead in lines.items():
        behind = lines.get(tuple(-value for value in direction), [])
        told |= {i for i, offset in ahead if any(offset + other >= 0 for _, other in behind)}
    return told


@dataclass(frozen=True)
class _Rows:
    """The rows of a layer, and those that may be added to them."""

    layer: ReLULayer
    task: Task

    @cached_property
    def rows(self) -> list[Row]:
        offsets = [value for (value,) in self.layer.b.fractions()]
        return [(tuple(row), offset) for row, offset in zip(self.layer.W.fractions(), offsets, strict=True)]

    @cached_property
    def _basis(self) -> tuple[list[int], list[int]]:
        """Rows of a basis that are not told, and the unit vectors that complete it."""
        told = told_rows(self.rows, self.task.domain)
        order = sorted(range(self.layer.m), key=lambda i: i not in told)
        weights = [primitive_vector(self.rows[i][0]) for i in order]
        units = [tuple(int(j == k) for k in range(self.layer.n)) for j in range(self.layer.n)]
        places = independent_rows([*weights, *units])
        rows = [order[place] for place in places if place < self.layer.m]
        return [i for i in rows if i not in told], [place - self.layer.m for place in places if place >= self.layer.m]

    @property
    def opposites(self) -> list[Extra]:
        """The opposites of a basis of the rows, as far as they are not told."""
        return [(opposite(self.rows[i]),) for i in self._basis[0]]

    @cached_property
    def completion(self) -> list[Extra]:
        """Rows that tell the directions which no row of the layer has."""
        size = max((abs(value) for weights, _ in self.rows for value in weights), default=Fraction(0))
        extras: list[Extra] = []
        for j in self._basis[1]:
            unit = [Fraction(int(j == k)) for k in range(self.layer.n)]
            extras += [(row,) for row in telling_rows(self.task.domain, unit, self.task.precision, size)]
        return extras

    def turning_most(self, direction: Sequence[Fraction]) -> Row:
        """The row that turns most with a direction; some row does, as they span together with `completion`."""
        return max(self.rows, key=lambda row: inner(row[0], direction) ** 2 / (inner(row[0], row[0]) or 1))

    def extended(self, extras: Sequence[Extra]) -> tuple[Layer, tuple[int, ...]]:
        """The layer with new rows behind its own."""
        every = [*self.rows, *(extra[0] for extra in extras)]
        built = ReLULayer([weights for weights, _ in every], [offset for _, offset in every])
        return built, tuple(range(self.layer.m, built.m))

    def attempt(self, extras: Sequence[Extra], why: str) -> Attempt:
        """The layer with these rows, decided."""
        built, added = self.extended(extras)
        return Attempt(ROWS, built, added, self.task.decided(built), f"{counted(len(extras), 'row')} {why}")
