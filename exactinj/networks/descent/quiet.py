"""Points at which few neurons of a layer are active, by descent on the pre-activations of the others (N2).

Behind a layer of which at most k entries move, the Jacobian has rank at most k: with k below the number of inputs that
may change, two inputs of the cell collide. What is made small is the sum of ``max(z_i + margin, 0)`` over all entries i
of the layer but the k largest; a step is Polyak's, to the zero of its linearisation. Many starts go at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from exactinj.networks.descent.floats import Bend, Floats
from exactinj.networks.descent.placing import Ground
from exactinj.networks.sparse import Places

__all__ = ["Layer", "Quiet", "quiet_points"]

MARGIN = 1e-3  # of the usual size of a pre-activation
FLOOR = 0.3  # of the first norm, below which points do not shrink: without a bias nothing happens on the way to 0
RELAXATION = 1.3
STEPS = 120
TINY = 1e-300


@dataclass(frozen=True)
class Layer:
    """An activation by the number of its step, and the places of it that inputs which may change can reach."""

    number: int
    bend: Bend
    places: Places

    def opening(self, z: Floats) -> tuple[Floats, Floats]:
        """How far entries are from being shut (entries, points), <= 0 if they are, and which way z opens them."""
        z = z[self.places]
        opening, sign = z - self.bend.low, np.ones_like(z)
        if self.bend.high < inf:
            above = self.bend.high - z
            sign = np.where(above < opening, -1.0, 1.0)
            opening = np.minimum(opening, above)
        never = ~self.bend.can_close[self.places]
        opening[never] = inf
        return opening, sign


@dataclass(frozen=True)
class Quiet:
    """Points (entries, points) after the descent, and which entries of the layer are open (entries of it, points)."""

    x: Floats
    open: NDArray[np.bool_]


def quiet_points(
    ground: Ground, layer: Layer, starts: Floats, target: int | NDArray[np.bool_], move: Places | None = None
) -> Quiet:
    """Descend from starts (entries, points) until at most `target` entries are open, or only those of a target set.

    Only the entries `move` of the input change, where these are given.
    """
    net, read = ground.net, layer.bend.reads[0]
    still = np.zeros(len(starts), dtype=bool) if move is None else ~np.isin(np.arange(len(starts)), move)
    x, norm = starts, np.linalg.norm(starts, axis=0)
    margin = 0.0
    for _ in range(STEPS):
        ground.clock.check()
        values = net.values(x, layer.number)
        opening, sign = layer.opening(values[read])
        margin = margin or MARGIN * float(np.abs(values[read][layer.places]).mean()) + TINY
        excess = np.where(_spared(opening, target) | ~np.isfinite(opening), 0.0, np.maximum(opening + margin, 0.0))
        if not (excess > margin).any():
            break
        rows = np.zeros((len(values[read]), x.shape[1]))
        rows[layer.places] = np.where(excess > 0, sign, 0.0)
        gradient = net.gradient(values, read, rows, layer.number - 1)
        gradient[still] = 0.0
        square = (gradient**2).sum(axis=0)
        step = np.divide(RELAXATION * excess.sum(axis=0), square, out=np.zeros_like(square), where=square > 0)
        x = ground.room.clipped(_kept_large(x - step * gradient, norm))
    opening = layer.opening(net.values(x, layer.number)[read])[0]
    return Quiet(x, np.broadcast_to(opening > 0, (len(opening), x.shape[1])))


def _spared(opening: Floats, target: int | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The entries that may be open: the largest ones, or those given."""
    if not isinstance(target, int):
        return np.broadcast_to(target.reshape(len(opening), -1), opening.shape)
    spared = np.zeros(opening.shape, dtype=bool)
    if target >= len(opening):
        return ~spared
    if target > 0:
        largest = np.argpartition(opening, len(opening) - target, axis=0)[len(opening) - target :]
        np.put_along_axis(spared, largest, values=True, axis=0)
    return spared


def _kept_large(x: Floats, norm: Floats) -> Floats:
    now = np.linalg.norm(x, axis=0)
    factor = np.divide(FLOOR * norm, now, out=np.ones_like(now), where=(now > 0) & (now < FLOOR * norm))
    return np.asarray(x * factor)
