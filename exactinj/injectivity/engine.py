"""The interface of engines: a problem in, a verdict with evidence out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.proof_text import Proof
from exactinj.work.clock import Clock
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["Answer", "Engine"]


@dataclass(frozen=True)
class Answer:
    """A verdict; `proof` is a tree for injective, a pair for not_injective, None otherwise.

    `decided_by` names the engine that gave the verdict when another one asked it, and `explanation` says step
    by step why that one was asked. A proof leaves nothing open: with one, `explored` is 1 whoever found it.
    `assumption` is what the verdict rests on, None for nothing.
    """

    verdict: Verdict
    reason: str
    proof: Proof | None = None
    stats: Statistics = field(default_factory=Statistics)
    decided_by: str | None = None
    assumption: str | None = None
    explanation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.proof is not None:
            object.__setattr__(self, "stats", replace(self.stats, explored=1.0))

    def chosen(self, engine: str, why: str) -> Answer:
        """The same answer, with a word on why this engine was asked."""
        return replace(self, reason=f"{self.reason} ({why})", decided_by=engine)


class Engine(ABC):
    """Decides injectivity; a subclass with a `name` is one more way, for ``certify(layer, engine=...)``.

    Must never answer from floating point or a solver's status alone: a verdict comes with its proof, a `Collision` for
    ``not_injective`` and a tree of ``docs/certificates.md`` for ``injective``, which `certify` verifies. ``unknown``
    needs a reason only. ``problem.layer`` and ``problem.domain`` are the question; ``clock.check()`` between steps
    keeps the deadline, ``clock.report`` tells how far the work is.

    >>> import exactinj as xi
    >>> class Halves(xi.Engine):
    ...     name = "halves"
    ...     def decide(self, problem, clock):
    ...         x = problem.domain.interior_point(problem.dimension)
    ...         y = [value / 2 - 1 for value in x]
    ...         return xi.Answer(xi.Verdict.NOT_INJECTIVE, "no row is active at either", xi.Collision(x, y))
    >>> print(xi.certify(xi.ReLULayer([[1, 1], [1, 2]], b=[-1, 0]), engine=Halves()).verdict)
    not_injective
    >>> print(xi.certify(xi.ReLULayer([[-1, -1], [1, 2]]), engine=Halves()).reason)
    the engine halves answered not_injective, which is not proved: a proposed pair does not collide in exact arithmetic
    """

    name: str

    @property
    def proves_injectivity(self) -> bool:
        """Whether it can answer ``injective`` at all."""
        return True

    @abstractmethod
    def decide(self, problem: HomogeneousProblem, clock: Clock) -> Answer:
        """Decide whether ``problem.layer`` is injective on ``problem.domain``, within the clock's time."""
