"""Two points of the domain between which a block turns or loses orientation, guessed from samples in floats."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from exactinj.certificates.collision import Collision
from exactinj.exact.numbers import nearest_float
from exactinj.injectivity.residual.pairs import Folds
from exactinj.work.clock import Clock

__all__ = ["collision_by_samples", "open_point"]

SAMPLES, LARGEST = 512, 1 << 22  # points; numbers in the matrices of one batch
TRIES = 8
DIGITS = 8  # binary ones, of the coordinates of a sample
EXPONENTS = 6

Points = list[tuple[Fraction, ...]]


def collision_by_samples(folds: Folds, clock: Clock, seed: int) -> Collision | None:
    """A verified pair, or None if the samples show none."""
    points = [point for point in _samples(folds, seed) if open_point(folds, point)]
    signs = _orientations(folds, points)
    order = np.argsort(signs, kind="stable")
    for low, high in _contrasts(order, signs):
        clock.check()
        pair = folds.between(points[low], points[high])
        if pair is not None:
            return pair
    return None


def open_point(folds: Folds, point: tuple[Fraction, ...]) -> bool:
    """Whether a point lies on no hyperplane of the block."""
    values = folds.block.preactivation(point)
    return all(value or not any(row) for value, row in zip(values, folds.integer_rows, strict=True))


def _contrasts(order: NDArray[np.int64], signs: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Pairs of samples whose orientations seem to differ, the clearest first; a lost one against any other."""
    for k in range(min(TRIES, len(order) // 2)):
        low, high = int(order[k]), int(order[-1 - k])
        if signs[low] < 0 < signs[high] or abs(signs[low]) < np.finfo(float).eps:
            yield low, high


def _samples(folds: Folds, seed: int) -> Iterator[tuple[Fraction, ...]]:
    """Points of the domain with short coordinates, at many distances from one of its interior points."""
    block, chance = folds.block, np.random.default_rng(seed)
    center = folds.domain.interior_point(block.n)
    reach = _reach(folds)
    for number in range(SAMPLES):
        direction = chance.standard_normal(block.n) * 2.0 ** (number % (2 * EXPONENTS) - EXPONENTS)
        steps = [Fraction(round(value * (1 << DIGITS)), 1 << DIGITS) * reach for value in direction.tolist()]
        for _ in range(2 * EXPONENTS):
            point = tuple(c + step for c, step in zip(center, steps, strict=True))
            if folds.domain.contains(point):
                yield point
                break
            steps = [step / 2 for step in steps]


def _reach(folds: Folds) -> Fraction:
    """A power of two about as large as the distances of the hyperplanes from 0; 1 without bias."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(folds.block.A.to_float(), axis=1)
        distances = np.abs(folds.block.b.to_float()[:, 0]) / lengths
    distances = distances[np.isfinite(distances) & (distances > 0)]
    if not distances.size:
        return Fraction(1)
    return Fraction(2) ** int(np.clip(np.round(np.log2(np.median(distances))), -500, 500))


def _orientations(folds: Folds, points: Points) -> NDArray[np.float64]:
    """``det M_DD`` at each point in floats, whatever its size: only the sign and "about 0" are used."""
    block = folds.block
    A, B = block.A.to_float(), block.B.to_float()
    at = np.array([[nearest_float(value) for value in point] for point in points]).reshape(len(points), block.n)
    active = (at @ A.T + block.b.to_float()[:, 0] > 0).astype(float)
    size, batches = min(block.n, block.k), []
    step = max(1, LARGEST // (size * size))
    with np.errstate(all="ignore"):
        for first in range(0, len(points), step):
            part = active[first : first + step]
            if block.k <= block.n:
                matrices = np.eye(size) + part[:, :, None] * (A @ B)
            else:
                matrices = np.eye(size) + (B * part[:, None, :]) @ A
            signs, logs = np.linalg.slogdet(matrices)
            scale = np.abs(matrices).sum(axis=2).max(axis=1)
            batches.append(signs * np.exp(np.clip(logs - size * np.log(scale), -700, 0)))
    return np.nan_to_num(np.concatenate(batches)) if batches else np.zeros(0)
