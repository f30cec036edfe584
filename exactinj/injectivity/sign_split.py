"""The engine sign-split: injectivity by the criterion T1 of `docs/mathematics.md`, with early termination.

A layer is injective on K exactly if at every point of the interior of K the active rows span R^n. The
search splits K by signs of rows. It goes on below a node only where a collision can be left: the rows P
known to be nonnegative do not span, and no circuit contradicts the signs. At such a node either some
point has every row outside span(P) negative, which is a collision, or a circuit says that one of a few
rows without a sign is nonnegative, and the node splits there. Each split adds to the rank of P, so the
depth is at most n; the cost is about ``sum_{d < n} C(n + d, d)`` nodes for rows in general position and
up to 2^n for ``[B; -DB]``, whose 2^n wedges have nothing in common.

The compiled kernel searches and proves; this file answers in rationals what it cannot prove, watches
the clock, and turns the outcome into evidence (`docs/certificates.md`, rule ``sign-split``).
"""

from __future__ import annotations

from exactinj.alternatives.exact_program import SeparatingPoint
from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.alternatives.signed_rows import circuit_or_point
from exactinj.certificates.collision import Collision
from exactinj.certificates.sign_split import compact_sign_split
from exactinj.certificates.supports import SupportTable
from exactinj.errors import InternalError
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.subtrees.answers import colliding, injective, out_of_time
from exactinj.injectivity.subtrees.parts import answer_in_parts
from exactinj.injectivity.subtrees.plan import Plan
from exactinj.injectivity.subtrees.search import PRIMES, SubtreeSearch, UnluckyPrimeError
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["SignSplitEngine"]

PLAN = Plan()


class SignSplitEngine(Engine):
    """Unconditional decision by splitting the domain by signs of rows.

    With `jobs` other than 1 (None for the backend that was chosen in joblib), or a `folder` in which parts are kept
    and from which a later search goes on, the search is done in parts.
    """

    name = "sign-split"

    def __init__(self, jobs: int | None = 1, folder: str | None = None, plan: Plan | None = None) -> None:
        self.jobs, self.folder, self.plan = jobs, folder, plan or PLAN

    @property
    def is_in_one_go(self) -> bool:
        """Whether it makes no parts."""
        return self.jobs == 1 and self.folder is None

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        if problem.rank_of(range(problem.m)) < problem.dimension:
            reason = f"the rows of W have rank below n = {problem.dimension}, so W has a null vector"
            pair = _collision_without_rank(problem, clock)
            return Answer(Verdict.NOT_INJECTIVE, reason, pair, Statistics(seconds=clock.worked))
        for prime in PRIMES:
            try:
                if self.is_in_one_go:
                    return _answer_in_one_go(SubtreeSearch(problem, prime, clock))
                return answer_in_parts(problem, prime, clock, processes=self.jobs, folder=self.folder, plan=self.plan)
            except UnluckyPrimeError:
                continue
        return Answer(
            Verdict.UNKNOWN,
            "the integer rows are dependent modulo each of the search's primes without being dependent; "
            "scale or perturb the rows, or use another engine",
        )


def _collision_without_rank(problem: HomogeneousProblem, clock: Clock) -> Collision:
    """Any interior point with a null vector of W."""
    signs = [0] * problem.m + [1] * (len(problem.rows) - problem.m)
    point = circuit_or_point(problem, signs, (), clock)
    pair = collision_at(problem, point.homogeneous) if isinstance(point, SeparatingPoint) else None
    if pair is None:
        raise InternalError("no collision found although W has a null vector; please report this")
    return pair


def _answer_in_one_go(search: SubtreeSearch) -> Answer:
    try:
        search.run()
    except OutOfTimeError:
        return out_of_time(search.statistics())
    stats = search.statistics()
    if search.collision is not None:
        return colliding(search.collision, stats)
    part = search.part()
    return injective(compact_sign_split(SupportTable(part.supports), part.tokens, search.problem.proof_rows), stats)
