"""The MILP engine: a mixed-integer program proposes a collision, exact arithmetic verifies it.

Theorem T2 (``docs/mathematics.md``): the layer is not injective exactly if the active rows of some
interior point do not span, that is, if there are y (homogeneous, ``y = (x, 1)`` up to a positive
factor), ``v != 0`` and one binary ``z_i`` per row with

* ``z_i = 0  =>  <h_i, y> <= -margin``, and ``<h, y> <= -margin`` for the rows of the domain,
* ``z_i = 1  =>  <w_i, v> = 0``.

Where any n rows are independent (full spark), ``sum z_i <= n - 1`` says the second without v.

All of it is homogeneous in y and in v, with a bias too: ``-1 <= y_j, v_j <= 1`` loses nothing, some
``v_j = 1`` can be demanded, and rows may be scaled to absolute sum 1. The big-M values are what
these boxes let a row reach, at most 1 + margin. Only the margin has no right value: it is what floating
point can tell from 0, and collisions of layers that are nearly degenerate may have less.

So what the solver proposes is checked in rationals, and where it fails, it fails for a reason that
is an exact inequality for every collision: independent active rows T give ``sum_T z_i <= n - 1``, a
refuter C among the inactive rows gives ``sum_C z_i >= 1``. If the solver finds nothing with a margin, it
is asked again for z and v under such inequalities alone, without y, which need no margin.

"Infeasible" is no proof, and ends in ``unknown``. Cost: exponential in m.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.exact_program import SeparatingPoint, refuter_or_point
from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.errors import InternalError
from exactinj.exact.matrix import rank_modulo_prime
from exactinj.injectivity.engine import Answer, Engine
from exactinj.injectivity.milp.program import Constraint, MixedProgram
from exactinj.injectivity.milp.solver import FEASIBILITY_TOLERANCE, SolverProcess, require_solver
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.log import LOGGER
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["MilpEngine"]

MARGIN = 10 * FEASIBILITY_TOLERANCE  # rows have absolute sum 1, so what a solver takes for zero is a tenth of it
MOST_PROPOSALS = 100  # per way of asking
MOST_ENTRIES = 100_000  # of the square submatrices that are looked at for dependent rows


class MilpEngine(Engine):
    """Proposes by CBC or HiGHS, verifies exactly; proves collisions only, never injectivity.

    `solver` is ``"cbc"`` or ``"highs"``. Raises `MissingExtraError` without the extra ``milp``.
    """

    name = "milp"

    def __init__(self, *, solver: str = "cbc") -> None:
        require_solver(solver)
        self.solver = solver

    @property
    def proves_injectivity(self) -> bool:
        return False

    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        with SolverProcess(self.solver, clock) as process:
            return _Search(problem, process, clock).run()


# --- the program -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cut:
    """``lower <= sum of z_i over rows <= upper``, true for every collision."""

    rows: tuple[int, ...]
    lower: int
    upper: int


@dataclass(frozen=True)
class _Question:
    """A program, the variable ``z_i`` of each row i, and how many variables at the front are y."""

    program: MixedProgram
    active: dict[int, int]
    columns: int


class _Builder:
    """Variables and constraints under construction."""

    def __init__(self) -> None:
        self.bounds: list[tuple[float, float]] = []
        self.binary: set[int] = set()
        self.constraints: list[Constraint] = []

    def continuous(self, bounds: Sequence[tuple[float, float]]) -> range:
        start = len(self.bounds)
        self.bounds += bounds
        return range(start, len(self.bounds))

    def binaries(self, count: int) -> range:
        numbers = self.continuous([(0.0, 1.0)] * count)
        self.binary.update(numbers)
        return numbers

    def at_most(self, upper: float, *parts: tuple[Iterable[int], Iterable[float]]) -> None:
        terms = tuple((i, float(a)) for numbers, values in parts for i, a in zip(numbers, values, strict=True) if a)
        self.constraints.append(Constraint(terms, upper=float(upper)))

    def total(self, numbers: Iterable[int], lower: float, upper: float) -> None:
        self.constraints.append(Constraint(tuple((i, 1.0) for i in numbers), lower, upper))


def _question(problem: HomogeneousProblem, cuts: Sequence[_Cut], *, margin: float | None, counting: bool) -> _Question:
    """The program of the head of this file; margin None leaves y out, counting leaves v out."""
    builder = _Builder()
    rows, _ = problem.equilibrated
    point = builder.continuous([] if margin is None else _box(rows[problem.m :]))
    matters = [i for i in range(problem.m) if any(problem.rows[i][: problem.dimension])]
    active = dict(zip(matters, builder.binaries(len(matters)), strict=True))
    if margin is not None:
        _add_point(builder, problem, point, active, margin)
    if counting:
        builder.total(active.values(), 0, problem.dimension - 1)
    else:
        _add_direction(builder, rows[:, : problem.dimension], active)
    for cut in cuts:
        builder.total((active[i] for i in cut.rows), cut.lower, cut.upper)
    program = MixedProgram(tuple(builder.bounds), frozenset(builder.binary), tuple(builder.constraints))
    return _Question(program, active, len(point))


def _box(boundary: NDArray[np.float64]) -> list[tuple[float, float]]:
    """[-1, 1] per coordinate, or the half of it that a row of the domain with one entry leaves."""
    box = [(-1.0, 1.0)] * boundary.shape[1]
    for row in boundary:
        (places,) = np.nonzero(row)
        if len(places) == 1:
            box[places[0]] = (0.0, 1.0) if row[places[0]] < 0 else (-1.0, 0.0)
    return box


def _add_point(
    builder: _Builder, problem: HomogeneousProblem, point: range, active: dict[int, int], margin: float
) -> None:
    """``<h, y> <= -margin`` for the domain, and for each row unless its z is 1."""
    box = np.array([builder.bounds[j] for j in point])
    for i, row in enumerate(problem.equilibrated[0]):
        if not row.any() or (i < problem.m and i not in active):
            continue
        scaled = row / np.abs(row).sum()
        if i >= problem.m:
            builder.at_most(-margin, (point, scaled))
        else:
            reach = float(np.maximum(scaled * box[:, 0], scaled * box[:, 1]).sum())
            builder.at_most(-margin, (point, scaled), ([active[i]], [-max(reach + margin, 0.0)]))


def _add_direction(builder: _Builder, weights: NDArray[np.float64], active: dict[int, int]) -> None:
    """``v != 0``, its largest entry 1, and ``|<w_i, v>| <= 1 - z_i``."""
    dimension = weights.shape[1]
    direction = builder.continuous([(-1.0, 1.0)] * dimension)
    largest = builder.binaries(dimension)
    builder.total(largest, 1, 1)
    for j in range(dimension):
        builder.at_most(1, ([direction[j]], [-1.0]), ([largest[j]], [2.0]))
    for i, number in active.items():
        size = np.abs(weights[i]).sum()
        if size > 0:
            for sign in (1, -1):
                builder.at_most(1, (direction, sign * weights[i] / size), ([number], [1.0]))


# --- the search ------------------------------------------------------------------------------------


class _Search:
    """Asks, verifies, cuts; mutable, used once."""

    def __init__(self, problem: HomogeneousProblem, process: SolverProcess, clock: Clock) -> None:
        self.problem = problem
        self.process = process
        self.solver = process.solver
        self.clock = clock
        self.counting = _looks_full_spark(problem)
        self.cuts: list[_Cut] = []
        self.proposals = 0
        self.refuters = 0

    def run(self) -> Answer:
        outcome = ""
        try:
            for margin in (MARGIN, None):
                found = self._ask(margin)
                if isinstance(found, Collision):
                    reason = f"two different inputs, proposed by {self.solver}, have exactly the same output"
                    return Answer(Verdict.NOT_INJECTIVE, reason, found, self._statistics())
                outcome = found
        except OutOfTimeError:
            reason = f"out of time while {self.solver} was looking for a collision, after {self.proposals} proposals"
            return Answer(Verdict.TIMED_OUT, f"{reason}; give a longer --timeout", None, self._statistics())
        reason = f"no collision found: {outcome}; use the engine tree to decide"
        return Answer(Verdict.UNKNOWN, reason, None, self._statistics())

    def _ask(self, margin: float | None) -> Collision | str:
        """Proposals until one is a collision, or a text that says why there is none."""
        for _ in range(MOST_PROPOSALS):
            question = _question(self.problem, self.cuts, margin=margin, counting=self.counting)
            purpose = f"{self.solver} looks for active rows that do not span, {self.proposals} proposals checked"
            values = self.process.propose(question.program, purpose)
            if isinstance(values, str):
                return f"{values}, which is no proof of injectivity"
            self.proposals += 1
            pair = self._verify(question, values)
            if pair is not None:
                return pair
            LOGGER.info("proposal %d of %s is no collision in exact arithmetic", self.proposals, self.solver)
        return f"{self.proposals} proposals of {self.solver} failed in exact arithmetic"

    def _verify(self, question: _Question, values: Sequence[float]) -> Collision | None:
        """The collision at the proposed point or on the proposed active set; None and a new cut if neither."""
        if question.columns:
            pair = collision_at(self.problem, self.problem.exact_point(values[: question.columns]))
            if pair is not None:
                return pair
        active = [i for i, number in question.active.items() if values[number] > 1 / 2]
        if self.problem.rank_of(active) == self.problem.dimension:
            self._cut_bases(active)
            return None
        return self._point_or_refuters(set(question.active) - set(active))

    def _cut_bases(self, active: Sequence[int]) -> None:
        """No collision has all rows of a basis active; disjoint bases, as many as there are."""
        rest = list(active)
        while len(basis := self._independent(rest)) == self.problem.dimension:
            self.cuts.append(_Cut(tuple(basis), 0, self.problem.dimension - 1))
            rest = [i for i in rest if i not in basis]

    def _independent(self, rows: Sequence[int]) -> list[int]:
        basis: list[int] = []
        for i in rows:
            if len(basis) < self.problem.dimension and not self.problem.spans(basis, i):
                basis.append(i)
        return basis

    def _point_or_refuters(self, inactive: set[int]) -> Collision | None:
        """A point where exactly verified signs make the rows inactive, or refuters that forbid it, disjoint."""
        first = True
        while True:  # on a ball the problem may get a new row at each turn
            count = self.problem.m
            allowed = [i >= count or i in inactive for i in range(len(self.problem.rows))]
            outcome = refuter_or_point(self.problem, allowed, (), self.clock)
            if isinstance(outcome, SeparatingPoint):
                return self._collision(outcome.homogeneous) if first else None
            self.problem = self.problem.with_cut(outcome.cut)
            rows = tuple(i for i in outcome.support if i < self.problem.m)
            self.cuts.append(_Cut(rows, 1, len(rows)))
            self.refuters += 1
            inactive = inactive.difference(rows)
            first = False

    def _collision(self, point: Sequence[int]) -> Collision:
        pair = collision_at(self.problem, point)
        if pair is None:
            raise InternalError("a point whose active rows do not span gave no collision; please report this")
        return pair

    def _statistics(self) -> Statistics:
        return Statistics(refuters=self.refuters, proven_in_rationals=self.proposals, seconds=self.clock.worked)


def _looks_full_spark(problem: HomogeneousProblem) -> bool:
    """Whether no n dependent rows are found: all subsets are looked at, or as many spread ones as are cheap.

    Independence modulo a prime is independence. A wrong yes can only make the engine miss a collision.
    """
    dimension = problem.dimension
    rows = [row for row in problem.weights_of(range(problem.m)) if any(row)]
    if len(rows) < dimension:
        return False
    most = 1 + MOST_ENTRIES // dimension**2
    everything = math.comb(len(rows), dimension) <= most
    subsets = combinations(range(len(rows)), dimension) if everything else _spread(len(rows), dimension, most)
    return all(rank_modulo_prime([rows[i] for i in subset]) == dimension for subset in subsets)


def _spread(count: int, size: int, most: int) -> Iterator[tuple[int, ...]]:
    """At most so many subsets of ``range(count)``: arithmetic progressions around the circle."""
    steps = (step for step in range(1, count) if size * math.gcd(step, count) <= count)
    return islice((tuple((i + step * k) % count for k in range(size)) for step in steps for i in range(count)), most)
