"""The packing engine: n pairwise disjoint refuters prove a layer of full spark injective, at any size.

Every point x of the domain has an active row in each refuter. If there are n disjoint ones, n different rows are active
at x, and if the rows are full spark these span R^n (T1 in `docs/mathematics.md`, "Disjoint refuters"). Generic circuits
have n + 1 rows, so that about ``m >= n (n + 1)`` rows are needed. Full spark itself is not proved: the answer rests on
it, says so, and is given only where the caller allows the assumption.

Where the rows left over are all negative at a point at which fewer than n rows are active, that is a collision.

Cost: n refuters, each about n products of all rows with a vector (`active_set`) and one exact nullspace; n = 64,
m = 5000 takes a second, n = 100, m = 16384 ten.
"""

from __future__ import annotations

from fractions import Fraction

from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.packing import FULL_SPARK, Packing
from exactinj.domains import RealSpace
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.packing.dependencies import dependent_rows
from exactinj.injectivity.packing.robust import largest_change
from exactinj.injectivity.packing.search import Packed, pack
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["PackingEngine", "change_of"]

LOOKS = 3  # at points where few rows are active
ROWS_NAMED = 8


class PackingEngine(Engine):
    """Proves layers injective if they are full spark; finds a collision now and then; else says how far it came."""

    name = "packing"

    def __init__(self, *, assume_full_spark: bool = False, seed: int = 0) -> None:
        self.assume_full_spark, self.seed = assume_full_spark, seed

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        n = problem.dimension
        best, rounds, looks = Packed((), None), 0, 0
        try:
            for packed in pack(problem, n, clock):
                rounds += 1
                best = max(best, packed, key=lambda found: len(found.supports))
                if packed.point is not None and looks < LOOKS and _few_active(problem, packed.point):
                    looks += 1
                    pair = collision_at(problem, packed.point)
                    if pair is not None:
                        reason = f"a point has too few active rows to span R^{n}"
                        return Answer(Verdict.NOT_INJECTIVE, reason, pair, Statistics(seconds=clock.worked))
            if len(best.supports) >= n:
                return self._packed(problem, best, clock)
        except OutOfTimeError:
            stats = Statistics(refuters=len(best.supports), seconds=clock.worked)
            return Answer(Verdict.TIMED_OUT, f"{_found(best, n)} when the time was up", None, stats)
        stats = Statistics(refuters=len(best.supports), seconds=clock.worked)
        needed = f"; a packing of refuters in general position needs m >= n (n + 1) = {n * (n + 1):,} rows"
        return Answer(Verdict.UNKNOWN, f"{_found(best, n)} in {rounds} rounds{needed}", None, stats)

    def _packed(self, problem: HomogeneousProblem, packed: Packed, clock: Clock) -> Answer:
        """The answer for n disjoint refuters."""
        n = problem.dimension
        dependent = dependent_rows(problem.weights_of(range(problem.m)), self.seed)
        stats = Statistics(refuters=len(packed.supports), seconds=clock.worked)
        found = f"{len(packed.supports)} pairwise disjoint refuters, so that {n} rows are active everywhere"
        if dependent is not None:
            rows = ", ".join(map(str, dependent[:ROWS_NAMED])) + (", ..." if len(dependent) > ROWS_NAMED else "")
            reason = f"{found}, but the rows {rows} are dependent: not full spark, so this proves nothing"
            return Answer(Verdict.UNKNOWN, reason, None, stats)
        if not self.assume_full_spark:
            reason = f"{found}: injective if any {n} rows are independent (full spark), which --assume full-spark takes"
            return Answer(Verdict.UNKNOWN, reason, None, stats)
        proof = Packing(packed.supports, problem.proof_rows, _epsilon(problem, packed.supports, clock))
        reason = f"{found}, and any {n} rows are assumed to be independent"
        return Answer(Verdict.INJECTIVE, reason, proof, stats, assumption=FULL_SPARK)


def _found(packed: Packed, n: int) -> str:
    return f"{len(packed.supports)} of the {n} pairwise disjoint refuters needed were found"


def _few_active(problem: HomogeneousProblem, point: tuple[int, ...]) -> bool:
    active = problem.active_rows(point)
    return active is not None and len(active) < problem.dimension


def _epsilon(problem: HomogeneousProblem, supports: tuple[tuple[int, ...], ...], clock: Clock) -> Fraction | None:
    """The change that n of the refuters allow; None off R^n, where one allows none, or if there is no time for it."""
    if not isinstance(problem.domain, RealSpace):
        return None
    changes: list[Fraction] = []
    for support in supports:
        clock.check()
        change = change_of(problem, support)
        if change is not None:
            changes.append(change)
    n = problem.dimension
    return sorted(changes, reverse=True)[n - 1] if len(changes) >= n else None


def change_of(problem: HomogeneousProblem, support: tuple[int, ...]) -> Fraction | None:
    """By how much the entries of the rows of a refuter may change, on R^n; None if it bears no change."""
    integers = [problem.rows[i] for i in support]
    scales = problem.layer.integer_rows
    factors = [scales[i][1] if i < problem.m else Fraction(1) for i in support]
    return _change(integers, factors, [i >= problem.m for i in support])


def _change(integers: list[tuple[int, ...]], factors: list[Fraction], fixed: list[bool]) -> Fraction | None:
    from exactinj.exact.circuits import circuit_multipliers

    multipliers = circuit_multipliers(integers)
    if multipliers is None:
        return None
    rows = [[value / factor for value in row] for row, factor in zip(integers, factors, strict=True)]
    return largest_change(rows, [mu * f for mu, f in zip(multipliers, factors, strict=True)], fixed)
