"""From floats to exact points inside a domain, with short numbers; and bounds and random starts in floats."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import frexp, prod

import numpy as np

from exactinj.domains import Box, Domain, NonnegativeOrthant
from exactinj.layers.network import ExactTensor, Shape
from exactinj.networks.descent.floats import FloatNetwork, Floats
from exactinj.networks.sparse import Places
from exactinj.work.clock import Clock

__all__ = ["Ground", "Room"]

BITS = 22  # behind the point, relative to the narrowest side of a box that is narrower than 1
MARGIN = 1 / 1024  # of each side of a box that is kept free
FAR = 1e6
SCALES = (1.0, 0.25, 4.0, 16.0)


@dataclass(frozen=True)
class Room:
    """A domain of an input as bounds in floats, a margin within it."""

    lower: Floats  # (entries, 1)
    upper: Floats
    shape: Shape
    bits: int

    @classmethod
    def of(cls, domain: Domain, shape: Shape) -> Room | None:
        """None for domains without bounds that floats hold apart."""
        n = prod(shape)
        lower, upper, bits = np.full((n, 1), -FAR), np.full((n, 1), FAR), BITS
        if isinstance(domain, NonnegativeOrthant):
            lower[:] = 2.0**-8
        elif isinstance(domain, Box):
            sides = domain.for_dimension(n)
            ends = [ExactTensor.of_fractions(list(side), (n, 1)).floats() for side in (sides.lower, sides.upper)]  # type: ignore[arg-type]
            width = ends[1] - ends[0]
            lower, upper = ends[0] + MARGIN * width, ends[1] - MARGIN * width
            if not (np.isfinite(width).all() and (ends[0] < lower).all() and (upper < ends[1]).all()):
                return None
            bits += max(0, -frexp(float(width.min()))[1])
        return cls(lower, upper, tuple(shape), bits)

    def clipped(self, x: Floats) -> Floats:
        return np.minimum(np.maximum(x, self.lower), self.upper)

    def starts(self, rng: np.random.Generator, count: int) -> Floats:
        """Random points (entries, points): of several scales, or all over a box."""
        n = len(self.lower)
        scale = np.tile(SCALES, count)[:count]
        out = scale * rng.standard_normal((n, count))
        middle, half = (self.upper + self.lower) / 2, (self.upper - self.lower) / 2
        inside = middle + half * rng.uniform(-1.0, 1.0, (n, count))
        bounded = (half < FAR / 4)[:, 0]
        out[bounded] = inside[bounded]
        out = np.where(self.lower >= 0, np.abs(out), out)
        return self.clipped(out)

    def exact(self, x: Floats) -> ExactTensor:
        """One point (entries,), rounded."""
        scale = 1 << self.bits
        numerators = np.empty(len(x), dtype=object)
        numerators[:] = [round(Fraction(value) * scale) for value in x.tolist()]
        return ExactTensor(numerators.reshape(self.shape), scale).reduced()


@dataclass(frozen=True)
class Ground:
    """What all descents of one search share: the network in floats, where inputs may lie, and until when to look."""

    net: FloatNetwork
    room: Room
    clock: Clock
    coordinates: Places  # the entries of the input that may differ, in order
