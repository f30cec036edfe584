"""Large systems in general position: what is decided without a basis of all solutions, whose numbers would be long.

* *none*: one row more than the rank is, with its output, no combination of the others modulo a prime. One square
  system over Q gives the multipliers.
* *many*: the equations are independent modulo a prime, so that their solutions have dimension n - rank, and one of
  them, proposed in floats on the free coordinates, satisfies all inequalities strictly.

Neither looks at every case; where they find nothing, `exactinj.inversion.exactly` goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpz_mat
from numpy.typing import NDArray

from exactinj.exact.matrix import IntegerRow, independent_rows, primitive_row
from exactinj.exact.numbers import exact_vector, fraction_of, nearest_float
from exactinj.inversion.chart import Contradiction, Pivots, combination, combined
from exactinj.inversion.noisy import least_distance
from exactinj.inversion.system import PreimageSystem
from exactinj.work.clock import Clock

__all__ = ["InteriorPoint", "contradiction_of", "interior_point_of"]

Floats = NDArray[np.float64]
MARGINS = (1e-1, 1e-2, 1e-4, 1e-7)  # of the size of a row and the point
FREE_BITS = 24  # of the free coordinates


@dataclass(frozen=True)
class InteriorPoint:
    """A solution of the equations that satisfies all inequalities strictly, a direction in which they stay solved.

    Attributes
    ----------
    x : the point
    direction : not 0, integers
    dimension : of the solutions of the equations
    """

    x: tuple[Fraction, ...]
    direction: tuple[Fraction, ...]
    dimension: int


def contradiction_of(equations: Sequence[IntegerRow]) -> Contradiction | None:
    """Multipliers of equations that contradict each other, or None, which says nothing."""
    rows = independent_rows([row[:-1] for row in equations])
    with_outputs = independent_rows(equations)
    wrong = next((i for i in with_outputs if i not in set(rows)), None)
    if wrong is None:
        return None
    pivots = Pivots(tuple(rows), tuple(independent_rows(list(zip(*(equations[i][:-1] for i in rows), strict=True)))))
    shares = combination(equations, pivots, [Fraction(value) for value in equations[wrong][:-1]])
    multipliers = {wrong: Fraction(1), **{i: -share for i, share in shares.items()}}
    *gradient, constant = combined(list(equations), multipliers)
    if any(gradient) or not constant:
        return None
    sign = 1 if constant > 0 else -1
    return Contradiction({i: sign * value for i, value in multipliers.items()})


def interior_point_of(system: PreimageSystem, clock: Clock) -> InteriorPoint | None:
    """A point of the interior of the preimage in the solutions of its equations, or None, which says nothing."""
    equations, n = [s.row for s in system.equations], system.n
    rows = independent_rows([row[:-1] for row in equations])
    if len(rows) < len(equations) or len(rows) == n or system.domain.ball is not None:
        return None
    near = _float_point(system)
    clock.check()
    if near is None:
        return None
    columns = independent_rows(list(zip(*(row[:-1] for row in equations), strict=True))) if rows else []
    free = sorted(set(range(n)) - set(columns))
    scale = 2.0 ** (FREE_BITS - int(np.frexp(np.abs(near).max())[1]))
    values = exact_vector(np.rint(near * scale) / scale)
    x = _completed(equations, columns, {j: values[j] for j in free}, n, constant=1)
    clock.check()
    point, _ = primitive_row(fmpq(v.numerator, v.denominator) for v in [*x, Fraction(1)])
    products = fmpz_mat([list(s.row) for s in system.inequalities]) * fmpz_mat([[v] for v in point])
    if max(products.entries(), default=-1) >= 0:
        return None
    clock.check()
    direction = _completed(equations, columns, {free[0]: Fraction(1)}, n, constant=0)
    integers, _ = primitive_row(fmpq(v.numerator, v.denominator) for v in direction)
    return InteriorPoint(tuple(x), tuple(map(Fraction, integers)), n - len(rows))


def _completed(
    equations: Sequence[IntegerRow], columns: Sequence[int], free: dict[int, Fraction], n: int, *, constant: int
) -> list[Fraction]:
    """The solution with these free coordinates, else 0; of the homogeneous equations for constant 0."""
    x = [free.get(j, Fraction(0)) for j in range(n)]
    if not columns:
        return x
    integers, scale = primitive_row(fmpq(v.numerator, v.denominator) for v in [*free.values(), Fraction(constant)])
    places = [*free, n]
    right = fmpz_mat([[row[j] for j in places] for row in equations]) * fmpz_mat([[-v] for v in integers])
    solution = fmpz_mat([[row[j] for j in columns] for row in equations]).solve(right)
    for k, j in enumerate(columns):
        x[j] = fraction_of(fmpq(solution[k, 0])) / scale
    return x


def _float_point(system: PreimageSystem) -> Floats | None:
    """A point with some room in the inequalities, in floats, near the shortest solution of the equations."""
    from scipy.linalg import qr, solve_triangular

    equations, rows = _floats([s.row for s in system.equations]), _floats([s.row for s in system.inequalities])
    count, n = len(equations), system.n
    x, null = np.zeros(n), np.eye(n)
    if count:
        turned, upper = qr(equations[:, :-1].T, check_finite=False)
        x = turned[:, :count] @ solve_triangular(upper[:count], -equations[:, -1], trans=1, check_finite=False)
        null = turned[:, count:]
    if not np.isfinite(x).all():
        return None
    if not len(rows):
        return x
    reduced, size = rows[:, :-1] @ null, 1.0 + float(np.abs(x).max())
    for margin in MARGINS:
        t = least_distance(reduced.T, -rows[:, -1] - rows[:, :-1] @ x - margin * size, 0.0)
        if t is not None:
            return np.asarray(x + null @ t)
    return None


def _floats(rows: Sequence[IntegerRow]) -> Floats:
    """Rows in floats, their gradients of length 1."""
    if not rows:
        return np.zeros((0, 1))
    sizes = [max(map(abs, row)) or 1 for row in rows]
    floats = np.array([[nearest_float(Fraction(v, size)) for v in row] for row, size in zip(rows, sizes, strict=True)])
    lengths = np.linalg.norm(floats[:, :-1], axis=1, keepdims=True)
    return np.asarray(floats / np.where(lengths == 0, 1.0, lengths))
