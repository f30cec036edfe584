"""How much the threshold of full replica symmetry breaking depends on the steps, their interval and the grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import product

import numpy.typing as npt

from exactinj.gaussian.thresholds.full_rsb import TOLERANCE, solve_threshold
from exactinj.gaussian.thresholds.parisi_formula import Grid
from exactinj.gaussian.thresholds.parisi_state import geometric_steps, uniform_steps

__all__ = ["ConvergenceRow", "convergence"]

GRIDS = (Grid(), Grid(spacing=0.35), Grid(half_width=8.0))
INTERVALS = ((1.0, 15.0), (1.0, 20.0), (0.5, 20.0))


@dataclass(frozen=True)
class ConvergenceRow:
    """One computation: k steps from start to stop, geometric or equidistant, a grid; the ratio m / n, a float."""

    k: int
    start: float
    stop: float
    is_geometric: bool
    half_width: float
    spacing: float
    ratio: float
    iterations: int

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        return asdict(self)


def convergence(
    ks: Iterable[int] = (30, 50, 100, 200),
    *,
    intervals: Iterable[tuple[float, float]] = INTERVALS[1:2],
    grids: Iterable[Grid] = GRIDS[:1],
    geometric: bool = True,
    tolerance: float = TOLERANCE,
) -> list[ConvergenceRow]:
    """A row for each grid, interval and k, in this order.

    >>> for row in convergence((8, 16), tolerance=1e-3):
    ...     print(row.k, round(row.ratio, 3))
    8 6.698
    16 6.698
    """
    return [
        _row(k, interval, grid, geometric=geometric, tolerance=tolerance)
        for grid, interval, k in product(tuple(grids), tuple(intervals), tuple(ks))
    ]


def _row(k: int, interval: tuple[float, float], grid: Grid, *, geometric: bool, tolerance: float) -> ConvergenceRow:
    start, stop = interval
    steps: npt.ArrayLike = (geometric_steps if geometric else uniform_steps)(k, start=start, stop=stop)
    found = solve_threshold(steps, grid=grid, tolerance=tolerance)
    return ConvergenceRow(k, start, stop, geometric, grid.half_width, grid.spacing, found.ratio, found.iterations)
