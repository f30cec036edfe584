"""The automatic choice: which engines to ask, in which order, and why.

The rule, with the measurements behind it in `benchmarks/README.md`:

1. Up to n = `EASY` the tree decides either way within hundredths of a second: ask it alone. A pair of antiparallel
   rows costs the tree one child only, so pairs do not count: the same for n less the number of their directions.
2. Above that a finder comes first. If there is a collision it is usually found within seconds at
   any size, and when it is not found the time is small beside what follows.
3. Then the layer is probably injective, and sign-split proves that three to four times as fast as the tree.
   With several processes they search its subtrees, up to n = `HARD_IN_PARTS`.
4. Above that, where there are at least about n^2 rows, n disjoint refuters are looked for first: they prove a
   layer of full spark injective at any size; without the assumption they are the reason of an ``unknown``.
5. Above it neither can finish on a layer in general position. The tree gets a bounded number of nodes
   and seconds, enough for structured layers such as `[B; -DB]`, and the honest answer after that is ``unknown``.
"""

from __future__ import annotations

from dataclasses import replace
from math import comb

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.finder import FinderEngine
from exactinj.injectivity.packing.engine import PackingEngine
from exactinj.injectivity.sign_split import SignSplitEngine
from exactinj.injectivity.tree import TreeEngine
from exactinj.injectivity.tree_state import opposite_pairs
from exactinj.work.clock import Clock
from exactinj.work.verdict import Verdict

__all__ = ["AutoEngine"]

EASY = 7
HARD = 14
HARD_IN_PARTS = 15
STARTS, STARTS_WHEN_HARD = 12, 40
NODES_WHEN_HARD = 300_000
WIDE = 0.9  # times n^2 rows, from which on packings are worth a look
SECONDS_TO_PACK = 300.0
SECONDS_WHEN_HARD = 60.0  # a single exact step can take long there


class AutoEngine(Engine):
    """Chooses by the dimension; the reason of the answer says what was chosen and why."""

    name = "auto"

    def __init__(
        self,
        seed: int = 0,
        *,
        assume_full_spark: bool = False,
        split: SignSplitEngine | None = None,
        portfolio: Engine | None = None,
    ) -> None:
        self.seed, self.assume_full_spark = seed, assume_full_spark
        self.split, self.portfolio = split or SignSplitEngine(), portfolio

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        m, n = problem.m, problem.dimension
        steps = [f"the layer has m = {m} rows in dimension n = {n}, m / n = {m / n:.2f}"]
        answer = self._decide(problem, clock, steps)
        steps.append(f"the engine {answer.decided_by} answers {answer.verdict} after {clock.worked:.2f} s")
        return replace(answer, explanation=tuple(steps))

    def _decide(self, problem: HomogeneousProblem, clock: Clock, steps: list[str]) -> Answer:
        n = problem.dimension
        if n <= EASY:
            steps.append(f"n is at most {EASY}: the tree decides either way in a fraction of a second")
            return _ask_tree(problem, clock, f"asked first because n = {n} is small")
        pairs = len(opposite_pairs(problem))
        steps.append(f"{pairs} directions have antiparallel rows that refute together")
        if n - pairs <= EASY:
            steps.append(f"each such pair costs the tree one child, which leaves {max(n - pairs, 0)} levels")
            return _ask_tree(problem, clock, f"asked first because of {pairs} pairs of antiparallel rows")
        if n > self._hardest:
            return (
                self._hard(problem, clock, steps) if self.portfolio is None else self.portfolio.decide(problem, clock)
            )
        found = self._found(problem, clock, steps, STARTS)
        if found.verdict is not Verdict.UNKNOWN:
            return found
        steps.append("without a collision the layer is probably injective, which sign-split proves fastest")
        return self._split(problem, clock, STARTS)

    @property
    def _hardest(self) -> int:
        """The largest n whose tree is searched without bounds, as far as the clock allows."""
        return HARD if self.split.is_in_one_go else HARD_IN_PARTS

    def _split(self, problem: HomogeneousProblem, clock: Clock, starts: int) -> Answer:
        return self.split.decide(problem, clock).chosen(SignSplitEngine.name, _without_collision(starts))

    def _hard(self, problem: HomogeneousProblem, clock: Clock, steps: list[str]) -> Answer:
        """The order for dimensions where no tree can finish on a layer in general position."""
        n = problem.dimension
        packed = self._packed(problem, clock, steps)
        if packed is not None and packed.verdict is not Verdict.UNKNOWN:
            return packed
        is_packed = packed is not None and packed.stats.refuters >= n  # only dependent rows can make it collide
        starts = STARTS if is_packed else STARTS_WHEN_HARD
        found = self._found(problem, clock, steps, starts)
        if found.verdict is not Verdict.UNKNOWN:
            return found
        if packed is not None and is_packed:
            return replace(packed, stats=replace(packed.stats, seconds=clock.worked))
        if self.split.folder is not None:
            steps.append(f"the search is kept in {self.split.folder}, so that it may take as long as it likes")
            return self._split(problem, clock, starts)
        size = len(str(sum(comb(n + depth, depth) for depth in range(n)))) - 1
        bound = f"{NODES_WHEN_HARD:,} nodes and {SECONDS_WHEN_HARD:.0f} s"
        steps.append(f"n is above {HARD}, and a full tree in general position has about 10^{size} nodes")
        steps.append(f"so the tree may use {bound}, enough for structured layers")
        why = _without_collision(starts)
        answer = _ask_tree(problem, clock.bounded(SECONDS_WHEN_HARD), why, NODES_WHEN_HARD)
        if answer.verdict is Verdict.TIMED_OUT and not clock.is_over:
            answer = replace(answer, verdict=Verdict.UNKNOWN)
        if answer.verdict is not Verdict.UNKNOWN:
            return answer
        advice = f"a full tree for n = {n} has about 10^{size} nodes, --engine tree tries all the same"
        return replace(answer, reason=f"{answer.reason}; {advice}")

    def _found(self, problem: HomogeneousProblem, clock: Clock, steps: list[str], starts: int) -> Answer:
        """What the finder says."""
        found = FinderEngine(self.seed, starts).decide(problem, clock)
        steps.append(f"the finder goes first, as its time is small beside the tree's: {found.reason}")
        return found.chosen(FinderEngine.name, f"the finder comes first for n = {problem.dimension}")

    def _packed(self, problem: HomogeneousProblem, clock: Clock, steps: list[str]) -> Answer | None:
        """What the packing engine says; None where there are not rows enough, or it takes too long."""
        m, n = problem.m, problem.dimension
        if m < WIDE * n * n:
            steps.append(f"there are too few rows, less than {WIDE} n^2, to look for n disjoint refuters")
            return None
        engine = PackingEngine(assume_full_spark=self.assume_full_spark, seed=self.seed)
        answer = engine.decide(problem, clock.bounded(SECONDS_TO_PACK))
        steps.append(f"with at least {WIDE} n^2 rows there may be n disjoint refuters: {answer.reason}")
        if answer.verdict is Verdict.TIMED_OUT:
            return None
        return answer.chosen(PackingEngine.name, f"asked first, as {m:,} rows are many for n = {n}")


def _without_collision(starts: int) -> str:
    return f"{starts} descents of the finder found no collision"


def _ask_tree(problem: HomogeneousProblem, clock: Clock, why: str, most_nodes: int | None = None) -> Answer:
    return TreeEngine(most_nodes).decide(problem, clock).chosen(TreeEngine.name, why)
