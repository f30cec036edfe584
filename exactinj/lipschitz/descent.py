"""Points where the active rows have a small singular value, for layers that no search goes through: floats propose.

From a point, the eigenvector v of the smallest eigenvalue tells which active rows hold it up: those with a large
``<w_i, v>^2``. A step goes against them along a line, into the cell on it with the smallest eigenvalue.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.numbers import exact_vector
from exactinj.lipschitz.points import Lines, interior_points
from exactinj.work.clock import Clock

__all__ = ["descended_points"]

Floats = NDArray[np.float64]
STARTS, STEPS, CELLS = 12, 60, 24  # descents, steps of one, cells that are looked at on a line
PATIENCE = 8  # steps without success


def descended_points(problem: HomogeneousProblem, seed: int, clock: Clock) -> Iterator[tuple[int, ...]]:
    """The ends of some descents as homogeneous integer vectors; whether they are inside has to be looked at."""
    random = np.random.default_rng(seed)
    w, b = problem.layer.W.to_float(), problem.layer.b.to_float()[:, 0]
    lines = Lines.of(problem)
    if not (np.isfinite(w).all() and np.isfinite(b).all()):
        return
    for start in interior_points(problem, STARTS, seed):
        if clock.is_over or not np.isfinite(start).all():
            return
        yield problem.homogeneous(exact_vector(_descended(lines, (w, b), start, random, clock).tolist()))


def _descended(
    lines: Lines, layer: tuple[Floats, Floats], x: Floats, random: np.random.Generator, clock: Clock
) -> Floats:
    w, b = layer
    best, vector = _least(w, w @ x + b > 0)
    failures = 0
    for _ in range(STEPS):
        if clock.is_over or failures > PATIENCE or best <= 0:
            return x
        active = w @ x + b > 0
        pull = (w @ vector) ** 2 * active
        direction = -(pull @ w) + 0.3 * np.linalg.norm(pull @ w) * random.standard_normal(x.size) / np.sqrt(x.size)
        if failures:
            direction = random.standard_normal(x.size)
        length = float(np.linalg.norm(direction))
        if not 0 < length < np.inf:
            return x
        times = lines.stops(x, direction / length)
        if times.size > CELLS:
            times = random.choice(times, CELLS, replace=False)
        found = [(*_least(w, w @ (y := x + time * direction / length) + b > 0), y) for time in times]
        value, eigenvector, y = min(found, key=lambda entry: entry[0])
        failures = failures + 1 if value >= best * (1 - 1e-9) else 0
        if value < best:
            best, vector, x = value, eigenvector, y
    return x


def _least(w: Floats, active: NDArray[np.bool_]) -> tuple[float, Floats]:
    rows = w[active]
    values, vectors = np.linalg.eigh(rows.T @ rows)
    return max(float(values[0]), 0.0) if len(rows) >= w.shape[1] else 0.0, vectors[:, 0]
