"""Which subtrees are searched together: pieces of about the same size, from a first look at the tree.

At first the search goes on as without parts, which settles short ones. What is left open then lies on one path, and
the subtrees differ by orders of magnitude; large ones are opened node by node until none is left above a small share
of the whole. Measured on Gaussian layers, the guesses of `nodes` are right within a factor of three for 80 percent of
the subtrees, the largest has two percent of the nodes, and parts have no more nodes in all than the search at one go.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np

from exactinj.certificates.supports import SupportTable, used_supports
from exactinj.injectivity.subtrees.nodes import Node
from exactinj.injectivity.subtrees.part import OPEN, Part
from exactinj.injectivity.subtrees.search import SubtreeSearch

__all__ = ["Job", "Plan", "jobs_of", "likely_of", "opened"]


@dataclass(frozen=True)
class Plan:
    """How a search is cut; results depend on it only through the shape of the tree.

    head : nodes that are searched before anything is cut, about half a second
    short : likely nodes that are not worth a cut, as long as processes take to begin
    share : no subtree and no job may be likely to have more than one of so many shares of what is left, within limits:
    least, most : likely nodes of a job
    budget : nodes after which a job gives back what it has, with the rest open
    """

    head: int = 20_000
    short: int = 400_000
    share: int = 128
    least: int = 5_000
    most: int = 400_000
    budget: int = 1_500_000

    def size(self, nodes: Sequence[Node], dimension: int) -> int:
        """How many likely nodes a job may have where these nodes are open."""
        return min(max(likely_of(nodes, dimension) // self.share, self.least), self.most)


@dataclass(frozen=True)
class Job:
    """Neighbouring open nodes of a part, to be searched in one go; `place` is that of the first among the tokens."""

    place: int
    nodes: tuple[Node, ...]


@dataclass
class _Twig:
    """An open node, or one that was opened since."""

    node: Node
    token: int = OPEN
    twigs: list[_Twig] = field(default_factory=list)

    def preorder(self) -> Iterator[_Twig]:
        """It and all below it."""
        yield self
        for twig in self.twigs:
            yield from twig.preorder()


def likely_of(nodes: Sequence[Node], dimension: int) -> int:
    """How many nodes there may be below these."""
    return sum(node.likely(dimension) for node in nodes)


def opened(search: SubtreeSearch, plan: Plan) -> Part | None:
    """What a search has so far, its large open nodes replaced by what is below them; None if a collision was found."""
    dimension = search.problem.dimension
    twigs = [_Twig(node) for node in search.open]
    limit = plan.size(search.open, dimension)
    number = count()
    heap = [(-twig.node.likely(dimension), next(number), twig) for twig in twigs]
    heapq.heapify(heap)
    while heap and -heap[0][0] > limit:
        twig = heapq.heappop(heap)[2]
        twig.token, children = search.expand(twig.node)
        if search.collision is not None:
            return None
        twig.twigs = [_Twig(node) for node in children]
        for child in twig.twigs:
            heapq.heappush(heap, (-child.node.likely(dimension), next(number), child))
    return _in_preorder(search, twigs)


def _in_preorder(search: SubtreeSearch, twigs: Sequence[_Twig]) -> Part:
    """The part of a search whose last tokens are those of opened nodes, in any order."""
    every = [twig for root in twigs for twig in root.preorder()]
    search.open = []
    part = search.part()
    last = sum(twig.token != OPEN for twig in every)
    tokens = np.concatenate([part.tokens[: part.tokens.size - last], [twig.token for twig in every]])
    supports, tokens = used_supports(SupportTable(part.supports), tokens.astype(np.int32))
    nodes = tuple(twig.node for twig in every if twig.token == OPEN)
    return replace(part, supports=supports.codes, tokens=tokens, open=nodes)


def jobs_of(part: Part, dimension: int, plan: Plan) -> list[Job]:
    """The open nodes of a part in jobs, in order."""
    places = np.flatnonzero(part.tokens == OPEN).tolist()
    jobs: list[Job] = []
    most, size = plan.size(part.open, dimension), 0
    for place, node in zip(places, part.open, strict=True):
        likely = node.likely(dimension)
        if jobs and place == jobs[-1].place + len(jobs[-1].nodes) and size + likely <= most:
            jobs[-1] = replace(jobs[-1], nodes=(*jobs[-1].nodes, node))
            size += likely
        else:
            jobs.append(Job(place, (node,)))
            size = likely
    return jobs
