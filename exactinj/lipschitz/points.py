"""Random generic points of a domain's interior, where a search for small values looks first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.numbers import exact_vector, nearest_float

__all__ = ["Lines", "homogeneous_points", "interior_points", "point_of_cell"]

Floats = NDArray[np.float64]
RESTART = 16  # steps after which a walk begins again at the middle


def _float_rows(problem: HomogeneousProblem) -> Floats:
    """All rows of a problem with their offsets, (M, n + 1), each divided by its largest entry."""
    n = problem.dimension
    rows = np.zeros((len(problem.rows), n + 1))
    for line, row in zip(rows, problem.rows, strict=True):
        largest = max(map(abs, row)) or 1
        line[: len(row)] = [value / largest for value in row]
    return rows


@dataclass(frozen=True)
class Lines:
    """What lines through a domain meet: rows in floats, and the middle and the radius of a ball."""

    layer: Floats
    boundary: Floats
    ball: tuple[Floats, float] | None

    @classmethod
    def of(cls, problem: HomogeneousProblem) -> Lines:
        rows, ball, n = _float_rows(problem), problem.domain.ball, problem.dimension
        round_part = None
        if ball is not None:
            middle = np.array([nearest_float(value) for value in ball.interior_point(n)])
            round_part = middle, nearest_float(ball.radius)
        return cls(rows[: problem.m], rows[problem.m :], round_part)

    def stops(self, x: Floats, direction: Floats) -> Floats:
        """Times in the middle of the cells that the line ``x + t direction`` meets within the domain."""
        low, high = _room(self.boundary, x, direction)
        if self.ball is not None:
            middle, radius = self.ball
            low, high = _within_ball(x - middle, direction, radius, low, high)
        return _crossings(self.layer, x, direction, low, high)


def interior_points(problem: HomogeneousProblem, count: int, seed: int) -> Iterator[Floats]:
    """Points (n,) of a walk that goes along random lines into any of the cells that these meet.

    They are likely to be inside the domain and off all rows; who needs that has to look.
    """
    random, lines, n = np.random.default_rng(seed), Lines.of(problem), problem.dimension
    centre = np.array([nearest_float(value) for value in problem.domain.interior_point(n)])
    x = centre
    for step in range(count):
        if step % RESTART == 0:
            x = centre
        direction = random.standard_normal(n)
        direction /= np.linalg.norm(direction) or 1.0
        x = x + random.choice(lines.stops(x, direction)) * direction
        yield x


def point_of_cell(problem: HomogeneousProblem, active: NDArray[np.bool_]) -> Floats | None:
    """A point (n,) well inside the cell with these active rows, (m,), by a linear program; None if floats find none."""
    rows, n, m = _float_rows(problem), problem.dimension, problem.m
    lengths = np.linalg.norm(rows[:, :n], axis=1)
    signed = rows * np.where(np.concatenate([active, np.zeros(len(rows) - m, dtype=np.bool_)]), -1.0, 1.0)[:, None]
    signed, lengths = signed[lengths > 0], lengths[lengths > 0]
    bounds = [(None, None)] * n + [(0, 1)]
    found = linprog(-np.eye(n + 1)[n], np.column_stack([signed[:, :n], lengths]), -signed[:, n], bounds=bounds)
    return found.x[:n] if found.status == 0 and found.x[n] > 0 else None


def _room(boundary: Floats, x: Floats, direction: Floats) -> tuple[float, float]:
    """How far a line stays where all of these rows are negative."""
    with np.errstate(all="ignore"):
        values, slopes = boundary[:, :-1] @ x + boundary[:, -1], boundary[:, :-1] @ direction
        ends = -values / slopes
    high, low = ends[slopes > 0].min(initial=np.inf), ends[slopes < 0].max(initial=-np.inf)
    return float(min(low, 0.0)), float(max(high, 0.0))


def _within_ball(x: Floats, direction: Floats, radius: float, low: float, high: float) -> tuple[float, float]:
    half = float(x @ direction)
    root = np.sqrt(max(half * half - float(x @ x) + radius * radius, 0.0))
    return max(low, -half - root), min(high, -half + root)


def _crossings(rows: Floats, x: Floats, direction: Floats, low: float, high: float) -> Floats:
    """Times in the middle between those at which a line crosses rows, and beyond the last ones."""
    with np.errstate(all="ignore"):
        times = -(rows[:, :-1] @ x + rows[:, -1]) / (rows[:, :-1] @ direction)
    times = np.unique(times[np.isfinite(times) & (times > low) & (times < high)])
    first, last = (times[0], times[-1]) if times.size else (0.0, 0.0)
    reach = last - first if last > first else 1.0
    ends = [low if np.isfinite(low) else first - reach, high if np.isfinite(high) else last + reach]
    stops = np.array([ends[0], *times, ends[1]])
    middles: Floats = (stops[1:] + stops[:-1]) / 2
    return middles


def homogeneous_points(problem: HomogeneousProblem, count: int, seed: int) -> Iterator[tuple[int, ...]]:
    """The same as integer vectors of the problem, without rounding; none that is not finite."""
    for x in interior_points(problem, count, seed):
        if np.isfinite(x).all():
            yield problem.homogeneous(exact_vector(x.tolist()))
