"""Large patches around a few places: collisions for every size that a linear program sees.

Windows of many inputs and long strides meet a single place only a few times: 64 kernels 7x7x3 with stride 2 have 9
windows, 576 rows, around a place, and these see 363 inputs. Rows in general position that are fewer than twice the
inputs are all negative somewhere with a probability of over one half (Wendel), and then the place may change.
`patches_of` is the same search by descent for patches of few inputs; here the point is the solution of

    max t   with   <h_i, y> <= -t  for the rows of windows and the domain,   -1 <= y <= 1

in floats, which `collision_at` makes exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactinj.alternatives.pairing import collision_at
from exactinj.alternatives.problem import HomogeneousProblem
from exactinj.certificates.collision import Collision
from exactinj.domains import Domain, RealSpace
from exactinj.injectivity.convolution.patches import Patch, patches_of
from exactinj.layers.convolution import ConvLayer
from exactinj.work.clock import Clock

__all__ = ["large_patches", "negative_pair"]

LARGEST = 1_500  # inputs of a patch
LARGEST_MATRIX = 3_000_000  # entries of its rows
MOST_PATCHES = 4
HOPEFUL = 1.9  # rows for each input on R^n; at 2 half of the programs have a negative point
HOPEFUL_ELSEWHERE = 0.9  # on other domains, which have about one more row for each input
MOST_FREE = 2  # places along each axis
SLOWEST_PROGRAM = 30.0  # seconds


def large_patches(group: ConvLayer, domain: Domain, fewest: int) -> list[Patch]:
    """Patches of more than `fewest` inputs whose rows are few enough to be all negative somewhere; best ones first."""
    hopeful = HOPEFUL if isinstance(domain, RealSpace) else HOPEFUL_ELSEWHERE
    found: dict[Patch, float] = {}
    for width in range(1, MOST_FREE + 1):
        for patch in patches_of(group, width):
            fits = fewest < patch.columns <= LARGEST and patch.row_count * patch.columns <= LARGEST_MATRIX
            if fits and patch.window_rows <= hopeful * patch.columns:
                found[patch] = patch.window_rows / patch.columns
    order = sorted(found, key=lambda patch: (-patch.sizes().share, patch.columns, found[patch]))
    return order[:MOST_PATCHES]


def negative_pair(problem: HomogeneousProblem, window_rows: int, clock: Clock) -> Collision | None:
    """Two inputs of a patch with one output, at a point where all windows are negative; None if none was found."""
    rows, _ = problem.equilibrated
    chosen = np.concatenate([rows[:window_rows], rows[problem.m :]])
    point = _most_negative(chosen, clock)
    return None if point is None else collision_at(problem, problem.exact_point(point.tolist()))


def _most_negative(rows: NDArray[np.float64], clock: Clock) -> NDArray[np.float64] | None:
    """A vector with entries up to 1 that has negative products with all rows, by as much as can be."""
    from scipy.optimize import linprog  # slow to import

    lengths = np.linalg.norm(rows, axis=1)
    columns = rows.shape[1]
    left = clock.left
    answer = linprog(
        c=[0.0] * columns + [-1.0],
        A_ub=np.column_stack([rows, lengths]),
        b_ub=np.zeros(len(rows)),
        bounds=[(-1.0, 1.0)] * columns + [(0.0, 1.0)],
        method="highs",
        options={"time_limit": SLOWEST_PROGRAM if left is None else min(left, SLOWEST_PROGRAM)},
    )
    if answer.x is None or not np.isfinite(answer.x).all() or answer.x[-1] <= 0:
        return None
    point: NDArray[np.float64] = answer.x[:columns]
    return point
