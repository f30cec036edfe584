r"""The ground state of a layer: the fewest rows that are active anywhere, exactly, for small n.

``E(x) = #{i : <w_i, x> > 0}`` is the energy of a spherical perceptron, and ``min E < n`` says, for rows in general
position, that the layer is not injective ([MBBDN23] calls ``min E / n`` its ground-state energy).

For rows in general position the minimum over all wedges is the minimum over all rays ``{x : <w_i, x> = 0 for i in S}``
with ``|S| = n - 1``, of both signs: a wedge has such rays on its border, which have no more active rows, and near a ray
all rows of S can be made inactive at once, as they are independent. The direction of a ray is the vector of the
``(n-1) x (n-1)`` minors of ``W_S``, and ``<w_i, x>`` is the determinant of ``W_S`` with ``w_i`` below.

Floats compute all determinants of rows scaled to at most 1, by expansion along rows. Expanded, such a determinant is a
sum of products; the sum of their absolute values, the permanent of ``|W|``, computed the same way, bounds the rounding
error: ``|computed - exact| <= gamma * permanent`` with ``gamma = (n + 2)^2 u``, as the k-th of n levels adds at most
k + 2 roundings to a term, that of the entry included. Signs that this leaves open are computed in integers. If a
determinant is zero, the rows are not in general position, and all wedges are enumerated instead (`exactinj.cells`).

Cost: ``C(m, n-1) m`` determinants; 0.05 s at (5, 33).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from exactinj.cells.wedges import wedges
from exactinj.errors import InputError
from exactinj.gaussian.probability import require_shape
from exactinj.gaussian.trials import Trial
from exactinj.layers.dense import ReLULayer
from exactinj.work.pools import spread

__all__ = ["Energies", "estimate_energy", "fewest_active_rows"]

Floats = NDArray[np.float64]
Rows: TypeAlias = list[tuple[int, ...]]
CHUNK = 20_000  # sets of rows at a time
ROUNDING = 2.0**-53
SMALLEST = 1e-290  # of a permanent: numbers up to 1 lose less than 1e-320 to underflow


def fewest_active_rows(layer: ReLULayer | Any) -> int:
    """The smallest number of active rows, ``min over generic x of #{i : <w_i, x> > 0}``, exactly.

    Parameters
    ----------
    layer : ReLULayer, or what makes one
        Without bias.

    Raises
    ------
    InputError
        For a layer with a bias.

    Examples
    --------
    >>> fewest_active_rows([[1, 0], [0, 1], [-1, -1]])
    1
    """
    layer = layer if isinstance(layer, ReLULayer) else ReLULayer(layer)
    if any(row[-1] for row, _ in layer.integer_rows):
        raise InputError("found a bias, expected a layer without one: energies are about directions")
    rows = [row[:-1] for row, _ in layer.integer_rows if any(row)]  # rows that are 0 are active nowhere
    if not rows:
        return 0
    found = _from_rays(rows) if len(rows) >= layer.n else None
    return _from_wedges(rows) if found is None else found


def _from_wedges(rows: Rows) -> int:
    return min(int.from_bytes(wedge.packed, "little").bit_count() for wedge in wedges(ReLULayer(rows)))


def _from_rays(rows: Rows) -> int | None:
    """From all rays; None for rows that are not in general position."""
    m, n = len(rows), len(rows[0])
    scaled = np.array([[value / max(map(abs, row)) for value in row] for row in rows])  # correctly rounded, up to 1
    fewest = m
    for chosen in _subsets(m, n - 1):
        signs = _signs(rows, scaled, chosen)
        if signs is None:
            return None
        positive = np.count_nonzero(signs > 0, axis=1)
        fewest = min(fewest, int(positive.min()), int(m - n + 1 - positive.max()))
    return fewest


def _subsets(m: int, size: int) -> Iterator[NDArray[np.int64]]:
    """All sets of so many of m rows, (k, size) at a time."""
    every = combinations(range(m), size)
    while block := list(islice(every, CHUNK)):
        yield np.array(block, dtype=np.int64)


def _signs(rows: Rows, weights: Floats, chosen: NDArray[np.int64]) -> NDArray[np.int8] | None:
    """(k, m) signs of the rows on the rays of k sets, 0 for rows of the set; None if another sign is 0."""
    m, n = weights.shape
    directions, sizes = _minors(weights[chosen]), _minors(np.abs(weights[chosen]), signed=False)
    values, bounds = directions @ weights.T, sizes @ np.abs(weights).T
    own = np.zeros((len(chosen), m), dtype=np.bool_)
    own[np.arange(len(chosen))[:, np.newaxis], chosen] = True
    signs = np.sign(values).astype(np.int8)
    signs[own] = 0
    certain = (np.abs(values) > (n + 2) ** 2 * ROUNDING * bounds) & (bounds > SMALLEST) & np.isfinite(bounds)
    for k, i in np.argwhere(~certain & ~own).tolist():
        determinant = fmpz_mat([list(rows[j]) for j in (*chosen[k].tolist(), i)]).det()
        if determinant == 0:
            return None
        signs[k, i] = 1 if determinant > 0 else -1
    return signs


def _minors(blocks: Floats, *, signed: bool = True) -> Floats:
    """(k, n) cofactors of a last row below blocks (k, n-1, n); without signs of their absolute values' permanents."""
    count, size, n = blocks.shape
    known: dict[tuple[int, ...], Floats] = {(): np.ones(count)}
    for row in range(size):
        following = {}
        for columns in combinations(range(n), row + 1):
            total = np.zeros(count)
            for k, column in enumerate(columns):
                term = blocks[:, row, column] * known[columns[:k] + columns[k + 1 :]]
                total = total - term if signed and (row + k) % 2 else total + term
            following[columns] = total
        known = following
    found = [known[tuple(c for c in range(n) if c != column)] for column in range(n)]
    return np.stack([-v if signed and (size + k) % 2 else v for k, v in enumerate(found)], axis=1)


