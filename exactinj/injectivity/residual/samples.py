"""Guesses in floats where a block turns or loses orientation: points of the domain, and sets of hidden units."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.collision import Collision
from exactinj.domains import RealSpace
from exactinj.exact.numbers import exact_vector, nearest_float
from exactinj.injectivity.residual.p_matrix import BadMinor
from exactinj.injectivity.residual.pairs import Folds
from exactinj.injectivity.residual.scalings import floats_of
from exactinj.work.clock import Clock

__all__ = ["bad_minor_by_descent", "collision_by_samples"]

SAMPLES, INSIDE, LARGEST = 512, 144, 1 << 22  # points on R^n, on other domains; numbers in the matrices of one batch
TRIES = 8
DIGITS = 8  # binary ones, of the coordinates of a sample
EXPONENTS = 6
LOST = 25.0  # how far below the median the logarithm of a determinant has to be to be looked at as 0
DESCENTS = 60

Floats = NDArray[np.float64]


def collision_by_samples(folds: Folds, clock: Clock, seed: int) -> Collision | None:
    """A verified pair, or None if the samples show none."""
    points = np.array(list(_samples(folds, seed)))
    if not len(points):
        return None
    signs, logs = _orientations(folds, points)
    lost = np.flatnonzero((signs == 0) | (logs < np.median(logs) - LOST))[:TRIES].tolist()
    turned = np.flatnonzero(signs < 0).tolist()
    straight = np.flatnonzero(signs > 0).tolist()
    for low, high in [*((k, k) for k in lost), *zip(turned[:TRIES], straight[-TRIES:], strict=False)]:
        clock.check()
        pair = _pair(folds, exact_vector(points[low]), exact_vector(points[high]))
        if pair is not None:
            return pair
    return None


def _pair(folds: Folds, low: list[Fraction], high: list[Fraction]) -> Collision | None:
    if not (_is_open(folds, low) and _is_open(folds, high)):
        return None
    if low != high:
        return folds.between(low, high)
    active = folds.active_at(folds.block.preactivation(low))
    return folds.lost_direction(low, active) if folds.orientation(active) == 0 else None


def _is_open(folds: Folds, point: list[Fraction]) -> bool:
    """Whether a point lies on no hyperplane of the block."""
    values = folds.block.preactivation(point)
    return all(value or not any(row) for value, row in zip(values, folds.integer_rows, strict=True))


def _samples(folds: Folds, seed: int) -> Iterator[Floats]:
    """Points of the domain with short coordinates, at many distances from one of its interior points."""
    block, chance = folds.block, np.random.default_rng(seed)
    center = np.array([nearest_float(value) for value in folds.domain.interior_point(block.n)])
    everywhere = isinstance(folds.domain, RealSpace)
    reach = _reach(folds)
    for number in range(SAMPLES if everywhere else INSIDE):
        step = chance.standard_normal(block.n) * 2.0 ** (number % (2 * EXPONENTS) - EXPONENTS)
        step = np.rint(step * (1 << DIGITS)) / (1 << DIGITS) * reach
        for _ in range(1 if everywhere else 2 * EXPONENTS):
            if everywhere or folds.domain.contains(exact_vector(center + step)):
                yield center + step
                break
            step = step / 2


def _reach(folds: Folds) -> float:
    """A power of two about as large as the distances of the hyperplanes from 0; 1 without bias."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(folds.block.A.to_float(), axis=1)
        distances = np.abs(folds.block.b.to_float()[:, 0]) / lengths
    distances = distances[np.isfinite(distances) & (distances > 0)]
    if not distances.size:
        return 1.0
    return float(2.0 ** np.clip(np.round(np.log2(np.median(distances))), -500, 500))


def _orientations(folds: Folds, points: Floats) -> tuple[Floats, Floats]:
    """Sign and logarithm of ``det M_DD`` at each point, in floats."""
    block = folds.block
    with np.errstate(all="ignore"):
        A, B = block.A.to_float(), block.B.to_float()
        active = (points @ A.T + block.b.to_float()[:, 0] > 0).astype(float)
        size = min(block.n, block.k)
        step, batches = max(1, LARGEST // (size * size)), []
        for first in range(0, len(points), step):
            part = active[first : first + step]
            if block.k <= block.n:
                matrices = np.eye(size) + part[:, :, None] * (A @ B)
            else:
                matrices = np.eye(size) + (B * part[:, None, :]) @ A
            batches.append(np.array(np.linalg.slogdet(np.nan_to_num(matrices))))
    signs, logs = np.concatenate(batches, axis=1)
    return signs, logs


def bad_minor_by_descent(folds: Folds, clock: Clock, seed: int) -> BadMinor | None:
    """A principal minor that is not positive beside one that is, both verified; None if the descents found none.

    A descent takes into D, one after the other, the unit after which the least diagonal entry of the Schur complement
    is least, later descents with some noise.
    """
    matrix, chance = floats_of(folds.integer_interaction), np.random.default_rng(seed)
    for number in range(DESCENTS):
        clock.check()
        units = _descent(matrix, chance, 0.05 * number / DESCENTS)
        if units is not None:
            found = _verified(folds, units)
            if found is not None:
                return found
    return None


def _descent(matrix: Floats, chance: np.random.Generator, noise: float) -> list[int] | None:
    """Units in the order in which they came, the last with a diagonal entry that seems not to be positive."""
    schur, left, taken = matrix.copy(), list(range(len(matrix))), list[int]()
    with np.errstate(all="ignore"):
        while left:
            diagonal = np.diag(schur)
            worst = int(np.argmin(diagonal))
            if not diagonal[worst] > 0:
                return [*taken, left[worst]]
            after = diagonal[None, :] - schur * schur.T / diagonal[:, None]
            np.fill_diagonal(after, np.inf)
            least = (after / diagonal[None, :]).min(axis=1) + noise * chance.standard_normal(len(left))
            k = int(np.argmin(least))
            taken.append(left.pop(k))
            rest = [i for i in range(len(schur)) if i != k]
            schur = schur[np.ix_(rest, rest)] - np.outer(schur[rest, k], schur[k, rest]) / schur[k, k]
    return None


def _verified(folds: Folds, units: list[int]) -> BadMinor | None:
    """The first unit whose minor, with those before it, is not positive, exactly."""
    for count in range(len(units), 0, -1):
        if folds.orientation(units[:count]) <= 0 < folds.orientation(units[: count - 1]):
            return BadMinor(tuple(units[: count - 1]), units[count - 1])
    return None
