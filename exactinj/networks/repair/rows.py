"""More rows for a dense layer: opposites of a basis, or rows against the collisions that are found.

Both keep every row of the layer. Doubling: the rows of a basis of R^n, each with its opposite, tell n independent
linear functions, hence x. Rows of the layer whose function is told already (active on all of K, or with an opposite row
in the layer) need no new one; directions that no row has get rows of their own.

Against collisions: let x, y collide, and let w be a row with ``<w, x - y> != 0``. With its opposite, ``<w, x>`` is told
from now on, so every later pair has ``<w, x - y> = 0``: the rows that were chosen are independent, and after at most n
rounds the layer is injective, as far as each layer on the way was decided. Where all rows are orthogonal to ``x - y``
new rows tell another function. A round adds one row; two if all rows are orthogonal and K is not bounded that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from exactinj.domains import Domain
from exactinj.domains.numbers import inner
from exactinj.exact.matrix import independent_rows, primitive_vector
from exactinj.injectivity.result import Result
from exactinj.layers.dense import ReLULayer
from exactinj.networks.repair.task import Attempt, Build, Extra, Layer, Row, Task, counted, with_few
from exactinj.networks.repair.telling import opposite, telling_rows
from exactinj.work.verdict import Verdict

__all__ = ["against_collisions", "doubled_rows", "doubling_rows", "told_rows"]

ROWS, DOUBLED = "rows", "doubled"


def doubled_rows(layer: ReLULayer, task: Task) -> Attempt:
    """The layer with the opposites of a basis of its rows; injective on every domain."""
    extras = doubling_rows(layer, task)
    built, added = _build(layer)(extras)
    note = f"{counted(len(extras), 'row')} added: with the opposites of a basis of the rows the output tells x"
    return Attempt(DOUBLED, built, added, task.decided(built), note)


def doubling_rows(layer: ReLULayer, task: Task) -> list[Extra]:
    """The rows that doubling adds."""
    rows, told = _rows_of(layer), told_rows(layer, task.domain)
    order = sorted(range(layer.m), key=lambda i: i not in told)
    weights = [primitive_vector(rows[i][0]) for i in order]
    units = [[int(j == k) for k in range(layer.n)] for j in range(layer.n)]
    extras: list[Extra] = []
    for place in independent_rows([*weights, *units]):
        if place < layer.m:
            extras += [] if order[place] in told else [(opposite(rows[order[place]]),)]
        else:
            unit = [Fraction(value) for value in units[place - layer.m]]
            extras += [(row,) for row in telling_rows(task.domain, unit, task.precision, size_of(layer))]
    return extras


def told_rows(layer: ReLULayer, domain: Domain) -> set[int]:
    """The rows i for which the output tells ``<w_i, x>`` at once: active on all of K, or with an opposite row."""
    lines: dict[tuple[int, ...], list[tuple[int, Fraction]]] = {}
    told = set()
    for i, (weights, offset) in enumerate(_rows_of(layer)):
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


def against_collisions(layer: ReLULayer, task: Task, first: Result, most: int | None = None) -> Attempt:
    """The layer with rows that separate the collisions found in it, one after the other; then those that are needed.

    `first` is the answer about the layer as it is, `most` the number of collisions after which it stops.
    """
    build, extras, current = _build(layer), list[Extra](), Attempt(ROWS, layer, (), first, "no row added")
    for k in range(layer.n if most is None else min(layer.n, most)):
        pair = current.result.witness
        if current.result.verdict is not Verdict.NOT_INJECTIVE or pair is None:
            break
        task.clock.report(f"a row against collision {k + 1} of at most {layer.n}")
        direction = [a - c for a, c in zip(pair.x, pair.y, strict=True)]
        extras += [(row,) for row in _separating(layer, direction, task)]
        built, added = build(extras)
        note = f"{counted(len(extras), 'row')} added against {counted(k + 1, 'collision')}, one found after the other"
        current = Attempt(ROWS, built, added, task.decided(built), note)
    if not extras:
        return replace(current, note="no collision is known that a row could be added against")
    if most is not None and len(extras) >= most and current.result.verdict is Verdict.NOT_INJECTIVE:
        return replace(current, note=f"takes more than {counted(len(extras), 'row')}")
    return with_few(current, extras, build, task)


def _separating(layer: ReLULayer, direction: Sequence[Fraction], task: Task) -> list[Row]:
    """The opposite of the row that turns most with the direction; new rows if all rows are orthogonal to it."""
    rows = [row for row in _rows_of(layer) if inner(row[0], direction)]
    if not rows:
        return telling_rows(task.domain, direction, task.precision, size_of(layer))
    return [opposite(max(rows, key=lambda row: inner(row[0], direction) ** 2 / inner(row[0], row[0])))]


def size_of(layer: ReLULayer) -> Fraction:
    """The largest weight."""
    return max((abs(value) for row in layer.W.fractions() for value in row), default=Fraction(0))


def _rows_of(layer: ReLULayer) -> list[Row]:
    offsets = [value for (value,) in layer.b.fractions()]
    return [(tuple(row), offset) for row, offset in zip(layer.W.fractions(), offsets, strict=True)]


def _build(layer: ReLULayer) -> Build:
    rows = _rows_of(layer)

    def extended(extras: Sequence[Extra]) -> tuple[Layer, tuple[int, ...]]:
        every = [*rows, *(extra[0] for extra in extras)]
        built = ReLULayer([weights for weights, _ in every], [offset for _, offset in every])
        return built, tuple(range(layer.m, built.m))

    return extended
