"""Two points of different cells with equal values at a front, in floats: Newton's method on their difference.

The unknowns are both points, n + n numbers; the equations say that the front's values agree, and that the distance of
the points along a fixed direction stays as it is, so that they do not fall together. Where at most 2n - 1 equations
move there are solutions nearby in general, and a step inside the right two cells is exact. A step is the shortest one
that solves the linearised equations in the sense of least squares; it is halved until the difference gets smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exactinj.networks.descent.floats import Floats, Front
from exactinj.networks.descent.placing import Ground

__all__ = ["Meeting", "met"]

STEPS = 40
HALVINGS = 6
CLOSE = 1e-9  # of the size of the values
OVERSTEP = 1e-3  # of the size of the values, by which an entry that must be shut is shut


@dataclass(frozen=True)
class Meeting:
    """Two points (entries,) with equal values at a front, up to rounding."""

    x: Floats
    y: Floats
    front: Front


@dataclass(frozen=True)
class _Sides:
    """The values of the front at both points, one below the other, and their derivatives along the coordinates."""

    left: Floats
    right: Floats
    left_moved: Floats
    right_moved: Floats

    @property
    def difference(self) -> Floats:
        return self.left - self.right


def met(ground: Ground, front: Front, x: Floats, y: Floats) -> Meeting | None:
    """From two points (entries,) that differ at some coordinates only to two that meet there; None if they do not."""
    coordinates, count = ground.coordinates, len(ground.coordinates)
    along = (x - y)[coordinates]
    length = float(along @ along)
    if not length > 0:
        return None
    along = along / length
    sides = _sides(ground, front, x, y)
    size = max(float(np.abs(sides.left).max(initial=0)), float(np.abs(sides.right).max(initial=0)), 1e-300)
    error = float(np.linalg.norm(sides.difference))
    for _ in range(STEPS):
        ground.clock.check()
        if np.abs(sides.difference).max(initial=0) <= CLOSE * size:
            return Meeting(x, y, front)
        step = _step(sides, along, OVERSTEP * size)
        for halving in range(HALVINGS):
            share = step * 0.5**halving
            moved_x, moved_y = x.copy(), y.copy()
            moved_x[coordinates] += share[:count]
            moved_y[coordinates] += share[count:]
            moved_x, moved_y = (ground.room.clipped(part[:, None])[:, 0] for part in (moved_x, moved_y))
            new = _sides(ground, front, moved_x, moved_y)
            if np.linalg.norm(new.difference) < error * (1 - 1e-3):
                break
        else:
            return None
        x, y, sides, error = moved_x, moved_y, new, float(np.linalg.norm(new.difference))
    return None


def _sides(ground: Ground, front: Front, x: Floats, y: Floats) -> _Sides:
    left, left_moved = _one_side(ground, front, x)
    right, right_moved = _one_side(ground, front, y)
    return _Sides(left, right, left_moved, right_moved)


def _one_side(ground: Ground, front: Front, x: Floats) -> tuple[Floats, Floats]:
    values = ground.net.values(x[:, None], front.last)
    moved = ground.net.moved(values, ground.directions, front.last)
    nothing = np.zeros((1, len(ground.coordinates)))
    columns = [moved[name] if name in moved else np.repeat(nothing, len(values[name]), axis=0) for name in front.names]
    return np.concatenate([values[name][:, 0] for name in front.names]), np.concatenate(columns)


def _step(sides: _Sides, along: Floats, overstep: float) -> Floats:
    """The shortest least-squares solution of the linearised equations; an entry that one point shuts is overshot."""
    matrix = np.concatenate([sides.left_moved, -sides.right_moved], axis=1)
    some = np.abs(matrix).max(axis=1) > 0
    difference = sides.difference[some]
    shut = (sides.left_moved[some] == 0).all(axis=1) | (sides.right_moved[some] == 0).all(axis=1)
    target = -difference - np.where(shut & (difference != 0), np.sign(difference) * overstep, 0.0)
    scale = np.linalg.norm(matrix[some], axis=1)
    rows = np.concatenate(
        [matrix[some] / scale[:, None], np.concatenate([along, -along])[None] / np.linalg.norm(along)]
    )
    return np.asarray(np.linalg.lstsq(rows, np.append(target / scale, 0.0), rcond=1e-10)[0])
