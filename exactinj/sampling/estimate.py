"""What Monte Carlo Bias Estimation hands over: an estimate, with the sample behind every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from exactinj.domains import Sphere
from exactinj.errors import InputError
from exactinj.exact.numbers import exact_vector, fraction_from
from exactinj.exact.short import few, shortened
from exactinj.exact.surd import Surd
from exactinj.layers.dense import ReLULayer
from exactinj.sampling.frame import Frame
from exactinj.work.card import Card, ShownAsCard

if TYPE_CHECKING:
    from exactinj.sampling.samplers import Sampler

__all__ = ["AlphaEstimate", "Ending"]

Floats = NDArray[np.float64]

CLEARLY = Fraction(1, 10**6)  # relative to the sizes of a row and a point: far above the rounding of their product
TINIEST = Fraction(1, 2**500)  # its square is far above what underflow changes


class Ending(StrEnum):
    """Why sampling ended."""

    SAMPLES = "samples"
    RULE = "rule"
    TIME = "time"
    MERGED = "merged"


@dataclass(frozen=True, eq=False)
class AlphaEstimate(ShownAsCard):
    """A sampled estimate of alpha*, from above up to rounding: it certifies nothing.

    With greedy bases it estimates another bias, which may lie below alpha*.

    Attributes
    ----------
    frame : the rows; the layer's own bias plays no part
    sampler : where the samples came from
    values : (m,) float64, the least coefficient of each row over the samples that it is among the n largest of;
        infinity for a row that never was
    points : (m, n) float64, the sample that set each value; NaN where there is none
    samples : how many were drawn
    seeds : of the runs that it is made of
    backend, dtype : what drew the samples, and in which type; every value was computed in float64 at its point
    greedy : whether linearly independent rows were taken by decreasing coefficient, instead of the n largest
    subspace : dimension of the random subspaces that samples shared, 0 for independent ones; None if runs differ
    ended : why it ended: enough samples, the stopping rule, or time
    """

    frame: Frame
    sampler: Sampler
    values: Floats
    points: Floats
    samples: int
    seeds: tuple[int, ...]
    backend: str
    dtype: str
    greedy: bool = False
    subspace: int | None = 0
    ended: Ending = Ending.SAMPLES
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every row has a value."""
        return bool(np.isfinite(self.values).all())

    def merge(self, other: AlphaEstimate) -> AlphaEstimate:
        """The estimate of both runs together: minima, so nothing is lost.

        Raises `InputError` for another layer, another sampler, or another way of selecting rows.
        """
        if not self.frame.matches(other.frame) or self.greedy != other.greedy or self.sampler != other.sampler:
            raise InputError("found estimates of different layers, samplers or selections, expected two runs of one")
        repeated = set(self.seeds) & set(other.seeds)
        if repeated:
            raise InputError(f"found the seed {min(repeated)} in both runs, expected others; the samples repeat")
        lower = other.values < self.values
        return AlphaEstimate(
            self.frame,
            self.sampler,
            np.where(lower, other.values, self.values),
            np.where(lower[:, None], other.points, self.points),
            self.samples + other.samples,
            (*self.seeds, *other.seeds),
            self.backend if self.backend == other.backend else "several",
            self.dtype if self.dtype == other.dtype else "several",
            self.greedy,
            self.subspace if self.subspace == other.subspace else None,
            Ending.MERGED,
            self.seconds + other.seconds,
        )

    def exact(self, row: int) -> Surd:
        """The coefficient of a row at its point, exactly: at least alpha* of a domain that holds the point.

        The float point is read as the rational vector that it is. On a sphere it stands for its direction.

        Raises
        ------
        InputError
            For greedy bases, or if no sample set the row.
        """
        if self.greedy:
            raise InputError("found an estimate with greedy bases, which is none of alpha*; expected greedy=False")
        if not np.isfinite(self.values[row]):
            raise InputError(f"row {row} has no sample, expected one that set its value; draw more samples")
        products = self.frame.exact_products(self.points[row])
        above = sum(value > products[row] for value in products)
        if above >= self.frame.n:
            raise InputError(f"row {row} has {above} rows above it at its sample, exactly; expected fewer than n")
        own = products[row]
        if not isinstance(self.sampler.region, Sphere):
            return Surd.of_rational(own)
        length = sum((value * value for value in exact_vector(self.points[row])), Fraction(0))
        square = own * own * self.sampler.region.radius**2 / length
        return Surd((own > 0) - (own < 0), square)

    def is_mcbe_injective(self, alpha: Sequence[Any]) -> bool:
        """Whether ``alpha <= alpha*(X)`` in every row: "MCBE-injective" [Eck24, definition 4.1.3].

        Then n rows are active at every sample. It says nothing of other points: it is no proof of injectivity.

        alpha : (m,) rationals in the sign of the frame literature, ``ReLU(W x - alpha)``; compared exactly with the
            coefficients at `points`; a row that no sample selected has no bound
        """
        own = [fraction_from(value) for value in alpha]
        if len(own) != len(self.values):
            raise InputError(f"found alpha with {len(own)} entries, expected m = {len(self.values)}")
        return all(self._is_below(j, own[j]) for j in np.flatnonzero(np.isfinite(self.values)).tolist())

    def _is_below(self, row: int, value: Fraction) -> bool:
        """Whether a number is at most the coefficient of a row at its point: floats decide where they clearly can."""
        point, most = self.points[row], Fraction(float(self.values[row]))
        largest = (Fraction(float(np.abs(vector).max())) for vector in (point, self.frame.rows[row]))
        room = self.frame.n * prod((value + TINIEST for value in largest), start=CLEARLY)
        if abs(value - most) > room:
            return value < most
        products = zip(self.frame.exact_row(row), exact_vector(point), strict=True)
        return value <= sum((a * c for a, c in products), Fraction(0))

    def layer_with_bias(self) -> ReLULayer:
        """The layer ``ReLU(Wx - values)``, whose bias is an estimate from above: it certifies nothing.

        Raises
        ------
        InputError
            If no sample set the value of some row.
        """
        if not self.is_complete:
            row = int(np.flatnonzero(~np.isfinite(self.values))[0])
            raise InputError(f"row {row} has no sample, expected one that set its value; draw more samples")
        layer = self.frame.layer or ReLULayer(self.frame.rows)
        return layer.with_alpha(self.values)

    def __repr__(self) -> str:
        drawn = f"{self.samples:,} samples, {shortened(self.sampler.text)}"
        shape = f"m = {self.frame.m}, n = {self.frame.n}"
        return f"<AlphaEstimate: from {drawn}, {shape}, about {few(self.values[:5].tolist())}>"

    def _card(self) -> Card:
        facts = (
            ("samples", f"{self.samples:,}"),
            ("drawn from", shortened(self.sampler.text)),
            ("m, n", f"{self.frame.m}, {self.frame.n}"),
            ("values, from above", few(self.values.tolist(), 12)),
            ("rows without a sample", int(np.count_nonzero(~np.isfinite(self.values))) or None),
        )
        return Card("alpha*, an estimate", facts)

    def to_json(self) -> dict[str, object]:
        """The document of ``exactinj sample --json``: everything in it is an estimate."""
        return {
            "kind": "greedy estimate" if self.greedy else "estimate",
            "estimate": [float(value) if np.isfinite(value) else None for value in self.values],
            "samples": self.samples,
            "sampler": self.sampler.text,
            "subspace": self.subspace,
            "seeds": list(self.seeds),
            "ended_by": str(self.ended),
            "greedy": self.greedy,
            "backend": self.backend,
            "dtype": self.dtype,
            "layer": {
                "m": self.frame.m,
                "n": self.frame.n,
                "sha256": None if self.frame.layer is None else self.frame.layer.digest,
            },
            "seconds": round(self.seconds, 6),
        }
