"""One search of the engine sign-split in parts: over several processes, or going on where an earlier one ended.

The tree is cut into subtrees (`plan`), which are searched (`question`) by this process, by others or by a cluster
(`outcomes`), kept (`stores`) and joined into one proof (`joining`). How it is cut depends neither on the number of
processes nor on which of them is quick, so that a proof that no deadline interrupted is the same to the byte.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.certificates.sign_split import compact_sign_split
from exactinj.certificates.supports import SupportTable
from exactinj.injectivity.engine import Answer
from exactinj.injectivity.subtrees.answers import colliding, injective, out_of_time
from exactinj.injectivity.subtrees.joining import joined
from exactinj.injectivity.subtrees.nodes import ROOT
from exactinj.injectivity.subtrees.outcomes import LostWorkerError, Workers
from exactinj.injectivity.subtrees.part import Part
from exactinj.injectivity.subtrees.plan import Job, Plan, jobs_of, likely_of, opened
from exactinj.injectivity.subtrees.question import Question
from exactinj.injectivity.subtrees.search import SubtreeSearch, UnluckyPrimeError
from exactinj.injectivity.subtrees.stores import FolderStore, MemoryStore, Store
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["answer_in_parts"]


def answer_in_parts(
    problem: HomogeneousProblem, prime: int, clock: Clock, *, processes: int | None, folder: str | None, plan: Plan
) -> Answer:
    """Decide a layer whose rows have full rank, over so many processes; `UnluckyPrimeError` for another prime.

    With a folder, parts are kept there, and parts of an earlier search are taken from there.
    """
    question = Question(problem.layer, problem.domain, prime)
    store: Store = MemoryStore() if folder is None else FolderStore(folder, question)
    top = store.known((ROOT,))
    if top is None:
        first = _first_look(problem, prime, clock, plan)
        if isinstance(first, Answer):
            return first
        top = first
        store.keep((ROOT,), top)
    workers = Workers(processes, question, plan.budget, None if clock.left is None else time.time() + clock.left)
    return _Parts(problem, clock, workers, store, plan).answer(top)


def _first_look(problem: HomogeneousProblem, prime: int, clock: Clock, plan: Plan) -> Part | Answer:
    """An answer if that is soon found, else the top of the tree."""
    search = SubtreeSearch(problem, prime, clock)
    part = None
    try:
        search.run(budget=plan.head)
        if search.collision is None:
            if likely_of(search.open, problem.dimension) <= plan.short:
                search.run(search.open)
            else:
                part = opened(search, plan)
    except OutOfTimeError:
        return out_of_time(search.statistics())
    if search.collision is not None:
        return colliding(search.collision, search.statistics())
    if part is not None:
        return part
    part = search.part()
    proof = compact_sign_split(SupportTable(part.supports), part.tokens, search.problem.proof_rows)
    return injective(proof, part.stats)


class _Parts:
    """The search below the top; mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, clock: Clock, workers: Workers, store: Store, plan: Plan) -> None:
        self.problem, self.clock, self.workers, self.store, self.plan = problem, clock, workers, store, plan
        self.stats = Statistics()
        self.likely = self.left = 1  # nodes below the top: in all, and of jobs that are not done

    def answer(self, top: Part) -> Answer:
        """What all jobs come to, round by round: what a job leaves open becomes jobs of the next round."""
        waiting = self._jobs_after(top)
        self.likely = self.left = self._likely(waiting)
        try:
            while waiting:
                answer, waiting = self._round(waiting)
                if answer is not None:
                    return answer
                if waiting and (self.clock.is_over or self.workers.is_over()):
                    return out_of_time(self._statistics(), self.store.remedy)
        except LostWorkerError as error:
            reason = f"a process that searched a subtree was lost twice, perhaps out of memory ({error})"
            return Answer(
                Verdict.UNKNOWN, f"{reason}; {self.store.remedy}, with fewer --jobs", None, self._statistics()
            )
        self.clock.report("the parts of the proof are joined")
        proof = joined(self.problem, top, self._jobs_of, lambda job: self.store.taken(job.nodes), self.stats)
        return injective(proof, self._statistics())

    def _round(self, waiting: Sequence[Job]) -> tuple[Answer | None, list[Job]]:
        """An answer, or the jobs that are left."""
        fresh: list[Job] = []
        later: list[Job] = []
        for job in waiting:
            part = self.store.known(job.nodes)
            if part is None:
                fresh.append(job)
            else:
                later += self._jobs_after(part)
        fresh.sort(key=lambda job: -self._likely([job]))
        self.left = self._likely([*fresh, *later])
        begun: set[Job] = set()
        with closing(self.workers.outcomes(fresh)) as outcomes:
            for job, outcome in outcomes:
                begun.add(job)
                if isinstance(outcome, Collision):
                    return colliding(outcome, self._statistics()), []
                if outcome is None:
                    raise UnluckyPrimeError
                after = [job]
                if outcome.stats.nodes:
                    self.store.keep(job.nodes, outcome)
                    after = self._jobs_after(outcome)
                later += after
                self.left += self._likely(after) - self._likely([job])
                explored = self._statistics().explored
                self.clock.report(f"{self.stats.nodes:,} nodes in parts, {explored:.1%} of the tree closed")
        return None, [*later, *(job for job in fresh if job not in begun)]

    def _jobs_after(self, part: Part) -> list[Job]:
        """Count a part as done; the jobs for what it left open."""
        more = part.stats
        self.stats = replace(
            self.stats,
            nodes=self.stats.nodes + more.nodes,
            refuters=self.stats.refuters + more.refuters,
            proven_in_rationals=self.stats.proven_in_rationals + more.proven_in_rationals,
            pivots=self.stats.pivots + more.pivots,
        )
        return self._jobs_of(part)

    def _jobs_of(self, part: Part) -> list[Job]:
        return jobs_of(part, self.problem.dimension, self.plan)

    def _likely(self, jobs: Sequence[Job]) -> int:
        return sum(likely_of(job.nodes, self.problem.dimension) for job in jobs)

    def _statistics(self) -> Statistics:
        """`explored` counts likely nodes below the top."""
        explored = max(0.0, 1 - self.left / max(self.likely, 1))
        return replace(self.stats, explored=explored, seconds=self.clock.worked)
