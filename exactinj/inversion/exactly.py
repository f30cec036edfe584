"""All inputs of a layer with one output, exactly: one, several or none, each with its proof.

The preimage of y under ``x -> ReLU(Wx + b)`` on K is a polyhedron, cut by a ball if K has one: rows with ``y_i > 0``
are equations, rows with ``y_i = 0`` are inequalities, and so are the halfspaces of K. The equations are solved over Q
(`chart`). If they leave one point, it is evaluated; otherwise the affine hull of what the inequalities leave is
computed (`polyhedron`), and the ball is looked at last (`balls`). Whatever comes out is looked at again:
points are evaluated by the layer, Farkas vectors are added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpz_mat

from exactinj.errors import InternalError
from exactinj.exact.matrix import IntegerRow, primitive_row
from exactinj.exact.numbers import power_of_two_below, rational_from
from exactinj.inversion.balls import Nearest, nearest_to_center
from exactinj.inversion.chart import Chart, Contradiction, chart_of, combination, combined
from exactinj.inversion.farkas import Farkas, checked_farkas
from exactinj.inversion.generic import contradiction_of, interior_point_of
from exactinj.inversion.polyhedron import Filled, empty_by, filled_or_empty
from exactinj.inversion.system import PreimageSystem
from exactinj.work.clock import Clock

__all__ = ["Preimage", "preimage_of"]

LARGE = 24  # inputs, beyond which numbers become long


@dataclass(frozen=True)
class Preimage:
    """A point of the preimage, perhaps a second one, and its dimension; or a proof that it is empty."""

    reason: str
    x: tuple[Fraction, ...] | None = None
    second: tuple[Fraction, ...] | None = None
    dimension: int | None = None
    farkas: Farkas | None = None


def preimage_of(system: PreimageSystem, clock: Clock) -> Preimage:
    """Decide how many inputs have the output; `OutOfTimeError` at the clock's deadline."""
    if system.n > LARGE:
        found = _in_general_position(system, clock)
        if found is not None:
            return found
    chart = chart_of([s.row for s in system.equations], system.n)
    if isinstance(chart, Contradiction):
        return _contradicted(system, chart)
    clock.check()
    rows = [s.row for s in system.inequalities]
    filled = _one_point(chart, rows) if chart.dimension == 0 else filled_or_empty(chart, rows, clock)
    if filled is None:
        return _empty(system, chart, rows)
    found = _in_ball(system, filled)
    return found if found.x is None else _evaluated(system, found)


def _in_general_position(system: PreimageSystem, clock: Clock) -> Preimage | None:
    """What needs no basis of all solutions; None if it is not that."""
    wrong = contradiction_of([s.row for s in system.equations])
    if wrong is not None:
        return _contradicted(system, wrong)
    clock.check()
    inside = interior_point_of(system, clock)
    if inside is None:
        return None
    return _evaluated(system, _two_points(system, inside.x, inside.direction, inside.dimension))


def _contradicted(system: PreimageSystem, wrong: Contradiction) -> Preimage:
    farkas = checked_farkas(system, wrong.multipliers, {})
    return Preimage("the equations of the rows with positive outputs contradict each other", farkas=farkas)


def _one_point(chart: Chart, rows: Sequence[IntegerRow]) -> Filled | None:
    return None if any(row[-1] > 0 for row in chart.pulled_back(rows)) else Filled(chart, ())


def _empty(system: PreimageSystem, chart: Chart, rows: Sequence[IntegerRow]) -> Preimage:
    """The Farkas vector on the chart, completed by multipliers of the equations."""
    inequalities = {k: Fraction(value) for k, value in empty_by(chart, rows).multipliers.items()}
    shares = combination([s.row for s in system.equations], chart.pivots, combined(rows, inequalities)[:-1])
    equations = {k: -value for k, value in shares.items()}
    reason = "no input of the domain has these signs and values"
    return Preimage(reason, farkas=checked_farkas(system, equations, inequalities))


def _in_ball(system: PreimageSystem, filled: Filled) -> Preimage:
    """What the ball leaves of a polyhedron that is not empty."""
    x = filled.hull.point(filled.t)
    ball = system.domain.ball
    if ball is None or ball.distance_square(x) < ball.radius**2:
        return _filled(system, filled, x)
    nearest = nearest_to_center(system, ball)
    if nearest.square > ball.radius**2:
        return _outside(system, nearest)
    if nearest.square == ball.radius**2:
        return Preimage("the one point of the domain's ball that is not outside", nearest.x, dimension=0)
    share = ball.share_inside(nearest.x, x) / 2  # half of it stays strictly inside
    moved = [a + share * (c - a) for a, c in zip(nearest.x, x, strict=True)]
    return _filled(system, filled, moved)


def _outside(system: PreimageSystem, nearest: Nearest) -> Preimage:
    farkas = checked_farkas(system, nearest.equations, nearest.inequalities)
    return Preimage("every input with these signs and values lies outside the domain's ball", farkas=farkas)


def _filled(system: PreimageSystem, filled: Filled, x: Sequence[Fraction]) -> Preimage:
    """A point, and a second one if the affine hull is larger; x is in the relative interior, and inside the ball."""
    hull = filled.hull
    if hull.dimension == 0:
        full = len(hull.pivots.rows) == system.n
        why = "rows with positive outputs span R^n" if full else "the inequalities leave one point"
        return Preimage(why, tuple(x), dimension=0)
    return _two_points(system, x, [Fraction(value) for value in hull.columns[0][:-1]], hull.dimension)


def _two_points(
    system: PreimageSystem, x: Sequence[Fraction], direction: Sequence[Fraction], dimension: int
) -> Preimage:
    """A point and another one in a direction; x is in the relative interior."""
    step = _room(system, x, direction)
    second = tuple(value + step * move for value, move in zip(x, direction, strict=True))
    reason = f"the inputs with this output form a convex set of dimension {dimension}"
    return Preimage(reason, tuple(x), second, dimension)


def _room(system: PreimageSystem, x: Sequence[Fraction], direction: Sequence[Fraction]) -> Fraction:
    """A positive step that keeps all inequalities and stays in the ball."""
    step = Fraction(1)
    slopes, values = _values(system, [*direction, Fraction(0)]), _values(system, [*x, Fraction(1)])
    for slope, value in zip(slopes, values, strict=True):
        if slope > 0:
            step = min(step, power_of_two_below(-value / slope))
    ball = system.domain.ball
    if ball is None:
        return step
    end = [value + step * move for value, move in zip(x, direction, strict=True)]
    return step * ball.share_inside(x, end)


def _values(system: PreimageSystem, point: Sequence[Fraction]) -> list[Fraction]:
    """What the inequalities' rows are at homogeneous coordinates."""
    if not system.inequalities:
        return []
    integers, scale = primitive_row(rational_from(value) for value in point)
    product = fmpz_mat([list(s.row) for s in system.inequalities]) * fmpz_mat([[value] for value in integers])
    return [Fraction(int(value)) / scale for value in product.entries()]


def _evaluated(system: PreimageSystem, found: Preimage) -> Preimage:
    """The points again, by the layer and the domain themselves."""
    for point in (found.x, found.second):
        if point is not None and not system.holds_at(point):
            raise InternalError("a point found for an output does not have it; please report this")
    if (found.second is None) != (found.dimension == 0) or found.x == found.second:
        raise InternalError("a preimage and its dimension disagree; please report this")
    return found
