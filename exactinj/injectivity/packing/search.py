"""Pairwise disjoint refuters, as many as there are columns.

Greedy: refuter after refuter among the rows that are left, each proved exactly. Where that stops short, the rows that
are left are all negative at some point x, so that the rows that are active at x were used up too fast: a refuter has to
use at least one of them and should use no more. Their weights shrink, the next round starts over, and rows that are
active at many such points enter last (multiplicative weights). Gaussian rows, n = 30, m = 1000, of which greedy packs
28: thirty refuters in the third round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.injectivity.packing.active_set import Proposal, Separation, propose
from exactinj.injectivity.packing.balance import propose_balanced
from exactinj.work.clock import Clock

__all__ = ["Packed", "pack"]

SHRINKING = 0.8  # of the weights of rows that ran out
ROUNDS_WITHOUT_GAIN = 25
BALANCED_ROUNDS = 2  # that use more rows than they need, for multipliers of one size
ROOMY = 1.15  # of n (d + 1) rows, from which on that may work
REPAIRS = 3  # tries where a proposed refuter is none
Support = tuple[int, ...]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Packed:
    """The most disjoint refuters that a round found, each proved, and where the rows left over are all negative.

    `point` is in homogeneous integers, a guess to look for collisions at; None if there were enough refuters.
    """

    supports: tuple[Support, ...]
    point: tuple[int, ...] | None


def pack(problem: HomogeneousProblem, wanted: int, clock: Clock) -> Iterator[Packed]:
    """Round after round the refuters found, the last time `wanted` of them, or until no round does better."""
    packer = _Packer(problem, wanted)
    best, idle = 0, 0
    for number in count(1):
        supports, separation = packer.round(clock, balanced=number <= BALANCED_ROUNDS)
        idle = 0 if len(supports) > best else idle + 1
        best = max(best, len(supports))
        clock.report(f"{best} of {wanted} disjoint refuters, round {number}")
        yield Packed(tuple(supports), None if separation is None else _point(problem, separation))
        if len(supports) >= wanted or idle >= ROUNDS_WITHOUT_GAIN:
            return
        if separation is not None:
            packer.spare(separation)


class _Packer:
    """The rows in floats, and how precious each has turned out to be."""

    def __init__(self, problem: HomogeneousProblem, wanted: int) -> None:
        self.problem, self.wanted = problem, wanted
        self.rows = _lifted(problem)
        self.weights = np.ones(len(self.rows))
        self.random = np.random.default_rng(0)
        self.is_roomy = problem.m >= ROOMY * wanted * (problem.columns + 1)

    def spare(self, separation: Floats) -> None:
        """Make the rows that are active at a point enter later from now on."""
        self.weights[self.rows @ separation > 0] *= SHRINKING
        self.weights /= self.weights.max()

    def round(self, clock: Clock, *, balanced: bool) -> tuple[list[Support], Floats | None]:
        """Disjoint refuters one after the other, and the direction in which the rows left over are negative."""
        free = np.ones(len(self.rows), dtype=bool)
        supports: list[Support] = []
        while len(supports) < self.wanted:
            clock.check()
            offered = np.flatnonzero(free)
            found = self._balanced(offered) if balanced and self.is_roomy else None
            if found is None:
                settled = self._plain(offered)
                if not isinstance(settled, tuple):
                    return supports, settled
                found = settled
            supports.append(found)
            free[[i for i in found if i < self.problem.m]] = False
        return supports, None

    def _balanced(self, offered: NDArray[np.int64]) -> Support | None:
        found = propose_balanced(self.rows, offered, self.weights, self.problem.m, self.random)
        return None if found is None else self._proved(found)

    def _plain(self, offered: NDArray[np.int64]) -> Support | Floats | None:
        """A proved refuter, or a direction that separates the rows, or None."""
        for _ in range(REPAIRS):
            found = propose(self.rows, offered, self.weights)
            if isinstance(found, Separation):
                return found.direction
            if found is None:
                return None
            support = self._proved(found)
            if support is not None:
                return support
            offered = np.setdiff1d(offered, found.support[:1])
        return None

    def _proved(self, found: Proposal) -> Support | None:
        support = tuple(sorted(found.support.tolist()))
        return support if self.problem.is_refuter(support) else None


def _lifted(problem: HomogeneousProblem) -> Floats:
    """The rows in floats, of length 1, with a one behind those of the layer and a zero behind the others."""
    scaled, _ = problem.equilibrated
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit = scaled / np.where(lengths > 0, lengths, 1.0)
    is_layer = (np.arange(len(unit)) < problem.m).astype(float)
    return np.hstack([unit, is_layer[:, None]])


def _point(problem: HomogeneousProblem, direction: Floats) -> tuple[int, ...] | None:
    point = problem.exact_point((direction[:-1] / np.abs(direction).max()).tolist())
    return point if any(point) else None
