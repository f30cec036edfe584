"""Whether a combination of coordinates seems to be lost at a point: ranks of derivatives at each front, in floats.

Exact derivatives of many coordinates take long; these tell which points and which few coordinates are worth them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.linalg import qr

from exactinj.networks.descent.floats import FloatNetwork, Floats, Front
from exactinj.networks.sparse import Places

__all__ = ["dependent_coordinates"]

CUTOFF = 1e-9  # of the largest pivot


def dependent_coordinates(net: FloatNetwork, x: Floats, coordinates: Sequence[int]) -> tuple[list[int], str] | None:
    """Some of the coordinates, as few as are dependent at the first front that loses some at x, and its last step.

    None if no front loses any.
    """
    at = np.array(sorted(coordinates), dtype=np.int64)
    directions = np.zeros((net.size, len(at)))
    directions[at, np.arange(len(at))] = 1.0
    values = net.values(x.reshape(-1, 1))
    moved = net.moved(values, directions)
    found = None
    for front in reversed(net.fronts):  # no front before one that loses nothing loses more
        rank, order = _rank_at(front, moved, len(at))
        if rank == len(at):
            break
        found = sorted(at[order[: rank + 1]].tolist()), net.steps[front.last].name
    return found


def _rank_at(front: Front, moved: Mapping[str, Floats], count: int) -> tuple[int, Places]:
    rows = np.concatenate([np.zeros((0, count)), *(moved[name] for name in front.names if name in moved)])
    return _rank(rows[(rows != 0).any(axis=1)])


def _rank(rows: Floats) -> tuple[int, Places]:
    """The numerical rank, and the columns with the pivots first."""
    if not rows.size:
        return 0, np.arange(rows.shape[1])
    triangle, order = qr(rows, mode="r", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    return int((diagonal > CUTOFF * diagonal[0]).sum()), order
