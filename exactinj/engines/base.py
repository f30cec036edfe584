"""The interface of engines: a layer and a domain in, a verdict with evidence out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from exactinj.domains import Domain
from exactinj.engines.clock import Clock
from exactinj.evidence.collision import Collision
from exactinj.evidence.result import Statistics, Verdict
from exactinj.evidence.tree_proof import FlatTree
from exactinj.layer import ReLULayer

__all__ = ["Answer", "Engine"]


@dataclass(frozen=True)
class Answer:
    """A verdict; `proof` is a tree for injective, a pair for not_injective, None otherwise."""

    verdict: Verdict
    reason: str
    proof: FlatTree | Collision | None = None
    stats: Statistics = field(default_factory=Statistics)


class Engine(ABC):
    """Decides injectivity. Must never answer from floating point or a solver's status alone."""

    name: str

    @abstractmethod
    def decide(self, layer: ReLULayer, domain: Domain, clock: Clock) -> Answer:
        """Decide whether ``ReLU(W x + b)`` is injective on the domain, within the clock's time."""
