"""The automatic choice: which engines to ask, in which order, and why.

The rule, with the measurements behind it in `benchmarks/README.md`:

1. Up to n = `EASY` the tree decides either way within a fifth of a second: ask it alone. The same
   if there are n pairs of antiparallel rows, which the tree turns into one child each.
2. Above that a finder comes first. If there is a collision it is usually found within seconds at
   any size, and when it is not found the time is small beside the tree's.
3. The tree follows. Above n = `HARD` a full tree of a layer in general position has more nodes than
   anybody will wait for; it then gets a bounded number of nodes, enough for structured layers such
   as `[B; -DB]`, and the honest answer after that is ``unknown``.
"""

from __future__ import annotations

from dataclasses import replace
from math import comb

from exactinj.domains import Domain
from exactinj.engines.base import Answer, Engine
from exactinj.engines.clock import Clock
from exactinj.engines.finder import FinderEngine
from exactinj.engines.problem import HomogeneousProblem
from exactinj.engines.search_state import opposite_pairs
from exactinj.engines.tree import TreeEngine
from exactinj.evidence.result import Verdict
from exactinj.layer import ReLULayer

__all__ = ["AutoEngine"]

EASY = 8
HARD = 14
STARTS, STARTS_WHEN_HARD = 4, 40
NODES_WHEN_HARD = 300_000


class AutoEngine(Engine):
    """Chooses by the dimension; the reason of the answer says what was chosen and why."""

    name = "auto"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def decide(self, layer: ReLULayer, domain: Domain, clock: Clock) -> Answer:
        if layer.n <= EASY:
            return _ask_tree(layer, domain, clock, f"asked first because n = {layer.n} is small")
        pairs = len(opposite_pairs(HomogeneousProblem(layer, domain)))
        if pairs >= layer.n:
            return _ask_tree(layer, domain, clock, f"asked first because of {pairs} pairs of antiparallel rows")
        hard = layer.n > HARD
        starts = STARTS_WHEN_HARD if hard else STARTS
        found = FinderEngine(self.seed, starts).decide(layer, domain, clock)
        if found.verdict is not Verdict.UNKNOWN:
            return found.chosen(FinderEngine.name, f"the finder comes first for n = {layer.n}")
        why = f"{starts} descents of the finder found no collision"
        answer = _ask_tree(layer, domain, clock, why, NODES_WHEN_HARD if hard else None)
        if answer.verdict is not Verdict.UNKNOWN:
            return answer
        size = sum(comb(layer.n + depth, depth) for depth in range(layer.n))
        advice = (
            f"a full tree for n = {layer.n} has about 10^{len(str(size)) - 1} nodes; --engine tree tries all the same"
        )
        return replace(answer, reason=f"{answer.reason}; {advice}")


def _ask_tree(layer: ReLULayer, domain: Domain, clock: Clock, why: str, most_nodes: int | None = None) -> Answer:
    return TreeEngine(most_nodes).decide(layer, domain, clock).chosen(TreeEngine.name, why)
