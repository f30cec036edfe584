"""The finder: collisions for layers of real size, by descent on the number of active rows.

A point with fewer than n active rows is a collision (T1 in `docs/mathematics.md`). Gaussian layers have such
points, and they are easy to reach, up to about m = 5 n; proofs of injectivity are out of reach long before. The search
minimises the smooth count ``sum_i sigmoid(h_i . y / tau)`` over unit vectors y (homogeneous coordinates, rows of
unit length), with tau annealed so that late steps see the rows near their boundary; the domain's rows
are pushed to the negative side with weight n. It starts at minus the mean of the unit rows, which is where Gaussian
layers are emptiest, later from perturbed starts.

Floats find the point; `collision_at` proves it. The fewer active rows, the smaller the exact system that
remains, so the first success is followed to the end of its annealing. The finder never says "injective".

Cost: two products with the (M, N) rows per step, `STEPS` steps per start; then one exact system in as many
unknowns as rows are active.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.exact.numbers import nearest_float
from exactinj.injectivity.engine import Answer, Engine
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["FinderEngine", "find_collision"]

Floats = NDArray[np.float64]

STEPS = 600
MOMENTUM = 0.9
STRIDE = 0.05
HOTTEST, COLDEST = 0.5, -1.5  # powers of ten of tau, in units of 1 / sqrt(N)
LONGEST_DESCENT = 4  # how much longer than STEPS later starts anneal
ROOM = 0.999  # of the radius, where descents stay
RANK_CHECKS = 3  # points with n or more active rows whose exact rank is still worth a look


class FinderEngine(Engine):
    """Finds collisions, proves nothing else: the verdict is ``not_injective`` or ``unknown``."""

    name = "finder"

    def __init__(self, seed: int = 0, starts: int = 40) -> None:
        self.seed = seed
        self.starts = starts

    @property
    def proves_injectivity(self) -> bool:
        return False

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        fewest = problem.m
        try:
            pair, fewest = find_collision(problem, clock, seed=self.seed, starts=self.starts)
        except OutOfTimeError:
            pair = None
        stats = Statistics(seconds=clock.worked)
        if pair is not None:
            reason = f"a point has {fewest} active rows, which do not span R^{problem.dimension}"
            return Answer(Verdict.NOT_INJECTIVE, reason, pair, stats)
        if clock.is_over:
            return Answer(Verdict.TIMED_OUT, "the finder ran out of time; give a longer --timeout", None, stats)
        reason = (
            f"{self.starts} descents found no point with fewer than n = {problem.dimension} active rows "
            f"(fewest: {fewest}); this proves nothing: use the tree engine, another --seed or more time"
        )
        return Answer(Verdict.UNKNOWN, reason, None, stats)


def find_collision(
    problem: HomogeneousProblem, clock: Clock, *, seed: int, starts: int
) -> tuple[Collision | None, int]:
    """A proven pair or None, and the fewest active rows seen. Raises `OutOfTimeError` at the deadline."""
    pair = _pair_of_a_half(problem, seed)
    if pair is not None:
        return pair, problem.m // 2
    descent = _Descent(problem, seed)
    fewest, looked = problem.m, 0
    for start in range(starts):
        clock.report(
            f"finder: descent {start + 1} of {starts}, fewest active rows so far {fewest} (n = {problem.dimension})"
        )
        point, active = descent.run(start, clock)
        if point is None:
            continue
        improved = active < fewest
        fewest = min(fewest, active)
        if active < problem.dimension or (improved and looked < RANK_CHECKS):
            looked += 1
            clock.check()
            pair = collision_at(problem, problem.exact_point(point.tolist()))
            if pair is not None:
                return pair, active
    return None, fewest


def _pair_of_a_half(problem: HomogeneousProblem, seed: int) -> Collision | None:
    """The shortcut for fewer than 2n rows on R^n: they are never injective.

    At a point x where no row but zero rows vanishes, the rows active at x and at -x are complementary, so one of the
    two has fewer than n; with a bias the same holds far out, at k x and -k x.
    """
    is_space = problem.domain.ball is None and not problem.boundary
    if problem.m >= 2 * problem.dimension or not is_space:
        return None
    random = np.random.default_rng(seed)
    x = [int(value) for value in random.integers(-1000, 1001, size=problem.dimension)]
    far = 1 + max(abs(row[-1]) for row in problem.rows) if problem.is_affine else 1
    for half in ([sign * far * value for value in x] for sign in (1, -1)):
        pair = collision_at(problem, (*half, 1) if problem.is_affine else half)
        if pair is not None:
            return pair
    return None


class _Descent:
    """The float part: unit rows, one seeded source of perturbed starts."""

    def __init__(self, problem: HomogeneousProblem, seed: int) -> None:
        rows, _ = problem.equilibrated
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        self.rows: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
        self.m = problem.m
        self.weight = np.ones(len(rows))
        self.weight[self.m :] = problem.dimension
        self.random = np.random.default_rng(seed)
        self.ball = _ScaledBall(problem) if problem.ball is not None else None
        self.centre = _unit(-(self.weight[:, None] * self.rows).mean(axis=0))
        if self.ball is not None:
            self.centre = self.ball.pulled_in(self.centre)

    def run(self, start: int, clock: Clock) -> tuple[Floats | None, int]:
        """One annealed descent: the point of the domain with the fewest active rows on its way."""
        size = self.rows.shape[1]
        y = self.centre
        if start > 0 or not y.any():
            y = _unit(y + self.random.standard_normal(size) * min(0.25 * (1 + start), 2.0) / np.sqrt(size))
        steps = STEPS * min(1 + start // 4, LONGEST_DESCENT)
        velocity = np.zeros(size)
        best: Floats | None = None
        fewest = self.m + 1
        for tau in np.logspace(HOTTEST, COLDEST, steps) / np.sqrt(size):
            clock.check()
            values = self.rows @ y
            active = int(np.count_nonzero(values[: self.m] >= 0))
            if active < fewest and np.all(values[self.m :] < 0):
                best, fewest = y, active
            gradient = (self.weight * _bump(values / tau)) @ self.rows
            gradient -= y * (gradient @ y)
            length = float(np.linalg.norm(gradient))
            if length == 0:
                break
            velocity = MOMENTUM * velocity - gradient * (STRIDE * np.sqrt(tau * np.sqrt(size)) / length)
            y = _unit(y + velocity)
            if self.ball is not None:
                y = self.ball.pulled_in(y)
        return best, fewest


class _ScaledBall:
    """The ball of the domain for float points in the scaled homogeneous coordinates."""

    def __init__(self, problem: HomogeneousProblem) -> None:
        _, shifts = problem.equilibrated
        self.scale = np.exp2(shifts.astype(float))
        ball = problem.ball
        center = ball.interior_point(problem.dimension) if ball is not None else ()
        self.center = np.array([nearest_float(value) for value in center])
        self.radius = ROOM * (nearest_float(ball.radius) if ball is not None else 1.0)

    def pulled_in(self, y: Floats) -> Floats:
        """The nearest point of the ball on the way to its center; the center for points at infinity or beyond."""
        with np.errstate(all="ignore"):
            *head, last = (y * self.scale).tolist()
            offsets = np.array(head) / last - self.center if last > 0 else np.zeros(len(head))
            length = float(np.linalg.norm(offsets))
            if last > 0 and length <= self.radius:
                return y
            inside = self.center + (offsets * (self.radius / length) if 0 < length < np.inf else 0.0)
            moved = np.array([*inside, 1.0]) / self.scale
        return _unit(moved) if np.isfinite(moved).all() else y


def _bump(values: Floats) -> Floats:
    """The derivative of the sigmoid."""
    small = np.exp(-np.minimum(np.abs(values), 500.0))
    bump: Floats = small / (1 + small) ** 2
    return bump


def _unit(vector: Floats) -> Floats:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector
