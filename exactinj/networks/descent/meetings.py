"""Two points of different cells with equal values at a front, in floats: Newton's method on their difference.

The unknowns are both points, n + n numbers; the equations say that the front's values agree, and that the distance of
the points along a fixed direction stays as it is, so that they do not fall together. Where at most 2n - 1 equations
move there are solutions nearby in general, and a step inside the right two cells is exact. A step is the shortest one
that solves the linearised equations in the sense of least squares; it is halved until the difference gets smaller.
Many pairs go at once, each a column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exactinj.networks.descent.floats import Floats, Front
from exactinj.networks.descent.placing import Ground

__all__ = ["Meeting", "meetings"]

STEPS = 40
HALVINGS = 6
CLOSE = 1e-9  # of the size of the values
OVERSTEP = 1e-3  # of the size of the values, by which an entry that must be shut is shut
CUTOFF = 1e-10  # of singular values
WATCH = 8  # steps within which the difference must be halved
PASSES = 4  # in which unknowns are put to the ends of the domain
NEAR = 1 / 4  # of the first distance of two points, below which they count as fallen together
TINY = 1e-300

Columns = NDArray[np.bool_] | NDArray[np.int64]


@dataclass(frozen=True)
class Meeting:
    """Two points (entries,) with equal values at a front, up to rounding."""

    x: Floats
    y: Floats


@dataclass
class _Pairs:
    """Pairs on their way: columns of x and y, the values of the front at both, and the sizes of their difference."""

    x: Floats
    y: Floats
    left: Floats
    right: Floats

    @classmethod
    def at(cls, ground: Ground, front: Front, x: Floats, y: Floats) -> _Pairs:
        both = ground.net.front_values(front, np.concatenate([x, y], axis=1))[1]
        return cls(x, y, both[:, : x.shape[1]], both[:, x.shape[1] :])

    @property
    def difference(self) -> Floats:
        return self.left - self.right

    @property
    def errors(self) -> Floats:
        return np.asarray(np.linalg.norm(self.difference, axis=0))

    def chosen(self, columns: Columns) -> _Pairs:
        """Some of them."""
        return _Pairs(self.x[:, columns], self.y[:, columns], self.left[:, columns], self.right[:, columns])

    def replaced(self, columns: Columns, new: _Pairs) -> None:
        """Put others in the place of some."""
        for name in ("x", "y", "left", "right"):
            getattr(self, name)[:, columns] = getattr(new, name)


def meetings(ground: Ground, front: Front, x: Floats, y: Floats) -> list[Meeting]:
    """From pairs of points (entries, pairs) that differ at the ground's coordinates only to those that meet."""
    along = (x - y)[ground.coordinates]
    apart = np.linalg.norm(along, axis=0)
    x, y, along, apart = x[:, apart > 0], y[:, apart > 0], along[:, apart > 0] / apart[apart > 0], apart[apart > 0]
    pairs = _Pairs.at(ground, front, x.copy(), y.copy())
    watched, found = pairs.errors, []
    for k in range(STEPS):
        ground.clock.check()
        size = np.abs(pairs.left).max(axis=0, initial=0) + np.abs(pairs.right).max(axis=0, initial=0) + TINY
        done = np.abs(pairs.difference).max(axis=0, initial=0) <= CLOSE * size
        done &= np.linalg.norm(pairs.x - pairs.y, axis=0) > NEAR * apart
        found += [Meeting(pairs.x[:, c], pairs.y[:, c]) for c in np.flatnonzero(done)]
        going = ~done & (np.linalg.norm(pairs.x - pairs.y, axis=0) > NEAR * apart)
        if k and k % WATCH == 0:
            going &= pairs.errors < watched / 2
            watched = pairs.errors
        if not going.any():
            return found
        pairs, along = pairs.chosen(going), along[:, going]
        moved = _moved(ground, front, pairs, _steps(ground, front, pairs, along, OVERSTEP * size[going]))
        pairs, along = pairs.chosen(moved), along[:, moved]
        watched, apart = watched[going][moved], apart[going][moved]
    return found


def _moved(ground: Ground, front: Front, pairs: _Pairs, steps: Floats) -> NDArray[np.bool_]:
    """Move all pairs (in place), by as much of their step as makes the difference smaller; which of them moved."""
    errors, count = pairs.errors, len(ground.coordinates)
    left = np.arange(len(errors))
    for halving in range(HALVINGS):
        share = steps[:, left] * 0.5**halving
        x, y = pairs.x[:, left].copy(), pairs.y[:, left].copy()
        x[ground.coordinates] += share[:count]
        y[ground.coordinates] += share[count:]
        new = _Pairs.at(ground, front, ground.room.clipped(x), ground.room.clipped(y))
        better = new.errors < errors[left] * (1 - 1e-3)
        pairs.replaced(left[better], new.chosen(better))
        left = left[~better]
        if not left.size:
            break
    return ~np.isin(np.arange(len(errors)), left)


def _steps(ground: Ground, front: Front, pairs: _Pairs, along: Floats, overstep: Floats) -> Floats:
    """The shortest least-squares solutions (2 coordinates, pairs) of the linearised equations.

    An entry that one point shuts and the other does not is overshot.
    """
    number = pairs.x.shape[1]
    jacobians = ground.net.front_jacobians(front, np.concatenate([pairs.x, pairs.y], axis=1), ground.coordinates)
    left, right = jacobians[:number], jacobians[number:]  # (pairs, entries, coordinates)
    some = (np.abs(jacobians).max(axis=(0, 2)) > 0) if jacobians.size else np.zeros(jacobians.shape[1], dtype=bool)
    left, right, difference = left[:, some], right[:, some], pairs.difference[some].T
    shut = (left == 0).all(axis=2) | (right == 0).all(axis=2)
    target = -difference - np.where(shut, np.sign(difference) * overstep[:, None], 0.0)
    matrix = np.concatenate([left, -right], axis=2)
    scale = np.linalg.norm(matrix, axis=2)
    scale = np.where(scale > 0, scale, 1.0)
    last = np.concatenate([along, -along]).T[:, None, :]
    rows = np.concatenate([matrix / scale[:, :, None], last], axis=1)
    return _within(ground, pairs, rows, np.concatenate([target / scale, np.zeros((number, 1))], axis=1))


def _within(ground: Ground, pairs: _Pairs, rows: Floats, target: Floats) -> Floats:
    """The shortest solutions of rows (pairs, equations, unknowns), with what would leave the domain at its end."""
    at = ground.coordinates
    position = np.concatenate([pairs.x[at], pairs.y[at]]).T
    low, high = (np.tile(end[at, 0], 2) - position for end in (ground.room.lower, ground.room.upper))
    held, steps = np.zeros(position.shape, dtype=bool), np.zeros(position.shape)
    for _ in range(PASSES):
        rest = target - (rows @ np.where(held, steps, 0.0)[:, :, None])[:, :, 0]
        free = np.linalg.pinv(np.where(held[:, None, :], 0.0, rows), rcond=CUTOFF) @ rest[:, :, None]
        steps = np.where(held, steps, free[:, :, 0])
        outside = (steps < low) | (steps > high)
        steps = np.minimum(np.maximum(steps, low), high)
        if not (outside & ~held).any():
            break
        held |= outside
    return np.asarray(steps.T)
