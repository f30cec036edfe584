"""A lower bound of ``|f(x) - f(y)|^2 / |x - y|^2`` over all x and y whose rows have given signs, proved in rationals.

With ``d = x - y`` a row that is active at both adds ``<w_i, d>^2``, one active at x alone ``g_i(x)^2``, one that
is active at y alone ``g_i(y)^2``, and others add something that is not negative. What is left is a quadratic form Q in
d and in ``g_i(x)``, i being the rows with different signs. If numbers ``N_ab >= 0`` make

    Q - t |d|^2 - sum N_ab <f_a, z> <f_b, z>

positive semidefinite, where the ``<f_a, z>`` are known not to be negative, then t is a lower bound. Floats (the
semidefinite program, by Clarabel) propose t and N; elimination over Q proves what they are rounded to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray
from scipy.optimize import nnls

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.numbers import fraction_of, nearest_float, power_of_two_below, rational_from
from exactinj.lipschitz.gram import floats_of, gram_of, is_semidefinite, least_eigenvalue, rounded, shifted
from exactinj.lipschitz.pair_program import proposed

__all__ = ["PairRelaxation", "Proved", "Signs"]

Floats: TypeAlias = NDArray[np.float64]
Vector: TypeAlias = list[fmpq]

STEPS = (1e-8, 1e-6, 1e-4, 1e-2)  # how far towards an interior point the proposal is moved before it is rounded
BITS = 44  # of the numbers N, relative to the largest
REDUNDANT = 1e-9  # how far floats let a form be from a sum of others that makes it needless
ONE = Fraction(1)


@dataclass(frozen=True)
class Signs:
    """Rows that are known to be active at x, not to be, and the same at y."""

    x_on: frozenset[int]
    x_off: frozenset[int]
    y_on: frozenset[int]
    y_off: frozenset[int]


@dataclass(frozen=True)
class Proved:
    """A lower bound, and the moments of d, (n, n), where the relaxation has it: floats, for what to split next."""

    bound: Fraction
    moments: Floats


class PairRelaxation:
    """The relaxation for one layer on one domain."""

    def __init__(self, problem: HomogeneousProblem, least: Fraction) -> None:
        """`least` is a lower bound of A. Rows are divided by `unit`, so that floats see numbers of ordinary size."""
        layer, n = problem.layer, problem.dimension
        given = [[-rational_from(value) for value in row] for row in problem.domain.halfspaces(n)]
        walls = [[value / size for value in row] for row in given for size in [_size(row[:n])]]
        offsets = [offset for (offset,) in layer.b.raw_rows()]
        self.n, self.unit = n, _size(value for row in layer.W.raw_rows() for value in row)
        # the unit of the last coordinate, where there is one
        reach = _size([*(value / self.unit for value in offsets), *(row[-1] for row in walls)])
        self.weights = [[value / self.unit for value in row] for row in layer.W.raw_rows()]
        self.least = fraction_of(rational_from(least) / self.unit**2)
        if problem.is_affine:
            pairs = zip(self.weights, offsets, strict=True)
            self.rows = [[*row, offset / self.unit / reach] for row, offset in pairs]
            self.walls = [*([*row[:n], row[n] / reach] for row in walls), [fmpq(0)] * n + [fmpq(1)]]
        else:
            self.rows, self.walls = self.weights, [row[:n] for row in walls]

    def at_least(self, signs: Signs, *, is_thorough: bool = False) -> Proved:
        """The bound, 0 if nothing is proved; a thorough one knows what the other rows say about those that count."""
        both = [self.weights[i] for i in sorted(signs.x_on & signs.y_on)]
        gram = gram_of(both, self.n)
        least = least_eigenvalue(gram)
        vector = np.array([nearest_float(value) for value in least.vector])
        below = least.value if least.is_exact else rounded(least.value * (1 - Fraction(1, 10**9)), up=False)
        if below <= 0 or not (least.is_exact or is_semidefinite(shifted(gram, below))):
            below = Fraction(0)
        simple = Proved(
            max(below, (below + self.least) / 2), np.outer(vector, vector) / max(float(vector @ vector), 1e-300)
        )
        if not (signs.x_on & signs.y_off or signs.x_off & signs.y_on):
            return simple
        better = self._relaxed(gram, signs, is_thorough=is_thorough)
        return simple if better is None or better.bound <= simple.bound else better

    def _relaxed(self, gram: fmpq_mat, signs: Signs, *, is_thorough: bool) -> Proved | None:
        quotient = _Quotient.of([self.rows[i] for i in sorted(signs.x_on & signs.y_off | signs.x_off & signs.y_on)])
        size = self.n + quotient.rank
        known = projected(self._forms(signs, quotient), size) if is_thorough else self._forms(signs, quotient)
        forms = [form[:size] for form in known if not any(form[size:])]
        both, half = fmpq_mat(size, size), fmpq_mat(size, size)
        for i in range(self.n):
            for j in range(self.n):
                both[i, j] = gram[i, j]
                half[i, j] = (gram[i, j] + (rational_from(self.least) if i == j else 0)) / 2
        squares = [self._at_x(i, 1, quotient) for i in sorted(signs.x_on & signs.y_off)]
        squares += [self._at_y(i, 1, quotient) for i in sorted(signs.x_off & signs.y_on)]
        return _best(both + gram_of([form[:size] for form in squares], size), half, self.n, forms)

    def _forms(self, signs: Signs, quotient: _Quotient) -> list[Vector]:
        """What is known not to be negative: in d, in the rows with different signs, and in what is left of x."""
        forms = []
        for on, off, form in ((signs.x_on, signs.x_off, self._at_x), (signs.y_on, signs.y_off, self._at_y)):
            forms += [form(i, 1, quotient) for i in sorted(on)] + [form(i, -1, quotient) for i in sorted(off)]
        for wall in self.walls:
            shape = quotient.coordinates(wall)
            forms.append([fmpq(0)] * self.n + shape)
            if any(wall[: self.n]):
                forms.append([-value for value in wall[: self.n]] + shape)
        return forms

    def _at_x(self, i: int, sign: int, quotient: _Quotient) -> Vector:
        return [sign * value for value in [*[fmpq(0)] * self.n, *quotient.coordinates(self.rows[i])]]

    def _at_y(self, i: int, sign: int, quotient: _Quotient) -> Vector:
        """``g(y) = g(x) - <w, d>``."""
        return [sign * value for value in [*(-v for v in self.weights[i]), *quotient.coordinates(self.rows[i])]]


def _size(values: Iterable[fmpq]) -> fmpq:
    """A power of two near the largest; 1 for zeros."""
    largest = max((abs(fraction_of(value)) for value in values), default=Fraction(0))
    return rational_from(power_of_two_below(largest)) if largest else fmpq(1)


@dataclass(frozen=True)
class _Quotient:
    """A basis of the span of some rows, reduced, with the places of its leading ones."""

    basis: list[Vector]
    pivots: list[int]

    @classmethod
    def of(cls, rows: Sequence[Vector]) -> _Quotient:
        reduced, rank = fmpq_mat([list(row) for row in rows]).rref()
        basis = reduced.table()[:rank]
        return cls(basis, [next(j for j, value in enumerate(row) if value != 0) for row in basis])

    @property
    def rank(self) -> int:
        """How many there are."""
        return len(self.basis)

    def coordinates(self, row: Vector) -> Vector:
        """Those of a row in the basis, and what is left of it at the other places."""
        shape = [row[j] for j in self.pivots]
        rest = [j for j in range(len(row)) if j not in self.pivots]
        return shape + [
            row[j] - sum((c * line[j] for c, line in zip(shape, self.basis, strict=True)), fmpq(0)) for j in rest
        ]


def projected(forms: Iterable[Vector], size: int) -> list[Vector]:
    """What forms that are not negative say about the first coordinates alone: elimination by Fourier and Motzkin.

    Of what comes out, forms that floats take for sums of others are left out.
    """
    known = _needed(list(forms))
    for place in range(size, len(known[0]) if known else size):
        pairs = [(a, c) for a in known if a[place] > 0 for c in known if c[place] < 0]
        sums = [[x * -c[place] + y * a[place] for x, y in zip(a, c, strict=True)] for a, c in pairs]
        known = _needed([form for form in known if form[place] == 0] + sums)
    return known


def _needed(forms: Sequence[Vector]) -> list[Vector]:
    scaled = [_scaled(form) for form in forms if any(form)]
    kept = [list(form) for form in dict.fromkeys(map(tuple, scaled))]
    floats = np.array([[nearest_float(fraction_of(value)) for value in form] for form in kept])
    is_kept = np.ones(len(kept), dtype=np.bool_)
    for k in range(len(kept)):
        is_kept[k] = False
        is_kept[k] = not _is_sum(floats[k], floats[is_kept])
    return [form for form, keep in zip(kept, is_kept, strict=True) if keep]


def _is_sum(form: Floats, others: Floats) -> bool:
    if not len(others):
        return False
    try:
        return bool(nnls(others.T, form)[1] <= REDUNDANT)
    except RuntimeError:  # too many iterations
        return False


def _scaled(form: Vector) -> Vector:
    """Divided by the largest entry."""
    largest = max(abs(value) for value in form)
    return [value / largest for value in form]


def _best(main: fmpq_mat, other: fmpq_mat, n: int, forms: Sequence[Vector]) -> Proved | None:
    """The largest t that is proved for the larger one of two quadratic forms, the first n coordinates being d."""
    size = main.nrows()
    needed = _needed(forms)
    shapes = np.array([[nearest_float(fraction_of(value)) for value in form] for form in needed]).reshape(-1, size)
    found = proposed(floats_of(main, ONE), floats_of(other, ONE), n, shapes)
    if found is None:
        return None
    span = fmpq_mat(needed) if needed else fmpq_mat(0, size)
    share = rational_from(rounded(Fraction(found.share), up=False))
    mixed = main * share + other * (1 - share)
    for step in STEPS:
        t = rounded(Fraction((1 - step) * found.value - step * max(1.0, abs(found.value))), up=False)
        if t <= 0:
            return None
        weights = _weights((1 - step) * found.numbers)
        rest = mixed - span.transpose() * weights * span
        for k in range(n):
            rest[k, k] = rest[k, k] - rational_from(t)
        if is_semidefinite(rest):
            return Proved(t, found.moments)
    return None


def _weights(numbers: Floats) -> fmpq_mat:
    """A symmetric matrix with these numbers, rounded, as sums of places on both sides."""
    size = len(numbers)
    weights = fmpq_mat(size, size)
    for a, b in zip(*np.nonzero(numbers), strict=True):
        share = rational_from(Fraction(round(float(numbers[a, b]) * 2**BITS), 2 ** (BITS + int(a != b))))
        weights[int(a), int(b)] = share
        weights[int(b), int(a)] = share
    return weights
