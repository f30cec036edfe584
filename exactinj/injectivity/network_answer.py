"""What deciding a whole network comes to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from exactinj.certificates.network_certificate import NetworkProof
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["NetworkAnswer"]


@dataclass(frozen=True)
class NetworkAnswer:
    """A verdict; `proof` is about cells for injective, a pair for not_injective, None otherwise."""

    verdict: Verdict
    reason: str
    proof: NetworkProof | None = None
    stats: Statistics = field(default_factory=Statistics)
    explanation: tuple[str, ...] = ()

    @property
    def engine(self) -> str:
        """The one way in which networks are decided."""
        return "cell-pairs"

    def __post_init__(self) -> None:
        if self.proof is not None:
            object.__setattr__(self, "stats", replace(self.stats, explored=1.0))
