"""Inputs whose value at some step is close to a given one, in floats: what a layer's colliding pair is pulled back by.

Gauss and Newton's method on the squared distance, from many starts at once; where the steps before are onto nearby, it
ends at a preimage.
"""

from __future__ import annotations

import numpy as np

from exactinj.networks.descent.floats import Floats, Front
from exactinj.networks.descent.placing import Ground

__all__ = ["nearest_inputs"]

STEPS = 12
HALVINGS = 5
CUTOFF = 1e-9  # of singular values


def nearest_inputs(ground: Ground, front: Front, target: Floats, starts: Floats) -> Floats:
    """Points (entries, points) with values close to a target (entries of the front,), one from each start.

    Only the ground's coordinates change.
    """
    x, at = starts.copy(), ground.coordinates
    errors = _errors(ground, front, target, x)
    for _ in range(STEPS):
        ground.clock.check()
        jacobians = ground.net.front_jacobians(front, x, at)
        rest = target[:, None] - ground.net.front_values(front, x)[1]
        steps = (np.linalg.pinv(jacobians, rcond=CUTOFF) @ rest.T[:, :, None])[:, :, 0].T
        before = errors.copy()
        for halving in range(HALVINGS):
            moved = x.copy()
            moved[at] += steps * 0.5**halving
            moved = ground.room.clipped(moved)
            new = _errors(ground, front, target, moved)
            better = (new < errors) & (errors == before)
            x[:, better], errors[better] = moved[:, better], new[better]
        if (errors == before).all():
            break
    return x


def _errors(ground: Ground, front: Front, target: Floats, x: Floats) -> Floats:
    return np.asarray(np.linalg.norm(ground.net.front_values(front, x)[1] - target[:, None], axis=0))
