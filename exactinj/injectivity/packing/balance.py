"""Refuters whose multipliers are of one size: they bear larger changes of the rows, and their numbers are shorter.

The active-set method ends with multipliers that decay geometrically. Give d random rows half of the weight in advance,
equally, let it find the rest, and then push the given rows one by one: each leaves, or takes the place of a row of the
basis, whichever keeps the least multiplier larger. What remains are d + 1 rows again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exactinj.injectivity.packing.active_set import Proposal, propose

__all__ = ["propose_balanced"]

GIVEN = 0.5  # of the weight
Floats = NDArray[np.float64]


def propose_balanced(
    A: Floats, offered: NDArray[np.int64], weights: Floats, layer_rows: int, random: np.random.Generator
) -> Proposal | None:
    """A refuter among the offered rows as in `propose`, with multipliers of one size; None if that does not work."""
    size = A.shape[1]
    candidates = offered[offered < layer_rows]
    if len(candidates) < 2 * size:
        return None
    chances = weights[candidates] ** 2
    given = random.choice(candidates, size - 1, replace=False, p=chances / chances.sum())
    share = GIVEN / len(given)
    target = np.zeros(size)
    target[-1] = 1.0
    rest = np.setdiff1d(offered, given)
    found = propose(A, rest, weights, target - share * A[given].sum(axis=0))
    if not isinstance(found, Proposal) or len(found.support) != size:
        return None
    return _pushed(A, found.support.copy(), given, share, target)


def _pushed(
    A: Floats, basis: NDArray[np.int64], given: NDArray[np.int64], share: float, target: Floats
) -> Proposal | None:
    """D + 1 rows of the basis and the given ones, with positive multipliers that reach the target."""
    try:
        inverse = np.linalg.inv(A[basis].T)
    except np.linalg.LinAlgError:
        return None
    left = np.full(len(given), share)
    values = inverse @ (target - A[given].T @ left)
    for k, row in enumerate(given):
        left[k] = 0.0
        column = inverse @ A[row]
        values, entering = _push(values, column, share)
        if entering is None:
            continue
        place, value = entering
        basis[place] = row
        values[place] = value
        inverse[place] /= column[place]
        others = np.arange(len(basis)) != place
        inverse[others] -= column[others, None] * inverse[place]
    return Proposal(basis) if (values > 0).all() else None


def _push(values: Floats, column: Floats, share: float) -> tuple[Floats, tuple[int, float] | None]:
    """The multipliers once a row of weight `share` is out, or in: then its place in the basis and its new weight."""
    outward = values + share * column
    open_end = np.full(len(column), np.inf)
    steps = np.divide(values, column, out=open_end.copy(), where=column > 0)
    back = np.divide(values, -column, out=open_end, where=column < 0)
    place = int(steps.argmin())
    step = float(steps[place])
    if not (outward > 0).all():
        if not np.isfinite(step):  # out as far as it goes, and in at that place
            place = int(back.argmin())
            step = -float(back[place])
        return values - step * column, (place, share + step)
    if not np.isfinite(step):
        return outward, None
    inward = values - step * column
    inward[place] = share + step
    if inward.min() <= outward.min():
        return outward, None
    return inward, (place, share + step)
