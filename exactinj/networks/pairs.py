"""Two cells at a time: no point of one has the output of another point of the other, or a colliding pair.

For cells P, Q on which the network is one-to-one, with affine maps f_P, f_Q, let D be the neurons whose signs differ.
If ``x in P, y in Q, f_P(x) = f_Q(y)``, then x = y exactly if the functions h_i of P, i in D, vanish at x
(``docs/mathematics.md``). So one linear program decides the pair: on the space V of all (x, y, t) with ``f_P = f_Q``
(homogeneous), are there vectors with ``h >= 0`` for all functions of P at (x, t), of Q at (y, t), ``t > 0``, and
``sum_{i in D} h_i(x, t) > 0``? A vector is a colliding pair; else some of these rows have a positive dependency on V.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from flint import fmpz_mat

from exactinj.errors import InternalError
from exactinj.exact.alternatives import inside_or_support, ray_or_support
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import rational_text
from exactinj.networks.cells import Cell, NetworkFunctions

__all__ = ["Apart", "Meeting", "PairCells", "compare_cells"]

GRIDS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 1024, 4096, 1 << 16)


@dataclass(frozen=True)
class Apart:
    """Evidence that the pair has no collision: numbers of functions of P and of Q with a positive dependency on V.

    For P two more numbers may occur: of the constant 1, and behind it of the sum over D.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]


@dataclass(frozen=True)
class Meeting:
    """Two different points with one output."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]


class PairCells:
    """Cells as integer rows that fit together: outputs scaled alike in all cells."""

    def __init__(self, functions: NetworkFunctions, cells: Sequence[Cell]) -> None:
        self.functions = functions
        self.cells = cells
        outputs = [[primitive_row(row) for row in cell.output_rows] for cell in cells]
        scales = [
            lcm(*(rows[j][1].numerator for rows in outputs)) if outputs else 1 for j in range(functions.network.m)
        ]
        self.outputs = [
            [
                tuple(int(value * (scale / factor)) for value in row)
                for (row, factor), scale in zip(rows, scales, strict=True)
            ]
            for rows in outputs
        ]
        self.bounds = [_named_rows(functions, cell) for cell in cells]

    def spread(self, p: int, q: int) -> IntegerRow:
        """The sum of the functions of p over the neurons in which the signs of p and q differ."""
        left, right = self.cells[p], self.cells[q]
        signs = zip(left.functions, left.signs, right.signs, strict=True)
        differing = [function for function, a, c in signs if a != c]
        return tuple(map(sum, zip(*differing, strict=True)))

    def rows_on(self, space: Sequence[IntegerRow], p: int, q: int) -> tuple[list[tuple[int, int]], list[IntegerRow]]:
        """The functions of p and of q on a space of (x, y, t), as far as they are not 0; named by side and number."""
        n = self.functions.network.n
        first = [(*vector[:n], vector[-1]) for vector in space]
        second = [vector[n:] for vector in space]
        names, rows = [], []
        for side, bounds, vectors in ((0, self.bounds[p], first), (1, self.bounds[q], second)):
            for name, row in bounds:
                restricted = _restricted(row, vectors)
                if any(restricted):
                    names.append((side, name))
                    rows.append(restricted)
        return names, rows


def _named_rows(functions: NetworkFunctions, cell: Cell) -> list[tuple[int, IntegerRow]]:
    """The functions that bound a cell, with their numbers."""
    named = [(i, row) for i, row in enumerate(cell.functions) if any(row)]
    return named + [(functions.neurons + k, row) for k, row in enumerate(functions.halfspaces)]


def compare_cells(known: PairCells, p: int, q: int) -> Apart | Meeting:
    """Decide the pair of the cells p and q, exactly."""
    n = known.functions.network.n
    constant = known.functions.constant
    space = _equal_outputs(known.outputs[p], known.outputs[q], n)
    if not any(vector[-1] for vector in space):
        return Apart((constant,), ())
    first = [(*vector[:n], vector[-1]) for vector in space]
    spread = _restricted(known.spread(p, q), first)
    if not any(spread):
        return Apart((constant + 1,), ())
    names, rows = known.rows_on(space, p, q)
    ray, support = ray_or_support(rows, [tuple(vector[-1] for vector in space), spread])
    if ray is not None:
        return _shortest([_meeting(space, ray, n), *_rounded_meetings(known, space, p, q)])
    names += [(0, constant), (0, constant + 1)]
    chosen = [names[k] for k in support]
    return Apart(tuple(k for side, k in chosen if side == 0), tuple(k for side, k in chosen if side == 1))


def _equal_outputs(left: Sequence[IntegerRow], right: Sequence[IntegerRow], n: int) -> list[IntegerRow]:
    """A basis of the (x, y, t) with equal outputs."""
    rows = [[*a[:n], *(-value for value in c[:n]), a[n] - c[n]] for a, c in zip(left, right, strict=True)]
    kernel, nullity = fmpz_mat(rows).nullspace()
    columns = [[int(kernel[i, k]) for i in range(2 * n + 1)] for k in range(nullity)]
    return [_coprime(column) for column in columns]


def _coprime(vector: Sequence[int]) -> IntegerRow:
    content = gcd(*vector) or 1
    return tuple(value // content for value in vector)


def _restricted(row: IntegerRow, vectors: Sequence[IntegerRow]) -> IntegerRow:
    """The values of a homogeneous row at the vectors of a basis, coprime."""
    return _coprime([sum(a * c for a, c in zip(row, vector, strict=True)) for vector in vectors])


def _meeting(space: Sequence[IntegerRow], ray: IntegerRow, n: int) -> Meeting:
    """The two points of a vector of V in coordinates of its basis."""
    vector = [sum(a * basis[k] for a, basis in zip(ray, space, strict=True)) for k in range(2 * n + 1)]
    if vector[-1] <= 0:
        raise InternalError("a colliding pair of cells has no last coordinate; please report this")
    point = [Fraction(value, vector[-1]) for value in vector[:-1]]
    return Meeting(tuple(point[:n]), tuple(point[n:]))


def _rounded_meetings(known: PairCells, space: Sequence[IntegerRow], p: int, q: int) -> Iterator[Meeting]:
    """A pair with short numbers: a point well inside, on a coarse grid of a reduced basis, if there is one."""
    n = known.functions.network.n
    reduced = fmpz_mat([list(vector) for vector in space]).lll()
    basis = [tuple(int(reduced[i, k]) for k in range(2 * n + 1)) for i in range(len(space))]
    last = tuple(vector[-1] for vector in basis)
    spread = _restricted(known.spread(p, q), [(*vector[:n], vector[-1]) for vector in basis])
    rows = [*known.rows_on(basis, p, q)[1], last, spread]
    inside, _ = inside_or_support(rows)
    if inside is None:
        return
    largest = max(map(abs, inside))
    for grid in GRIDS:
        candidate = tuple((2 * value * grid + largest) // (2 * largest) for value in inside)
        if all(sum(a * c for a, c in zip(row, candidate, strict=True)) > 0 for row in rows):
            yield _meeting(basis, candidate, n)
            return


def _shortest(meetings: Sequence[Meeting]) -> Meeting:
    return min(meetings, key=lambda pair: sum(len(rational_text(value)) for value in (*pair.x, *pair.y)))
