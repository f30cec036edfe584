"""Injectivity of a whole network, decided: all cells, then all pairs of cells (N3 in ``docs/mathematics.md``).

On a cell the network is affine; if its rank is below n there, a point inside and a direction that is lost give a
collision. Otherwise only points of two cells can collide, which `pairs` decides pair by pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exactinj.certificates.cell_pairs import CellPairs, CellStep
from exactinj.certificates.collision import Collision
from exactinj.domains import Domain
from exactinj.errors import InternalError
from exactinj.exact.matrix import integer_nullspace
from exactinj.exact.numbers import power_of_two_below
from exactinj.injectivity.network_answer import NetworkAnswer
from exactinj.layers.dense_network import DenseNetwork
from exactinj.networks.bounds import CellBounds, bounds_of_cells
from exactinj.networks.cells import BothSides, Cell, NetworkFunctions, OneSide, enumerate_cells, exact_point
from exactinj.networks.pair_walk import PairWalk, node_of
from exactinj.networks.pairs import Apart, Meeting, PairCells, compare_cells
from exactinj.work.clock import Clock, OutOfTimeError
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["decide_network"]

REPORT_EVERY = 256


class _Progress:
    """What was done so far."""

    def __init__(self) -> None:
        self.cells = 0
        self.pairs = 0
        self.all_pairs: int | None = None

    @property
    def text(self) -> str:
        if self.all_pairs is None:
            return f"{self.cells} cells found so far"
        return f"{self.cells} cells, {self.pairs} of {self.all_pairs} pairs of them decided"

    def stats(self, clock: Clock) -> Statistics:
        explored = self.pairs / self.all_pairs if self.all_pairs else 0.0
        return Statistics(nodes=self.cells, refuters=self.pairs, explored=explored, seconds=clock.worked)


def decide_network(network: DenseNetwork, domain: Domain, clock: Clock) -> NetworkAnswer:
    """A verdict with its evidence; ``timed_out`` with counts when the clock runs out."""
    progress = _Progress()
    try:
        return _decided(network, domain, clock, progress)
    except OutOfTimeError:
        reason = f"out of time: {progress.text}; give a longer --timeout"
        return NetworkAnswer(Verdict.TIMED_OUT, reason, None, progress.stats(clock))


def _decided(network: DenseNetwork, domain: Domain, clock: Clock, progress: _Progress) -> NetworkAnswer:
    functions = NetworkFunctions(network, domain)
    steps: list[BothSides | OneSide | Cell] = []
    for step in enumerate_cells(functions, clock):
        steps.append(step)
        if not isinstance(step, Cell):
            continue
        if step.rank < network.n:
            pair = _lost_direction(functions, step)
            reason = f"on a cell its linear map has rank {step.rank}, below n = {network.n}"
            return _collision(network, domain, pair, reason, progress.stats(clock))
        progress.cells += 1
        clock.report(progress.text)
    cells = [step for step in steps if isinstance(step, Cell)]
    progress.all_pairs = len(cells) * (len(cells) - 1) // 2
    known = PairCells(functions, cells)
    bounds = bounds_of_cells(cells, known.bounds, clock)
    walk = PairWalk(node_of(steps, bounds), clock)
    found: list[Apart] = []
    for p, q in walk:
        outcome = compare_cells(known, p, q)
        if isinstance(outcome, Meeting):
            reason = f"two of its {len(cells)} cells share an output"
            return _collision(network, domain, (outcome.x, outcome.y), reason, progress.stats(clock))
        found.append(outcome)
        progress.pairs = walk.apart + len(found)
        if len(found) % REPORT_EVERY == 0:
            clock.report(progress.text)
    proof = _proof(steps, bounds, found)
    progress.pairs = progress.all_pairs
    apart = f", {walk.apart} of them by intervals" if walk.apart else ""
    reason = f"{len(cells)} cells cover the domain; no two share an output ({progress.all_pairs} pairs{apart})"
    return NetworkAnswer(Verdict.INJECTIVE, reason, proof, progress.stats(clock))


def _proof(steps: Sequence[BothSides | OneSide | Cell], bounds: CellBounds, found: Sequence[Apart]) -> CellPairs:
    """What was found out, as numbers."""
    ends = iter(bounds.bounds)
    cells: list[CellStep] = []
    for step in steps:
        if isinstance(step, BothSides):
            cells.append(0)
        elif isinstance(step, OneSide):
            cells.append((step.sign, *step.support))
        else:
            cells.append(tuple(None if end is None else end.support for pair in next(ends) for end in pair))
    return CellPairs(bounds.directions, tuple(cells), tuple((apart.left, apart.right) for apart in found))


Pair = tuple[tuple[Fraction, ...], tuple[Fraction, ...]]


def _lost_direction(functions: NetworkFunctions, cell: Cell) -> Pair:
    """A point inside the cell and another one on the line through it on which the map is constant."""
    direction = integer_nullspace(cell.linear_part, functions.network.n)[0]
    *_, last = cell.inside
    step = Fraction(1)
    for row in [*(row for row in cell.functions if any(row)), *functions.halfspaces]:
        value = sum(a * c for a, c in zip(row, cell.inside, strict=True))
        slope = sum(a * c for a, c in zip(row, direction, strict=False))
        if slope < 0:
            step = min(step, Fraction(value, -slope * last))
    step = step if step == 1 else power_of_two_below(step)
    x = exact_point(cell.inside)
    return x, tuple(value + step * part for value, part in zip(x, direction, strict=True))


def _collision(network: DenseNetwork, domain: Domain, pair: Pair, reason: str, stats: Statistics) -> NetworkAnswer:
    """The answer, after evaluating the network at both points in rationals."""
    x, y = pair
    if x == y or not (domain.contains(x) and domain.contains(y)) or network.evaluate(x) != network.evaluate(y):
        raise InternalError("a proposed pair does not collide in the network; please report this")
    return NetworkAnswer(Verdict.NOT_INJECTIVE, reason, Collision(x, y), stats)