@dataclass(frozen=True)
class Energies:
    """The ground states of some random layers of one shape: how many have which smallest number of active rows."""

    n: int
    m: int
    histogram: dict[int, int]

    @property
    def trials(self) -> int:
        """The number of layers."""
        return sum(self.histogram.values())

    @property
    def mean(self) -> float:
        """An estimate of the expected ground-state energy, ``E[min E] / n``."""
        return sum(value * number for value, number in self.histogram.items()) / (self.trials * self.n)

    @property
    def standard_error(self) -> float:
        """Of `mean`; NaN for one layer."""
        if self.trials == 1:
            return float("nan")
        square = sum((value / self.n - self.mean) ** 2 * number for value, number in self.histogram.items())
        return sqrt(square / (self.trials - 1) / self.trials)

    @property
    def injective(self) -> int:
        """How many layers have at least n active rows everywhere."""
        return sum(number for value, number in self.histogram.items() if value >= self.n)

    def to_json(self) -> dict[str, object]:
        """A JSON object."""
        histogram = {str(value): number for value, number in sorted(self.histogram.items())}
        return {"n": self.n, "m": self.m, "trials": self.trials, "fewest_active_rows": histogram, "mean": self.mean}


def estimate_energy(n: int, m: int, *, trials: int = 100, seed: int = 0, jobs: int | None = 1) -> Energies:
    """The exact ground states of so many Gaussian layers of shape (m, n).

    Parameters
    ----------
    seed, jobs : as for `exactinj.gaussian.estimate_probability`, which draws the same layers.

    Examples
    --------
    >>> estimate_energy(2, 7, trials=50).trials
    50
    """
    require_shape(n, m, trials)
    tasks = [Trial(n, m, number, seed, "gaussian", "zero", "R^n", None) for number in range(trials)]
    found = list(map(_ground_state, tasks)) if jobs == 1 else list(spread(_ground_state, tasks, jobs))
    return Energies(n, m, {value: found.count(value) for value in sorted(set(found))})


def _ground_state(task: Trial) -> int:
    return fewest_active_rows(task.layer())
