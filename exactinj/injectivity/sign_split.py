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
from exactinj.alternatives.signed_rows import (
    circuit_or_point,
)
from exactinj.certificates.collision import Collision
from exactinj.certificates.sign_split import compact_sign_split
from exactinj.certificates.supports import SupportTable
from exactinj.errors import InternalError
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.subtrees.search import PRIMES, SubtreeSearch, UnluckyPrimeError
from exactinj.kernels import signs as kernel
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["SignSplitEngine"]

WORK_PER_CALL = 5_000_000  # a few hundredths of a second of the kernel between two looks at the clock
ROOM_FOR_CIRCUITS = 4 * kernel.POOL_SCAN  # between two times that they are put aside, with those that are scanned
ROOM_FOR_TOKENS = 4096


class SignSplitEngine(Engine):
    """Unconditional decision by splitting the domain by signs of rows."""

    name = "sign-split"

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        if problem.rank_of(range(problem.m)) < problem.dimension:
            reason = f"the rows of W have rank below n = {problem.dimension}, so W has a null vector"
            pair = _collision_without_rank(problem, clock)
            return Answer(Verdict.NOT_INJECTIVE, reason, pair, Statistics(seconds=clock.worked))
        for prime in PRIMES:
            try:
                return _searched(SubtreeSearch(problem, prime, clock))
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


def _searched(search: SubtreeSearch) -> Answer:
    """The answer of a search from the root."""
    try:
        search.run()
    except OutOfTimeError:
        stats = search.statistics()
        reason = f"out of time after {stats.nodes:,} nodes with {stats.explored:.1%} of the tree closed"
        return Answer(Verdict.TIMED_OUT, f"{reason}; give a longer --timeout", None, stats)
    stats = search.statistics()
    if search.collision is not None:
        reason = "two different inputs have exactly the same output"
        return Answer(Verdict.NOT_INJECTIVE, reason, search.collision, stats)
    part = search.part()
    proof = compact_sign_split(SupportTable(part.supports), part.tokens, search.problem.proof_rows)
    return Answer(Verdict.INJECTIVE, "the active rows span in every wedge", proof, stats)
