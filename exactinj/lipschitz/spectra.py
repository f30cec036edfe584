"""Extreme singular values of the active rows at many points: floats, and ranks modulo a prime in case of doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exactinj.exact.matrix import rank_modulo_prime
from exactinj.exact.numbers import nearest_float, power_of_two_below
from exactinj.layers.dense import ReLULayer
from exactinj.lipschitz.lanczos import extreme_eigenvalues

__all__ = ["ScaledRows", "Spectra", "spectra_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMALLEST, LARGEST = 1e-100, 1e100  # of entries whose squares floats hold well
FEW_INPUTS = 32  # up to which all Gram matrices are made at once
MEMORY = 1 << 23  # numbers held at a time
CLEAR = 1e-10  # an eigenvalue above this share of the largest is far above rounding


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """``W / unit`` in floats (m, n), where the unit is 1 or a power of two near the largest entry."""

    floats: Floats
    unit: float

    @classmethod
    def of(cls, layer: ReLULayer) -> ScaledRows:
        floats = layer.W.to_float()
        largest = float(np.abs(floats).max())
        if SMALLEST < largest < LARGEST:
            return cls(floats, 1.0)
        exact = layer.W.fractions()
        top = max(abs(value) for row in exact for value in row)
        if not top:
            return cls(floats, 1.0)
        unit = power_of_two_below(top)
        return cls(np.array([[nearest_float(value / unit) for value in row] for row in exact]), nearest_float(unit))


@dataclass(frozen=True, eq=False)
class Spectra:
    """Per set of active rows; `lowest` is 0 where they do not span.

    lowest, highest : (k,) float64, estimates of the smallest and the largest singular value
    spans : (k,), False where there are too few rows; decided by floats where the eigenvalues are clear, and by the rank
        modulo a large prime elsewhere
    """

    lowest: Floats
    highest: Floats
    spans: Mask


def spectra_of(layer: ReLULayer, active: Mask, report: Callable[[str], None] | None = None) -> Spectra:
    """For masks (k, m); each different one is worked on once."""
    rows = ScaledRows.of(layer)
    _, first, place = np.unique(np.packbits(active, axis=1), axis=0, return_index=True, return_inverse=True)
    masks, place = active[first], place.reshape(-1)
    least, largest = np.zeros(len(masks)), np.zeros(len(masks))
    for part, ends in _eigenvalues(rows.floats, masks):
        least[part], largest[part] = ends
        if report is not None:
            report(f"{part.stop:,} of {len(masks):,} sets of active rows")
    moving = np.array([any(row[: layer.n]) for row, _ in layer.integer_rows])
    spans = masks[:, moving].sum(axis=1) >= layer.n
    lowest = np.sqrt(np.maximum(least, 0.0))
    for k in np.flatnonzero(spans & ~(least > CLEAR * largest)):
        chosen = np.flatnonzero(masks[k])
        spans[k] = _spans(layer, chosen)
        if spans[k]:
            lowest[k] = np.linalg.svd(rows.floats[chosen], compute_uv=False)[-1]
    lowest[~spans] = 0.0
    highest = np.sqrt(np.maximum(largest, 0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (np.where(values == 0, 0.0, values * rows.unit) for values in (lowest, highest))
    return Spectra(low[place], high[place], spans[place])


def _spans(layer: ReLULayer, chosen: NDArray[np.intp]) -> bool:
    integers = layer.integer_rows
    return rank_modulo_prime([integers[i][0][: layer.n] for i in chosen]) == layer.n


def _eigenvalues(rows: Floats, masks: Mask) -> Iterator[tuple[slice, NDArray[Any]]]:
    """The smallest and the largest eigenvalue of ``W_I^T W_I``, (2, size) for a slice of the masks."""
    n = rows.shape[1]
    if n > FEW_INPUTS:
        for k, mask in enumerate(masks):
            yield slice(k, k + 1), np.array(extreme_eigenvalues(rows[mask]))[:, None]
        return
    outer = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), n * n)
    size = max(1, MEMORY // (n * n + len(rows)))
    for start in range(0, len(masks), size):
        part = slice(start, min(start + size, len(masks)))
        values = np.linalg.eigvalsh((masks[part] @ outer).reshape(-1, n, n))
        yield part, np.stack([values[:, 0], values[:, -1]])
