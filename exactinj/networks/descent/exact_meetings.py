"""From two points that meet up to rounding to two that meet exactly: one linear system over both cells, solved exactly.

In the cells of x and y the front's values are affine, exactly; the corrections of both points that make them equal are
a solution of a linear system. Its pivots are chosen in floats, so that the corrections are about as small as the
rounding that they mend; all other corrections are 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from flint import fmpz_mat
from scipy.linalg import qr

from exactinj.exact.matrix import IntegerRow, independent_rows
from exactinj.exact.numbers import fraction_of
from exactinj.layers.network import ExactTensor, Network
from exactinj.networks.local import with_entries
from exactinj.networks.walk import Walk, walk_from
from exactinj.work.clock import Clock

__all__ = ["Floating", "corrected"]

MOST_COLUMNS = 400
WORD = 400  # bits that a float holds


@dataclass(frozen=True)
class Floating:
    """Two points by the names of inputs; one input differs, in some coordinates; equal at a front up to rounding."""

    x: Mapping[str, ExactTensor]
    y: Mapping[str, ExactTensor]
    input: str
    coordinates: Sequence[int]
    front: Sequence[str]


def corrected(network: Network, found: Floating, clock: Clock) -> tuple[ExactTensor, ExactTensor] | None:
    """Both inputs with corrected coordinates, whose values at the front agree if no cell is left."""
    at, count = sorted(found.coordinates), len(found.coordinates)
    if 2 * count > MOST_COLUMNS:
        return None
    left, right = (walk_from(network, point, found.input, at) for point in (found.x, found.y))
    if not (_carried(network, left, found.front, clock) and _carried(network, right, found.front, clock)):
        return None
    shifts = _solved(_equations(left, right, found.front), 2 * count)
    if shifts is None:
        return None
    return _moved(found.x[found.input], at, shifts[:count]), _moved(found.y[found.input], at, shifts[count:])


def _moved(x: ExactTensor, at: Sequence[int], shifts: Sequence[Fraction]) -> ExactTensor:
    flat = x.numerators.ravel()
    return with_entries(x, at, [Fraction(flat[j], x.denominator) + d for j, d in zip(at, shifts, strict=True)])


def _carried(network: Network, walk: Walk, front: Sequence[str], clock: Clock) -> bool:
    """Carry derivatives to the front; whether all of it was reached."""
    waiting = set(front) - set(network.inputs)
    for node in network.nodes:
        if not waiting:
            break
        clock.check()
        walk.step(node)
        waiting.discard(node.name)
    return not waiting


def _equations(left: Walk, right: Walk, front: Sequence[str]) -> list[IntegerRow]:
    """Integer rows (both corrections, constant) that must vanish."""
    count = left.columns
    rows: list[IntegerRow] = []
    for walk, before in ((left, 0), (right, count)):
        after = count - before
        rows += [(*(0,) * before, *row, *(0,) * after, 0) for block in walk.fixed for row in block.tolist()]
    for name in front:
        parts = [walk.moved.get(name) for walk in (left, right)]
        found = [part.places for part in parts if part is not None]
        if not found:
            continue
        places = np.unique(np.concatenate(found))
        scales = [1 if part is None else part.scale for part in parts]
        common = lcm(*scales, *(walk.values.denominator(name) for walk in (left, right)))
        columns = [
            np.zeros((len(places), count), dtype=object) if part is None else part.rows(places) * (common // scale)
            for part, scale in zip(parts, scales, strict=True)
        ]
        values = [walk.values.at(name, places) * (common // walk.values.denominator(name)) for walk in (left, right)]
        block = np.concatenate([columns[0], -columns[1], (values[0] - values[1])[:, None]], axis=1)
        rows += [tuple(row) for row in block.tolist()]
    return [row for row in dict.fromkeys(rows) if any(row)]


def _solved(rows: Sequence[IntegerRow], columns: int) -> list[Fraction] | None:
    """A small solution, most entries 0; None if there is none with these pivots."""
    if not rows:
        return [Fraction(0)] * columns
    if not all(any(row[:-1]) for row in rows):
        return None
    chosen = [rows[k] for k in independent_rows([row[:-1] for row in rows])]
    floats = np.array([_floats(row[:-1]) for row in chosen])
    _, _, order = qr(floats / np.linalg.norm(floats, axis=1)[:, None], mode="economic", pivoting=True)
    pivots = sorted(order[: len(chosen)].tolist())
    try:
        solution = fmpz_mat([[row[j] for j in pivots] for row in chosen]).solve(
            fmpz_mat([[-row[-1]] for row in chosen])
        )
    except ZeroDivisionError:
        return None
    found = [Fraction(0)] * columns
    for k, j in enumerate(pivots):
        found[j] = fraction_of(solution[k, 0])
    return found


def _floats(row: Sequence[int]) -> list[float]:
    """The row divided by a power of two, so that floats hold it."""
    shift = max(max(map(int.bit_length, row)) - WORD, 0)
    return [float(value >> shift) for value in row]
