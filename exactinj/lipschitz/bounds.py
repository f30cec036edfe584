"""Both Lipschitz constants of a layer on a convex domain: two searches over cells, and one over pairs of inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

from flint import fmpq_mat

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.certificate import Certificate
from exactinj.certificates.gram import GramProof
from exactinj.domains import Domain
from exactinj.errors import InputError
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.answer import Published, Stability
from exactinj.lipschitz.descent import descended_points
from exactinj.lipschitz.enclosed import Bounds
from exactinj.lipschitz.frames import bounds_of_rows
from exactinj.lipschitz.gram import enclosed_least, gram_of
from exactinj.lipschitz.pair_program import is_installed
from exactinj.lipschitz.pair_search import bound_over_pairs
from exactinj.lipschitz.pairs import ClosePair, closest_pair
from exactinj.lipschitz.points import homogeneous_points
from exactinj.lipschitz.search import Enclosure, least_over_cells

if TYPE_CHECKING:
    from exactinj.work.clock import Clock

__all__ = ["stability_of"]

POINTS = 150
FEW_INPUTS = 5  # up to which the search finds the best cell soon
SHARE_OF_DESCENTS = 0.4
EFFORT = 6  # of a second search for pairs
FEWEST_INPUTS, PAIR_NODES = 2, 3_000  # of layers whose kappa a search over pairs of cells encloses soon; its nodes


def stability_of(
    layer: ReLULayer, domain: Domain, tolerance: Fraction, clock: Clock, *, seed: int = 0, pairs: int | None = None
) -> Stability:
    """Enclosures to a relative tolerance; `InputError` for a domain without interior points that floats find.

    pairs : nodes of the search over pairs of cells; by default as many as few inputs need, and none for more
    """
    problem = HomogeneousProblem(layer, domain)
    turned = HomogeneousProblem(_turned(layer), domain)
    total = -gram_of(layer.W.raw_rows(), layer.n)
    lower = _enclosed(problem, fmpq_mat(layer.n, layer.n), tolerance, seed, clock.part(0.6))
    upper = _enclosed(turned, total, tolerance, seed, clock)
    largest = replace(
        upper.best, active=tuple(i for i in range(layer.m) if i not in upper.best.active and _is_row(problem, i))
    )
    frame = bounds_of_rows(layer)
    sigma = Bounds(max(lower.at_least, Fraction(0)), max(lower.at_most, Fraction(0)))
    norm = Bounds(*frame.upper)
    top = Bounds(max(-upper.at_most, Fraction(0)), -upper.at_least)
    proof = GramProof(lower.proof, replace(upper.proof, bound=-upper.proof.bound))
    nodes = _nodes(layer.n) if pairs is None else pairs
    low, high, pair = _kappa(problem, lower, (tolerance, seed, nodes), clock)
    return Stability(
        layer=layer,
        domain=problem.domain,
        sigma_min_squared=sigma,
        lower_lipschitz=(_root(low), _root(high)),
        upper_lipschitz_squared=top,
        published=Published(_shared(sigma, 2 * layer.m), _shared(sigma, 4), _shared(sigma, 2), norm),
        smallest=lower.best,
        largest=largest,
        pair=pair,
        frame=frame,
        complete=lower.is_complete and upper.is_complete,
        nodes=lower.nodes + upper.nodes,
        seconds=clock.worked,
        certificate=Certificate(layer, problem.domain, proof),
    )


def _nodes(n: int) -> int:
    return PAIR_NODES if n <= FEWEST_INPUTS and is_installed() else 0


def _turned(layer: ReLULayer) -> ReLULayer:
    """The layer with all signs turned, whose active rows are those that are not."""
    rows = [[-value for value in row] for row in layer.W.fractions()]
    return ReLULayer(rows, [-value for (value,) in layer.b.fractions()])


def _is_row(problem: HomogeneousProblem, i: int) -> bool:
    return any(problem.rows[i])


def _enclosed(problem: HomogeneousProblem, start: fmpq_mat, tolerance: Fraction, seed: int, clock: Clock) -> Enclosure:
    points: Iterable[tuple[int, ...]] = homogeneous_points(problem, POINTS, seed)
    if problem.dimension > FEW_INPUTS and not any(start.entries()):
        points = chain(descended_points(problem, seed, clock.part(SHARE_OF_DESCENTS)), points)
    found = least_over_cells(problem, start, points, tolerance, clock)
    if found is None:
        raise InputError("no generic point was found inside the domain; it may be too narrow for floats")
    return found


def _kappa(
    problem: HomogeneousProblem, lower: Enclosure, how: tuple[Fraction, int, int], clock: Clock
) -> tuple[Fraction, Fraction, ClosePair | None]:
    """Both ends of kappa^2, and a pair that is better than A if there is one; a second try where they are far apart."""
    (tolerance, seed, nodes), (least, most) = how, (max(lower.at_least, Fraction(0)), max(lower.at_most, Fraction(0)))
    low, pair = max(least / 2, _always_active(problem)), None
    cells = None
    for effort in (1, EFFORT):
        if low >= most * (1 - tolerance):
            break
        found = closest_pair(problem, lower.best, seed, effort=effort, cells=cells)
        if found is not None and found.square < most:
            most, pair = found.square, found
        if not nodes:
            break
        if effort == 1:
            over = bound_over_pairs(problem, least, most * (1 - tolerance), nodes, clock)
            low, cells = max(low, over.at_least), over.cells
    return low, most, pair


def _always_active(problem: HomogeneousProblem) -> Fraction:
    """A lower bound of kappa^2 by the rows that are active on all of the domain: f is linear in these."""
    layer, always = problem.layer, []
    rows = zip(layer.W.raw_rows(), layer.W.fractions(), layer.b.fractions(), strict=True)
    for raw, row, (offset,) in rows:
        if problem.domain.is_nonnegative(row, offset):
            always.append(raw)
    return max(enclosed_least(gram_of(always, layer.n))[0], Fraction(0))


def _shared(bounds: Bounds, divisor: int) -> Bounds:
    return Bounds(bounds.at_least / divisor, bounds.at_most / divisor)


def _root(square: Fraction) -> Surd:
    return Surd(int(square > 0), square)
