"""Pairs of inputs that a layer moves closer together than any other that is found: they bound kappa from above.

``kappa = inf |f(x) - f(y)| / |x - y|`` over x != y in K. Floats look for pairs; the ratio of the best one is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.exact.numbers import exact_vector, nearest_float
from exactinj.lipschitz.points import interior_points, point_of_cell
from exactinj.lipschitz.search import CellValue

__all__ = ["ClosePair", "closest_pair"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SAMPLES, PAIRS, KEPT, TRIES, ROUNDS = 200, 10_000, 24, 24, 80
GRIDS = (1, 2, 3, 4, 8, 16, 64, 1 << 10, 1 << 20)


@dataclass(frozen=True)
class ClosePair:
    """Two different points of the domain and the exact ``|f(x) - f(y)|^2 / |x - y|^2``."""

    x: tuple[Fraction, ...]
    y: tuple[Fraction, ...]
    square: Fraction


def closest_pair(
    problem: HomogeneousProblem,
    best: CellValue,
    seed: int,
    *,
    effort: int = 1,
    cells: tuple[Mask, Mask] | None = None,
) -> ClosePair | None:
    """The best pair of a search by random steps; it begins at `best` and its vector, too.

    effort : multiplies both the pairs where it begins and its steps
    cells : the active rows, (m,), of two cells where to look as well
    """
    random = np.random.default_rng(seed)
    ratios = _Ratios.of(problem)
    samples = np.array(list(interior_points(problem, SAMPLES, seed))).reshape(-1, problem.dimension)
    samples = samples[np.isfinite(samples).all(axis=1)]
    if not (len(samples) and np.isfinite(ratios.w).all() and np.isfinite(ratios.b).all()):
        return None
    x = samples[random.integers(0, len(samples), PAIRS)]
    y = samples[random.integers(0, len(samples), PAIRS)]
    sides = np.array([[nearest_float(value) for value in best.point]] * 40)
    direction = np.array([nearest_float(value) for value in best.value.vector])
    size = float(np.median(np.abs(samples).max(axis=1))) or 1.0
    steps = size * np.concatenate([np.geomspace(1e-6, 1e3, 20), -np.geomspace(1e-6, 1e3, 20)])
    ends = sides + steps[:, None] * direction / (float(np.linalg.norm(direction)) or 1.0)
    along = size * np.array([[1.0], [1e-3], [1e3]]) * direction  # with its negative it is the worst of doubled rows
    x, y = np.concatenate([x, samples, sides, along]), np.concatenate([y, -samples, ends, -along])
    places = np.argsort(ratios(x, y))[: effort * KEPT]
    x, y = _improved(ratios, (x[places], y[places]), random, effort * ROUNDS)
    inside = [] if cells is None else [point_of_cell(problem, active) for active in cells]
    if cells is not None and inside[0] is not None and inside[1] is not None:
        starts = np.vstack([inside[0]] * KEPT), np.vstack([inside[1]] * KEPT)
        x2, y2 = _improved(replace(ratios, cells=cells), starts, random, effort * ROUNDS)
        x, y = np.concatenate([x, x2]), np.concatenate([y, y2])
    order = np.argsort(ratios(x, y))
    found = [pair for k in order[:4] for pair in _exact(problem, x[k], y[k])]
    return min(found, key=lambda pair: (pair.square, len(str(pair.x)) + len(str(pair.y))), default=None)


@dataclass(frozen=True)
class _Ratios:
    """``|f(x) - f(y)|^2 / |x - y|^2`` in floats; infinite where a pair is no pair of the domain, or of the cells.

    w, b : the layer over a power of two, so that no weight is above 1
    """

    problem: HomogeneousProblem
    w: Floats
    b: Floats
    cells: tuple[Mask, Mask] | None = None

    @classmethod
    def of(cls, problem: HomogeneousProblem) -> _Ratios:
        w, b = problem.layer.W.to_float(), problem.layer.b.to_float()[:, 0]
        exponent = int(np.frexp(np.abs(w).max())[1])
        return cls(problem, np.ldexp(w, -exponent), np.ldexp(b, -exponent))

    def __call__(self, x: Floats, y: Floats) -> Floats:
        with np.errstate(all="ignore"):
            values = x @ self.w.T + self.b, y @ self.w.T + self.b
            images = np.maximum(values[0], 0) - np.maximum(values[1], 0)
            distances = ((x - y) ** 2).sum(axis=1)
            ratios = (images**2).sum(axis=1) / distances
            sizes = np.abs(x).max(axis=1) + np.abs(y).max(axis=1)
            is_good = np.isfinite(ratios) & (distances > (1e-9 * sizes) ** 2)
            is_good &= _inside(self.problem, x) & _inside(self.problem, y)
        for side, active in zip(values, self.cells or (), strict=False):
            is_good &= ((side > 0) == active).all(axis=1)
        return np.where(is_good, ratios, np.inf)


def _inside(problem: HomogeneousProblem, x: Floats) -> NDArray[np.bool_]:
    n = problem.dimension
    inside = np.ones(len(x), dtype=np.bool_)
    for row in problem.domain.halfspaces(n):
        *normal, offset = (nearest_float(Fraction(value)) for value in row)
        inside &= x @ np.array(normal) + offset <= 0
    ball = problem.domain.ball
    if ball is not None:
        centre = np.array([nearest_float(value) for value in ball.interior_point(n)])
        inside &= ((x - centre) ** 2).sum(axis=1) <= nearest_float(ball.radius) ** 2
    return inside


def _improved(
    ratios: _Ratios, pairs: tuple[Floats, Floats], random: np.random.Generator, rounds: int
) -> tuple[Floats, Floats]:
    """Random steps of many sizes from each pair, of which the best one is taken."""
    x, y = pairs
    count, n = x.shape
    best = ratios(x, y)
    for _ in range(rounds):
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(x - y, axis=1)[:, None, None]
        sizes = 10.0 ** random.uniform(-7, 0.3, (count, TRIES, 1)) * np.where(np.isfinite(lengths), lengths, 0.0)
        moved = [side[:, None] + sizes * _steps(random, (count, TRIES, n)) for side in (x, y)]
        flat = [side.reshape(-1, n) for side in moved]
        found = ratios(*flat).reshape(count, TRIES)
        place = found.argmin(axis=1)
        better = found[np.arange(count), place] < best
        chosen = np.arange(count)[better], place[better]
        x[better], y[better], best[better] = moved[0][chosen], moved[1][chosen], found[chosen]
    return x, y


def _steps(random: np.random.Generator, shape: tuple[int, int, int]) -> Floats:
    """Normal ones; half of them are none, so that one side of a pair may move alone."""
    steps: Floats = random.standard_normal(shape) * random.integers(0, 2, (*shape[:2], 1))
    return steps


def _exact(problem: HomogeneousProblem, x: Floats, y: Floats) -> list[ClosePair]:
    """The pair as it is and rounded to coarse grids, as far as both points are in the domain."""
    size = float(max(np.abs(x).max(), np.abs(y).max())) or 1.0
    unit = Fraction(2) ** int(np.ceil(np.log2(size)))
    candidates = [(exact_vector(x.tolist()), exact_vector(y.tolist()))]
    for grid in GRIDS:
        step = unit / grid
        points = [tuple(step * round(value / step) for value in side) for side in candidates[0]]
        candidates.append((list(points[0]), list(points[1])))
    found = (_pair(problem, *map(tuple, pair)) for pair in candidates)
    return [pair for pair in found if pair is not None]


def _pair(problem: HomogeneousProblem, x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> ClosePair | None:
    distance = sum(((a - c) ** 2 for a, c in zip(x, y, strict=True)), Fraction(0))
    if not distance or not problem.domain.contains(x) or not problem.domain.contains(y):
        return None
    images = zip(problem.layer.evaluate(x), problem.layer.evaluate(y), strict=True)
    return ClosePair(x, y, sum(((a - c) ** 2 for a, c in images), Fraction(0)) / distance)
