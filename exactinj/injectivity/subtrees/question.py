"""What a process has to know to search subtrees, and what it does."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.domains import Domain
from exactinj.injectivity.subtrees.nodes import Node
from exactinj.injectivity.subtrees.part import Part
from exactinj.injectivity.subtrees.search import SubtreeSearch, UnluckyPrimeError
from exactinj.layers.dense import ReLULayer
from exactinj.work.clock import Clock, OutOfTimeError

__all__ = ["Outcome", "Question", "searched"]

FORMAT = "exactinj subtrees 2"

Outcome = Part | Collision | None  # None: the prime is no good


@dataclass(frozen=True)
class Question:
    """A layer on a domain, and the prime of the search."""

    layer: ReLULayer
    domain: Domain
    prime: int

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that parts of its proof depend on."""
        record = {"format": FORMAT, "layer": self.layer.digest, "domain": self.domain.record, "prime": self.prime}
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode("ascii")).hexdigest()


def searched(question: Question, budget: int, deadline: float | None, nodes: tuple[Node, ...]) -> Outcome:
    """What is below the nodes, as far as the budget of nodes and the time of day `deadline` allow."""
    clock = Clock(None if deadline is None else max(deadline - time.time(), 1e-3))
    search = SubtreeSearch(_problem_of(question), question.prime, clock)
    try:
        search.run(nodes, budget)
    except OutOfTimeError:
        pass
    except UnluckyPrimeError:
        return None
    return search.part() if search.collision is None else search.collision


@lru_cache(maxsize=1)
def _problem_of(question: Question) -> HomogeneousProblem:
    """The rows as integers, made once for many subtrees."""
    return HomogeneousProblem(question.layer, question.domain)
