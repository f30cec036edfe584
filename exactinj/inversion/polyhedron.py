"""The affine hull of a polyhedron and a point in its relative interior, exactly, or that it is empty.

Rows ``r_i(t, tau) >= 0`` on a chart of the equations. By Gordan, either some point makes all of them and tau positive,
and the polyhedron has the chart's dimension; or ``sum lambda_i r_i = 0`` with positive lambda on some of them. If tau
is among these, the polyhedron is empty. If not, each of these rows vanishes on all of the polyhedron: they are
equations, whose chart is smaller. This ends after at most n rounds, each one exact least-distance program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mat

from exactinj.errors import InternalError
from exactinj.exact.alternatives import inside_or_support, ray_or_support
from exactinj.exact.circuits import circuit_multipliers
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import rational_from
from exactinj.inversion.chart import Chart, Contradiction, chart_of
from exactinj.work.clock import Clock

__all__ = ["Empty", "Filled", "empty_by", "filled_or_empty"]

FINEST = 64  # bits behind the point that are tried before a long number is shown


@dataclass(frozen=True)
class Filled:
    """The affine hull of the polyhedron, and a point of its relative interior in the hull's coordinates."""

    hull: Chart
    t: tuple[Fraction, ...]


@dataclass(frozen=True)
class Empty:
    """Positive multipliers of inequalities by place: their combination is negative on the chart."""

    multipliers: dict[int, int]


def filled_or_empty(chart: Chart, inequalities: Sequence[IntegerRow], clock: Clock) -> Filled | None:
    """The polyhedron ``<a, x> + c <= 0`` in a chart; None if it is empty, which `empty_by` proves."""
    hull = chart
    while True:
        clock.check()
        live = []
        for row in hull.pulled_back(inequalities):
            if any(row[:-1]):
                live.append(tuple(-value for value in row))
            elif row[-1] > 0:
                return None
        tau = (*([0] * hull.dimension), 1)
        point, support = inside_or_support([*live, tau])
        if point is not None:
            return Filled(hull, _short_point(live, point))
        if len(live) in support:
            return None
        inner = chart_of([live[k] for k in support], hull.dimension)
        if isinstance(inner, Contradiction):
            return None
        hull = hull.followed_by(inner)


def empty_by(chart: Chart, inequalities: Sequence[IntegerRow]) -> Empty:
    """Why the polyhedron is empty: multipliers whose combination of the rows is a positive constant on the chart."""
    rows = [tuple(-value for value in row) for row in chart.pulled_back(inequalities)]
    wrong = next((k for k, row in enumerate(rows) if row[-1] < 0 and not any(row[:-1])), None)
    if wrong is not None:
        return Empty({wrong: 1})
    tau = (*([0] * chart.dimension), 1)
    live = [k for k, row in enumerate(rows) if any(row)]
    _, support = ray_or_support([rows[k] for k in live], [tau])
    factors = circuit_multipliers([*(rows[live[k]] for k in support[:-1]), tau])
    if not support or support[-1] != len(live) or factors is None:
        raise InternalError("an empty polyhedron has no circuit that says so; please report this")
    return Empty({live[k]: factor for k, factor in zip(support, factors[:-1], strict=False)})


def _short_point(rows: Sequence[IntegerRow], point: IntegerRow) -> tuple[Fraction, ...]:
    """A point with ``r > 0`` for every row, with short numbers where that is possible."""
    t = [Fraction(value, point[-1]) for value in point[:-1]]
    for bits in range(0, FINEST, 2):
        grid = Fraction(2) ** bits
        rounded = [math.floor(value * grid + Fraction(1, 2)) / grid for value in t]
        integers, _ = primitive_row(rational_from(value) for value in [*rounded, Fraction(1)])
        if not rows or min((fmpz_mat([list(row) for row in rows]) * fmpz_mat([[v] for v in integers])).entries()) > 0:
            return tuple(rounded)
    return tuple(t)
