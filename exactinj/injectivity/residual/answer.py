"""What deciding a residual block comes to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from exactinj.certificates.residual_certificate import ResidualProof
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["ENGINE", "ResidualAnswer"]

ENGINE = "p-matrix"


@dataclass(frozen=True)
class ResidualAnswer:
    """A verdict; `proof` is about minors or cells for injective, a pair for not_injective, None otherwise."""

    verdict: Verdict
    reason: str
    proof: ResidualProof | None = None
    stats: Statistics = field(default_factory=Statistics)
    explanation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.proof is not None:
            object.__setattr__(self, "stats", replace(self.stats, explored=1.0))
