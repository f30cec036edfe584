"""What a decision about a convolution comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from exactinj.certificates.collision import Collision
from exactinj.certificates.conv_certificate import ConvProof
from exactinj.layers.convolution import Sizes
from exactinj.work.verdict import Statistics, Verdict

__all__ = ["ConvAnswer"]


@dataclass(frozen=True)
class ConvAnswer:
    """A verdict about a convolution with its proof, the size or sizes it holds for, and how it was found.

    `opposite_sizes` are sizes for which the opposite was proved on the way; `assumption` is what the verdict rests on.
    """

    verdict: Verdict
    reason: str
    engine: str
    proof: ConvProof | None = None
    sizes: tuple[int, ...] | Sizes | None = None
    witness: Collision | None = None
    stats: Statistics = field(default_factory=Statistics)
    explanation: tuple[str, ...] = ()
    opposite_sizes: Sizes | None = None
    assumption: str | None = None

    @property
    def share(self) -> Fraction:
        """The part of all sizes from some size on that the verdict holds for."""
        return self.sizes.share if isinstance(self.sizes, Sizes) else Fraction(0)
