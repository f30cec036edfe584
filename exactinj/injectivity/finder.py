"""The finder: collisions for layers of real size, by descent on the number of active rows.

A point with fewer than n active rows is a collision (T1 in `docs/mathematics.md`). Gaussian layers have such
points up to about m = 6.698 n (conjectured, for large n), and batches of annealed descents
(`exactinj.injectivity.descent`) reach them up to about m = 6.4 n; proofs of injectivity are out of reach long before.
The first batch is small and short, as most collisions are easy; later ones are wider and anneal twice as long each.

Floats find the point; `collision_at` proves it. The fewer active rows, the smaller the exact system that
remains, so descents are followed to the end of their annealing. The finder never says "injective".

Cost: two products with the (M, N) rows per step, `STEPS` steps and more per batch; then one exact system in as many
unknowns as rows are active.
"""

from __future__ import annotations

import numpy as np

from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.injectivity.descent import Batch, Found, spaces_of
from exactinj.injectivity.engine import Answer, Engine
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["FinderEngine", "find_collision"]

STEPS, MOST_STEPS = 150, 1200  # of the first batch, which take milliseconds for most collisions, and of late ones
FIRST, WIDEST = 4, 8  # descents side by side
ALWAYS_FRESH = 2  # batches before the first one that begins again
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
    search = _Search(problem, seed)
    fewest, looked, begun = problem.m, 0, 0
    while begun < starts:
        count = min(WIDEST if begun else FIRST, starts - begun)
        clock.report(
            f"finder: descents {begun + 1} to {begun + count} of {starts}, "
            f"fewest active rows so far {fewest} (n = {problem.dimension})"
        )
        begun += count
        for found, batch in search.descents(count, clock):
            improved = found.active < fewest
            fewest = min(fewest, found.active)
            if found.active < problem.dimension or (improved and looked < RANK_CHECKS):
                looked += 1
                clock.check()
                point = batch.space.exact(found.y)
                pair = None if point is None else collision_at(problem, point)
                if pair is not None:
                    return pair, found.active
    return None, fewest


class _Search:
    """Which descents come when: the spaces in turn, longer and longer, every other time again from the best point."""

    def __init__(self, problem: HomogeneousProblem, seed: int) -> None:
        self.batches = [Batch(space, seed) for space in spaces_of(problem)]
        self.best: tuple[Found, Batch] | None = None
        self.rounds = self.fresh = 0

    def descents(self, count: int, clock: Clock) -> list[tuple[Found, Batch]]:
        """The next so many; fewest active rows first, with the batch whose space a point is of."""
        steps = min(STEPS << self.rounds, MOST_STEPS)
        self.rounds += 1
        if self.best is not None and self.fresh >= ALWAYS_FRESH and self.rounds % 2:
            start, batch = self.best
            candidates = batch.again(start, count, steps, clock)
        else:
            batch = self.batches[self.fresh % len(self.batches)]
            candidates = batch.run(count, steps, clock)
            self.fresh += 1
        if candidates and (self.best is None or candidates[0].active <= self.best[0].active):
            self.best = candidates[0], batch
        return [(found, batch) for found in candidates]


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
